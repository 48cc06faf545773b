//! Findings about what neighbours tell NVAs and gateways, and nobody beyond gets.

use std::collections::{BTreeMap, BTreeSet};

use routehub_exchange::estate::{Connection, Nva};
use routehub_exchange::rules;
use routehub_exchange::view::{LinkKind, Outbound, SpeakerKind};
use routehub_types::{Asn, Prefix};

use super::Findings;
use crate::words::{any_of, listed};

/// NVAs that learn from a neighbour and tell nobody of it.
pub(super) fn nothing_passed_on(findings: &mut Findings<'_>) {
    for nva in &findings.exchange.estate().nvas {
        kept_to_itself(findings, nva);
    }
}

fn kept_to_itself(findings: &mut Findings<'_>, nva: &Nva) {
    let exchange = findings.exchange;
    let speakers = exchange.graph().named(&nva.name).iter();
    let from = speakers.clone().flat_map(|id| exchange.outbound_to(*id));
    let is_session = |of: &Outbound<'_>| {
        let to_server = matches!(of.link().kind, LinkKind::NvaToRouteServer { .. });
        !to_server && of.link().is_up()
    };
    let neighbors: Vec<Outbound<'_>> = from.filter(is_session).collect();
    for neighbor in neighbors {
        let sender = exchange.speaker(neighbor.sender());
        // What another NVA tells the same Route Servers itself need not be passed on.
        let of_nva = exchange
            .estate()
            .nvas
            .iter()
            .find(|of| of.name == sender.name);
        let mut servers = nva.sessions.iter().map(|session| &session.route_server);
        let tells_itself = matches!(sender.kind, SpeakerKind::Nva { .. })
            && !nva.sessions.is_empty()
            && of_nva.is_some_and(|of| servers.all(|server| of.peers_with(server)));
        let others = speakers.clone().flat_map(|id| exchange.outbound_from(*id));
        let others = others.filter(|to| to.receiver() != neighbor.sender() && to.link().is_up());
        let others: Vec<Outbound<'_>> = others.collect();
        if tells_itself || others.is_empty() {
            continue;
        }
        let used = neighbor.routes().into_iter();
        let used = used.filter(|(_, attrs)| !attrs.as_path.contains(nva.asn));
        let learned: Vec<Prefix> = used.map(|(prefix, _)| prefix).collect();
        let Some(some) = any_of(&learned) else {
            continue;
        };
        let told: BTreeSet<Prefix> = others
            .iter()
            .flat_map(|to| to.routes().into_keys())
            .collect();
        let covered = |prefix: &Prefix| {
            let mut around = (0..=prefix.length()).filter_map(|length| prefix.supernet(length));
            around.any(|around| told.contains(&around))
        };
        if !learned.iter().any(covered) {
            let (name, from) = (&nva.name, &sender.name);
            let to: BTreeSet<&str> = others
                .iter()
                .map(|to| exchange.speaker(to.receiver()).name.as_str())
                .collect();
            let text = format!(
                "{name} learns {some} from {from} and passes nothing of it on to {}. Give it a \
                 rule in `readvertises`, or let it originate a prefix around them.",
                listed(to)
            );
            findings.warning(rules::NOT_READVERTISED, name, text);
        }
    }
}

/// Sites of one ASN at a gateway: each drops what the gateway passes on of the other.
pub(super) fn sites_of_one_asn(findings: &mut Findings<'_>) {
    let estate = findings.exchange.estate();
    for gateway in &estate.gateways {
        let mut sites: BTreeMap<Asn, Vec<&str>> = BTreeMap::new();
        for connection in &gateway.connections {
            let Connection::Site { site, bgp, .. } = connection else {
                continue;
            };
            let site = estate.sites.iter().find(|known| known.name == *site);
            let speaks = site.filter(|_| bgp.unwrap_or(true));
            if let Some((asn, site)) = speaks.and_then(|site| Some((site.asn?, site))) {
                sites.entry(asn).or_default().push(&site.name);
            }
        }
        for (asn, names) in sites.iter().filter(|(_, names)| names.len() > 1) {
            for name in names {
                let others = names.iter().filter(|other| *other != name);
                let text = format!(
                    "{name} and {} have AS {asn}: each drops what {} passes on of the other, for \
                     its own ASN is in the path. Use different ASNs if they shall reach each \
                     other.",
                    listed(others),
                    gateway.name
                );
                findings.info(rules::SHARED_PEER_ASN, name, text);
            }
        }
    }
}

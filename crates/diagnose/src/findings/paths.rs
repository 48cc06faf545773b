//! Findings about the ways that routes take: equal ones, ones that lead back, ones that others do
//! not see as meant.

use std::collections::BTreeMap;

use routehub_rib::{Imported, PathView, Standing, Step};
use routehub_types::{Asn, Prefix};

use super::{Findings, some_of};
use crate::estate::RoutingPreference;
use crate::exchange_table::Class;
use crate::link::{LinkId, LinkKind, Side};
use crate::rules;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::{Origin, Table};

/// Prefixes by whom a finding is about.
type About = BTreeMap<String, Vec<Prefix>>;

/// Prefixes at a Route Server of which something is to be said.
#[derive(Default)]
struct Seen {
    /// Several NVAs are used alike.
    equal: Vec<Prefix>,
    /// There are more equal paths than are used.
    full: Vec<Prefix>,
    /// Traffic may stay on a backup after a failure.
    may_stay: Vec<Prefix>,
    /// It did.
    stayed: Vec<Prefix>,
}

/// Whether a path lost at this step.
fn lost_at(paths: &[PathView], wanted: Step) -> bool {
    let lost =
        |path: &PathView| matches!(path.standing, Standing::Lost { step, .. } if step == wanted);
    paths.iter().any(lost)
}

impl Findings<'_> {
    pub(super) fn ways(&mut self) {
        for server in &self.exchange.estate.route_servers {
            if let Some(id) = self.exchange.graph.instance(&server.name, 0) {
                self.at_server(id, &server.name);
            }
        }
        self.hidden_prepends();
        self.branch_community();
    }

    /// Each prefix of a Route Server instance with all its paths.
    fn at_server(&mut self, id: SpeakerId, name: &str) {
        let exchange = self.exchange;
        let Some(table) = exchange.table(id) else {
            return;
        };
        let mut seen = Seen::default();
        let mut back = About::new();
        for prefix in table.prefixes() {
            let paths = table.rib.paths(&exchange.store, prefix);
            if paths.len() < 2 {
                continue;
            }
            let used = |path: &&PathView| matches!(path.standing, Standing::Best | Standing::Equal);
            if paths
                .iter()
                .filter(used)
                .filter(|one| self.is_from(table, one, Class::Nva))
                .count()
                > 1
            {
                seen.equal.push(prefix);
            }
            if lost_at(&paths, Step::MaxPaths) {
                seen.full.push(prefix);
            }
            if lost_at(&paths, Step::Failback) {
                seen.stayed.push(prefix);
            }
            if self.may_stay(id, table, &paths) {
                seen.may_stay.push(prefix);
            }
            for nva in self.boomerangs(table, &paths) {
                back.entry(nva).or_default().push(prefix);
            }
        }
        self.say_ways(name, &seen);
        for (nva, prefixes) in back {
            let text = format!(
                "{nva} tells {name} routes that {name} has from a gateway, {}: packets may go in \
                 circles when the gateway's route goes. Filter what it passes on.",
                some_of(&prefixes)
            );
            self.warning(rules::ROUTE_ECHO, &nva, text);
        }
    }

    fn say_ways(&mut self, name: &str, seen: &Seen) {
        let Seen {
            equal,
            full,
            may_stay,
            stayed,
        } = seen;
        if !equal.is_empty() {
            let text = format!(
                "{} by several NVAs of {name} alike: the way back may pass another one than the way \
                 there, and stateful NVAs drop that. Prepend at all but one, share a load \
                 balancer's address as next hop, or translate source addresses.",
                some_of(equal)
            );
            self.info(rules::SHORTEST_AS_PATH, name, text);
        }
        if !full.is_empty() {
            let text = format!(
                "{} have more equal paths than the {} that are used.",
                some_of(full),
                self.exchange.parameters.max_next_hops()
            );
            self.info(rules::ECMP_LIMIT, name, text);
        }
        if !stayed.is_empty() {
            let text = format!(
                "{} stay with VPN or NVA although the circuit is back: their AS paths are no longer \
                 than the circuit's. Prepend on the backup.",
                some_of(stayed)
            );
            self.warning(rules::STICKY_FAILBACK, name, text);
        }
        if !may_stay.is_empty() {
            let text = format!(
                "{} by a circuit, and by VPN or NVA with AS paths no longer: after a failure traffic \
                 may stay there when the circuit is back. Prepend on the backup.",
                some_of(may_stay)
            );
            self.info(rules::STICKY_FAILBACK, name, text);
        }
    }

    fn class_of(&self, table: &Table, path: &PathView) -> Option<(Class, LinkId)> {
        let Origin::Link(link) = table.origin(path.path.source) else {
            return None;
        };
        let class = self.exchange.graph.class_beyond(link, Side::B)?;
        Some((class, link))
    }

    fn is_from(&self, table: &Table, path: &PathView, class: Class) -> bool {
        self.class_of(table, path)
            .is_some_and(|(one, _)| one == class)
    }

    fn path_length(&self, path: &PathView) -> Option<u16> {
        Some(self.exchange.store.key(path.attrs?).path_length)
    }

    /// Whether traffic may stay on a backup that is as short as the circuit's path.
    fn may_stay(&self, id: SpeakerId, table: &Table, paths: &[PathView]) -> bool {
        if self.exchange.preference(id) != Some(RoutingPreference::ExpressRoute) {
            return false;
        }
        let Some(best) = paths.first() else {
            return false;
        };
        if !self.is_from(table, best, Class::ExpressRouteGateway) {
            return false;
        }
        let circuit = self.path_length(best);
        paths.iter().any(|path| {
            let backup = self.is_from(table, path, Class::Nva)
                || self.is_from(table, path, Class::VpnGateway);
            backup
                && self
                    .path_length(path)
                    .is_some_and(|length| Some(length) <= circuit)
        })
    }

    /// NVAs that tell a Route Server what it has from a gateway: their path ends in the gateway's
    ///
    fn boomerangs(&self, table: &Table, paths: &[PathView]) -> Vec<String> {
        let asns = |path: &PathView| -> Option<Vec<Asn>> {
            let attrs = self.exchange.store.attrs(path.attrs?);
            Some(attrs.as_path.asns().collect())
        };
        let gateways: Vec<Vec<Asn>> = paths
            .iter()
            .filter(|path| {
                let class = self.class_of(table, path).map(|(class, _)| class);
                matches!(class, Some(Class::VpnGateway | Class::ExpressRouteGateway))
            })
            .filter_map(asns)
            .collect();
        let nvas = paths.iter().filter_map(|path| {
            let (Class::Nva, link) = self.class_of(table, path)? else {
                return None;
            };
            let nva = self.exchange.graph.link(link).a.speaker;
            // Only one that passes routes on can have it from the Route Server.
            self.exchange.table(nva)?;
            let path = asns(path)?;
            let behind =
                |one: &Vec<Asn>| !one.is_empty() && path.len() > one.len() && path.ends_with(one);
            let back = gateways.iter().any(behind);
            back.then(|| self.exchange.graph.speaker(nva).name.clone())
        });
        let mut nvas: Vec<String> = nvas.collect();
        nvas.dedup();
        nvas
    }

    /// Private ASNs put in front of a path that a circuit's edge takes out again.
    fn hidden_prepends(&mut self) {
        let exchange = self.exchange;
        let mut hidden: BTreeMap<Asn, (Vec<Prefix>, String)> = BTreeMap::new();
        for link in exchange.graph.links() {
            let one = exchange.graph.link(link);
            if one.kind != LinkKind::EdgeToCustomer || !one.is_up() {
                continue;
            }
            let Some(table) = exchange.table(one.a.speaker) else {
                continue;
            };
            for prefix in table.prefixes() {
                let best = table.rib.best(prefix);
                let Some(best) = best.first() else { continue };
                let path: Vec<Asn> = exchange.store.attrs(best.attrs).as_path.asns().collect();
                let twice = path
                    .windows(2)
                    .find(|pair| pair[0] == pair[1] && pair[0].is_private());
                let Some(asn) = twice.and_then(|pair| pair.first().copied()) else {
                    continue;
                };
                if let Ok((_, sent)) = exchange.passed_on(link, Side::A, prefix) {
                    let seen = (Vec::new(), sent.as_path.to_string());
                    hidden.entry(asn).or_insert(seen).0.push(prefix);
                }
            }
        }
        for (asn, (prefixes, seen)) in hidden {
            let nvas: Vec<String> = exchange
                .estate
                .nvas
                .iter()
                .filter(|nva| nva.asn == asn)
                .map(|nva| nva.name.clone())
                .collect();
            for nva in nvas {
                let text = format!(
                    "{nva} puts AS {asn} in front of {} several times; on-premises sees {seen} by \
                     the circuit, because private ASNs are taken out. Use a public ASN, or \
                     prefer by longer prefixes.",
                    some_of(&prefixes)
                );
                self.warning(rules::GATEWAY_TO_CIRCUIT, &nva, text);
            }
        }
    }

    /// The mark of branch routes, sent from on-premises or dropped at a gateway.
    fn branch_community(&mut self) {
        let exchange = self.exchange;
        let mark = exchange.parameters.branch_community;
        for link in exchange.graph.links() {
            let one = exchange.graph.link(link);
            for side in Side::BOTH {
                let speaker = exchange.graph.speaker(one.end(side).speaker);
                if !matches!(
                    speaker.kind,
                    SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. }
                ) {
                    continue;
                }
                let stated = exchange.stated(link, side).into_iter();
                let marked: Vec<Prefix> = stated
                    .filter(|(_, attrs)| attrs.as_ref().is_some_and(|a| a.has_community(mark)))
                    .map(|(prefix, _)| prefix)
                    .collect();
                if !marked.is_empty() {
                    let text = format!(
                        "{} announces {} with community {mark}, which gateways beside a Route Server \
                         drop. Do not use it on-premises.",
                        speaker.name,
                        some_of(&marked)
                    );
                    self.warning(rules::ANTI_TRANSIT, &speaker.name, text);
                }
            }
            self.dropped_marked(link);
        }
    }

    fn dropped_marked(&mut self, link: LinkId) {
        let exchange = self.exchange;
        let one = exchange.graph.link(link);
        let source = exchange.direction_of(link, Side::B).source;
        let table = exchange.table(one.a.speaker);
        let (LinkKind::GatewayToEdge(_), Some(source), Some(table)) = (&one.kind, source, table)
        else {
            return;
        };
        let dropped: Vec<Prefix> = table
            .adj_in(source)
            .filter(|route| matches!(route.imported, Imported::Rejected(rule) if rule == rules::ANTI_TRANSIT))
            .map(|route| route.prefix)
            .collect();
        if !dropped.is_empty() {
            let gateway = exchange.graph.speaker(one.a.speaker).name.clone();
            let circuit = &exchange.graph.speaker(one.b.speaker).name;
            let text = format!(
                "{gateway} drops {} from {circuit}: routes of another Route Server on the same \
                 circuit. Use different circuits, or join the hubs in another way.",
                some_of(&dropped)
            );
            self.info(rules::ANTI_TRANSIT, &gateway, text);
        }
    }
}

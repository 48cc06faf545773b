//! The prefixes that NVAs, sites and customers' edges have of their own.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use routehub_exchange::Exchange;
use routehub_exchange::estate::{Estate, Routes};
use routehub_exchange::view::{CircuitLink, SpeakerId, SpeakerKind};
use routehub_types::Prefix;

use crate::explain::supernets;

/// Whether a speaker may have prefixes of its own.
const fn has_own(kind: SpeakerKind) -> bool {
    matches!(
        kind,
        SpeakerKind::Nva { .. } | SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. }
    )
}

/// The longest prefix around an address that an NVA, a site or a customer's edge has of its own.
pub(super) fn own_around(exchange: &Exchange, id: SpeakerId, address: IpAddr) -> Option<Prefix> {
    let kind = exchange.speaker(id).kind;
    if !has_own(kind) {
        return None;
    }
    let announced = exchange.originated_around(id, Prefix::host(address));
    let described = own_prefixes(exchange.estate(), kind);
    let described = described.filter(|prefix| prefix.contains_address(address));
    let unheard = unheard_prefixes(exchange, kind);
    let unheard = unheard.filter(|prefix| prefix.contains_address(address));
    let all = announced.into_iter().chain(described).chain(unheard);
    all.max_by_key(|prefix| prefix.length())
}

/// What an NVA would tell a Route Server with which it has no session, of a rule that forbids it:
/// no event takes it back.
fn unheard_prefixes(exchange: &Exchange, kind: SpeakerKind) -> impl Iterator<Item = Prefix> {
    let nva = match kind {
        SpeakerKind::Nva { nva } => Some(&exchange.estate().nvas[nva]),
        _ => None,
    };
    let unheard = nva.into_iter().flat_map(|nva| {
        let all = nva.advertises.iter();
        all.filter(|own| {
            let links = exchange.graph().peering_links(&own.to, &nva.name);
            links.is_empty()
        })
    });
    unheard.flat_map(|own| own.routes.prefixes.iter().copied())
}

/// What the estate says that an NVA or a site has, or the customer's network behind both links of a
/// circuit, whether or not it has a session to announce it.
pub(super) fn own_prefixes(estate: &Estate, kind: SpeakerKind) -> impl Iterator<Item = Prefix> {
    let (routes, fixed, hosts): (Vec<&Routes>, &[Prefix], Vec<IpAddr>) = match kind {
        SpeakerKind::Site { site } => {
            let site = &estate.sites[site];
            let routes = site.routes.iter().collect();
            (routes, &site.static_prefixes, site.bgp_ips.clone())
        }
        SpeakerKind::CustomerEdge { circuit, .. } => {
            let circuit = &estate.circuits[circuit];
            let links = CircuitLink::BOTH.into_iter();
            let addresses = links
                .clone()
                .filter_map(|link| circuit.customer_address(link));
            let routes = links.flat_map(|link| circuit.announced(link));
            (routes.collect(), &[], addresses.collect())
        }
        _ => (Vec::new(), &[], Vec::new()),
    };
    let announced = routes.into_iter().flat_map(|routes| &routes.prefixes);
    let originates = match kind {
        SpeakerKind::Nva { nva } => estate.nvas[nva].originates.as_slice(),
        _ => &[],
    };
    let originated = originates.iter().flat_map(|own| &own.routes.prefixes);
    let described = announced.chain(fixed).chain(originated).copied();
    described.chain(hosts.into_iter().map(Prefix::host))
}

/// The prefixes of everybody, for many addresses to be looked up: nothing that goes down or comes
/// back changes them.
#[derive(Debug)]
pub(super) struct OwnPrefixes(HashMap<SpeakerId, BTreeSet<Prefix>>);

impl OwnPrefixes {
    /// Those of an exchange.
    pub(super) fn of(exchange: &Exchange) -> Self {
        let speakers = exchange.graph().speakers();
        let speakers = speakers.filter(|id| has_own(exchange.speaker(*id).kind));
        let own = speakers.map(|id| {
            let kind = exchange.speaker(id).kind;
            let mut own = exchange.originated_by(id);
            own.extend(own_prefixes(exchange.estate(), kind));
            own.extend(unheard_prefixes(exchange, kind));
            (id, own)
        });
        Self(own.collect())
    }

    /// The longest prefix around an address that a speaker has of its own.
    pub(super) fn around(&self, id: SpeakerId, address: IpAddr) -> Option<Prefix> {
        let own = self.0.get(&id).filter(|own| !own.is_empty())?;
        supernets(Prefix::host(address)).find(|prefix| own.contains(prefix))
    }
}

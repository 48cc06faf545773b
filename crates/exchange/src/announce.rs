//! What the estate itself says that a speaker announces: sites and customers' edges, NVAs' own
//! and literal routes, the prefixes of networks.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use routehub_types::{AsPath, Asn, Attrs, Prefix};

use crate::estate::{Estate, Nva, Origination, Routes};
use crate::link::{End, Link, LinkKind};
use crate::speaker::{Speaker, SpeakerKind};

/// Routes by prefix; where a prefix is stated twice, the later statement wins.
pub(crate) type Announcements = BTreeMap<Prefix, Attrs>;

/// The next hop of a route whose announcer has no known address.
pub const UNKNOWN_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The routes that the estate gives a site or customer's edge.
pub(crate) fn routes_of<'a>(estate: &'a Estate, speaker: &Speaker) -> &'a [Routes] {
    let routes = match speaker.kind {
        SpeakerKind::Site { site } => estate.sites.get(site).map(|one| &one.routes),
        SpeakerKind::CustomerEdge { circuit } => {
            let circuit = estate.circuits.get(circuit);
            circuit
                .and_then(|one| one.on_prem.as_ref())
                .map(|one| &one.routes)
        }
        _ => None,
    };
    routes.map_or(&[], Vec::as_slice)
}

/// What a site or customer's edge announces over a link.
pub(crate) fn on_premises(estate: &Estate, speaker: &Speaker, link: &Link) -> Announcements {
    let mut all = Announcements::new();
    for routes in routes_of(estate, speaker) {
        let attrs = on_premises_attrs(speaker, link, routes);
        all.extend(routes.prefixes.iter().map(|one| (*one, attrs.clone())));
    }
    all
}

/// The same for one prefix; none if it is not announced.
pub(crate) fn on_premises_for(
    estate: &Estate,
    speaker: &Speaker,
    link: &Link,
    prefix: Prefix,
) -> Option<Attrs> {
    let mut last_first = routes_of(estate, speaker).iter().rev();
    let routes = last_first.find(|routes| routes.prefixes.contains(&prefix))?;
    Some(on_premises_attrs(speaker, link, routes))
}

/// With the announcer's ASN as path where none is given; without path and next hop where the link
/// is static.
fn on_premises_attrs(speaker: &Speaker, link: &Link, routes: &Routes) -> Attrs {
    if link.kind == (LinkKind::GatewayToSite { bgp: false }) {
        return Attrs::new(AsPath::empty(), UNKNOWN_ADDRESS);
    }
    attributes(routes, speaker.asn.as_slice(), first_address(&link.b))
}

/// The literal routes of an NVA towards one instance of a Route Server.
pub(crate) fn literal(nva: &Nva, route_server: &str, instance: u8) -> Announcements {
    let fits = nva
        .advertises
        .iter()
        .filter(|one| one.to == route_server && one.instance.is_none_or(|only| only == instance));
    announcements(fits.map(|one| &one.routes), &[nva.asn], nva.ip)
}

/// The literal routes of an event; a path that is not given is the NVA's ASN.
pub(crate) fn literal_routes(nva: &Nva, routes: &[Routes]) -> Announcements {
    announcements(routes.iter(), &[nva.asn], nva.ip)
}

/// What an NVA originates towards a neighbour; none for a prefix that it originates for others
/// only. A prefix that is not here may be passed on.
///
/// Over iBGP the NVA's ASN is not put in front.
pub(crate) fn originated(
    nva: &Nva,
    neighbor: &str,
    external: bool,
) -> BTreeMap<Prefix, Option<Attrs>> {
    let mut all = BTreeMap::new();
    for origination in &nva.originates {
        let attrs = sent_to(nva, origination, neighbor, external);
        for prefix in &origination.routes.prefixes {
            let slot = all.entry(*prefix).or_insert(None);
            if attrs.is_some() {
                slot.clone_from(&attrs);
            }
        }
    }
    all
}

/// The same for one prefix; none if the NVA does not originate it.
pub(crate) fn originated_for(
    nva: &Nva,
    neighbor: &str,
    external: bool,
    prefix: Prefix,
) -> Option<Option<Attrs>> {
    let of_prefix = nva
        .originates
        .iter()
        .filter(|one| one.routes.prefixes.contains(&prefix));
    let mut sent = of_prefix
        .map(|one| sent_to(nva, one, neighbor, external))
        .peekable();
    sent.peek()?;
    Some(sent.flatten().last())
}

/// What an NVA's own routes carry towards a neighbour that hears of them.
fn sent_to(nva: &Nva, origination: &Origination, neighbor: &str, external: bool) -> Option<Attrs> {
    if !origination.to.is_empty() && !origination.to.iter().any(|to| to == neighbor) {
        return None;
    }
    let mut attrs = attributes(&origination.routes, &[], nva.ip);
    if external {
        attrs
            .as_path
            .prepend(nva.asn, 1 + usize::from(origination.prepend));
    }
    Some(attrs)
}

/// The address that stands as next hop where an end has several.
pub(crate) fn first_address(end: &End) -> IpAddr {
    end.addresses.first().copied().unwrap_or(UNKNOWN_ADDRESS)
}

fn announcements<'a>(
    routes: impl Iterator<Item = &'a Routes>,
    path: &[Asn],
    next_hop: IpAddr,
) -> Announcements {
    let mut all = Announcements::new();
    for one in routes {
        let attrs = attributes(one, path, next_hop);
        all.extend(one.prefixes.iter().map(|prefix| (*prefix, attrs.clone())));
    }
    all
}

fn attributes(routes: &Routes, path: &[Asn], next_hop: IpAddr) -> Attrs {
    let path = routes.as_path.as_deref().unwrap_or(path);
    let path = AsPath::sequence(path.iter().copied());
    let mut attrs = Attrs::new(path, routes.next_hop.unwrap_or(next_hop));
    attrs.origin = routes.origin;
    attrs.med = routes.med;
    for community in &routes.communities {
        attrs.add_community(*community);
    }
    attrs
}

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
pub(crate) const UNKNOWN_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// What a site or customer's edge announces over a link: with its ASN as path where none is
/// given; without path and next hop where the link is static.
pub(crate) fn on_premises(estate: &Estate, speaker: &Speaker, link: &Link) -> Announcements {
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
    let routes = routes.into_iter().flatten();
    if link.kind == (LinkKind::GatewayToSite { bgp: false }) {
        let prefixes = routes.flat_map(|one| &one.prefixes);
        let attrs = Attrs::new(AsPath::empty(), UNKNOWN_ADDRESS);
        return prefixes.map(|prefix| (*prefix, attrs.clone())).collect();
    }
    let path: Vec<Asn> = speaker.asn.into_iter().collect();
    announcements(routes, &path, first_address(&link.b))
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
        let sent = origination.to.is_empty() || origination.to.iter().any(|to| to == neighbor);
        for (prefix, attrs) in originated_routes(nva, origination, external) {
            let slot = all.entry(prefix).or_insert(None);
            if sent {
                *slot = Some(attrs);
            }
        }
    }
    all
}

fn originated_routes(nva: &Nva, origination: &Origination, external: bool) -> Announcements {
    let mut routes = announcements([&origination.routes].into_iter(), &[], nva.ip);
    for attrs in routes.values_mut().filter(|_| external) {
        attrs
            .as_path
            .prepend(nva.asn, 1 + usize::from(origination.prepend));
    }
    routes
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
        let path = one.as_path.as_deref().unwrap_or(path);
        let mut attrs = Attrs::new(
            AsPath::sequence(path.iter().copied()),
            one.next_hop.unwrap_or(next_hop),
        );
        attrs.origin = one.origin;
        attrs.med = one.med;
        for community in &one.communities {
            attrs.add_community(*community);
        }
        all.extend(one.prefixes.iter().map(|prefix| (*prefix, attrs.clone())));
    }
    all
}

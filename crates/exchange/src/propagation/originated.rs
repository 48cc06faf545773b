//! What the estate itself says that a speaker announces: sites and customers' edges, NVAs' own
//! and static routes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub_types::{AsPath, Asn, Attrs, Prefix};

use crate::estate::{Nva, Origination, Routes};
use crate::graph::{AdjacencyId, Deployment, LinkId, Speaker, SpeakerKind, UNKNOWN_ADDRESS};

/// Routes by prefix; where a prefix is stated twice, the later statement wins.
pub(super) type Announcements = BTreeMap<Prefix, Attrs>;

/// The static routes of NVAs' sessions with Route Servers: sent exactly so.
#[derive(Debug, Default)]
pub(crate) struct StaticRoutes(BTreeMap<LinkId, Announcements>);

impl StaticRoutes {
    /// Enters what the estate says for a link.
    pub(super) fn enter(&mut self, deployment: &Deployment, link: LinkId) {
        let graph = deployment.graph();
        let (nva, server) = (
            deployment.nva(graph.speaker(graph.link(link).a.speaker)),
            graph.speaker(graph.link(link).b.speaker),
        );
        let (Some(nva), Some(instance)) = (nva, server.instance()) else {
            return;
        };
        let fits = nva.advertises.iter().filter(|advertisement| {
            advertisement.to == server.name
                && advertisement.instance.is_none_or(|only| only == instance)
        });
        let announcements = announcements(nva, fits.map(|advertisement| &advertisement.routes));
        if !announcements.is_empty() {
            self.0.insert(link, announcements);
        }
    }

    /// Adds routes to those of a link; they replace those of the same prefixes.
    pub(super) fn add(&mut self, link: LinkId, routes: Announcements) {
        self.0.entry(link).or_default().extend(routes);
    }

    /// Takes prefixes off those of a link.
    pub(super) fn remove(&mut self, link: LinkId, prefixes: &[Prefix]) {
        if let Some(routes) = self.0.get_mut(&link) {
            for prefix in prefixes {
                routes.remove(prefix);
            }
        }
    }

    /// Those of a link, by prefix.
    pub(super) fn of(&self, link: LinkId) -> impl Iterator<Item = (&Prefix, &Attrs)> {
        self.0.get(&link).into_iter().flatten()
    }

    /// That of a link for a prefix.
    pub(super) fn route(&self, link: LinkId, prefix: Prefix) -> Option<&Attrs> {
        self.0.get(&link)?.get(&prefix)
    }
}

/// An NVA's static routes; a path that is not given is the NVA's ASN.
pub(super) fn announcements<'a>(
    nva: &Nva,
    routes: impl IntoIterator<Item = &'a Routes>,
) -> Announcements {
    let mut all = Announcements::new();
    for routes in routes {
        let attrs = attributes(routes, &[nva.asn], nva.ip);
        let prefixes = routes.prefixes.iter();
        all.extend(prefixes.map(|prefix| (*prefix, attrs.clone())));
    }
    all
}

/// The routes that the estate gives a site or customer's edge.
pub(super) fn on_premises<'a>(deployment: &'a Deployment, speaker: &Speaker) -> &'a [Routes] {
    let estate = deployment.estate();
    match speaker.kind {
        SpeakerKind::Site { site } => &estate.sites[site].routes,
        SpeakerKind::CustomerEdge { circuit } => {
            let on_prem = estate.circuits[circuit].on_prem.as_ref();
            on_prem.map_or(&[], |on_prem| &on_prem.routes)
        }
        _ => &[],
    }
}

/// What routes of a site or customer's edge carry: its ASN as path where none is given; neither
/// path nor next hop where the link is static.
pub(super) fn on_premises_attrs(
    deployment: &Deployment,
    adjacency: AdjacencyId,
    routes: &Routes,
) -> Attrs {
    let graph = deployment.graph();
    if graph.link(adjacency.link).kind.is_static() {
        return Attrs::new(AsPath::empty(), UNKNOWN_ADDRESS);
    }
    let asn = graph.sender(adjacency).asn;
    attributes(
        routes,
        asn.as_slice(),
        graph.sending_end(adjacency).next_hop(),
    )
}

/// What an NVA's own routes carry towards a neighbour; none for a neighbour that does not hear of
/// them. Over iBGP the NVA's ASN is not put in front.
pub(super) fn originated_attrs(
    nva: &Nva,
    origination: &Origination,
    neighbor: &str,
    external: bool,
) -> Option<Attrs> {
    if !origination.to.is_empty() && !origination.to.iter().any(|to| to == neighbor) {
        return None;
    }
    let mut attrs = attributes(&origination.routes, &[], nva.ip);
    if external {
        let times = 1 + usize::from(origination.prepend);
        attrs.as_path.prepend(nva.asn, times);
    }
    Some(attrs)
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

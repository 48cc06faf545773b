//! Which links real routers play, and with which addresses.

use std::net::IpAddr;

use routehub_types::Asn;

use crate::graph::{AdjacencyId, Graph, LinkId};

/// A link that a real router plays one end of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLink {
    /// The link.
    pub link: LinkId,
    /// The name of the speaker that is ours.
    pub local: String,
    /// Which instance of a Route Server it is.
    pub instance: Option<u8>,
    /// The name of the speaker that the real router plays.
    pub remote: String,
    /// Our ASN.
    pub local_asn: Asn,
    /// Its ASN.
    pub remote_asn: Asn,
    /// Our address.
    pub local_address: IpAddr,
    /// Its addresses.
    pub remote_addresses: Vec<IpAddr>,
}

/// What we send over a link that a real router plays one end of.
pub(crate) fn our_adjacency(graph: &Graph, link: LinkId) -> Option<AdjacencyId> {
    Some(link.from(graph.link(link).our_side()?))
}

/// The links that real routers play, in order; those without addresses or refused are left out.
pub(crate) fn live_links(graph: &Graph) -> Vec<LiveLink> {
    let links = graph.links().filter_map(|link| {
        let to_peer = our_adjacency(graph, link)?;
        if graph.link(link).down.refused.is_some() {
            return None;
        }
        let (local, remote) = (graph.sender(to_peer), graph.receiver(to_peer));
        Some(LiveLink {
            link,
            local: local.name.clone(),
            instance: local.instance(),
            remote: remote.name.clone(),
            local_asn: local.asn?,
            remote_asn: remote.asn?,
            local_address: listening_address(graph, link)?,
            remote_addresses: graph.sending_end(to_peer.reverse()).addresses.clone(),
        })
    });
    links.collect()
}

/// Where we hold the session of a link that a real router plays: our first address. The edge of a
/// circuit is where its first connection shows it.
pub(crate) fn listening_address(graph: &Graph, link: LinkId) -> Option<IpAddr> {
    let ours = graph.sending_end(our_adjacency(graph, link)?);
    let shown = || {
        let links = graph.links_of(ours.speaker).iter();
        let mut connections = links
            .map(|link| graph.link(*link))
            .filter(|link| link.kind.is_to_circuit() && link.b.speaker == ours.speaker);
        connections.find_map(|link| link.b.addresses.first())
    };
    ours.addresses.first().or_else(shown).copied()
}

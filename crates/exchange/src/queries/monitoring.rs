//! What monitoring asks for: peerings and loads in numbers, without the routes themselves.

use std::net::IpAddr;

use routehub_types::Asn;

use super::table_id::SessionState;
use crate::estate::RouteServer;
use crate::exchange::Exchange;
use crate::graph::{LinkId, Side};
use crate::ribs::RibView;

/// A session between one of our speakers and an NVA, or another neighbour that a real router plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeeringReport {
    /// The link.
    pub link: LinkId,
    /// The name of the speaker that is ours.
    pub local: String,
    /// Which instance of a Route Server it is.
    pub instance: Option<u8>,
    /// Our address.
    pub local_address: Option<IpAddr>,
    /// The name of the neighbour.
    pub remote: String,
    /// The neighbour's address.
    pub remote_address: Option<IpAddr>,
    /// The neighbour's ASN.
    pub remote_asn: Option<Asn>,
    /// Whether the ASNs differ (eBGP).
    pub external: bool,
    /// Whether a real router plays the neighbour.
    pub live: bool,
    /// Whether routes pass, and if not, why.
    pub state: SessionState,
    /// Routes that the neighbour announced and that are held: those of the learned table.
    pub learned: usize,
    /// Routes that the neighbour announced and that import refused.
    pub refused: usize,
    /// Routes that are sent to a neighbour that a real router plays; what a modelled one is sent
    /// is counted by [`Exchange::advertised_count`].
    pub advertised: Option<usize>,
    /// Route refreshes that the neighbour was asked for.
    pub route_refreshes: u32,
    /// How often the session was reset.
    pub resets: u32,
}

/// How much of what a Route Server can serve is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteServerLoad {
    /// Its name.
    pub name: String,
    /// NVAs that are configured as its peers.
    pub peers: usize,
    /// Prefixes that each instance holds.
    pub prefixes: [usize; 2],
    /// NICs of its network and of those that use it.
    pub machines: usize,
}

/// What a gateway sends over a connection to a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionLoad {
    /// The gateway.
    pub gateway: String,
    /// The circuit.
    pub circuit: String,
    /// How many routes it sends, or would send if that were not too many.
    pub routes: usize,
}

impl RouteServerLoad {
    /// The infrastructure units of a Route Server: one for each instance.
    pub const UNITS: usize = 2;
}

impl Exchange {
    /// Every session of a Route Server with an NVA, and every session with a real router.
    pub fn peerings(&self) -> Vec<PeeringReport> {
        let links = self.graph().links();
        links.filter_map(|link| self.peering(link)).collect()
    }

    fn peering(&self, id: LinkId) -> Option<PeeringReport> {
        let link = self.graph().link(id);
        let side = match link.our_side() {
            Some(side) => side,
            None if link.kind.is_peering() => Side::B,
            None => return None,
        };
        if link.down.removed {
            return None;
        }
        let (to_peer, from_peer) = (id.from(side), id.from(side.other()));
        let local = self.graph().sender(to_peer);
        let remote = self.graph().receiver(to_peer);
        let address = |adjacency| {
            self.graph()
                .sending_end(adjacency)
                .addresses
                .first()
                .copied()
        };
        let inbound = self.inbound(from_peer);
        let counts = inbound.map(|(rib, source)| rib.counts(source));
        let counts = counts.unwrap_or_default();
        Some(PeeringReport {
            link: id,
            local: local.name.clone(),
            instance: local.instance(),
            local_address: address(to_peer),
            remote: remote.name.clone(),
            remote_address: address(from_peer),
            remote_asn: remote.asn,
            external: link.external,
            live: link.live,
            state: SessionState::of(link),
            learned: counts.counted() as usize,
            refused: (counts.rejected + counts.not_kept) as usize,
            advertised: link.live.then(|| self.sent_count(id)),
            route_refreshes: link.route_refreshes,
            resets: link.resets,
        })
    }

    /// How many routes a neighbour is sent. For a modelled one every best route is looked at.
    pub fn advertised_count(&self, peering: &PeeringReport) -> usize {
        peering.advertised.unwrap_or_else(|| {
            let link = self.graph().link(peering.link);
            let side = if link.kind.is_peering() {
                Side::B
            } else {
                Side::A
            };
            self.outbound(peering.link, side).routes().len()
        })
    }

    /// What Route Servers have to do.
    pub fn route_server_loads(&self) -> Vec<RouteServerLoad> {
        let servers = self.estate().route_servers.iter().filter(|server| {
            let instance = self.graph().instance(&server.name, 0);
            instance.is_some_and(|instance| !self.fabric().is_removed(instance))
        });
        let load = |server: &RouteServer| {
            let nvas = self.estate().nvas.iter();
            RouteServerLoad {
                name: server.name.clone(),
                peers: nvas.filter(|nva| nva.peers_with(&server.name)).count(),
                prefixes: [0, 1].map(|instance| {
                    let speaker = self.graph().instance(&server.name, instance);
                    let rib = speaker.and_then(|speaker| self.rib(speaker));
                    rib.map_or(0, RibView::len)
                }),
                machines: self.fabric().nics_served(&server.vnet),
            }
        };
        servers.map(load).collect()
    }

    /// What gateways send to circuits.
    pub fn connection_loads(&self) -> Vec<ConnectionLoad> {
        let graph = self.graph();
        let links = graph.links().filter_map(|id| {
            let link = graph.link(id);
            link.kind.is_to_circuit().then(|| ConnectionLoad {
                gateway: graph.speaker(link.a.speaker).name.clone(),
                circuit: graph.speaker(link.b.speaker).name.clone(),
                routes: self.route_count(id),
            })
        });
        links.collect()
    }
}

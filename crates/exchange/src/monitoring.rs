//! What monitoring asks for: peerings and loads in numbers, without the routes themselves.

use std::net::IpAddr;

use routehub_rib::SourceCounts;
use routehub_types::{Asn, Family};

use crate::exchange::Exchange;
use crate::link::{LinkId, LinkKind, Side};
use crate::speaker::SpeakerKind;
use crate::table::SessionState;

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
        let links = self.graph.links();
        links.filter_map(|link| self.peering(link)).collect()
    }

    fn peering(&self, id: LinkId) -> Option<PeeringReport> {
        let link = self.graph.link(id);
        let side = match link.kind {
            LinkKind::NvaToRouteServer { .. } => Side::B,
            _ => self.our_side(id)?,
        };
        if link.down.removed {
            return None;
        }
        let (ours, theirs) = (link.end(side), link.end(side.other()));
        let local = self.graph.speaker(ours.speaker);
        let remote = self.graph.speaker(theirs.speaker);
        let source = self.direction_of(id, side.other()).source;
        let counts = self
            .table(ours.speaker)
            .zip(source)
            .map_or(SourceCounts::default(), |(table, source)| {
                table.rib.counts(source)
            });
        Some(PeeringReport {
            link: id,
            local: local.name.clone(),
            instance: match local.kind {
                SpeakerKind::RouteServer { instance, .. } => Some(instance),
                _ => None,
            },
            local_address: ours.addresses.first().copied(),
            remote: remote.name.clone(),
            remote_address: theirs.addresses.first().copied(),
            remote_asn: remote.asn,
            external: link.external,
            live: link.live,
            state: match link.down.refused {
                Some(_) => SessionState::Failed,
                None if link.is_up() => SessionState::Established,
                None => SessionState::Idle,
            },
            learned: counts.counted() as usize,
            refused: (counts.rejected + counts.not_kept) as usize,
            advertised: link.live.then(|| self.sent_count(id)),
            route_refreshes: link.route_refreshes,
            resets: link.resets,
        })
    }

    /// How many routes a member of an export group is sent.
    fn sent_count(&self, link: LinkId) -> usize {
        let member = self.members.get(&link).copied();
        let speaker = self
            .our_side(link)
            .map(|side| self.graph.link(link).end(side).speaker);
        let table = speaker.and_then(|speaker| self.table(speaker));
        let sent = table.zip(member).map(|(table, member)| {
            let families = Family::ALL.into_iter();
            families
                .map(|family| table.rib.adj_out_len(member, family))
                .sum()
        });
        sent.unwrap_or_default()
    }

    /// How many routes a neighbour is sent. For a modelled one every best route is looked at.
    pub fn advertised_count(&self, peering: &PeeringReport) -> usize {
        peering.advertised.unwrap_or_else(|| {
            let link = self.graph.link(peering.link);
            let side = match link.kind {
                LinkKind::NvaToRouteServer { .. } => Side::B,
                _ => Side::A,
            };
            self.offers(peering.link, side).len()
        })
    }

    /// What Route Servers have to do.
    pub fn route_server_loads(&self) -> Vec<RouteServerLoad> {
        let servers = self.estate.route_servers.iter().filter(|server| {
            let instance = self.graph.instance(&server.name, 0);
            instance.is_some_and(|instance| !self.removed.contains(&instance))
        });
        let load = |server: &crate::estate::RouteServer| {
            let peers = self.estate.nvas.iter().filter(|nva| {
                let mut sessions = nva.sessions.iter();
                sessions.any(|session| session.route_server == server.name)
            });
            let prefixes = [0, 1].map(|instance| {
                let speaker = self.graph.instance(&server.name, instance);
                let table = speaker.and_then(|speaker| self.table(speaker));
                let families = Family::ALL.into_iter();
                table.map_or(0, |table| {
                    families.map(|family| table.rib.len(family)).sum()
                })
            });
            RouteServerLoad {
                name: server.name.clone(),
                peers: peers.count(),
                prefixes,
                machines: self.machines(&server.vnet),
            }
        };
        servers.map(load).collect()
    }

    /// How many NICs stand in a network and in those that use it.
    pub(crate) fn machines(&self, vnet: &str) -> usize {
        let Some(hub) = self.topology.vnet(vnet) else {
            return 0;
        };
        let served = |vnet: &str| {
            let vnet = self.topology.vnet(vnet);
            vnet == Some(hub) || vnet.is_some_and(|one| self.topology.hub(one) == Some(hub))
        };
        let nics = self.estate.nics.iter();
        nics.filter(|nic| served(&nic.vnet)).count()
    }

    /// What gateways send to circuits.
    pub fn connection_loads(&self) -> Vec<ConnectionLoad> {
        let links = self.graph.links().filter_map(|id| {
            let link = self.graph.link(id);
            matches!(link.kind, LinkKind::GatewayToEdge(_)).then(|| ConnectionLoad {
                gateway: self.graph.speaker(link.a.speaker).name.clone(),
                circuit: self.graph.speaker(link.b.speaker).name.clone(),
                routes: self.weight(id),
            })
        });
        links.collect()
    }
}

//! Reasons in the form that people ask for them: what a Route Server refused, and where each path
//! of a prefix stands. And numbers that monitoring asks for: peerings and loads. Nothing is decided
//! here; the RIBs are read.

use std::collections::BTreeSet;
use std::net::IpAddr;

use routehub_rib::{Admission, Standing, Step};
use routehub_types::{AsPath, Asn, Attrs, NextHop, Prefix, RuleId};

use super::table_id::{SessionState, TableKind};
use crate::estate::{CircuitLink, UnknownName};
use crate::exchange::Exchange;
use crate::graph::{LinkId, Role, Side};
use crate::ribs::{Origin, RibView};

/// A route that a Route Server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where to.
    pub prefix: Prefix,
    /// The AS path as received.
    pub as_path: AsPath,
    /// The instance, 0 or 1.
    pub instance: u8,
    /// The rule that refused it.
    pub rule: RuleId,
}

/// One path of a prefix at a Route Server instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathReport {
    /// The name of the neighbour it came from; none for a local network.
    pub from: Option<String>,
    /// The AS path, after import if it was admitted.
    pub as_path: AsPath,
    /// The next hop.
    pub next_hop: NextHop,
    /// Where it stands, and why.
    pub standing: PathStanding,
}

/// Where a path stands among those of its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum PathStanding {
    /// It is the best one, and the one that is passed on.
    Best,
    /// It is used beside the best one.
    Equal,
    /// It was eliminated.
    Lost {
        /// At which step of the decision process.
        #[cfg_attr(feature = "serde", serde(serialize_with = "step_name"))]
        step: Step,
        /// By the path of this neighbour.
        to: Option<String>,
    },
    /// Import refused it.
    Refused(RuleId),
    /// A route map put another prefix in its place.
    Replaced,
}

/// Writes a step by its name.
#[cfg(feature = "serde")]
fn step_name<S: serde::Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(step.name())
}

/// A session between one of our speakers and an NVA, or another neighbour that a real router plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeeringReport {
    /// The link.
    pub link: LinkId,
    /// The name of the speaker that is ours.
    pub local: String,
    /// Where the propagation rules have rows for it.
    pub role: Option<Role>,
    /// Which instance of a Route Server or gateway it is.
    pub instance: Option<u8>,
    /// Which link of a circuit it is the edge of.
    pub circuit_link: Option<CircuitLink>,
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
    /// Refused routes that are not kept, because there are too many.
    pub refused_not_kept: usize,
    /// Routes that the neighbour has not announced again since it was lost, or since it began to
    /// refresh its routes.
    pub stale: usize,
    /// Routes that are sent to a neighbour that a real router plays; what a modelled one is sent
    /// is counted by [`Exchange::advertised_count`].
    pub advertised: Option<usize>,
    /// Routes that a neighbour that a real router plays would be sent if a message to it could
    /// hold them; it is sent a withdrawal instead (RFC 4271 section 9.1.3).
    pub unsendable: usize,
    /// Route refreshes that the neighbour was asked for.
    pub route_refreshes: u32,
    /// How often the session ended, whatever ended it.
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

/// A prefix whose best routes at a speaker are those they are because of what happened before: had
/// everything started as it is now, others would be best.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherState {
    /// The Route Server or gateway.
    pub speaker: String,
    /// The prefix.
    pub prefix: Prefix,
    /// The neighbours whose routes are best; none for a local network, or where there is no route.
    pub best: Vec<String>,
    /// The neighbours whose routes would be.
    pub otherwise: Vec<String>,
}

/// What a gateway sends over a connection to a circuit: each of its instances as much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionLoad {
    /// The gateway.
    pub gateway: String,
    /// The circuit.
    pub circuit: String,
    /// How many routes it sends, or would send if that were not too many.
    pub routes: usize,
}

/// Where best routes come from, and what they carry.
type BestFrom = Vec<(Origin, Attrs)>;

fn best_from(rib: RibView<'_>, prefix: Prefix) -> BestFrom {
    let best = rib.best(prefix);
    let best = best
        .iter()
        .map(|path| (rib.origin(path.source), rib.attrs(path.attrs)));
    best.collect()
}

impl RouteServerLoad {
    /// The infrastructure units of a Route Server: one for each instance.
    pub const UNITS: usize = 2;
}

impl Exchange {
    /// What a Route Server refused of an NVA, and by which rule.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn rs_refused(&self, route_server: &str, nva: &str) -> Result<Vec<Refused>, UnknownName> {
        TableKind::RsLearned.need(self.estate(), route_server, Some(nva))?;
        let mut all = Vec::new();
        for (instance, link) in self.graph().peering_links(route_server, nva) {
            let Some((rib, source)) = self.inbound(link.from(Side::A)) else {
                continue;
            };
            for route in rib.adj_in(source) {
                if let Admission::Reject(rule)
                | Admission::Filter(rule)
                | Admission::Unusable(rule) = route.imported
                {
                    all.push(Refused {
                        prefix: route.prefix,
                        as_path: rib.attrs(route.received).as_path,
                        instance,
                        rule,
                    });
                }
            }
        }
        all.sort_by_key(|refused| (refused.prefix, refused.instance));
        Ok(all)
    }

    /// Every path of a prefix at an instance of a Route Server, 0 or 1, the ones in use first.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such Route Server, or no such instance of it.
    pub fn rs_paths(
        &self,
        route_server: &str,
        instance: u8,
        prefix: Prefix,
    ) -> Result<Vec<PathReport>, UnknownName> {
        let speaker = self.graph().instance(route_server, instance);
        let rib = speaker.and_then(|speaker| self.rib(speaker));
        let Some((speaker, rib)) = speaker.zip(rib) else {
            return Err(self.no_instance(route_server, instance));
        };
        let from = |source| match rib.origin(source) {
            Origin::Link(link) => {
                let peer = self.graph().link(link).peer_of(speaker)?;
                Some(self.speaker(peer).name.clone())
            }
            Origin::OwnNetwork | Origin::Spoke => None,
        };
        let reports = rib.paths(prefix).into_iter().map(|path| {
            let attrs = path.attrs.or(path.received).map(|id| rib.attrs(id));
            let attrs = attrs.unwrap_or_default();
            PathReport {
                from: from(path.path.source),
                as_path: attrs.as_path,
                next_hop: attrs.next_hop,
                standing: match path.standing {
                    Standing::Best => PathStanding::Best,
                    Standing::Equal => PathStanding::Equal,
                    Standing::Lost { step, to } => PathStanding::Lost {
                        step,
                        to: from(to.source),
                    },
                    Standing::Ineligible(rule) => PathStanding::Refused(rule),
                    Standing::Replaced => PathStanding::Replaced,
                },
            }
        });
        Ok(reports.collect())
    }

    /// Every session of a Route Server with an NVA, and every session with a real router.
    pub fn peerings(&self) -> Vec<PeeringReport> {
        let links = self.graph().links();
        links.filter_map(|link| self.peering(link)).collect()
    }

    fn peering(&self, id: LinkId) -> Option<PeeringReport> {
        let graph = self.graph();
        let link = graph.link(id);
        let nva_peering = link.kind.is_peering().then_some(Side::B);
        let to_peer = id.from(link.our_side().or(nva_peering)?);
        if link.down.removed {
            return None;
        }
        let from_peer = to_peer.reverse();
        let (local, remote) = (graph.sender(to_peer), graph.receiver(to_peer));
        let address = |adjacency| graph.sending_end(adjacency).addresses.first().copied();
        let inbound = self.inbound(from_peer);
        let counts = inbound.map(|(rib, source)| rib.counts(source));
        let counts = counts.unwrap_or_default();
        let (sent, unsendable) = self.sent_counts(id);
        Some(PeeringReport {
            link: id,
            local: local.name.clone(),
            role: local.role(),
            instance: local.instance(),
            circuit_link: local.circuit_link(),
            local_address: address(to_peer).or_else(|| graph.listening_address(id)),
            remote: remote.name.clone(),
            remote_address: address(from_peer),
            remote_asn: remote.asn,
            external: link.external,
            live: link.live,
            state: SessionState::of(link),
            learned: counts.counted() as usize,
            stale: counts.stale as usize,
            refused: (counts.rejected + counts.unusable + counts.not_kept) as usize,
            refused_not_kept: counts.not_kept as usize,
            advertised: link.live.then_some(sent),
            unsendable,
            route_refreshes: link.route_refreshes,
            resets: link.resets,
        })
    }

    /// How many routes a neighbour is sent. For a modelled one every best route is looked at.
    pub fn advertised_count(&self, peering: &PeeringReport) -> usize {
        let modelled = || {
            self.outbound(peering.link, Side::B)
                .counts()
                .into_iter()
                .sum()
        };
        peering.advertised.unwrap_or_else(modelled)
    }

    /// What Route Servers have to do.
    pub fn route_server_loads(&self) -> Vec<RouteServerLoad> {
        let servers = self.estate().route_servers.iter();
        let loads = servers.filter_map(|server| {
            let instances = self.graph().named(&server.name);
            instances
                .first()
                .filter(|id| !self.fabric().is_removed(**id))?;
            let nvas = self.estate().nvas.iter();
            Some(RouteServerLoad {
                name: server.name.clone(),
                peers: nvas.filter(|nva| nva.peers_with(&server.name)).count(),
                prefixes: [0, 1].map(|instance| {
                    let rib = instances.get(instance).and_then(|id| self.rib(*id));
                    rib.map_or(0, RibView::len)
                }),
                machines: self.fabric().nics_served(&server.vnet),
            })
        });
        loads.collect()
    }

    /// Prefixes for which Route Servers and gateways would rest in another state if they started
    /// now, each once. Works everything out anew.
    pub fn other_states(&self) -> Vec<OtherState> {
        let Some(Ok(fresh)) = self.afresh() else {
            return Vec::new();
        };
        let graph = self.graph();
        let mut states = BTreeSet::new();
        for id in graph
            .speakers()
            .filter(|id| graph.speaker(*id).programs_nics())
        {
            let (Some(here), Some(there)) = (self.rib(id), fresh.ribs().rib(id)) else {
                continue;
            };
            let prefixes: BTreeSet<Prefix> = here.prefixes().chain(there.prefixes()).collect();
            for prefix in prefixes {
                let [best, otherwise] = [here, there].map(|rib| best_from(rib, prefix));
                let names = |from: &BestFrom| {
                    let origins = from.iter().map(|(origin, _)| *origin);
                    let mut names = Vec::from_iter(origins.filter_map(|origin| match origin {
                        Origin::Link(link) => {
                            let peer = graph.link(link).peer_of(id)?;
                            Some(graph.speaker(peer).name.clone())
                        }
                        _ => None,
                    }));
                    names.dedup();
                    names
                };
                if best != otherwise {
                    states.insert(OtherState {
                        speaker: graph.speaker(id).name.clone(),
                        prefix,
                        best: names(&best),
                        otherwise: names(&otherwise),
                    });
                }
            }
        }
        states.into_iter().collect()
    }

    /// What gateways send to circuits.
    pub fn connection_loads(&self) -> Vec<ConnectionLoad> {
        let graph = self.graph();
        let mut loads: Vec<ConnectionLoad> = Vec::new();
        for id in graph.links() {
            let link = graph.link(id);
            if !link.kind.is_to_circuit() {
                continue;
            }
            let [gateway, circuit] = [&link.a, &link.b].map(|end| &graph.speaker(end.speaker).name);
            let routes = self.route_count(id);
            // Instances send the same over links of their own, and one that is down nothing.
            let same =
                |load: &&mut ConnectionLoad| load.gateway == *gateway && load.circuit == *circuit;
            match loads.iter_mut().find(same) {
                Some(load) => load.routes = load.routes.max(routes),
                None => loads.push(ConnectionLoad {
                    gateway: gateway.clone(),
                    circuit: circuit.clone(),
                    routes,
                }),
            }
        }
        loads
    }
}

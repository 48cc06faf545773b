//! Actions that ask for routes: what only the running network knows.

use std::net::IpAddr;

use routehub_diagnose::{TraceEnd, TraceHop};
use routehub_exchange::view::Speaker;
use routehub_exchange::{Exchange, TableId, TableKind};
use routehub_scenario::{Tables, az};
use serde_json::{Value, json};

use super::message::{ArmError, Response};
use super::network::Network;
use super::store::Store;
use crate::resource::{Fields, ResourceId};

/// A question that the running network answers: [`answer`](Self::answer).
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    kind: QuestionKind,
}

#[derive(Clone, Debug, PartialEq)]
enum QuestionKind {
    /// A table in the shape of its command.
    Table(TableId),
    /// What a gateway sends to the address of a peer.
    Advertised { gateway: String, peer: IpAddr },
    /// The sessions of a gateway, or the one with a peer.
    PeerStatus {
        gateway: String,
        peer: Option<IpAddr>,
    },
    /// The next hop of a packet from a NIC.
    NextHop { nic: String, to: IpAddr },
}

impl Question {
    /// The question that an action on a resource asks; none if it asks for no routes.
    ///
    /// # Errors
    /// [`ArmError`] if it cannot be asked.
    pub(super) fn of(
        store: &Store,
        network: &Network,
        id: &ResourceId,
        action: &str,
        peer: Option<&str>,
        body: Fields<'_>,
    ) -> Result<Option<Self>, ArmError> {
        let kind = id.kind();
        let action = action.to_ascii_lowercase();
        let action = match (kind.as_str(), action.as_str()) {
            ("virtualhubs/bgpconnections", "learnedroutes") => {
                Self::of_peer(network, store, id, TableKind::RsLearned)?
            }
            ("virtualhubs/bgpconnections", "advertisedroutes") => {
                Self::of_peer(network, store, id, TableKind::RsAdvertised)?
            }
            ("networkinterfaces", "effectiveroutetable") => {
                QuestionKind::Table(TableKind::NicEffective.of(network.names.name(id)))
            }
            ("virtualnetworkgateways", "getlearnedroutes") => {
                QuestionKind::Table(TableKind::GatewayLearned.of(network.names.name(id)))
            }
            ("virtualnetworkgateways", "getadvertisedroutes") => QuestionKind::Advertised {
                gateway: network.names.name(id),
                peer: address(peer)?.ok_or_else(|| wrong("the parameter peer is missing"))?,
            },
            ("virtualnetworkgateways", "getbgppeerstatus") => QuestionKind::PeerStatus {
                gateway: network.names.name(id),
                peer: address(peer)?,
            },
            ("networkwatchers", "nexthop") => Self::of_next_hop(network, store, body)?,
            ("expressroutecircuits/peerings/routetables", _) => {
                let circuit = id
                    .up_to("expressRouteCircuits")
                    .unwrap_or_else(|| id.clone());
                QuestionKind::Table(TableKind::CircuitRoutes.of(network.names.name(&circuit)))
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { kind: action }))
    }

    /// What a Route Server knows of the peer that a connection names.
    fn of_peer(
        network: &Network,
        store: &Store,
        id: &ResourceId,
        kind: TableKind,
    ) -> Result<QuestionKind, ArmError> {
        let hub = id.up_to("virtualHubs").map(|hub| network.names.name(&hub));
        let own = store.fields(id);
        let ends = own.and_then(|own| Some((own.address("peerIp")?, own.asn("peerAsn")?)));
        let mut nvas = network.estate.nvas.iter();
        let nva = nvas.find(|nva| Some((nva.ip, nva.asn)) == ends);
        match (hub, nva) {
            (Some(hub), Some(nva)) => Ok(QuestionKind::Table(kind.between(hub, &nva.name))),
            _ => Err(wrong("the connection is in no network yet")),
        }
    }

    fn of_next_hop(
        network: &Network,
        store: &Store,
        body: Fields<'_>,
    ) -> Result<QuestionKind, ArmError> {
        let source = body.address("sourceIPAddress");
        let target = body.reference("targetNicResourceId");
        let machine = body.reference("targetResourceId");
        let to = body.address("destinationIPAddress");
        let to = to.ok_or_else(|| wrong("destinationIPAddress is no address"))?;
        let nics = store.of_kind("networkInterfaces").filter(|(id, nic)| {
            let has_source = || {
                let mut own = nic.items("ipConfigurations");
                source.is_none() || own.any(|own| own.address("privateIPAddress") == source)
            };
            let of_machine = || {
                let own = store.machine_of(id).map(ResourceId::new);
                machine.is_none()
                    || own.as_ref() == machine.as_ref()
                    || machine.as_ref().is_some_and(|wanted| is_nic_of(id, wanted))
            };
            match &target {
                Some(target) => *id == target,
                None => has_source() && of_machine(),
            }
        });
        let mut names = nics.map(|(id, _)| network.names.name(id));
        let nic = names.find(|name| network.estate.nics.iter().any(|nic| nic.name == *name));
        match nic {
            Some(nic) => Ok(QuestionKind::NextHop { nic, to }),
            None => Err(wrong("no NIC of that machine has the source address")),
        }
    }

    /// The answer of the running network.
    pub fn answer(&self, exchange: &Exchange) -> Response {
        match &self.kind {
            QuestionKind::Table(id) => table(exchange, id),
            QuestionKind::Advertised { gateway, peer } => match peer_name(exchange, gateway, *peer)
            {
                Some(to) => table(exchange, &TableKind::GatewayAdvertised.between(gateway, to)),
                None => Response::ok(json!({"value": []})),
            },
            QuestionKind::PeerStatus { gateway, peer } => {
                Response::ok(json!({"value": peer_status(exchange, gateway, *peer)}))
            }
            QuestionKind::NextHop { nic, to } => next_hop(exchange, nic, *to),
        }
    }
}

/// Whether a NIC is called as one of a machine that is in no document.
pub(super) fn is_nic_of(nic: &ResourceId, machine: &ResourceId) -> bool {
    let (nic, machine) = (nic.last(), machine.last());
    let rest = nic.strip_prefix(machine);
    rest.is_some_and(|rest| ["", "-nic", "vmnic", "nic", "_nic"].contains(&rest))
}

fn wrong(what: &str) -> ArmError {
    ArmError::bad("InvalidRequestFormat", format!("Cannot answer: {what}."))
}

fn address(text: Option<&str>) -> Result<Option<IpAddr>, ArmError> {
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|_| wrong("the parameter peer is no address"))
}

fn table(exchange: &Exchange, id: &TableId) -> Response {
    let tables = Tables::some(exchange.estate(), exchange, [id.clone()]);
    let known = id.kind.tables(exchange.estate()).contains(id);
    let shaped = az::Table::of(&tables, id).filter(|_| known);
    match shaped.map(serde_json::to_value) {
        Some(Ok(value)) => Response::ok(value),
        _ => ArmError::new(404, "ResourceNotFound", format!("There is no table {id}.")).into(),
    }
}

/// The sessions of a gateway: link by link its own address, the other speaker and its address, and
/// whether routes pass.
fn sessions<'a>(
    exchange: &'a Exchange,
    gateway: &'a str,
) -> impl Iterator<Item = (Option<IpAddr>, &'a Speaker, Option<IpAddr>, bool)> + 'a {
    let graph = exchange.graph();
    let instances = graph.named(gateway).iter();
    instances.flat_map(move |instance| {
        let links = graph.links_of(*instance).iter();
        let links = links.filter(|link| {
            let link = graph.link(**link);
            !link.down.removed && !link.kind.is_static()
        });
        links.filter_map(move |id| {
            let link = graph.link(*id);
            let side = link.side_of(*instance)?;
            let other = graph.speaker(link.peer_of(*instance)?);
            let address = |side| link.end(side).addresses.first().copied();
            Some((address(side), other, address(side.other()), link.is_up()))
        })
    })
}

/// Who has the address of a peer of a gateway.
fn peer_name(exchange: &Exchange, gateway: &str, peer: IpAddr) -> Option<String> {
    let mut sessions = sessions(exchange, gateway);
    let (_, other, ..) = sessions.find(|(_, _, address, _)| *address == Some(peer))?;
    Some(other.name.clone())
}

fn peer_status(exchange: &Exchange, gateway: &str, peer: Option<IpAddr>) -> Vec<Value> {
    let rows = exchange.gateway_learned(gateway).unwrap_or_default();
    let sessions = sessions(exchange, gateway);
    let wanted = sessions.filter(|(_, _, address, _)| peer.is_none() || *address == peer);
    let statuses = wanted.map(|(local, other, remote, is_up)| {
        let received = rows.iter().filter(|row| {
            row.source_peer == remote && remote.is_some() && row.local_address == local
        });
        json!({
            "asn": other.asn,
            "connectedDuration": null,
            "localAddress": local,
            "messagesReceived": 0,
            "messagesSent": 0,
            "neighbor": remote,
            "routesReceived": received.count(),
            "state": if is_up { "Connected" } else { "Connecting" },
        })
    });
    statuses.collect()
}

/// What `show-next-hop` says of a packet: the type of the route that it follows first.
fn next_hop(exchange: &Exchange, nic: &str, to: IpAddr) -> Response {
    let Ok(trace) = routehub_diagnose::trace(exchange, nic, &to.to_string()) else {
        return wrong("the NIC has no routes").into();
    };
    let first: &TraceHop = &trace.way;
    let row = first.prefix.and_then(|prefix| {
        let rows = exchange.nic_effective(nic).ok()?;
        rows.into_iter().find(|row| row.prefixes.contains(&prefix))
    });
    let kind = row.as_ref().map(|row| format!("{:?}", row.next_hop_type));
    let hop = row.and_then(|row| row.next_hops.first().copied());
    let is_dropped = matches!(first.end, Some(TraceEnd::Dropped(_)));
    let kind = match kind.as_deref() {
        Some("VNetPeering" | "VNetGlobalPeering") => "VNetPeering".to_owned(),
        Some(kind) => kind.to_owned(),
        None if is_dropped => "None".to_owned(),
        None => "VnetLocal".to_owned(),
    };
    let id = "System Route";
    Response::ok(json!({"nextHopType": kind, "nextHopIpAddress": hop, "routeTableId": id}))
}

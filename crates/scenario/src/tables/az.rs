//! The shapes that Azure's commands print, for the tables they know.
//!
//! Everything here serializes with its keys in alphabetical order, as the command line prints them.
//!
//! ```
//! use routehub::{Network, Profile};
//! use routehub_scenario::{Scenario, az};
//!
//! let text = "
//! schema: routehub/1
//! title: A hub
//! vnets:
//!   - {name: hub, address_space: [10.0.0.0/16]}
//! route_servers:
//!   - {name: rs, vnet: hub, ips: [10.0.6.4, 10.0.6.5]}
//! nvas:
//!   - {name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.0.2.0/24}]}
//! ";
//! let network = Scenario::parse(text).unwrap().network()?;
//! let both = [0, 1].map(|instance| network.instance_address("rs", instance).ok());
//! let rows = network.rs_learned("rs", "nva")?;
//! let learned = az::Peering::learned(&rows, both);
//! let json = serde_json::to_value(&learned).unwrap();
//! assert_eq!(json["RouteServiceRole_IN_0"][0]["network"], "192.0.2.0/24");
//! assert_eq!(json["RouteServiceRole_IN_1"][0]["localAddress"], "10.0.6.5");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub::{EffectiveRow, RouteOrigin, RouteRow, TableId, TableKind, TableRows};
use serde::{Serialize, Serializer};

use crate::tables::{ByName, Tables};

/// Rows under `value`, as most of the commands wrap them.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "S: Serialize")]
pub struct Rows<'a, R, S> {
    value: Shaped<'a, R, S>,
}

impl<'a, R, S> Rows<'a, R, S> {
    const fn new(rows: &'a [R], shape: fn(&R) -> S) -> Self {
        Self {
            value: Shaped { rows, shape },
        }
    }
}

/// Rows that get their shape when they are written: a table may be long, and is not kept twice.
#[derive(Clone, Debug)]
struct Shaped<'a, R, S> {
    rows: &'a [R],
    shape: fn(&R) -> S,
}

impl<R, S: Serialize> Serialize for Shaped<'_, R, S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        serializer.collect_seq(self.rows.iter().map(self.shape))
    }
}

/// A Route Server's view of a peering, an instance after the other.
#[derive(Clone, Debug, Serialize)]
pub struct Peering<'a> {
    #[serde(rename = "RouteServiceRole_IN_0")]
    zero: OfInstance<'a>,
    #[serde(rename = "RouteServiceRole_IN_1")]
    one: OfInstance<'a>,
}

impl<'a> Peering<'a> {
    /// `peering list-learned-routes`; the instances have these addresses.
    pub fn learned(rows: &'a [RouteRow], addresses: [Option<IpAddr>; 2]) -> Self {
        Self::new(rows, addresses, |row| Some(row.source_peer))
    }

    /// `peering list-advertised-routes`, in which no row names a peer.
    pub fn advertised(rows: &'a [RouteRow], addresses: [Option<IpAddr>; 2]) -> Self {
        Self::new(rows, addresses, |_| None)
    }

    fn new(rows: &'a [RouteRow], [zero, one]: [Option<IpAddr>; 2], peer: PeerOf) -> Self {
        let of = |instance, local| OfInstance {
            rows,
            instance,
            local,
            peer,
        };
        Self {
            zero: of(0, zero),
            one: of(1, one),
        }
    }
}

/// The peer that a row names, if its table has such a column.
type PeerOf = fn(&RouteRow) -> Option<Option<IpAddr>>;

/// The rows of an instance among those of both.
#[derive(Clone, Debug)]
struct OfInstance<'a> {
    rows: &'a [RouteRow],
    instance: u8,
    local: Option<IpAddr>,
    peer: PeerOf,
}

impl Serialize for OfInstance<'_> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let rows = self.rows.iter();
        let own = rows.filter(|row| row.instance == Some(self.instance));
        serializer.collect_seq(own.map(|row| Route::new(row, self.local, (self.peer)(row))))
    }
}

/// A route of a Route Server or gateway.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    as_path: String,
    local_address: Option<IpAddr>,
    network: String,
    next_hop: Option<IpAddr>,
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_peer: Option<Option<IpAddr>>,
    weight: u32,
}

impl Route {
    fn new(row: &RouteRow, local: Option<IpAddr>, source_peer: Option<Option<IpAddr>>) -> Self {
        Self {
            as_path: path(row, "-"),
            local_address: local,
            network: row.prefix.to_string(),
            next_hop: row.next_hop,
            origin: row.origin.to_string(),
            source_peer,
            weight: row.weight,
        }
    }
}

/// `vnet-gateway list-learned-routes`, of both instances (R-175).
pub fn gateway_learned(rows: &[RouteRow]) -> Rows<'_, RouteRow, Route> {
    let shape = |row: &RouteRow| Route::new(row, row.local_address, Some(row.source_peer));
    Rows::new(rows, shape)
}

/// `vnet-gateway list-advertised-routes`; the sending instance is the next hop of what it sends.
pub fn gateway_advertised(rows: &[RouteRow]) -> Rows<'_, RouteRow, Route> {
    Rows::new(rows, |row| Route::new(row, row.local_address, Some(None)))
}

/// A route at the edge of a circuit.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CircuitRoute {
    loc_prf: &'static str,
    network: String,
    next_hop: Option<IpAddr>,
    path: String,
    weight: u32,
}

/// The route table of a circuit: `65515 I`.
pub fn circuit_routes(rows: &[RouteRow]) -> Rows<'_, RouteRow, CircuitRoute> {
    Rows::new(rows, |row| {
        let letter = match row.origin {
            RouteOrigin::Egp => "E",
            RouteOrigin::Incomplete => "?",
            _ => "I",
        };
        CircuitRoute {
            loc_prf: "",
            network: row.prefix.to_string(),
            next_hop: row.next_hop,
            path: format!("{} {letter}", path(row, " "))
                .trim_start()
                .to_owned(),
            weight: 0,
        }
    })
}

/// A row of `nic show-effective-route-table`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveRoute {
    address_prefix: Vec<String>,
    disable_bgp_route_propagation: bool,
    name: Option<String>,
    next_hop_ip_address: Vec<IpAddr>,
    next_hop_type: String,
    source: String,
    state: String,
}

/// `nic show-effective-route-table`.
pub fn effective(rows: &[EffectiveRow]) -> Rows<'_, EffectiveRow, EffectiveRoute> {
    Rows::new(rows, |row| EffectiveRoute {
        address_prefix: row.prefixes.iter().map(ToString::to_string).collect(),
        disable_bgp_route_propagation: row.disable_bgp_route_propagation,
        name: row.name.clone(),
        next_hop_ip_address: row.next_hops.to_vec(),
        next_hop_type: format!("{:?}", row.next_hop_type),
        source: format!("{:?}", row.source),
        state: format!("{:?}", row.state),
    })
}

/// A table in the shape of its command.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Table<'a> {
    /// Of a Route Server.
    Peering(Peering<'a>),
    /// Of a gateway.
    Routes(Rows<'a, RouteRow, Route>),
    /// Of a circuit.
    Circuit(Rows<'a, RouteRow, CircuitRoute>),
    /// Of a NIC.
    Effective(Rows<'a, EffectiveRow, EffectiveRoute>),
}

impl<'a> Table<'a> {
    /// One of the tables of a network; none if Azure has no command for it, or it is not there.
    pub fn of(tables: &'a Tables, id: &TableId) -> Option<Self> {
        let rows = tables.rows.get(id)?;
        let both = || tables.instances.get(&id.owner).copied().unwrap_or_default();
        Some(match id.kind {
            TableKind::RsLearned => Self::Peering(Peering::learned(rows.routes(), both())),
            TableKind::RsAdvertised => Self::Peering(Peering::advertised(rows.routes(), both())),
            TableKind::GatewayLearned => Self::Routes(gateway_learned(rows.routes())),
            TableKind::GatewayAdvertised => Self::Routes(gateway_advertised(rows.routes())),
            TableKind::CircuitRoutes => Self::Circuit(circuit_routes(rows.routes())),
            TableKind::NicEffective => Self::Effective(effective(rows.effective())),
            _ => return None,
        })
    }
}

/// Every table that Azure has a command for.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct AzTables<'a>(BTreeMap<&'static str, ByName<'a, Option<Table<'a>>>>);

impl<'a> AzTables<'a> {
    /// The tables of a network.
    pub fn of(tables: &'a Tables) -> Self {
        let kinds = [
            TableKind::RsLearned,
            TableKind::RsAdvertised,
            TableKind::GatewayLearned,
            TableKind::GatewayAdvertised,
            TableKind::CircuitRoutes,
            TableKind::NicEffective,
        ];
        let shaped = |id: &TableId, _: &TableRows| Table::of(tables, id);
        let named = kinds.map(|kind| (kind.shape().key, tables.by_name(kind, shaped)));
        Self(named.into())
    }
}

/// The AS path as the commands write it: `65001-65000`.
fn path(row: &RouteRow, with: &str) -> String {
    let asns: Vec<String> = row.as_path.asns().map(|asn| asn.to_string()).collect();
    asns.join(with)
}

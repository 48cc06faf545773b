//! The JSON that Azure's commands print for the tables they know.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub::{EffectiveRow, RouteRow};
use routehub_scenario::Tables;
use serde_json::{Map, Value, json};

/// Every table that Azure has a command for.
pub(crate) fn tables(tables: &Tables) -> Value {
    let peerings = |pairs: &BTreeMap<String, BTreeMap<String, Vec<RouteRow>>>, learned: bool| {
        let each = pairs.iter().map(|(server, nvas)| {
            let both = tables.instances.get(server).copied().unwrap_or_default();
            let of = nvas
                .iter()
                .map(|(nva, rows)| (nva.clone(), peering(rows, both, learned)));
            (server.clone(), Value::Object(of.collect()))
        });
        Value::Object(each.collect())
    };
    let local = |gateway: &str| {
        tables
            .gateways
            .get(gateway)
            .and_then(|all| all.first().copied())
    };
    let learned = tables.gateway_learned.iter().map(|(gateway, rows)| {
        let rows = rows.iter().map(|row| route(row, local(gateway), true));
        (gateway.clone(), value(rows))
    });
    let advertised = tables.gateway_advertised.iter().map(|(gateway, ends)| {
        let of = ends.iter().map(|(to, rows)| {
            // The sending instance is the next hop of what it sends.
            let rows = rows.iter().map(|row| route(row, row.next_hop, false));
            (to.clone(), value(rows))
        });
        (gateway.clone(), Value::Object(of.collect()))
    });
    json!({
        "rs_learned": peerings(&tables.rs_learned, true),
        "rs_advertised": peerings(&tables.rs_advertised, false),
        "gateway_learned": Value::Object(learned.collect()),
        "gateway_advertised": Value::Object(advertised.collect()),
        "circuit_routes": named(&tables.circuit_routes, circuit_route),
        "nic_effective": named(&tables.nic_effective, effective),
    })
}

/// `{"value": [...]}`, as most of the commands wrap their rows.
fn value(rows: impl Iterator<Item = Value>) -> Value {
    json!({"value": rows.collect::<Vec<_>>()})
}

fn named<R>(tables: &BTreeMap<String, Vec<R>>, row: impl Fn(&R) -> Value + Copy) -> Value {
    let each = tables
        .iter()
        .map(|(name, rows)| (name.clone(), value(rows.iter().map(row))));
    Value::Object(each.collect())
}

/// A Route Server's view of a peering, an instance after the other.
fn peering(rows: &[RouteRow], addresses: [Option<IpAddr>; 2], learned: bool) -> Value {
    let mut both = Map::new();
    for (instance, local) in (0..2u8).zip(addresses) {
        let own = rows.iter().filter(|row| row.instance == Some(instance));
        let own = own.map(|row| {
            let mut row = route(row, local, learned);
            if let (false, Some(row)) = (learned, row.as_object_mut()) {
                row.remove("sourcePeer");
            }
            row
        });
        both.insert(format!("RouteServiceRole_IN_{instance}"), own.collect());
    }
    Value::Object(both)
}

/// The AS path as the commands write it: `65001-65000`.
fn path(row: &RouteRow, with: &str) -> String {
    let asns: Vec<String> = row.as_path.asns().map(|asn| asn.to_string()).collect();
    asns.join(with)
}

fn route(row: &RouteRow, local: Option<IpAddr>, learned: bool) -> Value {
    json!({
        "asPath": path(row, "-"),
        "localAddress": local,
        "network": row.prefix.to_string(),
        "nextHop": row.next_hop,
        "origin": row.origin.to_string(),
        "sourcePeer": row.source_peer.filter(|_| learned),
        "weight": row.weight,
    })
}

fn circuit_route(row: &RouteRow) -> Value {
    let letter = match row.origin {
        routehub::RouteOrigin::Egp => "E",
        routehub::RouteOrigin::Incomplete => "?",
        _ => "I",
    };
    json!({
        "network": row.prefix.to_string(),
        "nextHop": row.next_hop,
        "locPrf": "",
        "weight": 0,
        "path": format!("{} {letter}", path(row, " ")).trim_start(),
    })
}

fn effective(row: &EffectiveRow) -> Value {
    let prefixes: Vec<String> = row.prefixes.iter().map(ToString::to_string).collect();
    json!({
        "name": row.name,
        "source": format!("{:?}", row.source),
        "state": format!("{:?}", row.state),
        "addressPrefix": prefixes,
        "nextHopType": format!("{:?}", row.next_hop_type),
        "nextHopIpAddress": row.next_hops,
        "disableBgpRoutePropagation": row.disable_bgp_route_propagation,
    })
}

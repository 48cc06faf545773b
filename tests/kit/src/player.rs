//! BIRD plays a speaker of a network file: what the estate says it announces, over its sessions.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use routehub::estate::Routes;
use routehub::types::{Asn, Origin, Prefix};
use routehub::{Estate, LiveLink};

use crate::daemons::Bird;

/// A route that is announced over one session.
struct Announced<'a> {
    prefix: Prefix,
    routes: &'a Routes,
    /// What stands behind the speaker's ASN.
    behind: Vec<Asn>,
}

/// The routes and the whole path of each; a path that is not given is the ASN alone.
fn whole(asn: Asn, routes: &Routes) -> Vec<Announced<'_>> {
    let path = routes.as_path.as_deref().unwrap_or_default();
    let behind = path.strip_prefix(&[asn]).unwrap_or(path);
    each(routes, behind)
}

fn each<'a>(routes: &'a Routes, behind: &[Asn]) -> Vec<Announced<'a>> {
    let announced = |prefix: &Prefix| Announced {
        prefix: *prefix,
        routes,
        behind: behind.to_vec(),
    };
    routes.prefixes.iter().map(announced).collect()
}

/// What the speaker at the far end of a link announces over it, as the estate says; the first of
/// several for a prefix counts.
fn announced<'a>(estate: &'a Estate, link: &LiveLink) -> Vec<Announced<'a>> {
    let name = &link.remote;
    let asn = link.remote_asn;
    let site = estate.sites.iter().find(|site| site.name == *name);
    let circuit = estate.circuits.iter().find(|circuit| circuit.name == *name);
    let by_link = circuit.zip(link.circuit_link);
    let by_link = by_link.map(|(circuit, link)| circuit.announced(link).collect());
    let routes: Option<Vec<&Routes>> = site.map(|site| site.routes.iter().collect());
    if let Some(routes) = routes.or(by_link) {
        let last_first = routes.into_iter().rev();
        return last_first.flat_map(|routes| whole(asn, routes)).collect();
    }
    let nva = estate.nvas.iter().find(|nva| nva.name == *name);
    let nva = nva.expect("an NVA");
    assert!(nva.readvertises.is_empty(), "{name} passes routes on");
    let literal = nva.advertises.iter().rev().filter(|advertised| {
        advertised.to == link.local
            && advertised
                .instance
                .is_none_or(|only| Some(only) == link.instance)
    });
    let literal = literal.flat_map(|advertised| whole(asn, &advertised.routes));
    let own = nva.originates.iter().rev();
    let own =
        own.filter(|originated| originated.to.is_empty() || originated.to.contains(&link.local));
    let own = own.flat_map(|originated| {
        let mut behind = vec![asn; originated.prepend.into()];
        behind.extend(originated.routes.as_path.iter().flatten());
        each(&originated.routes, &behind)
    });
    literal.chain(own).collect()
}

/// A line of an export filter that lets a route pass as the estate has it.
fn line(announced: &Announced<'_>, address: IpAddr) -> String {
    let Announced {
        prefix,
        routes,
        behind,
    } = announced;
    let origin = match routes.origin {
        Origin::Igp => "ORIGIN_IGP",
        Origin::Egp => "ORIGIN_EGP",
        Origin::Incomplete => "ORIGIN_INCOMPLETE",
    };
    let next_hop = routes.next_hop.unwrap_or(address);
    let mut text = format!("    if net = {prefix} then {{ bgp_origin = {origin};");
    let _ = write!(text, " bgp_next_hop = {next_hop};");
    for asn in behind.iter().rev() {
        let _ = write!(text, " bgp_path.prepend({});", asn.0);
    }
    for community in &routes.communities {
        let pair = community.to_string().replace(':', ",");
        let _ = write!(text, " bgp_community.add(({pair}));");
    }
    if let Some(med) = routes.med {
        let _ = write!(text, " bgp_med = {med};");
    }
    text + " accept; }\n"
}

/// Starts a BIRD for each speaker at the far ends of links; none if it is not installed.
///
/// # Panics
/// If a speaker is an NVA that passes routes on.
pub fn play(estate: &Estate, links: &[LiveLink]) -> Option<Vec<Bird>> {
    let mut speakers: BTreeMap<&str, Vec<&LiveLink>> = BTreeMap::new();
    for link in links {
        speakers.entry(&link.remote).or_default().push(link);
    }
    let speakers = speakers.values();
    speakers.map(|links| play_speaker(estate, links)).collect()
}

/// Starts BIRD as the speaker at the far end of these links.
fn play_speaker(estate: &Estate, links: &[&LiveLink]) -> Option<Bird> {
    let address = links.first()?.remote_addresses.first()?;
    let asn = links.first()?.remote_asn.0;
    let mut prefixes: Vec<Prefix> = Vec::new();
    let mut sessions = String::new();
    for (at, link) in links.iter().enumerate() {
        let routes = announced(estate, link);
        prefixes.extend(routes.iter().map(|route| route.prefix));
        let lines: String = routes.iter().map(|route| line(route, *address)).collect();
        let (peer, peer_asn) = (link.local_address, link.local_asn.0);
        let _ = write!(
            sessions,
            "protocol bgp to_{at} {{
  local {address} as {asn};
  neighbor {peer} as {peer_asn};
  strict bind;
  multihop;
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
  ipv4 {{ import all; export filter {{
    if source != RTS_STATIC then reject;
{lines}    reject;
  }}; }};
}}
"
        );
    }
    prefixes.sort();
    prefixes.dedup();
    let statics = prefixes
        .iter()
        .map(|prefix| format!("  route {prefix} unreachable;\n"));
    let statics: String = statics.collect();
    Bird::start(&format!(
        "log stderr all;
router id {address};
protocol device {{ }}
protocol static {{
  ipv4;
{statics}}}
{sessions}"
    ))
}

//! Dumps of routes: what NVAs, sites and customers announce, and what NICs should show.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_exchange::estate::{Advertisement, Connection, Gateway, Nva, Routes};
use routehub_exchange::{EffectiveRow, NextHopType};
use routehub_types::{Asn, Prefix};

use super::Importer;
use crate::documents::{Dump, DumpedRoutes, LearnedRow};

/// The effective routes of a NIC, as Azure printed them.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// The NIC.
    pub nic: String,
    /// The name of the document.
    pub document: String,
    /// The rows.
    pub rows: Vec<EffectiveRow>,
}

/// The prefixes of rows that have an AS path and next hop in common.
type Alike = BTreeMap<(Vec<Asn>, Option<IpAddr>), BTreeSet<Prefix>>;

impl Importer<'_> {
    /// Imports dumps of routes.
    pub(super) fn dumps(&mut self) {
        let documents = self.documents;
        for dump in &documents.dumps {
            match &dump.routes {
                DumpedRoutes::RouteServer(instances) => self.learned_from_nva(dump, instances),
                DumpedRoutes::Gateway(rows) => self.learned_by_gateway(dump, rows),
                DumpedRoutes::Effective(rows) => self.effective_routes(dump, rows),
            }
        }
    }

    /// What a Route Server learned from an NVA is what the NVA announces to it.
    fn learned_from_nva(&mut self, dump: &Dump, instances: &[Vec<LearnedRow>; 2]) {
        let rows = || instances.iter().flatten();
        let peer = rows().find_map(|row| row.source_peer);
        let local = rows().find_map(|row| row.local_address);
        let estate = &self.estate;
        let server = estate.route_servers.iter().find(|server| {
            let own = estate.instance_addresses(server);
            local.is_some_and(|local| own.is_some_and(|own| own.contains(&local)))
        });
        let by_name = || {
            estate
                .route_servers
                .iter()
                .filter(|server| dump.name.contains(&server.name))
        };
        let server = server.or_else(|| by_name().max_by_key(|server| server.name.len()));
        let addresses = server.and_then(|server| estate.instance_addresses(server));
        let server = server.map(|server| server.name.clone());
        let nva = estate.nvas.iter().position(|nva| Some(nva.ip) == peer);
        let (Some(server), Some(nva)) = (server, nva) else {
            if peer.is_some() {
                let what = format!("{}: of which peer these routes are is not known", dump.name);
                self.remarks
                    .note(what, Some("az network routeserver peering list -o json"));
            }
            return;
        };
        // Which list is which instance is not fixed: the addresses say.
        let mut of_instance: [Vec<&LearnedRow>; 2] = Default::default();
        for (place, rows) in instances.iter().enumerate() {
            let local = rows.iter().find_map(|row| row.local_address);
            let known = addresses
                .zip(local)
                .and_then(|(own, local)| own.iter().position(|address| *address == local));
            of_instance[known.unwrap_or(place)].extend(rows);
        }
        announce(&mut self.estate.nvas[nva], &server, of_instance);
    }

    /// What a gateway learned by eBGP is what its sites and circuits announce.
    fn learned_by_gateway(&mut self, dump: &Dump, rows: &[LearnedRow]) {
        let external = rows
            .iter()
            .filter(|row| row.origin.eq_ignore_ascii_case("EBgp"));
        let edge = Asn(12076);
        let estate = &mut self.estate;
        let mut unknown = BTreeSet::new();
        let mut customers = BTreeMap::<String, Alike>::new();
        let mut sites = BTreeMap::<String, Alike>::new();
        for row in external {
            if row.as_path.first() == Some(&edge) {
                let own = |gateway: &&Gateway| {
                    dump.name.contains(&gateway.name)
                        || row
                            .local_address
                            .is_some_and(|local| gateway.bgp_ips.contains(&local))
                };
                let gateways = estate.gateways.iter().filter(own);
                let circuits = gateways.flat_map(|gateway| &gateway.connections);
                let mut circuits = circuits.filter_map(|connection| match connection {
                    Connection::Circuit { circuit, .. } => Some(circuit.clone()),
                    _ => None,
                });
                let only = circuits.next().filter(|_| circuits.next().is_none());
                let only = only.or_else(|| match estate.circuits.as_slice() {
                    [circuit] => Some(circuit.name.clone()),
                    _ => None,
                });
                match only {
                    Some(circuit) => enter(customers.entry(circuit).or_default(), row, 1),
                    None => drop(unknown.insert(row.prefix)),
                }
                continue;
            }
            let mut known = estate.sites.iter();
            let is = |address: &IpAddr| Some(*address) == row.source_peer;
            match known.find(|site| site.bgp_ips.iter().any(is)) {
                Some(site) => enter(sites.entry(site.name.clone()).or_default(), row, 0),
                None => drop(unknown.insert(row.prefix)),
            }
        }
        for circuit in &mut estate.circuits {
            if let (Some(alike), Some(on_prem)) =
                (customers.remove(&circuit.name), &mut circuit.on_prem)
            {
                if let Some(asn) = alike.keys().find_map(|(path, _)| path.first()) {
                    on_prem.asn = *asn;
                }
                add(&mut on_prem.routes, alike, on_prem.asn);
            }
        }
        for site in &mut estate.sites {
            if let (Some(alike), Some(asn)) = (sites.remove(&site.name), site.asn) {
                add(&mut site.routes, alike, asn);
            }
        }
        for prefix in unknown {
            let what = format!("{}: who announces {prefix} is not known", dump.name);
            self.remarks
                .note(what, Some("routes of the site or circuit, by hand"));
        }
    }

    /// The effective routes of a NIC: the one that the name of the document means, of those in a
    /// network with these addresses.
    fn effective_routes(&mut self, dump: &Dump, rows: &[EffectiveRow]) {
        let local = rows
            .iter()
            .filter(|row| row.next_hop_type == NextHopType::VnetLocal);
        let local: BTreeSet<Prefix> = local.flat_map(|row| &row.prefixes).copied().collect();
        let estate = &self.estate;
        let fits = |vnet: &&str| {
            let mut vnets = estate.vnets.iter();
            let vnet = vnets.find(|known| known.name == **vnet);
            vnet.is_some_and(|vnet| {
                vnet.address_space.iter().copied().collect::<BTreeSet<_>>() == local
            })
        };
        let nics = estate.nics.iter().filter(|nic| fits(&nic.vnet.as_str()));
        let stem = dump.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let tokens = tokens(stem.trim_end_matches(".json"));
        let shared = |name: &str| {
            let own = self::tokens(name);
            own.iter().filter(|token| tokens.contains(token)).count()
        };
        let mut by_name: Vec<_> = nics
            .map(|nic| (shared(&nic.name), nic.name.clone()))
            .collect();
        by_name.sort();
        let best = by_name.pop();
        let second = by_name.last().map(|(shared, _)| *shared);
        match best {
            Some((shared, nic)) if second.is_none_or(|second| second < shared) => {
                self.effective.push(Effective {
                    nic,
                    document: dump.name.clone(),
                    rows: rows.to_vec(),
                });
            }
            _ => {
                let what = format!(
                    "{}: of which NIC these effective routes are is not known",
                    dump.name
                );
                self.remarks.note(
                    what,
                    Some("call the file by the NIC, and add az network nic list -o json"),
                );
            }
        }
    }
}

/// Has an NVA announce what each instance of a Route Server learned from it.
fn announce(nva: &mut Nva, server: &str, of_instance: [Vec<&LearnedRow>; 2]) {
    let of_instance = of_instance.map(|rows| {
        let ways = rows.into_iter().map(|row| {
            let next_hop = row.next_hop.filter(|next_hop| *next_hop != nva.ip);
            ((row.as_path.clone(), next_hop), row.prefix)
        });
        ways.collect::<BTreeSet<_>>()
    });
    let [first, second] = &of_instance;
    for (instance, ways) in [
        (None, first & second),
        (Some(0), first - second),
        (Some(1), second - first),
    ] {
        let mut alike = Alike::new();
        for (way, prefix) in ways {
            alike.entry(way).or_default().insert(prefix);
        }
        let mut routes = Vec::new();
        add(&mut routes, alike, nva.asn);
        nva.advertises
            .extend(routes.into_iter().map(|routes| Advertisement {
                to: server.to_owned(),
                instance,
                routes,
            }));
    }
}

/// The words of a name.
fn tokens(name: &str) -> Vec<String> {
    let words = name.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect()
}

/// Enters a row without the first ASNs of its path.
fn enter(alike: &mut Alike, row: &LearnedRow, without: usize) {
    let path = row.as_path.iter().skip(without).copied().collect();
    alike.entry((path, None)).or_default().insert(row.prefix);
}

/// Adds routes that an ASN announces.
fn add(routes: &mut Vec<Routes>, alike: Alike, asn: Asn) {
    for ((path, next_hop), prefixes) in alike {
        let known: BTreeSet<Prefix> = routes.iter().flat_map(|r| &r.prefixes).copied().collect();
        let prefixes: Vec<Prefix> = prefixes.difference(&known).copied().collect();
        if !prefixes.is_empty() {
            routes.push(Routes {
                prefixes,
                as_path: (path != [asn]).then_some(path),
                next_hop,
                ..Routes::default()
            });
        }
    }
}

//! Everything that is seen at one time, kept.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub::estate::Connection;
use routehub::{EffectiveRow, Estate, Finding, RouteRow, SessionRow};

use crate::Snapshot;

/// Rows by the name of whom they belong to.
pub type Named<R> = BTreeMap<String, Vec<R>>;

/// Rows by two names.
pub type Pairs<R> = BTreeMap<String, Named<R>>;

/// Every table of a network at one time.
///
/// It serializes in the shapes of the file's `expect`, all rows, sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// By Route Server and NVA.
    pub rs_learned: Pairs<RouteRow>,
    /// By Route Server and NVA.
    pub rs_advertised: Pairs<RouteRow>,
    /// By NVA.
    pub nva_learned: Named<RouteRow>,
    /// By gateway.
    pub gateway_learned: Named<RouteRow>,
    /// By gateway, and circuit, site or gateway.
    pub gateway_advertised: Pairs<RouteRow>,
    /// By circuit.
    pub circuit_routes: Named<RouteRow>,
    /// By site or circuit.
    pub on_prem_learned: Named<RouteRow>,
    /// By NIC.
    pub nic_effective: Named<EffectiveRow>,
    /// By Route Server and NVA.
    pub sessions: Pairs<SessionRow>,
    /// What is to be said.
    pub findings: Vec<Finding>,
    /// The addresses of each Route Server's instances.
    pub instances: BTreeMap<String, [Option<IpAddr>; 2]>,
    /// The addresses of each gateway's instances.
    pub gateways: BTreeMap<String, Vec<IpAddr>>,
}

impl Tables {
    /// Asks for every table of an estate's objects.
    pub fn of(estate: &Estate, seen: &dyn Snapshot) -> Self {
        let mut tables = Self {
            findings: seen.findings(),
            ..Self::default()
        };
        for server in &estate.route_servers {
            let rs = &server.name;
            let address = |instance| seen.instance_address(rs, instance);
            tables
                .instances
                .insert(rs.clone(), [address(0), address(1)]);
            let sessions =
                |nva: &routehub::estate::Nva| nva.sessions.iter().any(|s| s.route_server == *rs);
            for nva in estate
                .nvas
                .iter()
                .filter(|nva| sessions(nva))
                .map(|nva| &nva.name)
            {
                put(&mut tables.rs_learned, rs, nva, seen.rs_learned(rs, nva));
                put(
                    &mut tables.rs_advertised,
                    rs,
                    nva,
                    seen.rs_advertised(rs, nva),
                );
                put(&mut tables.sessions, rs, nva, seen.sessions(rs, nva));
            }
        }
        tables.nva_learned = named(estate.nvas.iter().map(|n| &n.name), |n| seen.nva_learned(n));
        let nics = estate.nics.iter().map(|nic| &nic.name);
        tables.nic_effective = named(nics, |nic| seen.nic_effective(nic));
        tables.take_attached(estate, seen);
        tables
    }

    /// The tables of gateways, circuits and sites.
    fn take_attached(&mut self, estate: &Estate, seen: &dyn Snapshot) {
        let gateways = estate.gateways.iter().map(|gateway| &gateway.name);
        self.gateway_learned = named(gateways, |gateway| seen.gateway_learned(gateway));
        for gateway in &estate.gateways {
            let from = &gateway.name;
            let addresses = seen.gateway_addresses(from);
            self.gateways.insert(from.clone(), addresses);
            for connection in &gateway.connections {
                let (to, both) = match connection {
                    Connection::Circuit { circuit, .. } => (circuit, false),
                    Connection::Site { site, .. } => (site, false),
                    Connection::Gateway { gateway } => (gateway, true),
                };
                put(
                    &mut self.gateway_advertised,
                    from,
                    to,
                    seen.gateway_advertised(from, to),
                );
                if both {
                    put(
                        &mut self.gateway_advertised,
                        to,
                        from,
                        seen.gateway_advertised(to, from),
                    );
                }
            }
        }
        let circuits = estate.circuits.iter().map(|circuit| &circuit.name);
        self.circuit_routes = named(circuits, |circuit| seen.circuit_routes(circuit));
        let behind = estate
            .circuits
            .iter()
            .filter(|circuit| circuit.on_prem.is_some());
        let sites = estate.sites.iter().map(|site| &site.name);
        let ends = sites.chain(behind.map(|circuit| &circuit.name));
        self.on_prem_learned = named(ends, |name| seen.on_prem_learned(name));
    }
}

fn put<R>(pairs: &mut Pairs<R>, first: &str, second: &str, rows: Vec<R>) {
    let named = pairs.entry(first.to_owned()).or_default();
    named.insert(second.to_owned(), rows);
}

fn named<'a, R>(
    names: impl Iterator<Item = &'a String>,
    rows: impl Fn(&str) -> Vec<R>,
) -> Named<R> {
    names.map(|name| (name.clone(), rows(name))).collect()
}

fn of_pair<R: Clone>(pairs: &Pairs<R>, first: &str, second: &str) -> Vec<R> {
    let named = pairs.get(first);
    named
        .and_then(|named| named.get(second))
        .cloned()
        .unwrap_or_default()
}

fn of_name<R: Clone>(named: &Named<R>, name: &str) -> Vec<R> {
    named.get(name).cloned().unwrap_or_default()
}

impl Snapshot for Tables {
    fn rs_learned(&self, route_server: &str, nva: &str) -> Vec<RouteRow> {
        of_pair(&self.rs_learned, route_server, nva)
    }

    fn rs_advertised(&self, route_server: &str, nva: &str) -> Vec<RouteRow> {
        of_pair(&self.rs_advertised, route_server, nva)
    }

    fn nva_learned(&self, nva: &str) -> Vec<RouteRow> {
        of_name(&self.nva_learned, nva)
    }

    fn gateway_learned(&self, gateway: &str) -> Vec<RouteRow> {
        of_name(&self.gateway_learned, gateway)
    }

    fn gateway_advertised(&self, gateway: &str, to: &str) -> Vec<RouteRow> {
        of_pair(&self.gateway_advertised, gateway, to)
    }

    fn circuit_routes(&self, circuit: &str) -> Vec<RouteRow> {
        of_name(&self.circuit_routes, circuit)
    }

    fn on_prem_learned(&self, name: &str) -> Vec<RouteRow> {
        of_name(&self.on_prem_learned, name)
    }

    fn nic_effective(&self, nic: &str) -> Vec<EffectiveRow> {
        of_name(&self.nic_effective, nic)
    }

    fn sessions(&self, route_server: &str, nva: &str) -> Vec<SessionRow> {
        of_pair(&self.sessions, route_server, nva)
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }

    fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr> {
        let both = self.instances.get(route_server)?;
        both.get(usize::from(instance)).copied().flatten()
    }

    fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr> {
        self.gateways.get(gateway).cloned().unwrap_or_default()
    }
}

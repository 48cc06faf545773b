//! What is seen at one time: a source of rows for every table.

use std::net::IpAddr;

use routehub::{EffectiveRow, Exchange, Finding, Network, RouteRow, SessionRow};

use crate::expect::Table;

/// A network as it is seen at one time.
///
/// Rows of learned tables carry the address that they were sent from in `source_peer`; that is what
/// `self` stands for. Rows of `rs_advertised` are sent from the address of their instance, rows of
/// `gateway_advertised` from one of the gateway's.
pub trait Snapshot {
    /// What a Route Server learned from an NVA, both instances.
    fn rs_learned(&self, route_server: &str, nva: &str) -> Vec<RouteRow>;
    /// What a Route Server sends to an NVA, both instances.
    fn rs_advertised(&self, route_server: &str, nva: &str) -> Vec<RouteRow>;
    /// What an NVA learned.
    fn nva_learned(&self, nva: &str) -> Vec<RouteRow>;
    /// What a gateway learned.
    fn gateway_learned(&self, gateway: &str) -> Vec<RouteRow>;
    /// What a gateway sends to a circuit, site or gateway.
    fn gateway_advertised(&self, gateway: &str, to: &str) -> Vec<RouteRow>;
    /// All routes at the edge of a circuit.
    fn circuit_routes(&self, circuit: &str) -> Vec<RouteRow>;
    /// What a site, or the network behind a circuit, learned.
    fn on_prem_learned(&self, name: &str) -> Vec<RouteRow>;
    /// The effective routes of a NIC.
    fn nic_effective(&self, nic: &str) -> Vec<EffectiveRow>;
    /// The sessions of an NVA with the instances of a Route Server.
    fn sessions(&self, route_server: &str, nva: &str) -> Vec<SessionRow>;
    /// What is to be said about the network.
    fn findings(&self) -> Vec<Finding>;
    /// The address of an instance of a Route Server.
    fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr>;
    /// The addresses of a gateway's instances.
    fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr>;

    /// The rows of a table of routes; none for a NIC.
    fn routes(&self, table: &Table) -> Vec<RouteRow> {
        match table {
            Table::RsLearned { route_server, nva } => self.rs_learned(route_server, nva),
            Table::RsAdvertised { route_server, nva } => self.rs_advertised(route_server, nva),
            Table::NvaLearned { nva } => self.nva_learned(nva),
            Table::GatewayLearned { gateway } => self.gateway_learned(gateway),
            Table::GatewayAdvertised { gateway, to } => self.gateway_advertised(gateway, to),
            Table::CircuitRoutes { circuit } => self.circuit_routes(circuit),
            Table::OnPremLearned { name } => self.on_prem_learned(name),
            Table::NicEffective { .. } => Vec::new(),
        }
    }
}

/// Both show the same tables by the same names.
macro_rules! snapshot {
    ($seen:ty, $nic_effective:expr) => {
        impl Snapshot for $seen {
            fn rs_learned(&self, route_server: &str, nva: &str) -> Vec<RouteRow> {
                self.rs_learned(route_server, nva)
            }

            fn rs_advertised(&self, route_server: &str, nva: &str) -> Vec<RouteRow> {
                self.rs_advertised(route_server, nva)
            }

            fn nva_learned(&self, nva: &str) -> Vec<RouteRow> {
                self.nva_learned(nva)
            }

            fn gateway_learned(&self, gateway: &str) -> Vec<RouteRow> {
                self.gateway_learned(gateway)
            }

            fn gateway_advertised(&self, gateway: &str, to: &str) -> Vec<RouteRow> {
                self.gateway_advertised(gateway, to)
            }

            fn circuit_routes(&self, circuit: &str) -> Vec<RouteRow> {
                self.circuit_routes(circuit)
            }

            fn on_prem_learned(&self, name: &str) -> Vec<RouteRow> {
                self.on_prem_learned(name)
            }

            fn nic_effective(&self, nic: &str) -> Vec<EffectiveRow> {
                $nic_effective(self, nic)
            }

            fn sessions(&self, route_server: &str, nva: &str) -> Vec<SessionRow> {
                self.sessions(route_server, nva)
            }

            fn findings(&self) -> Vec<Finding> {
                self.findings()
            }

            fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr> {
                self.instance_address(route_server, instance)
            }

            fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr> {
                self.estate().gateway_addresses(gateway)
            }
        }
    };
}

snapshot!(Network, Network::nic_effective);
snapshot!(Exchange, |exchange: &Exchange, nic| exchange
    .nic_effective(nic)
    .unwrap_or_default());

//! What is seen at one time: a source of rows for every table.

use std::net::IpAddr;

use routehub::{Exchange, Finding, Network, TableId, TableRows};

/// A network as it is seen at one time.
///
/// Rows of learned tables carry the address that they were sent from in `source_peer`; that is what
/// `self` stands for. Rows of `rs_advertised` are sent from the address of their instance, rows of
/// `gateway_advertised` from one of the gateway's.
pub trait Snapshot {
    /// The rows of a table.
    fn rows(&self, id: &TableId) -> TableRows;
    /// What is to be said about the network.
    fn findings(&self) -> Vec<Finding>;
    /// The address of an instance of a Route Server.
    fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr>;
    /// The addresses of a gateway's instances.
    fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr>;
}

/// Both show the same tables by the same names.
macro_rules! snapshot {
    ($($seen:ty: $findings:path),*) => {$(
        impl Snapshot for $seen {
            fn rows(&self, id: &TableId) -> TableRows {
                self.rows(id)
            }

            fn findings(&self) -> Vec<Finding> {
                $findings(self)
            }

            fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr> {
                self.instance_address(route_server, instance)
            }

            fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr> {
                self.estate().gateway_addresses(gateway)
            }
        }
    )*};
}

snapshot!(Network: Network::findings, Exchange: routehub::findings);

//! Neighbours that come by themselves: routers that the estate does not describe, with addresses
//! from which a plain route server takes whoever connects.

use std::net::IpAddr;

use routehub_types::{Asn, RuleId};

use super::SessionOptions;

/// A router that peers with an instance of a Route Server without being described. It is an NVA of
/// the Route Server's network, called by its address, until its last session is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicPeer {
    /// Its address.
    pub ip: IpAddr,
    /// Its ASN.
    pub asn: Asn,
    /// The Route Server.
    pub route_server: String,
    /// The instance of it.
    pub instance: u8,
    /// How its sessions are run.
    pub options: SessionOptions,
}

impl DynamicPeer {
    /// What it is called: by its address.
    pub fn name(&self) -> String {
        self.ip.to_string()
    }
}

/// Why a router that the estate does not describe is not taken as a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DynamicRefusal {
    /// There is no such instance.
    #[error("there is no instance {instance} of Route Server `{route_server}`")]
    NoInstance {
        /// The Route Server.
        route_server: String,
        /// The instance.
        instance: u8,
    },
    /// Something that the estate describes is called by its address.
    #[error("the network file has something else that is called {0}")]
    NameTaken(String),
    /// It has a session already, with another ASN.
    #[error("it has a session as AS {0}")]
    OtherAsn(Asn),
    /// It has a session with this instance already.
    #[error("it has a session with this instance already")]
    SessionTwice,
    /// A Route Server would refuse it as a peer, whoever described it.
    #[error("it cannot be a peer ({0})")]
    Rule(RuleId),
}

//! What may happen to an estate.

use super::{Peering, Readvertisement, RouteServer, Routes, RoutingPreference};
use routehub_types::Prefix;

/// One change of an estate; objects are named as in [`Estate`](crate::Estate).
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Switches branch-to-branch of a Route Server.
    SetBranchToBranch {
        /// The Route Server.
        route_server: String,
        /// On or off.
        value: bool,
    },
    /// Changes a Route Server's routing preference.
    SetRoutingPreference {
        /// The Route Server.
        route_server: String,
        /// The new preference.
        value: RoutingPreference,
    },
    /// An NVA announces literal routes, one burst of updates; replaces those prefixes.
    Advertise {
        /// The NVA.
        nva: String,
        /// The routes; paths complete, none: the NVA's ASN alone.
        routes: Vec<Routes>,
        /// To which Route Server; none: over every session.
        to: Option<String>,
        /// To which instance; none: both.
        instance: Option<u8>,
    },
    /// An NVA takes literal routes back.
    Withdraw {
        /// The NVA.
        nva: String,
        /// The prefixes.
        prefixes: Vec<Prefix>,
        /// From which Route Server; none: from every one.
        to: Option<String>,
        /// From which instance; none: from both.
        instance: Option<u8>,
    },
    /// An NVA goes down: all its sessions, or those named.
    NvaDown(NvaSessions),
    /// An NVA comes back: all its sessions, or those named.
    NvaUp(NvaSessions),
    /// An instance of a Route Server goes down.
    InstanceDown(Instance),
    /// An instance of a Route Server comes back.
    InstanceUp(Instance),
    /// A gateway loses a connection.
    ConnectionDown(ConnectionEnds),
    /// A gateway's connection comes back.
    ConnectionUp(ConnectionEnds),
    /// Two networks are peered.
    AddPeering(Peering),
    /// A peering ends.
    RemovePeering {
        /// One network.
        a: String,
        /// The other.
        b: String,
    },
    /// A Route Server is deployed.
    AddRouteServer(RouteServer),
    /// A Route Server is deleted.
    RemoveRouteServer {
        /// The Route Server.
        route_server: String,
    },
    /// An NVA gets other re-advertisement rules.
    SetReadvertises {
        /// The NVA.
        nva: String,
        /// The new rules, all of them.
        rules: Vec<Readvertisement>,
    },
    /// Route maps of a connection of a Route Server change.
    SetRouteMap {
        /// The Route Server.
        route_server: String,
        /// The NVA or gateway at the other end.
        peer: String,
        /// The new inbound map: `Some(None)` takes it off, `None` leaves it.
        inbound: Option<Option<String>>,
        /// The new outbound map, likewise.
        outbound: Option<Option<String>>,
    },
}

/// Sessions of an NVA: all, or those with a Route Server, or with one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NvaSessions {
    /// The NVA.
    pub nva: String,
    /// Only those with this Route Server.
    pub route_server: Option<String>,
    /// Only those with this instance.
    pub instance: Option<u8>,
}

/// An instance of a Route Server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// The Route Server.
    pub route_server: String,
    /// 0 or 1.
    pub instance: u8,
}

/// A connection by its two ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionEnds {
    /// The gateway.
    pub gateway: String,
    /// The circuit, site or gateway at the other end.
    pub to: String,
}

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod estate;
mod exchange;
mod fabric;
mod graph;
mod part;
mod policy;
mod propagation;
mod queries;
mod ribs;
pub mod rules;

pub use estate::{
    CheckedEstate, CircuitLink, ClearDirection, ConnectionEnds, DynamicPeer, DynamicRefusal,
    Estate, EstateErrors, Event, GatewayInstance, Instance, NvaSessions, PeerSessions, SessionEnd,
    SoftClear, UnknownName, check,
};
pub use exchange::Exchange;
pub use fabric::{
    Changes, EffectiveRow, LinkChange, NextHopType, RouteSource, RouteState, VnetRoute, VnetRoutes,
};
pub use graph::{LinkId, LiveLink, PeerClass, Role, Speaker, SpeakerId, SpeakerKind};
pub use policy::{Condition, PROPAGATION_RULES, Row, leads_back, propagation_rule};
pub use propagation::{EventError, Footprint, NotConverged, Outbound, SessionOrder};
pub use queries::{
    ConnectionLoad, OtherState, PathReport, PathStanding, PeeringReport, Refused, RouteOrigin,
    RouteRow, RouteServerLoad, SessionRow, SessionState, Share, ShareCursor, Staleness, Subject,
    TableId, TableKind, TableRows, TableShape,
};
pub use ribs::Encoding;
pub use routehub_rib::LimitExceeded;
pub(crate) use rules::parameters;
pub use rules::parameters::{
    ExpressRouteNextHops, NoExport, OneInstanceNics, Parameters, PrefixCountMode,
    ReflectBetweenNvas, UnreachableNextHop, WellKnownCommunities,
};

/// What can be read of an exchange besides its tables: who speaks with whom, every RIB, what each
/// speaker sends to each neighbour, and what the fabric makes of it.
///
/// This is what explanations, traces and findings are made from. Nothing is decided here.
pub mod view {
    pub use crate::estate::{CircuitLink, GATEWAY_SUBNET, ROUTE_SERVER_SUBNET};
    pub use crate::fabric::{
        ActiveRoutes, Fabric, NicView, ProgrammedRoute, ProgrammedWay, Programmers,
    };
    pub use crate::graph::{
        AdjacencyId, CircuitConnection, Down, End, Graph, Link, LinkId, LinkKind, Neighbor,
        PeerClass, Role, Side, Speaker, SpeakerId, SpeakerKind, Topology, UNKNOWN_ADDRESS, VnetId,
    };
    pub use crate::propagation::{Outbound, Watch, some_of};
    pub use crate::ribs::{Origin, RibView};
}

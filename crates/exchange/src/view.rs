//! What can be read of an exchange besides its tables: who speaks with whom, every RIB, what each
//! speaker sends to each neighbour, and what the fabric makes of it.
//!
//! This is what explanations, traces and findings are made from. Nothing is decided here.

pub use crate::estate::{GATEWAY_SUBNET, ROUTE_SERVER_SUBNET};
pub use crate::fabric::{Fabric, NicView, ProgrammedRoute, Programmers};
pub use crate::graph::{
    AdjacencyId, CircuitConnection, Down, End, Graph, Link, LinkId, LinkKind, Neighbor, PeerClass,
    Role, Side, Speaker, SpeakerId, SpeakerKind, Topology, UNKNOWN_ADDRESS, VnetId,
};
pub use crate::propagation::{Outbound, some_of};
pub use crate::ribs::{Origin, RibView};

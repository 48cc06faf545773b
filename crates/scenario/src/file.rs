//! The network file: reading it, its JSON schema, and whether its parts fit together.

mod dynamic;
mod events;
mod expectation;
mod live;
mod live_peer;
mod objects;
mod profile;
mod promise;
mod read;
mod schema;
mod validate;
mod write;

pub use dynamic::DynamicNeighbors;
pub use events::parse_events;
pub use live::Live;
pub use live_peer::{Bfd, LivePeer, Secret, Shutdown, StaleTimes};
pub use schema::{SCHEMA_URL, json_schema};
pub use write::NetworkText;

//! The network file: reading it, its JSON schema, and whether its parts fit together.

mod event_text;
mod expectation;
mod expectation_schema;
mod layout;
mod live;
mod prefix_count;
mod profile;
mod read;
mod rows;
mod schema;
mod validate;

pub use event_text::parse_events;
pub use live::{Bfd, Live, LivePeer};
pub use schema::json_schema;

//! What the tests and examples of this workspace share: the catalogue of malformed messages and
//! the programs of `examples`; under features of their own the examination of a message, random
//! estates and events, a mesh of hubs, the routers around an engine, and network namespaces,
//! daemons, peers and traffic.
//!
//! A crate takes it as a dev-dependency by path alone, with the features that need no crate above
//! its own; `tests/house/arrows.rs` holds that.
#![forbid(unsafe_code)]

#[cfg(feature = "live")]
pub mod azure;
#[cfg(feature = "messages")]
pub mod cases;
#[cfg(feature = "live")]
pub mod daemons;
// What `routehub decode` does with a message is what its tests expect of a speaker: one source, of
// a crate that is above those which are tested with it.
#[cfg(feature = "examination")]
#[path = "../../../crates/cli/src/decode/examination.rs"]
pub mod examination;
pub mod example;
#[cfg(feature = "live")]
pub mod fabric;
#[cfg(feature = "live")]
pub mod isolated;
#[cfg(feature = "live")]
pub mod kernel;
#[cfg(feature = "live")]
pub mod lab;
#[cfg(feature = "mesh")]
pub mod mesh;
#[cfg(feature = "live")]
pub mod namespace;
#[cfg(feature = "live")]
pub mod peer;
#[cfg(feature = "live")]
pub mod player;
#[cfg(feature = "live")]
pub mod process;
#[cfg(feature = "random")]
pub mod random;
#[cfg(feature = "routers")]
pub mod routers;
#[cfg(feature = "messages")]
#[path = "../../../crates/cli/src/decode/session.rs"]
pub mod session;
#[cfg(feature = "live")]
pub mod wait;

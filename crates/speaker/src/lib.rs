//! The live route server: sockets, timers and tasks around [`routehub::Engine`] and
//! [`routehub_session::Session`].
//!
//! Every session runs in a task of its own, which owns its TCP connections: KEEPALIVEs and hold
//! timers never wait for routes. The engine task is one thread, which owns the routes. Between them:
//!
//! * session to engine: one bounded channel. If the engine lags, sessions read no more until it has
//!   caught up, and their timers go on.
//! * engine to session: encoded messages, only as many as the session has capacity for. A peer that
//!   does not read costs an entry for each prefix that changes, never a queue that grows, and
//!   nobody waits for it.
//!
//! ```no_run
//! use routehub_scenario::Scenario;
//! use routehub_speaker::Server;
//!
//! # async fn run(text: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let scenario = Scenario::parse(text).map_err(|mut diagnostics| diagnostics.remove(0))?;
//! let server = Server::start(&scenario.profile, scenario.estate, &scenario.live).await?;
//! let routes = server.ask(|engine| engine.exchange().rs_learned("rs", "nva")).await??;
//! println!("{} routes", routes.len());
//! server.stop("maintenance").await;
//! # Ok(())
//! # }
//! ```

mod bfd;
mod clock;
mod engine_task;
mod event;
#[cfg(feature = "http")]
pub mod http;
pub mod log;
mod neighbor;
mod server;
mod session;
pub mod sink;
mod sockopt;

pub use bfd::{BfdChange, BfdError, BfdReport, BfdStatus};
pub use event::{
    ConnectionRefusal, DynamicConnection, EventKind, FaultReport, MalformedUpdate, Reloaded,
    ServerEvent,
};
pub use neighbor::Neighbor;
pub use server::{Server, StartError, Stopped};
pub use session::command::SessionReport;

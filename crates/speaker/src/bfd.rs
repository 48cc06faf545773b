//! BFD beside sessions (RFC 5880 to 5883): a path that fails ends the session over it at once (RFC
//! 5882 section 4.3).
//!
//! A thread of its own has all of it, sockets and timers, and does nothing else: it waits for no
//! task. It runs before everything else that wants the processor, where the system allows that: a
//! busy machine neither sends packets late nor finds a peer silent whose packets have arrived.

mod alarm;
mod command;
mod report;
mod service;
mod settings;
mod sockets;
mod thread;

pub(crate) use alarm::{AlarmReceiver, PathAlarm};
pub(crate) use command::BfdHandle;
pub use report::{BfdChange, BfdReport, BfdStatus};
pub(crate) use service::{BfdPlan, BfdService};
pub use settings::BfdError;
pub(crate) use settings::{BfdSettings, config};
pub(crate) use sockets::SocketError;

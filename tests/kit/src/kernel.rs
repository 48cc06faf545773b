//! What the kernel counts, and what it says of its routes.

mod counters;
mod monitor;

pub use counters::kernel_count;
pub use monitor::{RouteChange, watch_routes};

//! Questions about a network: does it do what is expected, why, where to, who reaches whom, what is
//! wrong, what changes, what breaks when anything fails.

mod check;
mod diff;
mod events;
mod explain;
mod junit;
mod lint;
mod matrix;
mod report;
mod sweep;
mod trace;

pub use check::Check;
pub use diff::Diff;
pub use events::Events;
pub use explain::Explain;
pub use lint::Lint;
pub(crate) use lint::severity;
pub use matrix::Matrix;
pub use sweep::{Shard, Sweep};
pub use trace::Trace;

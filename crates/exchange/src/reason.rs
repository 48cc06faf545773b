//! The former name of [`rules`](crate::rules).

pub use crate::rules::NOT_EXCHANGED as NO_ROW;
pub use crate::rules::*;

//! What networks' NICs are programmed with and use, and a journal of what changed of it.

mod effective;
mod fib;
mod journal;
mod rows;
mod vnet_routes;

pub use effective::{NicView, ProgrammedRoute};
pub use fib::{Fabric, Programmers};
pub(crate) use journal::Journal;
pub use journal::{Changes, LinkChange};
pub use rows::{EffectiveRow, NextHopType, RouteSource, RouteState};
pub use vnet_routes::{VnetRoute, VnetRoutes};

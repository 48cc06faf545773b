//! What networks' NICs are programmed with and use, and a journal of what changed of it.

mod effective;
mod fib;
mod journal;
mod servers;
mod ways;

pub use effective::{EffectiveRow, NextHopType, NicView, ProgrammedRoute, RouteSource, RouteState};
pub use fib::{Fabric, Programmers, VnetRoute, VnetRoutes};
pub(crate) use journal::Journal;
pub use journal::{Changes, LinkChange};
pub use ways::{ActiveRoutes, ProgrammedWay};

/// Each item once, in order.
fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items.dedup();
    items
}

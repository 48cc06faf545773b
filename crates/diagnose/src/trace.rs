//! The way of a packet through networks, NVAs, gateways and circuits, by the routes that each
//! holds.

mod assumed;
mod both_ways;
mod default_site;
mod ends;
mod forwarding;
mod hop;
mod impact;
mod interface;
mod matrix;
mod own;
mod packet;
mod place;
mod speakers;
mod stations;
mod touched;
mod ways;

use routehub_exchange::Exchange;

pub use both_ways::BothWays;
pub use ends::{INTERNET, TraceError};
pub use hop::{Trace, TraceEnd, TraceHop};
pub use impact::{Impact, ImpactKind, PairImpact};
pub use matrix::{Matrix, MatrixPair, matrix};
pub use place::Place;
pub use touched::Touch;
pub use ways::Ways;

use forwarding::Forwarding;
use packet::Packet;

/// The way of a packet from a NIC, NVA, site, circuit (its customer), address or `internet` to
/// another.
///
/// # Errors
/// [`TraceError`] if one of them is none of these, or has no address.
pub fn trace(exchange: &Exchange, from: &str, to: &str) -> Result<Trace, TraceError> {
    let mut forwarding = Forwarding::new(exchange);
    let start = ends::start(&forwarding, from)?;
    let target = ends::target(&forwarding, to)?;
    Ok(Trace {
        from: from.to_owned(),
        to: to.to_owned(),
        address: target.address,
        way: Packet::new(&mut forwarding, &target).way(&start),
    })
}

/// The way of a packet between two such ends, and of the answer: whether both arrive, and pass the
/// same stateful NVAs.
///
/// # Errors
/// [`TraceError`] if one of them is none of these, or has no address.
pub fn both_ways(exchange: &Exchange, from: &str, to: &str) -> Result<BothWays, TraceError> {
    both_ways::both_ways(&mut Forwarding::new(exchange), from, to)
}

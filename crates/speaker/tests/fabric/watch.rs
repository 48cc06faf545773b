//! What the kernel of a namespace says of its routes, as it says it.

use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use routehub_testkit::kernel::{RouteChange, watch_routes};
use routehub_testkit::namespace::Namespace;
use routehub_testkit::wait::PATIENCE;

/// Listens to the kernel of a namespace.
pub(crate) fn monitor(place: &Namespace) -> Receiver<RouteChange> {
    let (sender, changes) = channel();
    let tell = move |change: anyhow::Result<RouteChange>| {
        let change = change.expect("a kernel that tells");
        sender.send(change).is_ok()
    };
    watch_routes(place, tell).expect("a monitor");
    changes
}

/// All that the kernel says until it says that a route is gone.
pub(crate) fn hear_until_gone(changes: &Receiver<RouteChange>, prefix: &str) -> Vec<RouteChange> {
    let deadline = Instant::now() + PATIENCE;
    let mut heard: Vec<RouteChange> = Vec::new();
    while !heard
        .last()
        .is_some_and(|change| change.prefix == prefix && change.next_hops.is_empty())
    {
        let left = deadline.saturating_duration_since(Instant::now());
        heard.push(changes.recv_timeout(left).expect("news of the kernel"));
    }
    heard
}

/// When the kernel first says that a route has so many next hops.
pub(crate) fn hear(changes: &Receiver<RouteChange>, next_hops: usize) -> Instant {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let change = changes.recv_timeout(left).expect("news of the kernel");
        if change.next_hops.len() == next_hops {
            return change.at;
        }
    }
}

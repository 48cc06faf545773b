//! What the kernel of a namespace counts, and what it says of its routes.

use std::net::IpAddr;
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

use anyhow::Result;
use futures_util::StreamExt;
use nix::sys::socket::{setsockopt, sockopt::RcvBufForce};
use rtnetlink::MulticastGroup;
use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
use rtnetlink::sys::AsyncSocket;

use crate::namespace::{Door, Namespace};

/// A number that the kernel keeps in this network namespace, such as `TCPMD5Failure`.
///
/// # Panics
/// If it does not count that.
pub fn kernel_count(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/net/netstat").expect("counters");
    let mut lines = text.lines();
    while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
        let mut pairs = names.split(' ').zip(values.split(' '));
        if let Some((_, value)) = pairs.find(|(known, _)| *known == name) {
            return value.parse().expect("a number");
        }
    }
    panic!("the kernel does not count {name}");
}

/// What the kernel said of a route.
#[derive(Clone, Debug)]
pub struct RouteChange {
    /// When it said so.
    pub at: Instant,
    /// The destination.
    pub prefix: String,
    /// The next hops that it has now; none: the route is gone.
    pub next_hops: Vec<IpAddr>,
}

/// Octets that the kernel keeps for who watches it and has not read them: what comes beyond is lost,
/// and thousands of routes may change while the watcher's thread does not run.
const UNREAD: usize = 1 << 26;

/// Tells of every change of an IPv4 route, on a thread of its own, as long as `tell` says that
/// anybody listens; and of an error, which is the last that it tells.
///
/// # Errors
/// There are no file descriptors left.
pub fn watch_routes(
    namespace: &Namespace,
    mut tell: impl FnMut(Result<RouteChange>) -> bool + Send + 'static,
) -> Result<()> {
    let door = namespace.door()?;
    let (ready, listening) = channel();
    std::thread::spawn(move || {
        if let Err(error) = listen(door, &mut tell, &ready) {
            tell(Err(error.context("the kernel cannot be watched")));
        }
    });
    // If it cannot, that is told.
    let _ = listening.recv();
    Ok(())
}

fn listen(
    door: Door,
    tell: &mut dyn FnMut(Result<RouteChange>) -> bool,
    ready: &Sender<()>,
) -> Result<()> {
    door.enter()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let groups = [MulticastGroup::Ipv4Route];
        let (mut connection, _handle, mut messages) = rtnetlink::new_multicast_connection(&groups)?;
        setsockopt(connection.socket_mut().socket_ref(), RcvBufForce, &UNREAD)?;
        tokio::spawn(connection);
        ready.send(())?;
        while let Some((message, _)) = messages.next().await {
            let at = Instant::now();
            let NetlinkPayload::InnerMessage(message) = message.payload else {
                continue;
            };
            let (route, next_hops) = match message {
                RouteNetlinkMessage::NewRoute(route) => {
                    let hops = next_hops(&route.attributes);
                    (route, hops)
                }
                RouteNetlinkMessage::DelRoute(route) => (route, Vec::new()),
                _ => continue,
            };
            let change = RouteChange {
                at,
                prefix: prefix(&route),
                next_hops,
            };
            if !tell(Ok(change)) {
                break;
            }
        }
        Ok(())
    })
}

fn prefix(route: &RouteMessage) -> String {
    let to = |attribute: &RouteAttribute| match attribute {
        RouteAttribute::Destination(RouteAddress::Inet(to)) => Some(to.to_string()),
        _ => None,
    };
    let to = route.attributes.iter().find_map(to);
    let to = to.unwrap_or_else(|| "0.0.0.0".to_owned());
    format!("{to}/{}", route.header.destination_prefix_length)
}

fn next_hops(attributes: &[RouteAttribute]) -> Vec<IpAddr> {
    let of = |attribute: &RouteAttribute| match attribute {
        RouteAttribute::MultiPath(hops) => hops
            .iter()
            .flat_map(|hop| next_hops(&hop.attributes))
            .collect(),
        RouteAttribute::Gateway(RouteAddress::Inet(gateway)) => vec![IpAddr::from(*gateway)],
        _ => Vec::new(),
    };
    attributes.iter().flat_map(of).collect()
}

//! The kernel of the VM, which says when a route changes.

use std::net::IpAddr;
use std::time::Instant;

use anyhow::Result;
use futures_util::StreamExt;
use rtnetlink::MulticastGroup;
use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
use tokio::sync::mpsc::UnboundedSender;

use crate::namespace::{Door, Namespace};
use crate::timeline::{Happening, What};

/// Tells of every change of a route, on a thread of its own, as long as anybody listens.
pub(crate) fn kernel(place: &Namespace, tell: UnboundedSender<Happening>) -> Result<()> {
    let door = place.door()?;
    let (ready, listening) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let what = match listen(door, &tell, &ready) {
            Ok(()) => return,
            Err(error) => What::Failed(format!("the kernel cannot be watched: {error}")),
        };
        let at = Instant::now();
        // Who listened may have gone.
        let _ = tell.send(Happening { at, what });
    });
    // If it cannot, that is told.
    let _ = listening.recv();
    Ok(())
}

fn listen(
    door: Door,
    tell: &UnboundedSender<Happening>,
    ready: &std::sync::mpsc::Sender<()>,
) -> Result<()> {
    door.enter()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let groups = [MulticastGroup::Ipv4Route];
        let (connection, _handle, mut messages) = rtnetlink::new_multicast_connection(&groups)?;
        tokio::spawn(connection);
        ready.send(())?;
        while let Some((message, _)) = messages.next().await {
            let at = Instant::now();
            let (route, there) = match message.payload {
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewRoute(route)) => (route, true),
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelRoute(route)) => {
                    (route, false)
                }
                _ => continue,
            };
            let what = What::Route {
                prefix: prefix(&route),
                next_hops: if there {
                    next_hops(&route.attributes)
                } else {
                    Vec::new()
                },
            };
            if tell.send(Happening { at, what }).is_err() {
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

//! What the kernel of a namespace says of its routes, as it says it.

use std::fs::File;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use futures_util::StreamExt;
use nix::sched::{CloneFlags, setns};
use rtnetlink::MulticastGroup;
use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};

use crate::netns::{Namespace, PATIENCE};
use crate::server::runtime;

/// What the kernel said of a route: when, and how many next hops it has now.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) at: Instant,
    pub(crate) prefix: String,
    pub(crate) next_hops: usize,
}

/// Listens to the kernel of a namespace for ever.
pub(crate) fn monitor(place: &Namespace) -> Receiver<News> {
    let (sender, news) = channel();
    let (ready, listening) = channel();
    let path = File::open(place.path()).expect("the namespace");
    std::thread::spawn(move || {
        setns(path, CloneFlags::CLONE_NEWNET).expect("the namespace");
        runtime().block_on(async {
            let groups = [MulticastGroup::Ipv4Route];
            let connection = rtnetlink::new_multicast_connection(&groups);
            let (connection, _handle, mut messages) = connection.expect("a connection");
            tokio::spawn(connection);
            ready.send(()).expect("who waits");
            while let Some((message, _)) = messages.next().await {
                let at = Instant::now();
                let (next_hops, route) = match message.payload {
                    NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewRoute(route)) => {
                        (next_hops(&route), route)
                    }
                    NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelRoute(route)) => {
                        (0, route)
                    }
                    _ => continue,
                };
                let prefix = prefix(&route);
                if sender
                    .send(News {
                        at,
                        prefix,
                        next_hops,
                    })
                    .is_err()
                {
                    return;
                }
            }
        });
    });
    listening.recv_timeout(PATIENCE).expect("a monitor");
    news
}

fn next_hops(route: &RouteMessage) -> usize {
    let of = |attribute: &RouteAttribute| match attribute {
        RouteAttribute::MultiPath(hops) => hops.len(),
        RouteAttribute::Gateway(_) => 1,
        _ => 0,
    };
    route.attributes.iter().map(of).sum()
}

fn prefix(route: &RouteMessage) -> String {
    let to = |attribute: &RouteAttribute| match attribute {
        RouteAttribute::Destination(RouteAddress::Inet(to)) => Some(to.to_string()),
        _ => None,
    };
    let to = route.attributes.iter().find_map(to).unwrap_or_default();
    format!("{to}/{}", route.header.destination_prefix_length)
}

/// All that the kernel says until it says that a route is gone.
pub(crate) fn hear_until_gone(news: &Receiver<News>, prefix: &str) -> Vec<News> {
    let deadline = Instant::now() + PATIENCE;
    let mut heard: Vec<News> = Vec::new();
    while !heard
        .last()
        .is_some_and(|one| one.prefix == prefix && one.next_hops == 0)
    {
        let left = deadline.saturating_duration_since(Instant::now());
        heard.push(news.recv_timeout(left).expect("news of the kernel"));
    }
    heard
}

/// When the kernel first says that a route has so many next hops.
pub(crate) fn hear(news: &Receiver<News>, next_hops: usize) -> Instant {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let one = news.recv_timeout(left).expect("news of the kernel");
        if one.next_hops == next_hops {
            return one.at;
        }
    }
}

//! Changes of a table as the kernel is asked for them.

use std::net::IpAddr;

use routehub::types::Prefix;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use rtnetlink::{Error, Handle, RouteMessageBuilder, RouteNextHopBuilder};

use crate::sink::RouteChange;

/// The protocol number of routes of this sink (`rtm_protocol`): one that no other daemon is known
/// to use.
pub const PROTOCOL: u8 = 177;

/// The metric of routes of this sink.
pub const METRIC: u32 = 177;

/// One change of a table.
pub(super) struct Request {
    pub(super) handle: Handle,
    pub(super) table: u32,
    pub(super) change: RouteChange,
    /// Whether a route of ours is there.
    pub(super) held: bool,
}

impl Request {
    /// Asks, and waits for the answer. After an error, no route of ours is there.
    pub(super) async fn run(self) -> (RouteChange, Result<(), Error>) {
        let result = self.carry_out().await;
        (self.change, result)
    }

    async fn carry_out(&self) -> Result<(), Error> {
        let prefix = self.change.prefix;
        let remove = removal(self.table, prefix, METRIC)?;
        let Some(next_hops) = &self.change.next_hops else {
            return delete(&self.handle, remove).await;
        };
        let route = route(self.table, prefix, next_hops)?;
        let add = self.handle.route().add(route);
        if !self.held {
            return add.execute().await;
        }
        let replaced = add.replace().execute().await;
        if replaced.is_err() {
            // Better no route than one that is wrong. Why there is none is known already.
            let _ = delete(&self.handle, remove).await;
        }
        replaced
    }
}

/// Removes a route; one that is not there is removed already.
pub(super) async fn delete(handle: &Handle, route: RouteMessage) -> Result<(), Error> {
    match handle.route().del(route).execute().await {
        // No such process: there is no such route.
        Err(Error::NetlinkError(error)) if error.raw_code() == -libc::ESRCH => Ok(()),
        other => other,
    }
}

/// Why the kernel refused.
pub(super) fn why(error: &Error) -> String {
    match error {
        Error::NetlinkError(error) if error.raw_code() == -libc::EEXIST => {
            "another program has a route there with our metric".to_owned()
        }
        Error::NetlinkError(error) => error.to_io().to_string(),
        other => other.to_string(),
    }
}

fn base(table: u32, prefix: Prefix) -> Result<RouteMessageBuilder<IpAddr>, Error> {
    let base = RouteMessageBuilder::<IpAddr>::new()
        .table_id(table)
        .protocol(RouteProtocol::from(PROTOCOL))
        .destination_prefix(prefix.address(), prefix.length());
    base.map_err(|error| Error::InvalidNla(error.to_string()))
}

/// A route of ours.
fn route(table: u32, prefix: Prefix, next_hops: &[IpAddr]) -> Result<RouteMessage, Error> {
    let base = base(table, prefix)?.priority(METRIC);
    if next_hops.is_empty() {
        return Ok(base.kind(RouteType::BlackHole).build());
    }
    let family = match prefix {
        Prefix::V4(_) => AddressFamily::Inet,
        Prefix::V6(_) => AddressFamily::Inet6,
    };
    let hops = next_hops.iter().map(|address| {
        let hop = RouteNextHopBuilder::new(family).via(*address);
        hop.map(RouteNextHopBuilder::build)
            .map_err(|error| Error::InvalidNla(error.to_string()))
    });
    Ok(base.multipath(hops.collect::<Result<_, _>>()?).build())
}

/// What is to be removed: our route to a prefix, whatever its kind and next hops.
pub(super) fn removal(table: u32, prefix: Prefix, metric: u32) -> Result<RouteMessage, Error> {
    let base = base(table, prefix)?.priority(metric);
    Ok(base
        .kind(RouteType::Unspec)
        .scope(RouteScope::NoWhere)
        .build())
}

/// Asks for all of our routes in a table.
pub(super) fn question(table: u32, family: AddressFamily) -> RouteMessage {
    let mut all = RouteMessageBuilder::<IpAddr>::new()
        .table_id(table)
        .protocol(RouteProtocol::from(PROTOCOL))
        .kind(RouteType::Unspec)
        .build();
    all.header.address_family = family;
    all
}

/// Prefix and metric of a route of ours in a table; none if it is somebody else's.
pub(super) fn ours(table: u32, route: &RouteMessage) -> Option<(Prefix, u32)> {
    let header = &route.header;
    let (mut at, mut metric) = (u32::from(header.table), 0);
    let mut address: IpAddr = match header.address_family {
        AddressFamily::Inet => [0; 4].into(),
        AddressFamily::Inet6 => [0; 16].into(),
        _ => return None,
    };
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Table(number) => at = *number,
            RouteAttribute::Priority(number) => metric = *number,
            RouteAttribute::Destination(RouteAddress::Inet(to)) => address = (*to).into(),
            RouteAttribute::Destination(RouteAddress::Inet6(to)) => address = (*to).into(),
            _ => {}
        }
    }
    let is_ours = u8::from(header.protocol) == PROTOCOL && at == table;
    let prefix = Prefix::new(address, header.destination_prefix_length).ok()?;
    is_ours.then_some((prefix, metric))
}

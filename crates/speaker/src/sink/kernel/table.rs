//! One routing table: which of its routes are ours, and how the kernel is asked to change them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::pin::pin;

use futures_util::TryStreamExt;
use routehub::types::{Family, Prefix};
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType, RouteVia,
};
use rtnetlink::{Error, Handle, RouteMessageBuilder, RouteNextHopBuilder};

use crate::sink::RouteChange;

/// The protocol number of routes of this sink (`rtm_protocol`): one that no other daemon is known
/// to use.
pub const PROTOCOL: u8 = 177;

/// The metric of routes of this sink.
pub const METRIC: u32 = 177;

/// A table of the kernel.
pub(super) struct Table {
    handle: Handle,
    number: u32,
    /// Prefixes with a route of ours and our metric, and its next hops; none: those of an earlier
    /// run, which are not known.
    held: BTreeMap<Prefix, Option<Vec<IpAddr>>>,
    /// Routes of an earlier run that this one has not touched, by prefix and metric.
    stale: BTreeSet<(Prefix, u32)>,
}

impl Table {
    /// The table, with what an earlier run has left in it.
    pub(super) async fn open(handle: Handle, number: u32) -> Result<Self, Error> {
        let stale: BTreeSet<_> = all(&handle, number).await?.into_keys().collect();
        let same = stale.iter().filter(|(_, metric)| *metric == METRIC);
        Ok(Self {
            held: same.map(|(prefix, _)| (*prefix, None)).collect(),
            handle,
            number,
            stale,
        })
    }

    /// How many routes of an earlier run there are.
    pub(super) fn stale(&self) -> usize {
        self.stale.len()
    }

    /// Asks for a change; the answer. After an error, no route of ours is there.
    pub(super) fn request(
        &self,
        change: RouteChange,
    ) -> impl Future<Output = (RouteChange, Result<(), Error>)> + use<> {
        let (handle, number) = (self.handle.clone(), self.number);
        let held = self.held.contains_key(&change.prefix);
        async move {
            let result = carry_out(&handle, number, &change, held).await;
            (change, result)
        }
    }

    /// The prefixes that have a route of ours.
    pub(super) fn held(&self) -> Vec<Prefix> {
        self.held.keys().copied().collect()
    }

    /// Sets the next hops of the route of ours that is there after a change; none: there is none.
    pub(super) fn set_held(&mut self, prefix: Prefix, next_hops: Option<Vec<IpAddr>>) {
        self.stale.remove(&(prefix, METRIC));
        match next_hops {
            Some(mut next_hops) => {
                next_hops.sort_unstable();
                self.held.insert(prefix, Some(next_hops));
            }
            None => {
                self.held.remove(&prefix);
            }
        }
    }

    /// The prefixes whose routes are not there any more, or are not those that we put there; they
    /// still count as held, so that what stands in their place is replaced. Nothing is known of a
    /// table that cannot be read.
    pub(super) async fn lost(&self) -> Vec<Prefix> {
        let Ok(there) = all(&self.handle, self.number).await else {
            return Vec::new();
        };
        let is_lost = |prefix: Prefix, wanted: &Option<Vec<IpAddr>>| {
            let Some(found) = there.get(&(prefix, METRIC)) else {
                return true;
            };
            let Some(wanted) = wanted else { return false };
            // The kernel takes single next hops off where their interface is down (IPv6).
            let is_part = prefix.family() == Family::Ipv6
                && !found.is_empty()
                && found.iter().all(|hop| wanted.contains(hop));
            found != wanted && !is_part
        };
        let held = self.held.iter();
        let lost = held.filter(|(prefix, wanted)| is_lost(**prefix, wanted));
        lost.map(|(prefix, _)| *prefix).collect()
    }

    /// Removes what is left of an earlier run; what could not be removed.
    pub(super) async fn sweep(&mut self) -> Vec<(Prefix, Error)> {
        let stale = std::mem::take(&mut self.stale);
        self.held
            .retain(|prefix, _| !stale.contains(&(*prefix, METRIC)));
        self.remove(stale).await
    }

    /// Removes all routes with our protocol number; what could not be removed.
    pub(super) async fn clear(&mut self) -> Vec<(Prefix, Error)> {
        self.held.clear();
        self.stale.clear();
        match all(&self.handle, self.number).await {
            Ok(routes) => self.remove(routes.into_keys().collect()).await,
            Err(error) => vec![(Prefix::default_of(Family::Ipv4), error)],
        }
    }

    async fn remove(&self, routes: BTreeSet<(Prefix, u32)>) -> Vec<(Prefix, Error)> {
        let mut failed = Vec::new();
        for (prefix, metric) in routes {
            let removed = match removal(self.number, prefix, metric) {
                Ok(removal) => delete(&self.handle, removal).await,
                Err(error) => Err(error),
            };
            failed.extend(removed.err().map(|error| (prefix, error)));
        }
        failed
    }
}

/// Routes of ours by prefix and metric, each with its next hops in order.
type Found = BTreeMap<(Prefix, u32), Vec<IpAddr>>;

/// All of our routes in a table.
async fn all(handle: &Handle, table: u32) -> Result<Found, Error> {
    let mut found = Found::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let answers = handle.route().get(question(table, family)).execute();
        let mut answers = pin!(answers);
        loop {
            match answers.try_next().await {
                Ok(Some(route)) => found.extend(ours(table, &route)),
                Ok(None) => break,
                // A table that nobody has used yet is not there, nor a family that is turned off.
                Err(Error::NetlinkError(error))
                    if [libc::ENOENT, libc::EOPNOTSUPP].contains(&-error.raw_code()) =>
                {
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

/// Carries out a change of a table, in which a route of ours is there already if it is `held`.
async fn carry_out(
    handle: &Handle,
    table: u32,
    change: &RouteChange,
    held: bool,
) -> Result<(), Error> {
    let prefix = change.prefix;
    let remove = removal(table, prefix, METRIC)?;
    let Some(next_hops) = &change.next_hops else {
        return delete(handle, remove).await;
    };
    let add = handle.route().add(route(table, prefix, next_hops)?);
    if !held {
        return add.execute().await;
    }
    let replaced = add.replace().execute().await;
    if replaced.is_err() {
        // Better no route than one that is wrong. Why there is none is known already.
        let _ = delete(handle, remove).await;
    }
    replaced
}

/// Removes a route; one that is not there is removed already.
async fn delete(handle: &Handle, route: RouteMessage) -> Result<(), Error> {
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
fn removal(table: u32, prefix: Prefix, metric: u32) -> Result<RouteMessage, Error> {
    let base = base(table, prefix)?.priority(metric);
    Ok(base
        .kind(RouteType::Unspec)
        .scope(RouteScope::NoWhere)
        .build())
}

/// Asks for all of our routes in a table.
fn question(table: u32, family: AddressFamily) -> RouteMessage {
    let mut all = RouteMessageBuilder::<IpAddr>::new()
        .table_id(table)
        .protocol(RouteProtocol::from(PROTOCOL))
        .kind(RouteType::Unspec)
        .build();
    all.header.address_family = family;
    all
}

/// Prefix, metric and next hops of a route of ours in a table; none if it is somebody else's.
fn ours(table: u32, route: &RouteMessage) -> Option<((Prefix, u32), Vec<IpAddr>)> {
    let header = &route.header;
    let (mut at, mut metric) = (u32::from(header.table), 0);
    let mut address: IpAddr = match header.address_family {
        AddressFamily::Inet => [0; 4].into(),
        AddressFamily::Inet6 => [0; 16].into(),
        _ => return None,
    };
    let mut next_hops = Vec::new();
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Table(number) => at = *number,
            RouteAttribute::Priority(number) => metric = *number,
            RouteAttribute::Destination(to) => address = plain(to)?,
            RouteAttribute::MultiPath(hops) => {
                let hops = hops.iter().flat_map(|hop| &hop.attributes);
                next_hops.extend(hops.filter_map(next_hop));
            }
            other => next_hops.extend(next_hop(other)),
        }
    }
    next_hops.sort_unstable();
    let is_ours = u8::from(header.protocol) == PROTOCOL && at == table;
    let prefix = Prefix::new(address, header.destination_prefix_length).ok()?;
    is_ours.then_some(((prefix, metric), next_hops))
}

/// The address of the next hop, where an attribute has it.
fn next_hop(attribute: &RouteAttribute) -> Option<IpAddr> {
    match attribute {
        RouteAttribute::Gateway(address) => plain(address),
        RouteAttribute::Via(RouteVia::Inet(address)) => Some((*address).into()),
        RouteAttribute::Via(RouteVia::Inet6(address)) => Some((*address).into()),
        _ => None,
    }
}

fn plain(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

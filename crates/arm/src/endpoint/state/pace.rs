//! How long changes take.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::endpoint::store::{Delta, Store};
use crate::resource::{Fields, ResourceId};

/// How long changes take: no time, as with [`Pace::default`], or as long as in Azure, or shorter by
/// a factor.
///
/// ```
/// use routehub_arm::Pace;
///
/// assert_eq!("60x".parse::<Pace>()?, "60".parse()?);
/// assert_ne!("1x".parse::<Pace>()?, Pace::default());
/// assert!("0x".parse::<Pace>().is_err());
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace(Option<NonZeroU32>);

impl std::str::FromStr for Pace {
    type Err = std::num::ParseIntError;

    /// Reads a factor, as in `60x`: an hour is a minute.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let factor = text.strip_suffix(['x', 'X']).unwrap_or(text);
        factor.parse().map(|factor| Self(Some(factor)))
    }
}

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Made,
    Changed,
    Gone,
}

/// Any change that is not known to take longer.
const USUAL: u64 = 5;
/// A question about routes.
const QUESTION: u64 = 5;
/// Starting or stopping a machine.
const POWER: u64 = 30;
/// A Route Server: 30 to 60 minutes (R-138).
const ROUTE_SERVER: u64 = 30 * 60;
/// Deleting one. No rule has a time; it is not shorter than the gateways' interruption (R-138).
const ROUTE_SERVER_GONE: u64 = 10 * 60;
/// How long the gateways of its network are interrupted by either (R-138).
const INTERRUPTION: u64 = 10 * 60;
/// The first route map on a connection: 30 to 45 minutes (R-147).
const FIRST_ROUTE_MAP: u64 = 30 * 60;
/// More routing infrastructure units: up to 25 minutes (R-010).
const MORE_UNITS: u64 = 25 * 60;
/// A gateway: Microsoft's pages say 45 minutes or more; no rule has a time.
const GATEWAY: u64 = 45 * 60;
/// Deleting one; no source has a time.
const GATEWAY_GONE: u64 = 10 * 60;

impl Pace {
    /// How long a change of documents takes: as long as what takes longest in it. None: no time.
    pub(in crate::endpoint) fn of_change(
        self,
        delta: &Delta,
        before: &Store,
        after: &Store,
    ) -> Option<Duration> {
        let each = delta.ids().map(|id| seconds(id, before, after));
        self.scaled(each.max()?)
    }

    /// How long a question takes.
    pub(crate) fn of_question(self) -> Option<Duration> {
        self.scaled(QUESTION)
    }

    /// How long gateways are interrupted by a Route Server that comes or goes.
    pub(crate) fn of_interruption(self) -> Duration {
        self.scaled(INTERRUPTION).unwrap_or_default()
    }

    fn scaled(self, seconds: u64) -> Option<Duration> {
        let factor = u64::from(self.0?.get());
        Some(Duration::from_millis((seconds * 1000).div_ceil(factor)))
    }
}

/// How long a resource takes, in Azure's time.
fn seconds(id: &ResourceId, before: &Store, after: &Store) -> u64 {
    let fate = match (before.get(id), after.get(id)) {
        (_, None) => Fate::Gone,
        (None, _) => Fate::Made,
        _ => Fate::Changed,
    };
    match (id.kind().as_str(), fate) {
        ("virtualhubs/ipconfigurations", Fate::Made) => ROUTE_SERVER,
        ("virtualhubs/ipconfigurations", Fate::Gone) => ROUTE_SERVER_GONE,
        ("virtualhubs", Fate::Changed) if units(after, id) > units(before, id) => MORE_UNITS,
        ("virtualhubs/bgpconnections", Fate::Made | Fate::Changed)
            if has_map(after, id) && !is_upgraded(before, id) =>
        {
            FIRST_ROUTE_MAP
        }
        ("virtualnetworkgateways", Fate::Made) => GATEWAY,
        ("virtualnetworkgateways", Fate::Gone) => GATEWAY_GONE,
        ("virtualmachines", _) => POWER,
        _ => USUAL,
    }
}

/// The routing infrastructure units of a Route Server.
fn units(store: &Store, hub: &ResourceId) -> u32 {
    let scale = store
        .fields(hub)
        .and_then(|hub| hub.field("virtualRouterAutoScaleConfiguration"));
    let least = scale.and_then(|scale| scale.number("minCapacity"));
    least.unwrap_or(2)
}

fn has_map(store: &Store, connection: &ResourceId) -> bool {
    store.fields(connection).is_some_and(names_map)
}

fn names_map(connection: Fields<'_>) -> bool {
    let routing = connection.field("routingConfiguration");
    let maps = ["inboundRouteMap", "outboundRouteMap"];
    routing.is_some_and(|own| maps.iter().any(|map| own.reference(map).is_some()))
}

/// Whether a connection of the same Route Server has a route map.
fn is_upgraded(store: &Store, connection: &ResourceId) -> bool {
    let Some(hub) = connection.up_to("virtualHubs") else {
        return false;
    };
    store
        .parts(&hub, "bgpConnections")
        .any(|(_, own)| names_map(own))
}

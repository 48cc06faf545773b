//! What a session is configured with.

use core::time::Duration;

use routehub_types::{Asn, Family, RouterId};
use routehub_wire::{AfiSafi, Capabilities, Capability, PeerKind};

/// Everything that a session is told before it starts.
///
/// ```
/// use routehub_session::SessionConfig;
/// use routehub_types::{Asn, RouterId};
///
/// let config = SessionConfig {
///     passive: true,
///     ..SessionConfig::new(Asn(64512), Asn(65001), RouterId(0x0a00_0604))
/// };
/// assert_eq!(config.timers.hold_time.as_secs(), 180);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionConfig {
    /// Our ASN towards this peer.
    pub local_asn: Asn,
    /// The ASN that the peer must have.
    pub peer_asn: Asn,
    /// Our BGP identifier.
    pub local_router_id: RouterId,
    /// How the peer stands to us.
    pub peer: PeerKind,
    /// PassiveTcpEstablishment: never connects, only listens.
    pub passive: bool,
    /// What our OPEN offers, as it is: families, four-octet AS, role and all else is agreed on by
    /// these and the peer's.
    pub capabilities: Capabilities,
    /// The role that the peer must confirm to, if we have one: refuses a peer that tells none
    /// (RFC 9234 section 4.2, "strict mode").
    pub strict_role: bool,
    /// How long everything takes.
    pub timers: Timers,
    /// AllowAutomaticStart: after a failure the session starts again by itself.
    pub automatic_start: bool,
    /// DampPeerOscillations: a session that fails by an error stays in Idle for a time that grows.
    pub damp_peer_oscillations: bool,
    /// SendNOTIFICATIONwithoutOPEN: errors are told even before our OPEN is sent.
    pub notify_without_open: bool,
    /// CollisionDetectEstablishedState: a new connection may replace an established one.
    pub collision_detect_established: bool,
    /// Whether an external peer's ASN must stand first in every AS path it sends (RFC 4271
    /// section 6.3).
    pub enforce_first_as: bool,
    /// Whether an AS_SET makes a route withdrawn (RFC 9774).
    pub reject_as_set: bool,
    /// Whether the AIGP attribute is in use (RFC 7311 section 3.3).
    pub aigp: bool,
}

impl SessionConfig {
    /// The usual session with this peer: connects and listens, restarts by itself, hold time 180 s.
    pub fn new(local_asn: Asn, peer_asn: Asn, local_router_id: RouterId) -> Self {
        let peer = if local_asn == peer_asn {
            PeerKind::Internal
        } else {
            PeerKind::External
        };
        let usual = [
            Capability::Multiprotocol(AfiSafi::IPV4),
            Capability::Multiprotocol(AfiSafi::IPV6),
            Capability::RouteRefresh,
            Capability::FourOctetAs(local_asn),
        ];
        Self {
            local_asn,
            peer_asn,
            local_router_id,
            peer,
            passive: false,
            capabilities: usual.into_iter().collect(),
            strict_role: false,
            timers: Timers::default(),
            automatic_start: true,
            damp_peer_oscillations: true,
            notify_without_open: true,
            collision_detect_established: false,
            enforce_first_as: true,
            reject_as_set: true,
            aigp: false,
        }
    }
}

/// How long everything takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct Timers {
    /// The hold time that we offer; zero is none. An OPEN carries whole seconds up to 65,535: a part
    /// of a second counts as a whole one, and one or two seconds (which RFC 4271 section 4.2
    /// forbids) count as three.
    pub hold_time: Duration,
    /// The lowest hold time accepted from the peer; zero, which means none, is always accepted.
    pub min_hold_time: Duration,
    /// The longest time between two KEEPALIVEs; less where a third of the hold time is less, and
    /// never less than a second; zero: none are sent.
    pub keepalive: Duration,
    /// Between two attempts to connect.
    pub connect_retry: Backoff,
    /// How long damping holds a failed session in Idle.
    pub idle_hold: Backoff,
    /// DelayOpenTime: how long our OPEN waits for the peer's; none: not at all.
    pub delay_open: Option<Duration>,
    /// How long the peer's OPEN is awaited: the "large value" of the HoldTimer.
    pub open_hold: Duration,
    /// How long a peer may take nothing of what is sent (RFC 9687).
    pub send_hold: SendHold,
    /// How long it is quiet before an update run is over; none: only an End-of-RIB ends it.
    pub run_gap: Option<Duration>,
    /// The longest time that stale routes are kept (RFC 8538 section 4.1, RFC 7313 section 4).
    pub stale: Duration,
    /// The longest time that routes of a peer are kept beyond its restart time, where long-lived
    /// graceful restart is offered (RFC 9494 section 4.2).
    pub long_lived: FamilyTimes,
}

/// A time of each family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FamilyTimes {
    /// That of IPv4.
    pub ipv4: Duration,
    /// That of IPv6.
    pub ipv6: Duration,
}

impl FamilyTimes {
    /// The same time for both families.
    pub const fn both(time: Duration) -> Self {
        Self {
            ipv4: time,
            ipv6: time,
        }
    }

    /// The time of a family.
    pub const fn of(&self, family: Family) -> Duration {
        match family {
            Family::Ipv4 => self.ipv4,
            Family::Ipv6 => self.ipv6,
        }
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            hold_time: Duration::from_secs(180),
            min_hold_time: Duration::from_secs(3),
            keepalive: Duration::from_secs(60),
            connect_retry: Backoff {
                first: Duration::from_secs(5),
                longest: Duration::from_secs(120),
            },
            idle_hold: Backoff {
                first: Duration::from_secs(1),
                longest: Duration::from_secs(60),
            },
            delay_open: None,
            open_hold: Duration::from_secs(240),
            send_hold: SendHold::Auto,
            run_gap: Some(Duration::from_secs(1)),
            stale: Duration::from_secs(180),
            long_lived: FamilyTimes::both(Duration::from_secs(24 * 60 * 60)),
        }
    }
}

/// A time that doubles with every failure in a row, up to a longest one; a random part of up to a
/// quarter is taken off (RFC 4271 section 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Backoff {
    /// The time after the first failure; less than 100 ms counts as 100 ms.
    pub first: Duration,
    /// The longest time; less than the first counts as the first.
    pub longest: Duration,
}

impl Backoff {
    /// The least of all times: what keeps a session from turning in a tight loop.
    pub const LEAST: Duration = Duration::from_millis(100);

    /// Always the same time.
    pub const fn constant(time: Duration) -> Self {
        Self {
            first: time,
            longest: time,
        }
    }

    /// The time after so many failures before this one, without the random part.
    pub fn after(self, failures: u32) -> Duration {
        let first = self.first.max(Self::LEAST);
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        first.saturating_mul(factor).min(self.longest.max(first))
    }
}

/// The time of the SendHoldTimer (RFC 9687 section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SendHold {
    /// Eight minutes, or twice the negotiated hold time if that is more.
    #[default]
    Auto,
    /// This time.
    After(Duration),
    /// Never.
    Off,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_its_longest() {
        let backoff = Backoff {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(60),
        };
        let times: [u64; 6] = core::array::from_fn(|n| backoff.after(n as u32).as_secs());
        assert_eq!(times, [5, 10, 20, 40, 60, 60]);
        assert_eq!(backoff.after(u32::MAX), Duration::from_secs(60));
    }

    #[test]
    fn back_off_is_never_none() {
        let nothing = Backoff::constant(Duration::ZERO);
        assert_eq!(nothing.after(0), Backoff::LEAST);
    }
}

//! What two OPENs amount to.

use core::time::Duration;

use routehub_types::{Asn, Family, FamilySet, RouterId};
use routehub_wire::{AddPathMode, Capabilities, Capability, Context, Open, PeerKind, Role};

use crate::{FamilyTimes, OpenRejection, SessionConfig};

/// What two speakers agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Negotiated {
    /// The peer's ASN.
    pub peer_asn: Asn,
    /// The peer's BGP identifier.
    pub peer_router_id: RouterId,
    /// How the peer stands to us.
    pub peer: PeerKind,
    /// The lower one of both hold times; zero: none (RFC 4271 section 4.2).
    pub hold_time: Duration,
    /// The longest time between two KEEPALIVEs of ours; zero: none are sent.
    pub keepalive: Duration,
    /// The families that both speak.
    pub families: FamilySet,
    /// Whether the peer sends its routes again when asked (RFC 2918).
    pub route_refresh: bool,
    /// Whether both mark begin and end of a refresh (RFC 7313).
    pub enhanced_refresh: bool,
    /// The role that the peer tells (RFC 9234).
    pub peer_role: Option<Role>,
    /// How the peer restarts, if both offered graceful restart (RFC 4724).
    pub graceful_restart: Option<PeerRestart>,
    /// Whether the peer takes long-lived stale routes: it offers long-lived graceful restart, and
    /// graceful restart with it (RFC 9494 sections 4.1 and 4.3).
    #[cfg_attr(feature = "serde", serde(default))]
    pub takes_long_lived: bool,
    /// What the peer offers, as it said it.
    pub peer_capabilities: Capabilities,
    /// How messages of the peer are read.
    pub receive: Context,
    /// How messages to the peer are written.
    pub send: Context,
}

/// How a peer restarts (RFC 4724 section 3, RFC 8538 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PeerRestart {
    /// The R bit: the peer has restarted, and nobody need wait for its End-of-RIB.
    pub restarting: bool,
    /// The N bit of both: graceful also after a NOTIFICATION (RFC 8538).
    pub notification: bool,
    /// How long the peer's next restart may take.
    pub time: Duration,
    /// The families in which its routes are kept through a restart.
    pub families: FamilySet,
    /// The families in which it kept its forwarding state through the last restart.
    pub forwarding: FamilySet,
    /// For how long its routes are kept beyond that time, if both offered that (RFC 9494).
    #[cfg_attr(feature = "serde", serde(default))]
    pub long_lived: LongLived,
}

impl PeerRestart {
    /// The families in which its routes are kept when it is lost.
    pub fn kept(&self) -> FamilySet {
        let kept = Family::ALL.into_iter().filter(|family| {
            self.families.contains(*family) || !self.long_lived.times.of(*family).is_zero()
        });
        kept.collect()
    }
}

/// For how long stale routes of a peer are kept once its restart time is over: its Long-lived Stale
/// Time, and no more than we allow (RFC 9494 section 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LongLived {
    /// For how long those of each family; zero: not at all.
    pub times: FamilyTimes,
    /// The families in which it kept its forwarding state through the last restart (the F bit).
    pub forwarding: FamilySet,
}

/// What our configuration and the peer's OPEN amount to.
///
/// # Errors
/// The first reason, in the order of RFC 4271 section 6.2, not to accept the OPEN.
pub(crate) fn negotiate(config: &SessionConfig, open: &Open) -> Result<Negotiated, OpenRejection> {
    check_identity(config, open)?;
    let hold_time = hold_time(config, open.hold_time)?;
    let peer_role = check_role(config, &open.capabilities)?;
    let ours = config.capabilities.families();
    let families = ours.intersection(open.capabilities.families());
    if families.is_empty() {
        return Err(OpenRejection::NoCommonFamily(ours));
    }
    let receive = context(config, open, families);
    Ok(Negotiated {
        peer_asn: open.asn,
        peer_router_id: open.router_id,
        peer: config.peer,
        hold_time,
        keepalive: config.timers.keepalive.min(hold_time / 3),
        families,
        route_refresh: open.capabilities.contains(&Capability::RouteRefresh),
        enhanced_refresh: receive.enhanced_refresh,
        peer_role,
        graceful_restart: graceful_restart(config, open, families),
        takes_long_lived: offers_long_lived(&open.capabilities),
        peer_capabilities: open.capabilities.clone(),
        receive,
        // RFC 8654 section 4: what may be sent turns on the receiver's offer alone.
        send: Context {
            extended_message: open.capabilities.contains(&Capability::ExtendedMessage),
            ..receive
        },
    })
}

fn check_identity(config: &SessionConfig, open: &Open) -> Result<(), OpenRejection> {
    if open.asn != config.peer_asn {
        return Err(OpenRejection::PeerAs {
            expected: config.peer_asn,
            actual: open.asn,
        });
    }
    let ours = config.peer.is_internal() && open.router_id == config.local_router_id;
    if ours || open.router_id == RouterId(0) {
        return Err(OpenRejection::RouterId(open.router_id));
    }
    Ok(())
}

/// The OPEN that the configuration asks for.
pub(crate) fn our_open(config: &SessionConfig) -> Open {
    Open {
        asn: config.local_asn,
        hold_time: offered_hold_time(config),
        router_id: config.local_router_id,
        capabilities: config.capabilities.clone(),
    }
}

/// The hold time that our OPEN carries, in seconds.
const fn offered_hold_time(config: &SessionConfig) -> u16 {
    let offered = config.timers.hold_time;
    let part = offered.subsec_nanos() > 0;
    match offered.as_secs().saturating_add(part as u64) {
        1 | 2 => 3,
        seconds if seconds > u16::MAX as u64 => u16::MAX,
        seconds => seconds as u16,
    }
}

fn hold_time(config: &SessionConfig, proposed: u16) -> Result<Duration, OpenRejection> {
    let offered = offered_hold_time(config);
    let asked = Duration::from_secs(proposed.into());
    if matches!(proposed, 1 | 2) || (proposed != 0 && asked < config.timers.min_hold_time) {
        return Err(OpenRejection::HoldTime(proposed));
    }
    Ok(asked.min(Duration::from_secs(offered.into())))
}

/// The role that the peer tells, if it fits ours (RFC 9234 section 4.2).
fn check_role(config: &SessionConfig, peer: &Capabilities) -> Result<Option<Role>, OpenRejection> {
    // Roles that differ do not get here: such an OPEN is an error already.
    let told = peer.roles().next();
    let Some(local) = config.capabilities.roles().next() else {
        return Ok(told);
    };
    // What is no assigned role corresponds to none.
    let mut values = peer.role_values();
    if told.is_none() && values.next().is_some() {
        return Err(OpenRejection::RoleUnassigned { local });
    }
    let fits = match told {
        Some(role) => role == local.counterpart(),
        None => !config.strict_role,
    };
    if fits {
        Ok(told)
    } else {
        Err(OpenRejection::Role { local, peer: told })
    }
}

fn context(config: &SessionConfig, open: &Open, families: FamilySet) -> Context {
    let (ours, theirs) = (&config.capabilities, &open.capabilities);
    let both = |capability| ours.contains(capability) && theirs.contains(capability);
    let add_path = |ours_does: fn(AddPathMode) -> bool, theirs_does: fn(AddPathMode) -> bool| {
        let agreed = families.iter().filter(|family| {
            ours.add_path(*family).is_some_and(ours_does)
                && theirs.add_path(*family).is_some_and(theirs_does)
        });
        agreed.collect()
    };
    let next_hop = |offered: &Capabilities| offered.extended_next_hop(Family::Ipv4, Family::Ipv6);
    Context {
        four_octet_as: ours.four_octet_as().is_some() && theirs.four_octet_as().is_some(),
        extended_message: ours.contains(&Capability::ExtendedMessage),
        enhanced_refresh: both(&Capability::EnhancedRouteRefresh),
        families,
        add_path_receive: add_path(AddPathMode::receives, AddPathMode::sends),
        add_path_send: add_path(AddPathMode::sends, AddPathMode::receives),
        extended_next_hop: next_hop(ours) && next_hop(theirs),
        peer: config.peer,
        first_as: (config.enforce_first_as && config.peer == PeerKind::External)
            .then_some(open.asn),
        reject_as_set: config.reject_as_set,
        aigp: config.aigp,
        // An error in one family's routes ends the session (RFC 7606 section 7.3 leaves a choice).
        disable_family: false,
    }
}

fn graceful_restart(
    config: &SessionConfig,
    open: &Open,
    families: FamilySet,
) -> Option<PeerRestart> {
    let ours = config.capabilities.graceful_restart()?;
    let theirs = open.capabilities.graceful_restart()?;
    let covered = |forwarding_only: bool| -> FamilySet {
        theirs
            .families
            .iter()
            .filter(|(_, forwarding)| *forwarding || !forwarding_only)
            .filter_map(|(family, _)| family.family())
            .filter(|family| families.contains(*family))
            .collect()
    };
    Some(PeerRestart {
        restarting: theirs.restarting,
        notification: ours.notification && theirs.notification,
        time: Duration::from_secs(u64::from(theirs.time)),
        families: covered(false),
        forwarding: covered(true),
        long_lived: long_lived(config, open, families),
    })
}

/// Whether a speaker offers long-lived graceful restart: without graceful restart the capability is
/// disregarded (RFC 9494 section 4.1).
fn offers_long_lived(capabilities: &Capabilities) -> bool {
    let is_offered =
        |capability: &Capability| matches!(capability, Capability::LongLivedGracefulRestart(_));
    capabilities.graceful_restart().is_some() && capabilities.iter().any(is_offered)
}

/// For how long the peer's stale routes are kept beyond its restart time.
fn long_lived(config: &SessionConfig, open: &Open, families: FamilySet) -> LongLived {
    if !offers_long_lived(&config.capabilities) {
        return LongLived::default();
    }
    let listed = open.capabilities.long_lived_families();
    // Of a family that is listed twice the last element counts.
    let of = |family: Family| {
        let listed = listed.iter().rev();
        let mut agreed = listed.filter(|_| families.contains(family));
        agreed.find(|listed| listed.family.family() == Some(family))
    };
    let time = |family: Family| {
        let seconds = of(family).map_or(0, |listed| listed.stale_time);
        Duration::from_secs(seconds.into()).min(config.timers.long_lived.of(family))
    };
    let preserved = |family: &Family| of(*family).is_some_and(|listed| listed.forwarding);
    LongLived {
        times: FamilyTimes {
            ipv4: time(Family::Ipv4),
            ipv6: time(Family::Ipv6),
        },
        forwarding: Family::ALL.into_iter().filter(preserved).collect(),
    }
}

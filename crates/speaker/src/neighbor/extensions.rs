//! What the session of a plain route server offers beyond what a Route Server of Azure does.

use std::time::Duration;

use routehub::estate::{AddPaths, SessionRole};
use routehub_scenario::LivePeer;
use routehub_session::{FamilyTimes, SessionConfig};
use routehub_wire::{AddPathMode, AfiSafi, Capability, GracefulRestart, LongLivedFamily, Role};

/// The session with what the peer's keys ask for.
pub(super) fn extended(mut config: SessionConfig, peer: &LivePeer) -> SessionConfig {
    let offers = [
        peer.graceful_restart.then(helper),
        peer.long_lived_graceful_restart.then(long_lived_helper),
        peer.enhanced_refresh
            .then_some(Capability::EnhancedRouteRefresh),
        peer.extended_messages
            .then_some(Capability::ExtendedMessage),
        peer.role.map(|role| Capability::Role(wire_role(role))),
        peer.add_paths.map(several_paths),
    ];
    config.capabilities.0.extend(offers.into_iter().flatten());
    config.strict_role = peer.strict_role && peer.role.is_some();
    config.timers.stale = Duration::from_secs(peer.stale_time.into());
    config.timers.long_lived = FamilyTimes {
        ipv4: Duration::from_secs(peer.long_lived_stale_time.ipv4.into()),
        ipv6: Duration::from_secs(peer.long_lived_stale_time.ipv6.into()),
    };
    config
}

/// Graceful restart of the peer alone: we keep nothing through a restart of ours, so that no family
/// is named (RFC 4724 section 3). The N bit: also after a NOTIFICATION (RFC 8538).
fn helper() -> Capability {
    Capability::GracefulRestart(GracefulRestart {
        notification: true,
        ..GracefulRestart::default()
    })
}

/// The same for long: of each family we keep nothing of our own, but take what others keep (RFC 9494
/// sections 4.1 and 4.3).
fn long_lived_helper() -> Capability {
    let families = [AfiSafi::IPV4, AfiSafi::IPV6].map(|family| LongLivedFamily {
        family,
        forwarding: false,
        stale_time: 0,
    });
    Capability::LongLivedGracefulRestart(families.to_vec())
}

/// Several paths of a prefix, in both families (RFC 7911 section 4).
fn several_paths(add_paths: AddPaths) -> Capability {
    let mode = match add_paths {
        AddPaths::Send => AddPathMode::Send,
        AddPaths::Receive => AddPathMode::Receive,
        AddPaths::Both => AddPathMode::Both,
    };
    Capability::AddPath(vec![(AfiSafi::IPV4, mode), (AfiSafi::IPV6, mode)])
}

const fn wire_role(role: SessionRole) -> Role {
    match role {
        SessionRole::Provider => Role::Provider,
        SessionRole::Rs => Role::RouteServer,
        SessionRole::RsClient => Role::RouteServerClient,
        SessionRole::Customer => Role::Customer,
        SessionRole::Peer => Role::Peer,
    }
}

//! Long-lived graceful restart (RFC 9494): routes stay for longer than the peer's restart may take.

mod common;

use core::time::Duration;

use common::messages::{end_of_rib, end_of_rib_ipv6};
use common::{Pair, Seen, Who, local_config, peer_config, seconds};
use routehub_session::{
    FamilyTimes, LongLived, RetainedRoutes, SessionConfig, State, SweepReason, Timer,
};
use routehub_types::{Family, FamilySet};
use routehub_wire::{AfiSafi, Capability, GracefulRestart, LongLivedFamily, Notification};

const IPV4: AfiSafi = AfiSafi::IPV4;
const IPV6: AfiSafi = AfiSafi::IPV6;

/// What the peer offers: its restart time, the families of graceful restart, and those of
/// long-lived graceful restart with their times and F bits.
#[derive(Clone)]
struct Offer {
    time: u16,
    notification: bool,
    families: Vec<AfiSafi>,
    long_lived: Option<Vec<(AfiSafi, u32, bool)>>,
}

impl Offer {
    fn of(families: &[AfiSafi], long_lived: &[(AfiSafi, u32, bool)]) -> Self {
        Self {
            time: 120,
            notification: false,
            families: families.to_vec(),
            long_lived: Some(long_lived.to_vec()),
        }
    }

    /// IPv4 for ten minutes beyond a restart of two, and IPv6 for the restart alone.
    fn usual() -> Self {
        Self::of(&[IPV4, IPV6], &[(IPV4, 600, true)])
    }

    fn into_config(self, mut config: SessionConfig) -> SessionConfig {
        let restart = GracefulRestart {
            restarting: false,
            notification: self.notification,
            time: self.time,
            families: self.families.into_iter().map(|of| (of, true)).collect(),
        };
        let offered = &mut config.capabilities.0;
        offered.push(Capability::GracefulRestart(restart));
        offered.extend(self.long_lived.map(|listed| {
            let listed = listed.into_iter();
            let listed = listed.map(|(family, stale_time, forwarding)| LongLivedFamily {
                family,
                forwarding,
                stale_time,
            });
            Capability::LongLivedGracefulRestart(listed.collect())
        }));
        config
    }
}

/// We keep nothing through a restart of ours, and the peer's routes for an hour at the most.
fn helper(notification: bool) -> SessionConfig {
    let offer = Offer {
        notification,
        ..Offer::of(&[], &[(IPV4, 0, false), (IPV6, 0, false)])
    };
    let mut config = offer.into_config(local_config());
    config.timers.long_lived = FamilyTimes::both(seconds(3600));
    config
}

/// A helps, B restarts.
fn pair(offer: Offer) -> Pair {
    let a = helper(offer.notification);
    Pair::established_with(a, offer.into_config(peer_config()))
}

/// Which stale routes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    /// All.
    Stale(SweepReason),
    /// Those that are long-lived stale, and not what became stale later.
    LongLivedStale,
}

/// What becomes of the peer's stale routes, in order: which are long-lived stale for how long, or
/// go.
fn story(pair: &Pair) -> Vec<(Family, Result<Duration, Gone>)> {
    let told = pair.a.events().filter_map(|seen| match seen {
        Seen::LongLivedStale(family, time) => Some((*family, Ok(*time))),
        Seen::SweepStale(family, why) => Some((*family, Err(Gone::Stale(*why)))),
        Seen::SweepLongLivedStale(family) => Some((*family, Err(Gone::LongLivedStale))),
        _ => None,
    });
    told.collect()
}

fn begins(family: Family, time: u64) -> (Family, Result<Duration, Gone>) {
    (family, Ok(seconds(time)))
}

fn goes(family: Family, why: SweepReason) -> (Family, Result<Duration, Gone>) {
    (family, Err(Gone::Stale(why)))
}

fn retained(pair: &Pair) -> FamilySet {
    let downs = pair.a.downs();
    downs.last().expect("the session ended").retained
}

#[test]
fn it_is_agreed_on_family_by_family_with_the_lower_time() {
    let mut offer = Offer::usual();
    offer.long_lived = Some(vec![
        (IPV4, 7, false),
        (IPV4, 604_800, true),
        (AfiSafi { afi: 25, safi: 65 }, 600, true),
        (IPV6, 0, true),
    ]);
    let pair = pair(offer);
    let agreed = pair.a.session.negotiated().expect("established");
    assert!(agreed.takes_long_lived);
    let expected = LongLived {
        times: FamilyTimes {
            ipv4: seconds(3600),
            ipv6: Duration::ZERO,
        },
        forwarding: FamilySet::ALL,
    };
    let restart = agreed.graceful_restart.expect("both offer it");
    assert_eq!(restart.long_lived, expected);
    assert_eq!(restart.kept(), FamilySet::ALL);
    // The peer is not asked to keep anything.
    let theirs = pair.b.session.negotiated().expect("established");
    let restart = theirs.graceful_restart.expect("both offer it");
    assert_eq!(restart.kept(), FamilySet::EMPTY);
}

#[test]
fn how_long_at_the_most_is_said_of_each_family() {
    let mut a = helper(false);
    a.timers.long_lived.ipv6 = Duration::ZERO;
    let offer = Offer::of(&[IPV4, IPV6], &[(IPV4, 600, true), (IPV6, 600, true)]);
    let mut pair = Pair::established_with(a, offer.into_config(peer_config()));
    pair.reset_connections();
    pair.silent = true;
    pair.run(seconds(120));
    let expected = [
        begins(Family::Ipv4, 600),
        goes(Family::Ipv6, SweepReason::RestartTime),
    ];
    assert_eq!(story(&pair), expected);
}

#[test]
fn without_graceful_restart_it_is_disregarded() {
    let mut alone = peer_config();
    let listed = LongLivedFamily {
        family: IPV4,
        forwarding: true,
        stale_time: 600,
    };
    let capability = Capability::LongLivedGracefulRestart(vec![listed]);
    alone.capabilities.0.push(capability);
    let mut pair = Pair::established_with(helper(false), alone);
    let agreed = pair.a.session.negotiated().expect("established");
    assert!(!agreed.takes_long_lived);
    assert_eq!(agreed.graceful_restart, None);
    pair.reset_connections();
    assert_eq!(retained(&pair), FamilySet::EMPTY);
}

#[test]
fn a_peer_is_not_kept_for_long_by_who_does_not_offer_it() {
    let offer = Offer {
        long_lived: None,
        ..Offer::of(&[], &[])
    };
    let a = offer.into_config(local_config());
    let mut pair = Pair::established_with(a, Offer::usual().into_config(peer_config()));
    let agreed = pair.a.session.negotiated().expect("established");
    assert!(agreed.takes_long_lived, "it may be sent such routes");
    pair.reset_connections();
    pair.silent = true;
    pair.run(seconds(120));
    let gone = [Family::Ipv4, Family::Ipv6].map(|family| goes(family, SweepReason::RestartTime));
    assert_eq!(story(&pair), gone);
}

#[test]
fn routes_stay_beyond_the_restart_time_and_go_after_their_own() {
    let mut pair = pair(Offer::usual());
    pair.reset_connections();
    assert_eq!(retained(&pair), FamilySet::ALL);
    pair.silent = true;
    let lost_at = pair.now;
    pair.run(seconds(119));
    assert_eq!(story(&pair), []);
    pair.run(seconds(1));
    let mut expected = vec![
        begins(Family::Ipv4, 600),
        goes(Family::Ipv6, SweepReason::RestartTime),
    ];
    assert_eq!(story(&pair), expected);
    let kept: Vec<_> = pair.a.session.retained_routes().collect();
    let ipv4 = RetainedRoutes {
        family: Family::Ipv4,
        long_lived: true,
        until: lost_at + seconds(720),
    };
    assert_eq!(kept, [ipv4]);
    let armed: Vec<_> = pair.a.session.timers().collect();
    assert!(armed.contains(&(Timer::LongLived, ipv4.until)), "{armed:?}");
    pair.run(seconds(599));
    assert_eq!(story(&pair), expected);
    pair.run(seconds(1));
    expected.push(goes(Family::Ipv4, SweepReason::LongLivedStaleTime));
    assert_eq!(story(&pair), expected);
    assert_eq!(pair.a.session.retained_routes().count(), 0);
}

#[test]
fn without_a_restart_time_they_are_long_lived_stale_at_once() {
    let none = Offer {
        time: 0,
        ..Offer::usual()
    };
    let mut none = pair(none);
    none.silent = true;
    none.reset_connections();
    let expected = [
        begins(Family::Ipv4, 600),
        goes(Family::Ipv6, SweepReason::RestartTime),
    ];
    assert_eq!(story(&none), expected);
    // A family that graceful restart does not cover has no restart time.
    let mut apart = pair(Offer::of(&[IPV6], &[(IPV4, 600, true), (IPV6, 300, true)]));
    apart.silent = true;
    apart.reset_connections();
    assert_eq!(retained(&apart), FamilySet::ALL);
    assert_eq!(story(&apart), [begins(Family::Ipv4, 600)]);
    apart.run(seconds(600));
    let expected = [
        begins(Family::Ipv4, 600),
        begins(Family::Ipv6, 300),
        goes(Family::Ipv6, SweepReason::LongLivedStaleTime),
        goes(Family::Ipv4, SweepReason::LongLivedStaleTime),
    ];
    assert_eq!(story(&apart), expected);
}

#[test]
fn end_of_rib_ends_what_a_peer_has_not_sent_again() {
    let mut pair = pair(Offer::of(
        &[IPV4, IPV6],
        &[(IPV4, 600, true), (IPV6, 600, true)],
    ));
    pair.reset_connections();
    pair.silent = true;
    pair.run(seconds(300));
    pair.silent = false;
    pair.run(seconds(240));
    assert_eq!(pair.a.session.state(), State::Established);
    let mut expected = vec![begins(Family::Ipv4, 600), begins(Family::Ipv6, 600)];
    assert_eq!(story(&pair), expected, "both are preserved");
    pair.send_encoded(Who::B, end_of_rib());
    pair.send_encoded(Who::B, end_of_rib_ipv6());
    pair.run(seconds(1));
    expected.extend([
        goes(Family::Ipv4, SweepReason::EndOfRib),
        goes(Family::Ipv6, SweepReason::EndOfRib),
    ]);
    assert_eq!(story(&pair), expected);
}

#[test]
fn a_peer_that_is_back_has_the_stale_time_to_send_its_routes() {
    let mut pair = pair(Offer::of(&[IPV4], &[(IPV4, 600, true)]));
    pair.reset_connections();
    pair.silent = true;
    pair.run(seconds(500));
    pair.silent = false;
    while pair.a.session.state() != State::Established {
        pair.run(seconds(1));
    }
    // The Long-lived Stale Time ends meanwhile, which is no matter any more.
    pair.run(seconds(175));
    assert_eq!(story(&pair), [begins(Family::Ipv4, 600)]);
    pair.run(seconds(10));
    let gone = goes(Family::Ipv4, SweepReason::StaleTime);
    assert_eq!(story(&pair), [begins(Family::Ipv4, 600), gone]);
}

#[test]
fn a_family_without_the_f_bit_goes_when_the_session_is_back() {
    let afterwards = [
        Offer::of(&[IPV4], &[(IPV4, 600, false)]),
        Offer::of(&[IPV4], &[(IPV6, 600, true)]),
        Offer {
            long_lived: None,
            ..Offer::of(&[IPV4], &[])
        },
    ];
    for after in afterwards {
        let mut pair = pair(Offer::of(&[IPV4], &[(IPV4, 600, true)]));
        pair.reset_connections();
        pair.silent = true;
        pair.run(seconds(200));
        pair.silent = false;
        pair.restart(Who::B, after.into_config(peer_config()));
        pair.run(seconds(200));
        assert_eq!(pair.a.session.state(), State::Established);
        let gone = goes(Family::Ipv4, SweepReason::NotPreserved);
        assert_eq!(story(&pair), [begins(Family::Ipv4, 600), gone]);
    }
}

#[test]
fn consecutive_restarts_neither_drop_routes_early_nor_keep_them_for_ever() {
    let mut pair = pair(Offer::of(&[IPV4], &[(IPV4, 600, true)]));
    pair.reset_connections();
    // Back in time, and lost again before its routes are complete.
    pair.run(seconds(30));
    assert_eq!(pair.a.session.state(), State::Established);
    pair.reset_connections();
    assert_eq!(story(&pair), []);
    pair.silent = true;
    pair.run(seconds(121));
    let mut expected = vec![begins(Family::Ipv4, 600)];
    assert_eq!(story(&pair), expected);
    let until = pair.a.session.retained_routes().next().expect("kept").until;
    pair.silent = false;
    pair.run(seconds(170));
    assert_eq!(pair.a.session.state(), State::Established);
    pair.reset_connections();
    pair.silent = true;
    pair.run(seconds(120));
    expected.push((Family::Ipv4, Ok(until - pair.now)));
    assert_eq!(story(&pair), expected, "the time goes on from the first");
    pair.run(until - pair.now);
    expected.push(goes(Family::Ipv4, SweepReason::LongLivedStaleTime));
    assert_eq!(story(&pair), expected);
}

#[test]
fn what_is_left_of_the_first_loss_goes_in_its_time_while_the_second_restart_goes_on() {
    let mut pair = pair(Offer::of(&[IPV4], &[(IPV4, 600, true)]));
    pair.reset_connections();
    pair.silent = true;
    pair.run(seconds(600));
    let until = pair.a.session.retained_routes().next().expect("kept").until;
    pair.silent = false;
    while pair.a.session.state() != State::Established {
        pair.run(seconds(1));
    }
    // Less is left of the first time than the peer may take to restart.
    let left = until - pair.now;
    assert!(seconds(1) < left && left < seconds(120), "{left:?}");
    pair.reset_connections();
    pair.silent = true;
    let lost_at = pair.now;
    pair.run(left - seconds(1));
    let mut expected = vec![begins(Family::Ipv4, 600)];
    assert_eq!(story(&pair), expected);
    pair.run(seconds(1));
    expected.push((Family::Ipv4, Err(Gone::LongLivedStale)));
    assert_eq!(story(&pair), expected);
    let kept = pair.a.session.retained_routes().next().expect("later ones");
    assert_eq!(
        (kept.long_lived, kept.until),
        (false, lost_at + seconds(120))
    );
    // Those that became stale later have all their time.
    pair.run(lost_at + seconds(120) - pair.now);
    expected.push(begins(Family::Ipv4, 600));
    assert_eq!(story(&pair), expected);
    pair.run(seconds(600));
    expected.push(goes(Family::Ipv4, SweepReason::LongLivedStaleTime));
    assert_eq!(story(&pair), expected);
}

#[test]
fn what_is_meant_to_last_keeps_nothing() {
    let mut stopped = pair(Offer::usual());
    stopped.reset_connections();
    stopped.silent = true;
    stopped.run(seconds(150));
    stopped.with(Who::A, |a, now| {
        a.handle_stop(now, Notification::ADMINISTRATIVE_SHUTDOWN);
    });
    assert_eq!(
        story(&stopped).last(),
        Some(&goes(Family::Ipv4, SweepReason::Stopped))
    );
    assert_eq!(stopped.a.session.poll_timeout(), None);
    let offer = Offer {
        notification: true,
        ..Offer::usual()
    };
    let mut told = pair(offer);
    told.with(Who::B, |b, now| {
        b.teardown(now, Notification::ADMINISTRATIVE_SHUTDOWN);
    });
    told.run(seconds(1));
    assert_eq!(retained(&told), FamilySet::EMPTY);
}

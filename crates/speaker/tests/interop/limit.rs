//! The route limit against FRR: how routes are counted, and what happens beyond.

use std::net::Ipv4Addr;

use routehub_speaker::EventKind;

use crate::both_ways::{INSTANCES, NETWORK, NVA, router};
use routehub_testkit::daemons::{Announced, Kind, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::until;

/// A router with this many routes.
fn with_routes(routes: u32) -> Router {
    let base = u32::from(Ipv4Addr::new(10, 100, 0, 0));
    let announces = (0..routes).map(|n| Announced {
        prefix: format!("{}/32", Ipv4Addr::from(base + n)),
        communities: Vec::new(),
    });
    Router {
        announces: announces.collect(),
        hold_time: 30,
        ..router()
    }
}

/// Waits until runs of updates have ended at both instances, and this many routes are held.
async fn run(lab: &mut Lab, routes: usize) {
    let ended =
        |kind: &EventKind| matches!(kind, EventKind::Learned { routes: now } if *now == routes);
    lab.notice("a run of updates", 2, ended).await;
    assert_eq!(lab.learned("sdwan").await.len(), 2 * routes);
}

/// what is held and what is sent are counted together. R-039 has an NVA send all again when
/// a network is peered, which half of the limit survives, and one more does not.
async fn limit() {
    let mut lab = Lab::start(NETWORK).await;
    let Some(half) = Kind::Frr.start(&with_routes(2000)) else {
        return;
    };
    run(&mut lab, 2000).await;
    lab.happen("peer").await;
    run(&mut lab, 2000).await;
    lab.happen("unpeer").await;
    drop(half);

    let more = Kind::Frr.start(&with_routes(2001)).expect("it is there");
    run(&mut lab, 2001).await;
    lab.happen("peer").await;
    // both sessions, with Cease, maximum number of prefixes reached.
    let beyond = |kind: &EventKind| matches!(kind, EventKind::LimitExceeded(Some(_)));
    lab.notice("2001 held and 2001 sent", 2, beyond).await;
    for instance in INSTANCES {
        let look = || std::future::ready(more.notification(instance));
        let right = |told: &Option<String>| told.as_deref() == Some("6/1");
        until("FRR is told", look, right).await;
    }

    // With nothing held they are within the limit, once FRR has connected again.
    run(&mut lab, 2001).await;
    let last = lab.next_hops("vm", "10.100.7.208/32").await;
    assert_eq!(last, [NVA.to_string()]);
    lab.stop().await;
}

#[test]
fn half_of_the_limit_can_be_sent_again_and_one_more_ends_both_sessions_with_cease_6_1() {
    isolated(INSTANCES.into_iter().chain([NVA]), limit);
}

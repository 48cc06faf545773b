//! What an operator does to sessions: reset, soft clear, shutdown with a text, and the most routes
//! that a peer may have.

use std::time::{Duration, Instant};

use routehub_testkit::wait::until;
use serde_json::Value;

use crate::client::{Lines, look, post};
use crate::lab::{Lab, Network};
use crate::router::Seen;

/// A live NVA as `/v1/peers` shows it.
async fn peer(lab: &Lab, name: &str) -> Value {
    let peers = look(lab.http, "/v1/peers").await;
    let peers = peers.as_array().expect("a list");
    let found = peers.iter().find(|peer| peer["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name}: {peers:?}"))
        .clone()
}

async fn until_peer(lab: &Lab, name: &str, what: &str, good: impl Fn(&Value) -> bool) -> Value {
    until(what, || peer(lab, name), good).await
}

/// Has an event happen.
async fn happen(lab: &Lab, event: &str) {
    let done = post(lab.http, "", event).await;
    assert_eq!(done.status, 200, "{event}: {done:?}");
}

/// The text of the last NOTIFICATION, behind its length (RFC 9003).
fn text(seen: &Seen) -> String {
    // The time comes first.
    let text = seen.last_data.get(9..).unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_tells_its_text_and_the_session_begins_anew() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let (first, second) = (network.router("nva1"), network.router("nva2"));
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    second
        .until("a session", |seen| seen.established == 1)
        .await;
    happen(&lab, "{id: r, reset: {peer: nva1, text: a new cable}}").await;
    let seen = first
        .until("a second session", |seen| seen.established == 2)
        .await;
    assert_eq!(seen.notifications, [(6, 4)]);
    assert_eq!(text(&seen), "a new cable");
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    assert_eq!(peer(&lab, "nva1").await["resets"], 1);
    let other = second.seen();
    assert_eq!((other.established, other.notifications), (1, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_lasts_until_the_session_is_enabled() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    happen(
        &lab,
        "{id: s, shutdown: {peer: nva1, to: rs, instance: 0, text: until 18:00}}",
    )
    .await;
    let told = |seen: &Seen| seen.notifications == [(6, 2)];
    let seen = router.until("a NOTIFICATION", told).await;
    assert_eq!(text(&seen), "until 18:00");
    lines.until("the session is switched off").await;
    lab.learned("nva1", 0).await;
    happen(&lab, "{id: e, enable: {peer: nva1}}").await;
    router
        .until("a session", |seen| seen.established == 2)
        .await;
    let wrong = post(lab.http, "", "{id: w, shutdown: {peer: nav1}}").await;
    assert!(wrong.error().contains("did you mean `nva1`?"), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_shuts_sessions_down_from_the_start_and_when_it_is_loaded_again() {
    let mut network = Network::new();
    network.live[0].3 = ", shutdown: true";
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let (first, second) = (network.router("nva1"), network.router("nva2"));
    second
        .until("a session", |seen| seen.established == 1)
        .await;
    lines.until("the session is switched off").await;
    assert_eq!(first.seen().established, 0);
    happen(&lab, "{id: e, enable: {peer: nva1}}").await;
    first.until("a session", |seen| seen.established == 1).await;

    network.live[0].3 = "";
    network.live[1].3 = ", shutdown: moving house";
    let reloaded = lab.reload(&network).await;
    assert_eq!((reloaded.kept, reloaded.reset), (2, 0));
    let told = |seen: &Seen| seen.notifications == [(6, 2)];
    let seen = second.until("a NOTIFICATION", told).await;
    assert_eq!(text(&seen), "moving house");
    assert_eq!(first.seen().established, 1);
    network.live[1].3 = "";
    lab.reload(&network).await;
    second
        .until("a session again", |seen| seen.established == 2)
        .await;
    assert_eq!(first.seen().notifications, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soft_clear_tells_all_again_in_either_direction_and_ends_nothing() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    let all = |seen: &Seen| seen.routes.len() == 5;
    let before = router.until("all is told", all).await;
    happen(&lab, "{id: in, soft_clear: {peer: nva1, direction: in}}").await;
    let asked = |seen: &Seen| seen.refreshes == before.refreshes + 2;
    let after = router.until("both families are asked for", asked).await;
    assert_eq!(after.updates, before.updates);
    happen(&lab, "{id: out, soft_clear: {peer: nva1, direction: out}}").await;
    let again = |seen: &Seen| seen.updates > before.updates;
    let after = router.until("all is told again", again).await;
    assert_eq!(after.refreshes, before.refreshes + 2);
    assert_eq!((after.established, after.notifications), (1, vec![]));
}

/// A plain route server whose first peer may have two routes.
fn at_most_two(maximum: &'static str) -> Network {
    let mut network = Network::new();
    network.profile = "open";
    network.live[0].3 = maximum;
    network
}

const THREE: [&str; 3] = ["192.168.1.0/24", "192.168.2.0/24", "192.168.3.0/24"];

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_maximum_a_warning_is_told_once() {
    let network = at_most_two(", maximum_prefix: {limit: 2, action: warn}");
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &THREE);
    lab.learned("nva1", 3).await;
    let line = lines.until("the session goes on").await;
    for part in ["beyond_maximum", r#""action":"warn""#, r#""limit":2"#] {
        assert!(line.contains(part), "{line}");
    }
    assert_eq!(router.seen().notifications, []);
}

/// R-1027.
#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_maximum_prefixes_are_discarded_until_there_is_room_and_they_are_asked_for() {
    let network = at_most_two(", maximum_prefix: {limit: 2, action: discard}");
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &THREE);
    lines.until(r#""action":"discard""#).await;
    lab.learned("nva1", 2).await;
    let shown = peer(&lab, "nva1").await;
    assert_eq!(shown["refused"], 1, "{shown}");
    // What is there may change; what is gone makes room.
    router.announce("10.1.2.101", &THREE[..1]);
    router.withdraw(THREE[1]);
    lab.learned("nva1", 1).await;
    router.announce("10.1.2.101", &THREE[2..]);
    lab.learned("nva1", 2).await;
    let shown = peer(&lab, "nva1").await;
    assert_eq!(shown["refused"], 0, "{shown}");
    assert_eq!(router.seen().notifications, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_maximum_the_session_ends_and_is_back_after_the_time_that_is_said() {
    let maximum = ", maximum_prefix: {limit: 2, action: restart, restart_after: 2}";
    let network = at_most_two(maximum);
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &THREE);
    let told = |seen: &Seen| seen.notifications == [(6, 1)];
    router.until("a NOTIFICATION", told).await;
    let ended = Instant::now();
    router
        .until("a session again", |seen| seen.established == 2)
        .await;
    // It may have been told a little later than it was ended.
    assert!(ended.elapsed() > Duration::from_millis(1500));
    router.announce("10.1.2.101", &THREE[..2]);
    lab.learned("nva1", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_maximum_the_session_stays_down_until_it_is_enabled() {
    let network = at_most_two(", maximum_prefix: {limit: 2, action: shutdown}");
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &THREE);
    lines.until("until it is enabled").await;
    lines.until("the session is switched off").await;
    happen(&lab, "{id: e, enable: {peer: nva1}}").await;
    router
        .until("a session again", |seen| seen.established == 2)
        .await;
    until_peer(&lab, "nva1", "established", |peer| {
        peer["state"] == "Established"
    })
    .await;
}

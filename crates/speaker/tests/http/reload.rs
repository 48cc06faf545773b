//! Another network in place of the present one, while routers are connected.

use routehub::types::Prefix;
use routehub_speaker::{Reloaded, StartError};
use routehub_testkit::kernel::kernel_count;
use routehub_testkit::wait::until;
use serde_json::Value;

use crate::client::look;
use crate::lab::{Lab, Network};

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

/// The session of a live NVA as `/v1/peers` shows it.
async fn session(lab: &Lab, nva: &str) -> Value {
    let peers = look(lab.http, "/v1/peers").await;
    let peers = peers.as_array().expect("a list");
    let found = peers.iter().find(|peer| peer["name"] == nva);
    found.unwrap_or_else(|| panic!("no {nva}: {peers:?}"))["session"].clone()
}

fn uptime(session: &Value) -> f64 {
    session["uptime_seconds"].as_f64().expect("established")
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_go_on_removed_and_changed_are_told_why_and_new_ones_come() {
    let mut network = Network::new();
    network.live.push(("nva3", 103, 65003, ""));
    let lab = Lab::new(&network).await;
    let (first, second, third) = (
        network.router("nva1"),
        network.router("nva2"),
        network.router("nva3"),
    );
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    second.announce("10.1.2.102", &["192.168.2.0/24"]);
    third.announce("10.1.2.103", &["192.168.3.0/24"]);
    // Networks, branches, the model, and the two others.
    let all = |seen: &crate::router::Seen| seen.routes.len() == 7;
    first.until("all is told", all).await;
    second.until("all is told", all).await;
    let before = (session(&lab, "nva1").await, first.seen());

    // The second is gone, the third has another ASN, the fourth is new, the spoke is no spoke.
    let mut other = network.clone();
    other.spoke = false;
    other.live = vec![
        ("nva1", 101, 65001, ""),
        ("nva3", 103, 65033, ""),
        ("nva4", 104, 65004, ""),
    ];
    let reloaded = lab.reload(&other).await;
    let expected = Reloaded {
        kept: 1,
        reset: 1,
        added: 1,
        removed: 1,
    };
    assert_eq!(reloaded, expected);
    second
        .until("it is told that it is gone", |seen| {
            seen.notifications == [(6, 3)]
        })
        .await;
    third
        .until("it is told that it is reset", |seen| {
            seen.notifications.first() == Some(&(6, 6))
        })
        .await;
    drop((second, third));
    let fourth = other.router("nva4");
    let third = other.router("nva3");
    fourth.announce("10.1.2.104", &["192.168.4.0/24"]);
    third.announce("10.1.2.103", &["192.168.3.0/24"]);

    let told = first
        .until("the first hears of the fourth", |seen| {
            seen.routes.contains_key(&prefix("192.168.4.0/24"))
                && seen.routes.contains_key(&prefix("192.168.3.0/24"))
        })
        .await;
    assert_eq!(told.established, 1);
    assert_eq!(told.notifications, []);
    // It was told of what is gone, and of nothing that stays.
    let mut gone = told.withdrawn.clone();
    gone.sort_unstable();
    let expected = ["10.2.0.0/16", "192.168.2.0/24", "192.168.3.0/24"].map(prefix);
    assert_eq!(gone, expected);
    let after = session(&lab, "nva1").await;
    assert!(uptime(&after) >= uptime(&before.0));
    assert_eq!(after["counters"]["established"], 1);
    fourth
        .until("the fourth has the routes of the first", |seen| {
            seen.routes.contains_key(&prefix("192.168.1.0/24"))
        })
        .await;

    // And back: the address of the second is awaited again.
    drop((third, fourth));
    lab.reload(&network).await;
    let second = network.router("nva2");
    second
        .until("it is back", |seen| seen.routes.len() >= 5)
        .await;
    assert_eq!(first.seen().established, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_is_not_noticed_by_anybody() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let (first, second) = (network.router("nva1"), network.router("nva2"));
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    second.announce("10.1.2.102", &["192.168.2.0/24"]);
    first
        .until("all is told", |seen| seen.routes.len() == 6)
        .await;
    second
        .until("all is told", |seen| seen.routes.len() == 6)
        .await;
    let before = [first.seen().updates, second.seen().updates];
    for _ in 0..3 {
        let reloaded = lab.reload(&network).await;
        assert_eq!(
            reloaded,
            Reloaded {
                kept: 2,
                ..Reloaded::default()
            }
        );
    }
    // What comes next is the next thing that is heard.
    first.announce("10.1.2.101", &["192.168.11.0/24"]);
    second
        .until("the next route", |seen| seen.routes.len() == 7)
        .await;
    assert_eq!(
        [first.seen().updates, second.seen().updates],
        [before[0], before[1] + 1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_cannot_be_served_changes_nothing() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    let tables = look(lab.http, "/v1/tables").await;

    let reload = async |change: &dyn Fn(&mut Network)| {
        let mut other = network.clone();
        change(&mut other);
        let scenario = other.scenario();
        let server = &lab.live.server;
        let reloaded = server.reload(&scenario.profile, scenario.estate, &scenario.live);
        reloaded.await
    };
    let timers = reload(&|other| other.live[1].3 = ", bfd: {interval_ms: 0}").await;
    assert!(matches!(timers, Err(StartError::Bfd { .. })));
    let long = concat!(
        ", password: a-key-of-more-than-eighty-octets-which-no-kernel-takes-",
        "because-eighty-octets-are-the-most"
    );
    let password = reload(&|other| other.live[0].3 = long).await;
    assert!(matches!(password, Err(StartError::Password { .. })));
    // Somebody listens already where the second instance would have to.
    let taken = std::net::SocketAddr::new(network.addresses.host(5), crate::lab::PORT);
    let _taken = std::net::TcpListener::bind(taken).expect("an address");
    let both = network.scenario();
    let mut estate = both.estate.into_inner();
    estate.nvas[1].sessions[0].instances = [true, true];
    let estate = estate.checked(&[]).expect("everything fits");
    let server = &lab.live.server;
    let reloaded = server.reload(&both.profile, estate, &both.live).await;
    let Err(StartError::Listen { address, who, .. }) = reloaded else {
        panic!("{reloaded:?}");
    };
    assert_eq!((address, who.as_str()), (taken, "rs 1"));

    assert_eq!(look(lab.http, "/v1/tables").await, tables);
    assert_eq!(lab.live.server.addresses().len(), 1);
    assert_eq!(lab.live.server.neighbors().len(), 2);
    assert_eq!(router.seen().established, 1);
    assert_eq!(router.seen().notifications, []);
    let second = network.router("nva2");
    second
        .until("the second is still awaited", |seen| seen.established == 1)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_comes_and_goes_resets_only_its_own_session() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let (first, second) = (network.router("nva1"), network.router("nva2"));
    first.until("up", |seen| seen.established == 1).await;
    second.until("up", |seen| seen.established == 1).await;

    let mut secret = network.clone();
    secret.live[1].3 = ", password: open sesame";
    let unsigned = kernel_count("TCPMD5NotFound");
    let reloaded = lab.reload(&secret).await;
    assert_eq!((reloaded.kept, reloaded.reset), (1, 1));
    second
        .until("reset", |seen| seen.notifications == [(6, 6)])
        .await;
    // Its unsigned segments come, and are not heard any more.
    let look = || std::future::ready(kernel_count("TCPMD5NotFound"));
    until("the kernel drops segments", look, |now| {
        *now >= unsigned + 2
    })
    .await;
    assert_eq!(second.seen().established, 1);
    lab.reload(&network).await;
    second.until("back", |seen| seen.established == 2).await;
    assert_eq!(first.seen().established, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_with_cease_shutdown_and_the_text() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.until("up", |seen| seen.established == 1).await;
    lab.live.server.stop("back at noon").await;
    let seen = router
        .until("it is told", |seen| seen.notifications == [(6, 2)])
        .await;
    assert_eq!(seen.last_data[8..], *b"\x0cback at noon");
    let scenario = network.scenario();
    let server = &lab.live.server;
    let again = server
        .reload(&scenario.profile, scenario.estate, &scenario.live)
        .await;
    assert!(matches!(again, Err(StartError::Stopped(_))));
}

//! Whom the server does not peer with, and what they are told.

use std::net::Ipv4Addr;

use routehub_session::{DownReason, OpenRejection};
use routehub_speaker::EventKind;

use crate::both_ways::{INSTANCES, NETWORK, NVA, router};
use routehub_testkit::daemons::{Kind, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::kernel::kernel_count;
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::until;

/// An address that nobody is awaited at.
const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 9);

/// Waits until both instances have learned the daemon's route.
async fn learned(lab: &Lab) {
    let look = || lab.learned("sdwan");
    until("both instances learn", look, |rows| rows.len() == 2).await;
}

/// The right NVA with a wrong ASN is told so: OPEN message error, bad peer AS.
async fn wrong_asn(kind: Kind) -> Option<()> {
    let mut lab = Lab::start(&NETWORK.replace("65001", "65009")).await;
    let daemon = kind.start(&router())?;
    let rejected = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::AttemptFailed(DownReason::OpenRejected(OpenRejection::PeerAs { .. }))
        )
    };
    lab.notice("both instances refuse the ASN", 2, rejected)
        .await;
    for instance in INSTANCES {
        let look = || std::future::ready(daemon.notification(instance));
        let words = if kind == Kind::Gobgp { "?" } else { "2/2" };
        let right = |told: &Option<String>| told.as_deref() == Some(words);
        until("the daemon is told", look, right).await;
    }
    assert_eq!(daemon.established(), 0);
    assert!(lab.learned("sdwan").await.is_empty());
    lab.stop().await;
    Some(())
}

/// Somebody unknown gets a connection that is closed, without a word, and is counted.
async fn stranger(kind: Kind) -> Option<()> {
    let lab = Lab::start(NETWORK).await;
    let stranger = Router {
        address: STRANGER,
        ..router()
    };
    let daemon = kind.start(&stranger)?;
    let look = || std::future::ready(lab.server.refused());
    until("strangers are counted", look, |count| *count >= 2).await;
    assert_eq!(daemon.established(), 0);
    assert_eq!(daemon.notification(INSTANCES[0]), None);
    assert!(lab.learned("sdwan").await.is_empty());
    lab.stop().await;
    Some(())
}

/// With a wrong password, or with none, there is not even a connection.
async fn wrong_password(kind: Kind) -> Option<()> {
    let file = NETWORK.replace("live: true", "live: true, password: opensesame");
    let mut lab = Lab::start(&file).await;
    let with = |password| Router {
        password,
        ..router()
    };
    for (password, counter) in [
        (Some("openbarley"), "TcpExtTCPMD5Failure"),
        (None, "TcpExtTCPMD5NotFound"),
    ] {
        let daemon = kind.start(&with(password))?;
        let counter = counter.trim_start_matches("TcpExt");
        let before = kernel_count(counter);
        let look = || std::future::ready(kernel_count(counter));
        until("the kernel drops segments", look, |now| *now >= before + 2).await;
        assert_eq!(daemon.established(), 0);
        let told = |kind: &EventKind| match (kind, password) {
            (EventKind::SignaturesRefused { wrong, .. }, Some(_)) => *wrong > 0,
            (EventKind::SignaturesRefused { missing, .. }, None) => *missing > 0,
            _ => false,
        };
        lab.notice("what the kernel drops is told", 1, told).await;
        drop(daemon);
        let noticed = lab.noticed();
        let of_signatures = |line: &String| line.contains("TCP-MD5 signature");
        assert!(noticed.iter().all(of_signatures), "{noticed:?}");
    }
    let daemon = kind.start(&with(Some("opensesame")))?;
    learned(&lab).await;
    drop(daemon);
    lab.stop().await;
    Some(())
}

fn test(kind: Kind) {
    let addresses = INSTANCES.into_iter().chain([NVA, STRANGER]);
    isolated(addresses, move || async move {
        if wrong_asn(kind).await.is_some() {
            stranger(kind).await;
            wrong_password(kind).await;
        }
    });
}

#[test]
fn bird_with_a_wrong_asn_address_or_password_is_no_peer() {
    test(Kind::Bird);
}

#[test]
fn exabgp_with_a_wrong_asn_address_or_password_is_no_peer() {
    test(Kind::Exabgp);
}

#[test]
fn frr_with_a_wrong_asn_address_or_password_is_no_peer() {
    test(Kind::Frr);
}

#[test]
fn gobgp_with_a_wrong_asn_address_or_password_is_no_peer() {
    test(Kind::Gobgp);
}

#[test]
fn openbgpd_with_a_wrong_asn_address_or_password_is_no_peer() {
    test(Kind::Openbgpd);
}

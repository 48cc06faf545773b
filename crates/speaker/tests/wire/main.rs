//! The catalogue of malformed and odd messages, sent over TCP to a live server: what comes back is
//! what an examination says, and nobody else notices.

mod case;

use std::net::{Ipv4Addr, SocketAddr};

use case::{Case, PEER};
use routehub::RouteOrigin;
use routehub::types::Prefix;
use routehub_scenario::Scenario;
use routehub_testkit::cases::ExaminedState;
use routehub_testkit::examination::Treatment;
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::peer::{self, KEEPALIVE_TYPE, OPEN_TYPE, Peer, announcement};
use routehub_testkit::wait::until;
use routehub_wire::{KEEPALIVE, encode_end_of_rib};

const INSTANCE: Ipv4Addr = Ipv4Addr::new(10, 0, 6, 4);
const WITNESS: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 5);

/// A Route Server with the peer of the catalogue and a witness, which hears the other's routes.
fn network(case: &Case) -> String {
    format!(
        "schema: routehub/1
title: A peer that sends what it should not, and one that does not notice
vnets:
  - {{name: hub, address_space: [10.0.0.0/16]}}
route_servers:
  - {{name: rs, vnet: hub, ips: [10.0.6.4, 10.0.6.5], asn: 65515, branch_to_branch: true}}
nvas:
  - name: tester
    vnet: hub
    ip: 10.0.4.4
    asn: {asn}
    live: true
    sessions: [{{route_server: rs, instances: [0]}}]
  - name: witness
    vnet: hub
    ip: 10.0.4.5
    asn: 65002
    live: true
    sessions: [{{route_server: rs, instances: [0]}}]
",
        asn = case.peer_as()
    )
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

/// How a prefix is told to the witness; none if it is not.
async fn told(lab: &Lab, what: &str) -> Option<RouteOrigin> {
    let what = prefix(what);
    let look = move |engine: &routehub::Engine| {
        engine
            .exchange()
            .rs_advertised("rs", "witness")
            .expect("a name")
    };
    let rows = lab.server.ask(look).await.expect("an answer");
    rows.iter()
        .find(|row| row.prefix == what)
        .map(|row| row.origin)
}

/// A server that a witness peers with.
struct Stage {
    lab: Lab,
    to: SocketAddr,
    witness: Peer,
}

impl Stage {
    async fn set(case: &Case) -> Self {
        let scenario = Scenario::parse(&network(case));
        let mut lab = Lab::serve(scenario.expect("a network")).await;
        let to = SocketAddr::new(INSTANCE.into(), 179);
        let mut witness = Peer::establish(WITNESS, to, 65002).await;
        let route = announcement(WITNESS, 65002, &[prefix("10.77.0.0/16")]);
        witness.send(&route).await.expect("a connection");
        let look = || lab.learned("witness");
        until("the witness's route", look, |rows| rows.len() == 1).await;
        lab.noticed();
        Self { lab, to, witness }
    }

    /// The peer, brought to the state of the case.
    async fn tester(&self, case: &Case) -> Peer {
        let mut peer = Peer::connect(PEER, self.to).await.expect("a connection");
        let mut bytes = Vec::new();
        let examination = case.examination(&self.lab.server);
        if case.state != ExaminedState::OpenSent {
            examination.peer.encode(&mut bytes).expect("an OPEN");
        }
        if case.state == ExaminedState::Established {
            bytes.extend(KEEPALIVE);
            bytes.extend(case.baseline());
            encode_end_of_rib(routehub::types::Family::Ipv4, &mut bytes);
        }
        peer.send(&bytes).await.expect("a connection");
        let first = peer.next().await.expect("an OPEN");
        assert_eq!(first[18], OPEN_TYPE);
        if case.state != ExaminedState::OpenSent {
            let second = peer.next().await.expect("a KEEPALIVE");
            assert_eq!(second[18], KEEPALIVE_TYPE);
        }
        if case.state == ExaminedState::Established {
            let look = || self.lab.learned("tester");
            until("the baseline", look, |rows| rows.len() == 2).await;
        }
        peer
    }

    /// Nothing has happened to the witness: it is up, its route is there, and it hears.
    async fn nobody_noticed(mut self, id: &str) {
        assert_eq!(self.lab.learned("witness").await.len(), 1, "{id}");
        let notices = self.lab.noticed();
        let of_witness =
            |notice: &&String| notice.starts_with("witness") && !notice.contains("learned");
        assert_eq!(notices.iter().find(of_witness), None, "{id}");
        let refresh = [&[0xff; 16][..], &[0, 23, 5, 0, 1, 0, 1]].concat();
        self.witness.send(&refresh).await.expect("a connection");
        self.witness.send(&KEEPALIVE).await.expect("a connection");
        // Its networks are told again: at least the hub.
        while let Some(message) = self.witness.next().await {
            if !peer::announced(&message).is_empty() {
                break;
            }
        }
        let mut witness = self.witness;
        // It closes as soon as the server has.
        let end = async move { witness.last_words().await };
        let (last, ()) = tokio::join!(end, self.lab.stop());
        assert!(last.is_some(), "{id}: a Cease");
    }
}

/// What is told of the prefix that most messages are about, and what should be.
async fn routes_are_as_treated(case: &Case, treatment: &Treatment, lab: &Lab) -> Option<String> {
    let seen = told(lab, "198.51.100.0/24").await;
    let expected = match treatment {
        // The witness is not told of a route that nobody is to be told of.
        _ if case.id == "community-no-advertise" => None,
        Treatment::TreatAsWithdraw | Treatment::IgnoreRoute(_) => None,
        Treatment::IgnoreMessage => Some(RouteOrigin::Incomplete),
        _ => Some(RouteOrigin::Igp),
    };
    let other = told(lab, "203.0.113.0/24").await;
    let other_stays = !case.names("203.0.113.0/24") && other != Some(RouteOrigin::Incomplete);
    if case.announces("198.51.100.0/24") && seen != expected || other_stays {
        return Some(format!("{treatment:?} leaves {seen:?} and {other:?}"));
    }
    None
}

/// Sends the message of a case; says what is wrong with what came of it.
async fn send(case: &Case) -> Option<String> {
    let stage = Stage::set(case).await;
    let examination = case.examination(&stage.lab.server);
    let treatment = examination.examine(&case.message).expect("an outcome");
    let mut peer = stage.tester(case).await;
    // The server may have closed before it has read all.
    let _ = peer.send(&case.message).await;
    let wrong = match &treatment {
        Treatment::Notification(expected) => {
            let mut bytes = Vec::new();
            expected.encode(&mut bytes);
            let seen = peer.last_words().await;
            (seen.as_ref() != Some(&bytes)).then(|| format!("{seen:02x?}, not {bytes:02x?}"))
        }
        Treatment::Close => {
            let seen = peer.last_words().await;
            seen.map(|seen| format!("{seen:02x?}, not a silent end"))
        }
        _ if case.state == ExaminedState::OpenSent => {
            let next = peer.next().await;
            let kept = next.as_ref().and_then(|message| message.get(18)) == Some(&KEEPALIVE_TYPE);
            (!kept).then(|| format!("{next:02x?}, not a KEEPALIVE"))
        }
        _ => {
            peer.send(&case.barrier()).await.expect("a connection");
            let look = || told(&stage.lab, "192.0.2.0/24");
            until(&case.id, look, Option::is_some).await;
            routes_are_as_treated(case, &treatment, &stage.lab).await
        }
    };
    drop(peer);
    stage.nobody_noticed(&case.id).await;
    wrong.map(|wrong| format!("{}: {wrong}", case.id))
}

#[test]
fn every_message_of_the_catalogue_has_live_the_outcome_of_its_examination() {
    isolated([INSTANCE, PEER, WITNESS], || async {
        let mut wrong = Vec::new();
        let cases = case::external();
        for case in &cases {
            wrong.extend(send(case).await);
        }
        assert!(
            wrong.is_empty(),
            "{} wrong:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert_eq!(cases.len(), 156);
    });
}

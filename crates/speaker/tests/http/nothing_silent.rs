//! What the server takes away, refuses or ends is told: as an event, in the peer's report, in tables
//! and metrics.

use routehub::types::{AsPath, Asn, Attrs, Community};
use routehub_wire::{Context, Notification, Packer};
use serde_json::{Value, json};

use crate::client::{Lines, get, look};
use crate::lab::{Lab, Network};

/// The first event of a kind.
async fn event(lines: &mut Lines, kind: &str) -> Value {
    let start = format!("\"event\":\"{kind}\"");
    loop {
        let line = lines.until("\n").await;
        if line.contains(&start) {
            return serde_json::from_str(line.trim()).expect("JSON");
        }
    }
}

/// An UPDATE of nva1 with so many communities.
fn update(prefix: &str, communities: u32) -> Vec<u8> {
    let next_hop: std::net::IpAddr = "10.1.2.101".parse().expect("an address");
    let mut attrs = Attrs::new(AsPath::sequence([Asn(65001)]), next_hop);
    attrs.communities = (0..communities).map(Community).collect();
    let route = prefix.parse::<routehub::types::Prefix>().expect("a prefix");
    let mut octets = Vec::new();
    let packed = Packer::new(&Context::default()).announce(&attrs, &[route.into()], &mut octets);
    packed.expect("an UPDATE");
    octets
}

/// An UPDATE of nva1 whose ORIGIN has no meaning.
fn malformed(prefix: &str) -> Vec<u8> {
    let mut octets = update(prefix, 0);
    octets[26] = 9;
    octets
}

/// The value of a metric of a peer.
async fn metric(lab: &Lab, name: &str, peer: &str) -> Option<f64> {
    let metrics = get(lab.http, "/metrics").await.body;
    let start = format!("routehub_bgp_peer_{name}{{peer=\"{peer}\"");
    let line = metrics.lines().find(|line| line.starts_with(&start));
    line?.rsplit(' ').next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_fits_no_message_is_withdrawn_and_told() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let (first, second) = (network.router("nva1"), network.router("nva2"));
    let route = "192.168.1.0/24".parse().expect("a prefix");
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    second
        .until("it is told", |seen| seen.routes.contains_key(&route))
        .await;
    let mut events = Lines::open(lab.http, "/v1/events", "*/*").await;
    first.send(update("192.168.1.0/24", 1010));
    let told = event(&mut events, "unsendable").await;
    assert_eq!(
        (&told["name"], &told["prefixes"]),
        (&json!("nva2"), &json!(["192.168.1.0/24"]))
    );
    second
        .until("it is gone", |seen| !seen.routes.contains_key(&route))
        .await;
    let peers = look(lab.http, "/v1/peers").await;
    assert_eq!(
        (&peers[0]["unsendable"], &peers[1]["unsendable"]),
        (&json!(0), &json!(1))
    );
    let unsendable = metric(&lab, "prefixes_unsendable_count", "10.1.2.102").await;
    assert_eq!(unsendable, Some(1.0));
    let path = "/v1/route-servers/rs/peerings/nva2/advertised-routes";
    let table = get(lab.http, path).await.body;
    assert!(!table.contains("192.168.1.0/24"), "{table}");
    let explained = look(lab.http, "/v1/explain?name=nva2&destination=192.168.1.0/24").await;
    let text = explained["text"].as_str().expect("a text");
    assert!(
        text.contains("no message that the neighbour takes has room"),
        "{text}"
    );
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    second
        .until("it fits again", |seen| seen.routes.contains_key(&route))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rfc_7606_takes_away_is_an_event_a_row_and_a_number() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    let mut events = Lines::open(lab.http, "/v1/events", "*/*").await;
    router.send(malformed("192.168.1.0/24"));
    let told = event(&mut events, "malformed").await;
    assert_eq!(told["peer"], "10.1.2.101");
    assert_eq!(told["action"], "treat_as_withdraw");
    assert_eq!(told["prefixes"], json!(["192.168.1.0/24"]));
    let fault = &told["faults"][0];
    assert_eq!(
        (&fault["attribute"], &fault["offset"]),
        (&json!(1), &json!(23))
    );
    assert_eq!(
        (&fault["name"], &fault["octets"]),
        (&json!("ORIGIN"), &json!("40010109"))
    );
    let message = told["message"].as_str().expect("octets");
    assert!(
        message.starts_with("ffffffff") && message.ends_with("18c0a801"),
        "{message}"
    );
    lab.learned("nva1", 0).await;
    let path = "/v1/route-servers/rs/peerings/nva1/refused-routes";
    let rows = look(lab.http, path).await;
    assert_eq!(rows[0]["prefix"], "192.168.1.0/24");
    assert_eq!(
        (&rows[0]["as_path"], &rows[0]["rule"]),
        (&json!("65001"), &json!("R-1023"))
    );
    assert!(
        rows[0]["reason"]
            .as_str()
            .expect("a reason")
            .contains("malformed")
    );
    let peers = look(lab.http, "/v1/peers").await;
    assert_eq!(
        (&peers[0]["learned"], &peers[0]["refused"]),
        (&json!(0), &json!(1))
    );
    let counted = metric(&lab, "updates_treated_as_withdraw_total", "10.1.2.101").await;
    assert_eq!(counted, Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_has_capabilities_and_the_last_notification_both_ways() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.until("up", |seen| seen.established == 1).await;
    lab.learned("nva1", 0).await;
    let peers = look(lab.http, "/v1/peers").await;
    let session = &peers[0]["session"];
    let capabilities = &session["capabilities"];
    let with_code = |side: &str, code: u32| {
        let all = capabilities[side].as_array().expect("a list").clone();
        all.into_iter().find(|one| one["code"] == code)
    };
    let four_octet = json!({"code": 65, "name": "four_octet_as", "value": 65515});
    assert_eq!(with_code("offered", 65), Some(four_octet));
    let four_octet = json!({"code": 65, "name": "four_octet_as", "value": 65001});
    assert_eq!(with_code("received", 65), Some(four_octet));
    let refresh = json!({"code": 2, "name": "route_refresh"});
    assert_eq!(with_code("received", 2), Some(refresh));
    let agreed = &capabilities["agreed"];
    assert_eq!(agreed["families"], json!(["ipv4", "ipv6"]));
    assert_eq!(
        (&agreed["four_octet_as"], &agreed["route_refresh"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(session["last_notification_received"], Value::Null);

    let mut events = Lines::open(lab.http, "/v1/events", "*/*").await;
    let mut octets = Vec::new();
    let why = Notification::ADMINISTRATIVE_SHUTDOWN.with_text("moving \u{1b}[2J");
    why.encode(&mut octets);
    router.send(octets);
    let told = event(&mut events, "down").await;
    let received = &told["notification_received"];
    assert_eq!(
        (&received["code"], &received["subcode"]),
        (&json!(6), &json!(2))
    );
    assert!(
        !told["text"].as_str().expect("text").contains('\u{1b}'),
        "{told}"
    );
    let peers = look(lab.http, "/v1/peers").await;
    let received = &peers[0]["session"]["last_notification_received"];
    assert_eq!(received["name"], "Cease, Administrative Shutdown");
    assert_eq!(received["text"], "moving \u{1b}[2J");
    assert_eq!(received["data_hex"], "0b6d6f76696e67201b5b324a");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_held_back_is_told_of_with_the_time_and_so_is_what_is_refused() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.until("up", |seen| seen.established == 1).await;
    let mut events = Lines::open(lab.http, "/v1/events", "*/*").await;
    router.send(vec![0; 19]);
    let told = event(&mut events, "held_back").await;
    let seconds = told["seconds"].as_f64().expect("a time");
    assert!((0.5..=1.0).contains(&seconds), "{told}");
    // It connects again every 200 ms.
    let told = event(&mut events, "refused").await;
    assert_eq!(
        (&told["name"], &told["remote"]),
        (&json!("nva1"), &json!(network.addresses.host(101)))
    );
    assert!(
        told["why"].as_str().expect("why").contains("held back"),
        "{told}"
    );
    router.until("back", |seen| seen.established == 2).await;
    let peers = look(lab.http, "/v1/peers").await;
    let sent = &peers[0]["session"]["last_notification_sent"];
    assert_eq!((&sent["code"], &sent["subcode"]), (&json!(1), &json!(1)));
    assert!(
        peers[0]["session"]["counters"]["refused"]
            .as_u64()
            .expect("a count")
            >= 1
    );
}

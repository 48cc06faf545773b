//! Events that are posted, who may post them, and the streams that tell of what happens.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::client::{Lines, look, post};
use crate::lab::{Lab, Network};

const OFF: &str = "{id: off, set_branch_to_branch: {route_server: rs, value: false}}";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_happens_and_routers_and_streams_hear_of_it() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    let branch = "10.200.0.0/16".parse().expect("a prefix");
    router
        .until("the branch is told", |seen| {
            seen.routes.contains_key(&branch)
        })
        .await;
    let mut events = Lines::open(lab.http, "/v1/events", "text/event-stream").await;
    let mut changes = Lines::open(lab.http, "/v1/changes", "*/*").await;

    let answer = post(lab.http, "", OFF).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json(), json!({"applied": ["off"]}));
    router
        .until("the branch is gone", |seen| {
            !seen.routes.contains_key(&branch)
        })
        .await;
    let told = events.until("\n\n").await;
    let told = told[told.find("data: ").expect("data") + 6..].trim_end();
    let told: Value = serde_json::from_str(told).expect("JSON");
    assert_eq!(told["event"], "happened");
    assert_eq!(told["text"], "event off happened");

    router.announce("10.1.2.101", &["192.168.1.0/24"]);
    let line = changes
        .until("192.168.1.0/24\",\"next_hops\":[\"10.1.2.101\"]}")
        .await;
    assert!(line.contains(r#""op":"replace""#), "{line}");
    let told = events.until("routes learned").await;
    assert!(
        told.contains(r#""event":"learned","peer":"10.1.2.101","name":"nva1""#),
        "{told}"
    );
    drop(router);
    changes
        .until(r#"{"op":"withdraw","vnet":"hub","prefix":"192.168.1.0/24"}"#)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_switches_sessions_of_real_routers_off_and_on() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let (first, second) = (network.router("nva1"), network.router("nva2"));
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    second.until("up", |seen| seen.established == 1).await;
    lab.learned("nva1", 1).await;

    for (round, [off, on]) in [
        [
            "{id: off, nva_down: {nva: nva1}}",
            "{id: on, nva_up: {nva: nva1}}",
        ],
        [
            "{id: off, instance_down: {route_server: rs, instance: 0}}",
            "{id: on, instance_up: {route_server: rs, instance: 0}}",
        ],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(post(lab.http, "", off).await.status, 200);
        let seen = first
            .until("it is told", |seen| seen.notifications.len() == round + 1)
            .await;
        assert_eq!(seen.notifications.last(), Some(&(6, 2)));
        assert_eq!(seen.last_data[9..], *b"switched off by an event");
        lab.learned("nva1", 0).await;
        let peers = look(lab.http, "/v1/peers").await;
        assert_eq!(peers[0]["state"], "Idle");
        assert_eq!(peers[0]["resets"], json!(round + 1), "R-182");
        assert_eq!(post(lab.http, "", on).await.status, 200);
        first
            .until("it is back", |seen| seen.established == round + 2)
            .await;
        first.announce("10.1.2.101", &["192.168.1.0/24"]);
        lab.learned("nva1", 1).await;
    }
    let seen = second
        .until("the second is back", |seen| seen.established == 2)
        .await;
    assert_eq!(seen.notifications, [(6, 2)]);

    // A reload forgets what was switched off.
    let off = "{id: off, nva_down: {nva: nva1}}";
    assert_eq!(post(lab.http, "", off).await.status, 200);
    first
        .until("it is told", |seen| seen.notifications.len() == 3)
        .await;
    assert_eq!(lab.reload(&network).await.kept, 2);
    first
        .until("it is back", |seen| seen.established == 4)
        .await;
    assert_eq!(second.seen().established, 2);
}

/// Off and on at once: the session ends all the same, since its routes are forgotten, and ends once.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_off_for_a_moment_ends_once_and_its_routes_come_again() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let first = network.router("nva1");
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    let both = "[{id: off, nva_down: {nva: nva1}}, {id: on, nva_up: {nva: nva1}}]";
    for round in 1..=5 {
        assert_eq!(post(lab.http, "", both).await.status, 200);
        let seen = first
            .until("it is back", |seen| seen.established == round + 1)
            .await;
        assert_eq!(seen.notifications.len(), round);
        first.announce("10.1.2.101", &["192.168.1.0/24"]);
        lab.learned("nva1", 1).await;
        let peers = look(lab.http, "/v1/peers").await;
        assert_eq!(peers[0]["resets"], json!(round), "R-182");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_events_happen_in_order_and_none_if_one_is_wrong() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let both = "[{id: one, nva_down: {nva: model}},
                 {\"id\": \"two\", \"withdraw\": {\"nva\": \"model\", \"prefix\": \"192.168.8.0/24\"}}]";
    let answer = post(lab.http, "\r\nContent-Type: application/yaml", both).await;
    assert_eq!(answer.json(), json!({"applied": ["one", "two"]}));
    let peers = look(lab.http, "/v1/peers").await;
    assert_eq!(peers[2]["state"], "Idle");

    let one_wrong = "- {id: up, nva_up: {nva: model}}\n- {id: x, nva_down: {nva: modle}}\n";
    let answer = post(lab.http, "", one_wrong).await;
    assert_eq!(answer.status, 400);
    let told = answer.json();
    assert_eq!(
        told["error"],
        "2:27: event `x`: there is no NVA `modle`; did you mean `model`?"
    );
    let peers = look(lab.http, "/v1/peers").await;
    assert_eq!(peers[2]["state"], "Idle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_event_is_told_as_in_a_file() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    for (body, message) in [
        ("", "an event or a list of events is expected"),
        ("{id: x", "cannot be read as YAML"),
        ("{id: x, set_branch_to_brunch: {}}", "set_branch_to_branch"),
        ("{id: x}", "x"),
        (
            "{set_branch_to_branch: {route_server: rs, value: true}}",
            "id",
        ),
        (
            "{id: x, set_branch_to_branch: {route_server: rs, value: 3}}",
            "true or false",
        ),
        (
            "{id: x, advertise: {nva: model, routes: [{prefix: 10.9.0.1/16}]}}",
            "10.9.0.0/16",
        ),
        (
            "{id: x, advertise: {nva: model, routes: [\
             {prefixes_from: {base: 20.0.0.0/32, count: 600000}}, \
             {prefixes_from: {base: 30.0.0.0/32, count: 600000}}]}}",
            "more than 200000 prefixes at once",
        ),
    ] {
        let answer = post(lab.http, "", body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        let told = answer.json();
        let first = told["diagnostics"][0].clone();
        assert!(first["line"].is_u64() && first["column"].is_u64(), "{told}");
        let all = told.to_string();
        assert!(all.contains(message), "{body}: {all}");
    }
    let answer = post(lab.http, "", &" ".repeat((1 << 20) + 1)).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    answer.error();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_only_who_knows_it_lets_events_happen() {
    let network = Network::new();
    let http = SocketAddr::new(network.addresses.host(80), 0);
    let lab = Lab::with(&network, http, Some("open-sesame")).await;
    for (headers, error) in [
        ("", "events need a token: send `Authorization: Bearer`"),
        (
            "\r\nAuthorization: Basic b3Blbi1zZXNhbWU=",
            "is `Bearer` and the token",
        ),
        ("\r\nAuthorization: Bearer", "is `Bearer` and the token"),
        (
            "\r\nAuthorization: Bearer open-sesam",
            "this is not the token",
        ),
        (
            "\r\nAuthorization: Bearer open-sesame2",
            "this is not the token",
        ),
    ] {
        let answer = post(lab.http, headers, OFF).await;
        assert_eq!(answer.status, 401, "{headers}: {answer:?}");
        assert!(
            answer.head.contains("www-authenticate: bearer"),
            "{answer:?}"
        );
        assert!(answer.error().contains(error), "{answer:?}");
    }
    let answer = post(lab.http, "\r\nAuthorization: bearer open-sesame", OFF).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // Looking needs none.
    look(lab.http, "/v1/peers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_loopback_there_has_to_be_a_token_and_web_pages_never_may() {
    let network = Network::new();
    let lab = Lab::with(&network, ([0, 0, 0, 0], 0).into(), None).await;
    let at = SocketAddr::new(network.addresses.host(81), lab.http.port());
    let answer = post(at, "", OFF).await;
    assert_eq!(answer.status, 403);
    assert!(answer.error().contains("start it with a token file"));
    look(at, "/healthz").await;

    let network = Network::new();
    let lab = Lab::new(&network).await;
    let answer = post(lab.http, "\r\nOrigin: http://evil.example", OFF).await;
    assert_eq!(answer.status, 403);
    assert!(answer.error().contains("web pages"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_gives_an_object_no_more_routes_than_are_of_use() {
    let lab = Lab::new(&Network::new()).await;
    let run = |count| format!("{{prefixes_from: {{base: 20.0.0.0/32, count: {count}}}}}");
    let advertise = |count| {
        format!(
            "{{id: x, advertise: {{nva: model, routes: [{}]}}}}",
            run(count)
        )
    };
    let answer = post(lab.http, "", &advertise(1_000_000)).await;
    assert_eq!(answer.status, 400);
    for (event, told) in [
        (
            format!(
                "{{id: x, advertise: {{nva: model, routes: [{}]}}}}",
                run(150_000)
            ),
            "150000 routes of model: events may give it at most 10000, as it may hold 4000 (R-004)",
        ),
        (
            format!(
                "{{id: x, set: {{site: branch, routes: [{}]}}}}",
                run(150_000)
            ),
            "150001 routes of branch: events may give it at most 10000, as it may hold 4000 (R-014)",
        ),
    ] {
        let answer = post(lab.http, "", &event).await;
        assert_eq!(answer.status, 409, "{answer:?}");
        assert!(answer.error().contains(told), "{answer:?}");
    }
    let many = format!(
        "{{id: many, advertise: {{nva: model, routes: [{}]}}}}",
        run(4000)
    );
    assert_eq!(post(lab.http, "", &many).await.status, 200);
    let more = many
        .replace("20.0.0.0/32", "30.0.0.0/32")
        .replace("4000", "8000");
    let answer = post(lab.http, "", &more).await;
    assert_eq!(answer.status, 409, "{answer:?}");
    assert!(
        answer.error().contains("12000 routes of model"),
        "{answer:?}"
    );
    look(lab.http, "/healthz").await;
}

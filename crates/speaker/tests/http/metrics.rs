//! Metrics: they can be read by a parser, and say what the tables say.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use routehub_testkit::wait::until;
use serde_json::Value;

use crate::client::{get, look, post};
use crate::lab::{Lab, Network, PORT};
use crate::router::Router;

/// A sample: its name, its labels, its value.
type Samples = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// Reads OpenMetrics text; whatever is not of its form is an error.
fn parse(text: &str) -> Samples {
    let mut samples = Samples::new();
    let mut kinds = BTreeMap::new();
    let samples_of = |run: &[&str]| !run[0].starts_with('#');
    let all: Vec<&str> = text.lines().collect();
    for run in all.chunk_by(|line, next| line.starts_with('#') == next.starts_with('#')) {
        assert!(!samples_of(run) || run.is_sorted(), "in no order: {run:?}");
    }
    let (last, lines) = {
        let mut lines: Vec<&str> = text.lines().collect();
        (lines.pop(), lines)
    };
    assert_eq!(last, Some("# EOF"));
    for line in lines {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name) = (words.next(), words.next());
            match what.expect("a word") {
                "TYPE" => {
                    let kind = words.next().expect("a type");
                    let before = kinds.insert(name.expect("a name").to_owned(), kind.to_owned());
                    assert_eq!(before, None, "{line}: twice");
                }
                "HELP" | "UNIT" => {}
                _ => panic!("{line}"),
            }
            continue;
        }
        let (labelled, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = match labelled.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').expect("an end")),
            None => (labelled, ""),
        };
        let family = name.strip_suffix("_total").unwrap_or(name);
        assert!(kinds.contains_key(family), "{line}: no type");
        assert_eq!(kinds[family] == "counter", family != name, "{line}");
        let labels = labels.split("\",").filter(|label| !label.is_empty());
        let labels: BTreeMap<String, String> = labels
            .map(|label| {
                let (key, value) = label.split_once("=\"").expect("a label");
                (key.to_owned(), value.trim_end_matches('"').to_owned())
            })
            .collect();
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        let before = samples.insert((name.to_owned(), labels), value);
        assert_eq!(before, None, "{line}: twice");
    }
    samples
}

/// The value of the one sample of this name whose labels hold these.
fn value(samples: &Samples, name: &str, wanted: &[(&str, &str)]) -> f64 {
    let fits = |labels: &BTreeMap<String, String>| {
        let mut wanted = wanted.iter();
        wanted.all(|(key, value)| labels.get(*key).is_some_and(|known| known == value))
    };
    let found: Vec<_> = samples
        .iter()
        .filter(|((known, labels), _)| known == name && fits(labels))
        .collect();
    assert_eq!(found.len(), 1, "{name} {wanted:?}: {found:?}");
    *found[0].1
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_say_what_the_tables_say() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.announce(
        "10.1.2.101",
        &["0.0.0.0/0", "192.168.1.0/24", "10.1.9.0/24", "10.2.0.0/17"],
    );
    lab.learned("nva1", 2).await;
    router
        .until("all is told", |seen| seen.routes.len() == 5)
        .await;

    let answer = get(lab.http, "/metrics").await;
    assert!(
        answer.head.contains("application/openmetrics-text"),
        "{answer:?}"
    );
    let samples = parse(&answer.body);
    let tables = look(lab.http, "/v1/tables").await;
    let rows = |table: &str, nva: &str, instance: u64| {
        let rows = tables[table]["rs"][nva].as_array().expect("rows").iter();
        rows.filter(|row| row["instance"] == instance).count() as f64
    };
    for (nva, address, instance) in [
        ("nva1", "10.1.2.101", 0),
        ("nva2", "10.1.2.102", 0),
        ("model", "10.1.3.4", 0),
        ("model", "10.1.3.4", 1),
    ] {
        let role = format!("RouteServiceRole_IN_{instance}");
        let azure = [
            ("peer", address),
            ("bgppeerip", address),
            ("bgppeertype", "EBgp"),
            ("routeserviceinstance", role.as_str()),
            ("route_server", "rs"),
        ];
        let up = f64::from(u8::from(nva != "nva2"));
        let of = |name: &str| value(&samples, &format!("routehub_{name}"), &azure);
        let (learned, advertised) = (
            rows("rs_learned", nva, instance),
            rows("rs_advertised", nva, instance),
        );
        assert_eq!(of("bgp_peer_status"), up, "{nva}");
        assert_eq!(of("count_of_routes_learned_from_peer"), learned, "{nva}");
        assert_eq!(
            of("count_of_routes_advertised_to_peer"),
            advertised,
            "{nva}"
        );
        let instance = instance.to_string();
        let labels = [
            ("peer", address),
            ("name", nva),
            ("local", "rs"),
            ("instance", instance.as_str()),
        ];
        let of = |name: &str| value(&samples, &format!("routehub_bgp_peer_{name}"), &labels);
        assert_eq!(of("state"), up);
        assert_eq!(of("prefixes_received_count"), learned);
        assert_eq!(of("prefixes_advertised_count"), advertised);
        assert_eq!(of("routes_limit"), 4000.0);
        assert_eq!(of("routes_headroom"), 4000.0 - learned);
    }
    let peer = ("peer", "10.1.2.101");
    assert_eq!(
        value(
            &samples,
            "routehub_bgp_peer_prefixes_refused_count",
            &[peer]
        ),
        2.0
    );
    assert!(value(&samples, "routehub_bgp_peer_uptime_seconds", &[peer]) > 0.0);
    assert_eq!(
        value(&samples, "routehub_bgp_peer_established_total", &[peer]),
        1.0
    );
    let received = "routehub_bgp_peer_messages_received_total";
    assert_eq!(value(&samples, received, &[peer, ("type", "update")]), 1.0);
    assert_eq!(value(&samples, received, &[peer, ("type", "open")]), 1.0);
    let sent = "routehub_bgp_peer_messages_sent_total";
    assert!(value(&samples, sent, &[peer, ("type", "update")]) >= 2.0);
    assert_eq!(
        value(&samples, "routehub_connections_refused_total", &[]),
        0.0
    );

    let rs = ("route_server", "rs");
    assert_eq!(
        value(&samples, "routehub_route_server_peers_headroom", &[rs]),
        5.0
    );
    let held = value(
        &samples,
        "routehub_route_server_prefixes_headroom",
        &[rs, ("instance", "0")],
    );
    assert_eq!(held, 10_000.0 - 7.0);
    assert_eq!(
        value(&samples, "routehub_routing_infrastructure_units", &[rs]),
        2.0
    );
    assert_eq!(
        value(&samples, "routehub_spoke_vm_utilization", &[rs]),
        0.025
    );
    let to_circuit = tables["gateway_advertised"]["ergw"]["er"].as_array();
    // Each instance of the gateway sends all.
    let to_circuit = to_circuit.expect("rows").len() as f64 / 2.0;
    let labels = [("gateway", "ergw"), ("circuit", "er")];
    let room = value(&samples, "routehub_circuit_routes_headroom", &labels);
    assert_eq!(room, 1000.0 - to_circuit);
    assert!(value(&samples, "process_resident_memory_bytes", &[]) > 1e6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_route_server_has_no_limits_and_tells_of_none() {
    let network = Network {
        profile: "open",
        ..Network::new()
    };
    let lab = Lab::new(&network).await;
    let off = "{id: down, instance_down: {route_server: rs, instance: 1}}";
    assert_eq!(post(lab.http, "", off).await.status, 200);
    let samples = parse(&get(lab.http, "/metrics").await.body);
    let limits = samples
        .keys()
        .filter(|(name, _)| name.ends_with("_limit") || name.ends_with("_headroom"));
    assert_eq!(limits.count(), 0);
    let of = |instance: &str| {
        let labels = [("name", "model"), ("instance", instance)];
        value(&samples, "routehub_bgp_peer_state", &labels)
    };
    assert_eq!((of("0"), of("1")), (1.0, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_branch_is_a_peer_of_each_instance_of_its_gateway() {
    let mut network = Network::new();
    network.live_branch = true;
    let lab = Lab::new(&network).await;
    let addresses = network.addresses;
    let connect = |instance: u8| {
        let to = SocketAddr::new(addresses.host(6 + instance), PORT);
        Router::start(addresses.host(120), 65101, to)
    };
    let routers = [connect(0), connect(1)];
    for router in &routers {
        router.announce("172.31.0.1", &["10.200.0.0/16", "10.201.0.0/16"]);
    }
    let peers = || async {
        let peers = look(lab.http, "/v1/peers").await;
        let peers = peers.as_array().expect("a list").iter();
        let peers = peers.filter(|peer| peer["name"] == "branch");
        let fields = ["local", "instance", "local_address", "learned", "state"];
        let shown = |peer: &Value| fields.map(|field| peer[field].to_string());
        peers.map(shown).collect::<Vec<_>>()
    };
    let peer = |instance: u8| {
        let address = format!("\"10.1.7.{}\"", 4 + instance);
        let instance = instance.to_string();
        ["\"vpngw\"", &instance, &address, "2", "\"Established\""].map(str::to_owned)
    };
    let both = [peer(0), peer(1)];
    until("a peer of each instance", peers, |seen| *seen == both).await;
    let samples = parse(&get(lab.http, "/metrics").await.body);
    for instance in ["0", "1"] {
        let labels = [
            ("name", "branch"),
            ("local", "vpngw"),
            ("instance", instance),
        ];
        assert_eq!(value(&samples, "routehub_bgp_peer_state", &labels), 1.0);
        assert_eq!(
            value(
                &samples,
                "routehub_bgp_peer_prefixes_received_count",
                &labels
            ),
            2.0
        );
    }
    // Those of Route Servers alone have Azure's names.
    let mut azure = samples
        .keys()
        .filter(|(name, _)| name == "routehub_bgp_peer_status");
    assert!(azure.all(|(_, labels)| labels["route_server"] == "rs"));
    let reloaded = lab.reload(&network).await;
    assert_eq!((reloaded.kept, reloaded.removed, reloaded.added), (4, 0, 0));
    until("both go on", peers, |seen| *seen == both).await;
}

//! Tables in the shapes of Azure's commands, and questions.

use serde_json::{Value, json};

use crate::client::{get, look};
use crate::lab::{Lab, Network};

/// A network in which nva1 is there and has announced.
async fn settled() -> (Network, Lab, crate::router::Router) {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.announce("10.1.2.101", &["0.0.0.0/0", "192.168.1.0/24"]);
    lab.learned("nva1", 2).await;
    (network, lab, router)
}

fn of<'a>(rows: &'a Value, network: &str) -> &'a Value {
    let rows = rows.as_array().expect("rows").iter();
    let mut found = rows.filter(|row| row["network"] == network);
    let row = found.next().unwrap_or_else(|| panic!("no {network}"));
    assert!(found.next().is_none(), "{network} twice");
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_servers_tables_have_the_shapes_of_the_command_line() {
    let (_network, lab, _router) = settled().await;
    let path = "/v1/route-servers/rs/peerings/nva1";
    let learned = look(lab.http, &format!("{path}/learned-routes")).await;
    let row = |network: &str| {
        json!({
            "asPath": "65001", "localAddress": "10.1.255.4", "network": network,
            "nextHop": "10.1.2.101", "origin": "EBgp", "sourcePeer": "10.1.2.101", "weight": 32768
        })
    };
    let expected = json!({
        "RouteServiceRole_IN_0": [row("0.0.0.0/0"), row("192.168.1.0/24")],
        "RouteServiceRole_IN_1": []
    });
    assert_eq!(learned, expected);

    let model = look(
        lab.http,
        "/v1/route-servers/rs/peerings/model/learned-routes",
    )
    .await;
    let second = &model["RouteServiceRole_IN_1"];
    assert_eq!(of(second, "192.168.9.0/24")["localAddress"], "10.1.255.5");

    let advertised = look(lab.http, &format!("{path}/advertised-routes")).await;
    let rows = &advertised["RouteServiceRole_IN_0"];
    let row = |network: &str, path: &str| {
        json!({
            "asPath": path, "localAddress": "10.1.255.4", "network": network,
            "nextHop": "10.1.255.4", "origin": "Igp", "weight": 0
        })
    };
    for (network, path) in [
        ("10.1.0.0/16", "65515"),
        ("10.2.0.0/16", "65515"),
        ("192.168.9.0/24", "65515-65009"),
        ("10.200.0.0/16", "65515-65101"),
        ("10.210.0.0/16", "65515-12076-65020"),
    ] {
        assert_eq!(*of(rows, network), row(network, path));
    }
    assert_eq!(advertised["RouteServiceRole_IN_1"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_circuits_and_nics_have_the_shapes_of_the_command_line() {
    let (_network, lab, _router) = settled().await;
    let learned = look(lab.http, "/v1/gateways/vpngw/learned-routes").await;
    let rows = learned["value"].as_array().expect("rows");
    // The other instance has it too.
    let of_site = |row: &&Value| row["network"] == "10.200.0.0/16" && row["origin"] == "EBgp";
    let site = rows.iter().find(of_site);
    assert_eq!(
        site,
        Some(&json!({
            "asPath": "65101", "localAddress": "10.1.7.4", "network": "10.200.0.0/16",
            "nextHop": "172.31.0.1", "origin": "EBgp", "sourcePeer": "172.31.0.1", "weight": 32768
        }))
    );

    let path = "/v1/gateways/vpngw/advertised-routes/branch";
    let advertised = look(lab.http, path).await;
    let rows = advertised["value"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["network"] == "192.168.1.0/24");
    assert_eq!(
        row,
        Some(&json!({
            "asPath": "65515-65001", "localAddress": "10.1.7.4", "network": "192.168.1.0/24",
            "nextHop": "10.1.7.4", "origin": "Igp", "sourcePeer": null, "weight": 0
        }))
    );

    let circuit = look(lab.http, "/v1/circuits/er/routes").await;
    let rows = &circuit["value"];
    let keys: Vec<&String> = rows[0].as_object().expect("a row").keys().collect();
    assert_eq!(keys, ["locPrf", "network", "nextHop", "path", "weight"]);
    assert_eq!(of(rows, "10.210.0.0/16")["path"], "65020 I");

    let effective = look(lab.http, "/v1/nics/vm/effective-routes").await;
    let rows = effective["value"].as_array().expect("rows");
    let row = rows
        .iter()
        .find(|row| row["addressPrefix"] == json!(["192.168.1.0/24"]));
    assert_eq!(
        row,
        Some(&json!({
            "name": null, "source": "VirtualNetworkGateway", "state": "Active",
            "addressPrefix": ["192.168.1.0/24"], "nextHopType": "VirtualNetworkGateway",
            "nextHopIpAddress": ["10.1.2.101"], "disableBgpRoutePropagation": false
        }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tables_at_once_are_those_of_the_file_and_follow_what_happens() {
    let (_network, lab, router) = settled().await;
    let tables = look(lab.http, "/v1/tables").await;
    let rows = tables["rs_learned"]["rs"]["nva1"].as_array().expect("rows");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1]["prefix"], "192.168.1.0/24");
    assert_eq!(tables["sessions"]["rs"]["nva2"][0]["state"], "Idle");
    router.withdraw("192.168.1.0/24");
    lab.learned("nva1", 1).await;
    let tables = look(lab.http, "/v1/tables").await;
    let rows = tables["rs_learned"]["rs"]["nva1"].as_array().expect("rows");
    assert_eq!(rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_for_programs_and_for_people() {
    let (_network, lab, _router) = settled().await;
    let path = "/v1/explain?name=vm&destination=192.168.1.7";
    let explained = look(lab.http, path).await;
    let text = explained["text"].as_str().expect("text");
    assert!(text.contains("192.168.1.0/24 by 10.1.2.101"), "{text}");
    assert!(explained["answer"].is_object());

    let path = "/v1/explain?name=rs&destination=192.168.1.0%2F24";
    let explained = look(lab.http, path).await;
    let text = explained["text"].as_str().expect("text");
    assert!(text.contains("nva1"), "{text}");

    for (query, words) in [
        ("from=vm&to=192.168.1.7", "nva1"),
        ("nic=vm&address=192.168.1.7", "nva1"), // as it was called before
        ("from=vm&to=branch", "arrives at site branch"),
        ("from=er&to=vm", "arrives at vm"),
        ("from=nva1&to=internet", "nva1: loop"), // by its own default route
        ("from=vm&to=nva2", "arrives at"),
    ] {
        let traced = look(lab.http, &format!("/v1/trace?{query}")).await;
        let text = traced["text"].as_str().expect("text");
        assert!(text.contains(words), "{query}: {text}");
        assert!(traced["answer"]["rules"].is_array(), "{traced}");
    }
    let traced = look(lab.http, "/v1/trace?from=vm&to=branch&both_ways=true").await;
    let text = traced["text"].as_str().expect("text");
    assert!(text.matches("arrives").count() >= 2, "{text}");

    let findings = look(lab.http, "/v1/findings").await;
    assert!(
        findings
            .as_array()
            .expect("a list")
            .iter()
            .all(|row| row["rule"].is_u64() || row["rule"].is_string())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_tell_their_states_and_health_and_index_answer() {
    let (_network, lab, _router) = settled().await;
    let peers = look(lab.http, "/v1/peers").await;
    let all = peers.as_array().expect("a list");
    let seen: Vec<(&str, &str, bool)> = all
        .iter()
        .map(|peer| {
            let text = |key: &str| peer[key].as_str().expect("a text");
            (text("name"), text("state"), peer["live"] == true)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("nva1", "Established", true),
            ("nva2", "Active", true),
            ("model", "Established", false),
            ("model", "Established", false),
        ]
    );
    let first = &all[0];
    assert_eq!(first["peer"], "10.1.2.101");
    assert_eq!(first["asn"], 65001);
    assert_eq!(
        (&first["learned"], &first["refused"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(first["session"]["hold_time"], 180);
    assert_eq!(first["session"]["counters"]["established"], 1);
    assert_eq!(first["session"]["families"], json!(["ipv4", "ipv6"]));
    assert!(first["session"]["uptime_seconds"].as_f64().expect("up") > 0.0);
    assert_eq!(look(lab.http, "/healthz").await["status"], "ok");
    let index = look(lab.http, "/").await;
    let routes = index["routes"].as_array().expect("a list");
    assert_eq!(routes.len(), 18);
    assert!(routes.iter().any(|row| row[0] == "POST /v1/events"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_is_told_what_was_wrong_and_what_there_is() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    for (path, status, error) in [
        (
            "/v1/route-servers/sr/peerings/nva1/learned-routes",
            404,
            "there is no Route Server `sr`; there is rs",
        ),
        (
            "/v1/route-servers/rs/peerings/nva3/learned-routes",
            404,
            "there is no peering of rs with an NVA `nva3`; there are nva1, nva2, model",
        ),
        (
            "/v1/gateways/gw/learned-routes",
            404,
            "there is no gateway `gw`; there are vpngw, ergw",
        ),
        (
            "/v1/gateways/vpngw/advertised-routes/er",
            404,
            "there is no connection of vpngw to `er`; there is branch",
        ),
        (
            "/v1/circuits/x/routes",
            404,
            "there is no circuit `x`; there is er",
        ),
        (
            "/v1/nics/v%C3%BCm/effective-routes",
            404,
            "there is no NIC `v\u{fc}m`; there is vm",
        ),
        (
            "/v1/nics/%FF/effective-routes",
            400,
            "Invalid URL: Invalid UTF-8 in `nic`",
        ),
        (
            "/v1/explain?name=vm&destination=10.1.2.3.4",
            400,
            "destination `10.1.2.3.4`",
        ),
        (
            "/v1/explain?name=vm&destination=10.1.2.3/8",
            400,
            "10.0.0.0/8",
        ),
        ("/v1/explain?name=vm", 400, "missing field `destination`"),
        (
            "/v1/explain?name=vm&destination=10.0.0.1&more=1",
            400,
            "unknown field `more`",
        ),
        (
            "/v1/explain?name=nobody&destination=10.0.0.1",
            404,
            "there is no NIC or speaker `nobody`; there are vm, rs, nva1, nva2, model, vpngw, ergw, \
             er, branch",
        ),
        (
            "/v1/trace?from=vm&to=10.0.0.0/8",
            404,
            "`10.0.0.0/8` is neither a NIC, NVA, site or circuit nor an address",
        ),
        ("/v1/trace?from=mv&to=10.0.0.1", 404, "did you mean `vm`?"),
        ("/v1/trace?from=vm", 400, "missing field `to`"),
        (
            "/v1/trace?from=vm&to=branch&both_ways=maybe",
            400,
            "both_ways",
        ),
        (
            "/v2/peers",
            404,
            "there is nothing at /v2/peers; / says what there is",
        ),
    ] {
        let answer = get(lab.http, path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        let told = answer.error();
        assert!(told.contains(error), "{path}: {told}");
    }
    let answer = crate::client::request(lab.http, "DELETE /v1/peers HTTP/1.1", "").await;
    assert_eq!(answer.status, 405);
    assert_eq!(
        answer.error(),
        "/v1/peers does not take DELETE; / says what there is"
    );
}

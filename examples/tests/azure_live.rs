//! Real sessions in networks that come from Azure's documents: a lab's dumps are what its routers
//! announce, and routers peer with what HTTP requests have made.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use routehub::types::Prefix;
use routehub::{Engine, Estate, LiveLink, TableId, TableKind};
use routehub_arm::Documents;
use routehub_scenario::{Scenario, Tables, az};
use routehub_testkit::azure::{SUBSCRIPTION, Server};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::peer::{Peer, announced, announcement};
use routehub_testkit::player::play;
use routehub_testkit::wait::{block_until, until};
use serde_json::{Value, json};

/// The documents of a lab in two regions, and what its Route Servers have learned.
const LAB: &str = "../crates/arm/tests/data/hubless";

fn lab_files() -> impl Iterator<Item = (String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(LAB);
    let files = std::fs::read_dir(folder).expect("the folder is there");
    files.map(|file| {
        let path = file.expect("it can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        (name.into_owned(), text)
    })
}

/// The network file of the lab, with every NVA live.
fn lab() -> Scenario {
    let mut documents = Documents::new();
    for (name, text) in lab_files() {
        documents.add(&name, &text).expect("it is JSON");
    }
    let file = documents.import().network_file("hubless", "azure-2025");
    let mut scenario = Scenario::parse(&file).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    for nva in &scenario.estate.nvas {
        scenario
            .live
            .peers
            .entry(nva.name.clone())
            .or_default()
            .live = true;
    }
    scenario
}

/// The rows of both instances of a dump or of an answer, which name their instance themselves.
fn rows(table: &Value) -> BTreeSet<String> {
    let instances = table.as_object().into_iter().flatten();
    let rows = instances.filter_map(|(_, rows)| rows.as_array());
    rows.flatten().map(Value::to_string).collect()
}

/// The dumps of learned routes, each with its table.
fn dumps(estate: &Estate) -> Vec<(TableId, BTreeSet<String>)> {
    let learned = lab_files().filter(|(name, _)| name.ends_with("-learned.json"));
    let table = |(name, text): (String, String)| {
        let dump: Value = serde_json::from_str(&text).expect("it is JSON");
        let address = |key: &str| -> IpAddr {
            let row = &dump["RouteServiceRole_IN_0"][0];
            let text = row[key].as_str().expect("an address");
            text.parse().expect("an address")
        };
        let mut servers = estate.route_servers.iter();
        let server = servers.find(|server| {
            let own = estate.instance_addresses(server);
            own.is_some_and(|own| own.contains(&address("localAddress")))
        });
        let mut nvas = estate.nvas.iter();
        let nva = nvas.find(|nva| nva.ip == address("sourcePeer"));
        let (Some(server), Some(nva)) = (server, nva) else {
            panic!("{name} is of nobody");
        };
        (
            TableKind::RsLearned.between(&server.name, &nva.name),
            rows(&dump),
        )
    };
    learned.map(table).collect()
}

/// Whom real routers have to play.
fn links(scenario: &Scenario) -> Vec<LiveLink> {
    let names = scenario.live.peers.iter().filter(|(_, peer)| peer.live);
    let names: BTreeSet<String> = names.map(|(name, _)| name.clone()).collect();
    let estate = scenario.estate.clone();
    let engine = Engine::new(estate, (&scenario.profile).into(), &names, 0);
    let engine = engine.expect("an engine");
    engine.peers().map(|(_, link)| link.clone()).collect()
}

#[test]
fn a_lab_whose_routers_bird_plays_learns_what_azure_had_learned() {
    let scenario = lab();
    let links = links(&scenario);
    let dumps = dumps(&scenario.estate);
    assert_eq!((links.len(), dumps.len()), (8, 4));
    let ends = |link: &LiveLink| {
        let remote = link.remote_addresses.first().copied();
        [Some(link.local_address), remote]
    };
    let addresses: BTreeSet<Ipv4Addr> = links
        .iter()
        .flat_map(ends)
        .filter_map(|address| match address? {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
        .collect();
    isolated(addresses, move || async move {
        let lab = Lab::serve(scenario.clone()).await;
        let Some(_routers) = play(&scenario.estate, &links) else {
            return;
        };
        for (id, wanted) in dumps {
            let what = format!("{id} is as Azure printed it");
            let look = || async {
                let (estate, id) = (scenario.estate.clone(), id.clone());
                let learned = lab.server.ask(move |engine| {
                    let tables = Tables::some(&estate, engine.exchange(), [id.clone()]);
                    let shaped = az::Table::of(&tables, &id).expect("a table");
                    serde_json::to_value(shaped).expect("it serializes")
                });
                rows(&learned.await.expect("an answer"))
            };
            until(&what, look, |seen| *seen == wanted).await;
        }
        lab.stop().await;
    });
}

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg";
const NVA: Ipv4Addr = Ipv4Addr::new(127, 0, 18, 9);
const ASN: u32 = 65001;

fn network(path: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Network/{path}")
}

fn vnet(space: &str, subnets: &[(&str, &str)]) -> Value {
    let subnets = subnets
        .iter()
        .map(|(name, prefix)| json!({"name": name, "properties": {"addressPrefix": prefix}}));
    let subnets: Vec<Value> = subnets.collect();
    json!({"properties": {"addressSpace": {"addressPrefixes": [space]}, "subnets": subnets}})
}

/// A request that has to succeed.
fn done(server: &Server, method: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = server.request(method, path, body);
    assert!(status < 300, "{method} {path}: {status} {answer}");
    answer
}

/// Puts resources, one after the other.
fn put(server: &Server, resources: &[(&str, Value)]) {
    for (path, body) in resources {
        done(server, "PUT", &network(path), body);
    }
}

/// A socket address that nobody has.
fn free(address: Ipv4Addr) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).expect("an address");
    listener.local_addr().expect("an address")
}

/// A Route Server that listens there, and a real NVA.
fn build(server: &Server, listen: [SocketAddr; 2]) {
    let location = json!({"location": "westeurope"});
    done(server, "PUT", GROUP, &location);
    let listen = listen.map(|socket| socket.to_string()).join(",");
    let subnet =
        |path: &str| json!({"id": network(&format!("virtualNetworks/hub/subnets/{path}"))});
    let own = json!({"name": "a", "properties": {
        "subnet": subnet("nva"), "privateIPAddress": "10.0.4.4"}});
    let tags = json!({"routehub_live": "true", "routehub_peer_address": NVA.to_string()});
    let subnets = [("nva", "10.0.4.0/24"), ("RouteServerSubnet", "10.0.6.0/26")];
    put(
        server,
        &[
            ("virtualNetworks/hub", vnet("10.0.0.0/16", &subnets)),
            (
                "virtualHubs/rs",
                json!({"tags": {"routehub_listen": listen}, "properties": {"sku": "Standard"}}),
            ),
            (
                "virtualHubs/rs/ipConfigurations/Default",
                json!({"properties": {"subnet": subnet("RouteServerSubnet")}}),
            ),
            (
                "networkInterfaces/nva",
                json!({"tags": tags, "properties": {"ipConfigurations": [own]}}),
            ),
            (
                CONNECTION,
                json!({"properties": {"peerIp": "10.0.4.4", "peerAsn": ASN}}),
            ),
        ],
    );
}

const CONNECTION: &str = "virtualHubs/rs/bgpConnections/nva";

/// The prefixes that each instance has learned of the NVA.
fn learned(server: &Server) -> [Vec<String>; 2] {
    let path = network(&format!("{CONNECTION}/learnedRoutes"));
    let answer = done(server, "POST", &path, &json!({}));
    ["RouteServiceRole_IN_0", "RouteServiceRole_IN_1"].map(|instance| {
        let rows = answer[instance].as_array().into_iter().flatten();
        let prefixes = rows.filter_map(|row| row["network"].as_str().map(str::to_owned));
        prefixes.collect()
    })
}

/// Waits until both instances have learned this.
fn until_learned(server: &Server, wanted: &[&str]) {
    let what = format!("both have learned {wanted:?}");
    block_until(
        &what,
        || learned(server),
        |seen| seen.iter().all(|own| own == wanted),
    );
}

fn prefixes(texts: &[&str]) -> Vec<Prefix> {
    let parsed = texts.iter().map(|text| text.parse().expect("a prefix"));
    parsed.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_while_other_resources_are_written_and_ends_with_its_connection() {
    let server = tokio::task::block_in_place(|| Server::start(&[]));
    let listen = [2, 3].map(|last| free(Ipv4Addr::new(127, 0, 18, last)));
    tokio::task::block_in_place(|| build(&server, listen));
    let mut peers = Vec::new();
    for socket in listen {
        let mut peer = Peer::establish(NVA, socket, ASN).await;
        let next_hop = Ipv4Addr::new(10, 0, 4, 4);
        let update = announcement(next_hop, ASN, &prefixes(&["192.0.2.0/24"]));
        peer.send(&update).await.expect("a session");
        peers.push(peer);
    }
    tokio::task::block_in_place(|| {
        until_learned(&server, &["192.0.2.0/24"]);
        // Another network, peered: both sessions hear of it, and go on.
        let half = |to: &str, flag: &str| {
            let remote = json!({"id": network(&format!("virtualNetworks/{to}"))});
            json!({"properties": {
                "remoteVirtualNetwork": remote, "allowForwardedTraffic": true, flag: true}})
        };
        put(
            &server,
            &[
                (
                    "virtualNetworks/spoke",
                    vnet("10.1.0.0/16", &[("vms", "10.1.0.0/24")]),
                ),
                (
                    "virtualNetworks/hub/virtualNetworkPeerings/a",
                    half("spoke", "allowGatewayTransit"),
                ),
                (
                    "virtualNetworks/spoke/virtualNetworkPeerings/b",
                    half("hub", "useRemoteGateways"),
                ),
                ("routeTables/other", json!({"properties": {}})),
            ],
        );
        until_learned(&server, &["192.0.2.0/24"]);
    });
    for peer in &mut peers {
        let spoke = prefixes(&["10.1.0.0/16"]);
        while announced(&peer.next().await.expect("a session")) != spoke {}
        let next_hop = Ipv4Addr::new(10, 0, 4, 4);
        let update = announcement(next_hop, ASN, &prefixes(&["198.51.100.0/24"]));
        peer.send(&update).await.expect("a session");
    }
    tokio::task::block_in_place(|| {
        until_learned(&server, &["192.0.2.0/24", "198.51.100.0/24"]);
        done(&server, "DELETE", &network(CONNECTION), &json!({}));
    });
    for mut peer in peers {
        let last = peer.last_words().await.expect("a NOTIFICATION");
        // Cease, Peer De-configured (RFC 4486).
        assert_eq!(last.get(19..21), Some(&[6, 3][..]), "{last:?}");
    }
    let path = network(&format!("{CONNECTION}/learnedRoutes"));
    let (status, _) = tokio::task::block_in_place(|| server.request("POST", &path, &json!({})));
    assert_eq!(status, 404);
    assert!(GROUP.contains(SUBSCRIPTION));
}

//! Metrics: those of Azure, those that exporters of BGP daemons have, and how near limits
//! are.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use routehub::{ConnectionLoad, Engine, RouteServerLoad, SessionState};
use routehub_session::State as SessionFsm;

use super::App;
use super::error::Refusal;
use super::peers::Peer;

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;
type Counters = Family<Labels, Counter>;

/// The limits that a profile sets.
#[derive(Clone, Copy)]
struct Limits {
    routes_per_peer: Option<u32>,
    peers: Option<u32>,
    prefixes: Option<u32>,
    routes_to_circuit: Option<u32>,
}

/// What the metrics are made of.
struct Seen {
    peers: Vec<(Peer, usize)>,
    servers: Vec<RouteServerLoad>,
    connections: Vec<ConnectionLoad>,
    limits: Limits,
    refused: u64,
    memory: Option<u64>,
}

impl App {
    async fn seen(&self) -> Result<Seen, Refusal> {
        let read = |engine: &Engine| {
            let exchange = engine.exchange();
            let all = exchange.parameters();
            let limits = Limits {
                routes_per_peer: all.max_routes_per_peer,
                peers: all.max_peers,
                prefixes: all.max_total_prefixes,
                routes_to_circuit: all.max_routes_to_circuit,
            };
            let (servers, connections) =
                (exchange.route_server_loads(), exchange.connection_loads());
            (servers, connections, limits)
        };
        let (servers, connections, limits) = self.ask(read).await?;
        let mut peers = Vec::new();
        for peer in self.peers().await? {
            // What a modelled peer is sent takes a look at every route: one peer at a time.
            let advertised = match peer.report.advertised {
                Some(advertised) => advertised,
                None => {
                    let report = peer.report.clone();
                    let count = move |engine: &Engine| engine.exchange().advertised_count(&report);
                    self.ask(count).await?
                }
            };
            peers.push((peer, advertised));
        }
        Ok(Seen {
            peers,
            servers,
            connections,
            limits,
            refused: self.server.refused(),
            memory: resident_memory(),
        })
    }
}

/// Resident memory of this process, in octets, where the system tells it.
fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The metrics, in OpenMetrics text.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let mut text = String::new();
    let written = write(&mut text, &app.seen().await?);
    written.map_err(|_| Refusal::bad("the metrics could not be written"))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

fn write(text: &mut String, seen: &Seen) -> fmt::Result {
    let mut registry = Registry::with_prefix("routehub");
    azure(&mut registry, seen);
    sessions(&mut registry, seen);
    messages(&mut registry, seen);
    head_room(&mut registry, seen);
    let refused = Counter::<u64>::default();
    refused.inc_by(seen.refused);
    registry.register(
        "connections_refused",
        "Connections that nobody was awaited from",
        refused,
    );
    encode(text, &registry)?;
    let mut process = Registry::default();
    if let Some(memory) = seen.memory {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(memory).unwrap_or(i64::MAX));
        let help = "Resident memory size in bytes";
        process.register("process_resident_memory_bytes", help, gauge);
    }
    // One end marks the end of all.
    text.truncate(text.len() - "# EOF\n".len());
    encode(text, &process)?;
    *text = sorted(text);
    Ok(())
}

/// The samples of each metric in order: a registry keeps them in none.
fn sorted(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let runs = lines.chunk_by(|one, next| one.starts_with('#') == next.starts_with('#'));
    let mut sorted = String::with_capacity(text.len());
    for run in runs {
        let mut run = run.to_vec();
        if run.iter().all(|line| !line.starts_with('#')) {
            run.sort_unstable();
        }
        for line in run {
            sorted.push_str(line);
            sorted.push('\n');
        }
    }
    sorted
}

fn gauges(registry: &mut Registry, name: &str, help: &str) -> impl Fn(&Labels, f64) + use<> {
    let family = Gauges::default();
    registry.register(name, help, family.clone());
    move |labels: &Labels, value| {
        family.get_or_create(labels).set(value);
    }
}

fn counters(registry: &mut Registry, name: &str, help: &str) -> impl Fn(&Labels, u64) + use<> {
    let family = Counters::default();
    registry.register(name, help, family.clone());
    move |labels: &Labels, value| {
        family.get_or_create(labels).inc_by(value);
    }
}

/// A peer's bare address; the name of one that has none.
fn address(peer: &Peer) -> String {
    let address = peer.report.remote_address;
    address.map_or_else(|| peer.report.remote.clone(), |address| address.to_string())
}

fn of_peer(peer: &Peer) -> Labels {
    let report = &peer.report;
    let instance = report.instance.map(|one| one.to_string());
    vec![
        ("peer", address(peer)),
        ("name", report.remote.clone()),
        ("local", report.local.clone()),
        ("instance", instance.unwrap_or_default()),
    ]
}

/// Whether routes pass between a peer and us.
fn is_up(peer: &Peer) -> bool {
    let session = peer.session.as_ref().and_then(|(_, seen)| seen.as_ref());
    match session {
        Some(seen) => seen.state == SessionFsm::Established,
        None => peer.report.state == SessionState::Established && !peer.report.live,
    }
}

/// The metrics that Azure has, with its dimensions.
fn azure(registry: &mut Registry, seen: &Seen) {
    let help = "BgpPeerStatus: 1 if the peer is connected, else 0";
    let status = gauges(registry, "bgp_peer_status", help);
    let help = "CountOfRoutesAdvertisedToPeer";
    let advertised = gauges(registry, "count_of_routes_advertised_to_peer", help);
    let help = "CountOfRoutesLearnedFromPeer";
    let learned = gauges(registry, "count_of_routes_learned_from_peer", help);
    for (peer, sent) in &seen.peers {
        let Some(instance) = peer.report.instance else {
            continue;
        };
        let kind = if peer.report.external { "EBgp" } else { "IBgp" };
        let labels = vec![
            ("peer", address(peer)),
            ("route_server", peer.report.local.clone()),
            (
                "routeserviceinstance",
                format!("RouteServiceRole_IN_{instance}"),
            ),
            ("bgppeerip", address(peer)),
            ("bgppeertype", kind.to_owned()),
        ];
        status(&labels, f64::from(u8::from(is_up(peer))));
        advertised(&labels, *sent as f64);
        learned(&labels, peer.report.learned as f64);
    }
    let help = "RoutingInfrastructureUnits";
    let units = gauges(registry, "routing_infrastructure_units", help);
    let help = "SpokeVMUtilization: NICs in percent of what the units serve";
    let machines = gauges(registry, "spoke_vm_utilization", help);
    for server in &seen.servers {
        let labels = vec![("route_server", server.name.clone())];
        units(&labels, RouteServerLoad::UNITS as f64);
        let percent = 100.0 * server.machines as f64 / RouteServerLoad::MACHINES as f64;
        machines(&labels, percent);
    }
}

/// What exporters of BGP daemons tell of each peer.
fn sessions(registry: &mut Registry, seen: &Seen) {
    let help = "State of the peer: 1 = Established, 0 = Down";
    let state = gauges(registry, "bgp_peer_state", help);
    let help = "How long the peer is established, in seconds";
    let uptime = gauges(registry, "bgp_peer_uptime_seconds", help);
    let help = "Prefixes held of the peer";
    let received = gauges(registry, "bgp_peer_prefixes_received_count", help);
    let help = "Prefixes of the peer that import refused";
    let refused = gauges(registry, "bgp_peer_prefixes_refused_count", help);
    let help = "Prefixes that the peer is sent";
    let advertised = gauges(registry, "bgp_peer_prefixes_advertised_count", help);
    for (peer, sent) in &seen.peers {
        let labels = of_peer(peer);
        state(&labels, f64::from(u8::from(is_up(peer))));
        received(&labels, peer.report.learned as f64);
        refused(&labels, peer.report.refused as f64);
        advertised(&labels, *sent as f64);
        let session = peer.session.as_ref().and_then(|(_, seen)| seen.as_ref());
        if let Some(seen) = session {
            let up = seen.uptime.unwrap_or_default();
            uptime(&labels, up.as_secs_f64());
        }
    }
}

/// What passed between a real router and us.
fn messages(registry: &mut Registry, seen: &Seen) {
    let help = "Messages received from the peer";
    let received = counters(registry, "bgp_peer_messages_received", help);
    let sent = counters(
        registry,
        "bgp_peer_messages_sent",
        "Messages sent to the peer",
    );
    let help = "Octets of messages received from the peer";
    let octets_received = counters(registry, "bgp_peer_received_bytes", help);
    let help = "Octets of messages sent to the peer";
    let octets_sent = counters(registry, "bgp_peer_sent_bytes", help);
    let help = "How often the session was established";
    let established = counters(registry, "bgp_peer_established", help);
    for (peer, _) in &seen.peers {
        let session = peer.session.as_ref().and_then(|(_, seen)| seen.as_ref());
        let Some(session) = session else { continue };
        let (labels, counted) = (of_peer(peer), &session.counters);
        for (count, messages) in [(&received, &counted.received), (&sent, &counted.sent)] {
            for (kind, number) in [
                ("open", messages.open),
                ("update", messages.update),
                ("notification", messages.notification),
                ("keepalive", messages.keepalive),
                ("route_refresh", messages.route_refresh),
            ] {
                let mut labels = labels.clone();
                labels.push(("type", kind.to_owned()));
                count(&labels, number);
            }
        }
        octets_received(&labels, counted.received.octets);
        octets_sent(&labels, counted.sent.octets);
        established(&labels, counted.established);
    }
}

/// How much is left until a limit of the profile; nothing where there is none.
fn head_room(registry: &mut Registry, seen: &Seen) {
    let limits = seen.limits;
    let rooms = |registry: &mut Registry, name: &str, what: &str, limit: Option<u32>| {
        let most = gauges(
            registry,
            &format!("{name}_limit"),
            &format!("{what} at most"),
        );
        let help = format!("{what} that are left until the limit");
        let room = gauges(registry, &format!("{name}_headroom"), &help);
        move |labels: Labels, used: usize| {
            if let Some(limit) = limit {
                most(&labels, f64::from(limit));
                room(&labels, f64::from(limit) - used as f64);
            }
        }
    };
    let limit = limits.routes_per_peer;
    let routes = rooms(registry, "bgp_peer_routes", "Routes of a peer", limit);
    for (peer, _) in &seen.peers {
        if peer.report.instance.is_some() {
            routes(of_peer(peer), peer.report.learned);
        }
    }
    let peers = rooms(
        registry,
        "route_server_peers",
        "Peers of a Route Server",
        limits.peers,
    );
    let prefixes = rooms(
        registry,
        "route_server_prefixes",
        "Prefixes of a Route Server",
        limits.prefixes,
    );
    for server in &seen.servers {
        let name = ("route_server", server.name.clone());
        peers(vec![name.clone()], server.peers);
        for (instance, held) in (0..2).zip(server.prefixes) {
            prefixes(
                vec![name.clone(), ("instance", format!("{instance}"))],
                held,
            );
        }
    }
    let limit = limits.routes_to_circuit;
    let to_circuit = rooms(
        registry,
        "circuit_routes",
        "Routes sent to a circuit",
        limit,
    );
    for one in &seen.connections {
        let labels = vec![
            ("gateway", one.gateway.clone()),
            ("circuit", one.circuit.clone()),
        ];
        to_circuit(labels, one.routes);
    }
}

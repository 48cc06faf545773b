//! Metrics: those of Azure, those that exporters of BGP daemons have, and how near limits
//! are.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use routehub::{ConnectionLoad, Engine, Parameters, Role, RouteServerLoad};
use routehub_bfd::{Hops, State as BfdState};
use routehub_session::MessageCounters;

use super::app::App;
use super::connections::ConnectionCounts;
use super::error::Refusal;
use super::peers::Peer;
use crate::BfdReport;
use crate::log::{Log, LogCounts};
use crate::session::signatures::Signatures;
use crate::sink::SinkReport;

type Labels = Vec<(&'static str, String)>;

/// What the metrics are made of.
struct Sources {
    peers: Vec<PeerRoutes>,
    servers: Vec<RouteServerLoad>,
    connections: Vec<ConnectionLoad>,
    parameters: Parameters,
    refused: u64,
    /// BFD packets that were of no session, by reason.
    bfd_strangers: Vec<(&'static str, u64)>,
    sinks: Vec<SinkReport>,
    log: Option<LogCounts>,
    /// Lines that streams lost.
    lost: u64,
    clients: Arc<ConnectionCounts>,
}

/// A peer, and how many routes it is sent.
struct PeerRoutes {
    peer: Peer,
    advertised: usize,
}

/// The metrics, in OpenMetrics text.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let mut text = String::new();
    let written = Sources::read(&app).await?.write(&mut text);
    written.map_err(|_| Refusal::bad("the metrics could not be written"))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
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

/// The samples of each metric in order: a registry keeps them in none.
fn sorted(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let runs = lines.chunk_by(|line, next| line.starts_with('#') == next.starts_with('#'));
    let sorted = runs.flat_map(|run| {
        let mut run = run.to_vec();
        if run.iter().all(|line| !line.starts_with('#')) {
            run.sort_unstable();
        }
        run
    });
    sorted.flat_map(|line| [line, "\n"]).collect()
}

/// Adds a gauge with a sample for each of these labels.
fn gauges(
    registry: &mut Registry,
    name: &str,
    help: &str,
    samples: impl Iterator<Item = (Labels, f64)>,
) {
    let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
    samples.for_each(|(labels, value)| {
        family.get_or_create(&labels).set(value);
    });
    registry.register(name, help, family);
}

/// Adds a counter with a sample for each of these labels.
fn counters(
    registry: &mut Registry,
    name: &str,
    help: &str,
    samples: impl Iterator<Item = (Labels, u64)>,
) {
    let family = Family::<Labels, Counter>::default();
    samples.for_each(|(labels, value)| {
        family.get_or_create(&labels).inc_by(value);
    });
    registry.register(name, help, family);
}

/// Adds a limit and what is left until it; nothing where there is no limit.
fn limit(
    registry: &mut Registry,
    name: &str,
    what: &str,
    limit: Option<u32>,
    used: impl Iterator<Item = (Labels, usize)> + Clone,
) {
    let Some(limit) = limit.map(f64::from) else {
        return;
    };
    let most = used.clone().map(|(labels, _)| (labels, limit));
    let help = format!("{what} at most");
    gauges(registry, &format!("{name}_limit"), &help, most);
    let left = used.map(|(labels, used)| (labels, limit - used as f64));
    let help = format!("{what} that are left until the limit");
    gauges(registry, &format!("{name}_headroom"), &help, left);
}

/// The labels of a session of BFD beside a peer's.
fn bfd_labels(peer: &PeerRoutes, report: &BfdReport) -> Labels {
    let mut labels = peer.labels();
    let hops = match report.hops {
        Hops::Single => "single",
        Hops::Multiple => "multiple",
    };
    labels.push(("hops", hops.to_owned()));
    labels
}

impl PeerRoutes {
    /// The bare address; the name of a peer without one.
    fn address(&self) -> String {
        let report = &self.peer.report;
        let address = report.remote_address.map(|address| address.to_string());
        address.unwrap_or_else(|| report.remote.clone())
    }

    fn labels(&self) -> Labels {
        let report = &self.peer.report;
        let instance = report.instance.map(|instance| instance.to_string());
        // The edges of a circuit are told apart by its links.
        let instance = instance.or(report.circuit_link.map(|link| link.to_string()));
        vec![
            ("peer", self.address()),
            ("name", report.remote.clone()),
            ("local", report.local.clone()),
            ("instance", instance.unwrap_or_default()),
        ]
    }

    /// The dimensions that Azure has, of a peer of a Route Server.
    fn azure_labels(&self) -> Option<Labels> {
        let report = &self.peer.report;
        let instance = report.instance.filter(|_| self.is_of_route_server())?;
        let kind = if report.external { "EBgp" } else { "IBgp" };
        let role = format!("RouteServiceRole_IN_{instance}");
        Some(vec![
            ("peer", self.address()),
            ("route_server", report.local.clone()),
            ("routeserviceinstance", role),
            ("bgppeerip", self.address()),
            ("bgppeertype", kind.to_owned()),
        ])
    }

    /// Whether it is a peer of a Route Server.
    fn is_of_route_server(&self) -> bool {
        self.peer.report.role == Some(Role::RouteServer)
    }

    fn is_up(&self) -> f64 {
        f64::from(u8::from(self.peer.is_up()))
    }

    fn learned(&self) -> f64 {
        self.peer.report.learned as f64
    }

    fn messages(&self, counted: &MessageCounters) -> [(Labels, u64); 5] {
        let kinds = [
            ("open", counted.open),
            ("update", counted.update),
            ("notification", counted.notification),
            ("keepalive", counted.keepalive),
            ("route_refresh", counted.route_refresh),
        ];
        kinds.map(|(kind, count)| {
            let mut labels = self.labels();
            labels.push(("type", kind.to_owned()));
            (labels, count)
        })
    }
}

impl Sources {
    async fn read(app: &App) -> Result<Self, Refusal> {
        let loads = |engine: &Engine| {
            let exchange = engine.exchange();
            let servers = exchange.route_server_loads();
            let parameters = exchange.parameters().clone();
            (servers, exchange.connection_loads(), parameters)
        };
        let (servers, connections, parameters) = app.ask(loads).await?;
        let mut peers = Vec::new();
        for peer in app.peers().await? {
            // What a modelled peer is sent takes a look at every route.
            let advertised = match peer.report.advertised {
                Some(advertised) => advertised,
                None => app.count_advertised(&peer.report).await?,
            };
            peers.push(PeerRoutes { peer, advertised });
        }
        Ok(Self {
            peers,
            servers,
            connections,
            parameters,
            refused: app.server().refused(),
            bfd_strangers: app.server().bfd().await.discarded,
            sinks: app.server().sinks(),
            log: app.log().map(Log::counts),
            lost: app.lost().load(Ordering::Relaxed),
            clients: Arc::clone(app.connections()),
        })
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        let mut registry = Registry::with_prefix("routehub");
        self.azure(&mut registry);
        self.sessions(&mut registry);
        self.messages(&mut registry);
        self.bfd(&mut registry);
        self.limits(&mut registry);
        let refused = Counter::<u64>::default();
        refused.inc_by(self.refused);
        let help = "Connections that nobody was awaited from";
        registry.register("connections_refused", help, refused);
        if let Ok(signatures) = Signatures::read() {
            let samples = signatures.by_reason().into_iter();
            let samples =
                samples.map(|(reason, count)| (vec![("reason", reason.to_owned())], count));
            let help =
                "Segments that the kernel dropped for their TCP-MD5 signature, of any process";
            counters(&mut registry, "tcp_signatures_refused", help, samples);
        }
        self.operation(&mut registry);
        encode(text, &registry)?;
        let mut process = Registry::default();
        if let Some(memory) = resident_memory() {
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

    /// How sinks, streams and the log do.
    fn operation(&self, registry: &mut Registry) {
        let open = self.clients.open.load(Ordering::Relaxed) as f64;
        let help = "Connections of clients that are open";
        gauges(
            registry,
            "http_connections",
            help,
            std::iter::once((Vec::new(), open)),
        );
        let sinks = || {
            let sinks = self.sinks.iter();
            sinks.map(|sink| (vec![("sink", sink.name.to_owned())], sink))
        };
        let up = sinks().map(|(labels, sink)| (labels, f64::from(u8::from(sink.ill.is_none()))));
        let help = "1 if the sink has taken everything, else 0";
        gauges(registry, "sink_up", help, up);
        let not_taken = sinks().map(|(labels, sink)| (labels, sink.not_taken as f64));
        let help = "Changes that the sink did not take and is handed again";
        gauges(registry, "sink_changes_not_taken", help, not_taken);
        let failures = sinks().map(|(labels, sink)| (labels, sink.failures));
        let help = "How often the sink did not take a batch, or had lost routes";
        counters(registry, "sink_failures", help, failures);
        let put_back = sinks().map(|(labels, sink)| (labels, sink.put_back));
        let help = "Routes that the sink had lost and was handed again";
        counters(registry, "sink_routes_put_back", help, put_back);
        let mut total = |name: &str, help: &str, count: u64| {
            let counter = Counter::<u64>::default();
            counter.inc_by(count);
            registry.register(name, help, counter);
        };
        let help = "Lines that streams lost because they did not keep up";
        total("stream_lines_lost", help, self.lost);
        let help = "Connections of clients that there were too many of";
        let limited = self.clients.limited.load(Ordering::Relaxed);
        total("http_connections_limited", help, limited);
        let help = "Connections of clients that were cut off for being too slow";
        let timed_out = self.clients.timed_out.load(Ordering::Relaxed);
        total("http_connections_timed_out", help, timed_out);
        if let Some(log) = self.log {
            total("log_lines_written", "Lines of the log", log.written);
            let help = "Lines of the log that were dropped because nobody read it";
            total("log_lines_dropped", help, log.dropped);
            let help = "Lines of the log that were left out, too many of a kind and source";
            total("log_lines_limited", help, log.limited);
        }
    }

    /// The metrics that Azure has, with its dimensions.
    fn azure(&self, registry: &mut Registry) {
        let peers = || {
            let peers = self.peers.iter();
            peers.filter_map(|peer| Some((peer, peer.azure_labels()?)))
        };
        let status = peers().map(|(peer, labels)| (labels, peer.is_up()));
        let help = "BgpPeerStatus: 1 if the peer is connected, else 0";
        gauges(registry, "bgp_peer_status", help, status);
        let advertised = peers().map(|(peer, labels)| (labels, peer.advertised as f64));
        let (name, help) = (
            "count_of_routes_advertised_to_peer",
            "CountOfRoutesAdvertisedToPeer",
        );
        gauges(registry, name, help, advertised);
        let learned = peers().map(|(peer, labels)| (labels, peer.learned()));
        let (name, help) = (
            "count_of_routes_learned_from_peer",
            "CountOfRoutesLearnedFromPeer",
        );
        gauges(registry, name, help, learned);
        let labels = |server: &RouteServerLoad| vec![("route_server", server.name.clone())];
        let servers = self.servers.iter();
        let units = servers.map(|server| (labels(server), RouteServerLoad::UNITS as f64));
        let (name, help) = ("routing_infrastructure_units", "RoutingInfrastructureUnits");
        gauges(registry, name, help, units);
        let limit = self.parameters.max_vms.into_iter();
        let used = limit.flat_map(|limit| {
            let percent = move |machines: usize| 100.0 * machines as f64 / f64::from(limit);
            let servers = self.servers.iter();
            servers.map(move |server| (labels(server), percent(server.machines)))
        });
        let help = "SpokeVMUtilization: NICs in percent of what the units serve";
        gauges(registry, "spoke_vm_utilization", help, used);
    }

    /// What exporters of BGP daemons tell of each peer.
    fn sessions(&self, registry: &mut Registry) {
        let mut gauge = |name: &str, help: &str, value: &dyn Fn(&PeerRoutes) -> Option<f64>| {
            let peers = self.peers.iter();
            let samples = peers.filter_map(|peer| Some((peer.labels(), value(peer)?)));
            gauges(registry, &format!("bgp_peer_{name}"), help, samples);
        };
        let help = "State of the peer: 1 = Established, 0 = Down";
        gauge("state", help, &|peer| Some(peer.is_up()));
        let help = "How long the peer is established, in seconds";
        gauge("uptime_seconds", help, &|peer| {
            let uptime = peer.peer.session.as_ref()?.uptime;
            Some(uptime.unwrap_or_default().as_secs_f64())
        });
        let help = "Prefixes held of the peer";
        gauge("prefixes_received_count", help, &|peer| {
            Some(peer.learned())
        });
        let help = "Prefixes of the peer that import refused";
        let refused = |peer: &PeerRoutes| Some(peer.peer.report.refused as f64);
        gauge("prefixes_refused_count", help, &refused);
        let help = "Refused prefixes of the peer that are not kept, as there are too many";
        let not_kept = |peer: &PeerRoutes| Some(peer.peer.report.refused_not_kept as f64);
        gauge("prefixes_refused_not_kept_count", help, &not_kept);
        let help = "Prefixes of the peer that it has not announced again since it was lost";
        let stale = |peer: &PeerRoutes| Some(peer.peer.report.stale as f64);
        gauge("prefixes_stale_count", help, &stale);
        let help = "Prefixes that the peer is sent";
        let advertised = |peer: &PeerRoutes| Some(peer.advertised as f64);
        gauge("prefixes_advertised_count", help, &advertised);
        let help = "Prefixes that the peer would be sent if a message could hold them";
        let unsendable = |peer: &PeerRoutes| Some(peer.peer.report.unsendable as f64);
        gauge("prefixes_unsendable_count", help, &unsendable);
        self.retained(registry);
    }

    /// For how long routes stay of peers that were lost.
    fn retained(&self, registry: &mut Registry) {
        let left = self.peers.iter().flat_map(|peer| {
            let session = peer.peer.session.iter();
            let retained = session.flat_map(|session| &session.retained);
            retained.map(|retained| {
                let state = match retained.long_lived {
                    true => "long_lived_stale",
                    false => "stale",
                };
                let own = vec![
                    ("family", retained.family.to_string()),
                    ("state", state.to_owned()),
                ];
                ([peer.labels(), own].concat(), retained.left.as_secs_f64())
            })
        });
        let help = "For how long stale routes of the peer stay, in seconds";
        gauges(registry, "bgp_peer_stale_seconds_left", help, left);
    }

    /// What passed between a real router and us.
    fn messages(&self, registry: &mut Registry) {
        let sessions = || {
            let peers = self.peers.iter();
            peers.filter_map(|peer| Some((peer, &peer.peer.session.as_ref()?.counters)))
        };
        let received = sessions().flat_map(|(peer, counted)| peer.messages(&counted.received));
        let help = "Messages received from the peer";
        counters(registry, "bgp_peer_messages_received", help, received);
        let sent = sessions().flat_map(|(peer, counted)| peer.messages(&counted.sent));
        let help = "Messages sent to the peer";
        counters(registry, "bgp_peer_messages_sent", help, sent);
        let octets = sessions().map(|(peer, counted)| (peer.labels(), counted.received.octets));
        let help = "Octets of messages received from the peer";
        counters(registry, "bgp_peer_received_bytes", help, octets);
        let octets = sessions().map(|(peer, counted)| (peer.labels(), counted.sent.octets));
        let help = "Octets of messages sent to the peer";
        counters(registry, "bgp_peer_sent_bytes", help, octets);
        self.malformed(registry);
        let established = sessions().map(|(peer, counted)| (peer.labels(), counted.established));
        let help = "How often the session was established";
        counters(registry, "bgp_peer_established", help, established);
    }

    /// What RFC 7606 took away of what real routers sent.
    fn malformed(&self, registry: &mut Registry) {
        let sessions = || {
            let peers = self.peers.iter();
            peers.filter_map(|peer| Some((peer, &peer.peer.session.as_ref()?.counters)))
        };
        let counts = sessions().map(|(peer, counted)| (peer.labels(), counted.treated_as_withdraw));
        let help = "UPDATEs whose routes count as withdrawn (RFC 7606)";
        counters(
            registry,
            "bgp_peer_updates_treated_as_withdraw",
            help,
            counts,
        );
        let counts = sessions().map(|(peer, counted)| (peer.labels(), counted.attribute_discards));
        let help = "UPDATEs of which an attribute was left out (RFC 7606)";
        counters(registry, "bgp_peer_updates_attribute_discard", help, counts);
        let counts = sessions().map(|(peer, counted)| (peer.labels(), counted.refused));
        let help = "Connections of the peer that its session refused";
        counters(registry, "bgp_peer_connections_refused", help, counts);
    }

    /// BFD beside sessions.
    fn bfd(&self, registry: &mut Registry) {
        let sessions = || {
            let peers = self.peers.iter();
            peers.flat_map(|peer| {
                let reports = peer.peer.bfd.iter();
                reports.map(|report| (bfd_labels(peer, report), report))
            })
        };
        let up = |report: &BfdReport| f64::from(u8::from(report.state == BfdState::Up));
        let states = sessions().map(|(labels, report)| (labels, up(report)));
        let help = "State of the BFD session beside the peer's: 1 = Up, 0 = otherwise";
        gauges(registry, "bfd_session_up", help, states);
        let times = sessions().map(|(labels, report)| {
            let time = report.detection_time.unwrap_or_default();
            (labels, time.as_secs_f64())
        });
        let help = "For how long the peer may be silent";
        gauges(registry, "bfd_detection_time_seconds", help, times);
        let mut counter = |name: &str, help: &str, count: &dyn Fn(&BfdReport) -> u64| {
            let samples = sessions().map(|(labels, report)| (labels, count(report)));
            counters(registry, name, help, samples);
        };
        let help = "BFD packets sent to the peer";
        counter("bfd_packets_sent", help, &|report| report.counters.sent);
        let help = "BFD packets of the peer";
        counter("bfd_packets_received", help, &|report| {
            report.counters.received
        });
        let help = "BFD packets that this system could not send";
        counter("bfd_send_errors", help, &|report| report.send_errors);
        let help = "How often the BFD session came up";
        counter("bfd_session_ups", help, &|report| report.counters.ups);
        let help = "How often the BFD session went down";
        counter("bfd_session_downs", help, &|report| report.counters.downs);
        let discarded = sessions().flat_map(|(labels, report)| {
            let reasons = report.counters.discarded.iter();
            let reasons = reasons.map(move |(reason, count)| {
                let reason = ("reason", reason.to_owned());
                ([labels.clone(), vec![reason]].concat(), count)
            });
            reasons.collect::<Vec<_>>()
        });
        let help = "BFD packets for the peer's session that were discarded";
        counters(registry, "bfd_packets_discarded", help, discarded);
        let strangers = self.bfd_strangers.iter();
        let strangers =
            strangers.map(|(reason, count)| (vec![("reason", (*reason).to_owned())], *count));
        let help = "BFD packets that were of no session";
        counters(registry, "bfd_packets_of_no_session", help, strangers);
    }

    /// How much is left until a limit of the profile; nothing where there is none.
    fn limits(&self, registry: &mut Registry) {
        let limits = &self.parameters;
        let peers = self.peers.iter().filter(|peer| peer.is_of_route_server());
        let used = peers.map(|peer| (peer.labels(), peer.peer.report.learned));
        let (name, what) = ("bgp_peer_routes", "Routes of a peer");
        limit(registry, name, what, limits.max_routes_per_peer, used);
        let label = |server: &RouteServerLoad| ("route_server", server.name.clone());
        let used = self
            .servers
            .iter()
            .map(|server| (vec![label(server)], server.peers));
        let (name, what) = ("route_server_peers", "Peers of a Route Server");
        limit(registry, name, what, limits.max_peers, used);
        let used = self.servers.iter().flat_map(|server| {
            let held = (0..2).zip(server.prefixes);
            held.map(move |(instance, held): (u8, usize)| {
                (
                    vec![label(server), ("instance", instance.to_string())],
                    held,
                )
            })
        });
        let (name, what) = ("route_server_prefixes", "Prefixes of a Route Server");
        limit(registry, name, what, limits.max_total_prefixes, used);
        let used = self.connections.iter().map(|connection| {
            let gateway = ("gateway", connection.gateway.clone());
            let circuit = ("circuit", connection.circuit.clone());
            (vec![gateway, circuit], connection.routes)
        });
        let (name, what) = ("circuit_routes", "Routes sent to a circuit");
        limit(registry, name, what, limits.max_routes_to_circuit, used);
    }
}

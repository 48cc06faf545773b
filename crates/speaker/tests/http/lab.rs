//! What every test needs: addresses of its own, a server with HTTP, and patience with a limit.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use routehub_scenario::Scenario;
use routehub_speaker::http::{Changes, Http, Token};
use routehub_speaker::sink::Sinks;
use routehub_testkit::lab;
use routehub_testkit::wait::until;
use routehub_wire::Capability;
use tokio::task::JoinHandle;

use crate::router::Router;

/// The port of the server: one that needs no privileges.
pub(crate) const PORT: u16 = 1790;

/// The loopback network of one test: nobody else uses its addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses([u8; 3]);

impl Addresses {
    pub(crate) fn new() -> Self {
        static TESTS: AtomicU16 = AtomicU16::new(0);
        let process = std::process::id();
        let test = TESTS.fetch_add(1, Ordering::Relaxed);
        let second = 1 + (process >> 8) as u8 % 60;
        Self([127, second, (process as u8).wrapping_add(test as u8)])
    }

    pub(crate) fn host(self, host: u8) -> IpAddr {
        let [a, b, c] = self.0;
        IpAddr::from([a, b, c, host])
    }
}

/// A hub with a Route Server, live NVAs, a modelled one with a VPN gateway and a circuit beside it,
/// and a spoke with a VM. NVAs are `name: (host, asn)`; instance 0 alone is live, for short.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) addresses: Addresses,
    /// Names, the last octet of addresses, ASNs, and further keys.
    pub(crate) live: Vec<(&'static str, u8, u32, &'static str)>,
    pub(crate) profile: &'static str,
    pub(crate) branch_to_branch: bool,
    pub(crate) spoke: bool,
    /// Whether a real router plays the branch.
    pub(crate) live_branch: bool,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self {
            addresses: Addresses::new(),
            live: vec![("nva1", 101, 65001, ""), ("nva2", 102, 65002, "")],
            profile: "azure-2026",
            branch_to_branch: true,
            spoke: true,
            live_branch: false,
        }
    }

    pub(crate) fn text(&self) -> String {
        let instance = |n: u8| self.addresses.host(4 + n);
        let branch = match self.live_branch {
            true => format!(", live: true, peer_address: {}", self.addresses.host(120)),
            false => String::new(),
        };
        let mut nvas = String::new();
        for (name, host, asn, more) in &self.live {
            nvas.push_str(&format!(
                "  - {{name: {name}, vnet: hub, ip: 10.1.2.{host}, asn: {asn}, live: true, \
                 peer_address: {}{more}, sessions: [{{route_server: rs, instances: [0]}}]}}\n",
                self.addresses.host(*host)
            ));
        }
        let spoke = if self.spoke {
            "  - {hub: hub, spoke: spoke}"
        } else {
            ""
        };
        format!(
            "schema: routehub/1
title: Live NVAs in a hub, a branch and a spoke beside them
profile: {}
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets: [{{name: RouteServerSubnet, prefix: 10.1.255.0/26}}]
  - {{name: spoke, address_space: [10.2.0.0/16]}}
peerings:
{spoke}
route_servers:
  - {{name: rs, vnet: hub, branch_to_branch: {}}}
nvas:
{nvas}  - {{name: model, vnet: hub, ip: 10.1.3.4, asn: 65009, sessions: [rs],
     originates: [{{prefix: 192.168.9.0/24}}]}}
gateways:
  - {{name: vpngw, vnet: hub, type: vpn, bgp_ips: [10.1.7.4, 10.1.7.5], connections: [{{site: branch}}]}}
  - {{name: ergw, vnet: hub, type: express_route, bgp_ips: [10.1.7.12, 10.1.7.13], connections: [{{circuit: er, msee_ips: [10.1.7.20]}}]}}
circuits:
  - {{name: er, ce_ip: 172.30.0.1, on_prem: {{asn: 65020, prefixes: [10.210.0.0/16]}}}}
sites:
  - {{name: branch, asn: 65101, bgp_ips: [172.31.0.1], prefixes: [10.200.0.0/16]{branch}}}
nics:
  - {{name: vm, vnet: spoke}}
listen:
  port: {PORT}
  addresses: {{10.1.255.4: '{}:{PORT}', 10.1.255.5: '{}:{PORT}', 10.1.7.4: '{}:{PORT}', 10.1.7.5: '{}:{PORT}'}}
",
            self.profile,
            self.branch_to_branch,
            instance(0),
            instance(1),
            instance(2),
            instance(3)
        )
    }

    pub(crate) fn scenario(&self) -> Scenario {
        parse(&self.text())
    }

    /// The router that plays a live NVA.
    pub(crate) fn router(&self, name: &str) -> Router {
        self.router_with(name, &[])
    }

    /// The same, which offers these capabilities too.
    pub(crate) fn router_with(&self, name: &str, offers: &[Capability]) -> Router {
        let mut live = self.live.iter();
        let (_, host, asn, _) = live.find(|(known, ..)| *known == name).expect("a live NVA");
        let to = SocketAddr::new(self.addresses.host(4), PORT);
        Router::start_with(self.addresses.host(*host), *asn, to, offers)
    }
}

pub(crate) fn parse(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|wrong| panic!("{wrong:#?}"))
}

/// A server, and where it answers over HTTP.
pub(crate) struct Lab {
    pub(crate) live: lab::Lab,
    pub(crate) http: SocketAddr,
    answering: JoinHandle<()>,
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

impl Lab {
    pub(crate) async fn new(network: &Network) -> Self {
        let http = SocketAddr::new(network.addresses.host(80), 0);
        Self::with(network, http, None).await
    }

    pub(crate) async fn with(network: &Network, http: SocketAddr, token: Option<&str>) -> Self {
        Self::serve(network.scenario(), http, token).await
    }

    /// Serves a network of any kind.
    pub(crate) async fn serve(scenario: Scenario, http: SocketAddr, token: Option<&str>) -> Self {
        let changes = Changes::default();
        let sinks = Sinks {
            sinks: vec![changes.sink()],
            ..Sinks::default()
        };
        let live = lab::Lab::serve_with(scenario, sinks).await;
        let token = token.map(|token| Token::new(token).expect("a token"));
        let http = Http::bind(http, token).await.expect("an address");
        let http = http.with_changes(changes);
        let address = http.address().expect("an address");
        Self {
            answering: tokio::spawn(http.serve(Arc::clone(&live.server))),
            live,
            http: address,
        }
    }

    pub(crate) async fn reload(&self, network: &Network) -> routehub_speaker::Reloaded {
        let scenario = network.scenario();
        let reloaded = self
            .live
            .server
            .reload(&scenario.profile, scenario.estate, &scenario.live);
        reloaded.await.expect("reloaded")
    }

    /// Waits until so many routes of a live NVA are held.
    pub(crate) async fn learned(&self, nva: &'static str, routes: usize) {
        let look = || async {
            let ask = move |engine: &routehub::Engine| {
                let peerings = engine.exchange().peerings();
                let mut peerings = peerings.into_iter();
                peerings
                    .find(|peering| peering.remote == nva)
                    .map(|peering| peering.learned)
            };
            self.live.server.ask(ask).await.expect("an answer")
        };
        let what = format!("{routes} routes of {nva}");
        until(&what, look, |held| *held == Some(routes)).await;
    }
}

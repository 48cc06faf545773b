//! A change that waits for its network to run.

use routehub_diagnose::Finding;
use routehub_exchange::{CheckedEstate, EstateErrors, Event, GatewayInstance, NvaSessions};
use routehub_scenario::Live;

use super::message::Response;
use super::state::State;

/// A change of documents that waits for its network to run.
#[derive(Debug)]
pub struct Change {
    pub(super) state: State,
    /// The answer to the request that it comes from.
    pub(super) response: Response,
    /// The operation that ends with it.
    pub(super) ends: Option<u64>,
    runs_otherwise: bool,
    news: Vec<String>,
    findings: Vec<Finding>,
}

impl Change {
    /// The change from one state to another.
    pub(super) fn new(before: &State, state: State, response: Response) -> Self {
        let (running, was) = (&state.running.network, &before.running.network);
        let is_same = running.runs_as(was) && state.interrupted == before.interrupted;
        let known = before.findings();
        let mut findings = state.findings();
        findings.retain(|finding| !known.contains(finding));
        let mut news = running.news(was);
        let gone = before.interrupted.keys();
        let over = gone.filter(|gateway| !state.interrupted.contains_key(*gateway));
        news.extend(over.map(|gateway| format!("{gateway} is no longer interrupted (R-138)")));
        Self {
            runs_otherwise: !is_same,
            news,
            findings,
            state,
            response,
            ends: None,
        }
    }

    /// Whether another network is to run.
    pub const fn runs_otherwise(&self) -> bool {
        self.runs_otherwise
    }

    /// The network.
    ///
    /// # Errors
    /// [`EstateErrors`] for what does not fit in it.
    pub fn estate(&self) -> Result<CheckedEstate, EstateErrors> {
        self.state.running.network.estate.clone().try_into()
    }

    /// How real routers in it are run: as tags say, else as `base` does.
    pub fn live(&self, base: &Live) -> Live {
        let mut live = base.clone();
        let network = &self.state.running.network;
        let estate = &network.estate;
        let circuits = estate
            .circuits
            .iter()
            .filter(|circuit| circuit.on_prem.is_some());
        let names = estate.nvas.iter().map(|nva| &nva.name);
        let names = names.chain(estate.sites.iter().map(|site| &site.name));
        let names = names.chain(circuits.map(|circuit| &circuit.name));
        let peers = names.map(|name| {
            let own = network.peers.get(name).or_else(|| base.peers.get(name));
            (name.clone(), own.cloned().unwrap_or_default())
        });
        live.peers = peers.collect();
        let servers = &estate.route_servers;
        let dynamic = &mut live.dynamic_neighbors;
        dynamic.retain(|name, _| servers.iter().any(|server| server.name == *name));
        let listen = &network.listen;
        live.addresses
            .extend(listen.iter().map(|(address, socket)| (*address, *socket)));
        live
    }

    /// What is to happen to the network once it runs: machines that are stopped take their NVAs
    /// with them, and gateways are interrupted while a Route Server comes or goes beside them
    ///
    pub fn events(&self) -> Vec<Event> {
        let network = &self.state.running.network;
        let stopped = network.stopped.iter();
        let down = stopped.map(|nva| {
            Event::NvaDown(NvaSessions {
                nva: nva.clone(),
                route_server: None,
                instance: None,
            })
        });
        let gateways = network.estate.gateways.iter();
        let interrupted =
            gateways.filter(|gateway| self.state.interrupted.contains_key(&gateway.name));
        let instances = interrupted.flat_map(|gateway| {
            let instances = (0..).take(gateway.instance_count());
            instances.map(|instance| {
                Event::GatewayInstanceDown(GatewayInstance {
                    gateway: gateway.name.clone(),
                    instance,
                })
            })
        });
        down.chain(instances).collect()
    }

    /// What is to be said of the network and was not before.
    pub fn news(&self) -> &[String] {
        &self.news
    }

    /// What is to be said of what is being done, and was not before.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

//! Feeds the routes that networks use to the sinks: on the thread of the engine task, and only what
//! changed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use routehub::types::{PeerId, Prefix};
use routehub::{Changes, Engine, Exchange, VnetRoute, VnetRoutes};

use crate::sink::change_queue::{ChangeQueue, Key, NextHops};

/// Changes after which they are queued.
const SHARE: usize = 4096;

/// Lists of next hops that are kept before those without a route are dropped.
const HOPS: usize = 1024;

/// The queue of a sink, and the networks that it has.
#[derive(Debug)]
struct Feed {
    queue: Arc<ChangeQueue>,
    /// The only networks that the sink wants.
    only: Option<BTreeSet<String>>,
    vnets: BTreeMap<String, u32>,
    changed: Vec<(Key, Option<NextHops>)>,
}

/// What keeps the queues of all sinks up to date.
#[derive(Debug)]
pub(crate) struct FibFeed {
    feeds: Vec<Feed>,
    /// Live routers whose End-of-RIB has not come since the start.
    eor_pending: BTreeSet<PeerId>,
    /// Whether there were none left once.
    complete: bool,
    hops: HashSet<NextHops>,
    most_hops: usize,
}

impl FibFeed {
    /// A feed for no sink yet; the routes are complete after the End-of-RIB of these live routers.
    pub(crate) fn new(eor_pending: impl Iterator<Item = PeerId>) -> Self {
        Self {
            feeds: Vec::new(),
            eor_pending: eor_pending.collect(),
            complete: false,
            hops: HashSet::new(),
            most_hops: HOPS,
        }
    }

    /// Feeds a queue, with all networks or only some.
    pub(crate) fn add(&mut self, queue: &Arc<ChangeQueue>, only: Option<BTreeSet<String>>) {
        self.feeds.push(Feed {
            queue: Arc::clone(queue),
            only,
            vnets: BTreeMap::new(),
            changed: Vec::new(),
        });
    }

    /// Queues all routes of an engine; networks that are not in it have none any more.
    pub(crate) fn start(&mut self, engine: &mut Engine) {
        if self.feeds.is_empty() {
            return;
        }
        engine.keep_journal();
        engine.take_changes();
        let vnets = &engine.exchange().estate().vnets;
        let mut names: Vec<String> = vnets.iter().map(|vnet| vnet.name.clone()).collect();
        for feed in &mut self.feeds {
            feed.add_vnets(&names);
            let old = feed.vnets.keys().filter(|name| !names.contains(name));
            let old: Vec<String> = old.cloned().collect();
            names.extend(old);
        }
        self.begin_batch();
        for vnet in names {
            self.queue_all(engine.exchange(), &vnet);
        }
        self.end_batch();
        self.complete_after_eor();
    }

    /// Queues what changed.
    pub(crate) fn update(&mut self, engine: &mut Engine) {
        if self.feeds.is_empty() {
            return;
        }
        let changes = engine.take_changes();
        if !changes.is_empty() {
            self.begin_batch();
            self.queue_changes(engine.exchange(), &changes);
            self.end_batch();
        }
        self.complete_after_eor();
    }

    /// The End-of-RIB of a live router has come.
    pub(crate) fn eor_received(&mut self, peer: PeerId) {
        self.eor_pending.remove(&peer);
    }

    fn begin_batch(&self) {
        for feed in &self.feeds {
            feed.queue.begin_batch();
        }
    }

    fn end_batch(&self) {
        for feed in &self.feeds {
            feed.queue.end_batch();
        }
    }

    fn complete_after_eor(&mut self) {
        if self.eor_pending.is_empty() && !std::mem::replace(&mut self.complete, true) {
            for feed in &self.feeds {
                feed.queue.complete();
            }
        }
    }

    fn queue_changes(&mut self, exchange: &Exchange, changes: &Changes) {
        for vnet in &changes.vnets {
            self.queue_all(exchange, vnet);
        }
        // By the network that the speakers stand in: all of them serve the same ones.
        let mut by_home: BTreeMap<&str, (Vec<&str>, BTreeSet<Prefix>)> = BTreeMap::new();
        for of_speaker in changes.paths.chunk_by(|path, next| path.0 == next.0) {
            let Some((speaker, _)) = of_speaker.first() else {
                continue;
            };
            let served: Vec<&str> = exchange.vnets_served(*speaker).collect();
            let Some(home) = served.first().copied() else {
                continue;
            };
            let (_, prefixes) = by_home
                .entry(home)
                .or_insert_with(|| (served, BTreeSet::new()));
            prefixes.extend(of_speaker.iter().map(|(_, prefix)| prefix));
        }
        for (names, prefixes) in by_home.into_values() {
            self.queue_routes(exchange, names, &prefixes);
        }
    }

    /// Queues the routes of these networks to these prefixes.
    fn queue_routes(
        &mut self,
        exchange: &Exchange,
        mut names: Vec<&str>,
        prefixes: &BTreeSet<Prefix>,
    ) {
        names.retain(|name| self.wants(name));
        let routes = names
            .iter()
            .filter_map(|name| exchange.vnet_routes(name).ok());
        let routes: Vec<VnetRoutes<'_>> = routes.collect();
        for prefix in prefixes {
            VnetRoutes::route_of_each(&routes, *prefix, |index, route| {
                let next_hops = route.map(|route| self.shared(&route.next_hops));
                for feed in &mut self.feeds {
                    let name = names.get(index);
                    if let Some(vnet) = name.and_then(|name| feed.vnets.get(*name)) {
                        feed.changed.push(((*vnet, *prefix), next_hops.clone()));
                    }
                }
            });
            if self.feeds.iter().any(|feed| feed.changed.len() >= SHARE) {
                self.flush();
                // So much is a batch of its own, and more than one.
                self.end_batch();
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        for feed in &mut self.feeds {
            feed.queue.set(feed.changed.drain(..));
        }
    }

    /// Whether any sink wants a network's routes.
    fn wants(&self, vnet: &str) -> bool {
        self.feeds.iter().any(|feed| feed.vnets.contains_key(vnet))
    }

    /// Queues all routes of a network.
    fn queue_all(&mut self, exchange: &Exchange, vnet: &str) {
        if !self.wants(vnet) {
            return;
        }
        let routes = exchange.vnet_routes(vnet);
        let routes = routes.iter().flat_map(VnetRoutes::all);
        let shared = |VnetRoute { prefix, next_hops }| (prefix, self.shared(&next_hops));
        let routes: Vec<(Prefix, NextHops)> = routes.map(shared).collect();
        for feed in &self.feeds {
            if let Some(vnet) = feed.vnets.get(vnet) {
                feed.queue.set_all(*vnet, routes.clone());
            }
        }
    }

    /// The one copy of a list of next hops.
    fn shared(&mut self, next_hops: &[IpAddr]) -> NextHops {
        if let Some(known) = self.hops.get(next_hops) {
            return Arc::clone(known);
        }
        if self.hops.len() >= self.most_hops {
            self.hops.retain(|hops| Arc::strong_count(hops) > 1);
            self.most_hops = HOPS.max(2 * self.hops.len());
        }
        let new = NextHops::from(next_hops);
        self.hops.insert(Arc::clone(&new));
        new
    }
}

impl Feed {
    /// Adds networks that the sink wants and that are new.
    fn add_vnets(&mut self, names: &[String]) {
        for name in names {
            let wanted = self.only.as_ref().is_none_or(|only| only.contains(name));
            if wanted && !self.vnets.contains_key(name) {
                self.vnets.insert(name.clone(), self.queue.add(name));
            }
        }
    }
}

impl Drop for FibFeed {
    fn drop(&mut self) {
        for feed in &self.feeds {
            feed.queue.stop();
        }
    }
}

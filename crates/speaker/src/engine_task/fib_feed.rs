//! Follows the routes of networks for the sinks: on the thread of the routes, and only what changed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use routehub::types::{PeerId, Prefix};
use routehub::{Changes, Engine, Exchange, VnetRoute, VnetRoutes};

use crate::sink::change_queue::{Board, Key, NextHops};

/// Changes after which the boards are told.
const SHARE: usize = 4096;

/// Sets of next hops that are kept before those without a route are looked for.
const HOPS: usize = 1024;

/// The board of a sink, and the networks on it.
#[derive(Debug)]
struct Followed {
    board: Arc<Board>,
    /// The only networks it wants.
    only: Option<BTreeSet<String>>,
    places: BTreeMap<String, u32>,
    news: Vec<(Key, Option<NextHops>)>,
}

/// What the boards of all sinks are told.
#[derive(Debug)]
pub(crate) struct Follower {
    followed: Vec<Followed>,
    /// Live routers that have not told all their routes since the start.
    awaited: BTreeSet<PeerId>,
    /// Whether nobody was awaited any more, and the boards know.
    complete: bool,
    hops: HashSet<NextHops>,
    most_hops: usize,
}

impl Follower {
    /// Nobody follows yet; these live routers have routes to tell.
    pub(crate) fn new(awaited: impl Iterator<Item = PeerId>) -> Self {
        Self {
            followed: Vec::new(),
            awaited: awaited.collect(),
            complete: false,
            hops: HashSet::new(),
            most_hops: HOPS,
        }
    }

    /// Has a board told, of all networks or only some.
    pub(crate) fn add(&mut self, board: Arc<Board>, only: Option<BTreeSet<String>>) {
        self.followed.push(Followed {
            board,
            only,
            places: BTreeMap::new(),
            news: Vec::new(),
        });
    }

    /// Tells everything of an engine; networks that are not in it have no routes any more.
    pub(crate) fn start(&mut self, engine: &mut Engine) {
        engine.keep_journal();
        engine.take_changes();
        let vnets = &engine.exchange().estate().vnets;
        let mut names: Vec<String> = vnets.iter().map(|vnet| vnet.name.clone()).collect();
        for followed in &mut self.followed {
            followed.take_in(&names);
            let old = followed.places.keys().filter(|name| !names.contains(name));
            let old: Vec<String> = old.cloned().collect();
            names.extend(old);
        }
        self.open();
        for vnet in names {
            self.tell_all(engine.exchange(), &vnet);
        }
        self.close();
        self.complete_if_heard();
    }

    /// Tells what changed.
    pub(crate) fn follow(&mut self, engine: &mut Engine) {
        let changes = engine.take_changes();
        if !changes.is_empty() {
            self.open();
            self.tell(engine.exchange(), &changes);
            self.close();
        }
        self.complete_if_heard();
    }

    /// A live router has told all its routes.
    pub(crate) fn heard(&mut self, peer: PeerId) {
        self.awaited.remove(&peer);
    }

    fn open(&self) {
        for followed in &self.followed {
            followed.board.open();
        }
    }

    fn close(&self) {
        for followed in &self.followed {
            followed.board.close();
        }
    }

    fn complete_if_heard(&mut self) {
        if self.awaited.is_empty() && !std::mem::replace(&mut self.complete, true) {
            for followed in &self.followed {
                followed.board.complete();
            }
        }
    }

    fn tell(&mut self, exchange: &Exchange, changes: &Changes) {
        for vnet in &changes.vnets {
            self.tell_all(exchange, vnet);
        }
        // By the network that the speakers stand in: all of them serve the same ones.
        let mut by_home: BTreeMap<&str, (Vec<&str>, BTreeSet<Prefix>)> = BTreeMap::new();
        for of_speaker in changes.paths.chunk_by(|one, other| one.0 == other.0) {
            let speaker = of_speaker.iter().map(|(speaker, _)| *speaker).next();
            let served = speaker.into_iter().flat_map(|id| exchange.vnets_served(id));
            let served: Vec<&str> = served.collect();
            let Some(home) = served.first().copied() else {
                continue;
            };
            let (_, prefixes) = by_home
                .entry(home)
                .or_insert_with(|| (served, BTreeSet::new()));
            prefixes.extend(of_speaker.iter().map(|(_, prefix)| prefix));
        }
        for (names, prefixes) in by_home.into_values() {
            self.tell_routes(exchange, names, &prefixes);
        }
    }

    /// Tells the routes of these networks to these prefixes.
    fn tell_routes(
        &mut self,
        exchange: &Exchange,
        mut names: Vec<&str>,
        prefixes: &BTreeSet<Prefix>,
    ) {
        names.retain(|name| {
            self.followed
                .iter()
                .any(|one| one.places.contains_key(*name))
        });
        let routes = names.iter().filter_map(|name| exchange.vnet_routes(name));
        let routes: Vec<VnetRoutes<'_>> = routes.collect();
        for prefix in prefixes {
            VnetRoutes::route_of_each(&routes, *prefix, |place, route| {
                let next_hops = route.map(|route| self.shared(&route.next_hops));
                for followed in &mut self.followed {
                    let name = names.get(place);
                    let place = name.and_then(|name| followed.places.get(*name));
                    if let Some(place) = place {
                        followed.news.push(((*place, *prefix), next_hops.clone()));
                    }
                }
            });
            if self.followed.iter().any(|one| one.news.len() >= SHARE) {
                self.post();
                // So much is a batch of its own, and more than one.
                self.close();
            }
        }
        self.post();
    }

    fn post(&mut self) {
        for followed in &mut self.followed {
            followed.board.note(followed.news.drain(..));
        }
    }

    /// Tells all routes of a network.
    fn tell_all(&mut self, exchange: &Exchange, vnet: &str) {
        if !self
            .followed
            .iter()
            .any(|one| one.places.contains_key(vnet))
        {
            return;
        }
        let routes = exchange.vnet_routes(vnet);
        let routes = routes.iter().flat_map(VnetRoutes::all);
        let shared = |VnetRoute { prefix, next_hops }| (prefix, self.shared(&next_hops));
        let routes: Vec<(Prefix, NextHops)> = routes.map(shared).collect();
        for followed in &self.followed {
            if let Some(place) = followed.places.get(vnet) {
                followed.board.note_all(*place, routes.clone());
            }
        }
    }

    /// The one copy of a list of next hops.
    fn shared(&mut self, next_hops: &[IpAddr]) -> NextHops {
        if let Some(known) = self.hops.get(next_hops) {
            return Arc::clone(known);
        }
        if self.hops.len() >= self.most_hops {
            self.hops.retain(|one| Arc::strong_count(one) > 1);
            self.most_hops = HOPS.max(2 * self.hops.len());
        }
        let new = NextHops::from(next_hops);
        self.hops.insert(Arc::clone(&new));
        new
    }
}

impl Followed {
    /// Gives networks that are wanted and new a place.
    fn take_in(&mut self, names: &[String]) {
        for name in names {
            let wanted = self.only.as_ref().is_none_or(|only| only.contains(name));
            if wanted && !self.places.contains_key(name) {
                self.places.insert(name.clone(), self.board.add(name));
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        for followed in &self.followed {
            followed.board.stop();
        }
    }
}

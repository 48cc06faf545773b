//! Another network in place of the present one, while sessions run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use routehub::types::PeerId;
use routehub::{Estate, LiveLink, Profile, Successor};
use routehub_scenario::Live;
use routehub_session::SessionConfig;
use routehub_wire::Notification;
use tokio::sync::oneshot;

use super::sessions::{self, Open, Planned};
use super::start_error::{StartError, Stopped, check};
use super::{Running, Server, by_number, live_names};
use crate::Neighbor;
use crate::engine_task::request::{Replacement, Request};
use crate::event::{Notice, What};
use crate::neighbor::Place;
use crate::session::select::Command;

/// What became of sessions when a server went over to another network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Sessions that went on.
    pub kept: usize,
    /// Sessions that began anew, because their configuration differs.
    pub reset: usize,
    /// Sessions that there were not before.
    pub added: usize,
    /// Sessions that there are no longer.
    pub removed: usize,
}

impl Server {
    /// Goes over to another network: what the file says now is true, and events that happened to
    /// the estate before are forgotten.
    ///
    /// A session whose neighbour, addresses and settings are the same goes on, with all routes:
    /// its peer is sent what differs and notices nothing else. A neighbour that is no longer there
    /// is told so (Cease, peer de-configured), one that is configured otherwise is reset (Cease,
    /// other configuration change), a new one is awaited.
    ///
    /// The engine of the new network is built beside the running one. For the time of the change
    /// itself routes wait, about 1 µs for each that was received; sessions go on, with their
    /// KEEPALIVEs. Both engines are in memory then.
    ///
    /// # Errors
    /// [`StartError`]; nothing has changed then.
    pub async fn reload(
        &self,
        profile: &Profile,
        estate: Estate,
        live: &Live,
    ) -> Result<Reloaded, StartError> {
        check(live)?;
        let mut running = self.running.lock().await;
        running.check()?;
        let successor = self.successor(&running, profile, estate, live).await?;
        let kept: BTreeSet<PeerId> = successor.kept().iter().copied().collect();
        let mut planned = Vec::new();
        let mut known: BTreeMap<PeerId, Arc<Neighbor>> = BTreeMap::new();
        for (id, link) in successor.engine().peers() {
            if kept.contains(&id) {
                known.insert(id, Arc::new(Neighbor::new(id, link, live, profile)));
            } else {
                planned.push(Planned::new(&self.common, profile, live, (id, link))?);
            }
        }
        let opened = self.open(&running, &planned)?;
        let kept = running.sessions.iter().filter_map(|held| {
            let neighbor = known.get(&held.neighbor.id)?;
            Some((neighbor, &held.switch))
        });
        let all = kept.chain(planned.iter().map(|one| (&one.neighbor, &one.switch)));
        let replacement = Replacement {
            successor,
            neighbors: by_number(all),
        };
        let (sender, answer) = oneshot::channel();
        let request = Request::Replace(Box::new(replacement), sender);
        self.request(request).await?;
        answer.await.map_err(|_| Stopped)??;
        let reloaded = self.change(&mut running, planned, &known).await;
        running.listeners.extend(opened);
        self.view.send_replace(running.view());
        // Without anybody who watches, nobody is told.
        let _ = self.common.notices.send(Notice {
            neighbor: None,
            what: What::Reloaded(reloaded),
        });
        Ok(reloaded)
    }

    /// The engine of another network, in which unchanged neighbours keep their numbers.
    async fn successor(
        &self,
        running: &Running,
        profile: &Profile,
        estate: Estate,
        live: &Live,
    ) -> Result<Successor, StartError> {
        let held = running.sessions.iter();
        let held = held.map(|one| (Arc::clone(&one.neighbor), one.config.clone()));
        let held: BTreeMap<Place, (Arc<Neighbor>, SessionConfig)> =
            held.map(|one| (one.0.place(), one)).collect();
        let taken = running.sessions.iter().map(|one| one.neighbor.id).collect();
        let (profile, live, seed) = (profile.clone(), live.clone(), self.common.seed);
        let build = move || {
            let keep = |link: &LiveLink| {
                let neighbor = Neighbor::new(PeerId(0), link, &live, &profile);
                let (before, config) = held.get(&neighbor.place())?;
                let same =
                    neighbor.is_like(before) && sessions::config(&profile, &neighbor) == *config;
                same.then_some(before.id)
            };
            let names = live_names(&live);
            Successor::new(estate, (&profile).into(), &names, seed, &taken, keep)
        };
        let built = tokio::task::spawn_blocking(build).await;
        Ok(built.map_err(|_| Stopped)??)
    }

    /// Listens on the addresses that are new.
    fn open(
        &self,
        running: &Running,
        planned: &[Planned],
    ) -> Result<Vec<(std::net::SocketAddr, Open)>, StartError> {
        let sessions = planned.iter().map(|one| (&one.neighbor, &one.commands));
        let awaited = sessions::awaited(sessions).into_iter();
        let new = awaited.filter(|(address, _)| !running.listeners.contains_key(address));
        let listeners = new.map(|(address, awaited)| {
            let listener = sessions::bind(&self.common, address, awaited)?;
            Ok((address, listener))
        });
        let listeners: Vec<_> = listeners.collect::<Result<_, StartError>>()?;
        let open = listeners.into_iter();
        Ok(open
            .map(|(at, listener)| (at, Open::new(listener)))
            .collect())
    }

    /// Ends sessions that are not kept, and begins those that are new.
    async fn change(
        &self,
        running: &mut Running,
        planned: Vec<Planned>,
        known: &BTreeMap<PeerId, Arc<Neighbor>>,
    ) -> Reloaded {
        let new: BTreeSet<Place> = planned.iter().map(|one| one.neighbor.place()).collect();
        let mut reloaded = Reloaded::default();
        let mut ended = Vec::new();
        for mut held in std::mem::take(&mut running.sessions) {
            if let Some(neighbor) = known.get(&held.neighbor.id) {
                held.neighbor = Arc::clone(neighbor);
                reloaded.kept += 1;
                running.sessions.push(held);
            } else if new.contains(&held.neighbor.place()) {
                reloaded.reset += 1;
                ended.push((held, Notification::CONFIGURATION_CHANGE));
            } else {
                reloaded.removed += 1;
                ended.push((held, Notification::PEER_DECONFIGURED));
            }
        }
        reloaded.added = planned.len() - reloaded.reset;
        sessions::stop(ended).await;
        for held in &running.sessions {
            let known = Command::Known(Arc::clone(&held.neighbor));
            // A session that has ended needs to know nothing.
            let _ = held.commands.send(known).await;
        }
        let kept = running.sessions.iter();
        let kept = kept.map(|one| (&one.neighbor, &one.commands));
        let planned_ones = planned.iter().map(|one| (&one.neighbor, &one.commands));
        let mut awaited = sessions::awaited(kept.chain(planned_ones));
        running.listeners.retain(|address, open| {
            let Some(awaited) = awaited.remove(address) else {
                return false;
            };
            if let Err(error) = open.listener.await_only(&awaited) {
                let what = What::Failed(format!("{address} listens as before: {error}"));
                // Without anybody who watches, nobody is told.
                let _ = self.common.notices.send(Notice {
                    neighbor: None,
                    what,
                });
            }
            true
        });
        let started = planned.into_iter().map(|one| one.start(&self.common));
        running.sessions.extend(started);
        reloaded
    }
}

//! What the server knows of BFD: which neighbours are watched, and where packets are received.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use routehub::types::PeerId;
use routehub_bfd::Hops;
use tokio::sync::oneshot;

use super::alarm::PathAlarm;
use super::command::{BfdCommand, BfdHandle, BfdInbox, Watch};
use super::report::BfdStatus;
use super::settings::BfdSettings;
use super::sockets::{ReceiveSocket, SendSocket, SocketError};
use super::thread::BfdThread;
use crate::Neighbor;
use crate::event::EventSender;

/// How long the thread may take to report.
const REPORT: Duration = Duration::from_secs(1);

/// The server's side of BFD. The thread runs once somebody is watched, and ends with this.
#[derive(Debug)]
pub(crate) struct BfdService {
    handle: BfdHandle,
    /// Until the thread runs. Nobody waits for it: the lock is there so that others may look at
    /// the rest.
    inbox: Mutex<Option<BfdInbox>>,
    watched: BTreeMap<PeerId, BfdSettings>,
    receives: BTreeSet<(IpAddr, Hops)>,
    seed: u64,
}

/// Which neighbours are to be watched; all that can fail of that is done.
#[derive(Debug, Default)]
pub(crate) struct BfdPlan {
    /// Those that stay, in their new description.
    stay: Vec<Arc<Neighbor>>,
    begin: Vec<Watch>,
    opened: Vec<ReceiveSocket>,
    receives: BTreeSet<(IpAddr, Hops)>,
}

impl BfdService {
    pub(crate) fn new(seed: u64) -> io::Result<Self> {
        let (handle, inbox) = BfdHandle::new()?;
        Ok(Self {
            handle,
            inbox: Mutex::new(Some(inbox)),
            watched: BTreeMap::new(),
            receives: BTreeSet::new(),
            seed,
        })
    }

    pub(crate) const fn handle(&self) -> &BfdHandle {
        &self.handle
    }

    /// Opens what is missing to watch these neighbours, and nobody else.
    ///
    /// # Errors
    /// An address cannot be received at or sent from.
    pub(crate) fn plan(
        &self,
        neighbors: impl Iterator<Item = (Arc<Neighbor>, PathAlarm)>,
    ) -> Result<BfdPlan, SocketError> {
        let mut plan = BfdPlan::default();
        for (neighbor, alarm) in neighbors {
            let Some(settings) = neighbor.bfd() else {
                continue;
            };
            let keys = settings.sessions().iter().map(|(path, _)| path);
            plan.receives
                .extend(keys.map(|path| (path.local, path.hops)));
            let before = self.watched.get(&neighbor.id);
            if before.is_some_and(|before| before.differ_in_timers_alone(settings)) {
                plan.stay.push(neighbor);
                continue;
            }
            let seed = self.seed ^ u64::from(neighbor.id.0);
            let mut sessions = Vec::new();
            for (path, config) in settings.sessions() {
                let socket = SendSocket::bind(path, seed)?;
                sessions.push((*path, config.clone(), socket));
            }
            plan.begin.push(Watch {
                neighbor,
                alarm,
                sessions,
            });
        }
        for (local, hops) in plan.receives.difference(&self.receives) {
            plan.opened.push(ReceiveSocket::bind(*local, *hops)?);
        }
        Ok(plan)
    }

    /// Watches whom the plan names.
    ///
    /// # Errors
    /// The thread cannot be started; nobody is watched then.
    pub(crate) fn carry_out(&mut self, plan: BfdPlan, events: &EventSender) -> io::Result<()> {
        let BfdPlan {
            stay,
            begin,
            opened,
            receives,
        } = plan;
        if !begin.is_empty()
            && let Some(inbox) = self.take_inbox()
        {
            BfdThread::new(inbox, events.clone(), self.seed).spawn()?;
            self.handle.start();
        }
        let stays: BTreeSet<PeerId> = stay.iter().map(|neighbor| neighbor.id).collect();
        for peer in self.watched.keys().filter(|peer| !stays.contains(peer)) {
            self.handle.send(BfdCommand::Forget(*peer));
        }
        let begun = begin.iter().map(|watch| &watch.neighbor);
        let watched = stay.iter().chain(begun);
        self.watched = watched
            .filter_map(|neighbor| Some((neighbor.id, neighbor.bfd()?.clone())))
            .collect();
        self.receives.clone_from(&receives);
        self.handle.send(BfdCommand::Receive(opened));
        for neighbor in stay {
            self.handle.send(BfdCommand::Describe(neighbor));
        }
        for watch in begin {
            self.handle.send(BfdCommand::Watch(watch));
        }
        self.handle.send(BfdCommand::ReceiveOnly(receives));
        Ok(())
    }

    fn take_inbox(&mut self) -> Option<BfdInbox> {
        self.inbox.get_mut().ok()?.take()
    }

    /// Ends it all; neighbours are told that this is no failure.
    pub(crate) fn stop(&mut self) {
        self.take_inbox();
        self.watched.clear();
        self.handle.send(BfdCommand::Stop);
    }
}

impl BfdHandle {
    /// All of it; nothing of a thread that does not answer within a second, or does not run.
    pub(crate) async fn status(&self) -> BfdStatus {
        let (sender, answer) = oneshot::channel();
        self.send(BfdCommand::Report(sender));
        let answer = tokio::time::timeout(REPORT, answer).await;
        answer.ok().and_then(Result::ok).unwrap_or_default()
    }
}

impl Drop for BfdService {
    fn drop(&mut self) {
        self.stop();
    }
}

//! The thread: packets, timers, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::{Duration, Instant as SystemInstant};

use nix::poll::{PollFd, PollFlags, ppoll};
use routehub::types::PeerId;
use routehub_bfd::{Diagnostic, Discriminator, Endpoint, Hops, Instant, Output};

use super::alarm::PathAlarm;
use super::command::{BfdCommand, BfdInbox, Watch};
use super::report::{BfdChange, BfdReport, BfdStatus};
use super::settings::BfdSettings;
use super::sockets::{ReceiveBuffer, ReceiveSocket, SendSocket};
use crate::Neighbor;
use crate::event::{EventKind, EventSender};
use crate::sockopt;

/// Datagrams that are read of a socket at once.
const BURST: usize = 512;

/// How long a flood waits: it takes no more than a part of a processor.
const PAUSE: Duration = Duration::from_millis(1);

/// A session, and what belongs to it.
#[derive(Debug)]
struct Watched {
    peer: PeerId,
    socket: SendSocket,
    send_errors: u64,
}

/// A neighbour that is watched.
#[derive(Debug)]
struct Peer {
    neighbor: Arc<Neighbor>,
    alarm: PathAlarm,
    sessions: Vec<Discriminator>,
}

/// Everything that the thread has.
pub(super) struct BfdThread {
    inbox: BfdInbox,
    events: EventSender,
    start: SystemInstant,
    endpoint: Endpoint,
    receive: Vec<ReceiveSocket>,
    sessions: BTreeMap<Discriminator, Watched>,
    peers: BTreeMap<PeerId, Peer>,
    buffer: ReceiveBuffer,
}

impl BfdThread {
    pub(super) fn new(inbox: BfdInbox, events: EventSender, seed: u64) -> Self {
        Self {
            inbox,
            events,
            start: SystemInstant::now(),
            endpoint: Endpoint::new(seed),
            receive: Vec::new(),
            sessions: BTreeMap::new(),
            peers: BTreeMap::new(),
            buffer: ReceiveBuffer::new(),
        }
    }

    /// Runs until it is told to stop, or nobody can tell it anything any more.
    pub(super) fn spawn(self) -> io::Result<()> {
        let thread = std::thread::Builder::new().name("bfd".to_owned());
        thread.spawn(move || self.run())?;
        Ok(())
    }

    fn run(mut self) {
        // Where that is not allowed, it is a thread like others.
        let _ = sockopt::raise_thread_priority();
        loop {
            self.carry_out_outputs();
            self.wait();
            self.inbox.clear();
            while let Some(command) = self.inbox.next() {
                if matches!(command, BfdCommand::Stop) {
                    return self.stop();
                }
                self.command(command);
            }
            self.receive();
            // After all that has arrived: a peer whose packets wait here is not silent.
            self.endpoint.handle_timeout(self.now());
        }
    }

    fn now(&self) -> Instant {
        Instant::from_micros(self.start.elapsed().as_micros() as u64)
    }

    /// Sleeps until a packet or a command comes, or a timer ends.
    fn wait(&self) {
        let mut sources = Vec::with_capacity(self.receive.len() + 1);
        sources.push(PollFd::new(self.inbox.as_fd(), PollFlags::POLLIN));
        let sockets = self.receive.iter();
        sources.extend(sockets.map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)));
        let timeout = self.endpoint.poll_timeout();
        let timeout = timeout.map(|at| at.since(self.now()).into());
        // An error, as when a signal comes, is a reason to look as well.
        if ppoll(&mut sources, timeout, None).is_err() {
            std::thread::sleep(PAUSE);
        }
    }

    /// Reads all that has arrived.
    fn receive(&mut self) {
        let now = self.now();
        let mut flooded = false;
        for socket in &self.receive {
            let mut read = 0;
            while read < BURST {
                match socket.receive(&mut self.buffer) {
                    Ok(Some((arrival, payload))) => {
                        // What is discarded is counted there.
                        let _ = self.endpoint.handle_datagram(now, &arrival, payload);
                    }
                    Ok(None) => break,
                    // Of a datagram that was sent or received before.
                    Err(_) => {}
                }
                read += 1;
            }
            flooded |= read == BURST;
        }
        if flooded {
            std::thread::sleep(PAUSE);
        }
    }

    fn carry_out_outputs(&mut self) {
        while let Some((discriminator, path, output)) = self.endpoint.poll() {
            let Some(watched) = self.sessions.get_mut(&discriminator) else {
                continue;
            };
            match output {
                Output::Send(datagram) => {
                    let sent = watched.socket.send(&datagram);
                    watched.send_errors += u64::from(!sent);
                }
                Output::StateChange(change) => {
                    let Some(peer) = self.peers.get(&watched.peer) else {
                        continue;
                    };
                    if change.is_failure() {
                        peer.alarm.raise();
                    }
                    let hops = path.hops;
                    let kind = EventKind::Bfd(BfdChange { hops, change });
                    self.events.publish(Some(&peer.neighbor), kind);
                }
            }
        }
    }

    fn command(&mut self, command: BfdCommand) {
        match command {
            BfdCommand::Receive(sockets) => self.receive.extend(sockets),
            BfdCommand::ReceiveOnly(keys) => self.receive_only(&keys),
            BfdCommand::Watch(watch) => self.watch(watch),
            BfdCommand::Describe(neighbor) => self.describe(neighbor),
            BfdCommand::Forget(peer) => self.forget(peer),
            BfdCommand::Switch(peer, on) => self.switch(peer, on),
            BfdCommand::Report(answer) => {
                // The receiver may be gone.
                let _ = answer.send(self.status());
            }
            BfdCommand::Stop => {}
        }
    }

    fn receive_only(&mut self, keys: &BTreeSet<(IpAddr, Hops)>) {
        self.receive.retain(|socket| keys.contains(&socket.key()));
    }

    fn watch(&mut self, watch: Watch) {
        let Watch {
            neighbor,
            alarm,
            sessions,
        } = watch;
        let (now, id) = (self.now(), neighbor.id);
        let mut peer = Peer {
            neighbor,
            alarm,
            sessions: Vec::new(),
        };
        for (path, config, socket) in sessions {
            match self.endpoint.add(now, path, config) {
                Ok(discriminator) => {
                    let watched = Watched {
                        peer: id,
                        socket,
                        send_errors: 0,
                    };
                    self.sessions.insert(discriminator, watched);
                    peer.sessions.push(discriminator);
                }
                Err(taken) => {
                    let (local, remote) = (path.local, path.remote);
                    let why = format!("no BFD between {local} and {remote}: {taken}");
                    self.events
                        .publish(Some(&peer.neighbor), EventKind::Failed(why));
                }
            }
        }
        self.peers.insert(id, peer);
    }

    fn describe(&mut self, neighbor: Arc<Neighbor>) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(&neighbor.id) else {
            return;
        };
        let settings = neighbor.bfd().map(BfdSettings::sessions);
        for (discriminator, (_, config)) in peer.sessions.iter().zip(settings.unwrap_or_default()) {
            self.endpoint.set_timers(now, *discriminator, config.timers);
        }
        peer.neighbor = neighbor;
    }

    fn switch(&mut self, peer: PeerId, on: bool) {
        let now = self.now();
        for discriminator in self.peers.get(&peer).iter().flat_map(|peer| &peer.sessions) {
            if on {
                self.endpoint.enable(now, *discriminator);
            } else {
                let why = Diagnostic::AdministrativelyDown;
                self.endpoint.disable(now, *discriminator, why);
            }
        }
    }

    fn forget(&mut self, peer: PeerId) {
        self.switch(peer, false);
        self.carry_out_outputs();
        let gone = self.peers.remove(&peer);
        for discriminator in gone.into_iter().flat_map(|peer| peer.sessions) {
            self.endpoint.remove(discriminator);
            self.sessions.remove(&discriminator);
        }
    }

    fn stop(mut self) {
        let peers: Vec<PeerId> = self.peers.keys().copied().collect();
        peers.into_iter().for_each(|peer| self.forget(peer));
    }

    fn status(&self) -> BfdStatus {
        let now = self.now();
        let mut status = BfdStatus {
            sessions: BTreeMap::new(),
            discarded: self.endpoint.discarded().iter().collect(),
        };
        for (path, session) in self.endpoint.sessions() {
            if let Some(watched) = self.sessions.get(&session.discriminator()) {
                let report = BfdReport::of(path, session, now, watched.send_errors);
                let beside = status.sessions.entry(watched.peer);
                beside.or_default().push(report);
            }
        }
        for beside in status.sessions.values_mut() {
            beside.sort_by_key(|report| (report.hops, report.local, report.remote));
        }
        status
    }
}

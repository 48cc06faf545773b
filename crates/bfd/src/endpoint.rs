//! The sessions of a system: packets find theirs, and the timers of all are one.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::Instant;
use crate::discard::{Discard, DiscardCounters};
use crate::packet::{Diagnostic, Discriminator, Received, State};
use crate::random::Random;
use crate::session::{Config, Output, Session, Timers};

/// How far a session reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hops {
    /// To a neighbour on the same link (RFC 5881).
    Single,
    /// Over routers (RFC 5883).
    Multiple,
}

impl Hops {
    /// The UDP port that packets go to (RFC 5881 section 4, RFC 5883 section 5).
    pub const fn port(self) -> u16 {
        match self {
            Self::Single => 3784,
            Self::Multiple => 4784,
        }
    }

    /// The UDP ports that packets may come from, one for each session (RFC 5881 section 4).
    pub const SOURCE_PORTS: core::ops::RangeInclusive<u16> = 49152..=65535;

    /// The TTL, or hop limit, that packets are sent with (RFC 5881 section 5).
    pub const TTL: u8 = 255;
}

/// Between which addresses a session runs. There is one at most for a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// How far the remote system is away.
    pub hops: Hops,
    /// The address of this system.
    pub local: IpAddr,
    /// The address of the remote system.
    pub remote: IpAddr,
}

/// How a packet arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// To the port of which sessions, from where, and to where.
    pub path: Path,
    /// With which TTL, or hop limit.
    pub ttl: u8,
}

/// There is a session on the path already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is a session with this discriminator on the path: {0}")]
pub struct PathTaken(pub Discriminator);

#[derive(Debug)]
struct Entry {
    path: Path,
    session: Session,
    /// The timeout that the index has.
    due: Option<Instant>,
}

/// The sessions of a system.
///
/// It is driven like a [`Session`]: one input, then [`poll`](Self::poll) until it gives nothing,
/// then sleep until the next input or [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub struct Endpoint {
    random: Random,
    sessions: BTreeMap<Discriminator, Entry>,
    paths: BTreeMap<Path, Discriminator>,
    due: BTreeSet<(Instant, Discriminator)>,
    /// Those that may have outputs.
    ready: BTreeSet<Discriminator>,
    discarded: DiscardCounters,
}

impl Endpoint {
    /// A system without sessions. The seed decides on discriminators, which strangers should not
    /// guess (RFC 5880 section 6.8.1), and on the jitter of packets.
    pub const fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            sessions: BTreeMap::new(),
            paths: BTreeMap::new(),
            due: BTreeSet::new(),
            ready: BTreeSet::new(),
            discarded: DiscardCounters::new(),
        }
    }

    /// Makes a session, which begins at once if it is active.
    ///
    /// # Errors
    /// There is one on this path.
    pub fn add(
        &mut self,
        now: Instant,
        path: Path,
        config: Config,
    ) -> Result<Discriminator, PathTaken> {
        if let Some(taken) = self.paths.get(&path) {
            return Err(PathTaken(*taken));
        }
        let discriminator = self.free_discriminator();
        let session = Session::new(now, discriminator, config, self.random.next());
        self.paths.insert(path, discriminator);
        let entry = Entry {
            path,
            session,
            due: None,
        };
        self.sessions.insert(discriminator, entry);
        self.reindex(discriminator);
        Ok(discriminator)
    }

    fn free_discriminator(&mut self) -> Discriminator {
        loop {
            let number = Discriminator::new(self.random.next_u32());
            if let Some(free) = number.filter(|number| !self.sessions.contains_key(number)) {
                return free;
            }
        }
    }

    /// Forgets a session. The remote system is told nothing: where it should be,
    /// [`disable`](Self::disable) comes first.
    pub fn remove(&mut self, discriminator: Discriminator) -> Option<Session> {
        let entry = self.sessions.remove(&discriminator)?;
        self.paths.remove(&entry.path);
        if let Some(due) = entry.due {
            self.due.remove(&(due, discriminator));
        }
        self.ready.remove(&discriminator);
        Some(entry.session)
    }

    /// A datagram came.
    ///
    /// # Errors
    /// It was discarded (RFC 5880 section 6.8.6).
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        arrival: &Arrival,
        payload: &[u8],
    ) -> Result<Discriminator, Discard> {
        let found = Received::parse(payload).and_then(|received| {
            let discriminator = self.session_of(arrival, &received)?;
            Ok((discriminator, received))
        });
        let (discriminator, received) = match found {
            Ok(found) => found,
            Err(discard) => {
                self.discarded.count(&discard);
                return Err(discard);
            }
        };
        let handle = |session: &mut Session| session.handle_packet(now, arrival.ttl, &received);
        let result = self.with(discriminator, handle);
        result.unwrap_or(Ok(())).map(|()| discriminator)
    }

    /// Which session a packet is for (RFC 5880 section 6.3): by its discriminator, and at first by
    /// the addresses (RFC 5881 section 3, RFC 5883 section 4.1).
    fn session_of(
        &self,
        arrival: &Arrival,
        received: &Received<'_>,
    ) -> Result<Discriminator, Discard> {
        if let Some(named) = received.packet.your_discriminator {
            // A packet over many hops is none of a session over one.
            let entry = self.sessions.get(&named);
            let entry = entry.filter(|entry| entry.path.hops == arrival.path.hops);
            let unknown = Discard::UnknownDiscriminator(named.value());
            return entry.map(|_| named).ok_or(unknown);
        }
        match received.packet.state {
            State::Down | State::AdminDown => {
                let found = self.paths.get(&arrival.path);
                found.copied().ok_or(Discard::NoSession)
            }
            state => Err(Discard::YourDiscriminatorZero(state)),
        }
    }

    /// Time has passed: what is due is done.
    pub fn handle_timeout(&mut self, now: Instant) {
        // Each session once, however little time its intervals give.
        let mut looked_at = Vec::new();
        while let Some((due, discriminator)) = self.due.first().copied() {
            if due > now {
                break;
            }
            self.due.pop_first();
            if let Some(entry) = self.sessions.get_mut(&discriminator) {
                entry.due = None;
                entry.session.handle_timeout(now);
            }
            looked_at.push(discriminator);
        }
        for discriminator in looked_at {
            self.reindex(discriminator);
        }
    }

    /// Holds a session down; says no if there is none (see [`Session::disable`]).
    pub fn disable(
        &mut self,
        now: Instant,
        discriminator: Discriminator,
        diagnostic: Diagnostic,
    ) -> bool {
        let disable = |session: &mut Session| session.disable(now, diagnostic);
        self.with(discriminator, disable).is_some()
    }

    /// Lets a session come up again; says no if there is none (see [`Session::enable`]).
    pub fn enable(&mut self, now: Instant, discriminator: Discriminator) -> bool {
        let enable = |session: &mut Session| session.enable(now);
        self.with(discriminator, enable).is_some()
    }

    /// Goes over to other timers; says no if there is no such session (see
    /// [`Session::set_timers`]).
    pub fn set_timers(
        &mut self,
        now: Instant,
        discriminator: Discriminator,
        timers: Timers,
    ) -> bool {
        let set = |session: &mut Session| session.set_timers(now, timers);
        self.with(discriminator, set).is_some()
    }

    /// Does something to a session, and looks when it is due then.
    fn with<T>(
        &mut self,
        discriminator: Discriminator,
        what: impl FnOnce(&mut Session) -> T,
    ) -> Option<T> {
        let done = what(&mut self.sessions.get_mut(&discriminator)?.session);
        self.reindex(discriminator);
        Some(done)
    }

    fn reindex(&mut self, discriminator: Discriminator) {
        let Some(entry) = self.sessions.get_mut(&discriminator) else {
            return;
        };
        let due = entry.session.poll_timeout();
        let before = core::mem::replace(&mut entry.due, due);
        if before != due
            && let Some(before) = before
        {
            self.due.remove(&(before, discriminator));
        }
        if let Some(due) = due {
            self.due.insert((due, discriminator));
        }
        self.ready.insert(discriminator);
    }

    /// The next output of any session, with its path.
    pub fn poll(&mut self) -> Option<(Discriminator, Path, Output)> {
        while let Some(discriminator) = self.ready.first().copied() {
            let entry = self.sessions.get_mut(&discriminator);
            let output = entry.and_then(|entry| Some((entry.path, entry.session.poll()?)));
            if let Some((path, output)) = output {
                return Some((discriminator, path, output));
            }
            self.ready.remove(&discriminator);
        }
        None
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// A session.
    pub fn session(&self, discriminator: Discriminator) -> Option<&Session> {
        self.sessions
            .get(&discriminator)
            .map(|entry| &entry.session)
    }

    /// All sessions, by their discriminators.
    pub fn sessions(&self) -> impl Iterator<Item = (Path, &Session)> {
        let entries = self.sessions.values();
        entries.map(|entry| (entry.path, &entry.session))
    }

    /// Datagrams that were of no session, by the reason for which they were discarded.
    pub const fn discarded(&self) -> &DiscardCounters {
        &self.discarded
    }
}

//! A speaker that a daemon plays: what ails it, and how it is well again.

use std::time::Instant;

use routehub_testkit::daemons::{Daemon, Heard, Restart, Router};
use routehub_testkit::isolated::command;

use crate::network::{Network, Role, SPEAKERS, route};

/// A speaker.
pub(crate) struct Speaker {
    role: &'static Role,
    state: State,
}

/// How it is.
enum State {
    Runs(Box<dyn Daemon>),
    /// Its daemon has ended, and is started at this time.
    Ended(Instant),
    /// Its address is gone until this time.
    Unreachable(Box<dyn Daemon>, Instant),
    /// For the moment between two others.
    Between,
}

impl Speaker {
    pub(crate) fn start(role: &'static Role, network: &Network) -> Self {
        let state = State::Runs(start(role, network));
        Self { role, state }
    }

    pub(crate) fn role(&self) -> &'static Role {
        self.role
    }

    /// Whether nothing ails it.
    pub(crate) fn is_well(&self) -> bool {
        matches!(self.state, State::Runs(_))
    }

    /// Its daemon, where there is one and it can be asked.
    pub(crate) fn daemon(&self) -> Option<&dyn Daemon> {
        match &self.state {
            State::Runs(daemon) | State::Unreachable(daemon, _) => Some(daemon.as_ref()),
            State::Ended(_) | State::Between => None,
        }
    }

    /// Ends the daemon of a speaker that is well, with a word to its peers or without, until a time.
    pub(crate) fn end(&mut self, politely: bool, until: Instant) {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Runs(daemon) if politely => daemon.process().terminate(),
            State::Runs(daemon) => daemon.process().kill(),
            _ => panic!("{} is not well", self.role.name),
        }
        self.state = State::Ended(until);
    }

    /// Takes the address of a speaker that is well away, until a time.
    pub(crate) fn lose_address(&mut self, until: Instant) {
        let State::Runs(daemon) = std::mem::replace(&mut self.state, State::Between) else {
            panic!("{} is not well", self.role.name);
        };
        self.address("del");
        self.state = State::Unreachable(daemon, until);
    }

    /// Has what ails it end, if it is time to.
    pub(crate) fn heal(&mut self, now: Instant, network: &Network) {
        self.state = match std::mem::replace(&mut self.state, State::Between) {
            State::Ended(until) if until <= now => State::Runs(start(self.role, network)),
            State::Unreachable(daemon, until) if until <= now => {
                self.address("add");
                State::Runs(daemon)
            }
            state => state,
        };
    }

    /// What it hears.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.daemon().map(Daemon::heard).unwrap_or_default()
    }

    fn address(&self, what: &str) {
        let address = format!("{}/32", self.role.address);
        command("ip", &["address", what, &address, "dev", "lo"]);
    }
}

/// Starts a daemon with the routes that it has to announce.
fn start(role: &'static Role, network: &Network) -> Box<dyn Daemon> {
    let at = SPEAKERS.iter().position(|other| other.name == role.name);
    let at = at.expect("a speaker");
    let router = Router {
        address: role.address,
        asn: role.asn,
        peers: role.peers.to_vec(),
        peer_asn: role.peer_asn,
        hold_time: 9,
        password: None,
        restart: Restart::Plain,
        passes_on: false,
        announces: network.announced[at]
            .iter()
            .map(|number| route(at, *number))
            .collect(),
    };
    role.kind.start(&router).expect("it is installed")
}

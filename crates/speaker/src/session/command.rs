//! What the server and the task of a session tell each other.

use std::sync::Arc;
use std::time::Duration;

use routehub::types::{Family, Instant, PeerId};
use routehub_session::{
    Counters, DownReason, LastError, Negotiated, RetainedRoutes, Session, State,
};
use routehub_wire::{Capabilities, Notification};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};

use crate::Neighbor;
use crate::bfd::{AlarmReceiver, BfdHandle, PathAlarm};

/// Commands that wait for a session at most.
const COMMANDS: usize = 4;

/// What a peer is told whose session an event switches off, where the event has no text.
const OFF: &str = "switched off by an event";

/// What the task of a session is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// The peer has connected.
    Accepted(Accepted),
    /// Stop with this NOTIFICATION.
    Stop(Notification),
    /// Report the session's state.
    Report(oneshot::Sender<SessionReport>),
    /// The neighbour has another description after a reload.
    SetNeighbor(Arc<Neighbor>),
    /// An event switched the session on.
    SwitchOn,
    /// An event switched the session off; what the peer is told.
    SwitchOff(String),
    /// BFD found that the path to the peer has failed.
    PathFailed,
}

/// A connection that a peer has opened.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    /// What was read of it already, to see who it is.
    pub(crate) read: Vec<u8>,
}

impl From<TcpStream> for Accepted {
    fn from(stream: TcpStream) -> Self {
        let read = Vec::new();
        Self { stream, read }
    }
}

/// A session's neighbour, and the ways to its task.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    neighbor: Arc<Neighbor>,
    commands: mpsc::Sender<Command>,
    switch: watch::Sender<Switch>,
    alarm: PathAlarm,
    bfd: BfdHandle,
}

/// Where the task of a session receives its commands.
pub(crate) struct CommandInbox {
    commands: mpsc::Receiver<Command>,
    /// Whether the session is to run.
    switch: watch::Receiver<Switch>,
    /// How often it was switched off, as far as it was told.
    times_off: u32,
    /// Whether it is to be switched on after it was told that it is off.
    then_on: bool,
    alarm: AlarmReceiver,
}

/// Whether a session is to run, and how often it was switched off: one that was off for a moment
/// ends all the same, as its routes are forgotten.
#[derive(Clone, Debug)]
struct Switch {
    on: bool,
    times_off: u32,
    /// What the peer is told when it is off.
    text: Option<String>,
}

impl SessionHandle {
    pub(crate) fn new(neighbor: Neighbor, bfd: BfdHandle) -> (Self, CommandInbox) {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (switch, switched) = watch::channel(Switch {
            on: true,
            times_off: 0,
            text: None,
        });
        let (alarm, alarms) = PathAlarm::new();
        let handle = Self {
            neighbor: Arc::new(neighbor),
            commands,
            switch,
            alarm,
            bfd,
        };
        let inbox = CommandInbox {
            commands: inbox,
            switch: switched,
            times_off: 0,
            then_on: false,
            alarm: alarms,
        };
        (handle, inbox)
    }

    /// The same session, with another description of its neighbour.
    pub(crate) fn with_neighbor(&self, neighbor: &Arc<Neighbor>) -> Self {
        Self {
            neighbor: Arc::clone(neighbor),
            ..self.clone()
        }
    }

    /// The session, and the id that the engine knows its peer by.
    pub(crate) fn by_id(&self) -> (PeerId, Self) {
        (self.neighbor.id, self.clone())
    }

    pub(crate) const fn neighbor(&self) -> &Arc<Neighbor> {
        &self.neighbor
    }

    /// Sends a command, once there is room for it.
    pub(crate) async fn send(&self, command: Command) {
        // The session may have ended.
        let _ = self.commands.send(command).await;
    }

    /// Hands over a connection; says no to one more than the session can use.
    pub(crate) fn accept(&self, connection: impl Into<Accepted>) -> bool {
        let command = Command::Accepted(connection.into());
        self.commands.try_send(command).is_ok()
    }

    /// Whether the task of the session has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.commands.is_closed()
    }

    /// Tells the session that its path has failed.
    pub(crate) const fn alarm(&self) -> &PathAlarm {
        &self.alarm
    }

    /// Starts or stops the session, and BFD beside it; never waits for either.
    pub(crate) fn switch(&self, on: bool, text: Option<String>) {
        self.bfd.switch(self.neighbor.id, on);
        self.switch.send_modify(|switch| {
            switch.on = on;
            switch.times_off += u32::from(!on);
            if !on {
                switch.text = text;
            }
        });
    }
}

impl CommandInbox {
    /// The next command. Nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Command {
        if std::mem::take(&mut self.then_on) {
            return Command::SwitchOn;
        }
        tokio::select! {
            // Without a server nothing is left to run the session for.
            command = self.commands.recv() =>
                command.unwrap_or(Command::Stop(Notification::ADMINISTRATIVE_SHUTDOWN)),
            Ok(()) = self.switch.changed() => self.switched(),
            Some(()) = self.alarm.next() => Command::PathFailed,
        }
    }
}

impl CommandInbox {
    /// What the switch says now: off first, if it was off since it was looked at last.
    fn switched(&mut self) -> Command {
        let Switch {
            on,
            times_off,
            text,
        } = self.switch.borrow_and_update().clone();
        let was_off = std::mem::replace(&mut self.times_off, times_off) != times_off;
        self.then_on = was_off && on;
        match on && !was_off {
            true => Command::SwitchOn,
            false => Command::SwitchOff(text.unwrap_or_else(|| OFF.to_owned())),
        }
    }
}

/// How a session is at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionReport {
    /// The state: that of the connection that got furthest.
    pub state: State,
    /// For how long it is in this state.
    pub in_state: Duration,
    /// For how long it is established.
    pub uptime: Option<Duration>,
    /// Until when damping holds it back after failures; none: it does not.
    pub held_back: Option<Duration>,
    /// Families whose routes stay although the session was lost, and for how long.
    pub retained: Vec<RetainedFamily>,
    /// What our OPEN offers.
    pub offered: Capabilities,
    /// What was agreed on, while it is established, with what the peer offers.
    pub agreed: Option<Box<Negotiated>>,
    /// What was counted since it was configured.
    pub counters: Counters,
    /// How long ago it was no longer established, and why.
    pub last_down: Option<(Duration, DownReason)>,
    /// How long ago the peer was last sent a NOTIFICATION, and which.
    pub last_sent: Option<(Duration, Notification)>,
    /// How long ago the peer last sent one, and which.
    pub last_received: Option<(Duration, Notification)>,
}

/// Routes of a peer in a family that stay although the session was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetainedFamily {
    /// The family.
    pub family: Family,
    /// Whether they are long-lived stale (RFC 9494 section 4.2).
    pub long_lived: bool,
    /// In what time what is still stale of them goes, or becomes long-lived stale.
    pub left: Duration,
}

impl RetainedFamily {
    fn of(retained: RetainedRoutes, now: Instant) -> Self {
        let RetainedRoutes {
            family,
            long_lived,
            until,
        } = retained;
        let left = until.since(now);
        Self {
            family,
            long_lived,
            left,
        }
    }
}

impl SessionReport {
    /// How a session is now.
    pub(crate) fn of(session: &Session, now: Instant) -> Self {
        let down = session.last_down();
        let last = |error: &LastError| (now.since(error.at), error.notification.clone());
        Self {
            state: session.state(),
            in_state: now.since(session.state_since()),
            uptime: session.uptime(now),
            held_back: session.held_back_until().map(|until| until.since(now)),
            retained: session
                .retained_routes()
                .map(|retained| RetainedFamily::of(retained, now))
                .collect(),
            offered: session.config().capabilities.clone(),
            agreed: session.negotiated().cloned().map(Box::new),
            counters: *session.counters(),
            last_down: down.map(|(at, why)| (now.since(at), why.clone())),
            last_sent: session.last_sent_error().map(last),
            last_received: session.last_received_error().map(last),
        }
    }
}

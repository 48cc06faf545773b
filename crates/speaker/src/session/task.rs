//! The task of one session.

use routehub::types::Instant;
use routehub_session::{Session, State, Timer};
use routehub_wire::Notification;

use super::command::{Accepted, Command, SessionReport};
use super::connection::Readiness;
use super::io::{SessionIo, Wake};
use crate::clock::Clock;
use crate::engine_task::channel::{Chunk, Outbound};
use crate::event::ConnectionRefusal;

/// A running session.
pub(crate) struct SessionTask {
    session: Session,
    clock: Clock,
    io: SessionIo,
    /// Until when the session is held back, as far as it was told.
    held_back: Option<Instant>,
    /// Until when the session is not held, after its peer announced too many routes.
    pause: Option<Instant>,
    /// Whether the peer has connected since this runs.
    has_connected: bool,
}

impl SessionTask {
    pub(crate) const fn new(session: Session, clock: Clock, io: SessionIo) -> Self {
        Self {
            session,
            clock,
            io,
            held_back: None,
            pause: None,
            has_connected: false,
        }
    }

    /// Runs the session until it is told to stop.
    pub(crate) async fn run(mut self) {
        if !self.io.neighbor().is_shut_down() {
            self.session.handle_start(self.clock.now());
        }
        let mut stopping = !self.drain();
        while !stopping {
            let timeouts = self.session.poll_timeout().into_iter().chain(self.pause);
            let timeout = timeouts.min().map(|at| self.clock.at(at));
            let wake = self.io.next(timeout).await;
            stopping = self.handle(wake);
            if !self.drain() && !stopping {
                stopping = self.stop(Notification::ADMINISTRATIVE_SHUTDOWN);
                self.drain();
            }
            self.io.reap_closed();
            stopping |= self.is_over();
        }
        self.io.end().await;
    }

    /// Says whether the session is to end.
    fn handle(&mut self, wake: Wake) -> bool {
        let now = self.clock.now();
        match wake {
            Wake::Command(Command::Accepted(connection)) => self.accepted(connection),
            Wake::Command(Command::Stop(why)) => return self.stop(why),
            Wake::Command(Command::Report(answer)) => {
                // The receiver may be gone.
                let _ = answer.send(SessionReport::of(&self.session, now));
            }
            Wake::Command(Command::SetNeighbor(neighbor)) => self.io.set_neighbor(neighbor),
            Wake::Command(Command::SwitchOn) => {
                self.pause = None;
                self.session.handle_start(now);
            }
            Wake::Command(Command::SwitchOff(text)) => {
                self.pause = None;
                let why = Notification::ADMINISTRATIVE_SHUTDOWN.with_text(&text);
                self.session.handle_stop(now, why);
            }
            Wake::Command(Command::PathFailed) => self.end_over_failed_path(),
            Wake::EngineGone => return self.stop(Notification::ADMINISTRATIVE_SHUTDOWN),
            Wake::InboxPermit(permit) => self.io.post_with(permit),
            Wake::Dialled(id, Ok(stream)) => {
                self.io.attach(id, stream);
                self.session.handle_connected(now, id);
            }
            Wake::Dialled(id, Err(_)) => self.session.handle_connect_failed(now, id),
            Wake::Ready(at, Readiness::Read) => self.read(at),
            Wake::Ready(at, Readiness::Write) => {
                self.write(at);
            }
            Wake::Outbound(Outbound::Chunk(chunk)) => self.send(chunk),
            Wake::Outbound(Outbound::TearDown(why)) => self.tear_down(why),
            // A session that has ended receives everything when it is established again.
            Wake::Outbound(Outbound::RequestRefresh) => {
                let _ = self.session.request_refresh(now);
            }
            Wake::Outbound(Outbound::SoftRefresh) => {
                let _ = self.session.soft_refresh(now);
            }
            Wake::Timeout => {
                if self.pause.take_if(|until| *until <= now).is_some() {
                    self.session.handle_start(now);
                }
            }
        }
        false
    }

    /// The peer has connected.
    fn accepted(&mut self, connection: Accepted) {
        let Accepted { stream, read } = connection;
        self.has_connected = true;
        // What the peer said on a connection that it has left comes first.
        self.read_arrived();
        self.carry_out_outputs();
        // A connection that the session refuses is closed as it is dropped.
        let Some(id) = self.session.handle_accepted(self.clock.now()) else {
            return self.refused();
        };
        self.io.attach(id, stream);
        if !read.is_empty() {
            self.carry_out_outputs();
            self.session.handle_bytes(self.clock.now(), id, &read);
        }
    }

    /// Whether nothing is left of the session of a peer that came by itself: it has no connection,
    /// waits for nothing but one, and holds no routes for the peer's return. One that is held back
    /// or switched off goes on, so that it stays so.
    fn is_over(&self) -> bool {
        if !self.has_connected || !self.io.neighbor().is_dynamic() {
            return false;
        }
        let retains =
            |(timer, _)| matches!(timer, Timer::Restart | Timer::Retained | Timer::LongLived);
        self.session.state() == State::Active
            && self.session.connections().next().is_none()
            && !self.session.timers().any(retains)
    }

    /// Ends the session, which begins anew at once; after too many routes only when the file says
    /// so (RFC 4486 section 4).
    fn tear_down(&mut self, why: Notification) {
        let now = self.clock.now();
        let beyond = why == Notification::MAXIMUM_PREFIXES;
        match self.io.neighbor().pause().filter(|_| beyond) {
            None => self.session.hard_reset(now, why),
            Some(pause) => {
                self.session.handle_stop(now, why);
                self.pause = pause.map(|time| now + time);
                self.io.on_paused(pause);
            }
        }
    }

    /// Ends a session whose path has failed (RFC 5882 section 4.3, RFC 9384), unless the peer has
    /// said before that it ends. Its routes are not retained: they lead over that path.
    fn end_over_failed_path(&mut self) {
        self.read_arrived();
        self.carry_out_outputs();
        if matches!(
            self.session.state(),
            State::OpenConfirm | State::Established
        ) {
            self.session
                .hard_reset(self.clock.now(), Notification::BFD_DOWN);
        }
    }

    /// Tells why a connection was refused.
    fn refused(&self) {
        let held_back = self.session.held_back_until();
        let why = match held_back {
            Some(until) => ConnectionRefusal::HeldBack(until.since(self.clock.now())),
            None if self.session.state() == State::Idle => ConnectionRefusal::Stopped,
            None => ConnectionRefusal::TwoConnections,
        };
        self.io.on_refused(why, self.session.counters().refused);
    }

    /// Tells that the session is held back, once each time.
    fn tell_held_back(&mut self) {
        let until = self.session.held_back_until();
        if std::mem::replace(&mut self.held_back, until) != until
            && let Some(until) = until
        {
            self.io.on_held_back(until.since(self.clock.now()));
        }
    }

    fn stop(&mut self, why: Notification) -> bool {
        self.session.handle_stop(self.clock.now(), why);
        true
    }

    /// Reads once from a connection.
    fn read(&mut self, at: usize) {
        let (session, now) = (&mut self.session, self.clock.now());
        let read = self
            .io
            .read(at, |id, bytes| session.handle_bytes(now, id, bytes));
        if let Err(closed) = read {
            self.session.handle_closed(self.clock.now(), closed);
        }
    }

    /// Writes as much as a connection takes; says no if it is broken. What has arrived on one that
    /// is broken is read first: the last of it may be the NOTIFICATION that says why.
    fn write(&mut self, at: usize) -> bool {
        let (session, clock) = (&mut self.session, self.clock);
        let written = self.io.write(at, |id, octets| {
            session.handle_written(clock.now(), id, octets);
        });
        if !written {
            let read = self.io.read_arrived(at, |id, bytes| {
                session.handle_bytes(clock.now(), id, bytes);
            });
            let closed = read.err().or_else(|| self.io.drop_connection(at));
            if let Some(closed) = closed {
                session.handle_closed(clock.now(), closed);
            }
        }
        written
    }

    /// Reads all that has arrived on every connection.
    fn read_arrived(&mut self) {
        let (session, clock) = (&mut self.session, self.clock);
        for at in (0..self.io.connections()).rev() {
            let read = self.io.read_arrived(at, |id, bytes| {
                session.handle_bytes(clock.now(), id, bytes);
            });
            if let Err(closed) = read {
                session.handle_closed(clock.now(), closed);
            }
        }
    }

    /// Sends routes that the engine has encoded.
    fn send(&mut self, chunk: Chunk) {
        self.io.chunk_taken();
        let now = self.clock.now();
        for messages in chunk {
            // A session that has ended sends nothing.
            let _ = self.session.send_encoded(now, messages);
            // One by one, or every session would keep a queue as long as its longest chunk.
            self.carry_out_outputs();
        }
    }

    /// Carries out all outputs of the session; says no if the engine task has ended.
    fn drain(&mut self) -> bool {
        self.read_before_timeout();
        loop {
            self.carry_out_outputs();
            self.tell_held_back();
            self.io.end_burst();
            let posted = self.io.post();
            let broken = (0..self.io.connections())
                .rev()
                .filter(|at| !self.write(*at))
                .count();
            if broken == 0 || !posted {
                return posted;
            }
        }
    }

    fn carry_out_outputs(&mut self) {
        let now = self.clock.now();
        while let Some(output) = self.session.poll(now) {
            self.io.carry_out(output);
        }
    }

    /// No timer ends a session while messages of the peer wait in a socket: all of them are read
    /// before it, even while the engine task lags behind. Other timers take what one read gives.
    fn read_before_timeout(&mut self) {
        let now = self.clock.now();
        if self.session.poll_timeout().is_none_or(|at| at > now) {
            return;
        }
        let ends = |timer| matches!(timer, Timer::Hold | Timer::SendHold);
        let mut timers = self.session.timers();
        if timers.any(|(timer, at)| at <= now && ends(timer)) {
            drop(timers);
            self.read_arrived();
            return;
        }
        drop(timers);
        for at in (0..self.io.connections()).rev() {
            self.read(at);
        }
    }
}

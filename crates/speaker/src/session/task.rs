//! The task of one session.

use bytes::{Bytes, BytesMut};
use routehub_session::Session;
use routehub_wire::Notification;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::engine_task::request::{Chunk, Inlet, Request};
use crate::session::connection::Readiness;
use crate::session::io::Outside;
use crate::session::report::SessionReport;
use crate::session::select::{Command, Sources, Wake};

/// Octets that wait to be written before the next chunk of routes is taken.
const UNWRITTEN: usize = 1 << 16;

/// A session at work.
pub(crate) struct SessionTask {
    pub(crate) session: Session,
    pub(crate) clock: Clock,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) outside: Outside,
    /// Whether the session is to be held.
    pub(crate) switch: watch::Receiver<bool>,
}

impl SessionTask {
    /// Holds the session until it is told to stop.
    pub(crate) async fn run(mut self) {
        self.session.handle_start(self.clock.now());
        let mut stopping = !self.drain();
        while !stopping {
            let wake = self.wait().await;
            stopping = self.handle(wake);
            if !self.drain() && !stopping {
                stopping = self.stop(Notification::ADMINISTRATIVE_SHUTDOWN);
                self.drain();
            }
            while self.outside.closing.try_join_next().is_some() {}
        }
        self.outside.end().await;
    }

    async fn wait(&mut self) -> Wake {
        let outside = &mut self.outside;
        let write = outside.unwritten() < UNWRITTEN;
        let sources = Sources {
            commands: &mut self.commands,
            place: &mut outside.place,
            dial: &mut outside.dial,
            connections: &outside.connections,
            read: outside.outbox.is_empty(),
            inlet: &mut outside.inlet,
            write,
            switch: &mut self.switch,
            timeout: self.session.poll_timeout().map(|at| self.clock.at(at)),
        };
        sources.next().await
    }

    /// Says whether the session is to end.
    fn handle(&mut self, wake: Wake) -> bool {
        let now = self.clock.now();
        match wake {
            Wake::Command(Command::Accepted(stream)) => {
                // A connection that the session refuses is closed as it is dropped.
                if let Some(id) = self.session.handle_accepted(now) {
                    self.outside.take_in(id, stream);
                }
            }
            Wake::Command(Command::Stop(why)) => return self.stop(why),
            Wake::Command(Command::Report(answer)) => {
                // Who asked may have gone.
                let _ = answer.send(SessionReport::of(&self.session, now));
            }
            Wake::Command(Command::Known(neighbor)) => self.outside.neighbor = neighbor,
            Wake::OwnerGone => return self.stop(Notification::ADMINISTRATIVE_SHUTDOWN),
            Wake::Place(permit) => {
                if let Some(request) = self.outside.outbox.pop_front() {
                    permit.send(request);
                }
            }
            Wake::Dialled(id, Ok(stream)) => {
                self.outside.take_in(id, stream);
                self.session.handle_connected(now, id);
            }
            Wake::Dialled(id, Err(_)) => self.session.handle_connect_failed(now, id),
            Wake::Ready(at, Readiness::Read) => self.read(at),
            Wake::Ready(at, Readiness::Write) => {
                self.write(at);
            }
            Wake::Chunk(chunk) => self.send(chunk),
            Wake::TearDown(why) => self.session.teardown(now, why),
            Wake::RequestRefresh => {
                // A session that has ended hears everything when it is established again.
                let _ = self.session.request_refresh(now);
            }
            Wake::Switched(true) => self.session.handle_start(now),
            Wake::Switched(false) => {
                let why = Notification::ADMINISTRATIVE_SHUTDOWN;
                self.session
                    .handle_stop(now, why.with_text("switched off by an event"));
            }
            Wake::Timeout => {}
        }
        false
    }

    fn stop(&mut self, why: Notification) -> bool {
        self.session.handle_stop(self.clock.now(), why);
        true
    }

    /// Reads once from a connection.
    fn read(&mut self, at: usize) {
        let Some(connection) = self.outside.connections.get(at) else {
            return;
        };
        let (id, now) = (connection.id, self.clock.now());
        let session = &mut self.session;
        let read = connection.read(|bytes| session.handle_bytes(now, id, bytes));
        if !matches!(read, Ok(None | Some(1..))) {
            self.lost(at);
        }
    }

    /// Writes as much as a connection takes; says no if it is broken.
    fn write(&mut self, at: usize) -> bool {
        let Some(connection) = self.outside.connections.get_mut(at) else {
            return true;
        };
        let (id, written) = (connection.id, connection.write());
        match written {
            Ok(0) => {}
            Ok(octets) => self.session.handle_written(self.clock.now(), id, octets),
            Err(_) => self.lost(at),
        }
        written.is_ok()
    }

    /// A connection is broken, or was closed by the peer.
    fn lost(&mut self, at: usize) {
        let connection = self.outside.connections.swap_remove(at);
        self.session.handle_closed(self.clock.now(), connection.id);
    }

    /// Sends routes that the owner has encoded.
    fn send(&mut self, chunk: Chunk) {
        let outside = &mut self.outside;
        if outside.inlet.as_ref().is_some_and(Inlet::take_starved) {
            let peer = outside.peer();
            outside.outbox.push_back(Request::Writable(peer));
        }
        let bytes = match <[Bytes; 1]>::try_from(chunk) {
            Ok([only]) => only,
            Err(chunk) => {
                let mut whole = BytesMut::with_capacity(chunk.iter().map(Bytes::len).sum());
                chunk
                    .iter()
                    .for_each(|bytes| whole.extend_from_slice(bytes));
                whole.freeze()
            }
        };
        // A session that has ended has nobody to send to, and its inlet went with it.
        let _ = self.session.send_encoded(self.clock.now(), bytes);
    }

    /// Carries out everything that the session wants; says no if there is no owner of the routes
    /// any more.
    fn drain(&mut self) -> bool {
        self.hear_before_time_passes();
        loop {
            let now = self.clock.now();
            while let Some(output) = self.session.poll(now) {
                self.outside.carry_out(output);
            }
            self.outside.end_burst();
            let owned = self.outside.post();
            let broken = (0..self.outside.connections.len())
                .rev()
                .filter(|at| !self.write(*at))
                .count();
            if broken == 0 || !owned {
                return owned;
            }
        }
    }

    /// A peer is not silent because its messages wait in a socket: before a timer of the session
    /// expires, what is there is heard, even while the owner of the routes lags behind.
    fn hear_before_time_passes(&mut self) {
        let now = self.clock.now();
        if self.session.poll_timeout().is_some_and(|at| at <= now) {
            for at in (0..self.outside.connections.len()).rev() {
                self.read(at);
            }
        }
    }
}

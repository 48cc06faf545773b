//! What the thread is told, and the way to it: a command never waits.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use routehub::types::PeerId;
use routehub_bfd::{Config, Hops, Path};
use tokio::sync::oneshot;

use super::alarm::PathAlarm;
use super::report::BfdStatus;
use super::sockets::{ReceiveSocket, SendSocket};
use crate::Neighbor;

/// A neighbour that is watched.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(super) neighbor: Arc<Neighbor>,
    pub(super) alarm: PathAlarm,
    /// Its sessions, each with what is sent by.
    pub(super) sessions: Vec<(Path, Config, SendSocket)>,
}

/// What the thread is told.
#[derive(Debug)]
pub(crate) enum BfdCommand {
    /// Receive here too.
    Receive(Vec<ReceiveSocket>),
    /// Receive nowhere else.
    ReceiveOnly(BTreeSet<(IpAddr, Hops)>),
    /// Watch the paths to a neighbour.
    Watch(Watch),
    /// The neighbour has another description, and perhaps other timers.
    Describe(Arc<Neighbor>),
    /// Watch them no more; the neighbour is told.
    Forget(PeerId),
    /// An event switched the session with a neighbour on, or off.
    Switch(PeerId, bool),
    /// Report it all.
    Report(oneshot::Sender<BfdStatus>),
    /// End, and tell every neighbour that this is no failure.
    Stop,
}

/// The way to the thread.
#[derive(Clone, Debug)]
pub(crate) struct BfdHandle {
    commands: Sender<BfdCommand>,
    wake: Arc<UnixStream>,
    /// Whether somebody receives them: until then they are dropped, and do not pile up.
    runs: Arc<AtomicBool>,
}

/// Where the thread receives its commands.
#[derive(Debug)]
pub(super) struct BfdInbox {
    commands: Receiver<BfdCommand>,
    woken: UnixStream,
}

impl BfdHandle {
    /// Both ends.
    pub(super) fn new() -> io::Result<(Self, BfdInbox)> {
        let (commands, received) = channel();
        let (wake, woken) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        let handle = Self {
            commands,
            wake: Arc::new(wake),
            runs: Arc::default(),
        };
        let inbox = BfdInbox {
            commands: received,
            woken,
        };
        Ok((handle, inbox))
    }

    /// From here on the thread runs.
    pub(super) fn start(&self) {
        self.runs.store(true, Ordering::Release);
    }

    /// Sends a command; nothing happens where there is no BFD.
    pub(super) fn send(&self, command: BfdCommand) {
        if self.runs.load(Ordering::Acquire) && self.commands.send(command).is_ok() {
            // Full means that it wakes anyway.
            let _ = (&*self.wake).write(&[0]);
        }
    }

    /// Holds the sessions with a neighbour down, or no longer.
    pub(crate) fn switch(&self, peer: PeerId, on: bool) {
        self.send(BfdCommand::Switch(peer, on));
    }
}

impl BfdInbox {
    /// The next command; to end, if nobody can send any more.
    pub(super) fn next(&self) -> Option<BfdCommand> {
        match self.commands.try_recv() {
            Ok(command) => Some(command),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(BfdCommand::Stop),
        }
    }

    /// Forgets what it was woken for, before it looks at the commands.
    pub(super) fn clear(&self) {
        let mut octets = [0; 64];
        while matches!((&self.woken).read(&mut octets), Ok(1..)) {}
    }
}

impl AsFd for BfdInbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}

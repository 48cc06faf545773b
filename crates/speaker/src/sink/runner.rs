//! The thread of a sink: takes from the board, and tells the sink in batches.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, oneshot};

use super::change_queue::{Board, Change, Key, Wake};
use super::{Sink, SinkError};
use crate::event::{Notice, What};

/// Changes of one batch at most.
const BATCH: usize = 1024;

/// After how long what a sink did not take is told again.
const AGAIN: Duration = Duration::from_secs(2);

/// How often a sink is asked what it has lost.
const CHECK: Duration = Duration::from_secs(10);

/// A sink, and how far it has come.
struct Runner {
    sink: Box<dyn Sink>,
    board: Arc<Board>,
    notices: broadcast::Sender<Notice>,
    /// Until when live routers are waited for; none: they have come, or the time is over.
    patience: Option<Instant>,
    not_taken: Vec<Key>,
    again: Option<Instant>,
    /// When it is asked what it has lost; none: it cannot tell.
    check: Option<Instant>,
}

/// Starts the thread of a sink. What is returned speaks once it has ended.
pub(crate) fn start(
    sink: Box<dyn Sink>,
    board: Arc<Board>,
    notices: broadcast::Sender<Notice>,
    patience: Duration,
) -> io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    let runner = Runner {
        sink,
        board,
        notices,
        patience: Some(Instant::now() + patience),
        not_taken: Vec::new(),
        again: None,
        check: Some(Instant::now() + CHECK),
    };
    let name = format!("sink {}", runner.sink.name());
    std::thread::Builder::new().name(name).spawn(move || {
        runner.run();
        // Who waits for it may have gone.
        let _ = ended.send(());
    })?;
    Ok(end)
}

impl Runner {
    fn run(mut self) {
        // A sink that is gone is not asked to stop.
        if self.work().is_ok() {
            let stopped = self.sink.stop();
            self.report(&stopped);
        }
        self.board.abandon();
    }

    /// Tells the sink until the server stops, or an error ends it.
    fn work(&mut self) -> Result<(), ()> {
        loop {
            let hold = self.patience.is_some() && self.sink.waits();
            let until = [self.patience, self.again, self.check];
            let until = until.into_iter().flatten().min();
            let completed = self.patience.is_none();
            match self.board.wait(until, hold, completed) {
                Wake::Stop => return Ok(()),
                Wake::Round(keys) => self.round(&keys)?,
                Wake::Complete => self.complete()?,
                Wake::Time => {
                    let now = Instant::now();
                    if self.again.take_if(|again| *again <= now).is_some() {
                        let keys = std::mem::take(&mut self.not_taken);
                        self.board.note_not_taken(&keys);
                    }
                    if self.check.take_if(|check| *check <= now).is_some()
                        && let Some(lost) = self.sink.lost()
                    {
                        self.board.note_lost(&lost);
                        self.check = Some(now + CHECK);
                    }
                    if self.patience.is_some_and(|end| end <= now) {
                        self.complete()?;
                    }
                }
            }
        }
    }

    /// The routes are complete: tells what was held back, and then that.
    fn complete(&mut self) -> Result<(), ()> {
        self.patience = None;
        let keys = self.board.round();
        self.round(&keys)?;
        let completed = self.sink.complete();
        self.heed(completed, &[])
    }

    fn round(&mut self, keys: &[Key]) -> Result<(), ()> {
        for keys in keys.chunks(BATCH) {
            let changes = self.board.take(keys);
            if changes.is_empty() {
                continue;
            }
            self.sink.begin();
            for change in &changes {
                let (vnet, prefix) = (&change.vnet, change.key.1);
                match &change.next_hops {
                    Some(next_hops) => self.sink.replace(vnet, prefix, next_hops),
                    None => self.sink.withdraw(vnet, prefix),
                }
            }
            let committed = self.sink.commit();
            self.heed(committed, &changes)?;
        }
        Ok(())
    }

    /// Notes what was not taken; an error if the sink is gone.
    fn heed(&mut self, result: Result<(), SinkError>, changes: &[Change]) -> Result<(), ()> {
        self.report(&result);
        match result {
            Ok(()) => Ok(()),
            Err(SinkError::Gone(_)) => Err(()),
            Err(SinkError::NotTaken(all)) => {
                let taken = |change: &&Change| {
                    let is = |one: &super::NotTaken| {
                        one.prefix == change.key.1 && *one.vnet == *change.vnet
                    };
                    all.iter().any(is)
                };
                let keys = changes.iter().filter(taken).map(|change| change.key);
                self.not_taken.extend(keys);
                self.again = Some(Instant::now() + AGAIN);
                Ok(())
            }
        }
    }

    fn report(&self, result: &Result<(), SinkError>) {
        if let Err(error) = result {
            let what = What::Sink {
                sink: self.sink.name(),
                error: error.to_string(),
            };
            // Without anybody who watches, nobody is told.
            let _ = self.notices.send(Notice {
                neighbor: None,
                what,
            });
        }
    }
}

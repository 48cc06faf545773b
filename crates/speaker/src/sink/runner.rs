//! The thread of a sink: hands it what is queued, in batches.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::change_queue::{Change, ChangeQueue, Key, Wake};
use super::{NotTaken, Sink, SinkError};
use crate::event::{EventKind, EventSender};

/// Changes of one batch at most.
const BATCH: usize = 1024;

/// After how long a sink is handed again what it did not take.
const RETRY: Duration = Duration::from_secs(2);

/// How often a sink is asked what it has lost.
const CHECK: Duration = Duration::from_secs(10);

/// A sink, and what it has yet to take.
struct Runner {
    sink: Box<dyn Sink>,
    queue: Arc<ChangeQueue>,
    events: EventSender,
    /// Until when the End-of-RIB of live routers is waited for; none: it has come, or the time is
    /// over.
    eor_deadline: Option<Instant>,
    not_taken: Vec<Key>,
    retry: Option<Instant>,
    /// When it is asked what it has lost; none: it cannot tell.
    check: Option<Instant>,
}

/// A sink whose thread runs.
pub(crate) struct RunningSink {
    queue: Arc<ChangeQueue>,
    end: oneshot::Receiver<()>,
}

impl RunningSink {
    /// Starts the thread of a sink.
    pub(crate) fn start(
        sink: Box<dyn Sink>,
        events: EventSender,
        patience: Duration,
    ) -> io::Result<Self> {
        let queue = Arc::new(ChangeQueue::default());
        let (ended, end) = oneshot::channel();
        let thread = std::thread::Builder::new().name(format!("sink {}", sink.name()));
        let runner = Runner {
            sink,
            queue: Arc::clone(&queue),
            events,
            eor_deadline: Some(Instant::now() + patience),
            not_taken: Vec::new(),
            retry: None,
            check: Some(Instant::now() + CHECK),
        };
        thread.spawn(move || {
            runner.run();
            // The receiver may be gone.
            let _ = ended.send(());
        })?;
        Ok(Self { queue, end })
    }

    /// Where its changes are queued.
    pub(crate) const fn queue(&self) -> &Arc<ChangeQueue> {
        &self.queue
    }

    /// Has the sink stop.
    pub(crate) fn stop(&self) {
        self.queue.stop();
    }

    /// Waits until the sink has stopped.
    pub(crate) async fn ended(self) {
        // A thread that panicked has ended too.
        let _ = self.end.await;
    }
}

impl Runner {
    fn run(mut self) {
        // A sink that is gone is not asked to stop.
        if self.work().is_ok() {
            let stopped = self.sink.stop();
            self.publish_failure(&stopped);
        }
        self.queue.abandon();
    }

    /// Serves the sink until the server stops, or an error ends it.
    fn work(&mut self) -> Result<(), ()> {
        loop {
            let hold = self.eor_deadline.is_some() && self.sink.waits();
            let deadlines = [self.eor_deadline, self.retry, self.check];
            let until = deadlines.into_iter().flatten().min();
            let completed = self.eor_deadline.is_none();
            match self.queue.wait(until, hold, completed) {
                Wake::Stop => return Ok(()),
                Wake::Changed(keys) => self.send(&keys)?,
                Wake::Complete => self.complete()?,
                Wake::Timeout => {
                    let now = Instant::now();
                    if self.retry.take_if(|retry| *retry <= now).is_some() {
                        let keys = std::mem::take(&mut self.not_taken);
                        self.queue.retry(&keys);
                    }
                    if self.check.take_if(|check| *check <= now).is_some()
                        && let Some(lost) = self.sink.lost()
                    {
                        self.queue.retry_lost(&lost);
                        self.check = Some(now + CHECK);
                    }
                    if self.eor_deadline.is_some_and(|end| end <= now) {
                        self.complete()?;
                    }
                }
            }
        }
    }

    /// The routes are complete: hands over what was held back, and then says so.
    fn complete(&mut self) -> Result<(), ()> {
        self.eor_deadline = None;
        let keys = self.queue.take_queue();
        self.send(&keys)?;
        let completed = self.sink.complete();
        self.on_result(completed, &[])
    }

    fn send(&mut self, keys: &[Key]) -> Result<(), ()> {
        for keys in keys.chunks(BATCH) {
            let changes = self.queue.take(keys);
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
            self.on_result(committed, &changes)?;
        }
        Ok(())
    }

    /// Remembers what was not taken; an error if the sink is gone.
    fn on_result(&mut self, result: Result<(), SinkError>, changes: &[Change]) -> Result<(), ()> {
        self.publish_failure(&result);
        match result {
            Ok(()) => Ok(()),
            Err(SinkError::Gone(_)) => Err(()),
            Err(SinkError::NotTaken(not_taken)) => {
                let is_not_taken = |change: &&Change| {
                    let concerns = |not_taken: &NotTaken| {
                        not_taken.prefix == change.key.1 && *not_taken.vnet == *change.vnet
                    };
                    not_taken.iter().any(concerns)
                };
                let keys = changes.iter().filter(is_not_taken).map(|change| change.key);
                self.not_taken.extend(keys);
                self.retry = Some(Instant::now() + RETRY);
                Ok(())
            }
        }
    }

    fn publish_failure(&self, result: &Result<(), SinkError>) {
        if let Err(error) = result {
            let (sink, error) = (self.sink.name(), error.to_string());
            self.events.publish(None, EventKind::Sink { sink, error });
        }
    }
}

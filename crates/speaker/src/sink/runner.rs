//! The thread of a sink: hands it what is queued, in batches.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::change_queue::{Change, ChangeQueue, Key, Wake};
use super::report::SinkState;
use super::{NotTaken, Sink, SinkError};
use crate::event::{EventKind, EventSender};

/// Changes of one batch at most.
const BATCH: usize = 1024;

/// After how long a sink is handed again what it did not take.
const RETRY: Duration = Duration::from_secs(2);

/// How often a sink is asked what it has lost.
const CHECK: Duration = Duration::from_secs(1);
/// How often at least, if it takes long to say so.
const LONGEST_CHECK: Duration = Duration::from_secs(10);
/// How much of its time a sink may spend on that: one part of so many.
const CHECK_SHARE: u32 = 50;

/// How long it is waited for a sink that is stuck when the server stops.
const STUCK: Duration = Duration::from_secs(2);

/// A sink, and what it has yet to take.
struct Runner {
    sink: Box<dyn Sink>,
    queue: Arc<ChangeQueue>,
    events: EventSender,
    /// Until when the End-of-RIB of live routers is waited for; none: it has come, or the time is
    /// over.
    eor_deadline: Option<Instant>,
    state: Arc<SinkState>,
    not_taken: Vec<Key>,
    /// Routes that it has lost and not taken again yet.
    lost: BTreeSet<Key>,
    /// Lost routes that it has taken again, until it is told of them.
    put_back: u64,
    retry: Option<Instant>,
    /// When it is asked what it has lost; none: it cannot tell.
    check: Option<Instant>,
}

/// A sink whose thread runs.
pub(crate) struct RunningSink {
    queue: Arc<ChangeQueue>,
    state: Arc<SinkState>,
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
        let state = Arc::new(SinkState::new(sink.name()));
        let (ended, end) = oneshot::channel();
        let thread = std::thread::Builder::new().name(format!("sink {}", sink.name()));
        let runner = Runner {
            sink,
            queue: Arc::clone(&queue),
            events,
            eor_deadline: Some(Instant::now() + patience),
            state: Arc::clone(&state),
            not_taken: Vec::new(),
            lost: BTreeSet::new(),
            put_back: 0,
            retry: None,
            check: Some(Instant::now() + CHECK),
        };
        thread.spawn(move || {
            runner.run();
            // The receiver may be gone.
            let _ = ended.send(());
        })?;
        Ok(Self { queue, state, end })
    }

    /// Where its changes are queued.
    pub(crate) const fn queue(&self) -> &Arc<ChangeQueue> {
        &self.queue
    }

    /// How it is.
    pub(crate) const fn state(&self) -> &Arc<SinkState> {
        &self.state
    }

    /// Has the sink stop.
    pub(crate) fn stop(&self) {
        self.queue.stop();
    }

    /// Waits until the sink has stopped; not for long if it was stuck already.
    pub(crate) async fn ended(self) {
        let is_stuck = self.state.is_busy_for(STUCK);
        let patience = if is_stuck { STUCK } else { Duration::MAX };
        // A thread that panicked has ended too.
        let _ = tokio::time::timeout(patience, self.end).await;
    }
}

impl Runner {
    fn run(mut self) {
        // A sink that is gone is not asked to stop.
        if self.work().is_ok() {
            self.state.begin();
            let stopped = self.sink.stop();
            self.state.end();
            if let Err(error) = stopped {
                self.failed(&error.to_string());
            }
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
                    if self.check.take_if(|check| *check <= now).is_some() {
                        self.look_for_lost();
                    }
                    if self.eor_deadline.is_some_and(|end| end <= now) {
                        self.complete()?;
                    }
                }
            }
        }
    }

    /// Asks the sink what it has lost, and hands it over again.
    fn look_for_lost(&mut self) {
        let start = Instant::now();
        self.state.begin();
        let lost = self.sink.lost();
        self.state.end();
        let Some(lost) = lost else { return };
        let took = start.elapsed().saturating_mul(CHECK_SHARE);
        self.check = Some(Instant::now() + took.clamp(CHECK, LONGEST_CHECK));
        let Some((vnet, prefix)) = lost.first() else {
            return;
        };
        let count = lost.len();
        self.failed(&format!(
            "{count} routes are gone or were replaced by somebody else, the first {prefix} of \
             {vnet}: they are put back"
        ));
        let again = self.queue.retry_lost(&lost);
        if again.is_empty() {
            // None of them is wanted any more.
            self.recovered();
        }
        self.lost.extend(again);
    }

    /// The routes are complete: hands over what was held back, and then says so.
    fn complete(&mut self) -> Result<(), ()> {
        self.eor_deadline = None;
        let keys = self.queue.take_queue();
        self.send(&keys)?;
        self.state.begin();
        let completed = self.sink.complete();
        self.state.end();
        if matches!(completed, Err(SinkError::NotTaken(_))) {
            // It is said again later.
            self.eor_deadline = Some(Instant::now() + RETRY);
        }
        self.on_result(completed, &[])
    }

    fn send(&mut self, keys: &[Key]) -> Result<(), ()> {
        for keys in keys.chunks(BATCH) {
            let changes = self.queue.take(keys);
            if changes.is_empty() {
                continue;
            }
            self.state.begin();
            self.sink.begin();
            for change in &changes {
                let (vnet, prefix) = (&change.vnet, change.key.1);
                match &change.next_hops {
                    Some(next_hops) => self.sink.replace(vnet, prefix, next_hops),
                    None => self.sink.withdraw(vnet, prefix),
                }
            }
            let committed = self.sink.commit();
            self.state.end();
            self.on_result(committed, &changes)?;
        }
        self.recovered();
        Ok(())
    }

    /// Remembers what was not taken; an error if the sink is gone.
    fn on_result(&mut self, result: Result<(), SinkError>, changes: &[Change]) -> Result<(), ()> {
        let Err(error) = result else {
            let taken = changes
                .iter()
                .filter(|change| self.lost.remove(&change.key));
            self.put_back += taken.count() as u64;
            return Ok(());
        };
        self.failed(&error.to_string());
        let SinkError::NotTaken(not_taken) = error else {
            return Err(());
        };
        let not_taken: BTreeSet<(&str, _)> = not_taken
            .iter()
            .map(|NotTaken { vnet, prefix, .. }| (vnet.as_str(), *prefix))
            .collect();
        for change in changes {
            if not_taken.contains(&(&*change.vnet, change.key.1)) {
                self.not_taken.push(change.key);
            } else if self.lost.remove(&change.key) {
                self.put_back += 1;
            }
        }
        self.state.set_not_taken(self.not_taken.len());
        self.retry = Some(Instant::now() + RETRY);
        Ok(())
    }

    /// Writes down what is wrong with the sink, and tells it once.
    fn failed(&self, why: &str) {
        if self.state.fail(why) {
            let (sink, error) = (self.sink.name(), why.to_owned());
            self.events.publish(None, EventKind::Sink { sink, error });
        }
    }

    /// Tells that the sink has taken everything, if it had not before.
    fn recovered(&mut self) {
        if !self.not_taken.is_empty() || self.retry.is_some() {
            return;
        }
        self.lost.clear();
        self.state.set_not_taken(0);
        let put_back = std::mem::take(&mut self.put_back);
        if self.state.recover(put_back) {
            let sink = self.sink.name();
            let kind = EventKind::SinkRestored { sink, put_back };
            self.events.publish(None, kind);
        }
    }
}

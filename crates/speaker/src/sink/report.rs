//! How a sink is, for whoever has to know which part is ill.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After how long a sink counts as ill that has not come back from one batch.
const STUCK: Duration = Duration::from_secs(5);

/// How a sink is at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkReport {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it; none: it has taken everything.
    pub ill: Option<String>,
    /// How often it did not take a batch, or had lost routes.
    pub failures: u64,
    /// Changes that it did not take, and is handed again.
    pub not_taken: usize,
    /// Routes that it had lost, and has again.
    pub put_back: u64,
}

/// What the thread of a sink writes down.
#[derive(Debug)]
pub(crate) struct SinkState {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    report: SinkReport,
    /// Since when it works on one batch.
    busy: Option<Instant>,
}

impl SinkState {
    pub(super) const fn new(name: &'static str) -> Self {
        let report = SinkReport {
            name,
            ill: None,
            failures: 0,
            not_taken: 0,
            put_back: 0,
        };
        let state = State { report, busy: None };
        Self {
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole before something could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it is now.
    pub(crate) fn report(&self) -> SinkReport {
        let state = self.state();
        let mut report = state.report.clone();
        let stuck = state.busy.map(|since| since.elapsed());
        if let Some(time) = stuck.filter(|time| *time >= STUCK) {
            let why = format!("it has taken nothing for {} s", time.as_secs());
            report.ill = Some(why);
        }
        report
    }

    /// Whether it is busy for so long already.
    pub(super) fn is_busy_for(&self, time: Duration) -> bool {
        self.state()
            .busy
            .is_some_and(|since| since.elapsed() >= time)
    }

    /// It begins a batch.
    pub(super) fn begin(&self) {
        self.state().busy = Some(Instant::now());
    }

    /// It has come back from a batch.
    pub(super) fn end(&self) {
        self.state().busy = None;
    }

    /// Something is wrong; whether that was not known.
    pub(super) fn fail(&self, why: &str) -> bool {
        let report = &mut self.state().report;
        report.failures += 1;
        let is_new = report.ill.as_deref() != Some(why);
        report.ill = Some(why.to_owned());
        is_new
    }

    /// So many changes are still to be taken.
    pub(super) fn set_not_taken(&self, changes: usize) {
        self.state().report.not_taken = changes;
    }

    /// It has taken everything, with routes that it had lost; whether something was wrong before.
    pub(super) fn recover(&self, put_back: u64) -> bool {
        let report = &mut self.state().report;
        report.put_back += put_back;
        report.ill.take().is_some()
    }
}

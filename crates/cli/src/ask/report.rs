//! What a sweep found.

use routehub::BrokenPromise;
use routehub::sweep::{Cuts, Outcome};
use serde::Serialize;

/// What a sweep found, as it is printed.
#[derive(Serialize)]
pub(super) struct Report {
    /// How many elements can fail.
    pub(super) elements: usize,
    /// How many failures were tried, of one element or of two.
    pub(super) tried: usize,
    /// Promises that do not hold though nothing has failed.
    pub(super) broken: Vec<BrokenPromise>,
    /// What came of each failure; of two at once, those that do what neither does alone.
    pub(super) outcomes: Vec<Outcome>,
    /// What cuts ends from each other.
    pub(super) cuts: Vec<Cuts>,
}

impl Report {
    /// Whether every promise holds.
    pub(super) fn holds(&self) -> bool {
        let mut outcomes = self.outcomes.iter();
        self.broken.is_empty() && outcomes.all(|outcome| outcome.broken.is_empty())
    }
}

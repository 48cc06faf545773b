//! What should be seen: the tables of `expect` as data, and whether they are seen.

mod compare;
mod pattern;
mod words;

pub use compare::{Difference, Report, compare};
pub use pattern::{
    AbsentFinding, AbsentRow, Expectation, ExpectedExplanation, ExpectedFinding, ExpectedSession,
    ExpectedTable, ExpectedTrace, Hop, INITIAL, NextHopPattern, Note, RowPattern,
};

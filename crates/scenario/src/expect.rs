//! What should be seen: the tables of `expect` as data, and whether they are seen.

mod compare;
mod pattern;

pub use compare::{Difference, Report, compare};
pub use pattern::{
    AbsentRow, Expectation, ExpectedFinding, ExpectedSession, ExpectedTable, Hop, INITIAL,
    NextHopPattern, Note, RowPattern,
};

//! What should be seen: the tables of `expect` as data, and whether they are seen.

mod compare;
mod pattern;
mod report;
mod text;

pub use compare::compare;
pub use pattern::{
    AbsentRow, Expectation, ExpectedFinding, ExpectedSession, ExpectedTable, Hop, INITIAL,
    NextHopPattern, Note, RowPattern,
};
pub use report::{Difference, Report};

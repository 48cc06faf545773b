#![doc = include_str!("../README.md")]
//!
//! Read is through the [`view`](routehub_exchange::view) of an exchange. What rules say stands in
//! their [table](routehub_exchange::rules).
#![forbid(unsafe_code)]

mod described;
mod difference;
mod event_report;
pub mod explain;
mod findings;
mod limits;
mod next_hops;
mod promise;
mod trace;
mod words;

pub use difference::{Difference, PrefixDifference, Snapshot, SnapshotRow, TableDifference};
pub use event_report::{BestPathChange, EventReport, EventReporter};
pub use explain::{Explanation, explain};
pub use findings::{FINDING_RULES, Finding, FindingSearch, Severity, findings};
pub use limits::limit_impacts;
pub use promise::{BrokenPromise, Promise, Promises, Unless};
pub use trace::{
    BothWays, INTERNET, Impact, ImpactKind, Matrix, MatrixPair, PairImpact, Place, Touch, Trace,
    TraceEnd, TraceError, TraceHop, Ways, both_ways, matrix, trace,
};
pub use words::{Reason, RuleNote, WithRules};

//! Who may tell whom, and what each speaker takes in and sends: policies that follow from the
//! deployment.

mod cache;
mod export;
mod import;
mod policies;
mod propagation_rules;

pub(crate) use cache::CachedPolicy;
pub use import::leads_back;
pub(crate) use policies::Policies;
pub use propagation_rules::{Condition, PROPAGATION_RULES, Row, propagation_rule};

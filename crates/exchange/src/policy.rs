//! Who may tell whom, and what each speaker takes in and sends: policies that follow from the
//! deployment.

mod cache;
mod policies;
mod propagation_rules;

pub(crate) use cache::CachedPolicy;
pub(crate) use policies::Policies;
pub use policies::leads_back;
pub use propagation_rules::{Condition, PROPAGATION_RULES, Row, propagation_rule};

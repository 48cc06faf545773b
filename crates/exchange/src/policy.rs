//! Who may tell whom, and what each speaker takes in and sends: policies that follow from the
//! deployment.

mod cache;
mod loops;
mod policies;
mod propagation_rules;
mod roles;

pub(crate) use cache::CachedPolicy;
pub use loops::leads_back;
pub(crate) use policies::Policies;
pub use propagation_rules::{Condition, PROPAGATION_RULES, Row, propagation_rule};

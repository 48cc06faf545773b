//! What a policy says of a route, and by which rule.

use alloc::borrow::Cow;

use routehub_types::{Attrs, Prefix, RuleId};

/// What a policy says of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Whether the route passes, and as what.
    pub outcome: Outcome<'a>,
    /// The rule that ended the evaluation, or the number of the fallback.
    pub rule: RuleId,
    /// Where that rule stands; none for the fallback. [`Policy::rule`](crate::Policy::rule)
    /// gives its name and text.
    pub at: Option<RuleAt>,
}

/// Whether a route passes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "read once and dropped, never kept"
)]
pub enum Outcome<'a> {
    /// It passes.
    Accept {
        /// Its attributes: borrowed if no rule changed them.
        attrs: Cow<'a, Attrs>,
        /// Its prefix, which a rule may have replaced.
        prefix: Prefix,
    },
    /// It is refused.
    Reject,
}

/// What the attribute set alone (with the source and neighbour) says of all routes that carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "read once and dropped, never kept"
)]
pub enum SetVerdict {
    /// All pass with their own prefix: with these attributes, or unchanged.
    Accept(Option<Attrs>),
    /// All are refused, by this rule.
    Reject(RuleId),
    /// It depends on the prefix: [`Policy::evaluate`](crate::Policy::evaluate) each.
    AskPrefix,
}

/// Where a rule stands in a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleAt {
    /// Which rule list of the chain, from 0.
    pub list: u32,
    /// Which rule of that list, from 0.
    pub rule: u32,
}

/// A rule that a route fitted on its way through a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// Where the rule stands.
    pub at: RuleAt,
    /// Its number.
    pub rule: RuleId,
    /// Whether it changed the route.
    pub changed: bool,
}

impl Verdict<'_> {
    /// Whether the route passes.
    pub const fn is_accept(&self) -> bool {
        matches!(self.outcome, Outcome::Accept { .. })
    }
}

//! What a policy says of a route, and by which rule.

use alloc::borrow::Cow;
use core::fmt;

use routehub_types::{Attrs, Prefix, RuleId};

/// What a policy says of a route.
#[must_use = "a route that is refused is not to be used"]
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

    /// The attributes that the route passes with; none if it is refused.
    pub fn attrs(&self) -> Option<&Attrs> {
        match &self.outcome {
            Outcome::Accept { attrs, .. } => Some(attrs),
            Outcome::Reject => None,
        }
    }

    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Verdict<'static> {
        let Self { outcome, rule, at } = self;
        let outcome = match outcome {
            Outcome::Accept { attrs, prefix } => Outcome::Accept {
                attrs: Cow::Owned(attrs.into_owned()),
                prefix,
            },
            Outcome::Reject => Outcome::Reject,
        };
        Verdict { outcome, rule, at }
    }
}

impl fmt::Display for Outcome<'_> {
    /// Writes `accept` or `reject`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Accept { .. } => "accept",
            Self::Reject => "reject",
        })
    }
}

impl fmt::Display for Verdict<'_> {
    /// Writes `reject (R-051)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.outcome, self.rule)
    }
}

impl fmt::Display for SetVerdict {
    /// Writes `accept`, `accept, changed`, `reject (R-050)` or `ask for each prefix`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(None) => f.write_str("accept"),
            Self::Accept(Some(_)) => f.write_str("accept, changed"),
            Self::Reject(rule) => write!(f, "reject ({rule})"),
            Self::AskPrefix => f.write_str("ask for each prefix"),
        }
    }
}

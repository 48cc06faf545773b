//! Rules as data.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use routehub_types::RuleId;

use crate::{Action, Match};

/// A rule: if all conditions hold, do all actions, then stop or go on.
///
/// Rules see what earlier rules of the list changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rule {
    /// The number that verdicts name; several rules may share one.
    pub id: RuleId,
    /// What people call it.
    pub name: String,
    /// What must hold; without conditions every route fits.
    #[cfg_attr(feature = "serde", serde(default))]
    pub matches: Vec<Match>,
    /// What is done, in this order.
    #[cfg_attr(feature = "serde", serde(default))]
    pub actions: Vec<Action>,
    /// What comes after the actions.
    #[cfg_attr(feature = "serde", serde(default))]
    pub next: Next,
}

/// What comes after a rule that fitted and neither accepted nor rejected by an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Next {
    /// The route is accepted.
    #[default]
    Stop,
    /// The next rule is looked at.
    Continue,
}

/// What happens to a route that no rule accepted or rejected, and under which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Fallback {
    /// It passes, as changed so far.
    Accept(RuleId),
    /// It is refused.
    Reject(RuleId),
}

impl Rule {
    /// A rule that refuses what fits.
    pub fn reject(id: RuleId, name: impl Into<String>, matches: Vec<Match>) -> Self {
        Self::new(id, name, matches, Vec::from([Action::Reject]), Next::Stop)
    }

    /// A rule that accepts what fits, without a change.
    pub fn accept(id: RuleId, name: impl Into<String>, matches: Vec<Match>) -> Self {
        Self::new(id, name, matches, Vec::from([Action::Accept]), Next::Stop)
    }

    /// A rule that changes what fits and goes on.
    pub fn change(
        id: RuleId,
        name: impl Into<String>,
        matches: Vec<Match>,
        actions: Vec<Action>,
    ) -> Self {
        Self::new(id, name, matches, actions, Next::Continue)
    }

    /// A rule of these parts.
    pub fn new(
        id: RuleId,
        name: impl Into<String>,
        matches: Vec<Match>,
        actions: Vec<Action>,
        next: Next,
    ) -> Self {
        Self {
            id,
            name: name.into(),
            matches,
            actions,
            next,
        }
    }
}

impl fmt::Display for Rule {
    /// Writes `R-051 overlap: prefix in 10.0.0.0/16 or longer -> reject`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.id, self.name)?;
        if self.matches.is_empty() {
            f.write_str("any route")?;
        }
        for (n, condition) in self.matches.iter().enumerate() {
            write!(f, "{}{condition}", if n == 0 { "" } else { " and " })?;
        }
        f.write_str(" ->")?;
        let mut separator = " ";
        for action in &self.actions {
            write!(f, "{separator}{action}")?;
            separator = "; ";
        }
        let ended = self
            .actions
            .iter()
            .any(|action| matches!(action, Action::Accept | Action::Reject));
        match self.next {
            _ if ended => Ok(()),
            Next::Stop => write!(f, "{separator}accept"),
            Next::Continue => write!(f, "{separator}continue"),
        }
    }
}

impl fmt::Display for Fallback {
    /// Writes `R-140: any other route -> accept`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rule, outcome) = match self {
            Self::Accept(rule) => (rule, "accept"),
            Self::Reject(rule) => (rule, "reject"),
        };
        write!(f, "{rule}: any other route -> {outcome}")
    }
}

//! Words that every answer uses: rules with what they saw, lists for sentences.

use std::collections::BTreeSet;
use std::fmt::Display;

use routehub_exchange::rules;
pub(crate) use routehub_exchange::view::some_of;
use routehub_types::{Prefix, RuleId};

/// A rule, and what it saw.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Reason {
    /// The rule.
    pub rule: RuleId,
    /// What it saw, in a few words; may be empty.
    pub evidence: String,
}

/// A rule that an answer names: what it says, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RuleNote {
    /// The number.
    pub rule: RuleId,
    /// What it says, in one sentence.
    pub text: &'static str,
    /// What to do where it is in the way; none where there is nothing to do.
    pub remedy: Option<&'static str>,
}

/// An answer, with a note on each rule that it names.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WithRules<T> {
    /// The answer.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub answer: T,
    /// The rules, by number.
    pub rules: Vec<RuleNote>,
}

impl Reason {
    pub(crate) fn new(rule: RuleId, evidence: impl Into<String>) -> Self {
        Self {
            rule,
            evidence: evidence.into(),
        }
    }

    /// What the rule saw, and what the rule says.
    pub fn told(&self) -> String {
        let rule = rules::text(self.rule);
        let rule = if rules::is_bgp(self.rule) {
            rule.to_owned()
        } else {
            format!("{}: {rule}", self.rule)
        };
        match self.evidence.as_str() {
            "" => rule,
            saw => format!("{saw} ({rule})"),
        }
    }
}

impl<T> WithRules<T> {
    pub(crate) fn new(answer: T, named: &BTreeSet<RuleId>) -> Self {
        let note = |rule: &RuleId| RuleNote {
            rule: *rule,
            text: rules::text(*rule),
            remedy: rules::remedy(*rule),
        };
        Self {
            answer,
            rules: named.iter().map(note).collect(),
        }
    }
}

/// A list for a sentence.
pub(crate) fn listed<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    joined(items, ", ")
}

/// A list with something between.
pub(crate) fn joined<T: Display>(items: impl IntoIterator<Item = T>, between: &str) -> String {
    let words = items.into_iter().map(|item| item.to_string());
    words.collect::<Vec<_>>().join(between)
}

/// A text between two others; nothing where it is empty.
pub(crate) fn framed(before: &str, text: &str, after: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("{before}{text}{after}")
}

/// The first of some prefixes, and how many more there are; none where there are no prefixes.
pub(crate) fn any_of(prefixes: &[Prefix]) -> Option<String> {
    (!prefixes.is_empty()).then(|| some_of(prefixes))
}

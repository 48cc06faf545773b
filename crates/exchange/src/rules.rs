//! The rules that a network follows: what Azure does, as a catalogue numbers it, and what BGP
//! itself says. Each has a number, a name and a sentence; the table says why we believe it and
//! what to do about it.
//!
//! ```
//! use routehub_exchange::rules;
//!
//! let rule = rules::rule(rules::ROUTE_LIMIT).ok_or("no such rule")?;
//! assert_eq!(rule.id.to_string(), "R-004");
//! assert!(!rule.is_bgp() && rule.remedy.is_some());
//! # Ok::<(), &str>(())
//! ```

mod sources;
mod table;

use routehub_types::RuleId;

pub use sources::{SOURCES, Source};
pub use table::*;

/// No rule: nothing was in the way.
pub const NONE: RuleId = RuleId(0);

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its number.
    pub id: RuleId,
    /// The name of its constant.
    pub name: &'static str,
    /// What it says, in one sentence.
    pub text: &'static str,
    /// What to do when it is in the way; none where there is nothing to do.
    pub remedy: Option<&'static str>,
    /// Who says so.
    pub origin: Origin,
}

/// Who states a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The catalogue of what Azure does.
    Catalogue {
        /// How sure it is.
        confidence: &'static [Confidence],
        /// The short names of its sources.
        sources: &'static str,
    },
    /// BGP itself, or the description of the network: no rule of Azure.
    Bgp {
        /// The section of the RFC, or what else says so.
        source: &'static str,
    },
}

/// How a rule of the catalogue is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// Microsoft documents it.
    Documented,
    /// Engineers saw it in a lab and published the raw output.
    Observed,
    /// An engineer reports it, without raw output.
    Reported,
    /// It follows from the others.
    Inferred,
}

impl Rule {
    /// Whether BGP itself says so, or the description of the network, rather than the catalogue.
    pub const fn is_bgp(&self) -> bool {
        matches!(self.origin, Origin::Bgp { .. })
    }
}

/// The rule of this number.
pub fn rule(id: RuleId) -> Option<&'static Rule> {
    let at = RULES.binary_search_by_key(&id, |rule| rule.id).ok()?;
    RULES.get(at)
}

/// What a rule says, in one sentence; nothing for numbers that no rule has.
pub fn text(id: RuleId) -> &'static str {
    rule(id).map_or("", |rule| rule.text)
}

/// Whether BGP itself says so, or the description of the network: such rules go by their sentence,
/// those of the catalogue by their number.
pub fn is_bgp(id: RuleId) -> bool {
    rule(id).is_some_and(Rule::is_bgp)
}

/// What to do about a rule that is in the way.
pub fn remedy(id: RuleId) -> Option<&'static str> {
    rule(id)?.remedy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_of_a_rule_is_spelled_out() {
        for rule in RULES {
            let Origin::Catalogue { sources, .. } = rule.origin else {
                continue;
            };
            for key in sources.split(", ").filter(|key| !key.starts_with("RFC ")) {
                let known = key.is_empty() || SOURCES.iter().any(|source| source.key == key);
                assert!(known, "{}: {key}", rule.id);
            }
        }
    }

    #[test]
    fn rules_ascend_and_each_is_found() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
        for known in RULES {
            assert_eq!(rule(known.id), Some(known));
            assert!(!known.text.is_empty() && known.remedy != Some(""));
        }
        assert_eq!(rule(NONE), None);
        assert_eq!(text(RuleId(999)), "");
        assert_eq!(remedy(RuleId(999)), None);
    }
}

//! Rules as data, and those that most route servers have.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use routehub_types::{Asn, Community, Family, FamilySet, Prefix, RouterId, RuleId};

use crate::{Action, Match, PrefixMatch};

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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Next {
    /// The route is accepted.
    #[default]
    Stop,
    /// The next rule is looked at.
    Continue,
}

/// What happens to a route that no rule accepted or rejected, and under which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Fallback {
    /// It passes, as changed so far.
    Accept(RuleId),
    /// It is refused.
    Reject(RuleId),
}

impl Rule {
    /// A rule that refuses what fits.
    pub fn reject(
        id: RuleId,
        name: impl Into<String>,
        matches: impl IntoIterator<Item = Match>,
    ) -> Self {
        Self::new(id, name, matches, [Action::Reject], Next::Stop)
    }

    /// A rule that accepts what fits; [`with_actions`](Self::with_actions) says with which changes.
    pub fn accept(
        id: RuleId,
        name: impl Into<String>,
        matches: impl IntoIterator<Item = Match>,
    ) -> Self {
        Self::new(id, name, matches, [Action::Accept], Next::Stop)
    }

    /// A rule that changes what fits and goes on.
    pub fn change(
        id: RuleId,
        name: impl Into<String>,
        matches: impl IntoIterator<Item = Match>,
        actions: impl IntoIterator<Item = Action>,
    ) -> Self {
        Self::new(id, name, matches, actions, Next::Continue)
    }

    /// The same, with these actions before the route is accepted, refused or goes on.
    #[must_use]
    pub fn with_actions(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        let ends = |action: &Action| matches!(action, Action::Accept | Action::Reject);
        let end = self.actions.iter().position(ends);
        let end = end.unwrap_or(self.actions.len());
        self.actions.splice(end..end, actions);
        self
    }

    /// A rule of these parts.
    pub fn new(
        id: RuleId,
        name: impl Into<String>,
        matches: impl IntoIterator<Item = Match>,
        actions: impl IntoIterator<Item = Action>,
        next: Next,
    ) -> Self {
        Self {
            id,
            name: name.into(),
            matches: matches.into_iter().collect(),
            actions: actions.into_iter().collect(),
            next,
        }
    }
}

/// Rules that most route servers have.
impl Rule {
    /// Refuses a route that has passed one's own AS already (RFC 4271 section 9.1.2).
    pub fn own_asn(id: RuleId, own: Asn) -> Self {
        Self::reject(id, "own AS in path", [Match::AsnInPath(vec![own])])
    }

    /// Refuses a route that has one's own ASN in its path more often than `allowed` times.
    pub fn own_asn_beyond(id: RuleId, own: Asn, allowed: u32) -> Self {
        let (asn, times) = (own, allowed);
        Self::reject(id, "own AS in path", [Match::AsnMoreThan { asn, times }])
    }

    /// Refuses a route whose next hop is oneself (RFC 4271 section 5.1.3).
    pub fn own_next_hop(id: RuleId, own: impl IntoIterator<Item = IpAddr>) -> Self {
        let own = Match::NextHop(own.into_iter().map(Prefix::host).collect());
        Self::reject(id, "next hop is the receiver", [own])
    }

    /// Refuses a route that one has sent oneself, as route reflectors mark it (RFC 4456 section
    /// 8).
    pub fn own_originator(id: RuleId, own: RouterId) -> Self {
        Self::reject(id, "own originator id", [Match::Originator(vec![own])])
    }

    /// Refuses a route that has passed one's own cluster (RFC 4456 section 8).
    pub fn own_cluster(id: RuleId, own: RouterId) -> Self {
        Self::reject(id, "own cluster id", [Match::Cluster(vec![own])])
    }

    /// Refuses a route that is equal to one of these prefixes or inside it; a supernet passes.
    pub fn overlap(id: RuleId, local: impl IntoIterator<Item = Prefix>) -> Self {
        Self::reject(id, "inside a local prefix", [Match::inside(local)])
    }

    /// Refuses routes of families other than these.
    pub fn families(id: RuleId, wanted: FamilySet) -> Self {
        let unwanted = Family::ALL
            .into_iter()
            .filter(|family| !wanted.contains(*family));
        let unwanted = Match::Prefix(unwanted.map(PrefixMatch::family).collect());
        Self::reject(id, "address family not routed", [unwanted])
    }

    /// Refuses routes that carry a community.
    pub fn carries(id: RuleId, name: impl Into<String>, community: Community) -> Self {
        Self::reject(id, name, [Match::community(community)])
    }

    /// Puts one's own ASN in front of the path, as every external session does (RFC 4271
    /// section 5.1.2).
    pub fn prepend_own(id: RuleId, own: Asn) -> Self {
        Self::change(id, "own AS in front", [], [Action::prepend(own, 1)])
    }

    /// Adds communities to every route that fits all conditions.
    pub fn tag(
        id: RuleId,
        name: impl Into<String>,
        matches: impl IntoIterator<Item = Match>,
        tags: impl IntoIterator<Item = Community>,
    ) -> Self {
        let tags = tags.into_iter().collect();
        Self::change(id, name, matches, [Action::AddCommunities(tags)])
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

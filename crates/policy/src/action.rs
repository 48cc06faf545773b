//! What a rule does to a route.

use alloc::vec::Vec;
use core::fmt;

use routehub_types::{Asn, Community, ExtendedCommunity, LargeCommunity, NextHop, Origin, Prefix};

use crate::CommunityPattern;
use crate::text::listed;

/// One thing that a rule does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Action {
    /// Ends the evaluation: the route passes.
    Accept,
    /// Ends the evaluation: the route is refused.
    Reject,
    /// Puts ASNs in front of the AS path, the first of them nearest.
    Prepend(Vec<Asn>),
    /// Puts a sequence in place of the AS path; an empty one clears it.
    ReplacePath(Vec<Asn>),
    /// Puts one ASN wherever another stands in the AS path ("AS override" if `to` is one's own).
    ReplaceAsn {
        /// The ASN looked for.
        from: Asn,
        /// The ASN that takes its place.
        to: Asn,
    },
    /// Takes ASNs out of the AS path.
    RemoveAsns(Vec<Asn>),
    /// Takes private ASNs out of the AS path.
    RemovePrivate(RemovePrivate),
    /// Maps the route to another prefix of its family: the longest listed one that contains it,
    /// else the first. Several routes that map to one prefix are a summary.
    ReplacePrefix(Vec<Prefix>),
    /// Adds standard communities that are not there, in numerical order.
    AddCommunities(Vec<Community>),
    /// Removes standard communities that fit a pattern.
    RemoveCommunities(Vec<CommunityPattern>),
    /// Puts standard communities in place of all that fit no pattern of `keep`.
    ReplaceCommunities {
        /// The new communities; none clears.
        with: Vec<Community>,
        /// What may not be touched.
        keep: Vec<CommunityPattern>,
    },
    /// Adds large communities that are not there.
    AddLargeCommunities(Vec<LargeCommunity>),
    /// Removes large communities.
    RemoveLargeCommunities(Vec<LargeCommunity>),
    /// Adds extended communities that are not there.
    AddExtendedCommunities(Vec<ExtendedCommunity>),
    /// Removes extended communities.
    RemoveExtendedCommunities(Vec<ExtendedCommunity>),
    /// Sets MULTI_EXIT_DISC, or takes it away.
    SetMed(Option<u32>),
    /// Sets LOCAL_PREF, or takes it away.
    SetLocalPref(Option<u32>),
    /// Sets the next hop.
    SetNextHop(NextHop),
    /// Sets ORIGIN.
    SetOrigin(Origin),
    /// Sets Only to Customer to an AS (RFC 9234 section 5), where it is not there.
    AddOnlyToCustomer(Asn),
}

/// How private ASNs (RFC 6996) are taken out of an AS path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RemovePrivate {
    /// Which of them.
    pub scope: PrivateScope,
    /// What takes the place of each; none leaves nothing, which shortens the path.
    pub replace_with: Option<Asn>,
    /// An ASN that stays although it is private: that of the peer the route is sent to, so that
    /// its own loop check still finds it.
    pub keep: Option<Asn>,
}

/// Which private ASNs of a path are meant; routers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum PrivateScope {
    /// Those of a path that has private ASNs only; a path with a public one stays whole.
    PrivatePaths,
    /// Those in front of the first public ASN.
    Leading,
    /// All.
    All,
}

impl Action {
    /// Takes out the private ASNs in front of the first public one; of a path without a public ASN
    /// nothing stays.
    pub const REMOVE_LEADING_PRIVATE: Self = Self::RemovePrivate(RemovePrivate {
        scope: PrivateScope::Leading,
        replace_with: None,
        keep: None,
    });

    /// Takes all private ASNs out.
    pub const REMOVE_ALL_PRIVATE: Self = Self::RemovePrivate(RemovePrivate {
        scope: PrivateScope::All,
        replace_with: None,
        keep: None,
    });

    /// Puts one ASN in front of the AS path so many times.
    pub fn prepend(asn: Asn, count: usize) -> Self {
        Self::Prepend(alloc::vec![asn; count])
    }

    /// Adds a standard community where it is not there.
    pub fn add_community(community: Community) -> Self {
        Self::AddCommunities(alloc::vec![community])
    }

    /// Removes a standard community, or those that fit a pattern.
    pub fn remove_community(community: impl Into<CommunityPattern>) -> Self {
        Self::RemoveCommunities(alloc::vec![community.into()])
    }

    /// Puts these standard communities in place of all that are there.
    pub fn set_communities(communities: impl IntoIterator<Item = Community>) -> Self {
        Self::ReplaceCommunities {
            with: communities.into_iter().collect(),
            keep: Vec::new(),
        }
    }

    /// Sets MULTI_EXIT_DISC.
    pub const fn set_med(med: u32) -> Self {
        Self::SetMed(Some(med))
    }

    /// Sets LOCAL_PREF.
    pub const fn set_local_pref(value: u32) -> Self {
        Self::SetLocalPref(Some(value))
    }

    /// Sets the next hop.
    pub fn set_next_hop(next_hop: impl Into<NextHop>) -> Self {
        Self::SetNextHop(next_hop.into())
    }

    /// Takes all standard communities away.
    pub const fn clear_communities() -> Self {
        Self::ReplaceCommunities {
            with: Vec::new(),
            keep: Vec::new(),
        }
    }
}

/// Writes that a value is set, or that the attribute is taken away.
fn set(f: &mut fmt::Formatter<'_>, what: &str, value: Option<u32>) -> fmt::Result {
    match value {
        Some(value) => write!(f, "set {what} {value}"),
        None => write!(f, "remove {what}"),
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Reject => f.write_str("reject"),
            Self::Prepend(asns) => listed(f, "prepend", asns),
            Self::ReplacePath(asns) if asns.is_empty() => f.write_str("clear AS path"),
            Self::ReplacePath(asns) => listed(f, "set AS path", asns),
            Self::ReplaceAsn { from, to } => write!(f, "replace AS {from} with {to}"),
            Self::RemoveAsns(asns) => listed(f, "remove from AS path", asns),
            Self::RemovePrivate(how) => how.fmt(f),
            Self::ReplacePrefix(prefixes) => listed(f, "replace prefix with", prefixes),
            Self::AddCommunities(list) => listed(f, "add communities", list),
            Self::RemoveCommunities(list) => listed(f, "remove communities", list),
            Self::ReplaceCommunities { with, keep } => {
                match with.is_empty() {
                    true => f.write_str("clear communities")?,
                    false => listed(f, "set communities", with)?,
                }
                match keep.is_empty() {
                    true => Ok(()),
                    false => listed(f, " except", keep),
                }
            }
            Self::AddLargeCommunities(list) => listed(f, "add large communities", list),
            Self::RemoveLargeCommunities(list) => listed(f, "remove large communities", list),
            Self::AddExtendedCommunities(list) => listed(f, "add extended communities", list),
            Self::RemoveExtendedCommunities(list) => listed(f, "remove extended communities", list),
            Self::SetMed(med) => set(f, "MED", *med),
            Self::SetLocalPref(value) => set(f, "local preference", *value),
            Self::SetNextHop(next_hop) => write!(f, "set next hop {next_hop}"),
            Self::SetOrigin(origin) => write!(f, "set origin {origin}"),
            Self::AddOnlyToCustomer(asn) => write!(f, "add OTC {asn}"),
        }
    }
}

impl fmt::Display for RemovePrivate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.replace_with.is_some() {
            "replace"
        } else {
            "remove"
        };
        let which = match self.scope {
            PrivateScope::PrivatePaths => "the ASNs of a private AS path",
            PrivateScope::Leading => "leading private ASNs",
            PrivateScope::All => "private ASNs",
        };
        write!(f, "{verb} {which}")?;
        if let Some(asn) = self.replace_with {
            write!(f, " with {asn}")?;
        }
        match self.keep {
            Some(asn) => write!(f, " except {asn}"),
            None => Ok(()),
        }
    }
}

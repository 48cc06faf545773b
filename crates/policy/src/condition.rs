//! What a rule asks of a route.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use routehub_types::{
    AsPath, Asn, Attrs, ExtendedCommunity, LargeCommunity, Origin, Prefix, RouterId, SegmentKind,
};

use crate::text::{listed, ranged};
use crate::{CommunityPattern, PathExpr, PrefixMatch};

/// A condition on a route. A list of alternatives holds if one of them does; an empty one never.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Match {
    /// The prefix belongs to one of these sets.
    Prefix(Vec<PrefixMatch>),
    /// One of these ASNs stands in the AS path.
    AsnInPath(Vec<Asn>),
    /// An ASN stands in the AS path more often than so many times.
    AsnMoreThan {
        /// The ASN.
        asn: Asn,
        /// How often it may stand there.
        times: u32,
    },
    /// The AS path is exactly these ASNs in this order, without sets.
    PathIs(Vec<Asn>),
    /// The length of the AS path, as best path counts it, is in this range.
    PathLength(RangeInclusive<u32>),
    /// The AS path fits an expression.
    Path(PathExpr),
    /// The peer that sent the route is of one of these ASes.
    Neighbor(Vec<Asn>),
    /// The source of the route is of one of these classes.
    Source(Vec<SourceClass>),
    /// A standard community fits one of these patterns.
    AnyCommunity(Vec<CommunityPattern>),
    /// Each of these patterns has a standard community that fits it; holds for an empty list.
    AllCommunities(Vec<CommunityPattern>),
    /// One of these large communities is there.
    AnyLargeCommunity(Vec<LargeCommunity>),
    /// One of these extended communities is there.
    AnyExtendedCommunity(Vec<ExtendedCommunity>),
    /// The next hop is inside one of these prefixes.
    NextHop(Vec<Prefix>),
    /// ORIGINATOR_ID is one of these.
    Originator(Vec<RouterId>),
    /// One of these stands in CLUSTER_LIST.
    Cluster(Vec<RouterId>),
    /// ORIGIN is one of these.
    Origin(Vec<Origin>),
    /// MULTI_EXIT_DISC is in this range; never holds without one.
    Med(RangeInclusive<u32>),
    /// LOCAL_PREF is in this range; never holds without one.
    LocalPref(RangeInclusive<u32>),
    /// Only to Customer is there (RFC 9234 section 5), and names one of these ASes; an empty list:
    /// any.
    OnlyToCustomer(Vec<Asn>),
    /// A condition does not hold.
    Not(Box<Match>),
}

impl Match {
    /// The prefix is equal to one of these or inside it.
    pub fn inside(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        Self::Prefix(prefixes.into_iter().map(PrefixMatch::or_longer).collect())
    }

    /// The prefix is one of these.
    pub fn exactly(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        Self::Prefix(prefixes.into_iter().map(PrefixMatch::Exact).collect())
    }

    /// The prefix is in a prefix list: one of these holds it.
    pub fn prefixes(list: impl IntoIterator<Item = PrefixMatch>) -> Self {
        Self::Prefix(list.into_iter().collect())
    }

    /// The AS path fits an expression.
    pub const fn path(expr: PathExpr) -> Self {
        Self::Path(expr)
    }

    /// This ASN stands in the AS path.
    pub fn asn(asn: Asn) -> Self {
        Self::AsnInPath(vec![asn])
    }

    /// The route carries a standard community, or one that fits a pattern.
    pub fn community(community: impl Into<CommunityPattern>) -> Self {
        Self::AnyCommunity(vec![community.into()])
    }

    /// The opposite condition.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// The condition behind every "not".
    pub(crate) fn bare(&self) -> &Self {
        match self {
            Self::Not(inner) => inner.bare(),
            other => other,
        }
    }

    /// Whether the condition needs the prefix.
    pub(crate) fn asks_prefix(&self) -> bool {
        matches!(self.bare(), Self::Prefix(_))
    }

    /// Whether the condition holds for a route.
    pub fn holds(&self, attrs: &Attrs, prefix: Prefix, meta: &RouteMeta) -> bool {
        match self {
            Self::Prefix(list) => list.iter().any(|matched| matched.holds(prefix)),
            Self::Not(inner) => !inner.holds(attrs, prefix, meta),
            other => other.holds_for_set(attrs, meta),
        }
    }

    /// Whether a condition that does not ask the prefix holds; one that does never holds here.
    pub(crate) fn holds_for_set(&self, attrs: &Attrs, meta: &RouteMeta) -> bool {
        let path = &attrs.as_path;
        let communities = &attrs.communities;
        let found = |pattern: &CommunityPattern| communities.iter().any(|c| pattern.holds(*c));
        match self {
            Self::Prefix(_) => false,
            Self::AsnInPath(list) => path.asns().any(|asn| list.contains(&asn)),
            Self::AsnMoreThan { asn, times } => {
                path.asns().filter(|found| found == asn).count() > *times as usize
            }
            Self::PathIs(list) => is_path(path, list),
            Self::PathLength(range) => {
                range.contains(&u32::try_from(path.length()).unwrap_or(u32::MAX))
            }
            Self::Path(expr) => expr.holds(path),
            Self::Neighbor(list) => meta.neighbor.is_some_and(|asn| list.contains(&asn)),
            Self::Source(list) => list.contains(&meta.source),
            Self::AnyCommunity(list) => list.iter().any(found),
            Self::AllCommunities(list) => list.iter().all(found),
            Self::AnyLargeCommunity(list) => list
                .iter()
                .any(|community| attrs.large_communities.contains(community)),
            Self::AnyExtendedCommunity(list) => list
                .iter()
                .any(|community| attrs.extended_communities.contains(community)),
            Self::NextHop(list) => list
                .iter()
                .any(|prefix| prefix.contains_address(attrs.next_hop.address)),
            Self::Originator(list) => attrs.originator_id.is_some_and(|id| list.contains(&id)),
            Self::Cluster(list) => attrs.cluster_list.iter().any(|id| list.contains(id)),
            Self::Origin(list) => list.contains(&attrs.origin),
            Self::Med(range) => attrs.med.is_some_and(|med| range.contains(&med)),
            Self::LocalPref(range) => attrs.local_pref.is_some_and(|value| range.contains(&value)),
            Self::OnlyToCustomer(list) => attrs
                .only_to_customer
                .is_some_and(|asn| list.is_empty() || list.contains(&asn)),
            Self::Not(inner) => !inner.asks_prefix() && !inner.holds_for_set(attrs, meta),
        }
    }
}

/// A class of route sources, such as "customer" or "transit": whoever writes rules numbers them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct SourceClass(pub u8);

/// Where a route came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouteMeta {
    /// The class of its source.
    pub source: SourceClass,
    /// The AS of the peer that sent it; none for a route of one's own.
    pub neighbor: Option<Asn>,
}

impl RouteMeta {
    /// A route of a source class, from a peer of this AS.
    pub const fn new(source: SourceClass, neighbor: Asn) -> Self {
        Self {
            source,
            neighbor: Some(neighbor),
        }
    }
}

impl fmt::Display for SourceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a path is exactly these ASNs in this order, in nothing but sequences.
pub(crate) fn is_path(path: &AsPath, asns: &[Asn]) -> bool {
    let mut segments = path.segments().iter();
    segments.all(|segment| segment.kind == SegmentKind::Sequence)
        && path.asns().eq(asns.iter().copied())
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(list) => listed(f, "prefix in", list),
            Self::AsnInPath(list) => listed(f, "AS path has one of", list),
            Self::AsnMoreThan { asn, times } => {
                write!(f, "AS path has {asn} more than {times} times")
            }
            Self::PathIs(list) if list.is_empty() => f.write_str("AS path is empty"),
            Self::PathIs(list) => listed(f, "AS path is", list),
            Self::PathLength(range) => ranged(f, "AS path length", range),
            Self::Path(expr) => write!(f, "AS path fits \"{expr}\""),
            Self::Neighbor(list) => listed(f, "from AS", list),
            Self::Source(list) => listed(f, "source class in", list),
            Self::AnyCommunity(list) => listed(f, "any community of", list),
            Self::AllCommunities(list) => listed(f, "all communities of", list),
            Self::AnyLargeCommunity(list) => listed(f, "any large community of", list),
            Self::AnyExtendedCommunity(list) => listed(f, "any extended community of", list),
            Self::NextHop(list) => listed(f, "next hop in", list),
            Self::Originator(list) => listed(f, "originator in", list),
            Self::Cluster(list) => listed(f, "cluster list has one of", list),
            Self::Origin(list) => listed(f, "origin in", list),
            Self::Med(range) => ranged(f, "MED", range),
            Self::LocalPref(range) => ranged(f, "local preference", range),
            Self::OnlyToCustomer(list) if list.is_empty() => f.write_str("OTC is there"),
            Self::OnlyToCustomer(list) => listed(f, "OTC is one of", list),
            Self::Not(inner) => write!(f, "not ({inner})"),
        }
    }
}

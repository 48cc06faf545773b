//! What may not stand in a route map.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use routehub_types::{Asn, Community, Prefix, RuleId};

use super::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule, RouteMapTerms};
use crate::{AsnRefusal, AsnRules};

/// Why a route map, or putting one on a connection, is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("route map {map}{}: {fault}", At(*position, name))]
pub struct RouteMapError {
    /// The route map.
    pub map: String,
    /// The rule of the map, counted from 1; none if it is not about one rule.
    pub position: Option<usize>,
    /// The name of that rule; may be empty.
    pub name: String,
    /// The rule of the catalogue that refuses it.
    pub rule: RuleId,
    /// What is wrong.
    pub fault: RouteMapFault,
}

/// What is wrong with a route map or its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteMapFault {
    /// An ASN that may not be put in front of a path.
    #[error("{0}, so it may not be put in front of a path")]
    Prepend(AsnRefusal),
    /// An ASN that may not stand in a new path.
    #[error("{0}, so it may not stand in a path")]
    ReplacePath(AsnRefusal),
    /// A community that may not be removed.
    #[error("community {0} is reserved and may not be removed")]
    ReservedCommunity(Community),
    /// A replacement that names no prefix.
    #[error("a prefix replacement needs a prefix")]
    NoPrefix,
    /// Several new prefixes, and a matched one that is inside none of them.
    #[error("{0} is inside none of the new prefixes, and there is more than one")]
    AmbiguousPrefix(Prefix),
    /// A new prefix of another address family than what is matched.
    #[error("{new} is of another address family than {matched}")]
    Family {
        /// What is matched.
        matched: Prefix,
        /// What takes its place.
        new: Prefix,
    },
    /// Several new prefixes, and no criterion that says which routes are meant.
    #[error("several new prefixes need a criterion on the prefix")]
    UnboundPrefix,
    /// The peer is outside the network of the route server.
    #[error(
        "peer {0} is outside the virtual network of the route server, so its connection takes no route map"
    )]
    PeerOutside(IpAddr),
    /// The connection is of a kind that takes no route map.
    #[error("this kind of connection takes no route map")]
    ConnectionKind,
}

/// Where in a map an error stands.
struct At<'a>(Option<usize>, &'a str);

impl core::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match (self.0, self.1) {
            (None, _) => Ok(()),
            (Some(n), "") => write!(f, ", rule {n}"),
            (Some(n), name) => write!(f, ", rule {n} ({name})"),
        }
    }
}

impl RouteMap {
    /// Everything in the map that the terms do not allow, in the order of the map.
    pub fn check(&self, terms: &RouteMapTerms) -> Vec<RouteMapError> {
        let mut errors = Vec::new();
        for (n, rule) in self.rules.iter().enumerate() {
            rule.check(terms, &mut |number, fault| {
                errors.push(RouteMapError {
                    map: self.name.clone(),
                    position: Some(n + 1),
                    name: rule.name.clone(),
                    rule: number,
                    fault,
                });
            });
        }
        errors
    }
}

fn refusals(list: &[Asn], rules: &AsnRules) -> impl Iterator<Item = AsnRefusal> {
    list.iter().filter_map(|asn| rules.check(*asn).err())
}

impl RouteMapRule {
    fn check(&self, terms: &RouteMapTerms, found: &mut impl FnMut(RuleId, RouteMapFault)) {
        for action in &self.actions {
            match action {
                RouteMapAction::PrependAsPath(list) => {
                    let refused = refusals(list, &terms.prepend_asns);
                    refused.for_each(|why| found(why.rule, RouteMapFault::Prepend(why)));
                }
                RouteMapAction::ReplaceAsPath(list) => {
                    let refused = refusals(list, &terms.replace_asns);
                    refused.for_each(|why| found(why.rule, RouteMapFault::ReplacePath(why)));
                }
                RouteMapAction::RemoveCommunities(list) => {
                    let reserved = |community: &&_| terms.reserved_communities.contains(*community);
                    for community in list.iter().filter(reserved) {
                        let fault = RouteMapFault::ReservedCommunity(*community);
                        found(terms.reserved_rule, fault);
                    }
                }
                RouteMapAction::ReplacePrefix(list) => {
                    self.check_replacement(list, |fault| found(terms.rule, fault));
                }
                RouteMapAction::Drop
                | RouteMapAction::AddCommunities(_)
                | RouteMapAction::ReplaceCommunities(_) => {}
            }
        }
    }

    /// Whether it is clear which new prefix a matched route gets.
    fn check_replacement(&self, new: &[Prefix], mut found: impl FnMut(RouteMapFault)) {
        let Some(first) = new.first() else {
            return found(RouteMapFault::NoPrefix);
        };
        let mut bound = false;
        for criterion in &self.matches {
            let (RouteMapMatch::PrefixEquals(list) | RouteMapMatch::PrefixContains(list)) =
                criterion
            else {
                continue;
            };
            bound = true;
            for matched in list {
                let same_family = new.iter().any(|prefix| prefix.family() == matched.family());
                if !same_family {
                    found(RouteMapFault::Family {
                        matched: *matched,
                        new: *first,
                    });
                } else if new.len() > 1 && !new.iter().any(|prefix| prefix.contains(*matched)) {
                    found(RouteMapFault::AmbiguousPrefix(*matched));
                }
            }
        }
        if !bound && new.len() > 1 {
            found(RouteMapFault::UnboundPrefix);
        }
    }
}

/// A connection that is to have a route map.
#[derive(Clone, Copy, Debug)]
pub struct RouteMapPlace<'a> {
    /// The name of the route map.
    pub map: &'a str,
    /// The address of the peer; none for a connection that has no peer of its own.
    pub peer: Option<IpAddr>,
    /// The prefixes that the peer must lie in.
    pub inside: &'a [Prefix],
    /// Whether connections of this kind take route maps at all.
    pub kind_fits: bool,
}

impl RouteMapPlace<'_> {
    /// Whether the connection may have the route map.
    ///
    /// # Errors
    /// What is in the way, under the number `rule`.
    pub fn check(&self, rule: RuleId) -> Result<(), RouteMapError> {
        let outside = |address: IpAddr| {
            let mut inside = self.inside.iter();
            !inside.any(|prefix| prefix.contains_address(address))
        };
        let fault = match self.peer {
            _ if !self.kind_fits => RouteMapFault::ConnectionKind,
            Some(address) if outside(address) => RouteMapFault::PeerOutside(address),
            _ => return Ok(()),
        };
        Err(RouteMapError {
            map: self.map.into(),
            position: None,
            name: String::new(),
            rule,
            fault,
        })
    }
}

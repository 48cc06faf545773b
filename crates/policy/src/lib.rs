#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod action;
mod asn_rules;
mod condition;
mod pattern;
mod policy;
mod route_map;
mod rule;
mod text;
mod verdict;
mod well_known;

pub use action::{Action, PrivateScope, RemovePrivate};
pub use asn_rules::{
    AsnRefusal, AsnRefusalReason, AsnRules, ForbiddenAsns, SPECIAL_ASNS, SpecialAsns, SpecialUse,
    special_use,
};
pub use condition::{Match, RouteMeta, SourceClass};
pub use pattern::{
    CommunityPattern, ParseCommunityPatternError, ParsePathExprError, ParsePrefixMatchError,
    PathExpr, PrefixMatch,
};
pub use policy::Policy;
pub use route_map::{
    RouteMap, RouteMapAction, RouteMapError, RouteMapFault, RouteMapMatch, RouteMapPlace,
    RouteMapRule, RouteMapTerms,
};
pub use rule::{Fallback, Next, Rule};
pub use verdict::{Outcome, RuleAt, SetVerdict, Step, Verdict};
pub use well_known::{Blackhole, PeerKind, WellKnown};

//! BGP routing policy as data: rules that match routes and change, accept or refuse them, and that
//! every outcome names.
//!
//! A [`Policy`] is compiled from [`Rule`]s. What the attribute set alone decides is asked once for
//! each set ([`Policy::set_verdict`]); only where the prefix has a say is each route evaluated
//! ([`Policy::evaluate`]), and then a thousand prefix rules cost little more than one.
//!
//! ```
//! use routehub_policy::{Action, Fallback, Match, Next, Outcome, Policy, RouteMeta, Rule, SetVerdict};
//! use routehub_types::{Asn, AsPath, Attrs, RuleId};
//! use core::net::Ipv4Addr;
//!
//! let policy = Policy::compile(
//!     vec![
//!         Rule::reject(RuleId(50), "own AS", vec![Match::AsnInPath(vec![Asn(64500)])]),
//!         Rule::reject(RuleId(51), "overlap", vec![Match::inside(["10.0.0.0/16".parse()?])]),
//!         Rule::change(RuleId(900), "far", vec![], vec![Action::prepend(Asn(64500), 2)]),
//!     ],
//!     Fallback::Accept(RuleId(140)),
//! );
//! let meta = RouteMeta::default();
//! let route = |path: &str| Attrs::new(path.parse::<AsPath>().unwrap(), Ipv4Addr::new(10, 0, 4, 4));
//!
//! assert_eq!(policy.set_verdict(&route("65001 64500"), &meta), SetVerdict::Reject(RuleId(50)));
//! let attrs = route("65001");
//! assert_eq!(policy.set_verdict(&attrs, &meta), SetVerdict::AskPrefix);
//! let inside = policy.evaluate(&attrs, "10.0.7.0/24".parse()?, &meta);
//! assert_eq!((inside.outcome, inside.rule), (Outcome::Reject, RuleId(51)));
//! let outside = policy.evaluate(&attrs, "10.0.0.0/8".parse()?, &meta);
//! let Outcome::Accept { attrs, .. } = outside.outcome else { panic!() };
//! assert_eq!(attrs.as_path.to_string(), "64500 64500 65001");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is here besides:
//! - [`AsnRules`]: which ASNs may be used, by IANA's registry ([`SPECIAL_ASNS`]), by ranges of the
//!   caller's and by size; a refusal names number, reason and rule.
//! - [`WellKnown`]: the well-known communities as rules, each switched on by a rule number.
//! - [`RouteMap`]: route maps as users of hosted route servers write them, compiled to rules one
//!   to one, and [`RouteMap::check`], which finds what they may not do.
//! - Ready rules: [`Rule::own_asn`], [`Rule::overlap`], [`Rule::families`], [`Rule::prepend_own`].
//!
//! Numbers of rules are the caller's: the crate knows BGP, not whose route server it works for.
//!
//! Features: `serde`.
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
    CommunityPattern, ParseCommunityPatternError, ParsePathExprError, PathExpr, PrefixMatch,
};
pub use policy::Policy;
pub use route_map::{
    RouteMap, RouteMapAction, RouteMapError, RouteMapFault, RouteMapMatch, RouteMapPlace,
    RouteMapRule, RouteMapTerms,
};
pub use rule::{Fallback, Next, Rule};
pub use verdict::{Outcome, RuleAt, SetVerdict, Step, Verdict};
pub use well_known::{Blackhole, PeerKind, WellKnown};

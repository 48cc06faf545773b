//! What the well-known communities ask for, as rules.

use alloc::vec::Vec;

use routehub_types::{Community, NextHop, RuleId};

use crate::{Action, Match, PrefixMatch, Rule};

/// How a peer stands to the speaker that sends to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKind {
    /// Of the same AS.
    Internal,
    /// Of another member AS of the same confederation (RFC 5065).
    Confederation,
    /// Of another AS.
    External,
    /// Of another AS, and both send only their own and their customers' routes (RFC 3765).
    Bilateral,
}

/// Which well-known communities are honoured: those with a rule number, under which their verdicts
/// go. The default honours none.
///
/// ```
/// use routehub_policy::{PeerKind, WellKnown};
/// use routehub_types::RuleId;
///
/// let honoured = WellKnown { no_export: Some(RuleId(99)), ..WellKnown::default() };
/// assert!(honoured.export_rules(PeerKind::Internal).is_empty());
/// assert_eq!(
///     honoured.export_rules(PeerKind::External)[0].to_string(),
///     "R-099 NO_EXPORT: any community of 65535:65281 -> reject"
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct WellKnown {
    /// NO_ADVERTISE: not to any peer (RFC 1997).
    pub no_advertise: Option<RuleId>,
    /// NO_EXPORT: not outside the AS, or the confederation (RFC 1997).
    pub no_export: Option<RuleId>,
    /// NO_EXPORT_SUBCONFED: not outside the member AS (RFC 1997).
    pub no_export_subconfed: Option<RuleId>,
    /// NO_PEER: not to bilateral peers (RFC 3765).
    pub no_peer: Option<RuleId>,
    /// GRACEFUL_SHUTDOWN: least preferred (RFC 8326).
    pub graceful_shutdown: Option<RuleId>,
    /// BLACKHOLE: traffic is discarded (RFC 7999).
    pub blackhole: Option<Blackhole>,
}

/// What happens to a route that carries BLACKHOLE (RFC 7999 section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Blackhole {
    /// The rule.
    pub rule: RuleId,
    /// The prefixes that may be asked for; others are left as they are.
    pub within: Vec<PrefixMatch>,
    /// Where the traffic goes to be discarded.
    pub next_hop: NextHop,
    /// NO_ADVERTISE or NO_EXPORT, so that the route stays here (section 3.2).
    pub scope: Community,
}

impl WellKnown {
    /// The rules for routes that go to a peer.
    pub fn export_rules(&self, to: PeerKind) -> Vec<Rule> {
        let table = [
            (
                self.no_advertise,
                "NO_ADVERTISE",
                Community::NO_ADVERTISE,
                PeerKind::Internal,
            ),
            (
                self.no_export_subconfed,
                "NO_EXPORT_SUBCONFED",
                Community::NO_EXPORT_SUBCONFED,
                PeerKind::Confederation,
            ),
            (
                self.no_export,
                "NO_EXPORT",
                Community::NO_EXPORT,
                PeerKind::External,
            ),
            (
                self.no_peer,
                "NO_PEER",
                Community::NO_PEER,
                PeerKind::Bilateral,
            ),
        ];
        let honoured = table.into_iter().filter(|(.., nearest)| to >= *nearest);
        honoured
            .filter_map(|(rule, name, community, _)| Some(Rule::carries(rule?, name, community)))
            .collect()
    }

    /// The rules for routes that come from a peer of another AS.
    pub fn import_rules(&self) -> Vec<Rule> {
        let carries = |community: Community| Match::AnyCommunity(Vec::from([community.into()]));
        let mut rules = Vec::new();
        if let Some(id) = self.graceful_shutdown {
            let matches = Vec::from([carries(Community::GRACEFUL_SHUTDOWN)]);
            let actions = Vec::from([Action::SetLocalPref(Some(0))]);
            rules.push(Rule::change(id, "GRACEFUL_SHUTDOWN", matches, actions));
        }
        if let Some(blackhole) = &self.blackhole {
            let within = Match::Prefix(blackhole.within.clone());
            let matches = Vec::from([carries(Community::BLACKHOLE), within]);
            let actions = Vec::from([
                Action::AddCommunities(Vec::from([blackhole.scope])),
                Action::SetNextHop(blackhole.next_hop),
            ]);
            rules.push(Rule::change(blackhole.rule, "BLACKHOLE", matches, actions));
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fallback, Outcome, Policy, RouteMeta};
    use core::net::Ipv4Addr;
    use routehub_types::{AsPath, Attrs, Prefix};

    const DISCARD: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    fn all() -> WellKnown {
        let host = Prefix::V4(routehub_types::Ipv4Prefix::DEFAULT);
        WellKnown {
            no_advertise: Some(RuleId(1)),
            no_export: Some(RuleId(2)),
            no_export_subconfed: Some(RuleId(3)),
            no_peer: Some(RuleId(4)),
            graceful_shutdown: Some(RuleId(5)),
            blackhole: Some(Blackhole {
                rule: RuleId(6),
                within: Vec::from([PrefixMatch::Within {
                    prefix: host,
                    min: 32,
                    max: 32,
                }]),
                next_hop: DISCARD.into(),
                scope: Community::NO_ADVERTISE,
            }),
        }
    }

    fn carrying(community: Community) -> Attrs {
        let mut attrs = Attrs::new(AsPath::empty(), Ipv4Addr::new(10, 0, 0, 1));
        attrs.add_community(community);
        attrs
    }

    /// Which rule keeps a route with this community from each kind of peer, nearest first.
    fn refusals(known: &WellKnown, community: Community) -> [Option<u16>; 4] {
        let kinds = [
            PeerKind::Internal,
            PeerKind::Confederation,
            PeerKind::External,
            PeerKind::Bilateral,
        ];
        kinds.map(|to| {
            let policy = Policy::compile(known.export_rules(to), Fallback::Accept(RuleId(0)));
            let attrs = carrying(community);
            let to = "10.0.0.0/8".parse().unwrap();
            let verdict = policy.evaluate(&attrs, to, &RouteMeta::default());
            (verdict.outcome == Outcome::Reject).then_some(verdict.rule.0)
        })
    }

    #[test]
    fn each_community_stops_at_its_border() {
        let none = None;
        for (community, expected) in [
            (
                Community::NO_ADVERTISE,
                [Some(1), Some(1), Some(1), Some(1)],
            ),
            (
                Community::NO_EXPORT_SUBCONFED,
                [none, Some(3), Some(3), Some(3)],
            ),
            (Community::NO_EXPORT, [none, none, Some(2), Some(2)]),
            (Community::NO_PEER, [none, none, none, Some(4)]),
            (Community::BLACKHOLE, [none; 4]),
        ] {
            assert_eq!(refusals(&all(), community), expected, "{community}");
        }
    }

    #[test]
    fn what_has_no_rule_is_not_honoured() {
        for community in [
            Community::NO_ADVERTISE,
            Community::NO_EXPORT,
            Community::NO_PEER,
        ] {
            assert_eq!(refusals(&WellKnown::default(), community), [None; 4]);
        }
        assert!(WellKnown::default().import_rules().is_empty());
    }

    fn imported(community: Community, prefix: &str) -> Attrs {
        let policy = Policy::compile(all().import_rules(), Fallback::Accept(RuleId(0)));
        let attrs = carrying(community);
        let prefix = prefix.parse().unwrap();
        match policy
            .evaluate(&attrs, prefix, &RouteMeta::default())
            .outcome
        {
            Outcome::Accept { attrs, .. } => attrs.into_owned(),
            Outcome::Reject => panic!("nothing is refused on import"),
        }
    }

    #[test]
    fn graceful_shutdown_is_least_preferred() {
        let attrs = imported(Community::GRACEFUL_SHUTDOWN, "10.0.0.0/8");
        assert_eq!(attrs.local_pref, Some(0));
        assert!(attrs.has_community(Community::GRACEFUL_SHUTDOWN));
    }

    #[test]
    fn a_blackhole_is_discarded_and_stays_here_where_it_may_be_asked_for() {
        let attrs = imported(Community::BLACKHOLE, "10.0.0.7/32");
        assert_eq!(attrs.next_hop, DISCARD.into());
        assert!(attrs.has_community(Community::NO_ADVERTISE));
        let wide = imported(Community::BLACKHOLE, "10.0.0.0/24");
        assert_eq!(wide, carrying(Community::BLACKHOLE));
    }
}

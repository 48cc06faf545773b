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
    /// Of another AS: one buys from the other.
    External,
    /// Of another AS: both exchange their own routes ("bilateral", RFC 3765).
    Bilateral,
}

/// Which well-known communities are honoured: those with a rule number, under which their verdicts
/// go. The default honours none.
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

    /// The rules for routes that come from a peer.
    pub fn import_rules(&self) -> Vec<Rule> {
        let carries = |one: Community| Match::AnyCommunity(Vec::from([one.into()]));
        let mut rules = Vec::new();
        if let Some(id) = self.graceful_shutdown {
            let matches = Vec::from([carries(Community::GRACEFUL_SHUTDOWN)]);
            let actions = Vec::from([Action::SetLocalPref(Some(0))]);
            rules.push(Rule::change(id, "GRACEFUL_SHUTDOWN", matches, actions));
        }
        if let Some(one) = &self.blackhole {
            let within = Match::Prefix(one.within.clone());
            let matches = Vec::from([carries(Community::BLACKHOLE), within]);
            let actions = Vec::from([
                Action::AddCommunities(Vec::from([one.scope])),
                Action::SetNextHop(one.next_hop),
            ]);
            rules.push(Rule::change(one.rule, "BLACKHOLE", matches, actions));
        }
        rules
    }
}

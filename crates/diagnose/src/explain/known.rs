//! What is known of a destination anywhere in the estate.

use std::collections::BTreeSet;

use routehub_types::{AsPath, Asn, Attrs, Prefix, RuleId};

use crate::exchange::Exchange;
use crate::link::{LinkId, Side};
use crate::rules;
use crate::speaker::SpeakerId;

use super::Reason;

impl Exchange {
    /// Every prefix around a destination that anybody announces or holds, refused ones too; the
    /// longest first.
    pub(super) fn known_around(&self, destination: Prefix) -> Vec<Prefix> {
        let mut known = BTreeSet::new();
        for link in self.graph.links() {
            for side in Side::BOTH {
                known.extend(self.stated_around(link, side, destination));
            }
        }
        for prefix in around(destination) {
            let mut tables = self.tables.iter().flatten();
            if tables.any(|table| !table.rib.paths(&self.store, prefix).is_empty()) {
                known.insert(prefix);
            }
        }
        let mut known: Vec<Prefix> = known.into_iter().collect();
        known.sort_by_key(|prefix| std::cmp::Reverse(prefix.length()));
        known
    }

    /// What the speaker on `side` sends over a link for a prefix.
    pub(super) fn offered(
        &self,
        link: LinkId,
        side: Side,
        prefix: Prefix,
    ) -> Result<Attrs, Reason> {
        self.down_reason(link).map_or(Ok(()), Err)?;
        if let Some(stated) = self.stated_for(link, side, prefix) {
            let elsewhere = || Reason::new(rules::ANNOUNCED_TO_OTHERS, "");
            return stated.ok_or_else(elsewhere);
        }
        let one = self.graph.link(link);
        match self.passed_on(link, side, prefix) {
            Ok((sent, attrs)) if sent == prefix => Ok(attrs),
            passed => {
                // A route map may make the prefix of others.
                let policies = self.policies();
                let map = policies.outbound_map(one, side).map(|map| &map.name);
                let made = map.and_then(|_| self.offers(link, side).remove(&prefix));
                match (made, passed) {
                    (Some(attrs), _) => Ok(attrs),
                    (None, Ok((sent, _))) => {
                        let map = map.map_or("", String::as_str);
                        let evidence = format!("route map {map} sends {sent} in its place");
                        Err(Reason::new(rules::ROUTE_MAP, evidence))
                    }
                    (None, Err(rule)) => Err(self.kept_back(link, side, prefix, rule)),
                }
            }
        }
    }

    /// Why a link carries nothing, if it is down.
    pub(super) fn down_reason(&self, link: LinkId) -> Option<Reason> {
        let one = self.graph.link(link);
        if one.is_up() {
            return None;
        }
        let down = one.down;
        let (a, b) = (
            self.graph.speaker(one.a.speaker),
            self.graph.speaker(one.b.speaker),
        );
        let what = format!("{a} and {}", b.name);
        if let Some(rule) = down.refused.or(down.limit) {
            return Some(Reason::new(rule, format!("nothing passes between {what}")));
        }
        let evidence = if down.instance {
            format!("an instance of {} is down", b.name)
        } else if down.removed {
            format!("between {what}: removed")
        } else {
            format!("between {what}")
        };
        Some(Reason::new(rules::LINK_DOWN, evidence))
    }

    /// A rule that kept a route back, and what it saw.
    fn kept_back(&self, link: LinkId, side: Side, prefix: Prefix, rule: RuleId) -> Reason {
        let one = self.graph.link(link);
        let sender = self.graph.speaker(one.end(side).speaker);
        let name = |speaker: SpeakerId| &self.graph.speaker(speaker).name;
        let policies = self.policies();
        let map = policies.outbound_map(one, side);
        let evidence = match rule {
            rules::NVA_TO_NVA | rules::BRANCH_TO_BRANCH_OFF => {
                format!("branch-to-branch is off at {}", sender.name)
            }
            rules::CIRCUIT_TO_CIRCUIT => format!("{} does not join circuits", sender.name),
            rules::NO_ADVERTISE | rules::NO_EXPORT => "by the community it carries".to_owned(),
            rules::VPN_GATEWAY_TO_SITE if prefix.is_default() => "a default route".to_owned(),
            rules::ROUTE_MAP => {
                map.map_or_else(String::new, |map| format!("route map {}", map.name))
            }
            rules::NOT_READVERTISED => {
                format!("{} to {}", sender.name, name(one.end(side.other()).speaker))
            }
            _ => String::new(),
        };
        Reason::new(rule, evidence)
    }

    /// What the rule saw that refused a route which the speaker on `side` of a link received.
    pub(super) fn refusal(
        &self,
        link: LinkId,
        side: Side,
        prefix: Prefix,
        attrs: &Attrs,
        rule: RuleId,
    ) -> String {
        let one = self.graph.link(link);
        let speaker = self.graph.speaker(one.end(side).speaker);
        let around = |space: &[Prefix]| space.iter().copied().find(|one| one.contains(prefix));
        match rule {
            rules::PREFIX_LIMIT => {
                let limit = self.parameters.max_total_prefixes.unwrap_or_default();
                format!("{} holds {limit} prefixes already", speaker.name)
            }
            rules::ROUTE_SERVER_ASN_IN_PATH | rules::EDGE_ASN_IN_PATH | rules::OWN_AS_IN_PATH => {
                own_asn(speaker.asn, &attrs.as_path)
            }
            rules::INSIDE_LOCAL_NETWORK | rules::INSIDE_GATEWAY_NETWORK => speaker
                .vnet
                .into_iter()
                .flat_map(|vnet| std::iter::once(vnet).chain(self.topology.spokes(vnet)))
                .find_map(|vnet| {
                    let around = around(self.topology.space(vnet))?;
                    let name = &self.estate.vnets[vnet.0].name;
                    Some(format!("inside {around} of VNet {name}"))
                })
                .unwrap_or_default(),
            rules::ANTI_TRANSIT => format!("it carries {}", self.parameters.branch_community),
            rules::NEXT_HOP_IS_RECEIVER => attrs.next_hop.address.to_string(),
            _ => self
                .policies()
                .inbound_map(one, side)
                .filter(|_| rule == rules::ROUTE_MAP)
                .map_or_else(String::new, |map| format!("route map {}", map.name)),
        }
    }
}

/// Every prefix that contains a destination, the longest first.
pub(super) fn around(destination: Prefix) -> impl Iterator<Item = Prefix> {
    let lengths = (0..=destination.length()).rev();
    lengths.filter_map(move |length| destination.supernet(length))
}

fn own_asn(asn: Option<Asn>, path: &AsPath) -> String {
    let asn = asn.unwrap_or_default();
    format!("AS {asn} stands in the path {path}")
}

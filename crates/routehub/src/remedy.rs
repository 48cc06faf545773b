//! What to do about a rule that is in the way.

use routehub_types::RuleId;

use routehub_exchange::reason;

/// What to do about a rule that is in the way, in one sentence; none where there is nothing to do.
pub fn remedy(rule: RuleId) -> Option<&'static str> {
    let at = REMEDIES
        .binary_search_by_key(&rule.0, |(number, _)| *number)
        .ok()?;
    REMEDIES.get(at).map(|(_, text)| *text)
}

/// Remedies by the numbers of rules, ascending.
const REMEDIES: &[(u16, &str)] = &[
    (1, "peer fewer NVAs with one Route Server"),
    (2, "summarise the routes, or split them over several NVAs"),
    (
        4,
        "summarise the routes, and do not send all of them at once",
    ),
    (8, "summarise the routes"),
    (
        12,
        "summarise the routes; the connection comes back when the count is below the limit",
    ),
    (
        24,
        "give the NVA an ASN of 16 bits that neither Azure nor IANA keeps",
    ),
    (25, "peer the NVA's network with that of the Route Server"),
    (
        26,
        "set use_remote_gateways in the NVA's network, or put the NVA into the Route Server's",
    ),
    (
        50,
        "let the NVA strip or replace this ASN in what it announces (as-override, as-path exclude)",
    ),
    (
        51,
        "advertise a supernet of the network's prefix, or use a user-defined route",
    ),
    (54, "let the NVA take this ASN out of the path"),
    (
        56,
        "let the NVA announce a next hop in the NIC's network or in one that is directly peered",
    ),
    (59, "use IPv4"),
    (
        87,
        "switch branch-to-branch on, or let the NVAs peer with each other directly",
    ),
    (92, "switch branch-to-branch on at the Route Server"),
    (
        96,
        "connect circuits with ExpressRoute Global Reach; let an NVA announce the prefix of clients",
    ),
    (
        97,
        "use different circuits for the two networks, or do not let on-premises send this community",
    ),
    (98, "take the community NO_ADVERTISE off the route"),
    (99, "take the community NO_EXPORT off the route"),
    (
        103,
        "use a user-defined route: BGP cannot steer traffic within networks that are local or peered",
    ),
    (
        109,
        "switch propagation on in the route table, or add user-defined routes",
    ),
    (
        110,
        "give the NVA's subnet a user-defined route for this prefix, disable propagation there, or \
         use a tunnel",
    ),
    (
        112,
        "announce 0.0.0.0/1 and 128.0.0.0/1 in place of the default route",
    ),
    (113, "announce a supernet from on-premises"),
    (
        120,
        "set allow_gateway_transit on the hub's side of the peering and use_remote_gateways on the \
         spoke's",
    ),
    (
        122,
        "peer the two networks, or add user-defined routes by way of an NVA",
    ),
    (132, "take the service endpoint off the subnet"),
    (
        reason::LINK_DOWN.0,
        "bring the session or connection up again",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_ascend_and_each_is_about_a_rule_that_has_a_text() {
        assert!(REMEDIES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (number, text) in REMEDIES {
            let rule = RuleId(*number);
            assert_eq!(remedy(rule), Some(*text));
            let known = crate::profile::rule_text(rule).or_else(|| reason::text(rule));
            assert!(known.is_some(), "{rule} has no text");
        }
        assert_eq!(remedy(RuleId(999)), None);
    }
}

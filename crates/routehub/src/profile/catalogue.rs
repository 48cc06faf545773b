//! The rules of the catalogue, one sentence each.

use routehub_types::RuleId;

/// What a rule of the catalogue says, in one sentence; none for numbers that are not in it.
pub fn rule_text(rule: RuleId) -> Option<&'static str> {
    let at = RULES
        .binary_search_by_key(&rule.0, |(number, _)| *number)
        .ok()?;
    RULES.get(at).map(|(_, text)| *text)
}

/// Rules that a verdict, a finding, a row of a table or a field of a profile may name; ascending.
const RULES: &[(u16, &str)] = &[
    (1, "a Route Server takes a limited number of peers"),
    (
        2,
        "a Route Server takes a limited number of routes from each peer",
    ),
    (
        3,
        "the route limit of a peer is the one of the profile's year",
    ),
    (
        4,
        "every route of an update run counts towards the limit, also one that is held already",
    ),
    (
        5,
        "beyond the route limit the session ends with Cease, maximum number of prefixes reached",
    ),
    (
        6,
        "what counts as one update run towards the route limit is a switch",
    ),
    (7, "the route limit is for each peer by itself"),
    (
        8,
        "a Route Server holds a limited number of prefixes, and takes no more beyond it",
    ),
    (
        9,
        "a Route Server serves a limited number of virtual networks",
    ),
    (
        10,
        "the number of VMs is limited by the routing infrastructure units",
    ),
    (11, "only so many routes may go to an ExpressRoute circuit"),
    (
        12,
        "with too many routes the connection to the circuit is down until the count is back",
    ),
    (
        13,
        "a circuit takes a limited number of routes from on-premises",
    ),
    (
        14,
        "a VPN gateway takes a limited number of routes from a site",
    ),
    (15, "a route has a limited number of equal next hops"),
    (16, "a virtual network holds one Route Server"),
    (
        20,
        "every NVA should peer with both instances and tell both the same",
    ),
    (
        21,
        "the instances have the addresses 4 and 5 of RouteServerSubnet",
    ),
    (
        22,
        "the numbers in the names of instance roles do not tell which address is whose",
    ),
    (23, "a Route Server's ASN is 65515"),
    (
        24,
        "an NVA's ASN may not be one that Azure or IANA keeps, nor need more than 16 bits",
    ),
    (
        25,
        "an NVA peers from an address in the Route Server's network or one peered with it",
    ),
    (
        26,
        "after the route map upgrade a peer in another network needs use_remote_gateways there",
    ),
    (
        27,
        "NVAs of one ASN drop each other's routes by their own loop check",
    ),
    (30, "sessions are multihop eBGP without GTSM"),
    (
        31,
        "a Route Server offers keepalive 60 s and hold time 180 s",
    ),
    (32, "the lower hold time of the two sides is used"),
    (
        33,
        "a Route Server offers both address families, route refresh and 4-octet ASNs, no more",
    ),
    (
        34,
        "4-octet ASNs are accepted in a path, not as a peer's own",
    ),
    (36, "a Route Server's sessions have no TCP-MD5 key"),
    (37, "a Route Server has no BFD"),
    (
        38,
        "the Route Server waits for the NVA to connect unless it is told to connect itself",
    ),
    (
        39,
        "a new peering makes the Route Server ask all NVAs for their routes again",
    ),
    (40, "maintenance takes down one instance at a time"),
    (
        42,
        "an NVA needs a static route to RouteServerSubnet, or its session may flap",
    ),
    (
        43,
        "routes that only one instance learned may be missing on some VMs",
    ),
    (45, "the fabric takes its time to program a change"),
    (
        50,
        "a route that has the Route Server's ASN in its AS path is dropped",
    ),
    (
        51,
        "a route equal to or inside a prefix of a local network is dropped",
    ),
    (52, "a supernet of a local prefix is accepted"),
    (
        53,
        "default, private and public prefixes are accepted alike",
    ),
    (
        54,
        "a circuit's edge drops routes that have its own ASN in their AS path",
    ),
    (55, "the fabric uses the next hop that the NVA sent"),
    (
        56,
        "a next hop must be in the NIC's network or in one directly peered with it",
    ),
    (57, "an address of a gateway is of no use as a next hop"),
    (
        58,
        "communities and AS path of an NVA's route are passed on",
    ),
    (59, "IPv6 routes are not exchanged"),
    (60, "only routes to the same prefix compete"),
    (
        61,
        "the routing preference is ExpressRoute, VpnGateway or ASPath",
    ),
    (
        62,
        "with preference ExpressRoute a circuit's route wins over VPN and NVA",
    ),
    (
        63,
        "with preference VpnGateway VPN and NVA win over a circuit's route",
    ),
    (
        64,
        "with preference ASPath the shortest AS path wins, whatever the source",
    ),
    (
        66,
        "of VPN and NVA routes the shortest AS path wins, equal ones share the traffic",
    ),
    (
        67,
        "VPN and NVA routes of equal AS path length share the traffic",
    ),
    (68, "with preference ASPath a circuit's route wins a tie"),
    (
        69,
        "of several circuits' routes one wins: by weight, AS path length, then name",
    ),
    (70, "AS path length is counted as the Route Server sees it"),
    (71, "MED and origin do not count"),
    (72, "the best route is also the one that is passed on"),
    (73, "after a failure traffic may stay on VPN or NVA routes"),
    (
        74,
        "an NVA that sends back a gateway's route competes with the gateway",
    ),
    (80, "the prefixes of its own network go to every NVA"),
    (
        81,
        "the prefixes of networks that use the Route Server go to every NVA, marked 65518:65518",
    ),
    (
        82,
        "a circuit's routes go to NVAs with branch-to-branch on, marked 65517:65517",
    ),
    (
        83,
        "a VPN gateway's routes go to NVAs with branch-to-branch on, marked 65517:65517",
    ),
    (
        84,
        "a site's static prefixes go to NVAs with branch-to-branch on",
    ),
    (
        85,
        "towards NVAs the Route Server puts its ASN in front and itself as next hop",
    ),
    (
        86,
        "routes of NVAs and gateways are passed on marked 65517:65517",
    ),
    (
        87,
        "whether NVAs hear of each other's routes depends on branch-to-branch",
    ),
    (88, "a route does not go back to where it came from"),
    (
        89,
        "one route for each prefix is sent, of equal ones that of the lowest peer address",
    ),
    (
        90,
        "a default route from on-premises is passed on like any other",
    ),
    (
        92,
        "with branch-to-branch off, NVAs and gateways do not hear of each other's routes",
    ),
    (
        93,
        "with branch-to-branch on, NVAs, circuits and sites hear of each other's routes",
    ),
    (94, "between Route Server and gateways the session is iBGP"),
    (
        95,
        "a gateway gets an NVA's route with its AS path unchanged",
    ),
    (
        96,
        "routes are not exchanged between circuits, nor are point-to-site pools; use Global Reach",
    ),
    (
        97,
        "a gateway beside a Route Server drops a circuit's routes that are marked 65517:65517",
    ),
    (
        98,
        "a route with NO_ADVERTISE is used but passed on to nobody",
    ),
    (99, "a route with NO_EXPORT is not passed on over eBGP"),
    (100, "communities that Azure reserves may not be removed"),
    (
        101,
        "user-defined wins over BGP, BGP over system, but not within networks that are local",
    ),
    (
        102,
        "a BGP route within a local network is not on the NIC at all",
    ),
    (
        103,
        "what counts as local is decided for each network, plain peerings included",
    ),
    (
        104,
        "a peered network's own prefix wins over a BGP route to it",
    ),
    (
        105,
        "every NIC has system routes: its networks, the Internet, and None for private ranges",
    ),
    (
        106,
        "with a default route of one's own the None rows disappear",
    ),
    (
        107,
        "a user-defined route makes others to the same prefix Invalid",
    ),
    (
        108,
        "BGP routes are shown with source VirtualNetworkGateway and the NVA as next hop",
    ),
    (
        109,
        "a route table that disables propagation keeps all BGP routes from its subnet",
    ),
    (
        110,
        "an NVA's own NIC gets the routes it announces, which may loop",
    ),
    (
        111,
        "a VPN gateway beside a Route Server must be active-active with ASN 65515",
    ),
    (
        112,
        "a VPN gateway announces, from its ASN, networks and what it learned, but neither a default \
         route nor what overlaps its network",
    ),
    (
        113,
        "a gateway drops routes equal to or inside a network that it serves",
    ),
    (
        114,
        "a gateway announces networks and what it learned to the circuit from its ASN; the circuit's \
         edge removes private ASNs towards on-premises",
    ),
    (
        116,
        "of a gateway's connections to circuits the one with the higher weight is preferred",
    ),
    (
        118,
        "routes of a circuit have edge addresses as next hop, routes of a VPN its instances",
    ),
    (
        120,
        "a spoke uses the hub's Route Server with gateway transit there and use_remote_gateways here",
    ),
    (
        121,
        "a network uses the gateways of one other network at most, and only without its own",
    ),
    (
        122,
        "peering is not transitive, and Route Servers do not peer with each other",
    ),
    (123, "address spaces of peered networks may not overlap"),
    (
        124,
        "a peering adds system routes to the other network's prefixes",
    ),
    (
        125,
        "forwarded traffic is a matter of packets, not of routes",
    ),
    (
        126,
        "a plain peering of hubs changes nothing at their Route Servers",
    ),
    (
        128,
        "a Route Server programs GatewaySubnet too, which an NVA's default route may break",
    ),
    (
        129,
        "an NVA's default route takes Internet traffic of every VM, the NVA's own included",
    ),
    (130, "a route table has one route for each prefix"),
    (132, "a service endpoint's route is preferred to BGP"),
    (134, "RouteServerSubnet needs its name and a minimum size"),
    (
        135,
        "RouteServerSubnet takes no route table and no security group",
    ),
    (136, "a Route Server needs a public IP address"),
    (137, "a network on a Virtual WAN hub takes no Route Server"),
    (
        138,
        "creating or deleting a Route Server interrupts the gateways of its network",
    ),
    (
        140,
        "route map: the first matching rule decides, what nothing matches passes unchanged",
    ),
    (
        141,
        "a connection has one inbound and one outbound route map",
    ),
    (142, "route maps match prefixes, communities and AS paths"),
    (
        143,
        "route maps drop routes, replace prefixes, change AS paths and communities",
    ),
    (144, "a replaced prefix loses AS path and communities"),
    (
        145,
        "route maps may not use private or reserved ASNs, nor touch networks' own prefixes",
    ),
    (
        146,
        "route maps need a peer inside the Route Server's network, and no VNet-to-VNet connection",
    ),
    (
        147,
        "the first route map upgrades the Route Server for good",
    ),
    (
        148,
        "learned routes are shown as received, before the inbound route map",
    ),
    (150, "the loop check comes before the inbound route map"),
    (
        153,
        "a VPN gateway of another ASN is an eBGP peer of the Route Server",
    ),
    (
        154,
        "a circuit's edge passes a gateway's routes to other gateways with 12076 for 65515",
    ),
    (
        155,
        "tables show weight 32768, and 32769 on routes from a circuit's edge",
    ),
    (
        156,
        "a Route Server exchanges routes with gateways of its own network only",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_ascend_and_each_is_found() {
        assert!(RULES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (number, text) in RULES {
            assert_eq!(rule_text(RuleId(*number)), Some(*text));
        }
        assert_eq!(rule_text(RuleId(0)), None);
        assert_eq!(rule_text(RuleId(999)), None);
    }
}

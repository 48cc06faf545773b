//! The table of rules: number, name, what it says, why we believe it, what to do about it.

use routehub_types::RuleId;

use super::{Confidence, Origin, Rule};

/// Writes a constant for each rule, and the list of all in ascending order.
macro_rules! rules {
    (
        catalogue { $($number:literal $name:ident: $text:literal
            [$($confidence:ident),+] $sources:literal $(remedy $remedy:literal)?;)+ }
        bgp { $($bgp_number:literal $bgp_name:ident: $bgp_text:literal
            $bgp_source:literal $(remedy $bgp_remedy:literal)?;)+ }
    ) => {
        $(#[doc = concat!("R-", $number, ": ", $text, ".")] pub const $name: RuleId = RuleId($number);)+
        $(#[doc = concat!($bgp_text, " (", $bgp_source, ").")] pub const $bgp_name: RuleId = RuleId($bgp_number);)+

        /// All rules, by ascending number.
        pub const RULES: &[Rule] = &[
            $(Rule {
                id: $name,
                name: stringify!($name),
                text: $text,
                remedy: [$(Some($remedy),)? None][0],
                origin: Origin::Catalogue {
                    confidence: &[$(Confidence::$confidence),+],
                    sources: $sources,
                },
            },)+
            $(Rule {
                id: $bgp_name,
                name: stringify!($bgp_name),
                text: $bgp_text,
                remedy: [$(Some($bgp_remedy),)? None][0],
                origin: Origin::Bgp { source: $bgp_source },
            },)+
        ];
    };
}

rules! {
    catalogue {
        1 PEER_LIMIT: "a Route Server takes a limited number of peers"
            [Documented, Observed] "LIM, FAQ25, MY"
            remedy "peer fewer NVAs with one Route Server";
        2 ROUTES_PER_PEER: "a Route Server takes a limited number of routes from each peer"
            [Documented] "LIM, FAQ21, FAQ25"
            remedy "summarise the routes, or split them over several NVAs";
        3 ROUTE_LIMIT_BY_YEAR: "the route limit of a peer is the one of the profile's year"
            [Documented] "FAQ25";
        4 ROUTE_LIMIT: "every route of an update run counts towards the limit, also one that is \
             held already"
            [Documented, Observed] "FAQ25, SP25"
            remedy "summarise the routes, and do not send all of them at once";
        5 ROUTE_LIMIT_CEASE: "beyond the route limit the session ends with Cease, maximum number \
             of prefixes reached"
            [Observed] "SP25";
        6 ROUTE_LIMIT_COUNTING: "what counts as one update run towards the route limit is a \
             switch"
            [Inferred] "";
        7 ROUTE_LIMIT_PER_PEER: "the route limit is for each peer by itself"
            [Observed] "SP25";
        8 PREFIX_LIMIT: "a Route Server holds a limited number of prefixes, and takes no more \
             beyond it"
            [Documented, Inferred] "LIM, CAP"
            remedy "summarise the routes";
        9 VNET_LIMIT: "a Route Server serves a limited number of virtual networks"
            [Documented] "LIM";
        10 VM_LIMIT: "the number of VMs is limited by the routing infrastructure units"
            [Documented] "CAP, LIM";
        11 CIRCUIT_ROUTE_LIMIT: "only so many routes may go to an ExpressRoute circuit"
            [Documented] "LIM, ERLIM, AS";
        12 CIRCUIT_LIMIT_EXCEEDED: "with too many routes the connection to the circuit is down \
             until the count is back"
            [Documented] "ERFAQ"
            remedy "summarise the routes; the connection comes back when the count is below the \
             limit";
        13 ROUTES_FROM_CIRCUIT: "a circuit takes a limited number of routes from on-premises; \
             beyond it the session ends"
            [Documented] "ERLIM, ERRT"
            remedy "summarise the routes on-premises";
        14 ROUTES_FROM_SITE: "a VPN gateway takes a limited number of routes from a site; beyond it \
             the session ends"
            [Documented] "VPNFAQ"
            remedy "summarise the site's routes";
        15 ECMP_LIMIT: "a route has a limited number of equal next hops"
            [Reported] "JO, LIM";
        16 ROUTE_SERVERS_PER_VNET: "a virtual network holds one Route Server"
            [Documented] "FAQ25";
        17 NO_LIMIT_PER_SPOKE: "routes to spokes and the number of peered networks have no limit \
             of their own"
            [Documented] "";
        20 BOTH_INSTANCES: "every NVA should peer with both instances and tell both the same"
            [Documented, Observed] "FAQ25, TSG, JM26a";
        21 INSTANCE_ADDRESSES: "the instances have the addresses 4 and 5 of RouteServerSubnet"
            [Observed] "JM26a, JM26b, TUT, IPS";
        22 INSTANCE_ROLE_NAMES: "the numbers in the names of instance roles do not tell which \
             address is whose"
            [Observed] "JM26b";
        23 ROUTE_SERVER_ASN: "a Route Server's ASN is 65515"
            [Documented] "TUT, OVW";
        24 PEER_ASN: "an NVA's ASN may not be one that Azure or IANA keeps, nor need more than 16 \
             bits"
            [Documented, Observed] "FAQ25, QS21"
            remedy "give the NVA an ASN of 16 bits that neither Azure nor IANA keeps";
        25 PEER_ADDRESS: "an NVA peers from an address in the Route Server's network or one \
             peered with it"
            [Documented, Observed] "TUT, CT, JO"
            remedy "peer the NVA's network with that of the Route Server";
        26 PEER_NEEDS_REMOTE_GATEWAYS: "after the route map upgrade a peer in another network \
             needs use_remote_gateways there"
            [Observed] "JM26a, JM26b"
            remedy "set use_remote_gateways in the NVA's network, or put the NVA into the Route \
             Server's";
        27 SHARED_PEER_ASN: "NVAs of one ASN drop each other's routes by their own loop check"
            [Observed] "AB21, MY, MM";
        30 MULTIHOP_EBGP: "sessions are multihop eBGP without GTSM"
            [Observed] "JM26a, JM26b, MD"
            remedy "use multihop, and leave ttl_security to routers that do not go to Azure";
        31 OFFERED_TIMERS: "a Route Server offers keepalive 60 s and hold time 180 s"
            [Documented, Observed] "FAQ25, JM26a";
        32 HOLD_TIME: "the lower hold time of the two sides is used"
            [Observed] "AB21, JMcli";
        33 OFFERED_CAPABILITIES: "a Route Server offers both address families, route refresh and \
             4-octet ASNs, no more"
            [Observed] "JM26a"
            remedy "take the key away, or run the network as a plain route server (profile open)";
        34 FOUR_OCTET_ASNS: "4-octet ASNs are accepted in a path, not as a peer's own"
            [Observed] "JM26a, AB21, FAQ25";
        35 BGP_IDENTIFIER: "the BGP identifier of an instance is its address"
            [Observed] "JM26a";
        36 NO_TCP_MD5: "a Route Server's sessions have no TCP-MD5 key"
            [Documented] "REST"
            remedy "take the password away on both ends";
        37 NO_BFD: "a Route Server has no BFD"
            [Documented] "REST"
            remedy "shorten the NVA's hold time, by which silent failures are found";
        38 PASSIVE_OPEN: "the Route Server waits for the NVA to connect unless it is told to \
             connect itself"
            [Observed, Inferred] "AB21, JM26b";
        39 REFRESH_ON_PEERING: "a new peering makes the Route Server ask all NVAs for their \
             routes again"
            [Documented, Observed] "FAQ25, JM26a";
        40 MAINTENANCE: "maintenance takes down one instance at a time"
            [Documented] "FAQ25";
        42 STATIC_ROUTE_NEEDED: "an NVA needs a static route to RouteServerSubnet, or its session \
             may flap"
            [Documented, Observed] "TSG, IPS, MD";
        43 SINGLE_INSTANCE_ROUTES: "routes that only one instance learned may be missing on some \
             VMs"
            [Documented, Reported] "TSG";
        45 PROGRAMMING_DELAY: "the fabric takes its time to program a change"
            [Observed] "JMcli, AB21, CE, JM26b";
        50 ROUTE_SERVER_ASN_IN_PATH: "a route that has the Route Server's ASN in its AS path is \
             dropped"
            [Documented, Observed] "FAQ26, MULTI, DUAL, MM, CT, JM26b"
            remedy "let the NVA strip or replace this ASN in what it announces (as-override, \
             as-path exclude)";
        51 INSIDE_LOCAL_NETWORK: "a route equal to or inside a prefix of a local network is \
             dropped"
            [Documented, Observed] "SPOKE, JM26a, MM"
            remedy "advertise a supernet of the network's prefix, or use a user-defined route";
        52 SUPERNET_ACCEPTED: "a supernet of a local prefix is accepted"
            [Documented, Observed] "SPOKE, VPNFAQ, JM26a";
        53 ANY_PREFIX_ACCEPTED: "default, private and public prefixes are accepted alike"
            [Documented, Observed] "OVW, JM26a, AS, MY";
        54 EDGE_ASN_IN_PATH: "a circuit's edge drops routes of a gateway that have its own ASN \
             in their AS path"
            [Reported, Inferred] "JO"
            remedy "let the NVA take this ASN out of the path";
        55 NEXT_HOP_AS_SENT: "the fabric uses the next hop that the NVA sent"
            [Documented, Observed] "NHIP, SPOKE, CTB";
        56 NEXT_HOP_UNREACHABLE: "a next hop must be in the NIC's network or in one directly \
             peered with it"
            [Observed] "JMcli, JM26b, UDR"
            remedy "let the NVA announce a next hop in the NIC's network or in one that is \
             directly peered";
        57 GATEWAY_AS_NEXT_HOP: "an address of a gateway is of no use as a next hop"
            [Documented] "UDR";
        58 ATTRIBUTES_PASSED_ON: "communities and AS path of an NVA's route are passed on"
            [Documented] "FAQ25";
        59 IPV4_ONLY: "a Route Server does not exchange IPv6 routes"
            [Documented] "FAQ25"
            remedy "use IPv4";
        60 SAME_PREFIX_COMPETES: "only routes to the same prefix compete"
            [Documented] "HRP23, HRP25";
        61 ROUTING_PREFERENCE: "the routing preference is ExpressRoute, VpnGateway or ASPath"
            [Documented] "CFG24, REST"
            remedy "set routing_preference of the Route Server: VpnGateway takes VPN and NVAs before \
                circuits, ASPath the shortest path whoever has it";
        62 PREFER_EXPRESS_ROUTE: "with preference ExpressRoute a circuit's route wins over VPN \
             and NVA"
            [Documented] "HRP25";
        63 PREFER_VPN_GATEWAY: "with preference VpnGateway VPN and NVA win over a circuit's route"
            [Documented] "HRP25, HRP23";
        64 PREFER_AS_PATH: "with preference ASPath the shortest AS path wins, whatever the source"
            [Documented] "HRP25";
        66 SHORTEST_AS_PATH: "of VPN and NVA routes the shortest AS path wins, equal ones share \
             the traffic"
            [Documented, Observed] "FAQ25, JM26b";
        67 EQUAL_AS_PATHS: "VPN and NVA routes of equal AS path length share the traffic"
            [Inferred] "VWHRP";
        68 EXPRESS_ROUTE_WINS_TIE: "with preference ASPath a circuit's route wins a tie"
            [Inferred] "VWHRP";
        69 SINGLE_EXPRESS_ROUTE_PATH: "of several circuits' routes one wins: by weight, AS path \
             length, then name"
            [Documented, Inferred] "TSG";
        70 AS_PATH_LENGTH: "AS path length is counted as the Route Server sees it"
            [Observed, Inferred] "JM26a, JMcli, CTB";
        71 MED_AND_ORIGIN_IGNORED: "MED and origin do not count"
            [Inferred] "HRP25";
        72 BEST_IS_ADVERTISED: "the best route is also the one that is passed on"
            [Documented] "HRP25";
        73 STICKY_FAILBACK: "after a failure traffic may stay on VPN or NVA routes"
            [Documented] "HRP25"
            remedy "prepend on VPN and NVA routes, so that their AS paths are longer than those of \
             ExpressRoute";
        74 ROUTE_ECHO: "an NVA that sends back a gateway's route competes with the gateway"
            [Observed] "JM26a";
        80 OWN_NETWORK_TO_NVAS: "the prefixes of its own network go to every NVA"
            [Observed] "JM26a, MM, MD";
        81 SPOKES_TO_NVAS: "the prefixes of networks that use the Route Server go to every NVA, \
             marked 65518:65518"
            [Observed] "JM26a, JM26b, CT";
        82 CIRCUIT_TO_NVAS: "a circuit's routes go to NVAs with branch-to-branch on, marked \
             65517:65517"
            [Reported, Inferred] "CTB";
        83 VPN_TO_NVAS: "a VPN gateway's routes go to NVAs with branch-to-branch on, marked \
             65517:65517"
            [Observed] "JM26a, MD, MM";
        84 STATIC_SITE_TO_NVAS: "a site's static prefixes go to NVAs with branch-to-branch on"
            [Documented, Inferred] "ERVPN25";
        85 PREPEND_AND_NEXT_HOP_SELF: "towards NVAs the Route Server puts its ASN in front and \
             itself as next hop"
            [Observed] "JM26a, AB21, MD, REST";
        86 BRANCH_COMMUNITY: "routes of NVAs and gateways are passed on marked 65517:65517"
            [Observed] "AB21";
        87 NVA_TO_NVA: "whether NVAs hear of each other's routes depends on branch-to-branch"
            [Observed] "JM26b, SP26, AB21, ERVPN25"
            remedy "switch branch-to-branch on, or let the NVAs peer with each other directly";
        88 NOT_BACK_TO_SOURCE: "a route does not go back to where it came from"
            [Observed, Inferred] "JM26a";
        89 SINGLE_PATH_SENT: "one route for each prefix is sent, of equal ones that of the lowest \
             peer address"
            [Inferred] "";
        90 DEFAULT_FROM_ON_PREMISES: "a default route from on-premises is passed on like any \
             other"
            [Inferred] "";
        91 TABLE_COLUMNS: "learned routes have weight 32768 and advertised ones 0, and their AS \
             path is joined by -"
            [Observed] "JM26a, REST, TUT";
        92 BRANCH_TO_BRANCH_OFF: "with branch-to-branch off, NVAs and gateways do not hear of \
             each other's routes"
            [Documented] "ERVPN25, FAQ25, SPOKE"
            remedy "switch branch-to-branch on at the Route Server";
        93 BRANCH_TO_BRANCH_ON: "with branch-to-branch on, NVAs, circuits and sites hear of each \
             other's routes"
            [Documented] "ERVPN25";
        94 GATEWAY_IBGP: "between Route Server and gateways the session is iBGP"
            [Observed] "CT, CTB, JM26a";
        95 PATH_UNCHANGED_TO_GATEWAY: "a gateway gets an NVA's route with its AS path unchanged"
            [Observed] "JM26b";
        96 CIRCUIT_TO_CIRCUIT: "routes are not exchanged between circuits, nor are point-to-site \
             pools; use Global Reach"
            [Documented] "ERVPN25, FAQ25"
            remedy "connect circuits with ExpressRoute Global Reach; let an NVA announce the \
             prefix of clients";
        97 ANTI_TRANSIT: "a gateway beside a Route Server drops a circuit's routes that are \
             marked 65517:65517"
            [Documented, Reported] "SP24"
            remedy "use different circuits for the two networks, or do not let on-premises send \
             this community";
        98 NO_ADVERTISE: "a route with NO_ADVERTISE is used but passed on to nobody"
            [Documented] "FAQ25, SPOKE"
            remedy "take the community NO_ADVERTISE off the route";
        99 NO_EXPORT: "a route with NO_EXPORT is not passed on over eBGP"
            [Inferred] "RFC 1997"
            remedy "take the community NO_EXPORT off the route";
        100 RESERVED_COMMUNITIES: "communities that Azure reserves may not be removed"
            [Documented] "RM26, ERRT, REST";
        101 ROUTE_PRECEDENCE: "user-defined wins over BGP, BGP over system, but not within \
             networks that are local"
            [Documented, Observed] "UDR, FAQ25, SPOKE, MM, CT, JM26a";
        102 NOT_ON_NIC: "a BGP route within a local network is not on the NIC at all"
            [Observed] "MM, JM26a";
        103 LOCAL_PER_NETWORK: "what counts as local is decided for each network, plain peerings \
             included"
            [Observed] "JM26a, JM26b"
            remedy "use a user-defined route: BGP cannot steer traffic within networks that are \
             local or peered";
        104 PEERED_PREFIX_WINS: "a peered network's own prefix wins over a BGP route to it"
            [Observed] "JM26a, JM26b";
        105 SYSTEM_ROUTES: "every NIC has system routes: its networks, the Internet, and None for \
             private ranges"
            [Documented, Observed] "UDR, MY";
        106 OWN_DEFAULT_ROUTE: "with a default route of one's own the None rows disappear"
            [Observed] "JM26a, JM26b, MY";
        107 USER_ROUTE_WINS: "a user-defined route makes others to the same prefix Invalid"
            [Documented, Observed] "UDR, CT";
        108 BGP_ROUTE_SOURCE: "BGP routes are shown with source VirtualNetworkGateway and the NVA \
             as next hop"
            [Observed] "JM26a, JM26b, MM, MY";
        109 PROPAGATION_DISABLED: "a route table that disables propagation keeps all BGP routes \
             from its subnet"
            [Documented, Observed] "SPOKE, CT, JM26b"
            remedy "switch propagation on in the route table, or add user-defined routes";
        110 ROUTE_TO_ITSELF: "an NVA's own NIC gets the routes it announces, which may loop"
            [Documented, Observed] "TSG, MULTI, MM, CT"
            remedy "give the NVA's subnet a user-defined route for this prefix, disable \
             propagation there, or use a tunnel";
        111 VPN_GATEWAY_REQUIREMENTS: "a VPN gateway beside a Route Server must be active-active \
             with ASN 65515"
            [Documented, Observed] "FAQ25, ERVPN25, QS21, JM26a, JM26b";
        112 VPN_GATEWAY_TO_SITE: "a VPN gateway announces, from its ASN, networks and what it \
             learned, but neither a default route nor what overlaps its network"
            [Documented, Observed] "VPNFAQ, TSG, MM"
            remedy "announce 0.0.0.0/1 and 128.0.0.0/1 in place of the default route";
        113 INSIDE_GATEWAY_NETWORK: "a gateway drops routes equal to or inside a network that it \
             serves"
            [Documented] "VPNFAQ"
            remedy "announce a supernet from on-premises";
        114 GATEWAY_TO_CIRCUIT: "a gateway announces networks and what it learned to the circuit \
             from its ASN; the circuit's edge puts its own in front both ways"
            [Documented] "FAQ25, ERFAQ";
        116 CONNECTION_WEIGHT: "of a gateway's connections to circuits the one with the higher \
             weight is preferred"
            [Documented] "WTH"
            remedy "give the connection that is to be used the higher weight, or both the same";
        118 GATEWAY_NEXT_HOPS: "routes of a circuit have edge addresses as next hop, routes of a \
             VPN its instances"
            [Observed] "JM26a, MM";
        120 GATEWAY_TRANSIT: "a spoke uses the hub's Route Server with gateway transit there and \
             use_remote_gateways here"
            [Documented, Observed] "FAQ25, SPOKE, PEER, JM26b, JMcli"
            remedy "set what is off: allow_gateway_transit on the hub's side of the peering, \
             use_remote_gateways on the spoke's";
        121 REMOTE_GATEWAYS_ONCE: "a network uses the gateways of one other network at most, and \
             only without its own"
            [Documented] "PEER";
        122 PEERING_NOT_TRANSITIVE: "peering is not transitive, and Route Servers do not peer \
             with each other"
            [Documented] "FAQ25"
            remedy "peer the two networks, or add user-defined routes by way of an NVA";
        123 OVERLAPPING_PEERS: "address spaces of peered networks may not overlap"
            [Documented] "PEER";
        124 PEERING_ROUTES: "a peering adds system routes to the other network's prefixes"
            [Observed] "JM26a, JM26b";
        125 FORWARDED_TRAFFIC: "forwarded traffic is a matter of packets, not of routes"
            [Documented] "PEER";
        126 PLAIN_HUB_PEERING: "a plain peering of hubs changes nothing at their Route Servers"
            [Observed] "JM26a";
        128 GATEWAY_SUBNET: "a Route Server programs GatewaySubnet too, which an NVA's default \
             route may break"
            [Observed, Documented] "MD, TSG, UDR";
        129 NVA_DEFAULT_ROUTE: "an NVA's default route takes Internet traffic of every VM, the \
             NVA's own included"
            [Documented, Observed] "TSG";
        130 DUPLICATE_USER_ROUTES: "a route table has one route for each prefix"
            [Observed] "MY";
        131 API_WORDS: "tables spell next hop types, sources and states as the API does"
            [Documented, Observed] "REST, JM26a, UDR";
        132 SERVICE_ENDPOINT: "a service endpoint's route is preferred to BGP"
            [Documented] "UDR"
            remedy "take the service endpoint off the subnet";
        134 ROUTE_SERVER_SUBNET: "RouteServerSubnet needs its name and a minimum size"
            [Documented] "QS21, QS25, TF, JM26a";
        135 ROUTE_SERVER_SUBNET_TABLES: "RouteServerSubnet takes no route table and no security \
             group"
            [Documented] "FAQ25, TSG";
        136 PUBLIC_IP_ADDRESS: "a Route Server needs a public IP address"
            [Documented] "QS21, TF, FAQ25";
        137 VIRTUAL_WAN: "a network on a Virtual WAN hub takes no Route Server"
            [Documented] "FAQ25, VWBGP";
        138 GATEWAY_INTERRUPTION: "creating or deleting a Route Server interrupts the gateways of \
             its network"
            [Documented, Observed] "FAQ25, TUT, JMcli";
        140 ROUTE_MAP: "route map: the first matching rule decides, what nothing matches passes \
             unchanged"
            [Documented] "RM26";
        141 ROUTE_MAP_PER_DIRECTION: "a connection has one inbound and one outbound route map"
            [Documented] "RM26";
        142 ROUTE_MAP_MATCHES: "route maps match prefixes, communities and AS paths"
            [Documented] "RM26, SP26";
        143 ROUTE_MAP_ACTIONS: "route maps drop routes, replace prefixes, change AS paths and \
             communities"
            [Documented] "RM26";
        144 PREFIX_REWRITTEN: "a replaced prefix loses AS path and communities"
            [Documented, Observed] "RM26, SP26";
        145 ROUTE_MAP_TERMS: "route maps may not use private or reserved ASNs, nor touch \
             networks' own prefixes"
            [Documented] "RM26";
        146 ROUTE_MAP_PEER: "route maps need a peer inside the Route Server's network, and no \
             VNet-to-VNet connection"
            [Observed, Documented] "JM26a, JM26b, RM26";
        147 ROUTE_MAP_UPGRADE: "the first route map upgrades the Route Server for good"
            [Documented, Observed] "RM26, SP26, JM26a";
        148 LEARNED_AS_RECEIVED: "learned routes are shown as received, before the inbound route \
             map"
            [Observed] "JM26a";
        150 LOOP_CHECK_FIRST: "the loop check comes before the inbound route map"
            [Inferred] "JM26a";
        151 METRICS: "there are metrics for the state of a peer, for routes learned and \
             advertised, and for units"
            [Documented] "MON26, MET";
        153 GATEWAY_EBGP: "a gateway of another ASN is an eBGP peer of the Route Server: each \
             puts its ASN in front and itself as next hop"
            [Observed] "MM, MD";
        154 GATEWAY_TO_GATEWAY: "a circuit's edge passes a gateway's routes to other gateways \
             with 12076 for 65515"
            [Observed] "JO, CT";
        155 TABLE_WEIGHTS: "tables show weight 32768, and 32769 on routes from a circuit's edge"
            [Observed] "MM, JM26a";
        156 GATEWAY_OF_OTHER_NETWORK: "a Route Server exchanges routes with gateways of its own \
             network only"
            [Documented] "ERVPN25";
        157 GATEWAYS_BESIDE: "gateways of one network tell each other networks and sites by iBGP, \
             and pass none of it on to circuits"
            [Observed] "FF, KA";
        158 GATEWAY_INSTANCES: "the next hops of a VPN gateway's route are those instances whose \
             own path is as good as the best"
            [Observed] "KA";
        159 EDGE_ASN_FROM_CUSTOMER: "a circuit's edge accepts routes of its customer that have \
             the edge's ASN in their AS path"
            [Observed] "KA08, CTB";
        160 LEADING_PRIVATE_ASNS: "towards the customer a circuit's edge removes private ASNs in \
             front of the first public one of the AS path, and none behind it"
            [Observed] "JM26c";
        161 SITE_ROUTER_ADDRESS: "the address of a site's BGP router is a host route of the VPN \
             gateway, announced to its other sites"
            [Observed] "KA, MD";
        162 VNET_TO_VNET: "what a circuit's edge passes from one gateway to another passes only \
             if the receiving gateway allows it"
            [Documented] "ERGWP, CLIVV"
            remedy "set allow_remote_vnet_traffic on both gateways (allow_virtual_wan_traffic \
             towards a Virtual WAN), or peer the networks";
        163 CHOSEN_ADDRESSES: "gateways that share a GatewaySubnet have different addresses; what \
             is left out is chosen so"
            [Inferred] ""
            remedy "give the gateways' bgp_ips and the connections' msee_ips";
        164 NO_NETWORK_ACCESS: "without allow_virtual_network_access the routes of a peering \
             stay, but packets between the two networks are dropped"
            [Observed] "JM26d"
            remedy "set allow_virtual_network_access on both sides of the peering";
        165 FORWARDED_TRAFFIC_OFF: "where allow_forwarded_traffic is off, packets from the peered \
             network are dropped if their source is in neither of the two"
            [Reported] "AZ104, MLZ, AD48390"
            remedy "set allow_forwarded_traffic on the peering in the network that receives them";
        166 STATIC_PREFIXES: "a site may have static prefixes beside BGP, and a gateway a default \
             site"
            [Documented, Observed] "JW";
        167 CIRCUIT_LINKS: "a circuit is two links, primary and secondary, that announce and fail by \
             themselves; NICs without a Route Server show the next hops of those that are up and \
             best"
            [Observed] "KA08";
        168 IPV6_OUTSIDE_ROUTE_SERVER: "IPv6 works without a Route Server in networks, peerings \
             and ExpressRoute, but a VPN gateway's tunnels carry none"
            [Observed] "JM26v, KA"
            remedy "use ExpressRoute for IPv6, or IPv4 over the VPN";
        169 PRIVATE_ENDPOINT: "a private endpoint's route wins over wider user-defined routes, \
             unless its subnet has network policies for routes"
            [Observed] "FF, KA, AD101948"
            remedy "set network_policies to routes on the endpoint's subnet, or add a \
             user-defined route to the endpoint's address";
        170 SUMMARIZED_GATEWAY_PREFIXES: "a network's summarised gateway prefixes take the place \
             of its own prefixes, and of those of spokes inside them, in what its gateways announce"
            [Documented, Observed] "GWS, AGP";
        171 LINK_LOCAL_PEERING: "a VPN gateway may peer with a site from a link-local address; \
             NICs show its private ones"
            [Documented] "VPNFAQ, JW";
        172 IDLE_MAP_RULE: "route maps prepend behind the Route Server's ASN and leave prefixes of \
             networks alone; a rule that can match nothing is said"
            [Documented] "RM26"
            remedy "match what NVAs or gateways announce, or take the rule away";
        173 EXPRESS_ROUTE_NEXT_HOPS: "with a Route Server an ExpressRoute route of a NIC has the \
             next hops of its connection, or one of them, which is a switch"
            [Observed] "KA08, FF";
        174 DROPPED_RANGES: "the ranges of Microsoft that the platform drops are those of their \
             year"
            [Observed] "JM26c";
        175 GATEWAY_TABLES: "gateway tables list both instances, and Network rows name the \
             instance's own address"
            [Observed] "JM26a, FF, KA";
        176 GATEWAY_NEXT_HOP_SELF: "over iBGP a gateway names itself as next hop of its own \
             prefixes and of its sites' routes"
            [Observed] "FF, KA";
        177 CUSTOMER_FIRST: "a circuit's edge takes its customer's routes before those that \
             gateways send, whatever the AS path"
            [Inferred] "HRP25";
        178 VPN_GATEWAY_DECISION: "a VPN gateway compares its connections' routes and the Route \
             Server's by AS path length, then eBGP before iBGP, then by address"
            [Inferred] "RFC 4271 section 9.1.2.2";
        179 WAY_TO_PEER_GONE: "a peer whose way to the Route Server is gone loses its session when \
             the hold time ends"
            [Inferred] "RFC 4271"
            remedy "peer the NVA's network with that of the Route Server again";
        180 CONNECTION_OF_ONE_ASN: "two gateways, or a gateway and a site, of one ASN hold no BGP \
             session, nor does a site of Azure's ASN"
            [Documented] "QS21"
            remedy "give the site or the gateway an ASN of its own";
        181 REFRESH_COUNTS: "the routes that a peer sends again when it is asked for them count \
             like those of any update run"
            [Documented] "FAQ25, SP25"
            remedy "summarise the routes to less than half the limit before a network is peered";
        182 RESETS_COUNTED: "each session that ends counts as a reset, whatever ends it"
            [Inferred] "";
        183 SEVERAL_STATES: "where several states are stable, what happened before decides which \
             it is"
            [Inferred] ""
            remedy "prepend on the paths that are to lose, so that one state is left";
    }
    bgp {
        1000 OWN_AS_IN_PATH: "the receiver's own ASN stands in the AS path"
            "RFC 4271 section 9.1.2";
        1001 NEXT_HOP_IS_RECEIVER: "the next hop is the receiver itself"
            "RFC 4271 section 5.1.3";
        1002 NOT_READVERTISED: "the NVA does not pass this route on to this neighbour"
            "the network file: `readvertises` of the NVA"
            remedy "give the NVA a rule in `readvertises` that fits the route and the neighbour";
        1003 IBGP_TO_IBGP: "routes learned over iBGP are not passed on over iBGP"
            "RFC 4271 section 9.2.1";
        1004 NOT_EXCHANGED: "routes of this kind have no business at this neighbour"
            "the table of who may tell whom has no row";
        1005 FROM_THIS_NEIGHBOR: "the route came from this neighbour"
            "split horizon; R-088 at a Route Server";
        1006 REFLECTED: "the receiver has sent or reflected the route itself"
            "RFC 4456 section 8";
        1007 LINK_DOWN: "the session or connection is down"
            "the network file"
            remedy "bring the session or connection up again";
        1008 ANNOUNCED_TO_OTHERS: "the NVA announces the route to other neighbours only"
            "the network file";
        1009 FORWARDING_LOOP: "packets come back to where they were" "the effective routes";
        1010 UNKNOWN_NEXT_HOP: "the address belongs to nothing that is known" "the network file"
            remedy "correct the next hop, or describe who has it: an NVA, a NIC with `ip`, a load \
             balancer";
        1011 NO_ROUTE: "there is no route to the destination" "the effective routes";
        1012 NOT_FORWARDING: "the interface takes only packets for its own address"
            "the network file: `forwarding` of the NIC"
            remedy "set forwarding on the NIC, or correct the next hop";
        1013 NO_HEALTHY_BACKEND: "no backend of the load balancer is up"
            "the network file: `backends` of the load balancer"
            remedy "bring a backend up again, or add another";
        1014 ASYMMETRIC_WAYS: "there and back do not pass the same stateful NVAs, so that these may \
             drop what they saw only half of"
            "the effective routes"
            remedy "put the NVAs behind one load balancer, prepend so that one is best both ways, or \
             give the subnets at both ends, GatewaySubnet too, user-defined routes to it";
        1015 NVA_DOWN: "the NVA is down" "the network file: the event `nva_down`"
            remedy "bring the NVA up again";
        1016 LEAVES_INSPECTION: "packets pass no NVA any more that could inspect them"
            "the effective routes"
            remedy "lead the other way through an NVA too, or make it end in a user-defined route of \
             type None, so that packets are lost rather than not inspected";
        1017 ROUTE_BUDGET: "there are more routes than the network file promises"
            "the network file: `at_most` of a promise"
            remedy "summarise the routes, or promise more";
        1018 PEERING_ROUTES_DISABLED: "a route table leaves out the routes of peerings"
            "the network file: `disable_peering_route` of the route table"
            remedy "set disable_peering_route to none in the route table, or add a user-defined route";
        1019 OWN_ROUTE_TABLE: "the route table of the NVA's own subnet leads to the NVA"
            "the network file: `route_table` of the NVA's subnet"
            remedy "give the NVA's subnet another route table, or none";
        1020 MESSAGE_TOO_LONG: "no message that the neighbour takes has room for the route"
            "RFC 4271 section 9.1.3, RFC 8654 section 4"
            remedy "carry fewer communities or a shorter AS path, or have the neighbour offer \
             extended messages and four-octet ASNs";
        1021 NEXT_HOP_OF_FAMILY: "the next hop cannot go with prefixes of this family on this \
             session"
            "RFC 4760 section 3, RFC 8950 section 4"
            remedy "give the route a next hop of its family, or offer extended next hops on both \
             sides";
        1022 FAMILY_NOT_AGREED: "the session does not carry routes of this family"
            "RFC 4760 section 8"
            remedy "configure the address family at the neighbour";
        1023 MALFORMED_UPDATE: "the route came with a malformed attribute, so that it counts as \
             withdrawn"
            "RFC 7606 section 2"
            remedy "mend the router that sends it: the event of the UPDATE names the attribute";
        1024 NO_EXPORT_SUBCONFED: "a route with NO_EXPORT_SUBCONFED is not passed on over eBGP"
            "RFC 1997"
            remedy "take the community NO_EXPORT_SUBCONFED off the route";
        1025 FIRST_AS: "the ASN of an eBGP neighbour stands first in the AS paths that it sends"
            "RFC 4271 section 6.3, RFC 7606 section 7.2"
            remedy "have the neighbour put its ASN first, or switch enforce_first_as off";
        1026 RESTLESS: "a route that keeps changing stays as it is after a bounded attempt, until \
             something is told of it again"
            "Griffin, Shepherd and Wilfong, The Stable Paths Problem (2002)"
            remedy "take away what makes a route better when it comes back: a re-advertisement that \
             strips the path, or a route map that shortens it";
        1027 MAXIMUM_PREFIX: "a neighbour that has all routes it may have: further ones are discarded"
            "RFC 4486 section 4; the network file: `maximum_prefix` of the neighbour";
        1028 ROUTE_LEAK: "a route with OTC came from a neighbour that must not pass it on"
            "RFC 9234 section 5";
        1029 ONLY_TO_CUSTOMER: "a route with OTC goes to customers only" "RFC 9234 section 5";
        1030 LONG_LIVED_STALE: "a long-lived stale route goes only to neighbours that take such"
            "RFC 9494 section 4.3" remedy "offer long-lived graceful restart at the neighbour";
        1031 NO_LLGR: "a route with NO_LLGR is not kept beyond its neighbour's restart time"
            "RFC 9494 section 4.2" remedy "take the community NO_LLGR off the route";
    }
}

//! Route maps and route tables, of which estates use some.

use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::estate::{
    DisablePeeringRoute, RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule, RouteTable,
    UserRoute, UserRouteTarget,
};
use routehub_types::{Asn, Community};

use super::numbers::{Numbers, prefix};

/// The name of a route map, or none.
pub(super) fn any_map(numbers: &mut Numbers) -> Option<String> {
    let n = numbers.below(14);
    (n > 9).then(|| format!("map{}", n - 10))
}

pub(super) fn route_maps() -> Vec<RouteMap> {
    let named = rules().into_iter().enumerate();
    named
        .map(|(n, rules)| RouteMap {
            name: format!("map{n}"),
            rules,
        })
        .collect()
}

/// The rules of each.
fn rules() -> [Vec<RouteMapRule>; 4] {
    let rule = |matches, actions, continues| RouteMapRule {
        name: String::new(),
        matches,
        actions,
        continues,
    };
    let within = |text: &str| vec![RouteMapMatch::PrefixContains(vec![prefix(text)])];
    let seven: Community = "65001:7".parse().unwrap();
    let eight: Community = "65001:8".parse().unwrap();
    let kept: Community = "65517:65517".parse().unwrap();
    [
        vec![
            rule(
                vec![RouteMapMatch::PrefixEquals(vec![prefix("192.168.1.0/24")])],
                vec![RouteMapAction::Drop],
                false,
            ),
            rule(
                within("172.16.0.0/12"),
                vec![RouteMapAction::PrependAsPath(vec![Asn(3320), Asn(3320)])],
                true,
            ),
        ],
        vec![
            rule(
                within("192.168.0.0/16"),
                vec![
                    RouteMapAction::ReplacePrefix(vec![prefix("192.168.0.0/16")]),
                    RouteMapAction::AddCommunities(vec![eight]),
                ],
                true,
            ),
            rule(
                vec![RouteMapMatch::CommunityContains(vec![eight, seven])],
                vec![RouteMapAction::PrependAsPath(vec![Asn(3321)])],
                false,
            ),
        ],
        vec![
            rule(
                vec![RouteMapMatch::AsPathContains(vec![Asn(65001)])],
                vec![
                    RouteMapAction::ReplaceAsPath(vec![Asn(3322)]),
                    RouteMapAction::ReplaceCommunities(vec![seven]),
                ],
                false,
            ),
            rule(
                Vec::new(),
                vec![RouteMapAction::AddCommunities(vec![seven])],
                false,
            ),
        ],
        vec![rule(
            vec![RouteMapMatch::CommunityEquals(vec![seven])],
            vec![RouteMapAction::RemoveCommunities(vec![seven, kept])],
            true,
        )],
    ]
}

pub(super) fn route_tables() -> Vec<RouteTable> {
    let route = |text: &str, target| UserRoute {
        name: Some(format!("to {text}")),
        prefix: prefix(text),
        target,
    };
    let appliance = UserRouteTarget::VirtualAppliance(IpAddr::V4(Ipv4Addr::new(10, 0, 4, 4)));
    vec![
        RouteTable {
            name: "table0".into(),
            disable_bgp_route_propagation: false,
            disable_peering_route: DisablePeeringRoute::None,
            routes: vec![
                route("192.168.1.0/24", appliance),
                route("10.0.0.0/16", UserRouteTarget::None),
                route("10.100.1.0/24", appliance),
                route("10.1.1.9/32", appliance),
            ],
        },
        RouteTable {
            name: "table1".into(),
            disable_bgp_route_propagation: true,
            disable_peering_route: DisablePeeringRoute::None,
            routes: vec![route("0.0.0.0/0", UserRouteTarget::Internet)],
        },
        RouteTable {
            name: "table2".into(),
            disable_bgp_route_propagation: false,
            disable_peering_route: DisablePeeringRoute::All,
            routes: vec![
                route("::/0", UserRouteTarget::None),
                route("10.0.0.0/8", appliance),
            ],
        },
    ]
}

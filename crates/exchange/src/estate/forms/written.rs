//! Objects as the network file writes them: the way back for those that are not read field by
//! field. What is read from it is the same object.

use routehub_policy::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};
use routehub_types::{Origin, Prefix};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::estate::{
    Advertisement, Connection, CustomerLink, NvaSession, OnPremises, Origination, Peering,
    ReadvertiseTo, ReadvertisedNextHop, Routes, Site, UserRoute, UserRouteTarget,
};

impl Serialize for Peering {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            a,
            b,
            a_to_b,
            b_to_a,
            global,
            subnets,
            transit_if_any,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("a", a)?;
        map.serialize_entry("b", b)?;
        map.serialize_entry("a_to_b", a_to_b)?;
        map.serialize_entry("b_to_a", b_to_a)?;
        map.serialize_entry("global", global)?;
        map.serialize_entry("subnets", subnets)?;
        map.serialize_entry("transit_if_any", transit_if_any)?;
        map.end()
    }
}

impl Serialize for UserRoute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            name,
            prefix,
            target,
        } = self;
        let (next_hop_type, next_hop) = match target {
            UserRouteTarget::VirtualAppliance(address) => ("VirtualAppliance", Some(address)),
            UserRouteTarget::VirtualNetworkGateway => ("VirtualNetworkGateway", None),
            UserRouteTarget::VnetLocal => ("VnetLocal", None),
            UserRouteTarget::Internet => ("Internet", None),
            UserRouteTarget::None => ("None", None),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", name)?;
        map.serialize_entry("prefix", prefix)?;
        map.serialize_entry("next_hop_type", next_hop_type)?;
        map.serialize_entry("next_hop", &next_hop)?;
        map.end()
    }
}

/// Which instances are named.
fn instances(named: [bool; 2]) -> Vec<u8> {
    let instances = (0u8..).zip(named);
    instances.filter_map(|(n, is)| is.then_some(n)).collect()
}

impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Circuit {
                circuit,
                weight,
                msee_ips,
                nic_next_hops,
            } => {
                map.serialize_entry("circuit", circuit)?;
                map.serialize_entry("weight", weight)?;
                map.serialize_entry("msee_ips", msee_ips)?;
                map.serialize_entry("nic_next_hops", nic_next_hops)?;
            }
            Self::Site {
                site,
                bgp,
                instances: named,
                apipa,
            } => {
                map.serialize_entry("site", site)?;
                map.serialize_entry("apipa", apipa)?;
                map.serialize_entry("bgp", bgp)?;
                map.serialize_entry("instances", &instances(*named))?;
            }
            Self::Gateway { gateway } => map.serialize_entry("gateway", gateway)?,
        }
        map.end()
    }
}

impl Serialize for NvaSession {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            route_server,
            instances: named,
            inbound_route_map,
            outbound_route_map,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("route_server", route_server)?;
        map.serialize_entry("instances", &instances(*named))?;
        map.serialize_entry("inbound_route_map", inbound_route_map)?;
        map.serialize_entry("outbound_route_map", outbound_route_map)?;
        map.end()
    }
}

impl Serialize for ReadvertiseTo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Others => serializer.serialize_none(),
            Self::All => serializer.serialize_str("all"),
            Self::Named(names) => names.serialize(serializer),
        }
    }
}

impl Serialize for ReadvertisedNextHop {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own => serializer.serialize_str("self"),
            Self::Unchanged => serializer.serialize_str("unchanged"),
            Self::Address(address) => serializer.collect_str(address),
        }
    }
}

/// The entries of a ROUTE.
fn route_entries<M: SerializeMap>(map: &mut M, routes: &Routes) -> Result<(), M::Error> {
    let Routes {
        prefixes,
        as_path,
        next_hop,
        communities,
        med,
        origin,
    } = routes;
    map.serialize_entry("prefixes", prefixes)?;
    map.serialize_entry("as_path", as_path)?;
    if next_hop.is_some() {
        map.serialize_entry("next_hop", next_hop)?;
    }
    map.serialize_entry("communities", communities)?;
    map.serialize_entry("med", med)?;
    let origin = match origin {
        Origin::Igp => "igp",
        Origin::Egp => "egp",
        Origin::Incomplete => "incomplete",
    };
    map.serialize_entry("origin", origin)
}

impl Serialize for Routes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        route_entries(&mut map, self)?;
        map.end()
    }
}

impl Serialize for Origination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            routes,
            prepend,
            to,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        route_entries(&mut map, routes)?;
        map.serialize_entry("prepend", prepend)?;
        map.serialize_entry("to", to)?;
        map.end()
    }
}

impl Serialize for Advertisement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            to,
            instance,
            routes,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("to", to)?;
        map.serialize_entry("instance", instance)?;
        route_entries(&mut map, routes)?;
        map.end()
    }
}

/// `prefixes`, which are short for routes that are nothing else, and the other routes.
fn announced_entries<M: SerializeMap>(map: &mut M, routes: &[Routes]) -> Result<(), M::Error> {
    let is_plain = |routes: &Routes| {
        let plain = Routes {
            prefixes: Vec::new(),
            ..routes.clone()
        };
        !routes.prefixes.is_empty() && plain == Routes::default()
    };
    let (plain, others) = match routes {
        [first, others @ ..] if is_plain(first) => (&*first.prefixes, others),
        all => (&[][..] as &[Prefix], all),
    };
    map.serialize_entry("prefixes", plain)?;
    map.serialize_entry("routes", others)
}

impl Serialize for OnPremises {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { asn, routes } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("asn", asn)?;
        announced_entries(&mut map, routes)?;
        map.end()
    }
}

impl Serialize for CustomerLink {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { ce_ip, routes } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ce_ip", ce_ip)?;
        announced_entries(&mut map, routes)?;
        map.end()
    }
}

impl Serialize for Site {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            name,
            asn,
            bgp_ips,
            routes,
            static_prefixes,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", name)?;
        map.serialize_entry("asn", asn)?;
        map.serialize_entry("bgp_ips", bgp_ips)?;
        map.serialize_entry("static_prefixes", static_prefixes)?;
        announced_entries(&mut map, routes)?;
        map.end()
    }
}

/// A route map, which another crate owns.
pub(in crate::estate) mod route_map {
    use serde::{Deserialize, Deserializer};

    use super::super::RouteMapForm;
    use super::{RouteMap, Rule, SerializeMap, Serializer};

    pub(in crate::estate) fn serialize<S: Serializer>(
        map: &RouteMap,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let RouteMap { name, rules } = map;
        let rules: Vec<Rule<'_>> = rules.iter().map(Rule).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", name)?;
        map.serialize_entry("rules", &rules)?;
        map.end()
    }

    pub(in crate::estate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RouteMap, D::Error> {
        RouteMapForm::deserialize(deserializer).map(Into::into)
    }
}

struct Rule<'a>(&'a RouteMapRule);

impl Serialize for Rule<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RouteMapRule {
            name,
            matches,
            actions,
            continues,
        } = self.0;
        let matches: Vec<Criterion<'_>> = matches.iter().map(Criterion).collect();
        let actions: Vec<Action<'_>> = actions.iter().map(Action).collect();
        let next_step = if *continues { "continue" } else { "terminate" };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", name)?;
        map.serialize_entry("match", &matches)?;
        map.serialize_entry("actions", &actions)?;
        map.serialize_entry("next_step", next_step)?;
        map.end()
    }
}

struct Criterion<'a>(&'a RouteMapMatch);

impl Serialize for Criterion<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use RouteMapMatch as M;
        let condition = match self.0 {
            M::PrefixEquals(_) | M::CommunityEquals(_) | M::AsPathEquals(_) => "equals",
            M::PrefixContains(_) | M::CommunityContains(_) | M::AsPathContains(_) => "contains",
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("condition", condition)?;
        match self.0 {
            M::PrefixEquals(list) | M::PrefixContains(list) => {
                map.serialize_entry("prefixes", list)?;
            }
            M::CommunityEquals(list) | M::CommunityContains(list) => {
                map.serialize_entry("communities", list)?;
            }
            M::AsPathEquals(list) | M::AsPathContains(list) => {
                map.serialize_entry("as_path", list)?;
            }
        }
        map.end()
    }
}

struct Action<'a>(&'a RouteMapAction);

impl Serialize for Action<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use RouteMapAction as A;
        let kind = match self.0 {
            A::Drop => "drop",
            A::AddCommunities(_) | A::PrependAsPath(_) => "add",
            A::RemoveCommunities(_) => "remove",
            A::ReplacePrefix(_) | A::ReplaceCommunities(_) | A::ReplaceAsPath(_) => "replace",
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", kind)?;
        match self.0 {
            A::Drop => {}
            A::ReplacePrefix(list) => map.serialize_entry("prefixes", list)?,
            A::AddCommunities(list) | A::RemoveCommunities(list) | A::ReplaceCommunities(list) => {
                map.serialize_entry("communities", list)?;
            }
            A::PrependAsPath(list) | A::ReplaceAsPath(list) => {
                map.serialize_entry("as_path", list)?;
            }
        }
        map.end()
    }
}

//! Rules that had a part in a path or a row without refusing anything.

use std::collections::BTreeSet;
use std::net::IpAddr;

use routehub_exchange::estate::{RoutingPreference, UserRouteTarget};
use routehub_exchange::view::{LinkKind, NicView, Origin, Outbound, RibView, SpeakerId};
use routehub_exchange::{
    EffectiveRow, Exchange, ExpressRouteNextHops, NextHopType, Role, RouteSource, SpeakerKind,
    rules,
};
use routehub_rib::{Age, PathView, Standing, Step};
use routehub_types::{Attrs, Prefix};

use crate::Reason;
use crate::words::listed;

/// The private and special ranges that every profile drops; others are of a year.
const SPECIAL_RANGES: [&str; 6] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
];

/// What there is to say of the way a path came by.
pub(super) fn of_path(
    exchange: &Exchange,
    outbound: Outbound<'_>,
    received: &Attrs,
) -> Vec<Reason> {
    let [sender, receiver] =
        [outbound.sender(), outbound.receiver()].map(|id| exchange.speaker(id));
    let link = outbound.link();
    let note = match &link.kind {
        LinkKind::GatewayToPeer => {
            let evidence = format!("{} stands beside {}", sender.name, receiver.name);
            Some(Reason::new(rules::GATEWAYS_BESIDE, evidence))
        }
        LinkKind::SiteRouters(_) => {
            let evidence = format!("{} has its router there", sender.name);
            Some(Reason::new(rules::SITE_ROUTER_ADDRESS, evidence))
        }
        LinkKind::StaticSite(_) if has_asn(exchange, &sender.name) => {
            let evidence = format!("static prefix of {} beside BGP", sender.name);
            Some(Reason::new(rules::STATIC_PREFIXES, evidence))
        }
        LinkKind::GatewayToSite if is_link_local(link.a.next_hop()) => {
            let [a, b] = [&link.a, &link.b].map(|end| &exchange.speaker(end.speaker).name);
            let evidence = format!("{a} peers with {b} from one");
            Some(Reason::new(rules::LINK_LOCAL_PEERING, evidence))
        }
        LinkKind::EdgeToCustomer => {
            let own = receiver.asn.filter(|_| receiver.is_edge());
            let own = own.filter(|asn| received.as_path.contains(*asn));
            own.map(|asn| {
                let evidence = format!("AS {asn} stands in the path {}", received.as_path);
                Reason::new(rules::EDGE_ASN_FROM_CUSTOMER, evidence)
            })
        }
        _ => None,
    };
    note.into_iter().collect()
}

/// That a path is long-lived stale, if the neighbour that announced it is gone.
pub(super) fn of_age(path: &PathView, from: &str) -> Option<Reason> {
    let is_marked = path.age == Age::LongLivedStale && path.attrs.is_some();
    is_marked.then(|| {
        let evidence = format!("{from} has not announced it since its session was lost");
        Reason::new(rules::LONG_LIVED_STALE, evidence)
    })
}

fn has_asn(exchange: &Exchange, site: &str) -> bool {
    let mut sites = exchange.estate().sites.iter();
    sites.any(|of| of.name == site && of.asn.is_some())
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_link_local())
}

/// What the step saw by which a path lost: the weights of connections, a Route Server's preference.
pub(super) fn of_loss(
    exchange: &Exchange,
    at: SpeakerId,
    rib: RibView<'_>,
    path: &PathView,
) -> String {
    let Standing::Lost { step, to } = path.standing else {
        return String::new();
    };
    if step == Step::Rank {
        return preference(exchange, at);
    }
    let weight = |source| match rib.origin(source) {
        Origin::Link(link) => match &exchange.graph().link(link).kind {
            LinkKind::GatewayToEdge(connection) => Some(connection.weight),
            _ => None,
        },
        _ => None,
    };
    let weights = weight(to.source).zip(weight(path.path.source));
    let weights = weights.filter(|_| step == Step::Cost);
    weights.map_or_else(String::new, |(higher, own)| {
        format!("{higher} against {own}")
    })
}

/// The routing preference of a Route Server.
fn preference(exchange: &Exchange, at: SpeakerId) -> String {
    let name = &exchange.speaker(at).name;
    let mut servers = exchange.estate().route_servers.iter();
    let server = servers.find(|server| server.name == *name);
    server.map_or_else(String::new, |server| {
        let preference = match server.routing_preference {
            RoutingPreference::ExpressRoute => "ExpressRoute",
            RoutingPreference::VpnGateway => "VpnGateway",
            RoutingPreference::AsPath => "ASPath",
        };
        format!("routing_preference of {name} is {preference}")
    })
}

/// The rules of the receiver's route map that made a path of these prefixes what it is, or dropped
/// it.
pub(super) fn inbound_map_rules(
    rib: RibView<'_>,
    outbound: Outbound<'_>,
    path: &PathView,
    prefixes: &[Prefix],
) -> Vec<String> {
    if outbound.inbound_map().is_none() {
        return Vec::new();
    }
    let received = prefixes.iter().filter_map(|prefix| {
        let attrs = rib.received_from(path.path.source, *prefix)?;
        Some((*prefix, rib.attrs(attrs)))
    });
    let rules = received.flat_map(|(prefix, attrs)| outbound.inbound_map_rules(prefix, &attrs));
    let rules: BTreeSet<String> = rules.collect();
    rules.into_iter().collect()
}

/// What there is to say of the next hops of a row that those deciding programmed, or of a range
/// that the platform drops.
pub(super) fn of_row(
    exchange: &Exchange,
    view: NicView<'_>,
    deciding: &[SpeakerId],
    row: &EffectiveRow,
) -> Vec<Reason> {
    match (row.source, row.next_hop_type) {
        (RouteSource::VirtualNetworkGateway, NextHopType::VirtualNetworkGateway) => {
            let prefix = row.prefixes.first().copied();
            let by_connection = prefix.and_then(|of| connection(exchange, deciding, of));
            let instances = left_out_instances(exchange, deciding, &row.next_hops);
            instances.into_iter().chain(by_connection).collect()
        }
        (RouteSource::User, NextHopType::VirtualNetworkGateway) => {
            default_site(exchange, view, row).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Instances of a VPN gateway whose own path is not as good as that of the other.
fn left_out_instances(
    exchange: &Exchange,
    deciding: &[SpeakerId],
    next_hops: &[IpAddr],
) -> Option<Reason> {
    let is_vpn = |id: &&SpeakerId| exchange.speaker(**id).role() == Some(Role::VpnGateway);
    let own = |id: &SpeakerId| exchange.speaker(*id).addresses.first().copied();
    let shows = |id: &SpeakerId| own(id).is_some_and(|own| next_hops.contains(&own));
    let instances = || deciding.iter().filter(is_vpn);
    let shown = instances().find(|id| shows(id))?;
    let gateway = exchange.speaker(*shown).gateway();
    let siblings = instances().filter(|id| exchange.speaker(**id).gateway() == gateway);
    let left_out = siblings.filter(|id| !shows(id)).filter_map(own);
    let left_out: Vec<IpAddr> = left_out.collect();
    (!left_out.is_empty()).then(|| {
        let name = &exchange.speaker(*shown).name;
        let evidence = format!(
            "{} of {name} is no next hop, as that instance has no path as good",
            listed(left_out)
        );
        Reason::new(rules::GATEWAY_INSTANCES, evidence)
    })
}

/// A route that a Route Server has from an ExpressRoute gateway: of one connection, whose next hops
/// are all shown or one of them.
fn connection(exchange: &Exchange, deciding: &[SpeakerId], prefix: Prefix) -> Option<Reason> {
    let graph = exchange.graph();
    let gateway = deciding.iter().find_map(|id| {
        let rib = exchange
            .rib(*id)
            .filter(|_| exchange.speaker(*id).is_route_server())?;
        let Origin::Link(link) = rib.origin(rib.best(prefix).first()?.source) else {
            return None;
        };
        let sender = exchange.speaker(graph.link(link).a.speaker);
        (sender.role() == Some(Role::ExpressRouteGateway)).then_some(sender)
    })?;
    let what = match exchange.parameters().expressroute_next_hops {
        ExpressRouteNextHops::One => "one next hop",
        ExpressRouteNextHops::Connection => "the next hops",
    };
    let evidence = format!("{what} of one connection of {}", gateway.name);
    Some(Reason::new(rules::EXPRESS_ROUTE_NEXT_HOPS, evidence))
}

/// The default site that packets take that a user-defined route sends to the gateway.
fn default_site(exchange: &Exchange, view: NicView<'_>, row: &EffectiveRow) -> Option<Reason> {
    let routes = &view.route_table()?.routes;
    let sent = routes.iter().any(|route| {
        route.prefix.is_default()
            && row.prefixes.contains(&route.prefix)
            && route.target == UserRouteTarget::VirtualNetworkGateway
    });
    let topology = exchange.topology();
    let vnets = [Some(view.vnet()), view.hub()];
    let mut gateways = exchange.estate().gateways.iter().filter(|_| sent);
    let gateway = gateways.find(|gateway| {
        let vnet = topology.vnet(&gateway.vnet);
        gateway.default_site.is_some() && vnets.iter().flatten().any(|own| Some(*own) == vnet)
    })?;
    let site = gateway.default_site.as_deref().unwrap_or_default();
    let evidence = format!("{site} is the default site of {}", gateway.name);
    Some(Reason::new(rules::STATIC_PREFIXES, evidence))
}

/// The rule by which the platform drops packets to a range: a special one, or one of the year's.
pub(super) fn of_dropped_range(row: &EffectiveRow) -> Reason {
    let is_special = |prefix: &Prefix| {
        let mut special = SPECIAL_RANGES.iter().filter_map(|text| text.parse().ok());
        special.any(|range: Prefix| range == *prefix)
    };
    let rule = match row.prefixes.iter().all(is_special) {
        true => rules::SYSTEM_ROUTES,
        false => rules::DROPPED_RANGES,
    };
    Reason::new(rule, "")
}

/// The circuit whose two links differ at a neighbour.
pub(super) fn of_links(exchange: &Exchange, outbound: Outbound<'_>) -> Option<Reason> {
    let ends = [outbound.sender(), outbound.receiver()].map(|id| exchange.speaker(id));
    let circuit = ends.into_iter().find(|speaker| {
        matches!(
            speaker.kind,
            SpeakerKind::Edge { .. } | SpeakerKind::CustomerEdge { .. }
        )
    })?;
    let evidence = format!("the other link of {} differs", circuit.name);
    Some(Reason::new(rules::CIRCUIT_LINKS, evidence))
}

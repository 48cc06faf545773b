//! Import and export policies: what each speaker takes in from each neighbour, what it sends to
//! each, and as what.

use routehub_policy::{Action, Fallback, Match, Next, PeerKind, Policy, Rule, SourceClass};
use routehub_types::{Community, Family, FamilySet, NextHop, Prefix};

use super::loops::{leads_back, own_routes};
use super::propagation_rules::{Condition, propagation_rule};
use super::roles;
use crate::estate::{
    Nva, ReadvertiseTo, ReadvertisedNextHop, ReadvertisedPath, Readvertisement, RoutingPreference,
    SessionRole,
};
use crate::graph::{
    AdjacencyId, Deployment, Link, LinkKind, PeerClass, Role, Side, Speaker, SpeakerId, SpeakerKind,
};
use crate::parameters::{ReflectBetweenNvas, WellKnownCommunities};
use crate::rules;

/// Compiles the policies of a deployment. They are compiled anew when it changes.
#[derive(Clone, Copy)]
pub(crate) struct Policies<'a> {
    deployment: &'a Deployment,
}

impl<'a> Policies<'a> {
    /// Those of a deployment as it is now.
    pub(crate) fn of(deployment: &'a Deployment) -> Self {
        Self { deployment }
    }

    /// Whether the propagation rules let nothing pass from the sender to the receiver, of
    /// whatever class.
    pub(crate) fn blocks_all(self, adjacency: AdjacencyId) -> bool {
        let graph = self.deployment.graph();
        let has_rules = graph.sender(adjacency).role().is_some();
        has_rules
            && !PeerClass::ALL
                .iter()
                .any(|from| self.lets_pass(adjacency, *from))
    }

    /// Whether the propagation rules let routes of a class pass from the sender to the receiver.
    pub(crate) fn lets_pass(self, adjacency: AdjacencyId, from: PeerClass) -> bool {
        let graph = self.deployment.graph();
        let sender = graph.sender(adjacency);
        let Some(role) = sender.role() else {
            return false;
        };
        let to = graph.class_of_receiver(adjacency);
        let row = to.and_then(|to| propagation_rule(role, from, to));
        row.is_some_and(|row| self.holds(row.condition, from, adjacency))
    }

    /// Whether a condition for routes of a class holds now, from the sender to the receiver.
    fn holds(self, condition: Condition, from: PeerClass, adjacency: AdjacencyId) -> bool {
        let (parameters, graph) = (self.deployment.parameters(), self.deployment.graph());
        let speaker = graph.sender(adjacency);
        let server = self.deployment.route_server(speaker);
        let receiver = self.deployment.gateway(graph.receiver(adjacency));
        let branch_to_branch = server.is_some_and(|server| server.branch_to_branch);
        match condition {
            // A transparent route server announces no networks (RFC 7947).
            Condition::Always => {
                !(parameters.transparent
                    && speaker.role() == Some(Role::RouteServer)
                    && matches!(from, PeerClass::OwnNetwork | PeerClass::Spoke))
            }
            Condition::BranchToBranch => branch_to_branch,
            Condition::Reflection => match parameters.reflect_between_nvas {
                ReflectBetweenNvas::BranchToBranch => branch_to_branch,
                ReflectBetweenNvas::Always => true,
                ReflectBetweenNvas::Never => false,
            },
            Condition::RemoteVnetTraffic => {
                receiver.is_some_and(|gateway| parameters.allows_remote_vnet(gateway))
            }
            Condition::VirtualWanTraffic => {
                receiver.is_some_and(|gateway| parameters.allows_virtual_wan(gateway))
            }
            Condition::OverEbgp => self.is_external_beside(speaker),
            Condition::Never => false,
        }
    }

    /// What the receiver's policies call the routes of an adjacency: its class by the propagation
    /// rules, or at an NVA the number of the link.
    pub(crate) fn source_class(self, adjacency: AdjacencyId) -> SourceClass {
        let graph = self.deployment.graph();
        match self.deployment.graph().class_of_sender(adjacency) {
            Some(class) => class.source_class(),
            None => {
                let links = graph.links_of(graph.receiver_id(adjacency));
                let place = links.iter().position(|link| *link == adjacency.link);
                link_class(place.unwrap_or(usize::MAX))
            }
        }
    }

    /// The source classes of those adjacencies towards an NVA that fit: at an NVA every link is a
    /// class.
    fn link_classes(self, nva: SpeakerId, fits: impl Fn(AdjacencyId) -> bool) -> Vec<SourceClass> {
        let adjacencies = self.deployment.graph().inbound(nva).enumerate();
        let fitting = adjacencies.filter(|(_, adjacency)| fits(*adjacency));
        fitting.map(|(place, _)| link_class(place)).collect()
    }

    /// The import policy of the receiver: in the order of the catalogue's section 4 loop, family,
    /// overlap; the route map comes behind.
    pub(crate) fn import(self, adjacency: AdjacencyId) -> Policy {
        let graph = self.deployment.graph();
        let (receiver, link) = (graph.receiver(adjacency), graph.link(adjacency.link));
        let rules = match receiver.kind {
            SpeakerKind::RouteServer { .. } => self.route_server_import(receiver, adjacency),
            SpeakerKind::Gateway { .. } => self.gateway_import(receiver, link),
            // a customer that joins two circuits announces what came from the other.
            SpeakerKind::Edge { .. } if link.kind == LinkKind::EdgeToCustomer => {
                leads_back(None, &receiver.addresses, None, rules::EDGE_ASN_IN_PATH)
            }
            SpeakerKind::Edge { .. } => own_routes(receiver, link, rules::EDGE_ASN_IN_PATH),
            _ => own_routes(receiver, link, rules::OWN_AS_IN_PATH),
        };
        let mut policy = Policy::compile(rules, Fallback::Accept(rules::NONE));
        if let Some(inside) = self.inside_transit_space(receiver, link) {
            policy = policy.then(inside);
        }
        match self.deployment.inbound_map(adjacency) {
            Some(map) => policy.then(&map.compile(&self.deployment.parameters().route_map_terms())),
            None => policy,
        }
    }

    fn route_server_import(self, speaker: &Speaker, adjacency: AdjacencyId) -> Vec<Rule> {
        let graph = self.deployment.graph();
        let link = graph.link(adjacency.link);
        let mut rules = own_routes(speaker, link, rules::ROUTE_SERVER_ASN_IN_PATH);
        rules.extend(self.no_ipv6());
        let role = self.role(adjacency).zip(graph.sender(adjacency).asn);
        rules.extend(
            role.into_iter()
                .flat_map(|(role, neighbor)| roles::import(role, neighbor)),
        );
        rules
    }

    /// The part that a Route Server plays towards the peer at the other end (RFC 9234).
    fn role(self, adjacency: AdjacencyId) -> Option<SessionRole> {
        let link = self.deployment.graph().link(adjacency.link);
        let options = self.deployment.session_options(adjacency.link)?;
        options
            .role
            .filter(|_| link.kind.is_peering() && link.external)
    }

    fn gateway_import(self, speaker: &Speaker, link: &Link) -> Vec<Rule> {
        let mut rules = own_routes(speaker, link, rules::OWN_AS_IN_PATH);
        if matches!(
            link.kind,
            LinkKind::GatewayToRouteServer | LinkKind::GatewayToPeer
        ) {
            rules.extend(match link.kind {
                LinkKind::GatewayToRouteServer => self.no_ipv6(),
                _ => self.no_ipv6_in_tunnels(speaker, link),
            });
            rules.extend(self.circuits_last(speaker, link));
            return rules;
        }
        rules.extend(self.no_ipv6_in_tunnels(speaker, link));
        if matches!(link.kind, LinkKind::SiteRouters(_)) {
            let actions = vec![Action::SetLocalPref(Some(SITE_ROUTER))];
            let rule = rules::SITE_ROUTER_ADDRESS;
            rules.push(Rule::change(rule, "site's router", Vec::new(), actions));
            return rules;
        }
        if link.kind.is_to_circuit() && self.has_branch_to_branch_beside(speaker) {
            let mark = self.deployment.parameters().branch_community.into();
            let tagged = vec![Match::AnyCommunity(vec![mark])];
            let name = "tagged by another Route Server";
            rules.push(Rule::reject(rules::ANTI_TRANSIT, name, tagged));
        }
        rules
    }

    /// What a speaker refuses of a neighbour as inside its network and the networks that use it.
    fn inside_transit_space(self, speaker: &Speaker, link: &Link) -> Option<&'a Policy> {
        match speaker.kind {
            SpeakerKind::RouteServer { .. } => {
                let filters = self.deployment.parameters().overlap_filter;
                let vnet = speaker.vnet.filter(|_| filters && link.kind.is_peering());
                self.deployment.inside_server_network(vnet?)
            }
            SpeakerKind::Gateway { .. } => match link.kind {
                LinkKind::GatewayToRouteServer | LinkKind::GatewayToPeer => None,
                _ => self.deployment.inside_gateway_network(speaker.vnet?),
            },
            _ => None,
        }
    }

    /// A VPN gateway takes a circuit's routes after those of its own connections, whatever the
    /// path, where the Route Server prefers VPN: it has to go on hearing of both.
    fn circuits_last(self, speaker: &Speaker, link: &Link) -> Option<Rule> {
        let server = self.deployment.graph().speaker(link.b.speaker);
        let preference = self.deployment.route_server(server)?.routing_preference;
        if preference != RoutingPreference::VpnGateway {
            return None;
        }
        // The edge's ASN comes first, or behind that of a Route Server of another.
        let edge = self.deployment.parameters().edge_asn;
        let begins = match server.asn.filter(|_| link.external) {
            Some(server) => format!("^{} {}", server.0, edge.0),
            None => format!("^{}", edge.0),
        };
        let matches = vec![Match::Path(begins.parse().ok()?)];
        let actions = vec![Action::SetLocalPref(Some(OF_A_CIRCUIT))];
        let rule = rules::VPN_GATEWAY_DECISION;
        (speaker.role() == Some(Role::VpnGateway))
            .then(|| Rule::change(rule, "of a circuit", matches, actions))
    }

    /// Whether the Route Server of a gateway's network is of another ASN.
    fn is_external_beside(self, speaker: &Speaker) -> bool {
        let topology = self.deployment.topology();
        let mut servers = self.deployment.estate().route_servers.iter();
        servers.any(|server| {
            let asn = self.deployment.parameters().route_server_asn(server);
            topology.vnet(&server.vnet) == speaker.vnet && speaker.asn != Some(asn)
        })
    }

    /// Whether a Route Server with branch-to-branch stands in the same network.
    fn has_branch_to_branch_beside(self, speaker: &Speaker) -> bool {
        let topology = self.deployment.topology();
        let mut servers = self.deployment.estate().route_servers.iter();
        servers.any(|server| server.branch_to_branch && topology.vnet(&server.vnet) == speaker.vnet)
    }

    /// A Route Server neither takes nor sends IPv6.
    fn no_ipv6(self) -> Option<Rule> {
        let ipv6 = self.deployment.parameters().ipv6;
        (!ipv6).then(|| Rule::families(rules::IPV4_ONLY, FamilySet::IPV4))
    }

    /// A VPN gateway and its tunnels carry no IPv6.
    fn no_ipv6_in_tunnels(self, gateway: &Speaker, link: &Link) -> Option<Rule> {
        let ipv6 = self.deployment.parameters().ipv6;
        let tunnel = gateway.role() == Some(Role::VpnGateway)
            && matches!(
                link.kind,
                LinkKind::GatewayToSite
                    | LinkKind::StaticSite(_)
                    | LinkKind::SiteRouters(_)
                    | LinkKind::GatewayToGateway
                    | LinkKind::GatewayToPeer
            );
        (!ipv6 && tunnel).then(|| Rule::families(rules::IPV6_OUTSIDE_ROUTE_SERVER, FamilySet::IPV4))
    }

    /// The export policy of the sender towards the receiver.
    pub(crate) fn export(self, adjacency: AdjacencyId) -> Policy {
        let graph = self.deployment.graph();
        let (sender, link) = (graph.sender(adjacency), graph.link(adjacency.link));
        if let Some(nva) = self.deployment.nva(sender) {
            return self.nva_export(nva, adjacency);
        }
        let mut rules = match self.passes_communities(sender, link) {
            true => Vec::new(),
            false => self.community_rules(link),
        };
        if let Some(role) = sender.role() {
            rules.extend(self.closed_classes(role, adjacency));
            rules.extend(vpn_default_route(role, link));
            rules.extend(self.summarized(adjacency));
            rules.extend(self.no_ipv6_in_tunnels(sender, link));
            rules.extend(other_instances_routers(role, link));
        }
        rules.extend(self.role(adjacency).and_then(roles::export));
        let allowed = Policy::compile(rules, Fallback::Accept(rules::NONE));
        let rewrite = Policy::compile(self.rewrite(adjacency), Fallback::Accept(rules::NONE));
        match self.deployment.outbound_map(adjacency) {
            Some(map) => {
                let map = map.compile(&self.deployment.parameters().route_map_terms());
                allowed.then(&map).then(&rewrite)
            }
            None => allowed.then(&rewrite),
        }
    }

    /// Whether a Route Server leaves it to a peer to act on well-known communities (RFC 7947
    /// section 2.2.4).
    fn passes_communities(self, sender: &Speaker, link: &Link) -> bool {
        let communities = self.deployment.parameters().well_known_communities;
        let to_peer = sender.is_route_server() && link.kind.is_peering();
        to_peer && communities == WellKnownCommunities::Ignore
    }

    /// What well-known communities ask for.
    fn community_rules(self, link: &Link) -> Vec<Rule> {
        let peer = if link.external {
            PeerKind::External
        } else {
            PeerKind::Internal
        };
        self.deployment.parameters().well_known().export_rules(peer)
    }

    /// The propagation rules as a policy: one rule for each class that may not pass.
    fn closed_classes(self, role: Role, adjacency: AdjacencyId) -> Vec<Rule> {
        let Some(to) = self.deployment.graph().class_of_receiver(adjacency) else {
            return vec![Rule::reject(
                rules::NOT_EXCHANGED,
                "no exchange",
                Vec::new(),
            )];
        };
        let classes = PeerClass::ALL.into_iter();
        let closed = classes.filter(|from| !self.lets_pass(adjacency, *from));
        let external = self.deployment.graph().link(adjacency.link).external;
        let rejects = closed.map(|from| {
            let row = propagation_rule(role, from, to);
            let rule = match row.map_or(rules::NOT_EXCHANGED, |row| row.rule) {
                // Gateways of another ASN have no iBGP.
                rules::GATEWAY_IBGP if external => rules::NOT_BACK_TO_SOURCE,
                rule => rule,
            };
            let source = vec![Match::Source(vec![from.source_class()])];
            Rule::reject(rule, format!("{from} to {to}"), source)
        });
        rejects.collect()
    }

    /// What the summaries of a gateway's network take the place of.
    fn summarized(self, adjacency: AdjacencyId) -> Vec<Rule> {
        let summaries: Vec<_> = self.deployment.gateway_summaries(adjacency).collect();
        if summaries.is_empty() {
            return Vec::new();
        }
        let of = |class: PeerClass| Match::Source(vec![class.source_class()]);
        let families = summaries
            .iter()
            .map(|summary| Prefix::default_of(summary.family()));
        let same_family = Match::inside(families);
        let covered = Match::inside(summaries);
        let replaced = [
            ("own network", vec![of(PeerClass::OwnNetwork), same_family]),
            ("covered spoke", vec![of(PeerClass::Spoke), covered]),
        ];
        let reject = |(name, matches): (&str, _)| {
            Rule::reject(rules::SUMMARIZED_GATEWAY_PREFIXES, name, matches)
        };
        replaced.map(reject).into()
    }

    /// How a route changes on its way out.
    fn rewrite(self, adjacency: AdjacencyId) -> Vec<Rule> {
        let graph = self.deployment.graph();
        let (sender, link) = (graph.sender(adjacency), graph.link(adjacency.link));
        let role = sender.role();
        let transparent = self.is_transparent(role);
        let asn = sender.asn.unwrap_or_default();
        let mut actions = Vec::new();
        if link.kind.is_to_circuit() && adjacency.sender == Side::B {
            let receiver = graph.receiver(adjacency).asn.unwrap_or_default();
            actions.push(Action::ReplaceAsn {
                from: receiver,
                to: asn,
            });
        }
        if link.external {
            if !transparent {
                let next_hop = graph.sending_end(adjacency).next_hop();
                actions.push(Action::prepend(asn, 1));
                actions.push(Action::SetNextHop(NextHop::from(next_hop)));
                actions.push(Action::SetMed(None));
            }
            actions.push(Action::SetLocalPref(None));
        }
        let mut rules = self.tags(adjacency);
        if link.kind == LinkKind::EdgeToCustomer {
            let rule = rules::LEADING_PRIVATE_ASNS;
            let remove = vec![Action::REMOVE_LEADING_PRIVATE];
            rules.push(Rule::change(rule, "private ASNs", Vec::new(), remove));
        }
        rules.extend(next_hop_self(sender, link, adjacency));
        let marked = self.role(adjacency);
        rules.extend(marked.and_then(|role| roles::mark_for(role, asn)));
        if actions.is_empty() {
            return rules;
        }
        let rule = match (role, &link.kind) {
            (_, LinkKind::GatewayToRouteServer) => rules::GATEWAY_EBGP,
            (Some(Role::Edge), LinkKind::GatewayToEdge(_)) => {
                // What comes from on-premises is another matter than what gateways say.
                let customer = vec![Match::Source(vec![PeerClass::CustomerEdge.source_class()])];
                let name = "from on-premises";
                let rule = rules::GATEWAY_TO_CIRCUIT;
                rules.push(Rule::change(rule, name, customer, actions.clone()));
                let gateways = [PeerClass::ExpressRouteGateway, PeerClass::VirtualWanGateway];
                let gateways = gateways.map(PeerClass::source_class).to_vec();
                let gateways = vec![Match::Source(gateways)];
                let name = "from another gateway";
                rules.push(Rule::change(
                    rules::GATEWAY_TO_GATEWAY,
                    name,
                    gateways,
                    actions,
                ));
                return rules;
            }
            (Some(Role::Edge | Role::ExpressRouteGateway), _) => rules::GATEWAY_TO_CIRCUIT,
            (Some(Role::VpnGateway), _) => rules::VPN_GATEWAY_TO_SITE,
            _ if transparent => rules::NONE,
            _ => rules::PREPEND_AND_NEXT_HOP_SELF,
        };
        rules.push(Rule::change(rule, "eBGP", Vec::new(), actions));
        rules
    }

    fn is_transparent(self, role: Option<Role>) -> bool {
        self.deployment.parameters().transparent && role == Some(Role::RouteServer)
    }

    /// Communities that a Route Server puts on routes.
    fn tags(self, adjacency: AdjacencyId) -> Vec<Rule> {
        let (graph, parameters) = (self.deployment.graph(), self.deployment.parameters());
        let role = graph.sender(adjacency).role();
        if role != Some(Role::RouteServer) || self.is_transparent(role) {
            return Vec::new();
        }
        let tag = |rule, name: &str, classes: &[PeerClass], community: Community| {
            let classes = classes.iter().map(|class| class.source_class()).collect();
            let actions = vec![Action::AddCommunities(vec![community])];
            Rule::change(rule, name, vec![Match::Source(classes)], actions)
        };
        let branches = [
            PeerClass::Nva,
            PeerClass::VpnGateway,
            PeerClass::ExpressRouteGateway,
        ];
        let mark = parameters.branch_community;
        let mut rules = vec![tag(
            rules::BRANCH_COMMUNITY,
            "branch-derived",
            &branches,
            mark,
        )];
        if graph.receiver(adjacency).is_nva() {
            let (spokes, mark) = ([PeerClass::Spoke], parameters.vnet_community);
            rules.push(tag(rules::SPOKES_TO_NVAS, "peered network", &spokes, mark));
        }
        rules
    }

    /// What an NVA passes on: by its own rules, the first that fits.
    fn nva_export(self, nva: &Nva, adjacency: AdjacencyId) -> Policy {
        let graph = self.deployment.graph();
        let id = graph.sending_end(adjacency).speaker;
        let link = graph.link(adjacency.link);
        let mut rules = self.community_rules(link);
        if !link.external {
            let internal = self.link_classes(id, |from| !graph.link(from.link).external);
            let matches = vec![Match::Source(internal)];
            rules.push(Rule::reject(rules::IBGP_TO_IBGP, "iBGP to iBGP", matches));
        }
        let readvertised = nva.readvertises.iter();
        rules.extend(readvertised.filter_map(|rule| self.readvertise(nva, rule, adjacency)));
        Policy::compile(rules, Fallback::Reject(rules::NOT_READVERTISED))
    }

    /// One re-advertisement rule towards one neighbour, if it is meant at all.
    fn readvertise(
        self,
        nva: &Nva,
        rule: &Readvertisement,
        adjacency: AdjacencyId,
    ) -> Option<Rule> {
        let graph = self.deployment.graph();
        let receiver = graph.receiver(adjacency);
        let is_receiver = |name: &String| *name == receiver.name;
        if matches!(&rule.to, ReadvertiseTo::Named(names) if !names.iter().any(is_receiver)) {
            return None;
        }
        let sources = self.link_classes(graph.sending_end(adjacency).speaker, |from| {
            let name = &graph.sender(from).name;
            let back = rule.to != ReadvertiseTo::Others || !is_receiver(name);
            back && (rule.from.is_empty() || rule.from.contains(name))
        });
        let mut matches = vec![Match::Source(sources)];
        if !rule.prefixes.is_empty() {
            matches.push(Match::exactly(rule.prefixes.iter().copied()));
        }
        let mut actions = Vec::new();
        if let (true, Some(asn)) = (graph.link(adjacency.link).external, receiver.asn) {
            match rule.as_path {
                ReadvertisedPath::Keep => {}
                ReadvertisedPath::Override => actions.push(Action::ReplaceAsn {
                    from: asn,
                    to: nva.asn,
                }),
                ReadvertisedPath::Strip => actions.push(Action::RemoveAsns(vec![asn])),
            }
            actions.push(Action::prepend(nva.asn, 1 + usize::from(rule.prepend)));
            actions.extend([Action::SetMed(None), Action::SetLocalPref(None)]);
        }
        actions.extend(match rule.next_hop {
            ReadvertisedNextHop::Own => Some(Action::SetNextHop(nva.ip.into())),
            ReadvertisedNextHop::Unchanged => None,
            ReadvertisedNextHop::Address(address) => Some(Action::SetNextHop(address.into())),
        });
        let name = "readvertise";
        Some(Rule::new(rules::NONE, name, matches, actions, Next::Stop))
    }
}

/// The local preference of the addresses of sites' routers at VPN gateways: what a site announces
/// itself comes first.
const SITE_ROUTER: u32 = 1;
/// The local preference of circuits' routes at VPN gateways.
const OF_A_CIRCUIT: u32 = 0;

/// The source class of the link at a place of an NVA.
fn link_class(place: usize) -> SourceClass {
    SourceClass(u8::try_from(place).unwrap_or(u8::MAX))
}

/// What another instance has of sites' routers goes no further than to sites.
fn other_instances_routers(role: Role, link: &Link) -> Option<Rule> {
    let to_server = link.kind == LinkKind::GatewayToRouteServer;
    (role == Role::VpnGateway && to_server).then(|| {
        let beside = vec![PeerClass::PeerVpnGateway.source_class()];
        let routers = Match::LocalPref(SITE_ROUTER..=SITE_ROUTER);
        let matches = vec![Match::Source(beside), routers];
        Rule::reject(rules::SITE_ROUTER_ADDRESS, "site's router", matches)
    })
}

/// Over iBGP a gateway names itself as next hop of what it originates and of what its sites told it
/// not of what it has from a circuit.
fn next_hop_self(sender: &Speaker, link: &Link, adjacency: AdjacencyId) -> Option<Rule> {
    let internal = matches!(
        link.kind,
        LinkKind::GatewayToRouteServer | LinkKind::GatewayToPeer
    );
    if link.external || !internal || sender.gateway().is_none() {
        return None;
    }
    let own = [
        PeerClass::OwnNetwork,
        PeerClass::Spoke,
        PeerClass::StaticSite,
        PeerClass::SiteRouter,
        PeerClass::Branch,
        PeerClass::RouteServer, // only where it is heard over eBGP
    ];
    let classes = own.map(PeerClass::source_class);
    let next_hop = link.end(adjacency.sender).next_hop();
    let actions = vec![Action::SetNextHop(NextHop::from(next_hop))];
    let matches = vec![Match::Source(classes.into())];
    let rule = rules::GATEWAY_NEXT_HOP_SELF;
    Some(Rule::change(rule, "iBGP", matches, actions))
}

/// What a VPN gateway keeps from its branches: default routes that it heard of.
fn vpn_default_route(role: Role, link: &Link) -> Option<Rule> {
    let to_branch = matches!(
        link.kind,
        LinkKind::GatewayToSite | LinkKind::GatewayToGateway
    );
    (role == Role::VpnGateway && to_branch).then(|| {
        let heard = [
            PeerClass::Branch,
            PeerClass::RouteServer,
            PeerClass::PeerVpnGateway,
        ];
        let heard = heard.map(PeerClass::source_class);
        let defaults = Match::exactly(Family::ALL.map(Prefix::default_of));
        let matches = vec![Match::Source(heard.into()), defaults];
        Rule::reject(rules::VPN_GATEWAY_TO_SITE, "default route", matches)
    })
}

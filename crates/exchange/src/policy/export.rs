//! Export policies: what each speaker sends to each neighbour, and as what.

use routehub_policy::{Action, Fallback, Match, Next, PeerKind, Policy, Rule};
use routehub_types::{Community, Family, NextHop, Prefix};

use super::policies::Policies;
use super::propagation_rules::propagation_rule;
use crate::estate::{Nva, ReadvertiseTo, ReadvertisedNextHop, ReadvertisedPath, Readvertisement};
use crate::graph::{AdjacencyId, Link, LinkKind, PeerClass, Role, Side};
use crate::rules;

impl Policies<'_> {
    /// The export policy of the sender towards the receiver.
    pub(crate) fn export(self, adjacency: AdjacencyId) -> Policy {
        let graph = self.deployment.graph();
        let (sender, link) = (graph.sender(adjacency), graph.link(adjacency.link));
        if let Some(nva) = self.deployment.nva(sender) {
            return self.nva_export(nva, adjacency);
        }
        let mut rules = self.community_rules(link);
        if let Some(role) = sender.role() {
            rules.extend(self.closed_classes(role, adjacency));
            rules.extend(vpn_default_route(role, link));
        }
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
        let receiver = self.deployment.graph().receiver(adjacency);
        let Some(to) = receiver.class_for(role) else {
            return vec![Rule::reject(
                rules::NOT_EXCHANGED,
                "no exchange",
                Vec::new(),
            )];
        };
        let classes = PeerClass::ALL.into_iter();
        let closed = classes.filter(|from| !self.lets_pass(adjacency, *from));
        let rejects = closed.map(|from| {
            let row = propagation_rule(role, from, to);
            let rule = row.map_or(rules::NOT_EXCHANGED, |row| row.rule);
            let source = vec![Match::Source(vec![from.source_class()])];
            Rule::reject(rule, format!("{from} to {to}"), source)
        });
        rejects.collect()
    }

    /// How a route changes on its way out.
    fn rewrite(self, adjacency: AdjacencyId) -> Vec<Rule> {
        let graph = self.deployment.graph();
        let (sender, link) = (graph.sender(adjacency), graph.link(adjacency.link));
        let role = sender.role();
        let transparent = self.is_transparent(role);
        let asn = sender.asn.unwrap_or_default();
        let mut actions = Vec::new();
        match link.kind {
            LinkKind::GatewayToEdge(_) if adjacency.sender == Side::B => {
                let receiver = graph.receiver(adjacency).asn.unwrap_or_default();
                actions.push(Action::ReplaceAsn {
                    from: receiver,
                    to: asn,
                });
            }
            LinkKind::EdgeToCustomer => actions.push(Action::REMOVE_ALL_PRIVATE),
            _ => {}
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
        if !actions.is_empty() {
            let rule = match (role, &link.kind) {
                (Some(Role::Edge), LinkKind::GatewayToEdge(_)) => rules::GATEWAY_TO_GATEWAY,
                (Some(Role::Edge | Role::ExpressRouteGateway), _) => rules::GATEWAY_TO_CIRCUIT,
                (Some(Role::VpnGateway), LinkKind::GatewayToRouteServer) => rules::GATEWAY_EBGP,
                (Some(Role::VpnGateway), _) => rules::VPN_GATEWAY_TO_SITE,
                _ => rules::PREPEND_AND_NEXT_HOP_SELF,
            };
            rules.push(Rule::change(rule, "eBGP", Vec::new(), actions));
        }
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

/// What a VPN gateway keeps from its branches: default routes that it heard of.
fn vpn_default_route(role: Role, link: &Link) -> Option<Rule> {
    let to_branch = link.kind != LinkKind::GatewayToRouteServer;
    (role == Role::VpnGateway && to_branch).then(|| {
        let heard = [PeerClass::Branch, PeerClass::RouteServer].map(PeerClass::source_class);
        let defaults = Match::exactly(Family::ALL.map(Prefix::default_of));
        let matches = vec![Match::Source(heard.into()), defaults];
        Rule::reject(rules::VPN_GATEWAY_TO_SITE, "default route", matches)
    })
}

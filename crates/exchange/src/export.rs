//! Export policies: what each speaker sends to each neighbour, and as what.

use routehub_policy::{Action, Fallback, Match, Next, PeerKind, Policy, Rule, SourceClass};
use routehub_types::{Asn, Family, NextHop, Prefix, RuleId};

use crate::announce::first_address;
use crate::estate::{Nva, ReadvertiseTo, ReadvertisedNextHop, ReadvertisedPath, Readvertisement};
use crate::exchange_table::{self, At, Class, Gate};
use crate::link::{Link, LinkKind, Side};
use crate::parameters::ReflectBetweenNvas;
use crate::policies::Policies;
use crate::rules;
use crate::speaker::{Speaker, SpeakerId, SpeakerKind};

/// The number that policies know a class of the exchange table by.
pub(crate) fn source_class(class: Class) -> SourceClass {
    SourceClass(class as u8)
}

impl Policies<'_> {
    /// The export policy of the speaker on `side` of a link towards the other side.
    pub(crate) fn export(&self, link: &Link, side: Side) -> Policy {
        let id = link.end(side).speaker;
        let speaker = self.graph.speaker(id);
        if let SpeakerKind::Nva { nva } = speaker.kind {
            return self.nva_export(id, &self.estate.nvas[nva], link, side);
        }
        let mut rules = self.community_rules(link);
        if let Some(at) = speaker.at() {
            rules.extend(self.exchange_rules(at, speaker, link, side));
            rules.extend(vpn_default_route(at, link));
        }
        let gate = Policy::compile(rules, Fallback::Accept(rules::NONE));
        let rewrite = self.rewrite(speaker, link, side);
        let rewrite = Policy::compile(rewrite, Fallback::Accept(rules::NONE));
        match self.outbound_map(link, side) {
            Some(map) => {
                let map = map.compile(&self.parameters.route_map_terms());
                gate.then(&map).then(&rewrite)
            }
            None => gate.then(&rewrite),
        }
    }

    /// Whether the exchange table lets nothing pass from the speaker on `side` to the other, of
    /// whatever class.
    pub(crate) fn passes_nothing(&self, link: &Link, side: Side) -> bool {
        let speaker = self.graph.speaker(link.end(side).speaker);
        let peer = self.graph.speaker(link.end(side.other()).speaker);
        let Some(at) = speaker.at() else {
            return false;
        };
        let Some(to) = peer.class_at(at) else {
            return true;
        };
        let passes = |from: &Class| self.row_is_open(at, *from, to, speaker);
        !Class::ALL.iter().any(passes)
    }

    /// Whether the exchange table lets routes of a class pass from the speaker on `side` to the
    /// other.
    pub(crate) fn lets_pass(&self, link: &Link, side: Side, from: Class) -> bool {
        let speaker = self.graph.speaker(link.end(side).speaker);
        let peer = self.graph.speaker(link.end(side.other()).speaker);
        let to = speaker.at().and_then(|at| Some((at, peer.class_at(at)?)));
        to.is_some_and(|(at, to)| self.row_is_open(at, from, to, speaker))
    }

    fn row_is_open(&self, at: At, from: Class, to: Class, speaker: &Speaker) -> bool {
        let row = exchange_table::lookup(at, from, to);
        row.is_some_and(|row| self.is_open(row.gate, from, speaker))
    }

    /// What well-known communities ask for.
    fn community_rules(&self, link: &Link) -> Vec<Rule> {
        let peer = if link.external {
            PeerKind::External
        } else {
            PeerKind::Internal
        };
        self.parameters.well_known().export_rules(peer)
    }

    /// The exchange table, as rules: one for each class that may not pass.
    fn exchange_rules(&self, at: At, speaker: &Speaker, link: &Link, side: Side) -> Vec<Rule> {
        let peer = self.graph.speaker(link.end(side.other()).speaker);
        let Some(to) = peer.class_at(at) else {
            return vec![Rule::reject(
                rules::NOT_EXCHANGED,
                "no exchange",
                Vec::new(),
            )];
        };
        let closed = Class::ALL.into_iter().filter_map(|from| {
            let row = exchange_table::lookup(at, from, to);
            let open = row.is_some_and(|row| self.is_open(row.gate, from, speaker));
            let rule = row.map_or(rules::NOT_EXCHANGED, |row| row.rule);
            (!open).then(|| {
                let name = format!("{from} to {to}");
                Rule::reject(rule, name, vec![Match::Source(vec![source_class(from)])])
            })
        });
        closed.collect()
    }

    /// Whether a gate is open at a speaker now.
    fn is_open(&self, gate: Gate, from: Class, speaker: &Speaker) -> bool {
        let b2b = self.branch_to_branch(speaker);
        match gate {
            // A transparent route server announces no networks (RFC 7947).
            Gate::Always => {
                !(self.parameters.transparent
                    && speaker.at() == Some(At::RouteServer)
                    && matches!(from, Class::OwnNetwork | Class::Spoke))
            }
            Gate::BranchToBranch => b2b,
            Gate::Reflection => match self.parameters.reflect_between_nvas {
                ReflectBetweenNvas::BranchToBranch => b2b,
                ReflectBetweenNvas::Always => true,
                ReflectBetweenNvas::Never => false,
            },
            Gate::Never => false,
        }
    }

    /// How a route changes on its way out.
    fn rewrite(&self, speaker: &Speaker, link: &Link, side: Side) -> Vec<Rule> {
        let mut rules = self.tags(speaker, link, side);
        let transparent = self.parameters.transparent && speaker.at() == Some(At::RouteServer);
        let mut actions = Vec::new();
        let asn = speaker.asn.unwrap_or_default();
        match link.kind {
            LinkKind::GatewayToEdge(_) if side == Side::B => actions.push(Action::ReplaceAsn {
                from: self.peer_asn(link, side),
                to: asn,
            }),
            LinkKind::EdgeToCustomer => actions.push(Action::REMOVE_ALL_PRIVATE),
            _ => {}
        }
        if link.external {
            if !transparent {
                actions.push(Action::prepend(asn, 1));
                actions.push(Action::SetNextHop(NextHop::from(first_address(
                    link.end(side),
                ))));
                actions.push(Action::SetMed(None));
            }
            actions.push(Action::SetLocalPref(None));
        }
        if !actions.is_empty() {
            let rule = match (speaker.at(), &link.kind) {
                (Some(At::Edge), LinkKind::GatewayToEdge(_)) => 154,
                (Some(At::Edge | At::ExpressRouteGateway), _) => 114,
                (Some(At::VpnGateway), LinkKind::GatewayToRouteServer) => 153,
                (Some(At::VpnGateway), _) => 112,
                _ => 85,
            };
            rules.push(Rule::change(RuleId(rule), "eBGP", Vec::new(), actions));
        }
        rules
    }

    /// Communities that a Route Server puts on routes.
    fn tags(&self, speaker: &Speaker, link: &Link, side: Side) -> Vec<Rule> {
        if speaker.at() != Some(At::RouteServer) || self.parameters.transparent {
            return Vec::new();
        }
        let tag = |rule, name: &str, classes: &[Class], community| {
            let classes = classes.iter().map(|class| source_class(*class)).collect();
            let actions = vec![Action::AddCommunities(vec![community])];
            Rule::change(RuleId(rule), name, vec![Match::Source(classes)], actions)
        };
        let branches = [Class::Nva, Class::VpnGateway, Class::ExpressRouteGateway];
        let mut rules = vec![tag(
            86,
            "branch-derived",
            &branches,
            self.parameters.branch_community,
        )];
        let peer = self.graph.speaker(link.end(side.other()).speaker);
        if peer.class_at(At::RouteServer) == Some(Class::Nva) {
            let community = self.parameters.vnet_community;
            rules.push(tag(81, "peered network", &[Class::Spoke], community));
        }
        rules
    }

    fn peer_asn(&self, link: &Link, side: Side) -> Asn {
        self.graph
            .speaker(link.end(side.other()).speaker)
            .asn
            .unwrap_or_default()
    }

    /// What an NVA passes on: by its own rules, the first that fits.
    fn nva_export(&self, id: SpeakerId, nva: &Nva, link: &Link, side: Side) -> Policy {
        let peer = link.end(side.other()).speaker;
        let mut rules = self.community_rules(link);
        if !link.external {
            let internal = self.link_classes(id, |one| !self.graph.link(one).external);
            let matches = vec![Match::Source(internal)];
            rules.push(Rule::reject(rules::IBGP_TO_IBGP, "iBGP to iBGP", matches));
        }
        let name = &self.graph.speaker(peer).name;
        for rule in &nva.readvertises {
            rules.extend(self.readvertise(id, nva, rule, link, name));
        }
        Policy::compile(rules, Fallback::Reject(rules::NOT_READVERTISED))
    }

    /// One re-advertisement rule towards one neighbour, if it is meant at all.
    fn readvertise(
        &self,
        id: SpeakerId,
        nva: &Nva,
        rule: &Readvertisement,
        link: &Link,
        to: &str,
    ) -> Option<Rule> {
        let from_this = |one: &str| one == to;
        let sources = self.link_classes(id, |one| {
            let peer = self.graph.link(one).peer_of(id);
            let name = peer.map_or("", |peer| self.graph.speaker(peer).name.as_str());
            let from = rule.from.is_empty() || rule.from.iter().any(|from| from == name);
            let back = match &rule.to {
                ReadvertiseTo::Others => !from_this(name),
                ReadvertiseTo::All | ReadvertiseTo::Named(_) => true,
            };
            from && back
        });
        if matches!(&rule.to, ReadvertiseTo::Named(names) if !names.iter().any(|n| n == to)) {
            return None;
        }
        let mut matches = vec![Match::Source(sources)];
        if !rule.prefixes.is_empty() {
            matches.push(Match::exactly(rule.prefixes.iter().copied()));
        }
        let mut actions = Vec::new();
        let receiver = link
            .peer_of(id)
            .and_then(|peer| self.graph.speaker(peer).asn);
        if let (true, Some(receiver)) = (link.external, receiver) {
            match rule.as_path {
                ReadvertisedPath::Keep => {}
                ReadvertisedPath::Override => {
                    actions.push(Action::ReplaceAsn {
                        from: receiver,
                        to: nva.asn,
                    });
                }
                ReadvertisedPath::Strip => actions.push(Action::RemoveAsns(vec![receiver])),
            }
            actions.push(Action::prepend(nva.asn, 1 + usize::from(rule.prepend)));
            actions.extend([Action::SetMed(None), Action::SetLocalPref(None)]);
        }
        match rule.next_hop {
            ReadvertisedNextHop::Own => actions.push(Action::SetNextHop(nva.ip.into())),
            ReadvertisedNextHop::Unchanged => {}
            ReadvertisedNextHop::Address(address) => {
                actions.push(Action::SetNextHop(address.into()));
            }
        }
        Some(Rule::new(
            rules::NONE,
            "readvertise",
            matches,
            actions,
            Next::Stop,
        ))
    }

    /// The source classes of those links of an NVA that fit: at an NVA every link is a class.
    fn link_classes(
        &self,
        id: SpeakerId,
        fits: impl Fn(crate::link::LinkId) -> bool,
    ) -> Vec<SourceClass> {
        let links = self.graph.links_of(id).iter().enumerate();
        links
            .filter(|(_, one)| fits(**one))
            .map(|(n, _)| link_class(n))
            .collect()
    }
}

/// What a VPN gateway keeps from its branches: default routes that it heard of.
fn vpn_default_route(at: At, link: &Link) -> Option<Rule> {
    let to_branch = !matches!(link.kind, LinkKind::GatewayToRouteServer);
    (at == At::VpnGateway && to_branch).then(|| {
        let heard = [Class::Branch, Class::RouteServer].map(source_class);
        let defaults = Match::exactly(Family::ALL.map(Prefix::default_of));
        Rule::reject(
            rules::VPN_GATEWAY_TO_SITE,
            "default route",
            vec![Match::Source(heard.into()), defaults],
        )
    })
}

/// The source class of the nth link of an NVA.
pub(crate) fn link_class(n: usize) -> SourceClass {
    SourceClass(u8::try_from(n).unwrap_or(u8::MAX))
}

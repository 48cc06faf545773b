//! A route at a speaker: its paths, how each came there, and who has one and does not send it.

use std::collections::BTreeSet;

use routehub_exchange::view::{LinkKind, Origin, Outbound, RibView, SpeakerId, SpeakerKind};
use routehub_exchange::{Exchange, PathStanding, rules};
use routehub_rib::{Admission, PathView, Standing};
use routehub_types::{Attrs, Prefix, RuleId};

use super::advertised::{down_reason, known_around, not_readvertised, refusal, sent_as};
use super::never::{never_routes, unannounced};
use super::{
    Advertisement, ExplainedPath, ExplainedRoute, NotAdvertised, RouteAttributes, Sent,
    SpeakerExplanation,
};
use super::{links, notes};
use crate::Reason;

/// Why a speaker has, or has not, routes around a destination.
pub(super) fn explain(
    exchange: &Exchange,
    name: &str,
    destination: Prefix,
) -> Option<SpeakerExplanation> {
    let speakers = exchange.graph().named(name);
    let name = exchange.speaker(*speakers.first()?).name.clone();
    let mut missing = never_routes(exchange, speakers, destination);
    let is_missing = |prefix: &Prefix| {
        let mut missing = missing.iter().filter(|route| route.prefix == *prefix);
        missing.any(|route| route.because.rule == rules::IPV4_ONLY)
    };
    let mut routes = Vec::new();
    let known = known_around(exchange, destination).into_iter();
    for prefix in known.filter(|prefix| !is_missing(prefix)) {
        let way = Way::new(exchange, prefix);
        let each = speakers.iter().filter_map(|id| {
            let twin = links::twin_speaker(exchange, *id);
            let say = |by_link, id| Some(way.naming(by_link).explained_at(id));
            links::said_once(*id, twin, say)
        });
        let says = |route: &ExplainedRoute| !route.is_empty() || !route.advertisements.is_empty();
        routes.extend(merged(each.filter(says), std::slice::from_mut));
    }
    if routes.is_empty() && missing.is_empty() {
        missing.extend(unannounced(exchange, destination));
    }
    Some(SpeakerExplanation {
        speaker: name,
        destination,
        routes,
        missing,
    })
}

/// Which instance of a Route Server, or of a gateway that has two, a speaker is.
pub(crate) fn instance_of_several(exchange: &Exchange, id: SpeakerId) -> Option<u8> {
    let speaker = exchange.speaker(id);
    let several = exchange.graph().named(&speaker.name).len() > 1;
    speaker.instance().filter(|_| several)
}

/// A prefix on the way back to where its routes come from.
pub(super) struct Way<'a> {
    exchange: &'a Exchange,
    prefix: Prefix,
    /// The speakers it came by, the last one included.
    visited: BTreeSet<SpeakerId>,
    /// Whether circuits are called by their link, as where the two differ.
    names_links: bool,
}

impl<'a> Way<'a> {
    /// At its end.
    pub(super) fn new(exchange: &'a Exchange, prefix: Prefix) -> Self {
        Self {
            exchange,
            prefix,
            visited: BTreeSet::new(),
            names_links: false,
        }
    }

    /// The same way, where circuits are called by their link.
    fn naming(&self, by_link: bool) -> Self {
        Self {
            names_links: self.names_links || by_link,
            ..self.by([])
        }
    }

    /// What a speaker is called, its instance left out.
    fn called(&self, id: SpeakerId) -> String {
        let speaker = self.exchange.speaker(id);
        match speaker.kind {
            SpeakerKind::Edge { .. } | SpeakerKind::CustomerEdge { .. } if self.names_links => {
                speaker.with_link()
            }
            SpeakerKind::CustomerEdge { .. } => speaker.to_string(),
            _ => speaker.name.clone(),
        }
    }

    /// What a speaker has of the prefix, and what becomes of it at its neighbours.
    fn explained_at(&self, id: SpeakerId) -> ExplainedRoute {
        ExplainedRoute {
            advertisements: self.advertisements(id),
            ..self.route_at(id)
        }
    }

    /// The same way, further back.
    fn by(&self, speakers: impl IntoIterator<Item = SpeakerId>) -> Self {
        let visited = self.visited.iter().copied().chain(speakers);
        Self {
            visited: visited.collect(),
            ..*self
        }
    }

    /// The same way, where another prefix became this one.
    fn made_of(&self, prefix: Prefix) -> Self {
        Self {
            prefix,
            ..self.by([])
        }
    }

    /// What a speaker has of the prefix, and who has it and does not send it.
    pub(super) fn route_at(&self, id: SpeakerId) -> ExplainedRoute {
        let speaker = self.exchange.speaker(id);
        // What goes from one instance of a Route Server or gateway to the other goes nowhere.
        let way = match speaker.programs_nics() {
            true => self.by(self.exchange.graph().named(&speaker.name).iter().copied()),
            false => self.by([id]),
        };
        let paths = match self.exchange.rib(id) {
            Some(rib) => {
                let paths = rib.paths(self.prefix);
                let all = paths.iter();
                let named = all.map(|path| way.stored_by_link(id, rib, (&paths, path)));
                named.collect()
            }
            None => way.received_paths(id),
        };
        let mut not_advertised = way.not_advertised_to(id);
        if paths.is_empty() {
            not_advertised.extend(way.kept_by_nvas(id));
        }
        ExplainedRoute {
            paths,
            not_advertised,
            ..self.no_route(id)
        }
    }

    fn no_route(&self, id: SpeakerId) -> ExplainedRoute {
        ExplainedRoute {
            speaker: self.called(id),
            instances: instance_of_several(self.exchange, id).into_iter().collect(),
            role: self.exchange.speaker(id).role(),
            prefix: self.prefix,
            paths: Vec::new(),
            not_advertised: Vec::new(),
            advertisements: Vec::new(),
        }
    }

    /// The path that a speaker passes on, and how it came there.
    fn best_at(&self, id: SpeakerId) -> ExplainedRoute {
        let mut route = self.no_route(id);
        let fresh = !self.visited.contains(&id);
        if let Some(rib) = self.exchange.rib(id).filter(|_| fresh) {
            let way = self.by([id]);
            let paths = rib.paths(self.prefix);
            let mut best = paths.iter().filter(|path| path.standing == Standing::Best);
            if let Some(path) = best.next() {
                let path = way.stored_by_link(id, rib, (&paths, path));
                route.paths.push(path);
            }
        }
        if self.siblings_agree(id) {
            route.instances.clear();
        }
        route
    }

    /// Whether the other instance of a gateway has its best path from the same neighbour with the
    /// same AS path, so that it is no matter whose path it is.
    fn siblings_agree(&self, id: SpeakerId) -> bool {
        let exchange = self.exchange;
        let best = |id: SpeakerId| {
            let rib = exchange.rib(id)?;
            let best = *rib.best(self.prefix).first()?;
            let from = match rib.origin(best.source) {
                Origin::Link(link) => exchange.graph().link(link).peer_of(id),
                _ => None,
            };
            let from = from.map(|from| &exchange.speaker(from).name);
            Some((from, rib.attrs(best.attrs).as_path))
        };
        let speaker = exchange.speaker(id);
        let mut siblings = exchange.graph().named(&speaker.name).iter();
        speaker.gateway().is_some() && siblings.all(|sibling| best(*sibling) == best(id))
    }

    /// What a neighbour sends to a speaker over the link of an origin.
    fn outbound(&self, origin: Origin, to: SpeakerId) -> Option<Outbound<'a>> {
        let Origin::Link(link) = origin else {
            return None;
        };
        let receiver = self.exchange.graph().link(link).side_of(to)?;
        Some(self.exchange.outbound(link, receiver.other()))
    }

    /// A path of a speaker, by the name of the circuit where the path by its other link says the
    /// same, else by the name of the link.
    fn stored_by_link(
        &self,
        id: SpeakerId,
        rib: RibView<'_>,
        (all, path): (&[PathView], &PathView),
    ) -> ExplainedPath {
        let said = self.stored_path(id, rib, path);
        let twin = match rib.origin(path.path.source) {
            Origin::Link(link) => links::twin_of_neighbor(self.exchange, id, link),
            _ => None,
        };
        let Some(twin) = twin else {
            return said;
        };
        let is_twin = |other: &&PathView| rib.origin(other.path.source) == Origin::Link(twin);
        let other = all.iter().find(is_twin);
        let same = other.is_some_and(|other| {
            let other = self.stored_path(id, rib, other);
            links::without_next_hops(&other) == links::without_next_hops(&said)
        });
        if same {
            return said;
        }
        let outbound = self.outbound(rib.origin(path.path.source), id);
        let outbound = outbound.filter(|_| links::announce_differently(rib, path, other));
        let differ = outbound.and_then(|outbound| notes::of_links(self.exchange, outbound));
        let mut said = self.naming(true).stored_path(id, rib, path);
        said.notes.extend(differ);
        said
    }

    fn stored_path(&self, id: SpeakerId, rib: RibView<'_>, path: &PathView) -> ExplainedPath {
        let outbound_of = |source| self.outbound(rib.origin(source), id);
        let name = |source| Some(self.called(outbound_of(source)?.sender()));
        let outbound = outbound_of(path.path.source);
        let received = path.received.or(path.attrs);
        let received = received.map_or_else(Attrs::default, |id| self.exchange.attrs(id));
        let changed = path.received.is_some() && path.received != path.attrs;
        let imported = path.attrs.filter(|_| changed);
        let mut evidence = notes::of_loss(self.exchange, id, rib, path);
        let standing = match path.standing {
            Standing::Best => PathStanding::Best,
            Standing::Equal => PathStanding::Equal,
            Standing::Replaced => PathStanding::Replaced,
            Standing::Lost { step, to } => PathStanding::Lost {
                step,
                to: name(to.source),
            },
            Standing::Ineligible(rule) => {
                if let Some(outbound) = outbound {
                    evidence = refusal(self.exchange, outbound, self.prefix, &received, rule);
                }
                PathStanding::Refused(rule)
            }
        };
        let prefixes = if path.path.derived {
            replaced_by(rib, path, self.prefix)
        } else {
            vec![self.prefix]
        };
        let map_rules =
            outbound.map(|outbound| notes::inbound_map_rules(rib, outbound, path, &prefixes));
        let notes = outbound.map(|outbound| notes::of_path(self.exchange, outbound, &received));
        let from = name(path.path.source);
        let age = notes::of_age(path, from.as_deref().unwrap_or_default());
        ExplainedPath {
            from,
            received: RouteAttributes::from(&received),
            other_next_hops: Vec::new(),
            imported: imported.map(|id| RouteAttributes::from(&self.exchange.attrs(id))),
            map_rules: map_rules.unwrap_or_default(),
            standing,
            evidence,
            notes: notes.into_iter().flatten().chain(age).collect(),
            sent: outbound.map(|outbound| self.sent(outbound, &prefixes)),
        }
    }

    /// What a speaker without a RIB receives.
    fn received_paths(&self, id: SpeakerId) -> Vec<ExplainedPath> {
        let (exchange, prefix) = (self.exchange, self.prefix);
        let paths = exchange.outbound_to(id).filter_map(|outbound| {
            let attrs = sent_as(exchange, outbound, prefix).ok()?;
            let refused = looped(exchange, id, &attrs);
            let evidence = refused.map(|rule| refusal(exchange, outbound, prefix, &attrs, rule));
            Some(ExplainedPath {
                from: Some(self.called(outbound.sender())),
                received: RouteAttributes::from(&attrs),
                other_next_hops: Vec::new(),
                imported: None,
                map_rules: Vec::new(),
                standing: refused.map_or(PathStanding::Equal, PathStanding::Refused),
                evidence: evidence.unwrap_or_default(),
                notes: Vec::new(),
                sent: Some(self.sent(outbound, &[prefix])),
            })
        });
        paths.collect()
    }

    /// How the sender came to send these prefixes.
    fn sent(&self, outbound: Outbound<'_>, prefixes: &[Prefix]) -> Sent {
        let originated = |prefix: &Prefix| outbound.originated_for(*prefix).is_some();
        let sender = outbound.sender();
        if prefixes.iter().any(|prefix| outbound.is_summary(*prefix)) {
            let rule = rules::SUMMARIZED_GATEWAY_PREFIXES;
            return Sent::Summary { rule };
        }
        if self.exchange.rib(sender).is_none() || prefixes.iter().all(originated) {
            return Sent::Announced;
        }
        let (mut changed_by, mut map_rules) = (Vec::new(), Vec::new());
        let mut routes = Vec::new();
        for prefix in prefixes.iter().filter(|prefix| !originated(prefix)) {
            for made_of in self.leave_as(outbound, *prefix) {
                changed_by.extend(outbound.changing_rules(made_of));
                map_rules.extend(outbound.outbound_map_rules(made_of));
                routes.push(self.made_of(made_of).best_at(sender));
            }
        }
        changed_by.sort_unstable();
        changed_by.dedup();
        map_rules.sort_unstable();
        map_rules.dedup();
        Sent::PassedOn {
            changed_by,
            map_rules,
            routes,
        }
    }

    /// The prefixes of the sender's RIB that leave as this one.
    fn leave_as(&self, outbound: Outbound<'_>, prefix: Prefix) -> Vec<Prefix> {
        let leaves = |of: &Prefix| {
            outbound
                .route_for(*of)
                .is_ok_and(|(sent, _)| sent == prefix)
        };
        match (
            outbound.outbound_map(),
            self.exchange.rib(outbound.sender()),
        ) {
            (Some(_), Some(rib)) => rib.prefixes().filter(leaves).collect(),
            _ => vec![prefix],
        }
    }

    /// Neighbours from which nothing comes although they, or others behind them, have the route.
    fn not_advertised_to(&self, id: SpeakerId) -> Vec<NotAdvertised> {
        let outbound = self.exchange.outbound_to(id);
        let others = outbound.filter(|outbound| {
            !self.visited.contains(&outbound.sender()) && is_told(self.exchange, *outbound)
        });
        let not_advertised = others.filter_map(|outbound| {
            let say = |by_link, outbound| {
                let way = self.naming(by_link);
                let because = sent_as(self.exchange, outbound, self.prefix).err()?;
                way.not_advertised(outbound, because)
            };
            let twin = links::twin_outbound(self.exchange, id, outbound);
            links::said_once(outbound, twin, say)
        });
        merged(not_advertised, |neighbor| &mut neighbor.routes)
    }

    fn not_advertised(&self, outbound: Outbound<'_>, because: Reason) -> Option<NotAdvertised> {
        let by = outbound.sender();
        let rib = self.exchange.rib(by);
        let best = rib.and_then(|rib| Some(rib.origin(rib.best(self.prefix).first()?.source)));
        let (because, routes) = match best {
            Some(origin) => {
                // What it has came this way.
                let from = self.outbound(origin, by);
                if from.is_some_and(|from| self.visited.contains(&from.sender())) {
                    return None;
                }
                (Some(because), vec![self.best_at(by)])
            }
            None if outbound.originated_for(self.prefix).is_some() => (Some(because), Vec::new()),
            None => {
                // Who keeps nothing passes nothing on, and gateways pass on little to those beside
                // them.
                rib?;
                if outbound.link().kind == LinkKind::GatewayToPeer {
                    return None;
                }
                let route = self.route_at(by);
                if route.is_empty() {
                    return None;
                }
                (None, vec![route])
            }
        };
        Some(NotAdvertised {
            by: self.called(by),
            because,
            routes,
        })
    }

    /// NVAs that hear of the prefix from others and have no rule by which to pass anything on:
    /// they hold no routes.
    fn kept_by_nvas(&self, id: SpeakerId) -> Vec<NotAdvertised> {
        let exchange = self.exchange;
        let nvas = exchange.outbound_to(id).filter(|outbound| {
            let by = outbound.sender();
            let is_nva = matches!(exchange.speaker(by).kind, SpeakerKind::Nva { .. });
            is_nva && exchange.rib(by).is_none() && !self.visited.contains(&by)
        });
        let kept = nvas.filter_map(|outbound| {
            let by = outbound.sender();
            outbound
                .originated_for(self.prefix)
                .is_none()
                .then_some(())?;
            let way = self.by([by]);
            let paths = way.received_paths(by).into_iter();
            let visited = self.visited.iter().map(|id| self.called(*id));
            let visited: BTreeSet<String> = visited.collect();
            let from_others = paths.filter(|path| {
                let back = path
                    .from
                    .as_ref()
                    .is_some_and(|from| visited.contains(from));
                path.standing == PathStanding::Equal && !back
            });
            let route = ExplainedRoute {
                paths: from_others.collect(),
                ..self.no_route(by)
            };
            let because = match down_reason(exchange, outbound) {
                Some(down) => down,
                None => not_readvertised(exchange, outbound),
            };
            (!route.paths.is_empty()).then(|| NotAdvertised {
                by: self.called(by),
                because: Some(because),
                routes: vec![route],
            })
        });
        merged(kept, |neighbor| &mut neighbor.routes)
    }

    /// What becomes of a speaker's route at each of its neighbours.
    fn advertisements(&self, id: SpeakerId) -> Vec<Advertisement> {
        let (exchange, prefix) = (self.exchange, self.prefix);
        let rib = exchange.rib(id);
        let holds = rib.is_some_and(|rib| !rib.best(prefix).is_empty());
        let outbound = exchange.outbound_from(id);
        let has = |outbound: &Outbound<'_>| {
            is_told(exchange, *outbound) && (holds || outbound.originated_for(prefix).is_some())
        };
        let advertisements = outbound.filter(has).filter_map(|outbound| {
            let say = |by_link, outbound| Some(self.naming(by_link).advertisement(outbound));
            let twin = links::twin_outbound(exchange, id, outbound);
            links::said_once(outbound, twin, say)
        });
        let mut all: Vec<Advertisement> = Vec::new();
        for advertisement in advertisements {
            // Instances of a gateway hear the same.
            if !all.contains(&advertisement) {
                all.push(advertisement);
            }
        }
        all
    }

    /// What becomes of a route at a neighbour.
    fn advertisement(&self, outbound: Outbound<'_>) -> Advertisement {
        let receiver = self.exchange.speaker(outbound.receiver());
        let to = match receiver.circuit_link() {
            Some(_) if self.names_links => receiver.with_link(),
            _ => receiver.to_string(),
        };
        match sent_as(self.exchange, outbound, self.prefix) {
            Ok(attrs) => Advertisement::Sent {
                to,
                attributes: RouteAttributes::from(&attrs),
                changed_by: outbound.changing_rules(self.prefix),
                map_rules: outbound.outbound_map_rules(self.prefix),
                refused: self.refused_there(outbound, &attrs),
            },
            Err(because) => Advertisement::Blocked { to, because },
        }
    }

    /// Why the receiver refused what it was sent.
    fn refused_there(&self, outbound: Outbound<'_>, attrs: &Attrs) -> Option<Reason> {
        let (exchange, prefix) = (self.exchange, self.prefix);
        let id = outbound.receiver();
        let rule = match (exchange.rib(id), outbound.source()) {
            (Some(rib), Some(source)) => {
                let paths = rib.paths(prefix);
                let received = |path: &&PathView| path.path.source == source && !path.path.derived;
                match paths.iter().find(received)?.standing {
                    Standing::Ineligible(rule) => rule,
                    _ => return None,
                }
            }
            _ => looped(exchange, id, attrs)?,
        };
        let evidence = refusal(exchange, outbound, prefix, attrs, rule);
        Some(Reason { rule, evidence })
    }
}

impl ExplainedRoute {
    /// Whether there is nothing to say of it.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.not_advertised.is_empty()
    }
}

/// What is the same at several instances of a Route Server as one; `routes` say of which instances
/// an item holds. Each instance puts itself as next hop, which makes no difference.
pub(super) fn merged<T: Clone + PartialEq>(
    each: impl IntoIterator<Item = T>,
    routes: fn(&mut T) -> &mut [ExplainedRoute],
) -> Vec<T> {
    let anywhere = |item: &T| {
        let mut anywhere = item.clone();
        for route in routes(&mut anywhere) {
            route.instances.clear();
            for advertisement in &mut route.advertisements {
                if let Advertisement::Sent { attributes, .. } = advertisement {
                    attributes.next_hop = None;
                }
            }
        }
        anywhere
    };
    let mut all: Vec<T> = Vec::new();
    for mut item in each {
        let same = |known: &&mut T| anywhere(known) == anywhere(&item);
        let Some(known) = all.iter_mut().find(same) else {
            all.push(item);
            continue;
        };
        for (route, other) in routes(known).iter_mut().zip(routes(&mut item)) {
            route.instances.append(&mut other.instances);
            route.instances.sort_unstable();
            route.instances.dedup();
        }
    }
    all
}

/// Whether the receiver could hear of anything: what a gateway has of a site without BGP is no
/// session, and says nothing where there is one too.
fn is_told(exchange: &Exchange, outbound: Outbound<'_>) -> bool {
    let link = outbound.link();
    let session = exchange
        .graph()
        .link_between(link.a.speaker, link.b.speaker);
    !link.kind.is_static() || session.is_none_or(|id| exchange.graph().link(id).kind == link.kind)
}

/// The rule by which a speaker without a RIB refuses a route, if it does.
fn looped(exchange: &Exchange, id: SpeakerId, attrs: &Attrs) -> Option<RuleId> {
    let own = exchange.speaker(id).asn?;
    let looped = attrs.as_path.contains(own);
    looped.then_some(rules::OWN_AS_IN_PATH)
}

/// The received prefixes that a path made by a route map stands for.
fn replaced_by(rib: RibView<'_>, path: &PathView, prefix: Prefix) -> Vec<Prefix> {
    let made = rib.adj_in(path.path.source).filter(
        |route| matches!(route.imported, Admission::Replace { prefix: into, .. } if into == prefix),
    );
    made.map(|route| route.prefix).collect()
}

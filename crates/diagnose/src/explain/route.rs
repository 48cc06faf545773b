//! A route at a speaker: its paths, how each came there, and who has one and does not send it.

use std::collections::BTreeSet;

use routehub_policy::{Outcome, Policy, RouteMeta};
use routehub_rib::{Imported, PathView, Standing};
use routehub_types::{Attrs, Family, Prefix, RuleId};

use crate::exchange::Exchange;
use crate::link::{LinkId, Side};
use crate::reports::PathStanding;
use crate::rules;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::{Origin, Table};

use super::{
    Carried, ExplainedPath, ExplainedRoute, MissingRoute, Reason, Sent, SpeakerExplanation, Told,
    Withheld,
};

/// The speakers on the way back to where a route comes from.
pub(super) type Seen = BTreeSet<SpeakerId>;

impl Exchange {
    /// Why a speaker has, or has not, routes around a destination.
    pub(super) fn explain_speaker(
        &self,
        name: &str,
        destination: Prefix,
    ) -> Option<SpeakerExplanation> {
        let speakers = self.graph.named(name);
        let name = self.graph.speaker(*speakers.first()?).name.clone();
        let mut routes = Vec::new();
        for prefix in self.known_around(destination) {
            let each = speakers.iter().map(|speaker| {
                let told = self.told(*speaker, prefix);
                ExplainedRoute {
                    told,
                    ..self.route_at(*speaker, prefix, &Seen::new())
                }
            });
            let says = |one: &ExplainedRoute| !one.is_empty() || !one.told.is_empty();
            routes.extend(merged(each.filter(says).collect()));
        }
        Some(SpeakerExplanation {
            speaker: name,
            destination,
            routes,
            missing: self.never_routes(destination),
        })
    }

    /// Prefixes around a destination that are never exchanged: pools of point-to-site clients
    /// and IPv6 prefixes of networks.
    fn never_routes(&self, destination: Prefix) -> Vec<MissingRoute> {
        let mut all = Vec::new();
        let mut never = |prefix: &Prefix, rule: u16, evidence: String| {
            if prefix.contains(destination) {
                let because = Reason::new(RuleId(rule), evidence);
                all.push(MissingRoute {
                    prefix: *prefix,
                    because,
                    routes: Vec::new(),
                });
            }
        };
        for gateway in &self.estate.gateways {
            for pool in &gateway.p2s_pools {
                never(
                    pool,
                    96,
                    format!("point-to-site clients of {}", gateway.name),
                );
            }
        }
        for vnet in self.estate.vnets.iter().filter(|_| !self.parameters.ipv6) {
            let ipv6 = vnet
                .address_space
                .iter()
                .filter(|one| one.family() == Family::Ipv6);
            ipv6.for_each(|space| never(space, 59, format!("of VNet {}", vnet.name)));
        }
        all
    }

    /// What a speaker has of a prefix, and who has it and does not send it.
    pub(super) fn route_at(&self, id: SpeakerId, prefix: Prefix, seen: &Seen) -> ExplainedRoute {
        let mut seen = seen.clone();
        seen.extend(self.siblings(id));
        let paths = match self.table(id) {
            Some(table) => {
                let views = table.rib.paths(&self.store, prefix);
                let paths = views.iter();
                paths
                    .map(|view| self.stored_path(id, table, prefix, view, &seen))
                    .collect()
            }
            None => self.heard_paths(id, prefix, &seen),
        };
        ExplainedRoute {
            paths,
            withheld: self.withheld(id, prefix, &seen),
            ..self.no_route(id, prefix)
        }
    }

    fn no_route(&self, id: SpeakerId, prefix: Prefix) -> ExplainedRoute {
        let speaker = self.graph.speaker(id);
        ExplainedRoute {
            speaker: self.called(id),
            instances: match speaker.kind {
                SpeakerKind::RouteServer { instance, .. } => vec![instance],
                _ => Vec::new(),
            },
            prefix,
            paths: Vec::new(),
            withheld: Vec::new(),
            told: Vec::new(),
        }
    }

    /// The path that a speaker passes on, and how it came there.
    fn best_at(&self, id: SpeakerId, prefix: Prefix, seen: &Seen) -> ExplainedRoute {
        let mut seen = seen.clone();
        let mut route = self.no_route(id, prefix);
        if let Some(table) = self.table(id).filter(|_| seen.insert(id)) {
            let views = table.rib.paths(&self.store, prefix);
            let best = views.iter().find(|view| view.standing == Standing::Best);
            route
                .paths
                .extend(best.map(|view| self.stored_path(id, table, prefix, view, &seen)));
        }
        route
    }

    fn stored_path(
        &self,
        id: SpeakerId,
        table: &Table,
        prefix: Prefix,
        view: &PathView,
        seen: &Seen,
    ) -> ExplainedPath {
        let origin = table.origin(view.path.source);
        let name = |source| match table.origin(source) {
            Origin::Link(link) => self.neighbor(link, id),
            Origin::OwnNetwork | Origin::Spoke => None,
        };
        let received = view.received.or(view.attrs).map(|id| self.store.attrs(id));
        let received = received.unwrap_or_default();
        let changed = view
            .attrs
            .filter(|attrs| view.received.is_some_and(|was| was != *attrs));
        let mut evidence = String::new();
        let standing = match view.standing {
            Standing::Best => PathStanding::Best,
            Standing::Equal => PathStanding::Equal,
            Standing::Replaced => PathStanding::Replaced,
            Standing::Lost { step, to } => PathStanding::Lost {
                step,
                to: name(to.source),
            },
            Standing::Ineligible(rule) => {
                if let Origin::Link(link) = origin
                    && let Some(side) = self.graph.link(link).side_of(id)
                {
                    evidence = self.refusal(link, side, prefix, &received, rule);
                }
                PathStanding::Refused(rule)
            }
        };
        let sent = match origin {
            Origin::Link(link) => {
                let prefixes = if view.path.derived {
                    replaced_by(table, view, prefix)
                } else {
                    vec![prefix]
                };
                self.sent(link, id, &prefixes, seen)
            }
            Origin::OwnNetwork | Origin::Spoke => None,
        };
        ExplainedPath {
            from: name(view.path.source),
            received: Carried::from(&received),
            imported: changed.map(|id| Carried::from(&self.store.attrs(id))),
            standing,
            evidence,
            sent,
        }
    }

    /// What a speaker without a RIB hears.
    fn heard_paths(&self, id: SpeakerId, prefix: Prefix, seen: &Seen) -> Vec<ExplainedPath> {
        let own = self.graph.speaker(id).asn;
        let links = self.graph.links_of(id).iter();
        let paths = links.filter_map(|link| {
            let side = self.graph.link(*link).side_of(id)?;
            let attrs = self.offered(*link, side.other(), prefix).ok()?;
            let looped = own.is_some_and(|own| attrs.as_path.contains(own));
            let mut evidence = String::new();
            let mut standing = PathStanding::Equal;
            if looped {
                let rule = rules::OWN_AS_IN_PATH;
                evidence = self.refusal(*link, side, prefix, &attrs, rule);
                standing = PathStanding::Refused(rule);
            }
            Some(ExplainedPath {
                from: self.neighbor(*link, id),
                received: Carried::from(&attrs),
                imported: None,
                standing,
                evidence,
                sent: self.sent(*link, id, &[prefix], seen),
            })
        });
        paths.collect()
    }

    /// How the neighbour at the far end of a link came to send these prefixes.
    fn sent(&self, link: LinkId, to: SpeakerId, prefixes: &[Prefix], seen: &Seen) -> Option<Sent> {
        let one = self.graph.link(link);
        let side = one.side_of(to)?.other();
        let by = one.end(side).speaker;
        let stated = |prefix: &Prefix| self.stated_for(link, side, *prefix).is_some();
        if self.table(by).is_none() || prefixes.iter().all(stated) {
            return Some(Sent::Announced);
        }
        let mut changed_by = Vec::new();
        let mut routes = Vec::new();
        for prefix in prefixes.iter().filter(|one| !stated(one)) {
            for made_of in self.made_of(link, side, *prefix) {
                changed_by.extend(self.export_rules(link, side, made_of));
                routes.push(self.best_at(by, made_of, seen));
            }
        }
        changed_by.sort_unstable();
        changed_by.dedup();
        Some(Sent::PassedOn { changed_by, routes })
    }

    /// The prefixes of the sender's table that leave as this one.
    fn made_of(&self, link: LinkId, side: Side, prefix: Prefix) -> Vec<Prefix> {
        let leaves_as = |one: Prefix| self.passed_on(link, side, one).map(|(sent, _)| sent);
        let policies = self.policies();
        let map = policies.outbound_map(self.graph.link(link), side);
        let table = self.table(self.graph.link(link).end(side).speaker);
        match (map, table) {
            (Some(_), Some(table)) => {
                let prefixes = table.prefixes();
                prefixes
                    .filter(|one| leaves_as(*one) == Ok(prefix))
                    .collect()
            }
            _ => vec![prefix],
        }
    }

    /// The rules that change a route of a speaker's table on its way out.
    fn export_rules(&self, link: LinkId, side: Side, prefix: Prefix) -> Vec<RuleId> {
        let Some(table) = self.table(self.graph.link(link).end(side).speaker) else {
            return Vec::new();
        };
        let Some(best) = table.rib.best(prefix).first().copied() else {
            return Vec::new();
        };
        let meta = RouteMeta {
            source: table.class(best.source),
            neighbor: None,
        };
        let export = &self.direction_of(link, side).export;
        changing_rules(export, &self.store.attrs(best.attrs), prefix, &meta)
    }

    /// Neighbours from which nothing comes although they, or others behind them, have the route.
    fn withheld(&self, id: SpeakerId, prefix: Prefix, seen: &Seen) -> Vec<Withheld> {
        let mut all = Vec::new();
        for link in self.graph.links_of(id).iter().copied() {
            let one = self.graph.link(link);
            let Some(side) = one.side_of(id) else {
                continue;
            };
            let by = one.end(side.other()).speaker;
            if seen.contains(&by) {
                continue;
            }
            let Err(because) = self.offered(link, side.other(), prefix) else {
                continue;
            };
            all.extend(self.withheld_by(link, side.other(), prefix, because, seen));
        }
        merged_withheld(all)
    }

    fn withheld_by(
        &self,
        link: LinkId,
        side: Side,
        prefix: Prefix,
        because: Reason,
        seen: &Seen,
    ) -> Option<Withheld> {
        let by = self.graph.link(link).end(side).speaker;
        let name = self.neighbor(link, self.graph.link(link).end(side.other()).speaker)?;
        let best = self.table(by).and_then(|table| {
            let best = table.rib.best(prefix);
            best.first().map(|best| table.origin(best.source))
        });
        let comes_back = |link: LinkId| {
            let peer = self.graph.link(link).peer_of(by);
            peer.is_some_and(|peer| seen.contains(&peer))
        };
        match best {
            // What it has came this way.
            Some(Origin::Link(from)) if comes_back(from) => None,
            Some(_) => Some(Withheld {
                by: name,
                because: Some(because),
                routes: vec![self.best_at(by, prefix, seen)],
            }),
            None if self.stated_for(link, side, prefix).is_some() => Some(Withheld {
                by: name,
                because: Some(because),
                routes: Vec::new(),
            }),
            // Who keeps nothing passes nothing on.
            None if self.table(by).is_none() => None,
            None => {
                let route = self.route_at(by, prefix, seen);
                (!route.is_empty()).then(|| Withheld {
                    by: name,
                    because: None,
                    routes: vec![route],
                })
            }
        }
    }

    /// What becomes of a speaker's route at each of its neighbours.
    fn told(&self, id: SpeakerId, prefix: Prefix) -> Vec<Told> {
        let mut all = Vec::new();
        for link in self.graph.links_of(id).iter().copied() {
            let one = self.graph.link(link);
            let Some(side) = one.side_of(id) else {
                continue;
            };
            let has = self.stated_for(link, side, prefix).is_some()
                || self
                    .table(id)
                    .is_some_and(|table| !table.rib.best(prefix).is_empty());
            if !has {
                continue;
            }
            let receiver = self.graph.speaker(one.end(side.other()).speaker);
            let to = match receiver.kind {
                SpeakerKind::RouteServer { .. } | SpeakerKind::CustomerEdge { .. } => {
                    receiver.to_string()
                }
                _ => receiver.name.clone(),
            };
            all.push(match self.offered(link, side, prefix) {
                Ok(attrs) => Told::Sent {
                    to,
                    carried: Carried::from(&attrs),
                    changed_by: self.export_rules(link, side, prefix),
                    refused: self.refused_there(link, side.other(), prefix, &attrs),
                },
                Err(because) => Told::Blocked { to, because },
            });
        }
        all
    }

    /// Why the speaker on `side` refused what it was sent.
    fn refused_there(
        &self,
        link: LinkId,
        side: Side,
        prefix: Prefix,
        attrs: &Attrs,
    ) -> Option<Reason> {
        let id = self.graph.link(link).end(side).speaker;
        let rule = match (self.table(id), self.direction_of(link, side.other()).source) {
            (Some(table), Some(source)) => {
                let views = table.rib.paths(&self.store, prefix);
                let view = views
                    .into_iter()
                    .find(|view| view.path.source == source && !view.path.derived)?;
                match view.standing {
                    Standing::Ineligible(rule) => rule,
                    _ => return None,
                }
            }
            _ => {
                let own = self.graph.speaker(id).asn?;
                attrs
                    .as_path
                    .contains(own)
                    .then_some(rules::OWN_AS_IN_PATH)?
            }
        };
        let evidence = self.refusal(link, side, prefix, attrs, rule);
        Some(Reason { rule, evidence })
    }

    /// The name of the speaker at the other end of a link.
    fn neighbor(&self, link: LinkId, of: SpeakerId) -> Option<String> {
        let peer = self.graph.link(link).peer_of(of)?;
        Some(self.called(peer))
    }

    /// What a speaker is called, its instance left out.
    fn called(&self, id: SpeakerId) -> String {
        let speaker = self.graph.speaker(id);
        match speaker.kind {
            SpeakerKind::CustomerEdge { .. } => speaker.to_string(),
            _ => speaker.name.clone(),
        }
    }

    /// A speaker, and the other instance if it is one of a Route Server: what goes from one to
    /// the other goes nowhere.
    fn siblings(&self, id: SpeakerId) -> Vec<SpeakerId> {
        let speaker = self.graph.speaker(id);
        match speaker.kind {
            SpeakerKind::RouteServer { .. } => self.graph.named(&speaker.name).to_vec(),
            _ => vec![id],
        }
    }
}

impl ExplainedRoute {
    /// Whether there is nothing to say of it.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.withheld.is_empty()
    }
}

/// The received prefixes that a path made by a route map stands for.
fn replaced_by(table: &Table, view: &PathView, prefix: Prefix) -> Vec<Prefix> {
    let received = table.adj_in(view.path.source);
    let made = received.filter(
        |one| matches!(one.imported, Imported::Replaced { prefix: into, .. } if into == prefix),
    );
    made.map(|one| one.prefix).collect()
}

/// The rules of a policy that change a route which passes.
fn changing_rules(policy: &Policy, attrs: &Attrs, prefix: Prefix, meta: &RouteMeta) -> Vec<RuleId> {
    let (verdict, steps) = policy.explain(attrs, prefix, meta);
    if !matches!(verdict.outcome, Outcome::Accept { .. }) {
        return Vec::new();
    }
    let changing = steps
        .iter()
        .filter(|step| step.changed && step.rule != rules::NONE);
    changing.map(|step| step.rule).collect()
}

/// The same routes at several instances as one.
pub(super) fn merged(routes: Vec<ExplainedRoute>) -> Vec<ExplainedRoute> {
    let mut all: Vec<ExplainedRoute> = Vec::new();
    for route in routes {
        let same = |one: &&mut ExplainedRoute| {
            one.speaker == route.speaker
                && one.prefix == route.prefix
                && one.paths == route.paths
                && one.withheld == route.withheld
                && same_told(&one.told, &route.told)
        };
        match all.iter_mut().find(same) {
            Some(one) => one.instances.extend(route.instances),
            None => all.push(route),
        }
    }
    all
}

/// What both instances of a Route Server withhold for the same reason as one.
fn merged_withheld(each: Vec<Withheld>) -> Vec<Withheld> {
    let anywhere = |routes: &[ExplainedRoute]| -> Vec<ExplainedRoute> {
        let mut routes = routes.to_vec();
        routes.iter_mut().for_each(|route| route.instances.clear());
        routes
    };
    let mut all: Vec<Withheld> = Vec::new();
    for one in each {
        let same = |other: &&mut Withheld| {
            other.by == one.by
                && other.because == one.because
                && anywhere(&other.routes) == anywhere(&one.routes)
        };
        let Some(other) = all.iter_mut().find(same) else {
            all.push(one);
            continue;
        };
        for (route, same) in other.routes.iter_mut().zip(one.routes) {
            route.instances.extend(same.instances);
            route.instances.sort_unstable();
            route.instances.dedup();
        }
    }
    all
}

/// Whether both instances tell the same: each puts itself as next hop.
fn same_told(one: &[Told], other: &[Told]) -> bool {
    let without_next_hop = |told: &Told| match told.clone() {
        Told::Sent {
            to,
            carried,
            changed_by,
            refused,
        } => Told::Sent {
            to,
            carried: Carried {
                next_hop: None,
                ..carried
            },
            changed_by,
            refused,
        },
        blocked @ Told::Blocked { .. } => blocked,
    };
    let (one, other) = (one.iter(), other.iter());
    one.map(without_next_hop).eq(other.map(without_next_hop))
}

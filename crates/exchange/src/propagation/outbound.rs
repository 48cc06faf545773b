//! What one speaker sends to another, and why not: the one answer. The model's Adj-RIB-Out is
//! this view; nothing is stored.

use std::collections::BTreeMap;

use routehub_rib::SourceId;
use routehub_types::{Attrs, Prefix, RuleId};

use super::originated::{self, StaticRoutes};
use crate::estate::{Nva, RouteMapAction};
use crate::graph::{AdjacencyId, Deployment, Link, PeerClass, Speaker, SpeakerId};
use crate::policy::Policies;
use crate::ribs::{RibView, Ribs};
use crate::rules;

/// What one speaker sends to a neighbour, and why not.
#[derive(Clone, Copy)]
pub struct Outbound<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) ribs: &'a Ribs,
    pub(super) static_routes: &'a StaticRoutes,
    pub(super) adjacency: AdjacencyId,
}

/// Routes of a speaker's own by prefix; none is for a route of which this neighbour does not hear.
pub(super) type Originated = BTreeMap<Prefix, Option<Attrs>>;

impl<'a> Outbound<'a> {
    /// The link.
    pub fn link(self) -> &'a Link {
        self.deployment.graph().link(self.adjacency.link)
    }

    /// Who sends.
    pub fn sender(self) -> SpeakerId {
        self.link().end(self.adjacency.sender).speaker
    }

    /// Who receives.
    pub fn receiver(self) -> SpeakerId {
        self.deployment.graph().receiver_id(self.adjacency)
    }

    /// What the receiver's RIB calls the sender; none if the receiver only ends routes.
    pub fn source(self) -> Option<SourceId> {
        self.ribs.source(self.adjacency)
    }

    fn sending_speaker(self) -> &'a Speaker {
        self.deployment.graph().sender(self.adjacency)
    }

    /// The NVA that sends, if a model plays it.
    fn nva(self) -> Option<&'a Nva> {
        let nva = self.deployment.nva(self.sending_speaker());
        nva.filter(|_| !self.link().live)
    }

    /// The name of the receiver.
    fn neighbor(self) -> &'a str {
        &self.deployment.graph().receiver(self.adjacency).name
    }

    /// What the sender announces here of its own accord.
    pub fn originated(self) -> BTreeMap<Prefix, Attrs> {
        let own = self.all_originated().into_iter();
        own.filter_map(|(prefix, attrs)| Some((prefix, attrs?)))
            .collect()
    }

    /// The same with the prefixes that only others hear of: those are not passed on either.
    pub(super) fn all_originated(self) -> Originated {
        let mut own = Originated::new();
        if self.link().live {
            return own;
        }
        for routes in originated::on_premises(self.deployment, self.sending_speaker()) {
            let attrs = originated::on_premises_attrs(self.deployment, self.adjacency, routes);
            let prefixes = routes.prefixes.iter();
            own.extend(prefixes.map(|prefix| (*prefix, Some(attrs.clone()))));
        }
        let Some(nva) = self.nva() else { return own };
        let external = self.link().external;
        for origination in &nva.originates {
            let attrs = originated::originated_attrs(nva, origination, self.neighbor(), external);
            for prefix in &origination.routes.prefixes {
                let slot = own.entry(*prefix).or_insert(None);
                if attrs.is_some() {
                    slot.clone_from(&attrs);
                }
            }
        }
        let fixed = self.static_routes.of(self.adjacency.link);
        own.extend(fixed.map(|(prefix, attrs)| (*prefix, Some(attrs.clone()))));
        own
    }

    /// What the sender announces of its own accord for a prefix; none if it is not the sender's
    /// own, so that it may be passed on.
    ///
    /// # Errors
    /// [`ANNOUNCED_TO_OTHERS`](rules::ANNOUNCED_TO_OTHERS) if only other neighbours hear of it.
    pub fn originated_for(self, prefix: Prefix) -> Option<Result<Attrs, RuleId>> {
        if self.link().live {
            return None;
        }
        let Some(nva) = self.nva() else {
            let routes = originated::on_premises(self.deployment, self.sending_speaker());
            let mut last_first = routes.iter().rev();
            let routes = last_first.find(|routes| routes.prefixes.contains(&prefix))?;
            let attrs = originated::on_premises_attrs(self.deployment, self.adjacency, routes);
            return Some(Ok(attrs));
        };
        if let Some(attrs) = self.static_routes.route(self.adjacency.link, prefix) {
            return Some(Ok(attrs.clone()));
        }
        let external = self.link().external;
        let of_prefix = nva.originates.iter();
        let mut of_prefix = of_prefix
            .filter(|origination| origination.routes.prefixes.contains(&prefix))
            .peekable();
        of_prefix.peek()?;
        let mut sent = of_prefix.filter_map(|origination| {
            originated::originated_attrs(nva, origination, self.neighbor(), external)
        });
        Some(sent.next_back().ok_or(rules::ANNOUNCED_TO_OTHERS))
    }

    /// The sender's own prefixes around a destination, those for others included.
    pub fn originated_around(self, destination: Prefix) -> Vec<Prefix> {
        let mut around = Vec::new();
        if self.link().live {
            return around;
        }
        let nva = self.nva();
        let own = nva.into_iter().flat_map(|nva| &nva.originates);
        let own = own.map(|origination| &origination.routes);
        let on_premises = originated::on_premises(self.deployment, self.sending_speaker());
        for routes in own.chain(on_premises) {
            // A list may have thousands: a plain loop over each.
            let prefixes = routes.prefixes.iter();
            around.extend(prefixes.filter(|prefix| prefix.contains(destination)));
        }
        if nva.is_some() {
            let fixed = self.static_routes.of(self.adjacency.link);
            let fixed = fixed.map(|(prefix, _)| *prefix);
            around.extend(fixed.filter(|prefix| prefix.contains(destination)));
        }
        around
    }

    /// What the sender makes of a prefix of its RIB, whether or not the link is up: as what it
    /// leaves.
    ///
    /// # Errors
    /// The rule that keeps it back.
    pub fn route_for(self, prefix: Prefix) -> Result<(Prefix, Attrs), RuleId> {
        self.ribs.propagated(self.adjacency, prefix)
    }

    /// Everything that is sent; nothing if the link is down.
    pub fn routes(self) -> BTreeMap<Prefix, Attrs> {
        if self.link().is_up() {
            self.routes_if_up()
        } else {
            BTreeMap::new()
        }
    }

    /// Everything that would be sent if the link were up.
    pub fn routes_if_up(self) -> BTreeMap<Prefix, Attrs> {
        let originated = self.all_originated();
        let mut propagated = BTreeMap::new();
        let rib = self.ribs.rib(self.sender()).into_iter();
        let held = rib.flat_map(RibView::prefixes);
        for prefix in held.filter(|prefix| !originated.contains_key(prefix)) {
            if let Ok((sent, attrs)) = self.route_for(prefix) {
                // Where a map puts one prefix in the place of several, or of one that is
                // there already, the shortest AS path is sent, then what has its own name.
                let merit = (attrs.as_path.length(), sent != prefix);
                let better = |(best, _): &((usize, bool), Attrs)| merit < *best;
                if propagated.get(&sent).is_none_or(better) {
                    propagated.insert(sent, (merit, attrs));
                }
            }
        }
        let propagated = propagated.into_iter();
        let mut routes: BTreeMap<Prefix, Attrs> = propagated
            .map(|(prefix, (_, attrs))| (prefix, attrs))
            .collect();
        let own = originated.into_iter();
        routes.extend(own.filter_map(|(prefix, attrs)| Some((prefix, attrs?))));
        routes
    }

    /// The rules that change a prefix of the sender's RIB on its way out.
    pub fn changing_rules(self, prefix: Prefix) -> Vec<RuleId> {
        self.ribs.changing_rules(self.adjacency, prefix)
    }

    /// Whether the sender passes routes of a class on to the receiver.
    pub fn lets_pass(self, class: PeerClass) -> bool {
        Policies::of(self.deployment).lets_pass(self.adjacency, class)
    }

    /// The name of the route map on what the sender sends, if that is a Route Server.
    pub fn outbound_map(self) -> Option<String> {
        Some(self.deployment.outbound_map(self.adjacency)?.name.clone())
    }

    /// The name of the route map on what the receiver takes in, if that is a Route Server.
    pub fn inbound_map(self) -> Option<String> {
        Some(self.deployment.inbound_map(self.adjacency)?.name.clone())
    }

    /// Whether what is sent may stand under another prefix than what it comes from.
    pub(crate) fn rewrites_prefixes(self) -> bool {
        let map = self.deployment.outbound_map(self.adjacency);
        let mut rules = map.into_iter().flat_map(|map| &map.rules);
        rules.any(|rule| {
            let mut actions = rule.actions.iter();
            actions.any(|action| matches!(action, RouteMapAction::ReplacePrefix(_)))
        })
    }
}

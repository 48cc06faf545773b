//! The routes of all speakers: their RIBs, what passes between them, and the attribute sets that
//! they share. Nothing else indexes RIBs.

mod adjacency;
mod decision;
mod receive;
mod speaker_rib;

use std::borrow::Cow;

use routehub_policy::Outcome;
use routehub_rib::{AttrStore, BestPath, Rib, Source, SourceId};
use routehub_types::{AttrId, Attrs, Prefix, RuleId};

use crate::estate::RoutingPreference;
use crate::graph::{AdjacencyId, Deployment, SpeakerId};
use crate::policy::Policies;
use crate::rules;

use adjacency::Adjacency;
pub(crate) use adjacency::PolicyChange;
use speaker_rib::SpeakerRib;
pub use speaker_rib::{Origin, RibView};

/// Prefixes whose best paths at a speaker are others than before.
#[derive(Debug)]
#[must_use]
pub(crate) struct Changed {
    pub(crate) speaker: SpeakerId,
    pub(crate) prefixes: Vec<Prefix>,
}

/// The RIBs of all speakers and the adjacencies between them.
#[derive(Debug)]
pub(crate) struct Ribs {
    store: AttrStore,
    /// By speaker; none for those that only end routes.
    ribs: Vec<Option<SpeakerRib>>,
    /// By link, then by the side of the sender.
    adjacencies: Vec<[Adjacency; 2]>,
    seed: u64,
}

impl Ribs {
    /// Empty RIBs for the speakers and links of a deployment.
    pub(crate) fn new(deployment: &Deployment, seed: u64) -> Self {
        let mut ribs = Self {
            store: AttrStore::new(seed),
            ribs: Vec::new(),
            adjacencies: Vec::new(),
            seed,
        };
        ribs.extend(deployment);
        ribs
    }

    /// Makes RIBs and adjacencies for speakers and links that have none yet.
    pub(crate) fn extend(&mut self, deployment: &Deployment) {
        let graph = deployment.graph();
        for id in graph.speakers().skip(self.ribs.len()) {
            let passes_on = !graph.speaker(id).only_ends_routes(deployment.estate());
            self.ribs
                .push(passes_on.then(|| self.empty_rib(deployment, id)));
        }
        for link in graph.links().skip(self.adjacencies.len()) {
            let adjacencies = link.adjacencies().map(|id| {
                let source = self.add_source(deployment, id);
                Adjacency::new(deployment, id, source, self.seed)
            });
            self.adjacencies.push(adjacencies);
        }
    }

    fn empty_rib(&self, deployment: &Deployment, id: SpeakerId) -> SpeakerRib {
        let kind = deployment.graph().speaker(id).kind;
        let config = decision::decision(kind, deployment.parameters());
        SpeakerRib::new(config, self.seed)
    }

    /// Makes the sender a source of the receiver's RIB.
    fn add_source(&mut self, deployment: &Deployment, id: AdjacencyId) -> Option<SourceId> {
        let receiver = deployment.graph().receiver_id(id);
        let rib = self.ribs[receiver.index()].as_mut()?;
        let class = Policies::of(deployment).source_class(id);
        let source = decision::source(deployment, id);
        rib.add(Origin::Link(id.link), class, source)
    }

    fn speaker_rib(&self, speaker: SpeakerId) -> Option<&SpeakerRib> {
        self.ribs.get(speaker.index())?.as_ref()
    }

    fn adjacency(&self, id: AdjacencyId) -> &Adjacency {
        &self.adjacencies[id.link.index()][id.sender as usize]
    }

    fn adjacency_mut(&mut self, id: AdjacencyId) -> &mut Adjacency {
        &mut self.adjacencies[id.link.index()][id.sender as usize]
    }

    /// The RIB of a speaker; none if it only ends routes.
    pub(crate) fn rib(&self, speaker: SpeakerId) -> Option<RibView<'_>> {
        Some(RibView {
            rib: self.speaker_rib(speaker)?,
            store: &self.store,
        })
    }

    /// The receiver's RIB, and what it calls the sender.
    pub(crate) fn inbound(&self, id: AdjacencyId) -> Option<(RibView<'_>, SourceId)> {
        let adjacency = self.adjacency(id);
        Some((self.rib(adjacency.receiver)?, adjacency.source?))
    }

    /// What the receiver's RIB calls the sender.
    pub(crate) fn source(&self, id: AdjacencyId) -> Option<SourceId> {
        self.adjacency(id).source
    }

    /// Whether the receiver keeps what the sender passes on.
    pub(crate) fn passes_routes(&self, id: AdjacencyId) -> bool {
        self.adjacency(id).passes_routes()
    }

    /// The attribute sets.
    pub(crate) fn store(&self) -> &AttrStore {
        &self.store
    }

    /// The attribute sets, to intern, retain and release.
    pub(crate) fn store_mut(&mut self) -> &mut AttrStore {
        &mut self.store
    }

    /// The id of an attribute set.
    pub(crate) fn intern(&mut self, attrs: &Attrs) -> AttrId {
        self.store.intern(attrs)
    }

    /// The best path of the sender that the receiver may hear of.
    fn best_for(&self, id: AdjacencyId, prefix: Prefix) -> Result<(&SpeakerRib, BestPath), RuleId> {
        let adjacency = self.adjacency(id);
        let rib = self.speaker_rib(adjacency.sender);
        let rib = rib.filter(|_| !adjacency.is_static);
        let rib = rib.ok_or(rules::NOT_EXCHANGED)?;
        let best = rib.rib.best(prefix);
        let best = best.first().ok_or(rules::NOT_EXCHANGED)?;
        // nobody hears of its own route.
        if adjacency.splits_horizon && rib.origin(best.source) == Origin::Link(id.link) {
            return Err(rules::FROM_THIS_NEIGHBOR);
        }
        Ok((rib, *best))
    }

    /// What the sender passes on for a prefix of its RIB, as prefix and attributes.
    ///
    /// # Errors
    /// The rule that keeps the route back.
    pub(crate) fn propagated(
        &self,
        id: AdjacencyId,
        prefix: Prefix,
    ) -> Result<(Prefix, Attrs), RuleId> {
        let (rib, best) = self.best_for(id, prefix)?;
        let meta = adjacency::meta(rib.class(best.source));
        let attrs = Cow::Owned(self.store.attrs(best.attrs));
        let export = self.adjacency(id).export();
        let verdict = export.evaluate_cow(attrs, prefix, &meta);
        match verdict.outcome {
            Outcome::Accept { attrs, prefix } => Ok((prefix, attrs.into_owned())),
            Outcome::Reject => Err(verdict.rule),
        }
    }

    /// The same as an id and under the prefix that the route has at the sender, by way of what the
    /// policy said before.
    ///
    /// # Errors
    /// The rule that keeps the route back.
    pub(crate) fn propagated_id(
        &mut self,
        id: AdjacencyId,
        prefix: Prefix,
    ) -> Result<AttrId, RuleId> {
        let (rib, best) = self.best_for(id, prefix)?;
        let class = rib.class(best.source);
        let Self {
            store, adjacencies, ..
        } = self;
        let adjacency = &mut adjacencies[id.link.index()][id.sender as usize];
        adjacency.export_route(store, class, best.attrs, prefix)
    }

    /// The rules that change a route of the sender on its way out.
    pub(crate) fn changing_rules(&self, id: AdjacencyId, prefix: Prefix) -> Vec<RuleId> {
        let adjacency = self.adjacency(id);
        let best = self.speaker_rib(adjacency.sender).and_then(|rib| {
            let best = rib.rib.best(prefix);
            Some((rib.class(best.first()?.source), best.first()?.attrs))
        });
        let Some((class, attrs)) = best else {
            return Vec::new();
        };
        let attrs = self.store.attrs(attrs);
        let export = adjacency.export();
        let (verdict, steps) = export.explain(&attrs, prefix, &adjacency::meta(class));
        if verdict.outcome == Outcome::Reject {
            return Vec::new();
        }
        let changing = steps.iter().filter(|step| step.changed);
        let changing = changing.map(|step| step.rule);
        changing.filter(|rule| *rule != rules::NONE).collect()
    }

    /// Compiles the policies of an adjacency anew.
    pub(crate) fn recompile(&mut self, deployment: &Deployment, id: AdjacencyId) -> PolicyChange {
        let Self {
            store, adjacencies, ..
        } = self;
        let adjacency = &mut adjacencies[id.link.index()][id.sender as usize];
        adjacency.recompile(deployment, id, store)
    }

    /// Works out anew what the decision process of a speaker knows of its neighbours.
    pub(crate) fn refresh_sources(&mut self, deployment: &Deployment, id: SpeakerId) -> Changed {
        let inbound = deployment.graph().inbound(id);
        let sources: Vec<(SourceId, Source)> = inbound
            .filter_map(|from| Some((self.source(from)?, decision::source(deployment, from))))
            .collect();
        let mut changed = Changed {
            speaker: id,
            prefixes: Vec::new(),
        };
        if let Some(rib) = self.ribs[id.index()].as_mut() {
            // Another preference decides anew, whatever was best.
            let kind = deployment.graph().speaker(id).kind;
            let was_sticky = std::mem::take(&mut rib.sticky);
            let config = was_sticky.then(|| decision::decision(kind, deployment.parameters()));
            let visit = receive::collect(&mut changed.prefixes);
            rib.rib.reconfigure(&mut self.store, sources, config, visit);
        }
        changed
    }

    /// Route Servers whose RIBs are at rest keep from here on what is best when a circuit comes
    /// back. Only with preference ExpressRoute is a circuit more than the others.
    pub(crate) fn enable_sticky_failback(&mut self, deployment: &Deployment) {
        let graph = deployment.graph();
        for (id, rib) in graph.speakers().zip(&mut self.ribs) {
            let server = deployment.route_server(graph.speaker(id));
            let prefers = server.map(|server| server.routing_preference);
            let Some(rib) = rib else { continue };
            if prefers == Some(RoutingPreference::ExpressRoute) && !rib.sticky {
                rib.sticky = true;
                let config = decision::sticky(rib.rib.decision());
                let none: [(SourceId, Source); 0] = [];
                // What is best stays best.
                rib.rib
                    .reconfigure(&mut self.store, none, Some(config), |_, _| {});
            }
        }
    }

    /// Gives an NVA a RIB of its own, or takes it away: only one that passes routes on has one.
    pub(crate) fn follow_readvertising(&mut self, deployment: &Deployment, nva: SpeakerId) {
        let graph = deployment.graph();
        let passes_on = !graph.speaker(nva).only_ends_routes(deployment.estate());
        if passes_on == self.speaker_rib(nva).is_some() {
            return;
        }
        if let Some(mut rib) = self.ribs[nva.index()].take() {
            for id in graph.inbound(nva) {
                if let Some(source) = self.adjacency_mut(id).source.take() {
                    rib.rib.withdraw_all(&mut self.store, source, |_, _| {});
                }
            }
        } else {
            self.ribs[nva.index()] = Some(self.empty_rib(deployment, nva));
            for id in graph.inbound(nva) {
                self.adjacency_mut(id).source = self.add_source(deployment, id);
            }
        }
    }

    /// The RIB of a speaker with the attribute sets.
    pub(crate) fn rib_mut(&mut self, speaker: SpeakerId) -> Option<(&mut Rib, &mut AttrStore)> {
        let rib = self.ribs.get_mut(speaker.index())?.as_mut()?;
        Some((&mut rib.rib, &mut self.store))
    }

    /// The RIB of a speaker as it is kept.
    pub(crate) fn raw_rib(&self, speaker: SpeakerId) -> Option<&Rib> {
        Some(&self.speaker_rib(speaker)?.rib)
    }

    /// Frees attribute sets that nobody uses any more, and what policies said of them.
    pub(crate) fn collect_garbage(&mut self) {
        let mut freed = Vec::new();
        loop {
            self.store.collect(|id| freed.push(id));
            if freed.is_empty() {
                return;
            }
            for adjacency in self.adjacencies.iter_mut().flatten() {
                adjacency.forget(&freed, &mut self.store);
            }
            freed.clear();
        }
    }
}

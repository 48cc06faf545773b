//! The routes of all speakers: their RIBs, what passes between them, and the attribute sets that
//! they share. Nothing else indexes RIBs.

mod adjacency;
mod decision;
mod dynamic;
mod encoding;
mod exported;
mod local;
mod only;
mod paths;
mod speaker_rib;

use std::sync::Arc;

use routehub_rib::{
    Admission, Age, Announcement, AttrStore, Delta, Export, Flushed, GroupId, LimitExceeded, Rib,
    Source, SourceId, Withheld,
};
use routehub_types::{AttrId, Attrs, Family, Instant, Nlri, Prefix, RuleId, Update};

use crate::estate::RoutingPreference;
use crate::graph::{AdjacencyId, Deployment, SpeakerId};
use crate::parameters::Parameters;
use crate::part::Part;
use crate::policy::Policies;
use crate::rules;

use adjacency::Adjacency;
pub(crate) use adjacency::ImportChange;
pub use encoding::Encoding;
pub(crate) use encoding::is_unsendable;
use encoding::{Fit, withheld};
pub(crate) use exported::Exported;
pub(crate) use only::Only;
pub(crate) use paths::PathSent;
use speaker_rib::SpeakerRib;
pub use speaker_rib::{Origin, RibView};

/// So many attribute sets wait before they are freed together: what policies said of them is looked
/// for in every policy, which costs more than keeping them.
const IDLE_SETS: usize = 256;

/// Prefixes whose best paths at a speaker are others than before.
#[derive(Debug)]
#[must_use]
pub(crate) struct Changed {
    pub(crate) speaker: SpeakerId,
    pub(crate) prefixes: Vec<Prefix>,
}

/// Both directions of a link, by the side of the sender.
type BothAdjacencies = Part<[Adjacency; 2]>;

/// All that receiving over an adjacency changes.
struct Inbound<'a> {
    store: &'a mut AttrStore,
    rib: &'a mut Rib,
    both: &'a mut BothAdjacencies,
    sender: usize,
    source: SourceId,
}

/// Visits changes of best paths and keeps their prefixes.
fn collect(prefixes: &mut Vec<Prefix>) -> impl FnMut(&AttrStore, &Delta<'_>) {
    |_, delta| prefixes.push(delta.prefix)
}

/// The RIBs of all speakers and the adjacencies between them.
#[derive(Clone, Debug)]
pub(crate) struct Ribs {
    store: Part<AttrStore>,
    /// By speaker; none for those that only end routes.
    ribs: Vec<Option<Part<SpeakerRib>>>,
    /// By link.
    adjacencies: Vec<BothAdjacencies>,
    seed: u64,
}

impl Ribs {
    /// Empty RIBs for the speakers and links of a deployment.
    pub(crate) fn new(deployment: &Deployment, seed: u64) -> Self {
        let mut ribs = Self {
            store: AttrStore::new(seed).into(),
            ribs: Vec::new(),
            adjacencies: Vec::new(),
            seed,
        };
        ribs.extend(deployment);
        ribs
    }

    /// The same, where forks share what they do not change.
    pub(crate) fn share(self) -> Self {
        let ribs = self.ribs.into_iter();
        let adjacencies = self.adjacencies.into_iter();
        let shared = |both: BothAdjacencies| both.share_with(|both| both.map(Adjacency::share));
        Self {
            store: self.store.share(),
            ribs: ribs.map(|rib| rib.map(Part::share)).collect(),
            adjacencies: adjacencies.map(shared).collect(),
            seed: self.seed,
        }
    }

    /// Makes RIBs and adjacencies for speakers and links that have none yet.
    pub(crate) fn extend(&mut self, deployment: &Deployment) {
        let graph = deployment.graph();
        let known = self.ribs.len();
        for id in graph.speakers().filter(|id| id.index() >= known) {
            let passes_on = !graph.speaker(id).only_ends_routes(deployment.estate());
            let rib = passes_on.then(|| self.empty_rib(deployment, id).into());
            self.ribs.push(rib);
        }
        let known = self.adjacencies.len();
        for link in graph.links().filter(|link| link.index() >= known) {
            let adjacencies = link.adjacencies().map(|id| {
                let source = self.add_source(deployment, id);
                Adjacency::new(deployment, id, source, self.seed)
            });
            self.adjacencies.push(adjacencies.into());
        }
    }

    fn empty_rib(&self, deployment: &Deployment, id: SpeakerId) -> SpeakerRib {
        SpeakerRib::new(decision::decision(deployment, id), self.seed)
    }

    /// Makes the sender a source of the receiver's RIB.
    fn add_source(&mut self, deployment: &Deployment, id: AdjacencyId) -> Option<SourceId> {
        let receiver = deployment.graph().receiver_id(id);
        let rib = self.ribs[receiver.index()].as_mut()?.to_mut();
        let class = Policies::of(deployment).source_class(id);
        let source = decision::source(deployment, id);
        let sender = adjacency::first_of_name(
            deployment.graph(),
            deployment.graph().sending_end(id).speaker,
        );
        rib.add((Origin::Link(id.link), Some(sender)), class, source)
    }

    fn speaker_rib(&self, speaker: SpeakerId) -> Option<&SpeakerRib> {
        self.ribs.get(speaker.index())?.as_deref()
    }

    fn adjacency(&self, id: AdjacencyId) -> &Adjacency {
        &self.adjacencies[id.link.index()][id.sender as usize]
    }

    /// An adjacency to be changed or asked, with the attribute sets.
    fn adjacency_mut(&mut self, id: AdjacencyId) -> (&mut Adjacency, &mut AttrStore) {
        let both = self.adjacencies[id.link.index()].to_mut();
        (&mut both[id.sender as usize], self.store.to_mut())
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
        self.store.to_mut()
    }

    /// The id of an attribute set.
    pub(crate) fn intern(&mut self, attrs: &Attrs) -> AttrId {
        self.store.to_mut().intern(attrs)
    }

    /// What the sender makes of its routes for the receiver.
    pub(crate) fn exported(&self, id: AdjacencyId) -> Exported<'_> {
        let adjacency = self.adjacency(id);
        Exported {
            rib: self.speaker_rib(adjacency.sender),
            adjacency,
            adjacencies: &self.adjacencies,
            store: &self.store,
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
        let (class, attrs) = self.exported(id).best(prefix)?;
        let (adjacency, store) = self.adjacency_mut(id);
        adjacency.export_route(store, class, attrs, prefix)
    }

    /// The same of all routes of the sender that are passed on, in order.
    pub(crate) fn propagated_ids(&mut self, id: AdjacencyId) -> Vec<(Prefix, AttrId)> {
        let held: Vec<_> = self.exported(id).all_best().collect();
        let (adjacency, store) = self.adjacency_mut(id);
        let passed_on = held.into_iter().filter_map(|(prefix, class, attrs)| {
            let sent = adjacency.export_route(store, class, attrs, prefix).ok()?;
            Some((prefix, sent))
        });
        passed_on.collect()
    }

    /// What the messages to a real receiver can hold from here on; none: it is not written to.
    pub(crate) fn set_encoding(
        &mut self,
        deployment: &Deployment,
        id: AdjacencyId,
        encoding: Option<Arc<dyn Encoding>>,
    ) {
        let own = deployment.graph().listening_address(id.link);
        let fit = encoding.map(|encoding| Fit::new(encoding, own));
        self.adjacency_mut(id).0.set_fit(fit);
    }

    /// The rules of the receiver's route map that change or drop a route as it was sent.
    pub(crate) fn inbound_map_rules(
        &self,
        id: AdjacencyId,
        prefix: Prefix,
        attrs: &Attrs,
    ) -> Vec<String> {
        self.adjacency(id).inbound_map_rules(prefix, attrs)
    }

    fn inbound_mut(&mut self, id: AdjacencyId) -> Option<Inbound<'_>> {
        let (both, sender) = (&mut self.adjacencies[id.link.index()], id.sender as usize);
        let adjacency = &both[sender];
        Some(Inbound {
            source: adjacency.source?,
            rib: &mut self.ribs[adjacency.receiver.index()].as_mut()?.to_mut().rib,
            store: self.store.to_mut(),
            both,
            sender,
        })
    }

    /// Has the receiver's RIB change, if it has one, and collect what changes.
    fn at_receiver(
        &mut self,
        id: AdjacencyId,
        change: impl FnOnce(Inbound<'_>, &mut Vec<Prefix>),
    ) -> Changed {
        let mut prefixes = Vec::new();
        if let Some(inbound) = self.inbound_mut(id) {
            change(inbound, &mut prefixes);
        }
        let speaker = self.adjacency(id).receiver;
        Changed { speaker, prefixes }
    }

    /// Counts the announced routes of an UPDATE against the sender's limit.
    ///
    /// # Errors
    /// [`LimitExceeded`] if the sender announced more than it may.
    pub(crate) fn count(
        &mut self,
        id: AdjacencyId,
        announced: &[Nlri],
        now: Instant,
    ) -> Result<(), LimitExceeded> {
        match self.inbound_mut(id) {
            Some(inbound) => inbound.rib.count(inbound.source, announced, now),
            None => Ok(()),
        }
    }

    /// Has the receiver take in the routes of an UPDATE. What changes is told only if `listened`.
    pub(crate) fn receive(
        &mut self,
        id: AdjacencyId,
        parameters: &Parameters,
        update: &Update<'_>,
        listened: bool,
    ) -> Changed {
        self.at_receiver(id, |inbound, prefixes| {
            let Inbound { store, rib, .. } = inbound;
            let admit = inbound.both.to_mut()[inbound.sender].admission(parameters);
            let visit = |_: &AttrStore, delta: &Delta<'_>| {
                if listened {
                    prefixes.push(delta.prefix);
                }
            };
            rib.apply(store, inbound.source, update, admit, visit);
        })
    }

    /// Has the receiver keep announced routes as refused for good by a rule: what was said of them
    /// cannot be used.
    pub(crate) fn refuse(&mut self, id: AdjacencyId, update: &Update<'_>, rule: RuleId) -> Changed {
        self.at_receiver(id, |inbound, prefixes| {
            let Inbound { store, rib, .. } = inbound;
            let refuse = |_: &mut AttrStore, _: &Announcement| Admission::Unusable(rule);
            rib.apply(store, inbound.source, update, refuse, collect(prefixes));
        })
    }

    /// Asks the receiver's import policy again for all that it holds from the sender.
    pub(crate) fn reapply_import(&mut self, id: AdjacencyId, parameters: &Parameters) -> Changed {
        self.at_receiver(id, |inbound, prefixes| {
            let Inbound { store, rib, .. } = inbound;
            let admit = inbound.both.to_mut()[inbound.sender].admission(parameters);
            rib.reapply_import(store, inbound.source, admit, collect(prefixes));
        })
    }

    /// Drops all that the receiver holds from the sender.
    pub(crate) fn withdraw_all(&mut self, id: AdjacencyId) -> Changed {
        let holds = |(rib, source): (RibView<'_>, SourceId)| rib.holds_any(source);
        if !self.inbound(id).is_some_and(holds) {
            return self.unchanged(id);
        }
        self.at_receiver(
            id,
            |Inbound {
                 store, rib, source, ..
             },
             prefixes| {
                rib.withdraw_all(store, source, collect(prefixes));
            },
        )
    }

    /// Nothing changed at the receiver.
    fn unchanged(&self, id: AdjacencyId) -> Changed {
        Changed {
            speaker: self.adjacency(id).receiver,
            prefixes: Vec::new(),
        }
    }

    /// Ends the update run of the sender.
    pub(crate) fn end_run(&mut self, id: AdjacencyId) {
        let in_run = |(rib, source): (RibView<'_>, SourceId)| rib.is_in_run(source);
        if self.inbound(id).is_some_and(in_run)
            && let Some(inbound) = self.inbound_mut(id)
        {
            inbound.rib.end_run(inbound.source);
        }
    }

    /// The routes that the receiver holds of a family are stale from here on (RFC 7313 section 4).
    pub(crate) fn mark_stale(&mut self, id: AdjacencyId, family: Family) {
        if let Some(inbound) = self.inbound_mut(id) {
            inbound.rib.mark_stale(inbound.source, family);
        }
    }

    /// The routes of a family that are stale are long-lived stale from here on (RFC 9494).
    pub(crate) fn mark_long_lived(
        &mut self,
        id: AdjacencyId,
        parameters: &Parameters,
        family: Family,
    ) -> Changed {
        if let Some(inbound) = self.inbound_mut(id) {
            let source = inbound.source;
            inbound.rib.mark_long_lived_stale(source, family);
        }
        self.reapply_import(id, parameters)
    }

    /// Drops the routes of a family that are still at least so old.
    pub(crate) fn sweep(&mut self, id: AdjacencyId, family: Family, youngest: Age) -> Changed {
        self.at_receiver(
            id,
            |Inbound {
                 store, rib, source, ..
             },
             prefixes| {
                rib.sweep(store, source, family, youngest, collect(prefixes));
            },
        )
    }

    /// Asks the receiver's import policy again for what it holds of these prefixes from the sender.
    pub(crate) fn reapply_import_to(
        &mut self,
        id: AdjacencyId,
        parameters: &Parameters,
        prefixes: &[Prefix],
    ) -> Changed {
        self.at_receiver(id, |inbound, changed| {
            let Inbound { store, rib, .. } = inbound;
            let admit = inbound.both.to_mut()[inbound.sender].admission(parameters);
            rib.reapply_import_to(store, inbound.source, prefixes, admit, collect(changed));
        })
    }

    /// Compiles the export policy of an adjacency anew; says whether it is another one.
    pub(crate) fn recompile_export(&mut self, deployment: &Deployment, id: AdjacencyId) -> bool {
        let (adjacency, store) = self.adjacency_mut(id);
        adjacency.recompile_export(deployment, id, store)
    }

    /// Compiles the import policy of an adjacency anew.
    pub(crate) fn recompile_import(
        &mut self,
        deployment: &Deployment,
        id: AdjacencyId,
    ) -> ImportChange {
        let policy = Policies::of(deployment).import(id);
        let change = self.adjacency(id).import_change(&policy);
        if change != ImportChange::None {
            let (adjacency, store) = self.adjacency_mut(id);
            adjacency.set_import(policy, &change, store);
        }
        change
    }

    /// Works out anew what the decision process of a speaker knows of its neighbours.
    pub(crate) fn refresh_sources(&mut self, deployment: &Deployment, id: SpeakerId) -> Changed {
        let inbound = deployment.graph().inbound(id);
        let sources: Vec<(SourceId, Source)> = inbound
            .filter_map(|from| Some((self.source(from)?, decision::source(deployment, from))))
            .collect();
        let mut prefixes = Vec::new();
        if let Some(rib) = &mut self.ribs[id.index()] {
            let SpeakerRib { rib, sticky, .. } = rib.to_mut();
            // Another preference decides anew, whatever was best.
            let was_sticky = std::mem::take(sticky);
            let config = was_sticky.then(|| decision::decision(deployment, id));
            let visit = collect(&mut prefixes);
            rib.reconfigure(self.store.to_mut(), sources, config, visit);
        }
        Changed {
            speaker: id,
            prefixes,
        }
    }

    /// Route Servers whose RIBs are at rest keep from here on what is best when a circuit comes
    /// back. Only with preference ExpressRoute is a circuit more than the others.
    pub(crate) fn enable_sticky_failback(&mut self, deployment: &Deployment) {
        let graph = deployment.graph();
        for id in graph.speakers() {
            let Some(rib) = self.ribs.get_mut(id.index()) else {
                continue;
            };
            let server = deployment.route_server(graph.speaker(id));
            let prefers = server.map(|server| server.routing_preference);
            let Some(kept) = rib else {
                continue;
            };
            if prefers == Some(RoutingPreference::ExpressRoute) && !kept.sticky {
                let SpeakerRib { rib, sticky, .. } = kept.to_mut();
                *sticky = true;
                let config = Some(decision::sticky(rib.decision()));
                // What is best stays best.
                rib.reconfigure(self.store.to_mut(), [], config, |_, _| {});
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
            let rib = &mut rib.to_mut().rib;
            for id in graph.inbound(nva) {
                if let Some(source) = self.adjacency_mut(id).0.source.take() {
                    rib.withdraw_all(self.store.to_mut(), source, |_, _| {});
                }
            }
        } else {
            self.ribs[nva.index()] = Some(self.empty_rib(deployment, nva).into());
            for id in graph.inbound(nva) {
                let source = self.add_source(deployment, id);
                self.adjacency_mut(id).0.source = source;
            }
        }
    }

    /// Looks at up to `budget` changed prefixes of an export group whose members are sent what
    /// this adjacency passes. With `rewritten` nothing is sent: only that something changed counts.
    pub(crate) fn flush_group(
        &mut self,
        id: AdjacencyId,
        group: GroupId,
        budget: usize,
        rewritten: bool,
    ) -> Flushed {
        let own = self.source(id.reverse());
        let adjacency = &mut self.adjacencies[id.link.index()].to_mut()[id.sender as usize];
        let Some(rib) = self.ribs[adjacency.sender.index()].as_mut() else {
            return Flushed::default();
        };
        let (rib, classes, senders) = rib.to_mut().with_sources();
        if !rib.needs_flush(group) {
            return Flushed::default();
        }
        let export = |store: &mut AttrStore, best: &Export| {
            if rewritten {
                return Err(Withheld::Refused(rules::PREFIX_REWRITTEN));
            }
            let number = usize::from(best.source.number());
            // nobody hears of its own route. What a member sent over its own link the group
            // keeps from it alone; here it is what it has by another.
            let from = senders[number];
            let sender = from.name.filter(|_| Some(best.source) != own);
            if sender.is_some_and(|sender| adjacency.sends_back_to(sender)) {
                return Err(Withheld::Refused(rules::FROM_THIS_NEIGHBOR));
            }
            if adjacency.keeps_back(from, store.key(best.attrs)) {
                return Err(Withheld::Refused(rules::LONG_LIVED_STALE));
            }
            let class = classes[number];
            let exported = adjacency.export_route(store, class, best.attrs, best.prefix);
            exported.map_err(withheld)
        };
        rib.flush(self.store.to_mut(), group, budget, export)
    }

    /// The RIB of a speaker with the attribute sets.
    pub(crate) fn rib_mut(&mut self, speaker: SpeakerId) -> Option<(&mut Rib, &mut AttrStore)> {
        let rib = self.ribs.get_mut(speaker.index())?.as_mut()?.to_mut();
        Some((&mut rib.rib, self.store.to_mut()))
    }

    /// The RIB of a speaker as it is kept.
    pub(crate) fn raw_rib(&self, speaker: SpeakerId) -> Option<&Rib> {
        Some(&self.speaker_rib(speaker)?.rib)
    }

    /// Frees attribute sets that nobody uses any more, and what policies said of them, once there
    /// are [some](IDLE_SETS).
    pub(crate) fn collect_garbage(&mut self) {
        if self.store.idle_len() < IDLE_SETS {
            return;
        }
        let mut freed = Vec::new();
        loop {
            let store = self.store.to_mut();
            store.collect(|id| freed.push(id));
            if freed.is_empty() {
                return;
            }
            freed.sort_unstable();
            let knows = |both: &BothAdjacencies| both.iter().any(|each| each.knows_any(&freed));
            for both in &mut self.adjacencies {
                // A fork copies only what knows of them.
                if !both.is_shared() || knows(both) {
                    let both = both.to_mut().iter_mut();
                    both.for_each(|adjacency| adjacency.forget(&freed, store));
                }
            }
            freed.clear();
        }
    }
}

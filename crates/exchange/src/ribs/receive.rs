//! What a receiver makes of what it is sent: Adj-RIB-In, import, decision.

use std::collections::BTreeSet;

use routehub_rib::{
    Admission, Announcement, AttrStore, Delta, Export, Flushed, GroupId, LimitExceeded, SourceId,
};
use routehub_types::{AttrId, Family, Instant, Nlri, Prefix, Update};

use super::adjacency::Adjacency;
use super::speaker_rib::{Origin, SpeakerRib};
use super::{Changed, Ribs};
use crate::graph::{AdjacencyId, SpeakerId};
use crate::parameters::Parameters;
use crate::rules;

/// All that receiving needs of one adjacency.
struct Inbound<'a> {
    store: &'a mut AttrStore,
    rib: &'a mut SpeakerRib,
    adjacency: &'a mut Adjacency,
    source: SourceId,
}

/// Visits changes of best sets and keeps their prefixes.
pub(super) fn collect(prefixes: &mut Vec<Prefix>) -> impl FnMut(&AttrStore, &Delta<'_>) {
    |_, delta| prefixes.push(delta.prefix)
}

impl Ribs {
    fn inbound_mut(&mut self, id: AdjacencyId) -> Option<Inbound<'_>> {
        let adjacency = &mut self.adjacencies[id.link.index()][id.sender as usize];
        Some(Inbound {
            source: adjacency.source?,
            rib: self.ribs[adjacency.receiver.index()].as_mut()?,
            store: &mut self.store,
            adjacency,
        })
    }

    fn changed_at_receiver(&self, id: AdjacencyId, prefixes: Vec<Prefix>) -> Changed {
        Changed {
            speaker: self.adjacency(id).receiver,
            prefixes,
        }
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
            Some(inbound) => inbound.rib.rib.count(inbound.source, announced, now),
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
        let mut prefixes = Vec::new();
        if let Some(inbound) = self.inbound_mut(id) {
            let (rib, admit) = (
                &mut inbound.rib.rib,
                inbound.adjacency.admission(parameters),
            );
            let visit = |_: &AttrStore, delta: &Delta<'_>| {
                if listened {
                    prefixes.push(delta.prefix);
                }
            };
            rib.apply(inbound.store, inbound.source, update, admit, visit);
        }
        self.changed_at_receiver(id, prefixes)
    }

    /// Asks the receiver's import policy again for all that it holds from the sender.
    pub(crate) fn reapply_import(&mut self, id: AdjacencyId, parameters: &Parameters) -> Changed {
        let mut prefixes = Vec::new();
        if let Some(inbound) = self.inbound_mut(id) {
            let (rib, admit) = (
                &mut inbound.rib.rib,
                inbound.adjacency.admission(parameters),
            );
            let visit = collect(&mut prefixes);
            rib.reapply_import(inbound.store, inbound.source, admit, visit);
        }
        self.changed_at_receiver(id, prefixes)
    }

    /// Drops all that the receiver holds from the sender.
    pub(crate) fn withdraw_all(&mut self, id: AdjacencyId) -> Changed {
        let mut prefixes = Vec::new();
        if let Some(inbound) = self.inbound_mut(id) {
            let (rib, visit) = (&mut inbound.rib.rib, collect(&mut prefixes));
            rib.withdraw_all(inbound.store, inbound.source, visit);
        }
        self.changed_at_receiver(id, prefixes)
    }

    /// Ends the update run of the sender.
    pub(crate) fn end_run(&mut self, id: AdjacencyId) {
        if let Some(inbound) = self.inbound_mut(id) {
            inbound.rib.rib.end_run(inbound.source);
        }
    }

    /// The routes that the receiver holds of a family are stale from here on (RFC 7313 section 4).
    pub(crate) fn mark_stale(&mut self, id: AdjacencyId, family: Family) {
        if let Some(inbound) = self.inbound_mut(id) {
            inbound.rib.rib.mark_stale(inbound.source, family);
        }
    }

    /// Drops the routes of a family that are still stale.
    pub(crate) fn sweep_stale(&mut self, id: AdjacencyId, family: Family) -> Changed {
        let mut prefixes = Vec::new();
        if let Some(inbound) = self.inbound_mut(id) {
            let (rib, visit) = (&mut inbound.rib.rib, collect(&mut prefixes));
            rib.sweep_stale(inbound.store, inbound.source, family, visit);
        }
        self.changed_at_receiver(id, prefixes)
    }

    /// Makes the RIB of a speaker hold exactly these prefixes of an origin, with these attributes.
    pub(crate) fn set_local(
        &mut self,
        speaker: SpeakerId,
        origin: Origin,
        attrs: AttrId,
        wanted: &BTreeSet<Prefix>,
    ) -> Changed {
        let mut prefixes = Vec::new();
        if let Some(rib) = self.ribs[speaker.index()].as_mut()
            && let Some(source) = rib.source(origin)
        {
            let held: BTreeSet<Prefix> = rib.adj_in(source).map(|route| route.prefix).collect();
            let gone: Vec<Nlri> = held.difference(wanted).copied().map(Nlri::from).collect();
            let new: Vec<Nlri> = wanted.difference(&held).copied().map(Nlri::from).collect();
            let update = Update {
                withdrawn: &gone,
                attrs,
                announced: &new,
            };
            let admit = |_: &mut AttrStore, route: &Announcement| Admission::Accept(route.attrs);
            let visit = collect(&mut prefixes);
            rib.rib
                .apply(&mut self.store, source, &update, admit, visit);
        }
        Changed { speaker, prefixes }
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
        let adjacency = &mut self.adjacencies[id.link.index()][id.sender as usize];
        let Some(rib) = self.ribs[adjacency.sender.index()].as_mut() else {
            return Flushed::default();
        };
        let (rib, classes) = rib.with_classes();
        if !rib.needs_flush(group) {
            return Flushed::default();
        }
        let export = |store: &mut AttrStore, best: &Export| {
            if rewritten {
                return Err(rules::PREFIX_REWRITTEN);
            }
            let class = classes[usize::from(best.source.number())];
            adjacency.export_route(store, class, best.attrs, best.prefix)
        };
        rib.flush(&mut self.store, group, budget, export)
    }
}

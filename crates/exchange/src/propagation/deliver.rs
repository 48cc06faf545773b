//! What passes over a link: what its sender has to tell becomes what its receiver holds.

use std::collections::BTreeMap;

use routehub_types::{AttrId, Nlri, Prefix, Update};

use super::{Model, packing};
use crate::graph::{AdjacencyId, LinkId};
use crate::parameters::PrefixCountMode;
use crate::ribs::RibView;
use crate::rules;

/// Announced prefixes by their attributes.
pub(super) type Announced = BTreeMap<AttrId, Vec<Nlri>>;

impl Model {
    /// Tells the receiver what became of these prefixes at the sender.
    pub(super) fn advertise(&mut self, adjacency: AdjacencyId, prefixes: &[Prefix]) {
        let is_up = self.deployment.graph().link(adjacency.link).is_up();
        if !is_up || !self.ribs.passes_routes(adjacency) {
            return;
        }
        if self.outbound(adjacency).rewrites_prefixes() {
            return self.synchronize(adjacency);
        }
        let mut announced = Announced::new();
        let mut withdrawn = Vec::new();
        for prefix in prefixes {
            let sent = self.sent_id(adjacency, *prefix);
            let inbound = self.ribs.inbound(adjacency);
            let held = inbound.and_then(|(rib, source)| rib.received_from(source, *prefix));
            match (sent, held) {
                (Some(sent), held) if held != Some(sent) => {
                    announced.entry(sent).or_default().push(Nlri::from(*prefix));
                }
                (None, Some(_)) => withdrawn.push(Nlri::from(*prefix)),
                _ => {}
            }
        }
        self.send(adjacency, &withdrawn, announced);
    }

    /// What the sender sends for a prefix, under which it has it.
    fn sent_id(&mut self, adjacency: AdjacencyId, prefix: Prefix) -> Option<AttrId> {
        match self.outbound(adjacency).originated_for(prefix) {
            Some(own) => Some(self.ribs.intern(&own.ok()?)),
            None => self.ribs.propagated_id(adjacency, prefix).ok(),
        }
    }

    /// Everything that the sender sends, as ids of attribute sets.
    pub(crate) fn sent_ids(&mut self, adjacency: AdjacencyId) -> BTreeMap<Prefix, AttrId> {
        let outbound = self.outbound(adjacency);
        if outbound.rewrites_prefixes() || !outbound.link().is_up() {
            let routes = outbound.routes().into_iter();
            return routes
                .map(|(prefix, attrs)| (prefix, self.ribs.intern(&attrs)))
                .collect();
        }
        let originated = outbound.all_originated();
        let rib = self.ribs.rib(outbound.sender()).into_iter();
        let held: Vec<Prefix> = rib
            .flat_map(RibView::prefixes)
            .filter(|prefix| !originated.contains_key(prefix))
            .collect();
        let mut sent = BTreeMap::new();
        for prefix in held {
            if let Ok(attrs) = self.ribs.propagated_id(adjacency, prefix) {
                sent.insert(prefix, attrs);
            }
        }
        for (prefix, attrs) in originated {
            if let Some(attrs) = attrs {
                sent.insert(prefix, self.ribs.intern(&attrs));
            }
        }
        sent
    }

    /// Makes the receiver hold exactly what the sender sends now. What a real router sends only
    /// that router can say.
    pub(super) fn synchronize(&mut self, adjacency: AdjacencyId) {
        let link = self.deployment.graph().link(adjacency.link);
        if link.live && link.our_side() != Some(adjacency.sender) {
            return;
        }
        if self.ribs.source(adjacency).is_none() {
            return;
        }
        let sent = self.sent_ids(adjacency);
        let Some((rib, source)) = self.ribs.inbound(adjacency) else {
            return;
        };
        let held: BTreeMap<Prefix, AttrId> = rib.received(source).collect();
        let gone = held.keys().filter(|prefix| !sent.contains_key(prefix));
        let withdrawn: Vec<Nlri> = gone.copied().map(Nlri::from).collect();
        let mut announced = Announced::new();
        for (prefix, attrs) in sent {
            if held.get(&prefix) != Some(&attrs) {
                announced.entry(attrs).or_default().push(Nlri::from(prefix));
            }
        }
        self.send(adjacency, &withdrawn, announced);
    }

    /// Synchronizes both directions of a link.
    pub(super) fn synchronize_link(&mut self, link: LinkId) {
        for adjacency in link.adjacencies() {
            self.synchronize(adjacency);
        }
    }

    /// Sends one run of updates, by way of the receiver's import policy.
    pub(super) fn send(
        &mut self,
        adjacency: AdjacencyId,
        withdrawn: &[Nlri],
        announced: Announced,
    ) {
        let withdrawals = (!withdrawn.is_empty()).then(|| (AttrId::default(), Vec::new()));
        let mut withdrawn = Some(withdrawn);
        for (attrs, announced) in withdrawals.into_iter().chain(announced) {
            let messages = match self.deployment.parameters().prefix_count_mode {
                PrefixCountMode::PerMessage if !announced.is_empty() => {
                    packing::messages(&self.ribs.store().attrs(attrs), &announced)
                }
                _ => vec![announced.as_slice()],
            };
            for announced in messages {
                let update = Update {
                    withdrawn: withdrawn.take().unwrap_or_default(),
                    attrs,
                    announced,
                };
                if !self.receive(adjacency, &update) {
                    return;
                }
            }
        }
        self.ribs.end_run(adjacency);
    }

    /// Has the receiver take in one UPDATE. Says no if the route limit ended the session.
    pub(crate) fn receive(&mut self, adjacency: AdjacencyId, update: &Update<'_>) -> bool {
        let counted = self.ribs.count(adjacency, update.announced, self.now);
        if counted.is_err() {
            self.end_by_limit(adjacency.link);
            return false;
        }
        self.restore(adjacency, update);
        true
    }

    /// The same for routes that were counted against the sender's limit before.
    pub(crate) fn restore(&mut self, adjacency: AdjacencyId, update: &Update<'_>) {
        let receiver = self.deployment.graph().receiver_id(adjacency);
        let listened =
            self.journal.covers(&self.deployment, receiver) || self.has_listeners(receiver);
        let parameters = self.deployment.parameters();
        let changed = self.ribs.receive(adjacency, parameters, update, listened);
        self.note_changed(changed);
    }

    /// A session sent more routes than it may: it ends with Cease, maximum number of prefixes
    /// reached.
    pub(crate) fn end_by_limit(&mut self, link: LinkId) {
        self.deployment.change_link(link, |link| {
            link.notification = Some((6, 1));
            link.resets += 1;
            link.down.limit = Some(rules::ROUTE_LIMIT);
        });
        self.journal.note_link(link);
        self.withdraw_all(link);
    }
}

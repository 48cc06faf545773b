//! Real peers whose outbound route map puts prefixes in the place of others. A table
//! by prefix has no place for that: what such a peer is sent is worked out whole, and compared with
//! what it was sent before.

use std::collections::BTreeMap;

use routehub_rib::{Outgoing, Prefixes, Pull, SourceId};
use routehub_types::{AttrId, Family, FamilySet, Prefix};

use crate::exchange::Exchange;
use crate::export_groups::Lent;
use crate::link::{LinkId, Side};

/// What a peer was sent, and what it is still to be sent.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    /// How routes stand; the ids are held.
    sent: BTreeMap<Prefix, AttrId>,
    /// What the peer has not pulled yet; none to withdraw.
    waiting: BTreeMap<Prefix, Option<AttrId>>,
}

impl Replaced {
    /// Prefixes that the peer may have heard of.
    pub(crate) fn known(&self) -> impl Iterator<Item = Prefix> {
        self.sent.keys().chain(self.waiting.keys()).copied()
    }

    /// Whether the peer is sent a route to a prefix, or will be with what waits.
    pub(crate) fn sends(&self, prefix: &Prefix) -> bool {
        self.sent.contains_key(prefix)
    }

    /// Whether there is something to pull.
    pub(crate) fn has_more(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Has the peer told all routes of a family again.
    pub(crate) fn refresh(&mut self, family: Family) {
        let again = self.sent.iter().filter(|(one, _)| one.family() == family);
        let again = again.map(|(prefix, attrs)| (*prefix, Some(*attrs)));
        self.waiting.extend(again);
    }
}

impl Exchange {
    /// Works out what a peer is sent now.
    pub(crate) fn renew_replaced(&mut self, link: LinkId, side: Side) {
        let families = self
            .agreed(link)
            .map_or(FamilySet::IPV4, |(_, families)| families);
        let mut offers = self.offered_ids(link, side);
        offers.retain(|prefix, _| families.contains(prefix.family()));
        let (Some(it), store) = (self.replaced.get_mut(&link), &mut self.store) else {
            return;
        };
        let gone = it.sent.iter().filter(|(one, _)| !offers.contains_key(one));
        let gone: Vec<(Prefix, AttrId)> = gone.map(|(one, id)| (*one, *id)).collect();
        for (prefix, old) in gone {
            it.sent.remove(&prefix);
            it.waiting.insert(prefix, None);
            store.release(old);
        }
        for (prefix, new) in offers {
            if it.sent.get(&prefix) == Some(&new) {
                continue;
            }
            store.retain(new);
            it.waiting.insert(prefix, Some(new));
            if let Some(old) = it.sent.insert(prefix, new) {
                store.release(old);
            }
        }
    }

    /// Forgets what a peer was sent: it is gone, or its route map is.
    pub(crate) fn forget_replaced(&mut self, link: LinkId) {
        let it = self.replaced.remove(&link).unwrap_or_default();
        it.sent.into_values().for_each(|id| self.store.release(id));
    }

    /// What a peer is sent next: prefixes of one family that stand alike.
    pub(crate) fn pull_replaced(&mut self, link: LinkId, source: SourceId) -> Option<Pull<'_>> {
        let it = self.replaced.get_mut(&link)?;
        let (first, attrs) = it.waiting.first_key_value().map(|(one, id)| (*one, *id))?;
        let alike = |prefix: &Prefix, id: &mut Option<AttrId>| {
            prefix.family() == first.family() && *id == attrs
        };
        let taken = it.waiting.extract_if(.., alike);
        self.lent = taken.fold(Lent::default(), |lent, (prefix, _)| lent.with(prefix));
        Some(Pull::Routes(Outgoing {
            attrs,
            source,
            prefixes: match first {
                Prefix::V4(_) => Prefixes::V4(&self.lent.v4),
                Prefix::V6(_) => Prefixes::V6(&self.lent.v6),
            },
            encoded: None,
            ticket: None,
        }))
    }
}

//! What a real peer is still to be told, where its export group cannot say: it went on in another
//! group or another engine, or its outbound route map puts prefixes in the place of others.
//!
//! There is one way in all cases: how routes stand is compared with what the peer was sent, and
//! the prefixes that differ wait in its backlog until it pulls them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use routehub_rib::{AttrStore, MemberId, Outgoing, Prefixes, Pull, Rib, SourceId};
use routehub_types::{AttrId, Family, Ipv4Prefix, Ipv6Prefix, Prefix};

/// Prefixes that one pull takes at most.
pub(super) const MOST: usize = 4096;

/// Prefixes that are lent to whoever pulls.
#[derive(Clone, Debug, Default)]
pub(super) struct PullBuffer {
    v4: Vec<Ipv4Prefix>,
    v6: Vec<Ipv6Prefix>,
}

impl PullBuffer {
    pub(super) fn fill(&mut self, prefixes: impl Iterator<Item = Prefix>) {
        self.v4.clear();
        self.v6.clear();
        prefixes.for_each(|prefix| match prefix {
            Prefix::V4(prefix) => self.v4.push(prefix),
            Prefix::V6(prefix) => self.v6.push(prefix),
        });
    }

    pub(super) fn prefixes(&self, family: Family) -> Prefixes<'_> {
        match family {
            Family::Ipv4 => Prefixes::V4(&self.v4),
            Family::Ipv6 => Prefixes::V6(&self.v6),
        }
    }
}

/// What a peer is to be told besides what its export group has for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlog {
    /// Prefixes of which the peer does not know how they stand; what goes into one message stands
    /// together.
    waiting: VecDeque<Prefix>,
    /// How routes stand under the prefixes that a route map gives them: a table by prefix has no
    /// place for that, so all of it is worked out at once. The ids are retained. None: the export
    /// group says how routes stand.
    rewritten: Option<BTreeMap<Prefix, AttrId>>,
    /// Prefixes that no message to the peer can hold, where routes are rewritten.
    unsendable: BTreeSet<Prefix>,
}

impl Backlog {
    pub(super) fn new(rewrites: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            rewritten: rewrites.then(BTreeMap::new),
            unsendable: BTreeSet::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Prefixes of which the peer does not know how they stand.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Prefix> {
        self.waiting.iter().copied()
    }

    /// How rewritten routes stand; none: the export group says how routes stand.
    pub(super) fn rewritten(&self) -> Option<&BTreeMap<Prefix, AttrId>> {
        self.rewritten.as_ref()
    }

    /// Rewritten routes that no message to the peer can hold, by the prefixes that they come from.
    pub(super) const fn unsendable(&self) -> &BTreeSet<Prefix> {
        &self.unsendable
    }

    /// Notes which routes no message can hold now; gives those that are new among them.
    pub(super) fn set_unsendable(&mut self, prefixes: Vec<Prefix>) -> Vec<Prefix> {
        let before = std::mem::replace(&mut self.unsendable, prefixes.into_iter().collect());
        self.unsendable.difference(&before).copied().collect()
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Has prefixes wait before all others, in this order.
    pub(super) fn wait_first(&mut self, prefixes: impl Iterator<Item = Prefix>) {
        let later = std::mem::take(&mut self.waiting);
        self.waiting = prefixes.chain(later).collect();
    }

    /// Lets go of the attribute sets.
    pub(super) fn release(self, store: &mut AttrStore) {
        let rewritten = self.rewritten.unwrap_or_default();
        rewritten.into_values().for_each(|id| store.release(id));
    }

    /// Has the peer told all rewritten routes of a family again.
    pub(super) fn refresh(&mut self, family: Family) {
        let rewritten = self.rewritten.iter().flat_map(BTreeMap::keys).copied();
        let again: Vec<Prefix> = rewritten
            .filter(|prefix| prefix.family() == family)
            .collect();
        self.wait_for(&again);
    }

    /// Has rewritten prefixes wait, once each, those together that stand alike.
    fn wait_for(&mut self, prefixes: &[Prefix]) {
        let Some(rewritten) = &self.rewritten else {
            return;
        };
        let waiting: BTreeSet<Prefix> = self.waiting.iter().chain(prefixes).copied().collect();
        let mut waiting: Vec<Prefix> = waiting.into_iter().collect();
        waiting.sort_by_key(|prefix| rewritten.get(prefix).copied());
        self.waiting = waiting.into();
    }

    /// Puts what is sent now in the place of what was sent; what differs waits.
    pub(super) fn rewrite(&mut self, store: &mut AttrStore, sent: BTreeMap<Prefix, AttrId>) {
        sent.values().for_each(|id| store.retain(*id));
        let old = self.rewritten.replace(sent).unwrap_or_default();
        let new = self.rewritten.iter().flatten();
        let changed = new.filter(|(prefix, id)| old.get(prefix) != Some(id));
        let mut differ: Vec<Prefix> = changed.map(|(prefix, _)| *prefix).collect();
        for (prefix, id) in old {
            if self.rewritten.iter().all(|new| !new.contains_key(&prefix)) {
                differ.push(prefix);
            }
            store.release(id);
        }
        self.wait_for(&differ);
    }

    /// Prefixes that stand alike, as many as go out at once, and how they stand now.
    pub(super) fn pull<'a>(
        &mut self,
        rib: &Rib,
        member: MemberId,
        own: SourceId,
        buffer: &'a mut PullBuffer,
    ) -> Option<Pull<'a>> {
        let rewritten = self.rewritten.as_ref();
        let stands = |prefix: Prefix| match rewritten {
            Some(rewritten) => rewritten.get(&prefix).map(|attrs| (own, *attrs)),
            None => rib
                .sent(member.group(), prefix)
                .filter(|(source, _)| *source != own),
        };
        let first = *self.waiting.front()?;
        let now = stands(first);
        let attrs = now.map(|(_, attrs)| attrs);
        let alike = |prefix: &&Prefix| {
            prefix.family() == first.family() && stands(**prefix).map(|(_, attrs)| attrs) == attrs
        };
        let many = self.waiting.iter().take(MOST).take_while(alike).count();
        buffer.fill(self.waiting.drain(..many));
        Some(Pull::Routes(Outgoing {
            attrs,
            source: now.map_or(own, |(source, _)| source),
            prefixes: buffer.prefixes(first.family()),
            path_id: None,
            encoded: None,
            ticket: None,
        }))
    }
}

/// What a peer was sent of a family.
#[derive(Clone, Debug, Default)]
pub(in crate::exchange) struct SentState {
    /// It still has all routes to pull, and waits for the End-of-RIB.
    pub(super) eor_pending: bool,
    /// Prefixes that it may have heard of, with the attributes that it was sent last; none if that
    /// is not certain.
    pub(in crate::exchange) routes: BTreeMap<Prefix, Option<AttrId>>,
}

/// The same of both families.
pub(in crate::exchange) type SentStates = [(Family, SentState); 2];

//! What a real peer is sent that takes several paths of a prefix (RFC 7911): each under an
//! identifier that stays with it, as long as it is sent.

use std::collections::{BTreeMap, BTreeSet};

use routehub_rib::{AttrStore, Outgoing, PathRef, Pull, SourceId};
use routehub_types::{AttrId, Family, FamilySet, PathId, Prefix};

use super::resync::{MOST, PullBuffer};
use crate::ribs::PathSent;

/// A path that is sent: under its identifier, and where it comes from. Of a path that was sent
/// before the estate was another one it may be that its source is no longer there.
#[derive(Clone, Copy, Debug)]
struct Sent {
    id: PathId,
    from: Option<PathRef>,
    attrs: AttrId,
}

/// What is to be told: withdrawals first, and what goes into one message stands together.
type Telling = (Option<AttrId>, PathId, Prefix);

/// All that a peer is sent. The ids of attributes are retained.
#[derive(Clone, Debug)]
pub(super) struct PathTable {
    /// Families in which paths have identifiers; in another only the best one is sent.
    add_path: FamilySet,
    sent: BTreeMap<Prefix, Vec<Sent>>,
    /// What the peer has not pulled yet.
    waiting: BTreeSet<Telling>,
    /// Families of which all routes are told, to be followed by an End-of-RIB.
    eor_pending: FamilySet,
    /// Prefixes that were sent before the peer went on in another group or engine, and of which it
    /// is not known yet how they stand there.
    unconfirmed: BTreeSet<Prefix>,
    /// Prefixes with paths that no message to the peer can hold.
    unsendable: BTreeSet<Prefix>,
}

impl PathTable {
    /// Nothing is sent yet.
    pub(super) const fn new(families: FamilySet, add_path: FamilySet) -> Self {
        Self {
            add_path,
            sent: BTreeMap::new(),
            waiting: BTreeSet::new(),
            eor_pending: families,
            unconfirmed: BTreeSet::new(),
            unsendable: BTreeSet::new(),
        }
    }

    /// How many paths are sent.
    pub(super) fn len(&self) -> usize {
        self.sent.values().map(Vec::len).sum()
    }

    /// How many prefixes have paths that no message can hold.
    pub(super) fn unsendable_len(&self) -> usize {
        self.unsendable.len()
    }

    /// How many paths of a prefix there is use for: one where they have no identifiers.
    pub(super) fn most(&self, prefix: Prefix, limit: usize) -> usize {
        match self.add_path.contains(prefix.family()) {
            true => limit,
            false => 1,
        }
    }

    /// These are the paths of a prefix now, the best one first; what differs waits.
    pub(super) fn set(&mut self, store: &mut AttrStore, prefix: Prefix, paths: &[PathSent]) {
        self.unconfirmed.remove(&prefix);
        let old = self.sent.remove(&prefix).unwrap_or_default();
        let mut new: Vec<Sent> = Vec::with_capacity(paths.len());
        for path in paths {
            store.retain(path.attrs);
            new.push(Sent {
                id: self.identifier(prefix, path, &old, &new),
                from: Some(path.path),
                attrs: path.attrs,
            });
        }
        let attrs_of = |sent: &[Sent], id: PathId| {
            let mut sent = sent.iter();
            sent.find(|path| path.id == id).map(|path| path.attrs)
        };
        for id in old.iter().chain(&new).map(|path| path.id) {
            let (before, now) = (attrs_of(&old, id), attrs_of(&new, id));
            if before != now {
                self.waiting.remove(&(before, id, prefix));
                self.waiting.insert((now, id, prefix));
            }
        }
        old.iter().for_each(|path| store.release(path.attrs));
        if !new.is_empty() {
            self.sent.insert(prefix, new);
        }
    }

    /// The identifier of a path: the one that it has, or one that no other path of the prefix has
    /// or had just before.
    fn identifier(&self, prefix: Prefix, path: &PathSent, old: &[Sent], new: &[Sent]) -> PathId {
        if !self.add_path.contains(prefix.family()) {
            return PathId(0);
        }
        if let Some(known) = old.iter().find(|known| known.from == Some(path.path)) {
            return known.id;
        }
        let first = u32::from(path.path.source.number()) + 1;
        let is_free = |id: &PathId| old.iter().chain(new).all(|known| known.id != *id);
        let mut ids = (0..=u32::from(u16::MAX)).map(|n| PathId(first + (n << 16)));
        ids.find(is_free).unwrap_or_default()
    }

    /// Prefixes with paths that no message can hold are these of those looked at; gives those that
    /// are new among them.
    pub(super) fn set_unsendable(&mut self, prefix: Prefix, is_unsendable: bool) -> bool {
        match is_unsendable {
            true => self.unsendable.insert(prefix),
            false => {
                self.unsendable.remove(&prefix);
                false
            }
        }
    }

    /// All prefixes were looked at: what was sent before of others is withdrawn.
    pub(super) fn confirm(&mut self, store: &mut AttrStore) {
        for prefix in std::mem::take(&mut self.unconfirmed) {
            self.set(store, prefix, &[]);
        }
    }

    /// Has the peer told all routes of a family again.
    pub(super) fn refresh(&mut self, family: Family) {
        self.eor_pending = self.eor_pending.with(family);
        for (prefix, paths) in &self.sent {
            if prefix.family() == family {
                let again = paths
                    .iter()
                    .map(|path| (Some(path.attrs), path.id, *prefix));
                self.waiting.extend(again);
            }
        }
    }

    /// What the peer is told next; `all_known` says whether all prefixes were looked at.
    pub(super) fn pull<'a>(
        &mut self,
        own: SourceId,
        all_known: bool,
        buffer: &'a mut PullBuffer,
    ) -> Pull<'a> {
        let Some(first) = self.waiting.first().copied() else {
            let family = self.eor_pending.iter().next().filter(|_| all_known);
            return family.map_or(Pull::Idle, |family| {
                self.eor_pending = self.eor_pending.without(family);
                Pull::Complete(family)
            });
        };
        let (attrs, id, prefix) = first;
        let family = prefix.family();
        let alike = |told: &&Telling| (told.0, told.1, told.2.family()) == (attrs, id, family);
        let told = self.waiting.iter().take(MOST).take_while(alike);
        let told: Vec<Telling> = told.copied().collect();
        for telling in &told {
            self.waiting.remove(telling);
        }
        buffer.fill(told.into_iter().map(|(.., prefix)| prefix));
        Pull::Routes(Outgoing {
            attrs,
            source: own,
            prefixes: buffer.prefixes(family),
            path_id: self.add_path.contains(family).then_some(id),
            encoded: None,
            ticket: None,
        })
    }

    /// What the peer holds by what it pulled: the attributes that it was sent last; none where it
    /// may have something else.
    pub(super) fn held(&self) -> BTreeMap<(Prefix, PathId), Option<AttrId>> {
        let sent = self.sent.iter().flat_map(|(prefix, paths)| {
            let paths = paths.iter();
            paths.map(|path| ((*prefix, path.id), Some(path.attrs)))
        });
        let waiting = self
            .waiting
            .iter()
            .map(|(_, id, prefix)| ((*prefix, *id), None));
        sent.chain(waiting).collect()
    }

    /// Where the paths come from that are sent.
    pub(super) fn sources(&self) -> impl Iterator<Item = SourceId> {
        let paths = self.sent.values().flatten();
        paths.filter_map(|path| Some(path.from?.source))
    }

    /// Goes on from what a peer was sent in another group or engine: `source` and `attrs` say what
    /// sources and attributes are here.
    pub(super) fn go_on_from(
        &mut self,
        store: &mut AttrStore,
        old: &Self,
        source: impl Fn(SourceId) -> Option<SourceId>,
        mut attrs: impl FnMut(&mut AttrStore, AttrId) -> AttrId,
    ) {
        self.eor_pending = old.eor_pending;
        for (prefix, paths) in &old.sent {
            let mut here = Vec::with_capacity(paths.len());
            for path in paths {
                let now = attrs(store, path.attrs);
                store.retain(now);
                if old.waiting.contains(&(Some(path.attrs), path.id, *prefix)) {
                    self.waiting.insert((Some(now), path.id, *prefix));
                }
                let from = path.from.and_then(|from| {
                    let source = source(from.source)?;
                    Some(PathRef { source, ..from })
                });
                here.push(Sent {
                    id: path.id,
                    from,
                    attrs: now,
                });
            }
            self.unconfirmed.insert(*prefix);
            self.sent.insert(*prefix, here);
        }
        let gone = old.waiting.iter().filter(|(attrs, ..)| attrs.is_none());
        self.waiting.extend(gone.copied());
    }

    /// Lets go of the attribute sets.
    pub(super) fn release(self, store: &mut AttrStore) {
        let paths = self.sent.into_values().flatten();
        paths.for_each(|path| store.release(path.attrs));
    }
}

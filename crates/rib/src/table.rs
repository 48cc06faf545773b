//! The table of one family: entries, their chains of paths, and the index over both.

use alloc::vec::Vec;

use hashbrown::HashMap;
use routehub_types::{AttrId, PathId};

use crate::SourceId;
use crate::change::{BestPath, BestSet};
use crate::decision::Candidate;
use crate::entry_set::EntrySet;
use crate::export::{Group, Slot};
use crate::hash::Seeded;
use crate::index::Index;
use crate::key::Key;
use crate::lengths::Lengths;
use crate::path::{NONE, Path};
use crate::slab::{Column, Slab};

/// Says that a path is the first of its chain, which stands in the entry itself.
pub(crate) const HEAD: u32 = NONE;

/// A prefix and its first path; if there is a best path, that is the first. What the first export
/// group sends stands here too, because it is looked at whenever the paths are.
#[derive(Clone, Debug)]
pub(crate) struct Entry<K: Key> {
    pub(crate) head: Path,
    sent_attrs: u32,
    sent_seq: u32,
    sent_source: u16,
    /// The flags of the slot, and `LIVE`.
    flags: u8,
    pub(crate) key: K,
    _line: [K::Line; 0],
}

/// Entries that are read ahead while the index is made anew.
const AT_ONCE: usize = 128;

/// Flag of an entry: it is in use.
const LIVE: u8 = 0x80;

impl<K: Key> Entry<K> {
    #[inline]
    fn new(key: K, head: Path) -> Self {
        let none = Slot::default();
        Self {
            head,
            sent_attrs: none.attrs,
            sent_seq: none.seq,
            sent_source: none.source,
            flags: none.flags | LIVE,
            key,
            _line: [],
        }
    }

    fn vacant(next: u32) -> Self {
        Self {
            flags: 0,
            ..Self::new(K::DEFAULT, Path::absent(next))
        }
    }

    #[inline]
    fn is_live(&self) -> bool {
        self.flags & LIVE != 0
    }

    /// What the first export group sends.
    #[inline]
    pub(crate) fn slot(&self) -> Slot {
        Slot {
            attrs: self.sent_attrs,
            seq: self.sent_seq,
            source: self.sent_source,
            flags: self.flags & !LIVE,
        }
    }

    #[inline]
    pub(crate) fn set_slot(&mut self, slot: Slot) {
        self.sent_attrs = slot.attrs;
        self.sent_seq = slot.seq;
        self.sent_source = slot.source;
        self.flags = slot.flags | self.flags & LIVE;
    }

    /// Sets flags of the slot; says whether they were not set before.
    #[inline]
    pub(crate) fn flag(&mut self, flags: u8) -> bool {
        let new = self.flags & flags != flags;
        self.flags |= flags;
        new
    }
}

/// A prefix of a batch on its way through the table.
#[derive(Clone, Debug)]
pub(crate) struct Item<K> {
    pub(crate) key: K,
    pub(crate) path_id: Option<u32>,
    pub(crate) hash: u64,
    pub(crate) entry: u32,
}

/// The received path that a derived path was made of: entry, source, path id.
pub(crate) type Contribution = (u32, u16, Option<u32>);

/// The table of one family.
#[derive(Debug)]
pub(crate) struct Table<K: Key> {
    index: Index,
    pub(crate) entries: Slab<Entry<K>>,
    free_entry: u32,
    pool: Slab<Path>,
    free_path: u32,
    head_ids: Column<u32>,
    pool_ids: Column<u32>,
    /// Per source, the entries that hold a path received from it.
    pub(crate) listed: Vec<EntrySet>,
    /// The prefix that stands in place of a replaced path's own.
    pub(crate) replaced: HashMap<Contribution, K, foldhash::fast::FixedState>,
    /// Which lengths the entries with a best path have.
    pub(crate) lengths: Lengths<K>,
    /// How many entries have a best path.
    pub(crate) best: usize,
    pub(crate) groups: Vec<Option<Group<K>>>,
    pub(crate) batch: Vec<Item<K>>,
    pub(crate) candidates: Vec<Candidate>,
    hash: Seeded,
}

impl<K: Key> Table<K> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            index: Index::default(),
            entries: Slab::default(),
            free_entry: NONE,
            pool: Slab::default(),
            free_path: NONE,
            head_ids: Column::default(),
            pool_ids: Column::default(),
            listed: Vec::new(),
            replaced: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(seed)),
            lengths: Lengths::default(),
            best: 0,
            groups: Vec::new(),
            batch: Vec::new(),
            candidates: Vec::new(),
            hash: Seeded::new(seed),
        }
    }

    /// How many entries are in use.
    pub(crate) fn stored(&self) -> usize {
        self.index.len()
    }

    #[inline]
    pub(crate) fn hash(&self, key: K) -> u64 {
        key.hash(&self.hash)
    }

    #[inline]
    pub(crate) fn find_hashed(&self, key: K, hash: u64) -> Option<u32> {
        self.index
            .find(hash, |entry| self.entries[entry].key == key)
    }

    /// Reads of the index what `likely` needs, which puts it into the processor's cache.
    #[inline]
    pub(crate) fn touch_index(&self, hash: u64) -> u32 {
        self.index.touch(hash)
    }

    /// The first entry that may be that of a hash; whose it is has to be looked at.
    #[inline]
    pub(crate) fn likely(&self, hash: u64) -> u32 {
        self.index.likely(hash).unwrap_or(NONE)
    }

    pub(crate) fn find(&self, key: K) -> Option<u32> {
        self.find_hashed(key, self.hash(key))
    }

    /// Whether an entry found earlier still is that of the key.
    #[inline]
    pub(crate) fn holds(&self, entry: u32, key: K) -> bool {
        let found = self.entries.get(entry);
        found.is_some_and(|entry| entry.is_live() && entry.key == key)
    }

    /// A new entry with its first path, or an absent one.
    #[inline]
    pub(crate) fn insert(&mut self, key: K, hash: u64, head: Path) -> u32 {
        if self.index.is_full() {
            self.grow();
        }
        let new = Entry::new(key, head);
        let number = match self.free_entry {
            NONE => self.entries.push(new),
            free => {
                let entry = &mut self.entries[free];
                self.free_entry = entry.head.next;
                *entry = new;
                free
            }
        };
        self.index.insert(hash, number);
        number
    }

    /// Makes a larger index. The old one goes first, for the entries tell all that is in it; and
    /// they are read in the order in which they are stored.
    #[cold]
    fn grow(&mut self) {
        let entries = self.index.len();
        self.index = Index::default();
        self.index = Index::with_room(entries);
        let live = (0..).zip(self.entries.iter());
        let mut live = live.filter(|(_, entry)| entry.is_live());
        let mut some = Vec::with_capacity(AT_ONCE);
        loop {
            let next = live.by_ref().take(AT_ONCE);
            some.extend(next.map(|(number, entry)| (entry.key.hash(&self.hash), number)));
            let touched = some
                .iter()
                .fold(0, |read, (hash, _)| read ^ self.index.touch(*hash));
            core::hint::black_box(touched);
            if some.is_empty() {
                return;
            }
            for (hash, number) in some.drain(..) {
                self.index.insert(hash, number);
            }
        }
    }

    pub(crate) fn find_or_insert(&mut self, key: K) -> u32 {
        let hash = self.hash(key);
        match self.find_hashed(key, hash) {
            Some(entry) => entry,
            None => self.insert(key, hash, Path::absent(NONE)),
        }
    }

    /// Frees an entry that holds no path and that no group needs.
    pub(crate) fn release_empty(&mut self, entry: u32) {
        let head = &self.entries[entry].head;
        let mut groups = self.groups.iter().flatten();
        if !head.is_absent() || groups.any(|group| group.needs(&self.entries, entry)) {
            return;
        }
        let hash = self.hash(self.entries[entry].key);
        if self.index.remove(hash, entry) {
            self.entries[entry] = Entry::vacant(self.free_entry);
            self.free_entry = entry;
        }
    }

    /// Every entry in use, in no order that may be shown.
    pub(crate) fn live(&self) -> impl Iterator<Item = (u32, &Entry<K>)> {
        let numbered = (0..).zip(self.entries.iter());
        numbered.filter(|(_, entry)| entry.is_live())
    }

    pub(crate) fn path(&self, entry: u32, at: u32) -> &Path {
        match at {
            HEAD => &self.entries[entry].head,
            at => &self.pool[at],
        }
    }

    pub(crate) fn path_mut(&mut self, entry: u32, at: u32) -> &mut Path {
        match at {
            HEAD => &mut self.entries[entry].head,
            at => &mut self.pool[at],
        }
    }

    /// The path id of a path, with add-path.
    pub(crate) fn path_id(&self, entry: u32, at: u32) -> Option<u32> {
        let path = self.path(entry, at);
        path.has_id().then(|| match at {
            HEAD => self.head_ids.get(entry),
            at => self.pool_ids.get(at),
        })
    }

    pub(crate) fn set_path_id(&mut self, entry: u32, at: u32, id: Option<u32>) {
        if let Some(id) = id {
            *match at {
                HEAD => self.head_ids.slot(entry),
                at => self.pool_ids.slot(at),
            } = id;
        }
    }

    /// A path that is not the first of its chain.
    #[inline]
    pub(crate) fn pooled(&self, at: u32) -> &Path {
        &self.pool[at]
    }

    /// The paths behind one in its chain.
    #[inline]
    pub(crate) fn behind(&self, path: &Path) -> impl Iterator<Item = &Path> {
        let at = |next: u32| (next != NONE).then(|| &self.pool[next]);
        core::iter::successors(at(path.next), move |path| at(path.next))
    }

    /// The paths of an entry and where each is stored.
    pub(crate) fn chain(&self, entry: u32) -> impl Iterator<Item = (u32, &Path)> {
        let head = &self.entries[entry].head;
        let first = (!head.is_absent()).then_some((HEAD, head));
        core::iter::successors(first, |(_, path)| {
            let next = path.next;
            (next != NONE).then(|| (next, &self.pool[next]))
        })
    }

    /// Where the path that a source announced is stored.
    #[inline]
    pub(crate) fn find_path(&self, entry: u32, source: u16, id: Option<u32>) -> Option<u32> {
        let fits = |(at, path): &(u32, &Path)| {
            path.source == source && !path.is_derived() && self.path_id(entry, *at) == id
        };
        self.chain(entry).find(fits).map(|(at, _)| at)
    }

    /// Where the derived path of a source with these attributes is stored.
    pub(crate) fn find_derived(&self, entry: u32, source: u16, attrs: AttrId) -> Option<u32> {
        let fits = |(_, path): &(u32, &Path)| {
            path.source == source && path.is_derived() && path.imported == attrs.0
        };
        self.chain(entry).find(fits).map(|(at, _)| at)
    }

    /// Stores a path, and says where.
    pub(crate) fn add_path(&mut self, entry: u32, path: Path, id: Option<u32>) -> u32 {
        let head = &mut self.entries[entry].head;
        let at = if head.is_absent() {
            *head = path.before(NONE);
            HEAD
        } else {
            let path = path.before(head.next);
            let at = match self.free_path {
                NONE => self.pool.push(path),
                free => {
                    self.free_path = self.pool[free].next;
                    self.pool[free] = path;
                    free
                }
            };
            self.entries[entry].head.next = at;
            at
        };
        self.set_path_id(entry, at, id);
        at
    }

    /// Forgets a path.
    pub(crate) fn remove_path(&mut self, entry: u32, at: u32) {
        let next = self.path(entry, at).next;
        if at != HEAD {
            let before = |(_, path): &(u32, &Path)| path.next == at;
            let before = self.chain(entry).find(before).map(|(before, _)| before);
            if let Some(before) = before {
                self.path_mut(entry, before).next = next;
            }
            self.free_pooled(at);
        } else if next == NONE {
            self.entries[entry].head = Path::absent(NONE);
        } else {
            let id = self.path_id(entry, next);
            self.entries[entry].head = self.pool[next];
            self.set_path_id(entry, HEAD, id);
            self.free_pooled(next);
        }
    }

    fn free_pooled(&mut self, at: u32) {
        self.pool[at] = Path::absent(self.free_path);
        self.free_path = at;
    }

    /// Puts a path first in its chain.
    pub(crate) fn bring_forward(&mut self, entry: u32, at: u32) {
        if at == HEAD {
            return;
        }
        let ids = (self.path_id(entry, HEAD), self.path_id(entry, at));
        let (head, other) = (&mut self.entries[entry].head, &mut self.pool[at]);
        core::mem::swap(head, other);
        core::mem::swap(&mut head.next, &mut other.next);
        self.set_path_id(entry, at, ids.0);
        self.set_path_id(entry, HEAD, ids.1);
    }

    /// One path of the best set.
    pub(crate) fn best_path(&self, entry: u32, at: u32) -> BestPath {
        let path = self.path(entry, at);
        BestPath {
            source: SourceId(path.source),
            path_id: self.path_id(entry, at).map(PathId),
            attrs: AttrId(path.imported),
        }
    }

    /// The first of the best set.
    #[inline]
    pub(crate) fn best(&self, entry: u32) -> Option<BestPath> {
        let used = self.entries[entry].head.is_used();
        used.then(|| self.best_path(entry, HEAD))
    }

    /// The paths in use, best first.
    #[inline]
    pub(crate) fn best_set(&self, entry: u32) -> BestSet {
        self.first_best(entry, usize::MAX)
    }

    /// The paths in use, best first, of which there are so many at most.
    #[inline]
    pub(crate) fn first_best(&self, entry: u32, max: usize) -> BestSet {
        let mut set = BestSet::default();
        if let Some(best) = self.best(entry) {
            set.paths.push(best);
            if max > 1 && self.entries[entry].head.next != NONE {
                self.add_equal(entry, &mut set);
            }
        }
        set
    }

    fn add_equal(&self, entry: u32, set: &mut BestSet) {
        for (at, path) in self.chain(entry).skip(1) {
            if path.is_used() {
                let place = usize::from(path.place());
                let best = self.best_path(entry, at);
                if set.paths.len() <= place {
                    set.paths.resize(place + 1, best);
                }
                set.paths[place] = best;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use routehub_types::{Ipv4Prefix, Ipv6Prefix};

    use super::Entry;

    #[test]
    fn an_entry_is_half_a_line_of_the_cache_and_44_bytes_for_ipv6() {
        assert_eq!(size_of::<Entry<Ipv4Prefix>>(), 32);
        assert_eq!(align_of::<Entry<Ipv4Prefix>>(), 32);
        assert_eq!(size_of::<Entry<Ipv6Prefix>>(), 44);
    }
}

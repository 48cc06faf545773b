//! The prefixes of one family, each with its chain of paths.

use alloc::vec::Vec;

use routehub_types::{AttrId, Nlri, Prefix};

use super::entry::{Entry, NONE, Path};
use super::index::Index;
use super::key::{Key, Seeded};
use super::prefetch;
use super::slab::{Column, Slab};

/// Says that a path is the first of its chain, which stands in the entry itself.
pub(crate) const HEAD: u32 = NONE;

/// Entries that are read ahead while the index is made anew.
const AT_ONCE: usize = 128;

/// A prefix of a batch on its way through the table.
#[derive(Clone, Debug)]
pub(crate) struct Item<K> {
    pub(crate) key: K,
    pub(crate) path_id: Option<u32>,
    pub(crate) hash: u64,
    pub(crate) entry: u32,
}

/// Prefixes and their paths: entries, the pool of further paths, and the index over both.
#[derive(Clone, Debug)]
pub(crate) struct Routes<K: Key> {
    index: Index,
    entries: Slab<Entry<K>>,
    free_entry: u32,
    pool: Slab<Path>,
    free_path: u32,
    head_ids: Column<u32>,
    pool_ids: Column<u32>,
    hash: Seeded,
}

impl<K: Key> Routes<K> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            index: Index::default(),
            entries: Slab::default(),
            free_entry: NONE,
            pool: Slab::default(),
            free_path: NONE,
            head_ids: Column::default(),
            pool_ids: Column::default(),
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

    /// Reads of the index what a look-up of a hash needs.
    #[inline]
    pub(crate) fn prefetch_index(&self, hash: u64) -> u32 {
        self.index.prefetch(hash)
    }

    /// Looks up prefixes in passes of short, independent steps, so that the waits for memory
    /// overlap.
    pub(crate) fn resolve(&self, nlri: &[Nlri], batch: &mut Vec<Item<K>>) {
        batch.clear();
        batch.extend(nlri.iter().filter_map(|route| {
            let key = K::of(route.prefix)?;
            Some(Item {
                key,
                path_id: route.path_id.map(|id| id.0),
                hash: self.hash(key),
                entry: NONE,
            })
        }));
        prefetch(batch.iter().map(|item| self.index.prefetch(item.hash)));
        // What the index names first is the entry almost always.
        for item in batch.iter_mut() {
            item.entry = self.index.first_match(item.hash).unwrap_or(NONE);
        }
        let entries = batch.iter().filter_map(|item| self.entries.get(item.entry));
        prefetch(entries.map(|entry| entry.head.next));
        for item in batch.iter_mut().filter(|item| item.entry != NONE) {
            if self.entries[item.entry].key != item.key {
                item.entry = self.find_hashed(item.key, item.hash).unwrap_or(NONE);
            }
        }
    }

    /// The entry of an item, which may have come or gone since it was looked up.
    pub(crate) fn entry_of(&self, item: &Item<K>) -> Option<u32> {
        let found = self.entries.get(item.entry);
        if found.is_some_and(|entry| entry.is_live() && entry.key == item.key) {
            return Some(item.entry);
        }
        self.find_hashed(item.key, item.hash)
    }

    pub(crate) fn find(&self, key: K) -> Option<u32> {
        self.find_hashed(key, self.hash(key))
    }

    /// The entry of a prefix, if it is one of this family.
    #[inline]
    pub(crate) fn entry_for(&self, prefix: Prefix) -> Option<u32> {
        self.find(K::of(prefix)?)
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
            prefetch(some.iter().map(|(hash, _)| self.index.prefetch(*hash)));
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

    /// Frees an entry that holds no path.
    pub(crate) fn free(&mut self, entry: u32) {
        let hash = self.hash(self.entries[entry].key);
        if self.index.remove(hash, entry) {
            self.entries[entry] = Entry::vacant(self.free_entry);
            self.free_entry = entry;
        }
    }

    #[inline]
    pub(crate) fn entry(&self, number: u32) -> &Entry<K> {
        &self.entries[number]
    }

    #[inline]
    pub(crate) fn entry_mut(&mut self, number: u32) -> &mut Entry<K> {
        &mut self.entries[number]
    }

    #[inline]
    pub(crate) fn key(&self, entry: u32) -> K {
        self.entries[entry].key
    }

    /// The entries of a batch that are there.
    pub(crate) fn heads(&self, batch: &[Item<K>]) -> impl Iterator<Item = &Path> {
        let entries = batch.iter().filter_map(|item| self.entries.get(item.entry));
        entries.map(|entry| &entry.head)
    }

    /// How many numbers of entries there are, those not in use included.
    pub(crate) fn numbers(&self) -> u32 {
        self.entries.len()
    }

    /// These entries in the order of their prefixes.
    pub(crate) fn in_order(&self, entries: impl Iterator<Item = u32>) -> Vec<u32> {
        let places = self.places(entries).into_iter();
        places.map(|(_, entry)| entry).collect()
    }

    /// The same, each with its place in the order of prefixes.
    pub(crate) fn places(&self, entries: impl Iterator<Item = u32>) -> Vec<(K::Place, u32)> {
        // Numbers stand beside their entries, so that the sort looks nothing up and compares fast;
        // it is the stable one because neighbours announce in runs that are in order.
        let places = entries.map(|entry| (self.entries[entry].key.place(), entry));
        let mut places: Vec<(K::Place, u32)> = places.collect();
        places.sort();
        places
    }

    /// The prefixes of up to so many entries from one on, and the entry after them if there is one.
    pub(crate) fn stored_from(&self, from: u32, most: u32) -> (Vec<Prefix>, Option<u32>) {
        let end = from.saturating_add(most).min(self.numbers());
        let entries = (from..end).filter_map(|number| self.entries.get(number));
        let live = entries.filter(|entry| entry.is_live());
        let prefixes = live.map(|entry| entry.key.prefix()).collect();
        (prefixes, (end < self.numbers()).then_some(end))
    }

    /// Every entry in use, in no order that may be shown.
    pub(crate) fn live(&self) -> impl Iterator<Item = (u32, &Entry<K>)> {
        let numbered = (0..).zip(self.entries.iter());
        numbered.filter(|(_, entry)| entry.is_live())
    }

    /// Adds the prefixes in use that are equal to one of these or inside it.
    pub(crate) fn inside(&self, space: &[Prefix], inside: &mut Vec<Prefix>) {
        let prefixes = self.live().map(|(_, entry)| entry.key.prefix());
        let fits = |prefix: &Prefix| space.iter().any(|around| around.contains(*prefix));
        inside.extend(prefixes.filter(fits));
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

    /// The paths behind another in its chain.
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

    /// The paths of an entry that a source announced.
    #[inline]
    pub(crate) fn received(&self, entry: u32, source: u16) -> impl Iterator<Item = (u32, &Path)> {
        let fits = move |(_, path): &(u32, &Path)| path.source == source && !path.is_derived();
        self.chain(entry).filter(fits)
    }

    /// Where the path that a source announced is stored.
    #[inline]
    pub(crate) fn find_path(&self, entry: u32, source: u16, id: Option<u32>) -> Option<u32> {
        self.find_received(entry, source, |at, _| self.path_id(entry, at) == id)
    }

    /// Where the first path that a source announced and for which `fits` holds is stored.
    #[inline]
    pub(crate) fn find_received(
        &self,
        entry: u32,
        source: u16,
        fits: impl Fn(u32, &Path) -> bool,
    ) -> Option<u32> {
        let mut received = self.received(entry, source);
        let found = received.find(|(at, path)| fits(*at, path))?;
        Some(found.0)
    }

    /// Where the derived path of a source with these attributes is stored.
    fn find_derived(&self, entry: u32, source: u16, attrs: AttrId) -> Option<u32> {
        let fits = |(_, path): &(u32, &Path)| {
            path.source == source && path.is_derived() && path.imported == attrs.0
        };
        self.chain(entry).find(fits).map(|(at, _)| at)
    }

    /// Adds a received path to those that a derived path stands for; says whether that is new.
    pub(crate) fn add_contributor(&mut self, entry: u32, source: u16, attrs: AttrId) -> bool {
        let found = self.find_derived(entry, source, attrs);
        match found {
            Some(at) => self.path_mut(entry, at).received += 1,
            None => {
                self.add_path(entry, Path::derived(source, attrs), None);
            }
        }
        found.is_none()
    }

    /// Takes a received path out of those that a derived path stands for; says whether that is
    /// gone.
    pub(crate) fn remove_contributor(&mut self, entry: u32, source: u16, attrs: AttrId) -> bool {
        let Some(at) = self.find_derived(entry, source, attrs) else {
            return false;
        };
        let path = self.path_mut(entry, at);
        path.received -= 1;
        let gone = path.received == 0;
        if gone {
            self.remove_path(entry, at);
        }
        gone
    }

    /// Stores a path, and says where.
    pub(crate) fn add_path(&mut self, entry: u32, mut path: Path, id: Option<u32>) -> u32 {
        let head = &mut self.entries[entry].head;
        let at = if head.is_absent() {
            *head = path;
            HEAD
        } else {
            path.next = head.next;
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
}

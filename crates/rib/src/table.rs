//! The table of one family: entries, their chains of paths, and the index over both.

use alloc::vec::Vec;

use hashbrown::{HashMap, HashTable};
use routehub_types::{AttrId, PathId};

use crate::SourceId;
use crate::change::{BestPath, BestSet};
use crate::decide::Contender;
use crate::entry_set::EntrySet;
use crate::export::{Group, Slot};
use crate::hash::Seeded;
use crate::key::Key;
use crate::path::{NONE, Path};
use crate::slab::{Column, Slab};

/// Says that a path is the first of its chain, which stands in the entry itself.
pub(crate) const HEAD: u32 = NONE;

/// A prefix and its first path; if there is a best path, that is the first.
#[derive(Clone, Debug)]
pub(crate) struct Entry<K> {
    pub(crate) key: K,
    live: bool,
    pub(crate) head: Path,
    /// What the first export group sends, here because it is looked at whenever the paths are.
    pub(crate) slot: Slot,
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
pub(crate) struct Table<K> {
    index: HashTable<u32>,
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
    /// Per prefix length, how many entries have a best path.
    pub(crate) lengths: Vec<u32>,
    /// How many entries have a best path.
    pub(crate) best: usize,
    pub(crate) groups: Vec<Option<Group<K>>>,
    pub(crate) batch: Vec<Item<K>>,
    pub(crate) contenders: Vec<Contender>,
    hash: Seeded,
}

impl<K: Key> Table<K> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            index: HashTable::new(),
            entries: Slab::default(),
            free_entry: NONE,
            pool: Slab::default(),
            free_path: NONE,
            head_ids: Column::default(),
            pool_ids: Column::default(),
            listed: Vec::new(),
            replaced: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(seed)),
            lengths: Vec::new(),
            best: 0,
            groups: Vec::new(),
            batch: Vec::new(),
            contenders: Vec::new(),
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
        let same = |entry: &u32| self.entries[*entry].key == key;
        self.index.find(hash, same).copied()
    }

    /// The first entry that may be that of a hash; whose it is has to be looked at.
    #[inline]
    pub(crate) fn likely(&self, hash: u64) -> u32 {
        self.index.iter_hash(hash).next().copied().unwrap_or(NONE)
    }

    pub(crate) fn find(&self, key: K) -> Option<u32> {
        self.find_hashed(key, self.hash(key))
    }

    /// Whether an entry found earlier still is that of the key.
    #[inline]
    pub(crate) fn holds(&self, entry: u32, key: K) -> bool {
        let found = self.entries.get(entry);
        found.is_some_and(|entry| entry.live && entry.key == key)
    }

    /// A new entry without paths.
    pub(crate) fn insert(&mut self, key: K, hash: u64) -> u32 {
        let vacant = Entry {
            key,
            live: true,
            head: Path::absent(NONE),
            slot: Slot::default(),
        };
        let number = match self.free_entry {
            NONE => self.entries.push(vacant),
            free => {
                let entry = &mut self.entries[free];
                self.free_entry = entry.head.next;
                *entry = vacant;
                free
            }
        };
        let (entries, seeded) = (&self.entries, &self.hash);
        let rehash = |entry: &u32| entries[*entry].key.hash(seeded);
        self.index.insert_unique(hash, number, rehash);
        number
    }

    pub(crate) fn find_or_insert(&mut self, key: K) -> u32 {
        let hash = self.hash(key);
        match self.find_hashed(key, hash) {
            Some(entry) => entry,
            None => self.insert(key, hash),
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
        if let Ok(found) = self.index.find_entry(hash, |one| *one == entry) {
            found.remove();
            self.entries[entry] = Entry {
                key: K::DEFAULT,
                live: false,
                head: Path::absent(self.free_entry),
                slot: Slot::default(),
            };
            self.free_entry = entry;
        }
    }

    /// Every entry in use, in no order that may be shown.
    pub(crate) fn live(&self) -> impl Iterator<Item = (u32, &Entry<K>)> {
        let numbered = (0..).zip(self.entries.iter());
        numbered.filter(|(_, entry)| entry.live)
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

    fn set_path_id(&mut self, entry: u32, at: u32, id: Option<u32>) {
        if let Some(id) = id {
            *match at {
                HEAD => self.head_ids.slot(entry),
                at => self.pool_ids.slot(at),
            } = id;
        }
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
        let mut set = BestSet::default();
        let head = &self.entries[entry].head;
        if !head.is_used() {
            return set;
        }
        set.paths.push(self.best_path(entry, HEAD));
        if head.next != NONE {
            self.add_equal(entry, &mut set);
        }
        set
    }

    fn add_equal(&self, entry: u32, set: &mut BestSet) {
        let others = self.chain(entry).skip(1).filter(|(_, path)| path.is_used());
        let mut places: smallvec::SmallVec<[(u8, u32); 8]> =
            others.map(|(at, path)| (path.place(), at)).collect();
        places.sort_unstable();
        let paths = places.iter().map(|(_, at)| self.best_path(entry, *at));
        set.paths.extend(paths);
    }
}

#[cfg(test)]
mod tests {
    use routehub_types::{Ipv4Prefix, Ipv6Prefix};

    use super::Entry;

    #[test]
    fn an_entry_is_36_bytes_and_48_for_ipv6() {
        assert_eq!(size_of::<Entry<Ipv4Prefix>>(), 36);
        assert_eq!(size_of::<Entry<Ipv6Prefix>>(), 48);
    }
}

//! Questions to the table of one family.

use alloc::vec::Vec;
use core::net::IpAddr;

use routehub_types::{AttrId, Nlri, PathId, Prefix, RuleId};

use crate::change::{BestSet, PathRef};
use crate::decision::{Candidate, DecisionProcess};
use crate::entry_set::EntrySet;
use crate::key::Key;
use crate::path::{Ineligible, Outcome, Path};
use crate::table::Table;
use crate::{SourceId, Standing};

/// One path of a prefix, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathView {
    /// Which path it is.
    pub path: PathRef,
    /// The attributes as received; none for a derived path.
    pub received: Option<AttrId>,
    /// The attributes after import; none if import rejected the path.
    pub attrs: Option<AttrId>,
    /// How many received paths a derived path stands for; 0 for a received one.
    pub contributors: u32,
    /// Whether the source restarted and has not announced the path again.
    pub stale: bool,
    /// Where it stands, and why.
    pub standing: Standing,
}

/// What import made of a received path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// A candidate with these attributes.
    Accepted(AttrId),
    /// A contribution to a derived path of another prefix.
    Replaced {
        /// The prefix in place of the received one.
        prefix: Prefix,
        /// The attributes after import.
        attrs: AttrId,
    },
    /// Rejected by this rule.
    Rejected(RuleId),
    /// Rejected by this rule, but listed among the learned routes.
    Filtered(RuleId),
}

/// One route of an Adj-RIB-In.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdjIn {
    /// The prefix as received.
    pub prefix: Prefix,
    /// The path id, with add-path.
    pub path_id: Option<PathId>,
    /// The attributes as received.
    pub received: AttrId,
    /// What import made of it.
    pub imported: Imported,
    /// Whether the source restarted and has not announced the path again.
    pub stale: bool,
}

/// One route of an Adj-RIB-Out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdjOut {
    /// The prefix.
    pub prefix: Prefix,
    /// The attributes as sent.
    pub attrs: AttrId,
    /// The source of the best path.
    pub source: SourceId,
}

/// Lengths that a longest match looks for at once.
const AT_ONCE: usize = 4;

impl<K: Key> Table<K> {
    /// These entries in the order of their prefixes.
    pub(crate) fn in_order(&self, entries: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut entries: Vec<u32> = entries.collect();
        entries.sort_unstable_by_key(|entry| self.entries[*entry].key);
        entries
    }

    /// Prefixes with a best path, in order.
    pub(crate) fn loc_rib(&self) -> impl Iterator<Item = (Prefix, BestSet)> + '_ {
        let used = self.live().filter(|(_, entry)| entry.head.is_used());
        let entries = self.in_order(used.map(|(number, _)| number)).into_iter();
        entries.map(|entry| (self.entries[entry].key.prefix(), self.best_set(entry)))
    }

    /// What a source announced, in order.
    pub(crate) fn adj_in(&self, source: u16) -> impl Iterator<Item = AdjIn> + '_ {
        let listed = self.listed.get(usize::from(source));
        let entries = self.in_order(listed.into_iter().flat_map(EntrySet::iter));
        entries.into_iter().flat_map(move |entry| {
            let of_source = |(_, path): &(u32, &Path)| path.source == source && !path.is_derived();
            let mut routes: smallvec::SmallVec<[AdjIn; 1]> = self
                .chain(entry)
                .filter(of_source)
                .map(|(at, path)| self.received(entry, at, path))
                .collect();
            routes.sort_unstable_by_key(|route| route.path_id);
            routes
        })
    }

    fn received(&self, entry: u32, at: u32, path: &Path) -> AdjIn {
        let (key, id) = (self.entries[entry].key, self.path_id(entry, at));
        let imported = match path.ineligible() {
            None => Imported::Accepted(AttrId(path.imported)),
            Some(Ineligible::Rejected(rule)) => Imported::Rejected(rule),
            Some(Ineligible::Filtered(rule)) => Imported::Filtered(rule),
            Some(Ineligible::Replaced(attrs)) => {
                let target = self.replaced.get(&(entry, path.source, id));
                let prefix = target.map_or(key.prefix(), |key| key.prefix());
                Imported::Replaced { prefix, attrs }
            }
        };
        AdjIn {
            prefix: key.prefix(),
            path_id: id.map(PathId),
            received: AttrId(path.received),
            imported,
            stale: path.is_stale(),
        }
    }

    /// Whether a source holds a path (in the sense of the route limit).
    fn is_held(&self, source: u16, key: K, id: Option<u32>) -> bool {
        let Some(entry) = self.find(key) else {
            return false;
        };
        let at = self.find_path(entry, source, id);
        at.is_some_and(|at| {
            let rejected = self.path(entry, at).ineligible();
            !matches!(rejected, Some(Ineligible::Rejected(_)))
        })
    }

    /// How many different paths an announcement would add to those held.
    pub(crate) fn count_new(&self, source: u16, announced: &[Nlri]) -> u32 {
        let of_family = announced.iter().filter_map(|one| {
            let key = K::of(one.prefix)?;
            Some((key, one.path_id.map(|id| id.0)))
        });
        let mut paths: Vec<(K, Option<u32>)> = of_family.collect();
        paths.sort_unstable();
        paths.dedup();
        let new = paths
            .iter()
            .filter(|(key, id)| !self.is_held(source, *key, *id));
        u32::try_from(new.count()).unwrap_or(u32::MAX)
    }

    /// The longest prefix with a best path that an address is in.
    pub(crate) fn longest_match(&self, address: IpAddr) -> Option<u32> {
        let mut lengths = self.lengths.around(address, K::FAMILY.max_length());
        loop {
            // A few lengths at once, so that the waits for memory overlap.
            let some = lengths.by_ref().take(AT_ONCE);
            let keys = some.filter_map(|length| K::around(address, length));
            let some: smallvec::SmallVec<[(K, u64); AT_ONCE]> =
                keys.map(|key| (key, self.hash(key))).collect();
            if some.is_empty() {
                return None;
            }
            let read = some
                .iter()
                .fold(0, |read, (_, hash)| read ^ self.touch_index(*hash));
            core::hint::black_box(read);
            let found = some.iter().find_map(|(key, hash)| {
                let entry = self.find_hashed(*key, *hash)?;
                self.entries[entry].head.is_used().then_some(entry)
            });
            if found.is_some() {
                return found;
            }
        }
    }

    /// The prefixes around another one that have a best path, the longest first.
    pub(crate) fn covering(&self, address: IpAddr, length: u8) -> impl Iterator<Item = u32> + '_ {
        let lengths = self.lengths.around(address, length);
        lengths.filter_map(move |length| {
            let entry = self.find(K::around(address, length)?)?;
            self.entries[entry].head.is_used().then_some(entry)
        })
    }

    /// What a source announced a prefix with.
    pub(crate) fn announced(&self, key: K, source: u16) -> Option<AttrId> {
        let mut paths = self.chain(self.find(key)?);
        let found = paths.find(|(_, path)| path.source == source && !path.is_derived());
        found.map(|(_, path)| AttrId(path.received))
    }

    /// The paths of a prefix: the best set first, then the others by source.
    pub(crate) fn paths(&self, process: &DecisionProcess<'_>, entry: u32) -> Vec<PathView> {
        let mut candidates = Vec::new();
        self.gather(process.store, entry, &mut candidates);
        for path in &mut candidates {
            path.outcome = self.path(entry, path.at).outcome();
        }
        let mut views: Vec<(u16, PathView)> = self
            .chain(entry)
            .map(|(at, path)| self.view(process, entry, (at, path), &candidates))
            .collect();
        views.sort_unstable_by_key(|(place, view)| (*place, view.path, view.attrs));
        views.into_iter().map(|(_, view)| view).collect()
    }

    fn view(
        &self,
        process: &DecisionProcess<'_>,
        entry: u32,
        (at, path): (u32, &Path),
        candidates: &[Candidate],
    ) -> (u16, PathView) {
        let derived = path.is_derived();
        let imported = AttrId(path.imported);
        let (standing, attrs) = match path.ineligible() {
            Some(Ineligible::Rejected(rule) | Ineligible::Filtered(rule)) => {
                (Standing::Ineligible(rule), None)
            }
            Some(Ineligible::Replaced(attrs)) => (Standing::Replaced, Some(attrs)),
            None => {
                let standing = match path.outcome() {
                    Outcome::Used(0) => Standing::Best,
                    Outcome::Used(_) => Standing::Equal,
                    Outcome::Lost(step) => {
                        let to = process.winner(candidates, at, step);
                        let to = to.map_or(self.path_ref(entry, at), |to| self.path_ref(entry, to));
                        Standing::Lost { step, to }
                    }
                };
                (standing, Some(imported))
            }
        };
        let place = match path.outcome() {
            Outcome::Used(place) if path.is_candidate() => place.into(),
            _ => u16::MAX,
        };
        let view = PathView {
            path: self.path_ref(entry, at),
            received: (!derived).then_some(AttrId(path.received)),
            attrs,
            contributors: if derived { path.received } else { 0 },
            stale: path.is_stale(),
            standing,
        };
        (place, view)
    }

    fn path_ref(&self, entry: u32, at: u32) -> PathRef {
        let path = self.path(entry, at);
        PathRef {
            source: SourceId(path.source),
            path_id: self.path_id(entry, at).map(PathId),
            derived: path.is_derived(),
        }
    }
}

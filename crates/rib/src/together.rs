//! Several tables at once, prefix by prefix.

use alloc::vec::Vec;
use core::slice;

use routehub_types::Prefix;
use smallvec::SmallVec;

use crate::change::BestPath;
use crate::loc_rib::{best_path, used};
use crate::memory::{Key, Routes};

/// Tables that most are looked at together: the instances of a router.
const TABLES: usize = 2;

/// Entries in order, each with its place in the order of prefixes.
type Places<K> = Vec<(<K as Key>::Place, u32)>;

/// A table, and what is left of its prefixes with a best path, in order.
struct Rest<'a, K: Key> {
    routes: &'a Routes<K>,
    entries: slice::Iter<'a, (K::Place, u32)>,
}

impl<K: Key> Rest<'_, K> {
    /// Where its next prefix stands in the order of prefixes.
    #[inline]
    fn next_place(&self) -> Option<K::Place> {
        let (place, _) = self.entries.as_slice().first()?;
        Some(*place)
    }

    /// Takes the next prefix if it stands at this place.
    #[inline]
    fn take_at(&mut self, place: K::Place) -> Option<u32> {
        let (next, entry) = self.entries.as_slice().first()?;
        if *next != place {
            return None;
        }
        self.entries.next();
        Some(*entry)
    }
}

/// Visits the prefixes that any of these tables has a best path for, in order, with the paths in
/// use, each with the place of its table.
pub(crate) fn visit<K: Key>(
    tables: &[&Routes<K>],
    mut visit: impl FnMut(Prefix, &[(usize, BestPath)]),
) {
    let ordered = tables.iter().map(|routes| routes.places(used(routes)));
    let ordered: SmallVec<[Places<K>; TABLES]> = ordered.collect();
    let rests = tables.iter().zip(&ordered);
    let mut rests: SmallVec<[Rest<'_, K>; TABLES]> = rests
        .map(|(routes, ordered)| Rest {
            routes,
            entries: ordered.iter(),
        })
        .collect();
    let mut paths: Vec<(usize, BestPath)> = Vec::new();
    while let Some(place) = rests.iter().filter_map(Rest::next_place).min() {
        paths.clear();
        let mut prefix = None;
        for (table, rest) in rests.iter_mut().enumerate() {
            let Some(entry) = rest.take_at(place) else {
                continue;
            };
            let routes = rest.routes;
            prefix = Some(routes.key(entry).prefix());
            for (at, path) in routes.chain(entry) {
                if path.is_used() {
                    paths.push((table, best_path(routes, entry, at)));
                }
            }
        }
        if let Some(prefix) = prefix {
            visit(prefix, &paths);
        }
    }
}

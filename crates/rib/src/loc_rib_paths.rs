//! Every path in use of a family, by prefix.

use alloc::vec;
use core::iter::FusedIterator;

use routehub_types::{Ipv4Prefix, Ipv6Prefix, Prefix};

use crate::change::BestPath;
use crate::loc_rib::{best_path, used};
use crate::memory::{HEAD, Key, NONE, Routes};

/// Every path in use of a family by its prefix, in the order of prefixes; of a prefix the best path
/// first and the others in no order. [`Rib::loc_rib_paths`](crate::Rib::loc_rib_paths) makes it.
#[derive(Clone, Debug)]
pub struct LocRibPaths<'a>(OfFamily<'a>);

#[derive(Clone, Debug)]
enum OfFamily<'a> {
    V4(InOrder<'a, Ipv4Prefix>),
    V6(InOrder<'a, Ipv6Prefix>),
}

impl<'a> LocRibPaths<'a> {
    pub(crate) fn v4(routes: &'a Routes<Ipv4Prefix>) -> Self {
        Self(OfFamily::V4(InOrder::new(routes)))
    }

    pub(crate) fn v6(routes: &'a Routes<Ipv6Prefix>) -> Self {
        Self(OfFamily::V6(InOrder::new(routes)))
    }
}

impl Iterator for LocRibPaths<'_> {
    type Item = (Prefix, BestPath);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            OfFamily::V4(paths) => paths.next(),
            OfFamily::V6(paths) => paths.next(),
        }
    }
}

impl FusedIterator for LocRibPaths<'_> {}

#[derive(Clone, Debug)]
struct InOrder<'a, K: Key> {
    routes: &'a Routes<K>,
    entries: vec::IntoIter<u32>,
    /// The entry at hand.
    entry: u32,
    /// Which of its paths is next; none of a chain that is at its end.
    next: Option<u32>,
}

impl<'a, K: Key> InOrder<'a, K> {
    fn new(routes: &'a Routes<K>) -> Self {
        Self {
            routes,
            entries: routes.in_order(used(routes)).into_iter(),
            entry: NONE,
            next: None,
        }
    }

    #[inline]
    fn next(&mut self) -> Option<(Prefix, BestPath)> {
        loop {
            let Some(at) = self.next else {
                self.entry = self.entries.next()?;
                self.next = Some(HEAD);
                continue;
            };
            let path = self.routes.path(self.entry, at);
            self.next = (path.next != NONE).then_some(path.next);
            if path.is_used() {
                let prefix = self.routes.key(self.entry).prefix();
                return Some((prefix, best_path(self.routes, self.entry, at)));
            }
        }
    }
}

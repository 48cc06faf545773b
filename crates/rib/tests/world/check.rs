//! What the real table says, compared with what the naive one says.

use std::collections::BTreeMap;

use routehub_rib::{Admission, Age, BestPath, PathRef, Rib, Standing};
use routehub_types::{Attrs, Family, PathId, Prefix};

use super::World;
use crate::model::events::{Event, SOURCES};
use crate::model::{self, Import, Name, Stands};

/// Best sets by prefix: source, path id and attributes of each path.
type LocRib = BTreeMap<Prefix, Vec<(usize, Option<PathId>, Attrs)>>;

impl World {
    /// The paths in use by prefix, as they are seen when the table is looked at beside itself.
    fn paths_together(&self, family: Family) -> Vec<(Prefix, Vec<BestPath>)> {
        let mut all = Vec::new();
        Rib::visit_together(&[&self.rib, &self.rib], family, |prefix, paths| {
            let of = |table: usize| -> Vec<BestPath> {
                let paths = paths.iter().filter(|(place, _)| *place == table);
                paths.map(|(_, path)| *path).collect()
            };
            assert_eq!(of(0), of(1));
            all.push((prefix, of(0)));
        });
        all
    }

    /// Compares everything that can be asked with the model.
    pub(crate) fn check(&mut self) {
        let expected = self.model.loc_rib();
        let name = |best: &BestPath, attrs: &Attrs| -> (usize, Option<PathId>, Attrs) {
            (self.number(best.source), best.path_id, attrs.clone())
        };
        let mut found = BTreeMap::new();
        for family in Family::ALL {
            let listed: Vec<_> = self.rib.loc_rib(family).collect();
            assert!(listed.is_sorted_by_key(|(prefix, _)| *prefix));
            assert_eq!(listed.len(), self.rib.len_of(family));
            let mut paths = self.paths_together(family).into_iter();
            for (prefix, best) in listed {
                // The same when it is looked at beside itself.
                let (of, of_prefix) = paths.next().expect("a prefix");
                assert_eq!(of, prefix);
                assert_eq!(of_prefix.first(), best.first());
                assert_eq!(of_prefix.len(), best.len());
                assert!(of_prefix.iter().all(|path| best.contains(path)));
                let best: Vec<_> = best
                    .iter()
                    .map(|one| name(one, &self.store.attrs(one.attrs)))
                    .collect();
                found.insert(prefix, best);
            }
            assert!(paths.next().is_none());
        }
        let plain = |best: &Vec<(Name, Attrs)>| -> Vec<_> {
            best.iter()
                .map(|((source, id, _), attrs)| (*source, *id, attrs.clone()))
                .collect()
        };
        let wanted: BTreeMap<_, Vec<_>> = expected
            .iter()
            .map(|(prefix, best)| (*prefix, plain(best)))
            .collect();
        assert_eq!(found, wanted);
        let replayed: BTreeMap<_, Vec<_>> = self
            .replayed
            .iter()
            .map(|(prefix, best)| {
                (
                    *prefix,
                    best.iter().map(|(best, attrs)| name(best, attrs)).collect(),
                )
            })
            .collect();
        assert_eq!(replayed, wanted);
        self.check_standings();
        self.check_adj_in();
        self.check_lookups(&wanted);
    }

    fn check_standings(&self) {
        let name = |path: &PathRef| (self.number(path.source), path.path_id, path.derived);
        for prefix in &self.prefixes {
            let mut wanted = self.model.paths(*prefix);
            let mut found: Vec<model::Path> = Vec::new();
            for view in self.rib.paths(&self.store, *prefix) {
                let stands = match view.standing {
                    Standing::Best => Stands::Best,
                    Standing::Equal => Stands::Equal,
                    Standing::Lost { step, to } => Stands::Lost(step, name(&to)),
                    Standing::Ineligible(rule) => Stands::Ineligible(rule),
                    Standing::Replaced => Stands::Replaced,
                };
                found.push(model::Path {
                    name: name(&view.path),
                    attrs: view.attrs.map(|attrs| self.store.attrs(attrs)),
                    contributors: view.contributors,
                    stands,
                });
            }
            wanted.sort_by(|one, other| (one.name, &one.attrs).cmp(&(other.name, &other.attrs)));
            found.sort_by(|one, other| (one.name, &one.attrs).cmp(&(other.name, &other.attrs)));
            assert_eq!(found, wanted, "{prefix}");
        }
    }

    fn check_adj_in(&self) {
        let mut wanted = Vec::new();
        let mut counts = [[0; 4]; SOURCES];
        for ((source, prefix, id), path) in &self.model.adj_in {
            let import = self.model.import(*source, *prefix, &path.attrs);
            let class = match import {
                Import::Accept(_) | Import::Replace(..) => 0,
                Import::Filter(_) => 1,
                Import::Reject(_) => 2,
            };
            counts[*source][class] += 1;
            counts[*source][3] += u32::from(path.age != Age::Fresh);
            wanted.push((*source, *prefix, *id, path.attrs.clone(), path.age, import));
        }
        let mut found = Vec::new();
        for (number, id) in self.ids.iter().enumerate() {
            for family in Family::ALL {
                for route in self.rib.adj_in(*id, family) {
                    let attrs = |id| self.store.attrs(id);
                    let import = match route.imported {
                        Admission::Accept(id) => Import::Accept(attrs(id)),
                        Admission::Replace { prefix, attrs: id } => {
                            Import::Replace(prefix, attrs(id))
                        }
                        Admission::Reject(rule) => Import::Reject(rule),
                        Admission::Filter(rule) => Import::Filter(rule),
                        Admission::Unusable(rule) => panic!("{rule} is no rule of the model"),
                    };
                    found.push((
                        number,
                        route.prefix,
                        route.path_id,
                        attrs(route.received),
                        route.age,
                        import,
                    ));
                }
            }
            let held = self.rib.counts(*id);
            assert_eq!(
                [held.accepted, held.filtered, held.rejected, held.stale],
                counts[number]
            );
        }
        assert_eq!(found, wanted);
    }

    fn check_lookups(&self, wanted: &LocRib) {
        for prefix in &self.prefixes {
            let covering: Vec<Prefix> = self
                .rib
                .covering(*prefix)
                .map(|(prefix, _)| prefix)
                .collect();
            let mut expected: Vec<Prefix> = wanted
                .keys()
                .filter(|one| one.contains(*prefix))
                .copied()
                .collect();
            expected.reverse();
            assert_eq!(covering, expected);
            let longest = self
                .rib
                .longest_match(prefix.address())
                .map(|(prefix, _)| prefix);
            let within = wanted
                .keys()
                .filter(|one| one.contains_address(prefix.address()));
            assert_eq!(longest, within.max_by_key(|one| one.length()).copied());
        }
    }

    /// Flushes and pulls until all is quiet; then every peer has to have what the model says.
    pub(crate) fn settle(&mut self) {
        for group in 0..2 {
            while self.flush(group, 3) {}
        }
        for at in 0..self.peers.len() {
            while self.pull(at) {}
            let peer = &self.peers[at];
            let mut wanted = BTreeMap::new();
            let mut too_long = 0;
            for (prefix, best) in self.model.loc_rib() {
                let ((source, ..), attrs) = &best[0];
                if self.families[peer.group].contains(prefix.family())
                    && peer.source != Some(*source)
                {
                    match model::export(self.exports[peer.group], prefix, attrs) {
                        Ok(attrs) => drop(wanted.insert(prefix, attrs)),
                        Err(rule) => too_long += usize::from(rule == model::TOO_LONG),
                    }
                }
            }
            let unsendable = Family::ALL.map(|family| self.rib.unsendable_len(peer.id, family));
            assert_eq!(unsendable.iter().sum::<usize>(), too_long, "peer {at}");
            assert_eq!(peer.table, wanted, "peer {at}");
            let mut listed = BTreeMap::new();
            for family in Family::ALL {
                let routes = self.rib.adj_out(peer.id, family);
                assert_eq!(routes.len(), self.rib.adj_out_len(peer.id, family));
                assert!(routes.is_sorted_by_key(|route| route.prefix));
                listed.extend(
                    routes
                        .into_iter()
                        .map(|route| (route.prefix, self.store.attrs(route.attrs))),
                );
            }
            assert_eq!(listed, wanted, "peer {at}");
        }
    }

    /// Takes everything down: nothing may be left of any attribute set.
    pub(crate) fn end(mut self) {
        for source in 0..SOURCES {
            self.handle(&Event::Down(source));
        }
        self.settle();
        for group in self.groups.clone() {
            self.rib.remove_group(&mut self.store, group);
        }
        self.store.collect(|_| {});
        assert!(
            self.store.is_empty(),
            "{} sets are still referred to",
            self.store.len()
        );
        assert!(self.replayed.is_empty());
    }
}

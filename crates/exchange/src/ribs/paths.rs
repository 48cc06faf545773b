//! All paths of a prefix that may be sent to a peer that takes several (RFC 7911).

use routehub_rib::{BestPath, GroupId, PathRef, Standing};
use routehub_types::{AttrId, Prefix};

use super::{Ribs, is_unsendable};
use crate::graph::AdjacencyId;

/// A path as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathSent {
    /// Which path it is.
    pub(crate) path: PathRef,
    /// Its attributes as sent.
    pub(crate) attrs: AttrId,
}

/// The paths of a prefix, the best one first, and whether no message can hold some of them.
pub(crate) type PathsSent = (Vec<PathSent>, bool);

impl Ribs {
    /// Up to `budget` prefixes of an export group that may have other paths than before, and
    /// whether there are more.
    pub(crate) fn take_changed(
        &mut self,
        id: AdjacencyId,
        group: GroupId,
        budget: usize,
    ) -> (Vec<Prefix>, bool) {
        let sender = self.adjacency(id).sender;
        let rib = self.rib_mut(sender);
        rib.map_or((Vec::new(), false), |(rib, _)| {
            rib.take_changed(group, budget)
        })
    }

    /// The paths of a prefix that the sender of an adjacency sends, `most` of them: those in use
    /// first, then the others as the decision prefers them.
    pub(crate) fn paths_sent(&mut self, id: AdjacencyId, prefix: Prefix, most: usize) -> PathsSent {
        let own = self.source(id.reverse());
        let adjacency = &mut self.adjacencies[id.link.index()].to_mut()[id.sender as usize];
        let Some(rib) = self.ribs[adjacency.sender.index()].as_mut() else {
            return PathsSent::default();
        };
        let (rib, classes, senders) = rib.to_mut().with_sources();
        let store = self.store.to_mut();
        let mut candidates: Vec<(u8, BestPath, PathRef)> = Vec::new();
        for view in rib.paths(store, prefix) {
            let place = match view.standing {
                Standing::Best => 0,
                Standing::Equal => 1,
                Standing::Lost { .. } => 2,
                Standing::Ineligible(_) | Standing::Replaced => continue,
            };
            if let Some(attrs) = view.attrs.filter(|_| Some(view.source()) != own) {
                let PathRef {
                    source, path_id, ..
                } = view.path;
                let path = BestPath {
                    source,
                    path_id,
                    attrs,
                };
                candidates.push((place, path, view.path));
            }
        }
        candidates
            .sort_by_cached_key(|(place, path, of)| (*place, rib.preference(store, path), *of));
        let mut sent = Vec::new();
        let mut unsendable = false;
        for (_, path, of) in candidates {
            if sent.len() >= most {
                break;
            }
            let number = usize::from(path.source.number());
            // nobody hears of its own route.
            let from = senders[number];
            let back = from.name.is_some_and(|name| adjacency.sends_back_to(name));
            if back || adjacency.keeps_back(from, store.key(path.attrs)) {
                continue;
            }
            match adjacency.export_route(store, classes[number], path.attrs, prefix) {
                Ok(attrs) => sent.push(PathSent { path: of, attrs }),
                Err(rule) => unsendable |= is_unsendable(rule),
            }
        }
        (sent, unsendable)
    }
}

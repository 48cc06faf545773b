//! A journal of what changed, for those who follow the fabric: kept only if asked for.

use routehub_types::Prefix;

use super::sorted;
use crate::graph::{Deployment, Graph, LinkId, SpeakerId, VnetId};
use crate::ribs::Changed;

/// What changed since the journal was read last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Best paths of Route Server instances and gateways; sorted, each once.
    pub paths: Vec<(SpeakerId, Prefix)>,
    /// Best paths of everybody else who keeps routes to pass them on; sorted, each once.
    pub other_paths: Vec<(SpeakerId, Prefix)>,
    /// Networks, by name, of which anything may have changed: peerings, Route Servers, instances;
    /// sorted, each once.
    pub vnets: Vec<String>,
    /// Links that went down or came up, in order, each once.
    pub links: Vec<LinkChange>,
}

/// A session or connection that went down or came up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LinkChange {
    /// The names of its ends, an instance of a Route Server as `rs/0`.
    pub ends: [String; 2],
    /// Whether it is up now.
    pub up: bool,
}

impl Changes {
    /// These and what changed behind them.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        self.paths = sorted(self.paths.into_iter().chain(later.paths));
        self.other_paths = sorted(self.other_paths.into_iter().chain(later.other_paths));
        self.vnets = sorted(self.vnets.into_iter().chain(later.vnets));
        self.links.extend(later.links);
        self.links.dedup();
        self
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        let paths = [&self.paths, &self.other_paths];
        paths.iter().all(|paths| paths.is_empty()) && self.vnets.is_empty() && self.links.is_empty()
    }
}

/// The names of the ends of a link: of a circuit that of its link, where the other one stands in
/// another way.
fn ends_of(graph: &Graph, id: LinkId) -> [String; 2] {
    let link = graph.link(id);
    let twin = graph.twin_link(id).map(|twin| graph.link(twin));
    let differs = twin.is_some_and(|twin| twin.is_up() != link.is_up());
    [&link.a, &link.b].map(|end| {
        let speaker = graph.speaker(end.speaker);
        if differs {
            speaker.with_link()
        } else {
            speaker.to_string()
        }
    })
}

/// Changes as they are written down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    kept: bool,
    paths: Vec<(SpeakerId, Prefix)>,
    other_paths: Vec<(SpeakerId, Prefix)>,
    vnets: Vec<VnetId>,
    links: Vec<LinkId>,
    /// What was written down of an estate that was described in another way.
    earlier: Changes,
}

impl Journal {
    /// Goes on from the journal of an estate that was described in another way.
    pub(crate) fn carry_over(&mut self, kept: bool, earlier: Changes) {
        self.kept = kept;
        if kept {
            self.earlier = earlier;
        }
    }

    /// Whether changes are written down.
    pub(crate) const fn is_kept(&self) -> bool {
        self.kept
    }

    /// Writes down what changes from here on. It grows with every change that is not read.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }

    /// What changed since the last call.
    pub(crate) fn take(&mut self, deployment: &Deployment) -> Changes {
        let Self {
            kept,
            paths,
            other_paths,
            vnets,
            links,
            earlier,
        } = std::mem::take(self);
        self.kept = kept;
        let each_once = |mut paths: Vec<(SpeakerId, Prefix)>, earlier: Vec<_>| {
            paths.extend(earlier);
            paths.sort_unstable();
            paths.dedup();
            paths
        };
        let paths = each_once(paths, earlier.paths);
        let other_paths = each_once(other_paths, earlier.other_paths);
        let names = &deployment.estate().vnets;
        let graph = deployment.graph();
        let links = sorted(links.into_iter()).into_iter().map(|id| LinkChange {
            ends: ends_of(graph, id),
            up: graph.link(id).is_up(),
        });
        let vnets = vnets.iter().map(|id| names[id.0].name.clone());
        let mut links: Vec<LinkChange> = earlier.links.into_iter().chain(links).collect();
        links.dedup();
        Changes {
            paths,
            other_paths,
            vnets: sorted(vnets.chain(earlier.vnets)),
            links,
        }
    }

    /// Whether changes at a speaker are written down.
    pub(crate) fn covers(&self, deployment: &Deployment, speaker: SpeakerId) -> bool {
        self.kept && deployment.graph().speaker(speaker).programs_nics()
    }

    /// Writes down prefixes whose best paths changed at a speaker.
    pub(crate) fn note_paths(&mut self, deployment: &Deployment, changed: &Changed) {
        if self.covers(deployment, changed.speaker) {
            let prefixes = changed.prefixes.iter();
            self.paths
                .extend(prefixes.map(|prefix| (changed.speaker, *prefix)));
            if deployment.is_mapped_gateway(changed.speaker) {
                // The ways of prefixes that a route map makes of these may be others.
                self.vnets.extend(deployment.vnets_served(changed.speaker));
            }
        } else if self.kept {
            let prefixes = changed.prefixes.iter();
            self.other_paths
                .extend(prefixes.map(|prefix| (changed.speaker, *prefix)));
        }
    }

    /// Writes down that a link went down or came up.
    pub(crate) fn note_link(&mut self, link: LinkId) {
        if self.kept {
            self.links.push(link);
        }
    }

    /// Writes down that a speaker stands in another place than before for the networks it serves.
    pub(crate) fn note_standing(&mut self, deployment: &Deployment, speaker: SpeakerId) {
        if self.covers(deployment, speaker) {
            self.vnets.extend(deployment.vnets_served(speaker));
        }
    }

    /// Writes down that networks are peered in another way than before.
    pub(crate) fn note_peered(&mut self, vnets: impl IntoIterator<Item = VnetId>) {
        if self.kept {
            self.vnets.extend(vnets);
        }
    }
}

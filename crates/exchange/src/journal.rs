//! A journal of what changed, for those who follow the fabric: kept only if asked for.

use routehub_types::Prefix;

use crate::exchange::Exchange;
use crate::link::LinkId;
use crate::speaker::{Speaker, SpeakerId, SpeakerKind};
use crate::topology::VnetId;

/// What changed since the journal was read last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Best paths of Route Server instances and gateways; sorted, each once.
    pub paths: Vec<(SpeakerId, Prefix)>,
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
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.vnets.is_empty() && self.links.is_empty()
    }
}

/// Changes as they are written down.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    paths: Vec<(SpeakerId, Prefix)>,
    vnets: Vec<VnetId>,
    links: Vec<LinkId>,
}

impl Exchange {
    /// Writes down what changes from here on, until [`take_changes`](Self::take_changes) reads it.
    /// It grows with every change that is not read.
    pub fn keep_journal(&mut self) {
        self.journal.get_or_insert_default();
    }

    /// What changed since the last call, or since the journal is kept; nothing if it is not.
    pub fn take_changes(&mut self) -> Changes {
        let Some(journal) = &mut self.journal else {
            return Changes::default();
        };
        let Journal {
            mut paths,
            vnets,
            mut links,
        } = std::mem::take(journal);
        paths.sort_unstable();
        paths.dedup();
        let vnets = vnets.into_iter().filter_map(|vnet| {
            let vnet = self.estate.vnets.get(vnet.0)?;
            Some(vnet.name.clone())
        });
        let mut vnets: Vec<String> = vnets.collect();
        vnets.sort_unstable();
        vnets.dedup();
        links.sort_unstable();
        links.dedup();
        let links = links.into_iter().map(|link| self.link_change(link));
        Changes {
            paths,
            vnets,
            links: links.collect(),
        }
    }

    fn link_change(&self, link: LinkId) -> LinkChange {
        let one = self.graph.link(link);
        let name = |id| self.graph.speaker(id).to_string();
        LinkChange {
            ends: [one.a.speaker, one.b.speaker].map(name),
            up: one.is_up(),
        }
    }

    /// The speaker of an id.
    pub fn speaker(&self, id: SpeakerId) -> &Speaker {
        self.graph.speaker(id)
    }

    /// Writes down that a link went down or came up.
    pub(crate) fn note_link(&mut self, link: LinkId) {
        if let Some(journal) = &mut self.journal {
            journal.links.push(link);
        }
    }

    /// The networks whose NICs may use routes of a Route Server instance or gateway, by name: its
    /// own first, then those that use it.
    pub fn vnets_served(&self, speaker: SpeakerId) -> impl Iterator<Item = &str> {
        let own = self.graph.speaker(speaker).vnet;
        let vnets = own.into_iter().flat_map(|vnet| self.served_from(vnet));
        vnets
            .filter_map(|vnet| self.estate.vnets.get(vnet.0))
            .map(|vnet| vnet.name.as_str())
    }

    fn served_from(&self, vnet: VnetId) -> impl Iterator<Item = VnetId> {
        std::iter::once(vnet).chain(self.topology.spokes(vnet))
    }

    /// Whether changes at a speaker are written down.
    pub(crate) fn journals(&self, speaker: SpeakerId) -> bool {
        self.journal.is_some()
            && matches!(
                self.graph.speaker(speaker).kind,
                SpeakerKind::RouteServer { .. } | SpeakerKind::Gateway { .. }
            )
    }

    /// Writes down prefixes whose best paths changed at a speaker, and has neighbours hear of
    /// them if any listens.
    pub(crate) fn note_changed(&mut self, speaker: SpeakerId, changed: Vec<Prefix>) {
        if changed.is_empty() {
            return;
        }
        if self.journals(speaker)
            && let Some(journal) = &mut self.journal
        {
            let paths = changed.iter().map(|prefix| (speaker, *prefix));
            journal.paths.extend(paths);
        }
        if self.listens(speaker) {
            self.mark_dirty(speaker, changed);
        }
    }

    /// Writes down that a speaker stands in another place than before for those it serves.
    pub(crate) fn note_standing(&mut self, speaker: SpeakerId) {
        if !self.journals(speaker) {
            return;
        }
        let vnet = self.graph.speaker(speaker).vnet;
        let vnets: Vec<VnetId> = vnet
            .into_iter()
            .flat_map(|vnet| self.served_from(vnet))
            .collect();
        if let Some(journal) = &mut self.journal {
            journal.vnets.extend(vnets);
        }
    }

    /// Writes down that every network may have other routes.
    pub(crate) fn note_topology(&mut self) {
        let vnets = self.estate.vnets.len();
        if let Some(journal) = &mut self.journal {
            journal.vnets.extend((0..vnets).map(VnetId));
        }
    }
}

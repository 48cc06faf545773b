//! What an event changed.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use routehub_exchange::{Changes, Exchange, LinkChange, SpeakerId};
use routehub_types::Prefix;

use crate::words::listed;

/// What an event changed, by name and prefix: enough to know which tables to look at again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EventReport {
    /// Sessions and connections that went down or came up.
    pub links: Vec<LinkChange>,
    /// Route Server instances and gateways whose best paths are others now.
    pub best_paths: Vec<BestPathChange>,
    /// Networks whose machines may have other routes now, by name: to the prefixes that changed at
    /// those who program them, or, if they stand in `moved` too, to any prefix.
    #[cfg_attr(feature = "serde", serde(serialize_with = "names"))]
    pub vnets: Arc<[String]>,
    /// Networks that are peered, programmed or served in another way than before, by name.
    pub moved: Vec<String>,
}

/// A speaker whose best paths are others now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BestPathChange {
    /// Its name, an instance of a Route Server as `rs/0`.
    pub speaker: String,
    /// The prefixes, in order.
    pub prefixes: Vec<Prefix>,
}

/// Reads the journal of an exchange, and keeps the networks that some speakers serve: the next
/// event is often about the same speakers, and there may be hundreds of networks.
#[derive(Clone, Debug, Default)]
pub struct EventReporter {
    by: Vec<SpeakerId>,
    vnets: Arc<[String]>,
}

impl EventReporter {
    /// What changed since the journal was read last.
    pub fn take(&mut self, exchange: &mut Exchange) -> EventReport {
        let changes = exchange.take_changes();
        self.report(exchange, changes)
    }

    /// What changed by a journal that was read.
    pub fn report(&mut self, exchange: &Exchange, changes: Changes) -> EventReport {
        let mut best_paths = Vec::new();
        let mut by = Vec::new();
        for of_speaker in changes.paths.chunk_by(|path, next| path.0 == next.0) {
            let Some((speaker, _)) = of_speaker.first() else {
                continue;
            };
            by.push(*speaker);
            best_paths.push(BestPathChange {
                speaker: exchange.speaker(*speaker).to_string(),
                prefixes: of_speaker.iter().map(|(_, prefix)| *prefix).collect(),
            });
        }
        let moved = changes.vnets;
        // Who serves whom changes only where networks have moved.
        if !moved.is_empty() || self.by != by {
            // Those of one network serve the same.
            let mut seen = BTreeSet::new();
            let first = by
                .iter()
                .filter(|speaker| seen.insert(exchange.speaker(**speaker).vnet));
            let served = first.flat_map(|speaker| exchange.vnets_served(*speaker));
            let vnets: BTreeSet<&str> = moved.iter().map(String::as_str).chain(served).collect();
            self.vnets = vnets.into_iter().map(str::to_owned).collect();
            self.by = by;
        }
        let vnets = Arc::clone(&self.vnets);
        if !moved.is_empty() {
            *self = Self::default();
        }
        EventReport {
            links: changes.links,
            best_paths,
            vnets,
            moved,
        }
    }
}

impl EventReport {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty() && self.best_paths.is_empty() && self.vnets.is_empty()
    }
}

impl fmt::Display for EventReport {
    /// Writes a line for each session, speaker, and for the networks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changes\n");
        }
        for link in &self.links {
            let [a, b] = &link.ends;
            let state = if link.up { "up" } else { "down" };
            writeln!(f, "{a} - {b}: {state}")?;
        }
        for change in &self.best_paths {
            writeln!(
                f,
                "{}: best paths to {}",
                change.speaker,
                listed(&change.prefixes)
            )?;
        }
        match &*self.vnets {
            [] => Ok(()),
            some => writeln!(f, "machines in {} may have other routes", listed(some)),
        }
    }
}

/// Writes names that are shared as a list.
#[cfg(feature = "serde")]
fn names<S: serde::Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(names)
}

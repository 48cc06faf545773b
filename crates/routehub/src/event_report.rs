//! What an event changed.

use std::collections::BTreeSet;
use std::fmt;

use routehub_exchange::{Exchange, LinkChange};
use routehub_types::Prefix;

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
    pub vnets: Vec<String>,
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

impl EventReport {
    /// What changed since the journal was read last.
    pub(crate) fn take(exchange: &mut Exchange) -> Self {
        let changes = exchange.take_changes();
        let mut it = Self {
            links: changes.links,
            moved: changes.vnets,
            ..Self::default()
        };
        let mut vnets: BTreeSet<&str> = it.moved.iter().map(String::as_str).collect();
        for of_one in changes.paths.chunk_by(|one, other| one.0 == other.0) {
            let Some((speaker, _)) = of_one.first() else {
                continue;
            };
            vnets.extend(exchange.vnets_served(*speaker));
            it.best_paths.push(BestPathChange {
                speaker: exchange.speaker(*speaker).to_string(),
                prefixes: of_one.iter().map(|(_, prefix)| *prefix).collect(),
            });
        }
        let vnets = vnets.into_iter().map(str::to_owned).collect();
        Self { vnets, ..it }
    }

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
        for one in &self.best_paths {
            let prefixes = one.prefixes.iter().map(ToString::to_string);
            let prefixes = prefixes.collect::<Vec<_>>().join(", ");
            writeln!(f, "{}: best paths to {prefixes}", one.speaker)?;
        }
        match self.vnets.as_slice() {
            [] => Ok(()),
            some => writeln!(f, "machines in {} may have other routes", some.join(", ")),
        }
    }
}

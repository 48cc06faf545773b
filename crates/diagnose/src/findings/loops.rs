//! Findings about routes that go round: each speaker has one from the next, and nobody from where
//! it would lead anywhere.

use std::collections::{BTreeMap, BTreeSet};

use routehub_types::Prefix;

use super::{Findings, some_of};
use crate::rules;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::Origin;

impl Findings<'_> {
    /// NVAs that tell each other routes which nobody announces any more.
    pub(super) fn loops(&mut self) {
        let exchange = self.exchange;
        let mut loops: BTreeMap<Vec<SpeakerId>, BTreeSet<Prefix>> = BTreeMap::new();
        for id in exchange.graph.speakers() {
            // A Route Server or gateway alone passes no route back.
            let nva = matches!(exchange.graph.speaker(id).kind, SpeakerKind::Nva { .. });
            let Some(table) = exchange.table(id).filter(|_| nva) else {
                continue;
            };
            for prefix in table.prefixes() {
                if let Some(around) = self.around(id, prefix) {
                    loops.entry(around).or_default().insert(prefix);
                }
            }
        }
        for (around, prefixes) in loops {
            let prefixes: Vec<Prefix> = prefixes.into_iter().collect();
            let name = |id: &SpeakerId| exchange.graph.speaker(*id).to_string();
            let names: Vec<String> = around.iter().chain(around.first()).map(name).collect();
            let text = format!(
                "{} go round, each has it from the next: {}. Nobody announces it, and packets go in \
                 circles. Filter what they pass to each other, and do not take ASNs of \
                 receivers out of AS paths.",
                some_of(&prefixes),
                names.join(" -> ")
            );
            for id in &around {
                let one = exchange.graph.speaker(*id);
                if matches!(one.kind, SpeakerKind::Nva { .. }) {
                    self.error(rules::ROUTE_ECHO, &one.name, text.clone());
                }
            }
        }
    }

    /// The speakers from whom a speaker has a route, if the last of them has it from itself; the
    /// one with the lowest number first.
    fn around(&self, id: SpeakerId, prefix: Prefix) -> Option<Vec<SpeakerId>> {
        let mut around = vec![id];
        let mut from = self.has_from(id, prefix)?;
        while from != id {
            if around.contains(&from) {
                return None; // a loop further on, which is found from there
            }
            around.push(from);
            from = self.has_from(from, prefix)?;
        }
        let lowest = around.iter().enumerate().min_by_key(|(_, one)| **one);
        let lowest = lowest.map_or(0, |(place, _)| place);
        around.rotate_left(lowest);
        Some(around)
    }

    /// The neighbour that a speaker has its best route from.
    fn has_from(&self, id: SpeakerId, prefix: Prefix) -> Option<SpeakerId> {
        let table = self.exchange.table(id)?;
        let best = table.rib.best(prefix);
        match table.origin(best.first()?.source) {
            Origin::Link(link) => self.exchange.graph.link(link).peer_of(id),
            Origin::OwnNetwork | Origin::Spoke => None,
        }
    }
}

//! Findings about routes that go round: each speaker has one from the next, and nobody from where
//! it would lead anywhere.

use std::collections::{BTreeMap, BTreeSet};

use routehub_exchange::rules;
use routehub_exchange::view::{Origin, SpeakerId, SpeakerKind};
use routehub_types::Prefix;

use super::Findings;
use crate::words::{joined, some_of};

/// NVAs that tell each other routes which nobody announces any more.
pub(super) fn loops(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let mut loops: BTreeMap<Vec<SpeakerId>, BTreeSet<Prefix>> = BTreeMap::new();
    for id in exchange.graph().speakers() {
        // A Route Server or gateway alone passes no route back.
        let nva = matches!(exchange.speaker(id).kind, SpeakerKind::Nva { .. });
        let Some(rib) = exchange.rib(id).filter(|_| nva) else {
            continue;
        };
        for prefix in rib.prefixes() {
            if let Some(around) = around(findings, id, prefix) {
                loops.entry(around).or_default().insert(prefix);
            }
        }
    }
    for (around, prefixes) in loops {
        let prefixes: Vec<Prefix> = prefixes.into_iter().collect();
        let round = around.iter().chain(around.first());
        let names = round.map(|id| exchange.speaker(*id));
        let text = format!(
            "{} go round, each has it from the next: {}. Nobody announces it, and packets go in \
             circles. Filter what they pass to each other, and do not take ASNs of \
             receivers out of AS paths.",
            some_of(&prefixes),
            joined(names, " -> ")
        );
        for id in &around {
            let speaker = exchange.speaker(*id);
            if matches!(speaker.kind, SpeakerKind::Nva { .. }) {
                findings.error(rules::ROUTE_ECHO, &speaker.name, text.clone());
            }
        }
    }
}

/// The speakers from whom a speaker has a route, if the last of them has it from itself; the
/// one with the lowest number first.
fn around(findings: &Findings<'_>, id: SpeakerId, prefix: Prefix) -> Option<Vec<SpeakerId>> {
    let mut around = vec![id];
    let mut from = has_from(findings, id, prefix)?;
    while from != id {
        if around.contains(&from) {
            return None; // a loop further on, which is found from there
        }
        around.push(from);
        from = has_from(findings, from, prefix)?;
    }
    let lowest = around.iter().enumerate().min_by_key(|(_, id)| **id);
    let place = lowest.map_or(0, |(place, _)| place);
    around.rotate_left(place);
    Some(around)
}

/// The neighbour that a speaker has its best route from.
fn has_from(findings: &Findings<'_>, id: SpeakerId, prefix: Prefix) -> Option<SpeakerId> {
    let rib = findings.exchange.rib(id)?;
    let best = rib.best(prefix);
    match rib.origin(best.first()?.source) {
        Origin::Link(link) => findings.exchange.graph().link(link).peer_of(id),
        Origin::OwnNetwork | Origin::Spoke => None,
    }
}

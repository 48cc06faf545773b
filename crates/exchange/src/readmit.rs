//! What follows when policies or speakers change while routes are held.

use routehub_rib::{Announcement, AttrStore, Delta, Source, SourceId};

use crate::estate::RoutingPreference;
use crate::exchange::Exchange;
use crate::link::{LinkId, Side};
use crate::settle::admission;
use crate::speaker::SpeakerId;
use crate::speaker_table::{self, Table};

impl Exchange {
    /// Forgets what the import policy of a direction said: it is another now.
    pub(crate) fn forget_imported(&mut self, link: LinkId, sender: Side) {
        let direction = &mut self.directions[link.0 as usize][sender as usize];
        direction.imported.clear(&mut self.store);
    }

    /// Forgets what the export policy of a direction said: it is another now.
    pub(crate) fn forget_exported(&mut self, link: LinkId, sender: Side) {
        let direction = &mut self.directions[link.0 as usize][sender as usize];
        direction.exported.clear(&mut self.store);
    }

    /// Asks the receiver's import policy again for all that it holds from `sender`.
    pub(crate) fn readmit(&mut self, link: LinkId, sender: Side) {
        let told = self.graph.link(link).end(sender.other()).speaker;
        let direction = &mut self.directions[link.0 as usize][sender as usize];
        let (Some(source), Some(table)) = (direction.source, self.tables[told.0 as usize].as_mut())
        else {
            return;
        };
        let parameters = &self.parameters;
        let admit = |store: &mut AttrStore, one: &Announcement| {
            admission(direction, parameters, store, one)
        };
        let mut changed = Vec::new();
        let see = |_: &AttrStore, delta: &Delta<'_>| changed.push(delta.prefix);
        table
            .rib
            .reapply_import(&mut self.store, source, admit, see);
        self.note_changed(told, changed);
    }

    /// Works out anew what the decision process of a speaker knows of its neighbours.
    pub(crate) fn refresh_sources(&mut self, speaker: SpeakerId) {
        let preference = self.preference(speaker);
        let mut sources = Vec::new();
        for link in self.graph.links_of(speaker).to_vec() {
            let Some(side) = self.graph.link(link).side_of(speaker) else {
                continue;
            };
            if let Some(id) = self.direction_of(link, side.other()).source {
                let parameters = &self.parameters;
                let source = speaker_table::source(&self.graph, parameters, preference, link, side);
                sources.push((id, source));
            }
        }
        self.set_sources(speaker, sources);
    }

    /// Route Servers whose tables are at rest keep from here on what is best when a circuit comes
    /// back. Only with preference ExpressRoute is a circuit more than the others.
    pub(crate) fn stick(&mut self) {
        if !self.parameters.sticky_failback {
            return;
        }
        for speaker in self.graph.speakers() {
            if self.preference(speaker) != Some(RoutingPreference::ExpressRoute) {
                continue;
            }
            if let Some(table) = self.tables[speaker.0 as usize].as_mut()
                && !table.sticky
            {
                table.sticky = true;
                let config = speaker_table::sticky_decision(&self.parameters);
                let none: [(SourceId, Source); 0] = [];
                // What is best stays best.
                table
                    .rib
                    .reconfigure(&mut self.store, none, Some(config), |_, _| {});
            }
        }
    }

    /// Changes what the decision process knows of a source.
    pub(crate) fn set_sources(&mut self, speaker: SpeakerId, sources: Vec<(SourceId, Source)>) {
        let kind = self.graph.speaker(speaker).kind;
        let Some(table) = self.tables[speaker.0 as usize].as_mut() else {
            return;
        };
        // Another preference decides anew, whatever was best.
        let config = table
            .sticky
            .then(|| speaker_table::decision(kind, &self.parameters));
        table.sticky = false;
        let mut changed = Vec::new();
        let see = |_: &AttrStore, delta: &Delta<'_>| changed.push(delta.prefix);
        table.rib.reconfigure(&mut self.store, sources, config, see);
        self.note_changed(speaker, changed);
        // Instances are compared with each other by these too.
        self.note_standing(speaker);
    }

    /// Gives an NVA a RIB of its own, or takes it away: only one that passes routes on has one.
    pub(crate) fn set_passes_on(&mut self, speaker: SpeakerId, passes_on: bool) {
        if passes_on == self.table(speaker).is_some() {
            return;
        }
        for link in self.graph.links_of(speaker).to_vec() {
            let Some(side) = self.graph.link(link).side_of(speaker) else {
                continue;
            };
            if let (Some(source), Some(table)) = (
                self.direction_mut(link, side.other()).source.take(),
                self.tables[speaker.0 as usize].as_mut(),
            ) {
                table.rib.withdraw_all(&mut self.store, source, |_, _| {});
            }
        }
        let kind = self.graph.speaker(speaker).kind;
        self.tables[speaker.0 as usize] = passes_on
            .then(|| Table::new(speaker_table::decision(kind, &self.parameters), self.seed));
        if passes_on {
            for link in self.graph.links_of(speaker).to_vec() {
                let Some(side) = self.graph.link(link).side_of(speaker) else {
                    continue;
                };
                let source = self.add_source(link, side);
                self.direction_mut(link, side.other()).source = source;
            }
        }
    }
}

//! What a speaker makes of the routes of its RIB for a neighbour, and why it keeps some back.

use std::borrow::Cow;
use std::collections::HashMap;

use routehub_policy::{Outcome, SetVerdict, SourceClass};
use routehub_rib::{AttrStore, BestSet};
use routehub_types::{AttrId, Attrs, Prefix, RuleId};

use super::adjacency::{self, Adjacency};
use super::speaker_rib::{Origin, RibView, SpeakerRib};
use crate::graph::LinkId;
use crate::part::Part;
use crate::rules;

/// The routes of a speaker's RIB as they leave for a neighbour; reads only.
#[derive(Clone, Copy)]
pub(crate) struct Exported<'a> {
    pub(super) adjacency: &'a Adjacency,
    pub(super) adjacencies: &'a [Part<[Adjacency; 2]>],
    /// That of the sender; none if the sender only ends routes.
    pub(super) rib: Option<&'a SpeakerRib>,
    pub(super) store: &'a AttrStore,
}

impl<'a> Exported<'a> {
    /// The RIB, if what it holds is passed on at all.
    fn passing_rib(self) -> Result<&'a SpeakerRib, RuleId> {
        let rib = self.rib.filter(|_| !self.adjacency.is_static);
        rib.ok_or(rules::NOT_EXCHANGED)
    }

    /// Whether a route came by a link over which nothing of it is sent back (R-088: nobody hears
    /// of its own route).
    fn came_from_receiver(self, link: LinkId) -> bool {
        let mut both = self.adjacencies[link.index()].iter();
        let from = both.find(|from| from.leads_to_sender_of(self.adjacency));
        from.is_some_and(|from| self.adjacency.sends_back(from))
    }

    /// The best path of a set that the receiver may hear of: its class, and its attributes.
    fn offered(self, rib: &SpeakerRib, best: &BestSet) -> Result<(SourceClass, AttrId), RuleId> {
        let best = best.first().ok_or(rules::NOT_EXCHANGED)?;
        let (from, key) = (rib.sender(best.source), self.store.key(best.attrs));
        match rib.origin(best.source) {
            Origin::Link(link) if self.came_from_receiver(link) => Err(rules::FROM_THIS_NEIGHBOR),
            _ if self.adjacency.keeps_back(from, key) => Err(rules::LONG_LIVED_STALE),
            _ => Ok((rib.class(best.source), best.attrs)),
        }
    }

    /// The same of a prefix.
    pub(super) fn best(self, prefix: Prefix) -> Result<(SourceClass, AttrId), RuleId> {
        let rib = self.passing_rib()?;
        self.offered(rib, &rib.rib.best(prefix))
    }

    /// The same of all prefixes that the receiver may hear of, in order.
    pub(super) fn all_best(self) -> impl Iterator<Item = (Prefix, SourceClass, AttrId)> + use<'a> {
        let rib = self.passing_rib().ok();
        let held = rib.into_iter().flat_map(move |rib| {
            let view = RibView {
                rib,
                store: self.store,
            };
            view.loc_rib().map(move |held| (rib, held))
        });
        held.filter_map(move |(rib, (prefix, best))| {
            let (class, attrs) = self.offered(rib, &best).ok()?;
            Some((prefix, class, attrs))
        })
    }

    /// What the sender passes on for a prefix of its RIB, as prefix and attributes.
    ///
    /// # Errors
    /// The rule that keeps the route back.
    pub(crate) fn route(self, prefix: Prefix) -> Result<(Prefix, Attrs), RuleId> {
        let (class, attrs) = self.best(prefix)?;
        self.evaluated(prefix, class, attrs)
    }

    fn evaluated(
        self,
        prefix: Prefix,
        class: SourceClass,
        attrs: AttrId,
    ) -> Result<(Prefix, Attrs), RuleId> {
        let attrs = Cow::Owned(self.store.attrs(attrs));
        let export = self.adjacency.export();
        let verdict = export.evaluate(attrs, prefix, &adjacency::meta(class));
        match verdict.outcome {
            Outcome::Accept { attrs, prefix } => {
                let attrs = attrs.into_owned();
                self.adjacency.check_fit(&attrs, prefix)?;
                Ok((prefix, attrs))
            }
            Outcome::Reject => Err(verdict.rule),
        }
    }

    /// The prefixes that are passed on, in order, each under the name that it has in the RIB.
    /// Attribute sets are asked about once where they decide.
    pub(crate) fn prefixes(self) -> impl Iterator<Item = Prefix> + use<'a> {
        let mut verdicts: HashMap<(SourceClass, AttrId), SetVerdict> = HashMap::new();
        let passing = self.all_best().filter(move |(prefix, class, attrs)| {
            let verdict = verdicts.entry((*class, *attrs)).or_insert_with(|| {
                let attrs = self.store.attrs(*attrs);
                let export = self.adjacency.export();
                export.set_verdict(&attrs, &adjacency::meta(*class))
            });
            match verdict {
                SetVerdict::Reject(_) => false,
                SetVerdict::Accept(_) if !self.adjacency.checks_fit() => true,
                _ => self.evaluated(*prefix, *class, *attrs).is_ok(),
            }
        });
        passing.map(|(prefix, ..)| prefix)
    }

    /// The rules that change a route of the sender on its way out.
    pub(crate) fn changing_rules(self, prefix: Prefix) -> Vec<RuleId> {
        let Ok((class, attrs)) = self.best(prefix) else {
            return Vec::new();
        };
        let (attrs, meta) = (self.store.attrs(attrs), adjacency::meta(class));
        let (verdict, steps) = self.adjacency.export().explain(&attrs, prefix, &meta);
        let passes = verdict.outcome != Outcome::Reject;
        let changing = steps.iter().filter(|step| passes && step.changed);
        let changing = changing.map(|step| step.rule);
        changing.filter(|rule| *rule != rules::NONE).collect()
    }

    /// The rules of the sender's route map that change or drop a route of its RIB on its way out.
    pub(crate) fn map_rules(self, prefix: Prefix) -> Vec<String> {
        match self.best(prefix) {
            Ok((class, attrs)) => {
                let attrs = self.store.attrs(attrs);
                adjacency::map_rules(self.adjacency.export(), &attrs, prefix, class)
            }
            Err(_) => Vec::new(),
        }
    }
}

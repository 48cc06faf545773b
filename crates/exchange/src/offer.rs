//! Offers: what a speaker would send over a link, and why not. The model's Adj-RIB-Out is this
//! view; nothing is stored.

use std::borrow::Cow;
use std::collections::BTreeMap;

use routehub_policy::{Outcome, RouteMeta, SourceClass};
use routehub_rib::{AttrStore, BestPath};
use routehub_types::{AttrId, Attrs, Prefix, RuleId};

use crate::announce;
use crate::exchange::{Direction, Exchange};
use crate::link::{LinkId, LinkKind, Side};
use crate::rules;
use crate::speaker::SpeakerKind;
use crate::speaker_table::Origin;
use crate::verdicts::KnownVerdict;

/// What a speaker sends for one prefix, or why it sends nothing.
pub(crate) type Offer<T> = Result<T, RuleId>;

/// What a speaker states of its own accord for a link: before it passes anything on. None is for
/// a route of its own that this neighbour does not hear of.
pub(crate) type Stated = BTreeMap<Prefix, Option<Attrs>>;

impl Exchange {
    /// What the speaker on `side` states for a link of its own accord.
    pub(crate) fn stated(&self, link: LinkId, side: Side) -> Stated {
        let one = self.graph.link(link);
        let speaker = self.graph.speaker(one.end(side).speaker);
        match speaker.kind {
            SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. } if !one.live => {
                let routes = announce::on_premises(&self.estate, speaker, one);
                routes
                    .into_iter()
                    .map(|(prefix, attrs)| (prefix, Some(attrs)))
                    .collect()
            }
            SpeakerKind::Nva { nva } if !one.live => {
                let peer = &self.graph.speaker(one.end(side.other()).speaker).name;
                let own = announce::originated(&self.estate.nvas[nva], peer, one.external);
                let literal = self.literal.get(&link).into_iter().flatten();
                let literal = literal.map(|(prefix, attrs)| (*prefix, Some(attrs.clone())));
                own.into_iter().chain(literal).collect()
            }
            _ => BTreeMap::new(),
        }
    }

    /// What [`stated`](Self::stated) says of one prefix.
    pub(crate) fn stated_for(
        &self,
        link: LinkId,
        side: Side,
        prefix: Prefix,
    ) -> Option<Option<Attrs>> {
        let one = self.graph.link(link);
        let speaker = self.graph.speaker(one.end(side).speaker);
        let SpeakerKind::Nva { nva } = speaker.kind else {
            let stated = || announce::on_premises_for(&self.estate, speaker, one, prefix);
            return (!one.live).then(stated).flatten().map(Some);
        };
        let literal = self.literal.get(&link).and_then(|all| all.get(&prefix));
        match literal {
            _ if one.live => None,
            Some(attrs) => Some(Some(attrs.clone())),
            None => {
                let peer = &self.graph.speaker(one.end(side.other()).speaker).name;
                announce::originated_for(&self.estate.nvas[nva], peer, one.external, prefix)
            }
        }
    }

    /// The prefixes around a destination for which the speaker on `side` states something.
    pub(crate) fn stated_around(
        &self,
        link: LinkId,
        side: Side,
        destination: Prefix,
    ) -> impl Iterator<Item = Prefix> + '_ {
        let one = self.graph.link(link);
        let speaker = self.graph.speaker(one.end(side).speaker);
        let nva = match speaker.kind {
            SpeakerKind::Nva { nva } if !one.live => self.estate.nvas.get(nva),
            _ => None,
        };
        let own = nva.into_iter().flat_map(|nva| &nva.originates);
        let own = own.map(|origination| &origination.routes);
        let literal = nva.and_then(|_| self.literal.get(&link));
        let literal = literal.into_iter().flat_map(|all| all.keys());
        let on_premises = if one.live {
            &[]
        } else {
            announce::routes_of(&self.estate, speaker)
        };
        own.chain(on_premises)
            .flat_map(|routes| &routes.prefixes)
            .chain(literal)
            .copied()
            .filter(move |prefix| prefix.contains(destination))
    }

    /// Everything that the speaker on `side` sends over a link that is up, by prefix.
    pub(crate) fn offers(&self, link: LinkId, side: Side) -> BTreeMap<Prefix, Attrs> {
        if self.graph.link(link).is_up() {
            self.offers_if_up(link, side)
        } else {
            BTreeMap::new()
        }
    }

    /// The same of a link that may be down: what would be sent.
    pub(crate) fn offers_if_up(&self, link: LinkId, side: Side) -> BTreeMap<Prefix, Attrs> {
        let mut offers = BTreeMap::new();
        let mut passed = BTreeMap::new();
        let stated = self.stated(link, side);
        if let Some(table) = self.table(self.graph.link(link).end(side).speaker) {
            for prefix in table
                .prefixes()
                .filter(|prefix| !stated.contains_key(prefix))
            {
                if let Ok((sent, attrs)) = self.passed_on(link, side, prefix) {
                    // Where a map puts one prefix in the place of several, or of one that
                    // is there already, the shortest AS path is sent, then what has its own name.
                    let merit = (attrs.as_path.length(), sent != prefix);
                    let better = |(best, _): &((usize, bool), Attrs)| merit < *best;
                    if passed.get(&sent).is_none_or(better) {
                        passed.insert(sent, (merit, attrs));
                    }
                }
            }
        }
        offers.extend(
            passed
                .into_iter()
                .map(|(prefix, (_, attrs))| (prefix, attrs)),
        );
        for (prefix, stated) in stated {
            if let Some(attrs) = stated {
                offers.insert(prefix, attrs);
            }
        }
        offers
    }

    /// What the speaker on `side` passes on for a prefix of its Loc-RIB.
    ///
    /// # Errors
    /// The rule that keeps it back.
    pub(crate) fn passed_on(
        &self,
        link: LinkId,
        side: Side,
        prefix: Prefix,
    ) -> Offer<(Prefix, Attrs)> {
        let best = self.best_for(link, side, prefix)?;
        let table = self
            .table(self.graph.link(link).end(side).speaker)
            .ok_or(rules::NOT_EXCHANGED)?;
        let meta = RouteMeta {
            source: table.class(best.source),
            neighbor: None,
        };
        let attrs = Cow::Owned(self.store.attrs(best.attrs));
        let verdict = self
            .direction_of(link, side)
            .export
            .evaluate_cow(attrs, prefix, &meta);
        match verdict.outcome {
            Outcome::Accept { attrs, prefix } => Ok((prefix, attrs.into_owned())),
            Outcome::Reject => Err(verdict.rule),
        }
    }

    /// The same as [`passed_on`](Self::passed_on), as an id and by way of the verdicts kept for
    /// attribute sets.
    pub(crate) fn passed_on_id(
        &mut self,
        link: LinkId,
        side: Side,
        prefix: Prefix,
    ) -> Offer<AttrId> {
        let best = self.best_for(link, side, prefix)?;
        let table = self
            .table(self.graph.link(link).end(side).speaker)
            .ok_or(rules::NOT_EXCHANGED)?;
        let class = table.class(best.source);
        let direction = &mut self.directions[link.0 as usize][side as usize];
        exported(direction, &mut self.store, class, best.attrs, prefix)
    }

    /// The best path that a neighbour may hear of.
    fn best_for(&self, link: LinkId, side: Side, prefix: Prefix) -> Offer<BestPath> {
        let speaker = self.graph.link(link).end(side).speaker;
        let table = self.table(speaker).ok_or(rules::NOT_EXCHANGED)?;
        // A static site hears nothing: there is no session.
        if self.graph.link(link).kind == (LinkKind::GatewayToSite { bgp: false }) {
            return Err(rules::NOT_EXCHANGED);
        }
        let best = table.rib.best(prefix);
        let best = best.first().ok_or(rules::NOT_EXCHANGED)?;
        // nobody hears of its own route. NVAs have rules of their own for that.
        let is_nva = matches!(self.graph.speaker(speaker).kind, SpeakerKind::Nva { .. });
        if !is_nva && table.origin(best.source) == Origin::Link(link) {
            return Err(rules::FROM_THIS_NEIGHBOR);
        }
        Ok(*best)
    }
}

/// What an export policy makes of a route, by way of the verdicts kept for attribute sets.
pub(crate) fn exported(
    direction: &mut Direction,
    store: &mut AttrStore,
    class: SourceClass,
    attrs: AttrId,
    prefix: Prefix,
) -> Offer<AttrId> {
    let meta = RouteMeta {
        source: class,
        neighbor: None,
    };
    let export = &direction.export;
    let known = direction.exported.known(class, attrs);
    let verdict = known.unwrap_or_else(|| {
        let verdict = export.set_verdict(&store.attrs(attrs), &meta);
        let verdict = KnownVerdict::of(verdict, store);
        direction.exported.note(class, attrs, verdict);
        verdict
    });
    match verdict {
        KnownVerdict::Unchanged => Ok(attrs),
        KnownVerdict::Changed(id) => Ok(id),
        KnownVerdict::Blocked(rule) => Err(rule),
        KnownVerdict::AskPrefix => {
            let attrs = store.attrs(attrs);
            let verdict = export.evaluate(&attrs, prefix, &meta);
            match verdict.outcome {
                // What stands under another prefix than it came under has no place in a table by
                // prefix: who is sent such prefixes is told by a look at all routes.
                Outcome::Accept { prefix: other, .. } if other != prefix => {
                    Err(rules::PREFIX_REWRITTEN)
                }
                Outcome::Accept { attrs, .. } => Ok(store.intern(&attrs)),
                Outcome::Reject => Err(verdict.rule),
            }
        }
    }
}

//! What passes over a link: what its sender has to tell becomes what its receiver holds.

use std::collections::{BTreeMap, BTreeSet};

use routehub_policy::{Outcome, RouteMeta};
use routehub_rib::{Admission, Announcement, AttrStore, Delta};
use routehub_types::{AsPath, AttrId, Attrs, Nlri, Prefix, RuleId, Update};

use crate::announce::UNKNOWN_ADDRESS;
use crate::estate::RouteMapAction;
use crate::exchange::{Direction, Exchange};
use crate::link::{LinkId, Side};
use crate::packing;
use crate::parameters::{Parameters, PrefixCountMode};
use crate::rules;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::{Origin, Table};
use crate::verdicts::KnownVerdict;

impl Exchange {
    /// Tells the far end what became of these prefixes.
    pub(crate) fn tell(&mut self, link: LinkId, side: Side, prefixes: &[Prefix]) {
        let direction = self.direction_of(link, side);
        let (Some(source), true) = (direction.source, self.graph.link(link).is_up()) else {
            return;
        };
        if direction.silent {
            return;
        }
        if self.replaces_prefixes(link, side) {
            self.sync(link, side);
            return;
        }
        let told = self.graph.link(link).end(side.other()).speaker;
        let mut announced: BTreeMap<AttrId, Vec<Nlri>> = BTreeMap::new();
        let mut withdrawn = Vec::new();
        for prefix in prefixes {
            let offer = match self.stated_for(link, side, *prefix) {
                Some(stated) => stated.map(|attrs| self.store.intern(&attrs)),
                None => self.passed_on_id(link, side, *prefix).ok(),
            };
            let table = self.table(told);
            let held = table.and_then(|table| table.rib.received(source, *prefix));
            match (offer, held) {
                (Some(offer), held) if held != Some(offer) => {
                    announced
                        .entry(offer)
                        .or_default()
                        .push(Nlri::from(*prefix));
                }
                (None, Some(_)) => withdrawn.push(Nlri::from(*prefix)),
                _ => {}
            }
        }
        self.hand_over(link, side, &withdrawn, announced);
    }

    /// Whether what is sent may stand under another prefix than what it comes from.
    pub(crate) fn replaces_prefixes(&self, link: LinkId, side: Side) -> bool {
        let replaces = |action: &_| matches!(action, RouteMapAction::ReplacePrefix(_));
        let policies = self.policies();
        let map = policies.outbound_map(self.graph.link(link), side);
        map.is_some_and(|map| {
            map.rules
                .iter()
                .any(|rule| rule.actions.iter().any(replaces))
        })
    }

    /// Makes the far end hold exactly what this side offers now. What a real router offers only
    /// that router can say.
    pub(crate) fn sync(&mut self, link: LinkId, side: Side) {
        if self.graph.link(link).live && self.our_side(link) != Some(side) {
            return;
        }
        let Some(source) = self.direction_of(link, side).source else {
            return;
        };
        let told = self.graph.link(link).end(side.other()).speaker;
        let offers = self.offered_ids(link, side);
        let Some(table) = self.table(told) else {
            return;
        };
        let held: BTreeMap<Prefix, AttrId> = table.received(source).collect();
        let gone = held.keys().filter(|prefix| !offers.contains_key(prefix));
        let withdrawn: Vec<Nlri> = gone.map(|prefix| Nlri::from(*prefix)).collect();
        let mut announced: BTreeMap<AttrId, Vec<Nlri>> = BTreeMap::new();
        for (prefix, offer) in offers {
            if held.get(&prefix) != Some(&offer) {
                announced.entry(offer).or_default().push(Nlri::from(prefix));
            }
        }
        self.hand_over(link, side, &withdrawn, announced);
    }

    /// Everything that the speaker on `side` sends, as ids of attribute sets.
    pub(crate) fn offered_ids(&mut self, link: LinkId, side: Side) -> BTreeMap<Prefix, AttrId> {
        if self.replaces_prefixes(link, side) || !self.graph.link(link).is_up() {
            let offers = self.offers(link, side).into_iter();
            return offers
                .map(|(prefix, attrs)| (prefix, self.store.intern(&attrs)))
                .collect();
        }
        let stated = self.stated(link, side);
        let table = self.table(self.graph.link(link).end(side).speaker);
        let held: Vec<Prefix> = table
            .into_iter()
            .flat_map(Table::prefixes)
            .filter(|prefix| !stated.contains_key(prefix))
            .collect();
        let mut offers = BTreeMap::new();
        for prefix in held {
            if let Ok(attrs) = self.passed_on_id(link, side, prefix) {
                offers.insert(prefix, attrs);
            }
        }
        for (prefix, attrs) in stated {
            if let Some(attrs) = attrs {
                offers.insert(prefix, self.store.intern(&attrs));
            }
        }
        offers
    }

    /// Syncs all links of a speaker.
    pub(crate) fn sync_speaker(&mut self, speaker: SpeakerId) {
        for link in self.graph.links_of(speaker).to_vec() {
            self.sync_link(link);
            self.export_changed(link);
        }
    }

    /// Syncs both directions of a link.
    pub(crate) fn sync_link(&mut self, link: LinkId) {
        for side in Side::BOTH {
            self.sync(link, side);
        }
    }

    /// One run of updates from `side` to the other, by way of the receiver's import policy.
    pub(crate) fn hand_over(
        &mut self,
        link: LinkId,
        side: Side,
        withdrawn: &[Nlri],
        announced: BTreeMap<AttrId, Vec<Nlri>>,
    ) {
        let first = (!withdrawn.is_empty()).then(|| (AttrId::default(), Vec::new()));
        let mut withdrawn = Some(withdrawn);
        for (attrs, announced) in first.into_iter().chain(announced) {
            let messages = match self.parameters.prefix_count_mode {
                PrefixCountMode::PerMessage if !announced.is_empty() => {
                    packing::messages(&self.store.attrs(attrs), &announced)
                }
                _ => vec![announced.as_slice()],
            };
            for announced in messages {
                let update = Update {
                    withdrawn: withdrawn.take().unwrap_or_default(),
                    attrs,
                    announced,
                };
                if !self.apply(link, side, &update) {
                    return;
                }
            }
        }
        let told = self.graph.link(link).end(side.other()).speaker;
        if let (Some(source), Some(table)) = (
            self.direction_of(link, side).source,
            self.tables[told.0 as usize].as_mut(),
        ) {
            table.rib.end_run(source);
        }
    }

    /// Applies one UPDATE from `side` at the other. Says no if the route limit ended the session.
    pub(crate) fn apply(&mut self, link: LinkId, side: Side, update: &Update<'_>) -> bool {
        let told = self.graph.link(link).end(side.other()).speaker;
        let heard = self.journals(told) || self.listens(told);
        let direction = &mut self.directions[link.0 as usize][side as usize];
        let (Some(source), Some(table)) = (direction.source, self.tables[told.0 as usize].as_mut())
        else {
            return true;
        };
        let parameters = &self.parameters;
        let admit = |store: &mut AttrStore, announcement: &Announcement| {
            admission(direction, parameters, store, announcement)
        };
        let mut changed = Vec::new();
        let see = |_: &AttrStore, delta: &Delta<'_>| {
            if heard {
                changed.push(delta.prefix);
            }
        };
        let fits = table.rib.count(source, update.announced, self.now);
        if fits.is_err() {
            self.exceeded(link);
            return false;
        }
        table.rib.apply(&mut self.store, source, update, admit, see);
        self.note_changed(told, changed);
        true
    }

    /// A session sent more routes than it may: it ends with Cease, maximum number of prefixes
    /// reached.
    pub(crate) fn exceeded(&mut self, link: LinkId) {
        let one = self.graph.link_mut(link);
        one.notification = Some((6, 1));
        one.resets += 1;
        one.down.limit = Some(rules::ROUTE_LIMIT);
        self.note_link(link);
        self.lose(link);
    }

    /// Drops what both ends of a link that went down hold from each other.
    pub(crate) fn lose(&mut self, link: LinkId) {
        for side in Side::BOTH {
            let told = self.graph.link(link).end(side.other()).speaker;
            let source = self.direction_of(link, side).source;
            let (Some(source), Some(table)) = (source, self.tables[told.0 as usize].as_mut())
            else {
                continue;
            };
            let mut changed = Vec::new();
            let see = |_: &AttrStore, delta: &Delta<'_>| changed.push(delta.prefix);
            table.rib.withdraw_all(&mut self.store, source, see);
            self.note_changed(told, changed);
        }
    }

    /// Makes a speaker's RIB hold the prefixes of its network and of those that use it.
    pub(crate) fn announce_networks(&mut self, speaker: SpeakerId) {
        let one = self.graph.speaker(speaker);
        let holds = matches!(
            one.kind,
            SpeakerKind::RouteServer { .. } | SpeakerKind::Gateway { .. }
        );
        let Some(vnet) = one.vnet.filter(|_| holds) else {
            return;
        };
        let ipv6 = self.parameters.ipv6;
        let fits = |prefix: &&Prefix| ipv6 || matches!(prefix, Prefix::V4(_));
        let own: Vec<Prefix> = self
            .topology
            .space(vnet)
            .iter()
            .filter(fits)
            .copied()
            .collect();
        let spokes = self
            .topology
            .spokes(vnet)
            .flat_map(|spoke| self.topology.space(spoke));
        let spokes: Vec<Prefix> = spokes.filter(fits).copied().collect();
        let attrs = Attrs::new(AsPath::empty(), UNKNOWN_ADDRESS);
        let attrs = self.store.intern(&attrs);
        for (origin, wanted) in [(Origin::OwnNetwork, own), (Origin::Spoke, spokes)] {
            self.set_local(speaker, origin, attrs, &wanted);
        }
    }

    fn set_local(&mut self, speaker: SpeakerId, origin: Origin, attrs: AttrId, wanted: &[Prefix]) {
        let Some(table) = self.tables[speaker.0 as usize].as_mut() else {
            return;
        };
        let Some(source) = table.source(origin) else {
            return;
        };
        let held: BTreeSet<Prefix> = table.received(source).map(|(prefix, _)| prefix).collect();
        let gone = held.iter().filter(|prefix| !wanted.contains(prefix));
        let withdrawn: Vec<Nlri> = gone.map(|prefix| Nlri::from(*prefix)).collect();
        let new = wanted.iter().filter(|prefix| !held.contains(prefix));
        let announced: Vec<Nlri> = new.map(|prefix| Nlri::from(*prefix)).collect();
        let update = Update {
            withdrawn: &withdrawn,
            attrs,
            announced: &announced,
        };
        let admit = |_: &mut AttrStore, one: &Announcement| Admission::Accept(one.attrs);
        let mut changed = Vec::new();
        let see = |_: &AttrStore, delta: &Delta<'_>| changed.push(delta.prefix);
        table
            .rib
            .apply(&mut self.store, source, &update, admit, see);
        self.note_changed(speaker, changed);
    }

    /// Whether a speaker has a neighbour that keeps what it hears of it.
    pub(crate) fn listens(&self, speaker: SpeakerId) -> bool {
        self.graph.links_of(speaker).iter().any(|link| {
            let side = self.graph.link(*link).side_of(speaker);
            side.is_some_and(|side| {
                let direction = self.direction_of(*link, side);
                direction.source.is_some() && !direction.silent
            })
        })
    }

    /// Notes that neighbours have to hear of these prefixes.
    pub(crate) fn mark_dirty(&mut self, speaker: SpeakerId, changed: Vec<Prefix>) {
        if !changed.is_empty() {
            self.dirty.entry(speaker).or_default().extend(changed);
        }
    }
}

/// What the receiver of a link says of one route.
pub(crate) fn admission(
    direction: &mut Direction,
    parameters: &Parameters,
    store: &mut AttrStore,
    one: &Announcement,
) -> Admission {
    let meta = RouteMeta {
        source: direction.class,
        neighbor: None,
    };
    let import = &direction.import;
    let known = direction.imported.known(direction.class, one.attrs);
    let verdict = known.unwrap_or_else(|| {
        let verdict = import.set_verdict(&store.attrs(one.attrs), &meta);
        let verdict = KnownVerdict::of(verdict, store);
        direction.imported.note(direction.class, one.attrs, verdict);
        verdict
    });
    let accepted = match verdict {
        KnownVerdict::Unchanged => Admission::Accept(one.attrs),
        KnownVerdict::Changed(attrs) => Admission::Accept(attrs),
        KnownVerdict::Blocked(rule) => refused(parameters, rule),
        KnownVerdict::AskPrefix => {
            let attrs = store.attrs(one.attrs);
            let verdict = import.evaluate(&attrs, one.prefix, &meta);
            match verdict.outcome {
                Outcome::Reject => refused(parameters, verdict.rule),
                Outcome::Accept { attrs, prefix } => {
                    let attrs = store.intern(&attrs);
                    if prefix == one.prefix {
                        Admission::Accept(attrs)
                    } else {
                        Admission::Replace { prefix, attrs }
                    }
                }
            }
        }
    };
    let full = direction
        .max_prefixes
        .is_some_and(|max| one.prefixes >= max as usize);
    match accepted {
        Admission::Accept(_) | Admission::Replace { .. } if full && !one.prefix_known => {
            Admission::Reject(rules::PREFIX_LIMIT)
        }
        other => other,
    }
}

/// A refused route: kept with its reason. What a route map dropped is shown as learned all the same
/// and what lies in a local network where the profile says so.
fn refused(parameters: &Parameters, rule: RuleId) -> Admission {
    let shown_overlap = rule == rules::INSIDE_LOCAL_NETWORK && parameters.show_overlap_in_learned;
    if shown_overlap || rule == rules::ROUTE_MAP {
        Admission::Filter(rule)
    } else {
        Admission::Reject(rule)
    }
}

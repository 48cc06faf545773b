//! The RIB of one speaker, and what each of its sources is.

use std::net::IpAddr;

use routehub_policy::SourceClass;
use routehub_rib::{
    AdjIn, Admission, AttrStore, BestPath, BestSet, DecisionConfig, PathView, Preference, Rib,
    Source, SourceCounts, SourceId,
};
use routehub_types::{AttrId, Attrs, Family, Prefix};

use crate::graph::{LinkId, PeerClass, SpeakerId};

/// Where the routes of a source come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Prefixes of the speaker's own network.
    OwnNetwork,
    /// Prefixes of networks that use the speaker's gateways.
    Spoke,
    /// A neighbour.
    Link(LinkId),
}

/// Whose routes those of a source are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sender {
    /// The first speaker of the sender's name; none for networks.
    pub(super) name: Option<SpeakerId>,
    /// Whether its routes may be long-lived stale.
    pub(super) long_lived: bool,
}

/// The routes of one speaker.
#[derive(Clone, Debug)]
pub(super) struct SpeakerRib {
    pub(super) rib: Rib,
    origins: Vec<Origin>,
    /// What policies call each source, by its number.
    classes: Vec<SourceClass>,
    /// Who each source's sender is.
    senders: Vec<Sender>,
    /// Whether what was best and comes back stays away.
    pub(super) sticky: bool,
}

impl SpeakerRib {
    /// An empty RIB of a speaker that decides in this way.
    pub(super) fn new(config: DecisionConfig, seed: u64) -> Self {
        let mut rib = Self {
            rib: Rib::new(seed, config),
            origins: Vec::new(),
            classes: Vec::new(),
            senders: Vec::new(),
            sticky: false,
        };
        for (origin, class) in [
            (Origin::OwnNetwork, PeerClass::OwnNetwork),
            (Origin::Spoke, PeerClass::Spoke),
        ] {
            rib.add((origin, None), class.source_class(), Source::default());
        }
        rib
    }

    /// Adds a source with the first speaker of its sender's name; none if there are too many.
    pub(super) fn add(
        &mut self,
        (origin, name): (Origin, Option<SpeakerId>),
        class: SourceClass,
        source: Source,
    ) -> Option<SourceId> {
        let long_lived = source.long_lived;
        let id = self.rib.add_source(source).ok()?;
        let place = usize::from(id.number());
        // The number of a source that is gone may be another's now.
        put(&mut self.origins, place, origin);
        put(&mut self.classes, place, class);
        put(&mut self.senders, place, Sender { name, long_lived });
        Some(id)
    }

    /// Where a source's routes come from.
    pub(super) fn origin(&self, source: SourceId) -> Origin {
        self.origins[usize::from(source.number())]
    }

    /// What policies call a source.
    pub(super) fn class(&self, source: SourceId) -> SourceClass {
        self.classes[usize::from(source.number())]
    }

    /// Whose the routes of a source are.
    pub(super) fn sender(&self, source: SourceId) -> Sender {
        self.senders[usize::from(source.number())]
    }

    /// The RIB, and by the number of each source what policies call it, and whose it is.
    pub(super) fn with_sources(&mut self) -> (&mut Rib, &[SourceClass], &[Sender]) {
        (&mut self.rib, &self.classes, &self.senders)
    }
}

/// Puts something at a place, a new one or one that is taken.
fn put<T>(list: &mut Vec<T>, place: usize, value: T) {
    match list.get_mut(place) {
        Some(before) => *before = value,
        None => list.push(value),
    }
}

/// The routes of one speaker, to be read.
#[derive(Clone, Copy)]
pub struct RibView<'a> {
    pub(super) rib: &'a SpeakerRib,
    pub(super) store: &'a AttrStore,
}

impl<'a> RibView<'a> {
    /// Prefixes that have a best path, in order.
    pub fn prefixes(self) -> impl Iterator<Item = Prefix> + use<'a> {
        self.loc_rib().map(|(prefix, _)| prefix)
    }

    /// The same with the paths in use, the best one first.
    pub(crate) fn loc_rib(self) -> impl Iterator<Item = (Prefix, BestSet)> + use<'a> {
        let families = Family::ALL.into_iter();
        families.flat_map(move |family| self.rib.rib.loc_rib(family))
    }

    /// Visits the prefixes that any of these RIBs has a best path for, as
    /// [`Rib::visit_together`] does.
    pub(crate) fn visit_together(
        ribs: &[Self],
        mut visit: impl FnMut(Prefix, &[(usize, BestPath)]),
    ) {
        let tables: Vec<&Rib> = ribs.iter().map(|view| &view.rib.rib).collect();
        for family in Family::ALL {
            Rib::visit_together(&tables, family, &mut visit);
        }
    }

    /// How many prefixes have a best path.
    pub fn len(self) -> usize {
        self.rib.rib.len()
    }

    /// Whether no prefix has a best path.
    pub fn is_empty(self) -> bool {
        self.rib.rib.is_empty()
    }

    /// All paths of a prefix and where each stands, those in use first.
    pub fn paths(self, prefix: Prefix) -> Vec<PathView> {
        self.rib.rib.paths(self.store, prefix)
    }

    /// The paths in use for a prefix, the best one first.
    pub fn best(self, prefix: Prefix) -> BestSet {
        self.rib.rib.best(prefix)
    }

    /// Whether the same paths are in use for a prefix in the RIB of this speaker at another time.
    pub fn has_same_best(self, other: RibView<'_>, prefix: Prefix) -> bool {
        let [own, others] = [self.best(prefix), other.best(prefix)];
        let mut both = own.iter().zip(others.iter());
        own.len() == others.len()
            && both.all(|(own, other_path)| {
                let ids = |path: &BestPath| (path.source, path.path_id);
                let is_same = self.store.is_same(own.attrs, other.store, other_path.attrs);
                ids(own) == ids(other_path) && is_same
            })
    }

    /// The longest prefix around an address that has a best path, and that path.
    pub fn longest_match(self, address: IpAddr) -> Option<(Prefix, BestPath)> {
        let (prefix, best) = self.rib.rib.longest_match(address)?;
        Some((prefix, *best.first()?))
    }

    /// The prefixes with a best path that are equal to one or around it, the longest first.
    pub fn covering(self, prefix: Prefix) -> impl Iterator<Item = Prefix> + use<'a> {
        let covering = self.rib.rib.covering(prefix);
        covering.map(|(prefix, _)| prefix)
    }

    /// Where the routes of a source come from.
    pub fn origin(self, source: SourceId) -> Origin {
        self.rib.origin(source)
    }

    /// The source of an origin.
    pub fn source(self, origin: Origin) -> Option<SourceId> {
        let mut sources = self.rib.rib.sources().map(|(source, _)| source);
        sources.find(|source| self.origin(*source) == origin)
    }

    /// What a source announced, with what import made of it, in order.
    pub fn adj_in(self, source: SourceId) -> impl Iterator<Item = AdjIn> + use<'a> {
        let families = Family::ALL.into_iter();
        families.flat_map(move |family| self.rib.rib.adj_in(source, family))
    }

    /// How many routes of a family a source announced.
    pub(crate) fn count_of(self, source: SourceId, family: Family) -> usize {
        self.rib.rib.adj_in_len(source, family)
    }

    /// What a source announced, as received, in order.
    pub fn received(self, source: SourceId) -> impl Iterator<Item = (Prefix, AttrId)> + use<'a> {
        let routes = self.adj_in(source);
        routes.map(|route| (route.prefix, route.received))
    }

    /// What a source announced for a prefix, as received.
    pub fn received_from(self, source: SourceId, prefix: Prefix) -> Option<AttrId> {
        self.rib.rib.received(source, prefix)
    }

    /// Whether a route is one that import did not reject for good.
    pub(crate) fn is_learned(route: &AdjIn) -> bool {
        !matches!(
            route.imported,
            Admission::Reject(_) | Admission::Unusable(_)
        )
    }

    /// What a source announced for a prefix, with what import made of it, in order.
    pub(crate) fn adj_in_for(self, source: SourceId, prefix: Prefix) -> Vec<AdjIn> {
        self.rib.rib.adj_in_for(source, prefix)
    }

    /// Up to so many stored prefixes of a family from a place on, and where to go on.
    pub(crate) fn stored_from(
        self,
        family: Family,
        place: u32,
        most: u32,
    ) -> (Vec<Prefix>, Option<u32>) {
        self.rib.rib.stored_from(family, place, most)
    }

    /// Whether anything is stored of a prefix.
    pub(crate) fn is_stored(self, prefix: Prefix) -> bool {
        self.rib.rib.is_stored(prefix)
    }

    /// All that a source announced without what import rejected for good.
    pub fn learned(self, source: SourceId) -> impl Iterator<Item = (Prefix, AttrId)> + use<'a> {
        let routes = self.adj_in(source);
        let kept = routes.filter(Self::is_learned);
        kept.map(|route| (route.prefix, route.received))
    }

    /// How many routes a source announced, and what became of them.
    pub fn counts(self, source: SourceId) -> SourceCounts {
        self.rib.rib.counts(source)
    }

    /// The prefixes that are equal to one of these or inside it and of which any path is held.
    pub(crate) fn prefixes_inside(self, space: &[Prefix]) -> Vec<Prefix> {
        let mut inside = self.rib.rib.prefixes_inside(space);
        inside.sort_unstable();
        inside
    }

    /// Whether anything is held of a source, or counted of its update run.
    pub(crate) fn holds_any(self, source: SourceId) -> bool {
        self.counts(source) != SourceCounts::default() || self.is_in_run(source)
    }

    /// Whether a source is within an update run.
    pub(crate) fn is_in_run(self, source: SourceId) -> bool {
        self.rib.rib.is_in_run(source)
    }

    /// What the decision process knows of a source.
    pub fn source_data(self, source: SourceId) -> Option<&'a Source> {
        self.rib.rib.source(source)
    }

    /// How a path compares with those of another instance of the same speaker.
    pub(crate) fn preference(self, path: &BestPath) -> Preference {
        self.rib.rib.preference(self.store, path)
    }

    /// The address of the next hop of a set.
    pub(crate) fn next_hop(self, id: AttrId) -> IpAddr {
        self.store.next_hop(id)
    }

    /// The attributes of a set.
    pub fn attrs(self, id: AttrId) -> Attrs {
        self.store.attrs(id)
    }
}

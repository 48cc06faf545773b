//! What events looked at and changed, as much of it as others depend on: of two with nothing in
//! common what comes of both is what comes of each.

use std::collections::{BTreeMap, BTreeSet};

use routehub_types::{Prefix, Update};

use super::Model;
use crate::estate::{Event, RouteMapAction};
use crate::graph::{LinkId, TopologyChange, VnetId};
use crate::ribs::RibView;

/// What events looked at and changed since it was begun.
#[derive(Clone, Debug, Default)]
pub struct Footprint {
    /// Prefixes that a speaker looked at; in order once it is read.
    prefixes: Vec<Prefix>,
    /// Whatever is equal to one of these or inside it fares otherwise at some import.
    spaces: BTreeSet<Prefix>,
    /// Over which links a receiver was told something, and of how many routes.
    told: BTreeMap<LinkId, usize>,
    /// Links that stand in another way.
    links: BTreeSet<LinkId>,
    /// Networks that are peered in another way.
    peered: BTreeSet<VnetId>,
    /// Networks in which an instance went down or came back.
    standing: BTreeSet<VnetId>,
    /// Whether somebody may hold a route more.
    adds_routes: bool,
    /// Whether it may be anything.
    is_whole: bool,
}

impl Footprint {
    /// Whether somebody may hold a route more than before.
    pub const fn adds_routes(&self) -> bool {
        self.adds_routes || self.is_whole
    }

    /// Import lets other routes pass than before.
    pub(super) fn note_import(&mut self) {
        self.adds_routes = true;
    }

    pub(super) fn note_prefixes(&mut self, prefixes: impl IntoIterator<Item = Prefix>) {
        self.prefixes.extend(prefixes);
    }

    pub(super) fn note_told(&mut self, link: LinkId, update: &Update<'_>) {
        *self.told.entry(link).or_default() += update.announced.len();
        self.adds_routes |= !update.announced.is_empty();
        let nlri = update.withdrawn.iter().chain(update.announced);
        self.prefixes.extend(nlri.map(|nlri| nlri.prefix));
    }

    pub(super) fn note_link(&mut self, link: LinkId) {
        self.links.insert(link);
    }

    /// Networks are peered in another way, and other spaces are theirs.
    pub(super) fn note_peered(&mut self, change: &TopologyChange) {
        self.peered.extend(&change.vnets);
        self.adds_routes |= change.spaces.iter().any(|space| !space.new.is_empty());
        let spaces = change.spaces.iter();
        self.spaces
            .extend(spaces.flat_map(|space| space.gone.iter().chain(&space.new)));
    }

    pub(super) fn note_standing(&mut self, vnet: Option<VnetId>) {
        self.standing.extend(vnet);
    }

    /// The same in order, each prefix once.
    fn sorted(mut self) -> Self {
        self.prefixes.sort_unstable();
        self.prefixes.dedup();
        self.prefixes.shrink_to_fit();
        self
    }

    /// Whether two have no prefix and no network in common but hubs, and neither told anything over
    /// a link that the other changed.
    fn is_beside(&self, other: &Self) -> bool {
        let (few, many) = match self.prefixes.len() < other.prefixes.len() {
            true => (self, other),
            false => (other, self),
        };
        let mut prefixes = few.prefixes.iter();
        let shared = prefixes.any(|prefix| many.prefixes.binary_search(prefix).is_ok());
        let told = |footprint: &Self, links: &BTreeSet<LinkId>| {
            let mut links = links.iter();
            links.any(|link| footprint.told.contains_key(link))
        };
        !shared
            && self.spaces_are_free(other)
            && other.spaces_are_free(self)
            && self.links.is_disjoint(&other.links)
            && !told(self, &other.links)
            && !told(other, &self.links)
            && self.standing.is_disjoint(&other.standing)
    }

    /// Whether nothing that the other looked at lies in the spaces of this one.
    fn spaces_are_free(&self, other: &Self) -> bool {
        self.spaces.iter().all(|space| {
            let inside = |prefix: &Prefix| space.contains(*prefix);
            // What is inside a prefix comes behind it.
            let from = other.prefixes.partition_point(|prefix| prefix < space);
            let mut around = other.spaces.iter();
            !other.prefixes.get(from).is_some_and(inside)
                && !around.any(|other| space.contains(*other) || other.contains(*space))
        })
    }
}

impl Model {
    /// Begins to write down what events look at.
    pub(crate) fn keep_footprint(&mut self) {
        self.footprint = Some(Box::default());
    }

    /// What events looked at since the last call; none if it is not written down.
    pub(crate) fn take_footprint(&mut self) -> Option<Footprint> {
        let kept = self.footprint.as_mut()?;
        Some(std::mem::take(&mut **kept).sorted())
    }

    /// Goes on from a model that was described in another way.
    pub(super) fn follow_footprint(&mut self, old: &Self) {
        if old.footprint.is_some() {
            self.keep_footprint();
            self.note_unbounded();
        }
    }

    /// What an event looks at may be anything.
    pub(super) fn note_unbounded(&mut self) {
        if let Some(footprint) = &mut self.footprint {
            footprint.is_whole = true;
        }
    }

    /// Writes down that events of other kinds than failures may look at anything.
    pub(super) fn note_event(&mut self, event: &Event) {
        let is_known = matches!(
            event,
            Event::NvaDown(_)
                | Event::NvaUp(_)
                | Event::InstanceDown(_)
                | Event::InstanceUp(_)
                | Event::GatewayInstanceDown(_)
                | Event::GatewayInstanceUp(_)
                | Event::ConnectionDown(_)
                | Event::ConnectionUp(_)
                | Event::AddPeering(_)
                | Event::RemovePeering { .. }
        );
        if !is_known {
            self.note_unbounded();
        }
    }

    /// Writes down that a link stands in another way, and what was held over it.
    pub(super) fn note_changed_link(&mut self, link: LinkId) {
        let Some(mut footprint) = self.footprint.take() else {
            return;
        };
        footprint.note_link(link);
        for adjacency in link.adjacencies() {
            let inbound = self.ribs.inbound(adjacency).into_iter();
            let held = inbound.flat_map(|(rib, source)| rib.received(source));
            footprint.note_prefixes(held.map(|(prefix, _)| prefix));
        }
        self.footprint = Some(footprint);
    }

    /// Whether events with these footprints, each from this model, have nothing to do with each
    /// other: together they come to what each of them comes to.
    pub(crate) fn are_apart(&self, a: &Footprint, b: &Footprint) -> bool {
        let topology = self.deployment.topology();
        let is_hub = |vnet: &VnetId| topology.hub(*vnet).is_none();
        !a.is_whole
            && !b.is_whole
            && a.is_beside(b)
            && a.peered.intersection(&b.peered).all(is_hub)
            // What a session may bring at most depends on all that it brought.
            && self.deployment.estate().session_options.is_empty()
            && self.prefixes_stand_alone()
            && self.fits_limits(a, b)
    }

    /// Whether no prefix becomes another on its way.
    fn prefixes_stand_alone(&self) -> bool {
        let estate = self.deployment.estate();
        let rules = estate.route_maps.iter().flat_map(|map| &map.rules);
        let mut actions = rules.flat_map(|rule| &rule.actions);
        let mut vnets = estate.vnets.iter();
        !actions.any(|action| matches!(action, RouteMapAction::ReplacePrefix(_)))
            && vnets.all(|vnet| vnet.summarized_gateway_prefixes.is_empty())
    }

    /// Whether both together exceed no limit, and no link is down for one that both together would
    /// bring back.
    fn fits_limits(&self, a: &Footprint, b: &Footprint) -> bool {
        let graph = self.deployment.graph();
        if graph.links().any(|id| graph.link(id).down.limit.is_some()) {
            return false;
        }
        let both = a.told.iter().filter_map(|(link, routes)| {
            let more = routes + b.told.get(link)?;
            Some((*link, more))
        });
        let mut both = both.filter(|(_, more)| *more > 0);
        let max = self.deployment.parameters().max_total_prefixes;
        let more = a.prefixes.len() + b.prefixes.len();
        both.all(|(link, more)| self.has_room(link, more))
            && max.is_none_or(|max| {
                let servers = graph.speakers();
                let servers = servers.filter(|id| graph.speaker(*id).is_route_server());
                let ribs = servers.filter_map(|id| self.ribs.rib(id));
                ribs.map(RibView::len)
                    .all(|held| held + more < max as usize)
            })
    }
}

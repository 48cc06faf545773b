//! The exchange: every speaker's routes, and the links they pass over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use routehub_policy::{Policy, SourceClass};
use routehub_rib::{AttrStore, MemberId, SourceId};
use routehub_types::{AttrId, Attrs, Instant, Prefix};

use crate::announce::{self, Announcements};
use crate::estate::{Estate, RoutingPreference};
use crate::exchange_table::At;
use crate::export_groups::{Lent, LiveGroup};
use crate::graph::Graph;
use crate::journal::Journal;
use crate::link::{LinkId, LinkKind, Side};
use crate::parameters::Parameters;
use crate::policies::{GatewayMaps, Policies};
use crate::replaced::Replaced;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::{self, Origin, Table};
use crate::topology::Topology;
use crate::verdicts::Verdicts;

/// One direction of a link: from the speaker on a side to the other.
#[derive(Debug)]
pub(crate) struct Direction {
    /// What the sender sends, and as what.
    pub(crate) export: Policy,
    /// What the receiver takes in.
    pub(crate) import: Policy,
    /// What the receiver's RIB calls the link; none where the receiver only ends routes.
    pub(crate) source: Option<SourceId>,
    /// What the receiver's policies call routes of this link.
    pub(crate) class: SourceClass,
    /// How many prefixes the receiver holds at most; none: it is no Route Server.
    pub(crate) max_prefixes: Option<u32>,
    /// Whether the sender passes nothing on, whatever it hears.
    pub(crate) silent: bool,
    /// What the export policy said.
    pub(crate) exported: Verdicts,
    /// What the import policy said: there is one class only.
    pub(crate) imported: Verdicts,
}

/// An estate at work.
///
/// Every change settles before it returns: afterwards no speaker has anything new to tell another.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) parameters: Parameters,
    pub(crate) estate: Estate,
    pub(crate) topology: Topology,
    pub(crate) graph: Graph,
    pub(crate) gateway_maps: GatewayMaps,
    pub(crate) store: AttrStore,
    pub(crate) tables: Vec<Option<Table>>,
    pub(crate) directions: Vec<[Direction; 2]>,
    pub(crate) literal: BTreeMap<LinkId, Announcements>,
    pub(crate) dirty: BTreeMap<SpeakerId, Vec<Prefix>>,
    pub(crate) shuffle: u64,
    pub(crate) removed: BTreeSet<SpeakerId>,
    pub(crate) instances_down: BTreeSet<SpeakerId>,
    pub(crate) groups: Vec<LiveGroup>,
    pub(crate) members: BTreeMap<LinkId, MemberId>,
    pub(crate) regrouping: BTreeSet<LinkId>,
    pub(crate) refreshes: Vec<LinkId>,
    pub(crate) owed: BTreeMap<LinkId, VecDeque<Prefix>>,
    pub(crate) lent: Lent,
    pub(crate) replaced: BTreeMap<LinkId, Replaced>,
    pub(crate) journal: Option<Journal>,
    pub(crate) now: Instant,
    pub(crate) seed: u64,
}

impl Exchange {
    /// The exchange of an estate, everything modelled up and settled. Speakers named in `live`
    /// are played by real routers: their links are down until told otherwise.
    ///
    /// # Errors
    /// [`NotConverged`](crate::NotConverged) if the estate never comes to rest.
    pub fn new(
        estate: Estate,
        parameters: Parameters,
        live: &BTreeSet<String>,
        seed: u64,
    ) -> Result<Self, crate::NotConverged> {
        let topology = Topology::new(&estate);
        let graph = Graph::new(&estate, &parameters, &topology, live);
        let mut it = Self {
            parameters,
            estate,
            topology,
            graph,
            gateway_maps: GatewayMaps::new(),
            store: AttrStore::new(seed),
            tables: Vec::new(),
            directions: Vec::new(),
            literal: BTreeMap::new(),
            dirty: BTreeMap::new(),
            shuffle: seed,
            removed: BTreeSet::new(),
            instances_down: BTreeSet::new(),
            groups: Vec::new(),
            members: BTreeMap::new(),
            regrouping: BTreeSet::new(),
            refreshes: Vec::new(),
            owed: BTreeMap::new(),
            lent: Lent::default(),
            replaced: BTreeMap::new(),
            journal: None,
            now: Instant::ZERO,
            seed,
        };
        it.extend_to_graph();
        for speaker in it.graph.speakers() {
            it.announce_networks(speaker);
        }
        for link in it.graph.links() {
            it.sync_link(link);
        }
        it.settle()?;
        Ok(it)
    }

    /// Makes tables and directions for speakers and links that have none yet.
    pub(crate) fn extend_to_graph(&mut self) {
        for speaker in self.graph.speakers().skip(self.tables.len()) {
            let one = self.graph.speaker(speaker);
            let table = (!one.only_ends_routes(&self.estate)).then(|| {
                let config = speaker_table::decision(one.kind, &self.parameters);
                Table::new(config, self.seed)
            });
            self.tables.push(table);
        }
        for link in self.graph.links().skip(self.directions.len()) {
            let directions = Side::BOTH.map(|sender| self.direction(link, sender));
            self.directions.push(directions);
            let literal = self.stated_literal(link);
            if !literal.is_empty() {
                self.literal.insert(link, literal);
            }
        }
    }

    fn direction(&mut self, link: LinkId, sender: Side) -> Direction {
        let receiver = sender.other();
        let policies = self.policies();
        let one = self.graph.link(link);
        let (export, import) = (policies.export(one, sender), policies.import(one, receiver));
        let silent = policies.passes_nothing(one, sender);
        let told = self.graph.speaker(one.end(receiver).speaker).at();
        let max_prefixes = self.parameters.max_total_prefixes;
        Direction {
            max_prefixes: max_prefixes.filter(|_| told == Some(At::RouteServer)),
            export,
            import,
            class: speaker_table::policy_class(&self.graph, link, receiver),
            source: self.add_source(link, receiver),
            silent,
            exported: Verdicts::new(self.seed),
            imported: Verdicts::new(self.seed),
        }
    }

    /// Makes the link a source of the RIB of the speaker on `side`.
    pub(crate) fn add_source(&mut self, link: LinkId, side: Side) -> Option<SourceId> {
        let speaker = self.graph.link(link).end(side).speaker;
        let preference = self.preference(speaker);
        let source = speaker_table::source(&self.graph, &self.parameters, preference, link, side);
        let class = speaker_table::policy_class(&self.graph, link, side);
        let table = self.tables[speaker.0 as usize].as_mut()?;
        table.add(Origin::Link(link), class, source)
    }

    /// The routing preference of a Route Server.
    pub(crate) fn preference(&self, speaker: SpeakerId) -> Option<RoutingPreference> {
        let speaker = self.graph.speaker(speaker);
        self.policies()
            .route_server(speaker)
            .map(|one| one.routing_preference)
    }

    pub(crate) fn policies(&self) -> Policies<'_> {
        Policies {
            estate: &self.estate,
            parameters: &self.parameters,
            topology: &self.topology,
            graph: &self.graph,
            gateway_maps: &self.gateway_maps,
        }
    }

    /// The literal routes that the estate states for a link.
    fn stated_literal(&self, link: LinkId) -> Announcements {
        let one = self.graph.link(link);
        let (LinkKind::NvaToRouteServer { .. }, SpeakerKind::Nva { nva }) =
            (&one.kind, self.graph.speaker(one.a.speaker).kind)
        else {
            return Announcements::new();
        };
        let server = self.graph.speaker(one.b.speaker);
        let SpeakerKind::RouteServer { instance, .. } = server.kind else {
            return Announcements::new();
        };
        announce::literal(&self.estate.nvas[nva], &server.name, instance)
    }

    /// The table of a speaker that has one.
    pub(crate) fn table(&self, speaker: SpeakerId) -> Option<&Table> {
        self.tables.get(speaker.0 as usize)?.as_ref()
    }

    pub(crate) fn direction_of(&self, link: LinkId, sender: Side) -> &Direction {
        &self.directions[link.0 as usize][sender as usize]
    }

    pub(crate) fn direction_mut(&mut self, link: LinkId, sender: Side) -> &mut Direction {
        &mut self.directions[link.0 as usize][sender as usize]
    }

    /// The id of an attribute set.
    pub fn intern(&mut self, attrs: &Attrs) -> AttrId {
        self.store.intern(attrs)
    }

    /// The parameters it works by.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The estate as it is now, events included.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }
}

//! The ways between every two named ends, kept to be compared with those of another time, and
//! walked again only where something changed that they depend on.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use routehub_exchange::Exchange;
use routehub_exchange::view::VnetId;
use routehub_types::{Prefix, RuleId};

use super::both_ways::{Passed, asymmetry, returning};
use super::ends::{self, INTERNET, Start, Target};
use super::forwarding::{Addresses, Device, Forwarding};
use super::hop::{TraceEnd, TraceHop};
use super::own::OwnPrefixes;
use super::packet::Packet;
use super::stations::Stations;

/// An end with where packets start and where they go.
#[derive(Debug)]
pub(super) struct NamedEnd {
    pub(super) name: String,
    pub(super) start: Option<Start>,
    pub(super) target: Option<Target>,
}

/// Every named end of an exchange, and what of it no failure changes.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) ends: Vec<NamedEnd>,
    by_name: HashMap<String, usize>,
    pub(super) stations: Stations,
    addresses: Arc<Addresses>,
    own: Arc<OwnPrefixes>,
    /// The ends that packets go to, by their address.
    by_address: Vec<(IpAddr, usize)>,
}

impl Ends {
    fn of(exchange: &Exchange) -> Self {
        let forwarding = Forwarding::new(exchange);
        let names = ends::named_ends(exchange.estate()).map(str::to_owned);
        let mut known = BTreeSet::new();
        let mut ends: Vec<NamedEnd> = Vec::new();
        for name in names.chain([INTERNET.to_owned()]) {
            if known.insert(name.clone()) {
                let start = ends::start(&forwarding, &name).ok();
                ends.push(NamedEnd {
                    start: start.filter(|_| name != INTERNET),
                    target: ends::target(&forwarding, &name).ok(),
                    name,
                });
            }
        }
        let targets = ends.iter().enumerate();
        let mut by_address: Vec<(IpAddr, usize)> = targets
            .filter_map(|(place, end)| Some((end.target.as_ref()?.address, place)))
            .collect();
        by_address.sort_unstable();
        let by_name = ends.iter().enumerate();
        Self {
            by_name: by_name
                .map(|(place, end)| (end.name.clone(), place))
                .collect(),
            ends,
            stations: Stations::of(exchange),
            addresses: forwarding.addresses(),
            own: Arc::new(OwnPrefixes::of(exchange)),
            by_address,
        }
    }

    /// The ends that packets go to inside a prefix.
    pub(super) fn inside(&self, prefix: Prefix) -> impl Iterator<Item = usize> + '_ {
        let first = self
            .by_address
            .partition_point(|(address, _)| *address < prefix.address());
        let behind = self.by_address[first..].iter();
        let inside = behind.take_while(move |(address, _)| prefix.contains_address(*address));
        inside.map(|(_, place)| *place)
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The place of an end.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The number of a pair.
    pub(super) fn pair(&self, from: usize, to: usize) -> usize {
        from * self.ends.len() + to
    }

    /// The ends of a pair: from, to.
    pub(super) fn of_pair(&self, pair: usize) -> (usize, usize) {
        (pair / self.ends.len(), pair % self.ends.len())
    }
}

/// What is kept of the ways from one end to another.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) arrives: bool,
    /// Whether a packet may come back to where it was.
    pub(super) loops: bool,
    /// The stateful devices on each way.
    pub(super) passed: Arc<BTreeSet<Passed>>,
    /// What is in the way of packets that do not arrive.
    pub(super) because: Arc<str>,
    /// By which rule they do not.
    pub(super) rule: Option<RuleId>,
    /// The devices on each way, ends left out; nothing if a way is too long to be written out.
    pub(super) by: Arc<BTreeSet<Vec<u32>>>,
    /// The devices that decide, each with the length of the prefix below which other routes do not
    /// matter there; none where a way is too long to be written out.
    pub(super) stops: Option<Box<[(u32, u8)]>>,
    /// What comes back from the internet, if it arrives: why stateful devices may see only half.
    pub(super) returned: Option<Option<Arc<str>>>,
}

impl PartialEq for Way {
    /// Whether packets fare the same.
    fn eq(&self, other: &Self) -> bool {
        let fate = |way: &Self| (way.arrives, way.loops, way.returned.clone());
        fate(self) == fate(other) && self.passed == other.passed
    }
}

impl Way {
    /// Whether a stop is among those that routes to a prefix of this length matter at.
    pub(super) fn depends_on(&self, station: &BTreeSet<u32>, length: u8) -> bool {
        match &self.stops {
            Some(stops) => {
                let mut stops = stops.iter();
                stops.any(|(stop, least)| length >= *least && station.contains(stop))
            }
            None => true,
        }
    }

    /// Whether every way passes a stateful device.
    pub(super) fn is_inspected(&self) -> bool {
        self.arrives && self.passed.iter().all(|passed| !passed.is_empty())
    }
}

/// What every way was when it was walked first.
#[derive(Debug)]
pub(super) struct Kept {
    ways: Vec<Option<Way>>,
    /// The pairs whose ways depend on a station, by station.
    pub(super) by_station: Vec<Vec<usize>>,
    /// The pairs whose ways are too long to know what they depend on.
    pub(super) unknown: Vec<usize>,
    /// The network whose gateways and Route Server each used, by network.
    pub(super) hubs: Vec<Option<VnetId>>,
}

/// The ways between every two named ends of a network at one time.
///
/// After an event those are walked again that may be others; what both have in common is shared.
#[derive(Clone, Debug)]
pub struct Ways {
    pub(super) ends: Arc<Ends>,
    pub(super) kept: Arc<Kept>,
    /// Ways that are walked again, by the number of their pair.
    pub(super) changed: HashMap<usize, Way>,
}

impl Ways {
    /// Those of an exchange.
    pub fn of(exchange: &Exchange) -> Self {
        let ends = Ends::of(exchange);
        let count = ends.count();
        let all = (0..count).flat_map(|to| (0..count).map(move |from| (to, from)));
        let all = all.filter(|(to, from)| to != from);
        let mut ways: Vec<Option<Way>> = Vec::new();
        ways.resize_with(count * count, || None);
        Walker::new(exchange, &ends).walk(all, |pair, way| ways[pair] = Some(way));
        let mut by_station = vec![Vec::new(); ends.stations.count()];
        let mut unknown = Vec::new();
        for (pair, way) in ways.iter().enumerate() {
            match way.as_ref().map(|way| &way.stops) {
                Some(Some(stops)) => {
                    for (stop, _) in stops {
                        by_station[*stop as usize].push(pair);
                    }
                }
                Some(None) => unknown.push(pair),
                None => {}
            }
        }
        Self {
            ends: Arc::new(ends),
            kept: Arc::new(Kept {
                ways,
                by_station,
                unknown,
                hubs: hubs(exchange),
            }),
            changed: HashMap::new(),
        }
    }

    /// The names of all ends, in the order of the estate.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.ends.ends.iter().map(|end| &*end.name)
    }

    fn way_between(&self, [from, to]: [&str; 2]) -> Option<(usize, &Way)> {
        let [from, to] = [from, to].map(|name| self.ends.named(name));
        let pair = self.ends.pair(from?, to?);
        Some((pair, self.way(pair)?))
    }

    /// Whether packets arrive from one named end at another, else why not and by which rule; none
    /// if one has not this name or no address.
    pub fn fate_between(&self, ends: [&str; 2]) -> Option<(bool, String, Option<RuleId>)> {
        let (_, way) = self.way_between(ends)?;
        Some((way.arrives, way.because.to_string(), way.rule))
    }

    /// The devices on each way from one named end to another, the ends left out; none if they are
    /// not known.
    pub fn devices_between(&self, ends: [&str; 2]) -> Option<BTreeSet<Vec<String>>> {
        let (_, way) = self.way_between(ends)?;
        way.stops.as_ref()?;
        let name = |device: &u32| self.ends.stations.name(*device).to_owned();
        let names = |devices: &Vec<u32>| devices.iter().map(name).collect();
        Some(way.by.iter().map(names).collect())
    }

    /// Why stateful NVAs may see only half of the connections of two named ends, if both ways
    /// arrive; none if they are not known.
    pub fn asymmetry_between(&self, ends: [&str; 2]) -> Option<Option<String>> {
        let (pair, _) = self.way_between(ends)?;
        Some(self.asymmetry(pair).flatten())
    }

    /// Whether the ways between two ends may be others than when all were walked; those between
    /// ends without a name always.
    pub(crate) fn may_differ(&self, [from, to]: [&str; 2]) -> bool {
        let [from, to] = [from, to].map(|name| self.ends.named(name));
        let Some((from, to)) = from.zip(to) else {
            return true;
        };
        let both = [self.ends.pair(from, to), self.ends.pair(to, from)];
        self.changed.is_empty() || both.iter().any(|pair| self.changed.contains_key(pair))
    }

    /// The pairs of ends between which packets arrive, in order.
    pub fn arriving(&self) -> impl Iterator<Item = [&str; 2]> {
        let pairs = 0..self.kept.ways.len();
        let arrives = |pair: &usize| self.way(*pair).is_some_and(|way| way.arrives);
        pairs.filter(arrives).map(|pair| self.ends_of(pair))
    }

    pub(super) fn way(&self, pair: usize) -> Option<&Way> {
        let changed = self.changed.get(&pair);
        changed.or_else(|| self.kept.ways.get(pair)?.as_ref())
    }

    /// What stateful devices may miss of a connection; none if one way does not arrive.
    pub(super) fn asymmetry(&self, pair: usize) -> Option<Option<String>> {
        let (from, to) = self.ends.of_pair(pair);
        let way = self.way(pair).filter(|way| way.arrives)?;
        if self.ends.ends[to].name == INTERNET {
            let returned = way.returned.as_ref()?;
            return Some(returned.as_deref().map(str::to_owned));
        }
        let back = self.way(self.ends.pair(to, from));
        let back = back.filter(|back| back.arrives)?;
        let found = asymmetry(&way.passed, &back.passed);
        Some(found.map(|because| because.evidence))
    }

    /// The pairs whose ways may be others than in `other`, of the same network, in order.
    pub(super) fn differing(&self, other: &Self) -> Vec<usize> {
        if !Arc::ptr_eq(&self.kept, &other.kept) {
            return (0..self.kept.ways.len()).collect();
        }
        let changed = self.changed.keys().chain(other.changed.keys());
        let differs = |pair: &&usize| self.way(**pair) != other.way(**pair);
        let mut pairs: Vec<usize> = changed.filter(differs).copied().collect();
        // A way there that is as it was may be answered by another one.
        let back = pairs.clone().into_iter().map(|pair| {
            let (from, to) = self.ends.of_pair(pair);
            self.ends.pair(to, from)
        });
        pairs.extend(back);
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

/// The network whose gateways and Route Server each network uses, by network.
pub(super) fn hubs(exchange: &Exchange) -> Vec<Option<VnetId>> {
    let topology = exchange.topology();
    topology.vnets().map(|vnet| topology.hub(vnet)).collect()
}

/// Walks ways, and keeps equal findings once.
pub(super) struct Walker<'a, 'e> {
    forwarding: Forwarding<'a>,
    ends: &'e Ends,
    texts: HashMap<String, Arc<str>>,
    passed: HashMap<BTreeSet<Passed>, Arc<BTreeSet<Passed>>>,
    devices: HashMap<BTreeSet<Vec<u32>>, Arc<BTreeSet<Vec<u32>>>>,
}

impl<'a, 'e> Walker<'a, 'e> {
    pub(super) fn new(exchange: &'a Exchange, ends: &'e Ends) -> Self {
        Self {
            forwarding: Forwarding::with(
                exchange,
                Arc::clone(&ends.addresses),
                Some(Arc::clone(&ends.own)),
            ),
            ends,
            texts: HashMap::new(),
            passed: HashMap::new(),
            devices: HashMap::new(),
        }
    }

    /// Walks pairs, given as to and from, those to one end after each other.
    pub(super) fn walk(
        &mut self,
        pairs: impl Iterator<Item = (usize, usize)>,
        mut found: impl FnMut(usize, Way),
    ) {
        let ends = self.ends;
        // What one packet found out of the ways to a target holds for the next.
        let mut known: HashMap<Option<VnetId>, HashMap<Device, TraceHop>> = HashMap::new();
        let mut last = None;
        for (to, from) in pairs {
            if last != Some(to) {
                known.clear();
                last = Some(to);
            }
            let (end, other) = (&ends.ends[to], &ends.ends[from]);
            let Some((target, start)) = end.target.as_ref().zip(other.start.as_ref()) else {
                continue;
            };
            let mut packet = Packet::new(&mut self.forwarding, target);
            let walked = known.entry(packet.source_of(start)).or_default();
            packet.know(std::mem::take(walked));
            let way = packet.walk(start);
            *walked = packet.into_known();
            let mut kept = self.kept(&way, (&other.name, &end.name));
            if end.name == INTERNET
                && let Some(source) = &other.target
            {
                let besides = [INTERNET, other.name.as_str()];
                let back = returning(&mut self.forwarding, &way, source, &besides);
                kept.stops = kept.stops.zip(self.stops(&back.way)).map(|(there, back)| {
                    let mut stops = [there, back].concat();
                    stops.sort_unstable();
                    stops.dedup();
                    stops.into()
                });
                kept.returned = back.way.arrives().then(|| {
                    let evidence = back.asymmetry.map(|because| because.evidence);
                    evidence.map(|evidence| self.text(evidence))
                });
            }
            found(ends.pair(from, to), kept);
        }
    }

    fn kept(&mut self, way: &TraceHop, (from, to): (&str, &str)) -> Way {
        let passed = way.passed_besides(&[from, to]);
        let passed = match self.passed.get(&passed) {
            Some(known) => Arc::clone(known),
            None => {
                let shared = Arc::new(passed.clone());
                self.passed.insert(passed, Arc::clone(&shared));
                shared
            }
        };
        let stops = self.stops(way);
        let by = match stops {
            Some(_) => self.devices(way, [from, to]),
            None => Arc::default(),
        };
        Way {
            arrives: way.arrives(),
            loops: way.any(&|hop| matches!(hop.end, Some(TraceEnd::Loop(_)))),
            passed,
            because: self.text(way.first_trouble().unwrap_or_default()),
            rule: way.first_rule(),
            by,
            stops,
            returned: None,
        }
    }

    /// The devices on each way but the ends.
    fn devices(&mut self, way: &TraceHop, ends: [&str; 2]) -> Arc<BTreeSet<Vec<u32>>> {
        let stations = &self.ends.stations;
        let ends = ends.map(|end| stations.named(end));
        let mut ways = BTreeSet::new();
        let mut passed = Vec::new();
        way.each_way(
            &mut |hop| stations.named(&hop.at),
            &mut passed,
            &mut |devices| {
                let between = devices
                    .iter()
                    .filter(|device| !ends.contains(&Some(**device)));
                ways.insert(between.copied().collect::<Vec<u32>>());
            },
        );
        match self.devices.get(&ways) {
            Some(known) => Arc::clone(known),
            None => {
                let shared = Arc::new(ways.clone());
                self.devices.insert(ways, Arc::clone(&shared));
                shared
            }
        }
    }

    fn text(&mut self, text: String) -> Arc<str> {
        match self.texts.get(&text) {
            Some(known) => Arc::clone(known),
            None => {
                let shared: Arc<str> = text.as_str().into();
                self.texts.insert(text, Arc::clone(&shared));
                shared
            }
        }
    }

    /// The devices that decide on a way; none if it is not all written out, or somebody decides
    /// that is not known.
    fn stops(&self, way: &TraceHop) -> Option<Box<[(u32, u8)]>> {
        let mut stops = Vec::new();
        let unknown = way.any(&|hop| matches!(hop.end, Some(TraceEnd::AsAbove)));
        let mut known = !unknown;
        way.each(&mut |hop| match self.ends.stations.stop(hop) {
            Some(stop) => stops.push(stop),
            None => known = false,
        });
        stops.sort_unstable();
        stops.dedup();
        known.then(|| stops.into())
    }
}

//! Promises: what is to hold of packets and routes, whatever fails.

use std::collections::BTreeSet;
use std::fmt;

use routehub_exchange::{Exchange, SpeakerId, rules};
use routehub_types::RuleId;

use crate::trace::{Ways, both_ways, trace};
use crate::words::{joined, listed};

/// What has to fail for a promise to be excused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unless {
    /// Nothing: it holds always.
    #[default]
    Nothing,
    /// Anything.
    Anything,
    /// One of these, by name.
    Named(Vec<String>),
}

/// Something that is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    /// Where packets start, and where they go: from each of the first to each of the others.
    /// Without ends it is about every two that it can be about while nothing fails.
    pub ends: Option<[Vec<String>; 2]>,
    /// Whether packets arrive.
    pub reachable: bool,
    /// Every way passes one of these, if it arrives.
    pub via: Vec<String>,
    /// No way passes any of these.
    pub never_via: Vec<String>,
    /// Stateful NVAs see both halves of connections.
    pub symmetric: bool,
    /// How many routes are held of an NVA by an instance, are in a Route Server or are sent to a
    /// circuit, at most.
    pub routes: Option<(String, usize)>,
    /// What excuses it.
    pub unless: Unless,
    /// Why it is made.
    pub why: Option<String>,
    /// The line in the file, from 1; 0 where there is no file.
    pub line: usize,
}

/// A promise that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BrokenPromise {
    /// What was promised.
    pub promise: String,
    /// The line in the file, from 1; 0 where there is no file.
    pub line: usize,
    /// What is instead.
    pub because: String,
    /// The rule by which it is so.
    pub rule: Option<RuleId>,
    /// What to do.
    pub remedy: Option<&'static str>,
}

/// What a promise is judged by: how packets fare between two ends.
struct Fate {
    arrives: bool,
    because: String,
    rule: Option<RuleId>,
    /// The devices on each way.
    by: BTreeSet<Vec<String>>,
}

impl Promise {
    /// Whether it is to hold while these have failed.
    pub fn holds_while(&self, failed: &BTreeSet<String>) -> bool {
        match &self.unless {
            Unless::Nothing => true,
            Unless::Anything => failed.is_empty(),
            Unless::Named(names) => !names.iter().any(|name| failed.contains(name)),
        }
    }

    /// The pairs of ends that it is about.
    fn pairs(&self, intact: &Ways) -> Vec<[String; 2]> {
        let owned = |pair: [&str; 2]| pair.map(str::to_owned);
        match &self.ends {
            Some([from, to]) => {
                let pairs = from
                    .iter()
                    .flat_map(|from| to.iter().map(move |to| [from, to]));
                let pairs = pairs.filter(|[from, to]| from != to);
                pairs.map(|pair| pair.map(String::clone)).collect()
            }
            None if !self.via.is_empty() => {
                let all = intact.arriving();
                let passes = |pair: &[&str; 2]| {
                    intact.devices_between(*pair).is_some_and(|by| {
                        by.iter()
                            .all(|way| way.iter().any(|name| self.via.contains(name)))
                    })
                };
                all.filter(passes).map(owned).collect()
            }
            None if self.symmetric || !self.never_via.is_empty() => {
                intact.arriving().map(owned).collect()
            }
            None => Vec::new(),
        }
    }

    fn judge(
        &self,
        exchange: &Exchange,
        ways: &Ways,
        [from, to]: [&str; 2],
        broken: &mut Vec<BrokenPromise>,
    ) {
        let Some(fate) = fate(exchange, ways, [from, to]) else {
            let text = format!("{from} reaches {to}");
            let because = "one of them is not there".to_owned();
            broken.push(self.broken_by(text, because, None));
            return;
        };
        if self.reachable && !fate.arrives {
            let text = format!("{from} reaches {to}");
            broken.push(self.broken_by(text, fate.because.clone(), fate.rule));
        }
        let by = |way: &Vec<String>| match way.as_slice() {
            [] => "goes by the networks alone".to_owned(),
            way => format!("goes by {}", joined(way, " > ")),
        };
        let passes =
            |way: &Vec<String>, names: &[String]| way.iter().any(|name| names.contains(name));
        let around = fate.by.iter().find(|way| !passes(way, &self.via));
        if let Some(around) = around.filter(|_| fate.arrives && !self.via.is_empty()) {
            let text = format!("{from} reaches {to} by {}", joined(&self.via, " or "));
            broken.push(self.broken_by(text, by(around), Some(rules::LEAVES_INSPECTION)));
        }
        if let Some(over) = fate.by.iter().find(|way| passes(way, &self.never_via)) {
            let text = format!("{from} never goes to {to} by {}", listed(&self.never_via));
            broken.push(self.broken_by(text, by(over), None));
        }
        if self.symmetric
            && let Some(evidence) = asymmetry(exchange, ways, [from, to])
        {
            let text = format!("{from} and {to} pass the same NVAs both ways");
            broken.push(self.broken_by(text, evidence, Some(rules::ASYMMETRIC_WAYS)));
        }
    }

    /// A budget of routes that is exceeded.
    fn over_budget(&self, exchange: &Exchange) -> Option<BrokenPromise> {
        let (name, most) = self.routes.as_ref()?;
        let routes = routes_of(exchange, name);
        let text = format!("{name} has at most {most} routes");
        let because = format!("it has {routes}");
        let is_over = routes > *most;
        is_over.then(|| self.broken_by(text, because, Some(rules::ROUTE_BUDGET)))
    }

    fn broken_by(&self, promise: String, because: String, rule: Option<RuleId>) -> BrokenPromise {
        BrokenPromise {
            promise,
            line: self.line,
            because,
            remedy: rule.and_then(rules::remedy),
            rule,
        }
    }
}

/// Promises of a network, and which of them do not hold though nothing has failed.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    /// Each with the pairs of ends that it is about.
    all: Vec<(Promise, Vec<[String; 2]>)>,
    intact: Vec<BrokenPromise>,
}

impl Promises {
    /// Promises of an exchange in which nothing has failed, with its ways.
    pub fn new(promises: &[Promise], exchange: &Exchange, ways: &Ways) -> Self {
        let all = promises.iter();
        let all = all.map(|promise| (promise.clone(), promise.pairs(ways)));
        let mut promises = Self {
            all: all.collect(),
            intact: Vec::new(),
        };
        promises.intact = promises.judge(exchange, ways, &BTreeSet::new(), false);
        promises
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether one is about how many routes there are.
    pub fn count_routes(&self) -> bool {
        self.all.iter().any(|(promise, _)| promise.routes.is_some())
    }

    /// Whether all are about ends that these ways have, or about routes.
    pub fn are_of(&self, ways: &Ways) -> bool {
        let mut pairs = self.all.iter().flat_map(|(_, pairs)| pairs);
        pairs.all(|[from, to]| ways.fate_between([from, to]).is_some())
    }

    /// Those that do not hold though nothing has failed.
    pub fn broken_intact(&self) -> &[BrokenPromise] {
        &self.intact
    }

    /// Those that do not hold while these have failed, and do if nothing has: `ways` are those of
    /// the exchange with the failures.
    pub fn broken(
        &self,
        exchange: &Exchange,
        ways: &Ways,
        failed: &BTreeSet<String>,
    ) -> Vec<BrokenPromise> {
        let mut broken = self.judge(exchange, ways, failed, true);
        let key = |broken: &BrokenPromise| (broken.line, broken.promise.clone());
        let known: BTreeSet<_> = self.intact.iter().map(key).collect();
        broken.retain(|broken| !known.contains(&key(broken)));
        broken
    }

    fn judge(
        &self,
        exchange: &Exchange,
        ways: &Ways,
        failed: &BTreeSet<String>,
        only_changed: bool,
    ) -> Vec<BrokenPromise> {
        let mut broken = Vec::new();
        let holding = self.all.iter();
        for (promise, pairs) in holding.filter(|(promise, _)| promise.holds_while(failed)) {
            for [from, to] in pairs {
                if !only_changed || ways.may_differ([from, to]) {
                    promise.judge(exchange, ways, [from, to], &mut broken);
                }
            }
            broken.extend(promise.over_budget(exchange));
        }
        broken
    }
}

/// How packets fare between two ends; none if one of them is none.
fn fate(exchange: &Exchange, ways: &Ways, [from, to]: [&str; 2]) -> Option<Fate> {
    if let Some((arrives, because, rule)) = ways.fate_between([from, to]) {
        return Some(Fate {
            arrives,
            because,
            rule,
            by: ways.devices_between([from, to]).unwrap_or_default(),
        });
    }
    let trace = trace(exchange, from, to).ok()?;
    Some(Fate {
        arrives: trace.arrives(),
        because: trace.trouble().unwrap_or_default(),
        rule: trace
            .rules()
            .into_iter()
            .next()
            .filter(|_| !trace.arrives()),
        by: trace.devices(),
    })
}

/// Why stateful NVAs may see only half of the connections of two ends, if both ways arrive.
fn asymmetry(exchange: &Exchange, ways: &Ways, ends: [&str; 2]) -> Option<String> {
    match ways.asymmetry_between(ends) {
        Some(known) => known,
        None => {
            let [from, to] = ends;
            let asymmetry = both_ways(exchange, from, to).ok()?.asymmetry;
            asymmetry.map(|because| because.evidence)
        }
    }
}

/// How many routes there are of an object, the most of its instances or connections.
fn routes_of(exchange: &Exchange, name: &str) -> usize {
    let graph = exchange.graph();
    let is_of = |id: &SpeakerId| graph.speaker(*id).name == name;
    let peerings = exchange.peerings().into_iter();
    let of_nva = peerings.filter(|report| report.remote == name && report.instance.is_some());
    let of_nva = of_nva.map(|report| report.learned).max();
    let servers = graph.speakers().filter(is_of);
    let servers = servers.filter(|id| graph.speaker(*id).is_route_server());
    let in_server = servers.filter_map(|id| Some(exchange.rib(id)?.len())).max();
    let connections = exchange.connection_loads().into_iter();
    let connections = connections.filter(|load| load.circuit == name || load.gateway == name);
    let to_circuit = connections.map(|load| load.routes).max();
    [of_nva, in_server, to_circuit]
        .into_iter()
        .flatten()
        .max()
        .unwrap_or_default()
}

impl fmt::Display for BrokenPromise {
    /// Writes what was promised, what is instead and by which rule, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.promise)?;
        if self.line > 0 {
            write!(f, " (line {})", self.line)?;
        }
        write!(f, ": {}", self.because)?;
        if let Some(rule) = self.rule
            && !rules::is_bgp(rule)
            && !self.because.contains(&rule.to_string())
        {
            write!(f, " ({rule}: {})", rules::text(rule))?;
        }
        match self.remedy {
            Some(remedy) => write!(f, "; remedy: {remedy}"),
            None => Ok(()),
        }
    }
}

//! A naive table that recomputes everything, and knows nothing of how the real one works.

pub(crate) mod events;
mod limit;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_rib::{Age, DecisionConfig, LimitExceeded, Source, Step};
use routehub_types::{AsPath, Attrs, Community, Family, Instant, Nlri, PathId, Prefix, RuleId};

pub(crate) use limit::Run;

/// Names a path: source, path id, whether it is derived.
pub(crate) type Name = (usize, Option<PathId>, bool);

/// What import makes of a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Import {
    Accept(Attrs),
    Replace(Prefix, Attrs),
    Reject(RuleId),
    Filter(RuleId),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stands {
    Best,
    Equal,
    Lost(Step, Name),
    Ineligible(RuleId),
    Replaced,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    pub(crate) name: Name,
    pub(crate) attrs: Option<Attrs>,
    pub(crate) contributors: u32,
    pub(crate) stands: Stands,
}

/// A candidate of the decision.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) name: Name,
    pub(crate) attrs: Attrs,
    pub(crate) source: Source,
    /// The source's number in the real table, the last but one of all tie-breakers.
    pub(crate) number: u16,
    pub(crate) contributors: u32,
    /// Whether it was in the best set before.
    pub(crate) current: bool,
}

impl Candidate {
    fn med(&self) -> u32 {
        self.attrs.med.unwrap_or(0)
    }

    /// Lower is better.
    fn value(&self, step: Step) -> (i128, Option<IpAddr>) {
        let number = match step {
            Step::PeerAddress => return (0, Some(self.source.peer_address)),
            Step::NextHop => return (0, Some(self.attrs.next_hop.address)),
            Step::LongLivedStale => {
                let marked = self.attrs.has_community(Community::LLGR_STALE);
                i128::from(marked && self.source.long_lived)
            }
            Step::Rank => self.source.rank.into(),
            Step::LocalPref => -i128::from(self.attrs.local_pref.unwrap_or(100)),
            Step::AsPathLength => self.attrs.as_path.length() as i128,
            Step::Origin => self.attrs.origin as i128,
            Step::Med | Step::MedAlways => self.med().into(),
            Step::External => i128::from(!self.source.external),
            Step::Cost => self.source.cost.into(),
            Step::TieBreak => self.source.tie_break.into(),
            Step::RouterId => {
                let id = self.attrs.originator_id;
                id.unwrap_or(self.source.router_id).0.into()
            }
            Step::Current => i128::from(!self.current),
            other => panic!("{other} cannot be configured"),
        };
        (number, None)
    }

    /// Whether another path is worse at a step.
    fn beats(&self, other: &Self, step: Step) -> bool {
        if step == Step::Failback {
            let longer = other.attrs.as_path.length() >= self.attrs.as_path.length();
            let preferred = other.source.rank < self.source.rank;
            return self.current && !other.current && preferred && longer;
        }
        let comparable =
            step != Step::Med || self.attrs.as_path.neighbor() == other.attrs.as_path.neighbor();
        comparable && self.value(step) < other.value(step)
    }
}

fn tie_order(config: &DecisionConfig, one: &Candidate, other: &Candidate) -> Ordering {
    for step in config.tie_breakers() {
        let order = one.value(*step).cmp(&other.value(*step));
        if order.is_ne() {
            return order;
        }
    }
    let rest = |one: &Candidate| (one.number, one.name.1, one.name.2, one.attrs.clone());
    rest(one).cmp(&rest(other))
}

/// Where every candidate stands, in the order given.
pub(crate) fn decide(config: &DecisionConfig, all: &[Candidate]) -> Vec<Stands> {
    let mut lost: BTreeMap<usize, (Step, Option<usize>)> = BTreeMap::new();
    let eliminate = |step: Step, lost: &mut BTreeMap<usize, (Step, Option<usize>)>| {
        let alive: Vec<usize> = (0..all.len()).filter(|n| !lost.contains_key(n)).collect();
        let beaten = |n: &&usize| alive.iter().any(|m| all[*m].beats(&all[**n], step));
        let out: Vec<usize> = alive.iter().filter(beaten).copied().collect();
        for n in &out {
            let same_as = |m: &&usize| {
                step == Step::Med
                    && !out.contains(m)
                    && all[**m].attrs.as_path.neighbor() == all[*n].attrs.as_path.neighbor()
            };
            let group = alive.iter().filter(same_as).copied();
            let to = group.min_by(|a, b| tie_order(config, &all[*a], &all[*b]));
            lost.insert(*n, (step, to));
        }
    };
    for step in config.steps() {
        eliminate(*step, &mut lost);
    }
    if config.max_paths() == 1 {
        for step in config.tie_breakers() {
            eliminate(*step, &mut lost);
        }
    }
    let mut left: Vec<usize> = (0..all.len()).filter(|n| !lost.contains_key(n)).collect();
    left.sort_by(|a, b| tie_order(config, &all[*a], &all[*b]));
    let max = usize::from(config.max_paths());
    let full = if max == 1 {
        Step::Identity
    } else {
        Step::MaxPaths
    };
    // A way that its source has named before is none more.
    let way = |n: usize| (all[n].name.0, &all[n].attrs);
    let named = |place: usize| left[..place].iter().any(|m| way(*m) == way(left[place]));
    let ways = |place: usize| (0..place).filter(|before| !named(*before)).count();
    (0..all.len())
        .map(|n| match left.iter().position(|m| *m == n) {
            Some(0) => Stands::Best,
            Some(place) if ways(place) >= max => Stands::Lost(full, all[left[0]].name),
            Some(place) if named(place) => Stands::Lost(Step::Identity, all[left[0]].name),
            Some(_) => Stands::Equal,
            None => {
                let (step, to) = lost[&n];
                Stands::Lost(step, all[to.unwrap_or(left[0])].name)
            }
        })
        .collect()
}

/// One received path.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) attrs: Attrs,
    pub(crate) age: Age,
}

/// What came of the last decision of each prefix, where that counts.
pub(crate) type Decided = BTreeMap<Prefix, Vec<Path>>;

/// The naive table.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) config: DecisionConfig,
    pub(crate) sources: Vec<(u16, Source)>,
    pub(crate) policies: Vec<u8>,
    pub(crate) adj_in: BTreeMap<(usize, Prefix, Option<PathId>), Received>,
    /// The run of updates that each source is in.
    pub(crate) runs: Vec<Run>,
    pub(crate) decided: Option<Decided>,
}

impl Model {
    /// What a source holds of an age grows older.
    pub(crate) fn age(&mut self, source: usize, family: Family, from: Age, to: Age) {
        for ((one, prefix, _), path) in &mut self.adj_in {
            if *one == source && prefix.family() == family && path.age == from {
                path.age = to;
            }
        }
    }

    pub(crate) fn import(&self, source: usize, prefix: Prefix, attrs: &Attrs) -> Import {
        import(self.policies[source], prefix, attrs)
    }

    /// What was received for a prefix and what import makes of it.
    pub(crate) fn imports(&self, prefix: Prefix) -> Vec<(Name, Attrs, Import)> {
        let all = self.adj_in.iter().filter(|((_, one, _), _)| *one == prefix);
        all.map(|((source, _, id), path)| {
            let import = self.import(*source, prefix, &path.attrs);
            ((*source, *id, false), path.attrs.clone(), import)
        })
        .collect()
    }

    /// Counts an update against the limit of its source.
    pub(crate) fn count(
        &mut self,
        source: usize,
        now: Instant,
        announced: &[Nlri],
    ) -> Result<(), LimitExceeded> {
        let held: BTreeSet<(Prefix, Option<PathId>)> = self
            .adj_in
            .iter()
            .filter(|((one, prefix, _), path)| {
                let import = self.import(*one, *prefix, &path.attrs);
                *one == source && !matches!(import, Import::Reject(_))
            })
            .map(|((_, prefix, id), _)| (*prefix, *id))
            .collect();
        let named: BTreeSet<_> = announced
            .iter()
            .map(|one| (one.prefix, one.path_id))
            .collect();
        let new = named.difference(&held).count() as u32;
        let all = announced.len() as u32;
        let data = self.sources[source].1.clone();
        self.runs[source].count(&data, now, held.len() as u32, (all, new))
    }

    /// The paths of a prefix and where each stands, by name.
    pub(crate) fn paths(&self, prefix: Prefix) -> Vec<Path> {
        match &self.decided {
            Some(decided) => decided.get(&prefix).cloned().unwrap_or_default(),
            None => self.decide(prefix),
        }
    }

    /// Decides a prefix again, where the last decision counts.
    pub(crate) fn touch(&mut self, prefix: Prefix) {
        let paths = self.decide(prefix);
        if let Some(decided) = &mut self.decided {
            decided.insert(prefix, paths);
        }
    }

    /// Whether a path was in the best set at the last decision.
    fn is_current(&self, prefix: Prefix, name: Name) -> bool {
        let paths = self.decided.as_ref().and_then(|all| all.get(&prefix));
        let used = |one: &Path| matches!(one.stands, Stands::Best | Stands::Equal);
        paths.is_some_and(|paths| paths.iter().any(|one| one.name == name && used(one)))
    }

    fn decide(&self, prefix: Prefix) -> Vec<Path> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut others = Vec::new();
        for ((source, received, id), path) in &self.adj_in {
            let candidate = |name, attrs: &Attrs, contributors| Candidate {
                name,
                attrs: attrs.clone(),
                source: self.sources[*source].1.clone(),
                number: self.sources[*source].0,
                contributors,
                current: self.is_current(prefix, name),
            };
            let name = (*source, *id, false);
            let mut other = |attrs, stands| {
                if *received == prefix {
                    others.push(Path {
                        name,
                        attrs,
                        contributors: 0,
                        stands,
                    });
                }
            };
            match self.import(*source, *received, &path.attrs) {
                Import::Accept(attrs) if *received == prefix => {
                    candidates.push(candidate(name, &attrs, 0));
                }
                Import::Accept(_) => {}
                Import::Reject(rule) | Import::Filter(rule) => {
                    other(None, Stands::Ineligible(rule));
                }
                Import::Replace(target, attrs) => {
                    other(Some(attrs.clone()), Stands::Replaced);
                    let name = (*source, None, true);
                    let same = |one: &&mut Candidate| one.name == name && one.attrs == attrs;
                    if target != prefix {
                    } else if let Some(one) = candidates.iter_mut().find(same) {
                        one.contributors += 1;
                    } else {
                        candidates.push(candidate(name, &attrs, 1));
                    }
                }
            }
        }
        let standings = decide(&self.config, &candidates);
        let decided = candidates.into_iter().zip(standings);
        let mut paths: Vec<Path> = decided
            .map(|(one, stands)| Path {
                name: one.name,
                attrs: Some(one.attrs),
                contributors: one.contributors,
                stands,
            })
            .collect();
        paths.append(&mut others);
        paths
    }

    /// The best set of a prefix, best first.
    pub(crate) fn best(&self, prefix: Prefix) -> Vec<(Name, Attrs)> {
        let paths = self.paths(prefix);
        let used = paths
            .into_iter()
            .filter(|one| matches!(one.stands, Stands::Best | Stands::Equal));
        let mut used: Vec<Candidate> = used
            .map(|one| Candidate {
                name: one.name,
                attrs: one.attrs.unwrap(),
                source: self.sources[one.name.0].1.clone(),
                number: self.sources[one.name.0].0,
                contributors: 0,
                current: true,
            })
            .collect();
        used.sort_by(|one, other| tie_order(&self.config, one, other));
        used.into_iter().map(|one| (one.name, one.attrs)).collect()
    }

    /// Every prefix that is received or derived.
    pub(crate) fn prefixes(&self) -> BTreeSet<Prefix> {
        let mut prefixes: BTreeSet<Prefix> =
            self.adj_in.keys().map(|(_, prefix, _)| *prefix).collect();
        for ((source, prefix, _), path) in &self.adj_in {
            if let Import::Replace(target, _) = self.import(*source, *prefix, &path.attrs) {
                prefixes.insert(target);
            }
        }
        prefixes
    }

    /// Prefixes with a best path.
    pub(crate) fn loc_rib(&self) -> BTreeMap<Prefix, Vec<(Name, Attrs)>> {
        let all = self
            .prefixes()
            .into_iter()
            .map(|prefix| (prefix, self.best(prefix)));
        all.filter(|(_, best)| !best.is_empty()).collect()
    }
}

/// Import policies to change between.
pub(crate) fn import(policy: u8, prefix: Prefix, attrs: &Attrs) -> Import {
    let ten: Prefix = "10.0.0.0/8".parse().unwrap();
    let bare = || Attrs {
        as_path: AsPath::empty(),
        communities: Vec::new(),
        ..attrs.clone()
    };
    match policy {
        1 if attrs.med.is_some() => Import::Reject(RuleId(50)),
        2 if prefix.length().is_multiple_of(16) => Import::Filter(RuleId(51)),
        // A summary: all that differs is taken away, or not.
        3 | 4 if ten.contains(prefix) => {
            let attrs = match policy {
                3 => Attrs {
                    med: None,
                    local_pref: None,
                    ..bare()
                },
                _ => attrs.clone(),
            };
            // A prefix in place of itself changes nothing but attributes.
            if prefix == ten {
                Import::Accept(attrs)
            } else {
                Import::Replace(ten, attrs)
            }
        }
        5 => Import::Accept(Attrs {
            local_pref: Some(200),
            ..attrs.clone()
        }),
        _ => Import::Accept(attrs.clone()),
    }
}

/// Export policies to change between.
/// The rule of an export policy that stands for messages that are too long.
pub(crate) const TOO_LONG: RuleId = RuleId(98);

pub(crate) fn export(policy: u8, prefix: Prefix, attrs: &Attrs) -> Result<Attrs, RuleId> {
    match policy {
        1 if attrs.med.is_some() => Err(TOO_LONG),
        2 => Ok(Attrs {
            local_pref: None,
            med: Some(1),
            ..attrs.clone()
        }),
        3 if prefix.length() > 16 => Err(RuleId(99)),
        _ => Ok(attrs.clone()),
    }
}

//! Decision by elimination.
//!
//! Every step looks at all paths that are left and drops those that are worse than another. Pairs
//! are never compared across a MED group, so the order of the paths cannot matter.

use core::cmp::Ordering;
use core::net::IpAddr;

use routehub_types::AttrId;
use smallvec::SmallVec;

use crate::path::Outcome;
use crate::sources::Sources;
use crate::{AttrStore, DecisionConfig, DecisionKey, Step};

/// A candidate, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    pub(crate) key: DecisionKey,
    pub(crate) attrs: AttrId,
    /// Where the path is stored.
    pub(crate) at: u32,
    pub(crate) path_id: Option<u32>,
    pub(crate) source: u16,
    pub(crate) derived: bool,
    /// Whether it was in the best set before.
    pub(crate) current: bool,
    pub(crate) outcome: Outcome,
}

type Alive = SmallVec<[u32; 16]>;

/// What a decision looks at.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) config: &'a DecisionConfig,
    pub(crate) sources: &'a Sources,
    pub(crate) store: &'a AttrStore,
}

impl Judge<'_> {
    /// Gives every contender its outcome.
    pub(crate) fn decide(&self, all: &mut [Contender]) {
        if let [only] = all {
            only.outcome = Outcome::Used(0);
            return;
        }
        if let [one, other] = all
            && self.decide_pair(one, other)
        {
            return;
        }
        let mut alive = Alive::new();
        alive.extend(0..all.len() as u32);
        self.eliminate(self.config.steps(), &mut alive, all);
        if self.config.max_paths() == 1 {
            self.eliminate(self.config.tie_breakers(), &mut alive, all);
        }
        let max = usize::from(self.config.max_paths());
        if alive.len() > 1 {
            alive.sort_unstable_by(|one, other| {
                self.order(&all[*one as usize], &all[*other as usize])
            });
        }
        let full = if max == 1 {
            Step::Identity
        } else {
            Step::MaxPaths
        };
        for (place, one) in alive.iter().enumerate() {
            all[*one as usize].outcome = match u8::try_from(place) {
                Ok(place) if usize::from(place) < max => Outcome::Used(place),
                _ => Outcome::Lost(full),
            };
        }
    }

    /// Decides between two, which is the same as elimination; says whether a step told them apart.
    fn decide_pair(&self, one: &mut Contender, other: &mut Contender) -> bool {
        let ties = match self.config.max_paths() {
            1 => self.config.tie_breakers(),
            _ => &[],
        };
        for step in self.config.steps().iter().chain(ties) {
            let (winner, loser) = match self.compare(*step, one, other) {
                Ordering::Less => (one, other),
                Ordering::Greater => (other, one),
                Ordering::Equal => continue,
            };
            winner.outcome = Outcome::Used(0);
            loser.outcome = Outcome::Lost(*step);
            return true;
        }
        false
    }

    /// Drops at each step what is worse there, until one is left.
    fn eliminate(&self, steps: &[Step], alive: &mut Alive, all: &mut [Contender]) {
        for step in steps {
            if alive.len() < 2 {
                return;
            }
            let source = |one: &Contender| self.sources.data(one.source);
            match step {
                Step::Rank => lowest(*step, alive, all, |one| source(one).rank),
                Step::LocalPref => lowest(*step, alive, all, |one| !one.key.local_pref),
                Step::AsPathLength => lowest(*step, alive, all, |one| one.key.path_length),
                Step::Origin => lowest(*step, alive, all, |one| one.key.origin as u8),
                Step::Med => lowest_med(alive, all),
                Step::MedAlways => lowest(*step, alive, all, |one| one.key.med),
                Step::External => lowest(*step, alive, all, |one| !source(one).external),
                Step::Cost => lowest(*step, alive, all, |one| source(one).cost),
                Step::TieBreak => lowest(*step, alive, all, |one| source(one).tie_break),
                Step::Current => lowest(*step, alive, all, |one| !one.current),
                Step::Failback => self.hold_back(alive, all),
                Step::RouterId => lowest(*step, alive, all, |one| self.router_id(one)),
                Step::PeerAddress => lowest(*step, alive, all, |one| source(one).address),
                Step::NextHop => lowest(*step, alive, all, |one| self.next_hop(one)),
                Step::MaxPaths | Step::Identity => {}
            }
        }
    }

    /// How two paths compare at a step; the lesser one is better.
    fn compare(&self, step: Step, one: &Contender, other: &Contender) -> Ordering {
        let source = |one: &Contender| self.sources.data(one.source);
        let (key, than) = (&one.key, &other.key);
        match step {
            Step::Rank => source(one).rank.cmp(&source(other).rank),
            Step::LocalPref => than.local_pref.cmp(&key.local_pref),
            Step::AsPathLength => key.path_length.cmp(&than.path_length),
            Step::Origin => (key.origin as u8).cmp(&(than.origin as u8)),
            Step::Med if key.neighbor != than.neighbor => Ordering::Equal,
            Step::Med | Step::MedAlways => key.med.cmp(&than.med),
            Step::External => source(other).external.cmp(&source(one).external),
            Step::Cost => source(one).cost.cmp(&source(other).cost),
            Step::TieBreak => source(one).tie_break.cmp(&source(other).tie_break),
            Step::Current => other.current.cmp(&one.current),
            Step::Failback => {
                let away = self.stays_away(one, other);
                away.cmp(&self.stays_away(other, one))
            }
            Step::RouterId => self.router_id(one).cmp(&self.router_id(other)),
            Step::PeerAddress => source(one).address.cmp(&source(other).address),
            Step::NextHop => self.next_hop(one).cmp(&self.next_hop(other)),
            Step::MaxPaths | Step::Identity => Ordering::Equal,
        }
    }

    /// Whether a path of a lower rank gives way to one that was best before and is no longer.
    fn stays_away(&self, one: &Contender, before: &Contender) -> bool {
        let rank = |one: &Contender| self.sources.data(one.source).rank;
        before.current
            && !one.current
            && rank(one) < rank(before)
            && one.key.path_length >= before.key.path_length
    }

    /// Drops every path that gives way to one that was best before.
    fn hold_back(&self, alive: &mut Alive, all: &mut [Contender]) {
        let before: Alive = alive.clone();
        alive.retain(|one| {
            let held = |other: &u32| self.stays_away(&all[*one as usize], &all[*other as usize]);
            let away = before.iter().any(held);
            if away {
                all[*one as usize].outcome = Outcome::Lost(Step::Failback);
            }
            !away
        });
    }

    /// The BGP identifier of who brought a path into the AS (RFC 4456 section 9).
    fn router_id(&self, one: &Contender) -> u32 {
        if one.key.reflected
            && let Some(originator) = self.store.originator(one.attrs)
        {
            return originator.0;
        }
        self.sources.data(one.source).router_id
    }

    fn next_hop(&self, one: &Contender) -> IpAddr {
        self.store.attrs(one.attrs).next_hop.address
    }

    /// The order of paths that are equal so far.
    pub(crate) fn order(&self, one: &Contender, other: &Contender) -> Ordering {
        let by_step = |step: &Step| self.compare(*step, one, other);
        let mut steps = self.config.tie_breakers().iter().map(by_step);
        steps
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
            .then(one.source.cmp(&other.source))
            .then(one.path_id.cmp(&other.path_id))
            .then(one.derived.cmp(&other.derived))
            .then_with(|| self.store.compare(one.attrs.0, other.attrs.0))
    }
}

/// Drops every path whose value is not the lowest.
#[inline]
fn lowest<V: Copy + Ord>(
    step: Step,
    alive: &mut Alive,
    all: &mut [Contender],
    value: impl Fn(&Contender) -> V,
) {
    let mut values = alive.iter().map(|one| value(&all[*one as usize]));
    let Some(first) = values.next() else { return };
    let (lowest, same) = values.fold((first, true), |(lowest, same), value| {
        (lowest.min(value), same && value == first)
    });
    if !same {
        alive.retain(|one| {
            let contender = &mut all[*one as usize];
            let stays = value(contender) == lowest;
            if !stays {
                contender.outcome = Outcome::Lost(step);
            }
            stays
        });
    }
}

/// Drops every path that has a lower MED beside it in its neighbour AS.
fn lowest_med(alive: &mut Alive, all: &mut [Contender]) {
    let med = |one: u32| {
        let key = &all[one as usize].key;
        (key.neighbor, key.med)
    };
    let mut sorted = alive.clone();
    sorted.sort_unstable_by_key(|one| med(*one));
    let mut lowest = None;
    let mut lost = Alive::new();
    for one in sorted {
        let (neighbor, value) = med(one);
        match lowest {
            Some((group, lowest)) if group == neighbor => {
                if value > lowest {
                    lost.push(one);
                }
            }
            _ => lowest = Some((neighbor, value)),
        }
    }
    for one in &lost {
        all[*one as usize].outcome = Outcome::Lost(Step::Med);
    }
    if !lost.is_empty() {
        alive.retain(|one| all[*one as usize].outcome != Outcome::Lost(Step::Med));
    }
}

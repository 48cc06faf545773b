//! The board between the thread of the routes and a sink: what is to be told, once for each network
//! and prefix.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use routehub::types::Prefix;

/// Where packets go; routes with the same next hops share them.
pub(crate) type NextHops = Arc<[IpAddr]>;

/// A network by its place on the board, and a prefix.
pub(crate) type Key = (u32, Prefix);

/// One change as a sink is told.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) key: Key,
    pub(crate) vnet: Arc<str>,
    /// None: the route is withdrawn.
    pub(crate) next_hops: Option<NextHops>,
}

/// What is known of a network's prefix.
#[derive(Debug, Default)]
struct Entry {
    wanted: Option<NextHops>,
    told: Option<NextHops>,
    /// What the sink holds is not known: it is told in any case.
    owed: bool,
    queued: bool,
}

#[derive(Debug, Default)]
struct State {
    vnets: Vec<Arc<str>>,
    entries: BTreeMap<Key, Entry>,
    queue: Vec<Key>,
    /// More is being noted that belongs to what is queued.
    open: bool,
    complete: bool,
    stopping: bool,
    /// The sink is gone: nothing is noted any more.
    gone: bool,
}

/// Why a sink wakes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// These have changed, in order.
    Round(Vec<Key>),
    /// The routes are complete.
    Complete,
    /// The time is over.
    Time,
    /// The server stops.
    Stop,
}

/// What a sink is to be told.
#[derive(Debug, Default)]
pub(crate) struct Board {
    state: Mutex<State>,
    news: Condvar,
}

impl Board {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole before something could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a network: its place.
    pub(crate) fn add(&self, vnet: &str) -> u32 {
        let mut state = self.state();
        state.vnets.push(vnet.into());
        state.vnets.len() as u32 - 1
    }

    /// What is noted from here on belongs together, until [`close`](Self::close): the sink does not
    /// take a part of it.
    pub(crate) fn open(&self) {
        self.state().open = true;
    }

    /// The sink may take what was noted.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.open = false;
        self.wake(&state);
    }

    /// Notes routes as they are from now on.
    pub(crate) fn note(&self, routes: impl IntoIterator<Item = (Key, Option<NextHops>)>) {
        let mut state = self.state();
        for (key, wanted) in routes {
            state.want(key, wanted);
        }
        self.wake(&state);
    }

    /// Notes that a network has these routes, sorted, and no others.
    pub(crate) fn note_all(&self, vnet: u32, routes: Vec<(Prefix, NextHops)>) {
        let mut state = self.state();
        let gone: Vec<Key> = state
            .entries
            .keys()
            .filter(|(one, prefix)| {
                *one == vnet && routes.binary_search_by(|(at, _)| at.cmp(prefix)).is_err()
            })
            .copied()
            .collect();
        for key in gone {
            state.want(key, None);
        }
        for (prefix, next_hops) in routes {
            state.want((vnet, prefix), Some(next_hops));
        }
        self.wake(&state);
    }

    /// Has changes told again that were not taken.
    pub(crate) fn note_not_taken(&self, keys: &[Key]) {
        let mut state = self.state();
        for key in keys {
            state.owe(*key);
        }
        self.wake(&state);
    }

    /// Has routes told again that are wanted still.
    pub(crate) fn note_lost(&self, lost: &[(String, Prefix)]) {
        let mut state = self.state();
        for (vnet, prefix) in lost {
            let place = state.vnets.iter().position(|one| **one == **vnet);
            let key = place.map(|place| (place as u32, *prefix));
            if let Some(key) = key.filter(|key| state.entries.contains_key(key)) {
                state.owe(key);
            }
        }
        self.wake(&state);
    }

    /// Notes that the routes are complete.
    pub(crate) fn complete(&self) {
        self.state().complete = true;
        self.news.notify_one();
    }

    /// Has the sink stop.
    pub(crate) fn stop(&self) {
        self.state().stopping = true;
        self.news.notify_one();
    }

    /// The sink has ended: nothing is kept for it.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.gone = true;
        state.entries.clear();
        state.queue.clear();
    }

    fn wake(&self, state: &State) {
        if !state.open {
            self.news.notify_one();
        }
    }

    /// Waits for something to do. `hold`: changes can wait; `completed`: completeness is known.
    pub(crate) fn wait(&self, until: Option<Instant>, hold: bool, completed: bool) -> Wake {
        let mut state = self.state();
        loop {
            if state.stopping {
                return Wake::Stop;
            }
            if !hold && !state.open && !state.queue.is_empty() {
                return Wake::Round(state.round());
            }
            if state.complete && !completed && !state.open {
                return Wake::Complete;
            }
            let left = until.map(|at| at.saturating_duration_since(Instant::now()));
            state = match left {
                Some(left) if left.is_zero() => return Wake::Time,
                Some(left) => {
                    let waited = self.news.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.news.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }

    /// What has changed by now, in order; waits for what belongs to it.
    pub(crate) fn round(&self) -> Vec<Key> {
        let mut state = self.state();
        while state.open && !state.stopping {
            let waited = self.news.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.round()
    }

    /// What there is to tell of these, as it is now.
    pub(crate) fn take(&self, keys: &[Key]) -> Vec<Change> {
        let mut state = self.state();
        keys.iter().filter_map(|key| state.take(*key)).collect()
    }
}

impl State {
    fn round(&mut self) -> Vec<Key> {
        let mut round = std::mem::take(&mut self.queue);
        round.sort_unstable();
        round
    }

    fn want(&mut self, key: Key, wanted: Option<NextHops>) {
        if self.gone || (wanted.is_none() && !self.entries.contains_key(&key)) {
            return;
        }
        let entry = self.entries.entry(key).or_default();
        entry.wanted = wanted;
        let news = entry.owed || entry.wanted != entry.told;
        if news && !std::mem::replace(&mut entry.queued, true) {
            self.queue.push(key);
        }
    }

    fn owe(&mut self, key: Key) {
        if self.gone {
            return;
        }
        let entry = self.entries.entry(key).or_default();
        entry.owed = true;
        if !std::mem::replace(&mut entry.queued, true) {
            self.queue.push(key);
        }
    }

    fn take(&mut self, key: Key) -> Option<Change> {
        let entry = self.entries.get_mut(&key)?;
        entry.queued = false;
        let news = std::mem::take(&mut entry.owed) || entry.wanted != entry.told;
        entry.told.clone_from(&entry.wanted);
        let next_hops = entry.wanted.clone();
        if next_hops.is_none() {
            self.entries.remove(&key);
        }
        let vnet = Arc::clone(self.vnets.get(key.0 as usize)?);
        news.then_some(Change {
            key,
            vnet,
            next_hops,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().expect("a prefix")
    }

    fn hops(last: u8) -> Option<NextHops> {
        Some(Arc::from([IpAddr::from([10, 0, 0, last])]))
    }

    fn round(board: &Board) -> Vec<Change> {
        match board.wait(Some(Instant::now()), false, true) {
            Wake::Round(keys) => board.take(&keys),
            Wake::Time => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_changes_often_is_told_once_and_what_changes_back_not_at_all() {
        let board = Board::default();
        let vnet = board.add("spoke");
        let (one, two) = ((vnet, prefix("10.0.0.0/8")), (vnet, prefix("10.0.0.0/9")));
        for last in 0..200 {
            board.note([(one, hops(last)), (two, hops(1))]);
        }
        assert_eq!(board.state().queue.len(), 2);
        let told = round(&board);
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].next_hops, hops(199));

        board.note([(one, hops(5)), (two, None)]);
        board.note([(one, hops(199))]);
        let told = round(&board);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].key, &told[0].next_hops), (two, &None));
        assert_eq!(board.state().entries.len(), 1);
    }

    #[test]
    fn a_route_that_comes_and_goes_before_it_is_told_leaves_nothing() {
        let board = Board::default();
        let key = (board.add("spoke"), prefix("10.0.0.0/8"));
        board.note([(key, hops(1))]);
        board.note([(key, None)]);
        assert!(round(&board).is_empty());
        assert!(board.state().entries.is_empty());
    }

    #[test]
    fn what_was_not_taken_is_told_again_withdrawals_too() {
        let board = Board::default();
        let key = (board.add("spoke"), prefix("10.0.0.0/8"));
        board.note([(key, hops(1))]);
        assert_eq!(round(&board).len(), 1);
        board.note_not_taken(&[key]);
        assert_eq!(round(&board)[0].next_hops, hops(1));
        board.note([(key, None)]);
        assert_eq!(round(&board)[0].next_hops, None);
        board.note_not_taken(&[key]);
        assert_eq!(round(&board)[0].next_hops, None);
        assert!(round(&board).is_empty());
    }

    #[test]
    fn what_was_lost_is_told_again_if_it_is_wanted_still() {
        let board = Board::default();
        let key = (board.add("spoke"), prefix("10.0.0.0/8"));
        board.note([(key, hops(1))]);
        assert_eq!(round(&board).len(), 1);
        let lost = [("spoke".to_owned(), key.1), ("hub".to_owned(), key.1)];
        board.note_lost(&lost);
        assert_eq!(round(&board)[0].next_hops, hops(1));
        board.note([(key, None)]);
        assert_eq!(round(&board).len(), 1);
        board.note_lost(&lost);
        assert!(round(&board).is_empty());
    }

    #[test]
    fn what_belongs_together_is_not_taken_in_parts() {
        let board = Board::default();
        let vnet = board.add("spoke");
        board.open();
        board.note([((vnet, prefix("10.0.0.0/8")), hops(1))]);
        assert!(round(&board).is_empty());
        board.note([((vnet, prefix("10.0.0.0/9")), hops(1))]);
        board.close();
        assert_eq!(round(&board).len(), 2);
    }

    #[test]
    fn all_routes_of_a_network_are_those_noted_last() {
        let board = Board::default();
        let (other, vnet) = (board.add("hub"), board.add("spoke"));
        let (one, two) = (prefix("10.0.0.0/8"), prefix("10.0.0.0/9"));
        board.note([((vnet, one), hops(1)), ((other, one), hops(1))]);
        assert_eq!(round(&board).len(), 2);
        board.note_all(vnet, hops(2).map(|hops| (two, hops)).into_iter().collect());
        let told: Vec<_> = round(&board)
            .into_iter()
            .map(|one| (one.key, one.next_hops))
            .collect();
        assert_eq!(told, [((vnet, one), None), ((vnet, two), hops(2))]);
    }
}

//! The queue between the engine task and a sink: changes of routes, once for each network and
//! prefix.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use routehub::types::Prefix;

/// Where packets go; routes with the same next hops share them.
pub(crate) type NextHops = Arc<[IpAddr]>;

/// A network by its index in the queue, and a prefix.
pub(crate) type Key = (u32, Prefix);

/// One change for a sink.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) key: Key,
    pub(crate) vnet: Arc<str>,
    /// None: the route is withdrawn.
    pub(crate) next_hops: Option<NextHops>,
}

/// A network's route to a prefix.
#[derive(Debug, Default)]
struct Entry {
    wanted: Option<NextHops>,
    sent: Option<NextHops>,
    /// What the sink has is not known: it is sent in any case.
    retry: bool,
    queued: bool,
}

#[derive(Debug, Default)]
struct State {
    vnets: Vec<Arc<str>>,
    entries: BTreeMap<Key, Entry>,
    queue: Vec<Key>,
    /// A batch has begun and not ended.
    in_batch: bool,
    complete: bool,
    stopping: bool,
    /// The sink is gone: nothing is queued any more.
    gone: bool,
}

/// Why the thread of a sink woke up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// These have changed, in order.
    Changed(Vec<Key>),
    /// The routes are complete.
    Complete,
    Timeout,
    /// The server stops.
    Stop,
}

/// The changes that a sink has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct ChangeQueue {
    state: Mutex<State>,
    changed: Condvar,
}

impl ChangeQueue {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole before something could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a network: its index.
    pub(crate) fn add(&self, vnet: &str) -> u32 {
        let mut state = self.state();
        state.vnets.push(vnet.into());
        state.vnets.len() as u32 - 1
    }

    /// Begins a batch: the sink takes no part of it before [`end_batch`](Self::end_batch).
    pub(crate) fn begin_batch(&self) {
        self.state().in_batch = true;
    }

    /// The sink may take what is queued.
    pub(crate) fn end_batch(&self) {
        let mut state = self.state();
        state.in_batch = false;
        self.wake(&state);
    }

    /// Sets routes; none: there is no route to the prefix.
    pub(crate) fn set(&self, routes: impl IntoIterator<Item = (Key, Option<NextHops>)>) {
        let mut state = self.state();
        for (key, wanted) in routes {
            state.set(key, wanted);
        }
        self.wake(&state);
    }

    /// Sets all routes of a network, which are sorted.
    pub(crate) fn set_all(&self, vnet: u32, routes: Vec<(Prefix, NextHops)>) {
        let mut state = self.state();
        let gone: Vec<Key> = state
            .entries
            .keys()
            .filter(|(network, prefix)| {
                *network == vnet && routes.binary_search_by(|(at, _)| at.cmp(prefix)).is_err()
            })
            .copied()
            .collect();
        for key in gone {
            state.set(key, None);
        }
        for (prefix, next_hops) in routes {
            state.set((vnet, prefix), Some(next_hops));
        }
        self.wake(&state);
    }

    /// Queues changes again that the sink did not take.
    pub(super) fn retry(&self, keys: &[Key]) {
        let mut state = self.state();
        for key in keys {
            state.retry(*key);
        }
        self.wake(&state);
    }

    /// Queues routes again that the sink has lost, as far as there are still such routes: which
    /// they are.
    pub(super) fn retry_lost(&self, lost: &[(String, Prefix)]) -> Vec<Key> {
        let mut state = self.state();
        let mut again = Vec::new();
        for (vnet, prefix) in lost {
            let index = state.vnets.iter().position(|name| **name == **vnet);
            let key = index.map(|index| (index as u32, *prefix));
            if let Some(key) = key.filter(|key| state.entries.contains_key(key)) {
                state.retry(key);
                again.push(key);
            }
        }
        self.wake(&state);
        again
    }

    /// The routes are complete.
    pub(crate) fn complete(&self) {
        self.state().complete = true;
        self.changed.notify_one();
    }

    /// The sink is to stop.
    pub(crate) fn stop(&self) {
        self.state().stopping = true;
        self.changed.notify_one();
    }

    /// The sink has ended: nothing is kept for it.
    pub(super) fn abandon(&self) {
        let mut state = self.state();
        state.gone = true;
        state.entries.clear();
        state.queue.clear();
    }

    fn wake(&self, state: &State) {
        if !state.in_batch {
            self.changed.notify_one();
        }
    }

    /// Waits for work. `hold`: changes can wait; `completed`: [`Wake::Complete`] was returned before.
    pub(super) fn wait(&self, until: Option<Instant>, hold: bool, completed: bool) -> Wake {
        let mut state = self.state();
        loop {
            if state.stopping {
                return Wake::Stop;
            }
            if !hold && !state.in_batch && !state.queue.is_empty() {
                return Wake::Changed(state.take_queue());
            }
            if state.complete && !completed && !state.in_batch {
                return Wake::Complete;
            }
            let left = until.map(|at| at.saturating_duration_since(Instant::now()));
            state = match left {
                Some(left) if left.is_zero() => return Wake::Timeout,
                Some(left) => {
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.changed.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }

    /// What has changed by now, in order; waits for the end of a batch.
    pub(super) fn take_queue(&self) -> Vec<Key> {
        let mut state = self.state();
        while state.in_batch && !state.stopping {
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.take_queue()
    }

    /// The changes of these, as they are now.
    pub(super) fn take(&self, keys: &[Key]) -> Vec<Change> {
        let mut state = self.state();
        keys.iter().filter_map(|key| state.take(*key)).collect()
    }
}

impl State {
    fn take_queue(&mut self) -> Vec<Key> {
        let mut queue = std::mem::take(&mut self.queue);
        queue.sort_unstable();
        queue
    }

    fn set(&mut self, key: Key, wanted: Option<NextHops>) {
        if self.gone || (wanted.is_none() && !self.entries.contains_key(&key)) {
            return;
        }
        let entry = self.entries.entry(key).or_default();
        entry.wanted = wanted;
        let changed = entry.retry || entry.wanted != entry.sent;
        if changed && !std::mem::replace(&mut entry.queued, true) {
            self.queue.push(key);
        }
    }

    fn retry(&mut self, key: Key) {
        if self.gone {
            return;
        }
        let entry = self.entries.entry(key).or_default();
        entry.retry = true;
        if !std::mem::replace(&mut entry.queued, true) {
            self.queue.push(key);
        }
    }

    fn take(&mut self, key: Key) -> Option<Change> {
        let entry = self.entries.get_mut(&key)?;
        entry.queued = false;
        let changed = std::mem::take(&mut entry.retry) || entry.wanted != entry.sent;
        entry.sent.clone_from(&entry.wanted);
        let next_hops = entry.wanted.clone();
        if next_hops.is_none() {
            self.entries.remove(&key);
        }
        let vnet = Arc::clone(self.vnets.get(key.0 as usize)?);
        changed.then_some(Change {
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

    fn take(queue: &ChangeQueue) -> Vec<Change> {
        match queue.wait(Some(Instant::now()), false, true) {
            Wake::Changed(keys) => queue.take(&keys),
            Wake::Timeout => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_changes_often_is_told_once_and_what_changes_back_not_at_all() {
        let queue = ChangeQueue::default();
        let vnet = queue.add("spoke");
        let (first, second) = ((vnet, prefix("10.0.0.0/8")), (vnet, prefix("10.0.0.0/9")));
        for last in 0..200 {
            queue.set([(first, hops(last)), (second, hops(1))]);
        }
        assert_eq!(queue.state().queue.len(), 2);
        let sent = take(&queue);
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].next_hops, hops(199));

        queue.set([(first, hops(5)), (second, None)]);
        queue.set([(first, hops(199))]);
        let sent = take(&queue);
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert_eq!((sent[0].key, &sent[0].next_hops), (second, &None));
        assert_eq!(queue.state().entries.len(), 1);
    }

    #[test]
    fn a_route_that_comes_and_goes_before_it_is_told_leaves_nothing() {
        let queue = ChangeQueue::default();
        let key = (queue.add("spoke"), prefix("10.0.0.0/8"));
        queue.set([(key, hops(1))]);
        queue.set([(key, None)]);
        assert!(take(&queue).is_empty());
        assert!(queue.state().entries.is_empty());
    }

    #[test]
    fn what_was_not_taken_is_told_again_withdrawals_too() {
        let queue = ChangeQueue::default();
        let key = (queue.add("spoke"), prefix("10.0.0.0/8"));
        queue.set([(key, hops(1))]);
        assert_eq!(take(&queue).len(), 1);
        queue.retry(&[key]);
        assert_eq!(take(&queue)[0].next_hops, hops(1));
        queue.set([(key, None)]);
        assert_eq!(take(&queue)[0].next_hops, None);
        queue.retry(&[key]);
        assert_eq!(take(&queue)[0].next_hops, None);
        assert!(take(&queue).is_empty());
    }

    #[test]
    fn what_was_lost_is_told_again_if_it_is_wanted_still() {
        let queue = ChangeQueue::default();
        let key = (queue.add("spoke"), prefix("10.0.0.0/8"));
        queue.set([(key, hops(1))]);
        assert_eq!(take(&queue).len(), 1);
        let lost = [("spoke".to_owned(), key.1), ("hub".to_owned(), key.1)];
        queue.retry_lost(&lost);
        assert_eq!(take(&queue)[0].next_hops, hops(1));
        queue.set([(key, None)]);
        assert_eq!(take(&queue).len(), 1);
        queue.retry_lost(&lost);
        assert!(take(&queue).is_empty());
    }

    #[test]
    fn what_belongs_together_is_not_taken_in_parts() {
        let queue = ChangeQueue::default();
        let vnet = queue.add("spoke");
        queue.begin_batch();
        queue.set([((vnet, prefix("10.0.0.0/8")), hops(1))]);
        assert!(take(&queue).is_empty());
        queue.set([((vnet, prefix("10.0.0.0/9")), hops(1))]);
        queue.end_batch();
        assert_eq!(take(&queue).len(), 2);
    }

    #[test]
    fn all_routes_of_a_network_are_those_noted_last() {
        let queue = ChangeQueue::default();
        let (other, vnet) = (queue.add("hub"), queue.add("spoke"));
        let (first, second) = (prefix("10.0.0.0/8"), prefix("10.0.0.0/9"));
        queue.set([((vnet, first), hops(1)), ((other, first), hops(1))]);
        assert_eq!(take(&queue).len(), 2);
        queue.set_all(
            vnet,
            hops(2).map(|hops| (second, hops)).into_iter().collect(),
        );
        let sent: Vec<_> = take(&queue)
            .into_iter()
            .map(|change| (change.key, change.next_hops))
            .collect();
        assert_eq!(sent, [((vnet, first), None), ((vnet, second), hops(2))]);
    }
}

//! What has changed since somebody began to read: for those who read a table in shares, while routes
//! go on to change.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use routehub_types::Prefix;

/// Prefixes that are remembered at most; who has missed more begins anew.
const MOST: usize = 1 << 18;

/// Somebody who reads, and how far it has seen what changes.
#[derive(Debug)]
pub struct Watch {
    seen: u64,
    alive: Arc<()>,
}

/// The prefixes that something was told of, while somebody reads; nothing is written down
/// otherwise.
#[derive(Debug, Default)]
pub(crate) struct Touched(Mutex<Log>);

/// A copy has no readers.
impl Clone for Touched {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[derive(Debug, Default)]
struct Log {
    /// Lives as long as anybody reads.
    readers: Weak<()>,
    /// How many prefixes were written down so far.
    written: u64,
    /// The last of them.
    recent: VecDeque<Prefix>,
}

impl Log {
    fn is_read(&self) -> bool {
        self.readers.strong_count() > 0
    }
}

impl Touched {
    fn log(&self) -> MutexGuard<'_, Log> {
        // Every change of it is whole before something could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_mut(&mut self) -> &mut Log {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to write down what changes, for as long as this is kept.
    pub(crate) fn watch(&self) -> Watch {
        let mut log = self.log();
        let alive = log.readers.upgrade().unwrap_or_else(|| {
            log.recent.clear();
            let alive = Arc::new(());
            log.readers = Arc::downgrade(&alive);
            alive
        });
        Watch {
            seen: log.written,
            alive,
        }
    }

    /// What was written down since the last look, each once; none if that may be anything.
    pub(crate) fn since(&self, watch: &mut Watch) -> Option<Vec<Prefix>> {
        let log = self.log();
        if !Weak::ptr_eq(&log.readers, &Arc::downgrade(&watch.alive)) {
            // It watched what was there before.
            return None;
        }
        let seen = std::mem::replace(&mut watch.seen, log.written);
        let missed = usize::try_from(log.written.checked_sub(seen)?).ok()?;
        let from = log.recent.len().checked_sub(missed)?;
        let mut prefixes: Vec<Prefix> = log.recent.range(from..).copied().collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        Some(prefixes)
    }

    /// Something was told of these prefixes.
    pub(crate) fn note(&mut self, prefixes: impl IntoIterator<Item = Prefix>) {
        let log = self.log_mut();
        if !log.is_read() {
            return;
        }
        for prefix in prefixes {
            if log.recent.len() == MOST {
                log.recent.pop_front();
            }
            log.recent.push_back(prefix);
            log.written += 1;
        }
    }

    /// Anything may have changed.
    pub(crate) fn note_all(&mut self) {
        let log = self.log_mut();
        log.recent = VecDeque::new();
        log.written += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(host: u8) -> Prefix {
        Prefix::host(std::net::IpAddr::from([10, 0, 0, host]))
    }

    #[test]
    fn each_reader_sees_what_changed_since_it_looked_and_nobody_costs_nothing() {
        let mut touched = Touched::default();
        touched.note([prefix(1)]);
        assert!(touched.log().recent.is_empty());
        let mut first = touched.watch();
        touched.note([prefix(2), prefix(3), prefix(2)]);
        let mut second = touched.watch();
        assert_eq!(touched.since(&mut first), Some(vec![prefix(2), prefix(3)]));
        assert_eq!(touched.since(&mut first), Some(Vec::new()));
        touched.note([prefix(4)]);
        assert_eq!(touched.since(&mut second), Some(vec![prefix(4)]));
        touched.note_all();
        touched.note([prefix(5)]);
        assert_eq!(touched.since(&mut second), None);
        assert_eq!(touched.since(&mut second), Some(Vec::new()));
        drop((first, second));
        touched.note([prefix(6)]);
        let mut third = touched.watch();
        assert_eq!(touched.since(&mut third), Some(Vec::new()));
    }

    #[test]
    fn who_watched_another_log_knows_nothing() {
        let mut watch = Touched::default().watch();
        assert_eq!(Touched::default().since(&mut watch), None);
    }

    #[test]
    fn who_missed_too_much_is_told_so() {
        let mut touched = Touched::default();
        let mut watch = touched.watch();
        touched.note((0..=MOST).map(|_| prefix(1)));
        assert_eq!(touched.since(&mut watch), None);
        assert_eq!(touched.log().recent.len(), MOST);
    }
}

//! How many lines of a kind a source may have written: a few at once, then now and then one.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Lines of one kind and source at once.
pub const BURST: u32 = 20;
/// After how long one more may follow.
const REFILL: Duration = Duration::from_secs(2);

/// Lines of one kind at once of all who are not configured.
const STRANGERS_BURST: u32 = 60;
/// After how long one more may follow.
const STRANGERS_REFILL: Duration = Duration::from_millis(500);

/// Kinds and sources that are told apart at most; those beyond share what each kind has.
const KEYS: usize = 512;

/// Kinds and sources that are listed at once.
const LISTED: usize = 16;

/// A kind of line, and the address that it is about.
pub(super) type Key = (&'static str, Option<IpAddr>);

/// Lines that were left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    key: Key,
    lines: u64,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, source) = self.key;
        let lines = self.lines;
        write!(f, "{lines} more lines of kind {kind} ")?;
        match source {
            Some(source) => write!(f, "about {source} were left out"),
            None => f.write_str("were left out"),
        }
    }
}

/// What a kind and source may still say.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u32,
    /// When the last one was given back.
    refilled: Instant,
    left_out: u64,
}

impl Bucket {
    const fn full(burst: u32, now: Instant) -> Self {
        Self {
            left: burst,
            refilled: now,
            left_out: 0,
        }
    }

    fn refill(&mut self, burst: u32, each: Duration, now: Instant) {
        let passed = now.saturating_duration_since(self.refilled).as_millis() / each.as_millis();
        let more = u32::try_from(passed).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(more).min(burst);
        self.refilled += each.saturating_mul(more);
    }

    /// Takes one; says no if none is left.
    const fn take(&mut self) -> bool {
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

/// Counts lines by kind and source.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    buckets: BTreeMap<Key, Bucket>,
    /// Of all who are not configured, by kind.
    strangers: BTreeMap<&'static str, Bucket>,
}

/// A line is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl Limiter {
    /// Whether a line may be written, with what was left out before it.
    pub(super) fn take(
        &mut self,
        key: Key,
        configured: bool,
        now: Instant,
    ) -> Result<Option<LeftOut>, TooMany> {
        let key = self.place(key, now);
        let (kind, source) = key;
        let fits = configured || source.is_none() || {
            let all = self.strangers.entry(kind);
            let all = all.or_insert_with(|| Bucket::full(STRANGERS_BURST, now));
            all.refill(STRANGERS_BURST, STRANGERS_REFILL, now);
            all.left > 0
        };
        let bucket = self.buckets.entry(key);
        let bucket = bucket.or_insert_with(|| Bucket::full(BURST, now));
        bucket.refill(BURST, REFILL, now);
        if !fits || !bucket.take() {
            bucket.left_out += 1;
            return Err(TooMany);
        }
        let lines = std::mem::take(&mut bucket.left_out);
        if let Some(all) = self.strangers.get_mut(kind).filter(|_| !configured) {
            all.take();
        }
        Ok((lines > 0).then_some(LeftOut { key, lines }))
    }

    /// The key itself, or that of its kind alone where too many are told apart already.
    fn place(&mut self, key: Key, now: Instant) -> Key {
        if self.buckets.len() >= KEYS && !self.buckets.contains_key(&key) {
            self.buckets.retain(|_, bucket| {
                bucket.refill(BURST, REFILL, now);
                bucket.left < BURST || bucket.left_out > 0
            });
        }
        let is_room = self.buckets.len() < KEYS || self.buckets.contains_key(&key);
        if is_room { key } else { (key.0, None) }
    }

    /// Everything that was left out and not told of.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<LeftOut> {
        let overdue = self.buckets.iter_mut().filter_map(|(key, bucket)| {
            bucket.refill(BURST, REFILL, now);
            let lines = std::mem::take(&mut bucket.left_out);
            (lines > 0).then_some(LeftOut { key: *key, lines })
        });
        let mut overdue: Vec<LeftOut> = overdue.collect();
        let beyond = overdue.split_off(LISTED.min(overdue.len()));
        let lines = beyond.iter().map(|left_out| left_out.lines).sum();
        overdue.extend((lines > 0).then_some(LeftOut {
            key: ("any other", None),
            lines,
        }));
        overdue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: u32) -> Option<IpAddr> {
        Some(std::net::Ipv4Addr::from(host).into())
    }

    #[test]
    fn a_source_has_a_burst_then_one_line_now_and_then_which_tells_what_is_missing() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let key = ("refused", address(1));
        for _ in 0..BURST {
            assert_eq!(limiter.take(key, true, start), Ok(None));
        }
        for _ in 0..7 {
            assert_eq!(limiter.take(key, true, start), Err(TooMany));
        }
        assert_eq!(limiter.take(("refused", address(2)), true, start), Ok(None));
        assert_eq!(limiter.take(("down", address(1)), true, start), Ok(None));
        let later = start + REFILL;
        let told = limiter.take(key, true, later).expect("one more");
        let told = told.expect("seven").to_string();
        assert_eq!(
            told,
            "7 more lines of kind refused about 0.0.0.1 were left out"
        );
        assert_eq!(limiter.take(key, true, later), Err(TooMany));
        assert_eq!(limiter.overdue(later).len(), 1);
        assert_eq!(limiter.overdue(later), []);
    }

    #[test]
    fn many_strangers_have_one_burst_and_cost_a_bounded_number_of_entries() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let taken = (0..10_000).filter(|host| {
            limiter
                .take(("refused", address(*host)), false, start)
                .is_ok()
        });
        assert!(taken.count() <= (STRANGERS_BURST + BURST) as usize);
        assert!(limiter.buckets.len() <= KEYS + 1);
        let told = limiter.overdue(start);
        assert_eq!(told.len(), LISTED + 1);
        let lines: u64 = told.iter().map(|left_out| left_out.lines).sum();
        assert!(lines >= 10_000 - u64::from(STRANGERS_BURST + BURST));
    }
}

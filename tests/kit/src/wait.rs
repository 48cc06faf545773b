//! Waiting with a limit, for what is looked at again and again.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// The longest time that anything here may take: machines may be slow.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until what is looked at is as it should be.
///
/// # Panics
/// After [`PATIENCE`], with what was seen last.
pub async fn until<T, F>(what: &str, mut look: impl FnMut() -> F, good: impl Fn(&T) -> bool) -> T
where
    T: Debug,
    F: Future<Output = T>,
{
    let start = Instant::now();
    loop {
        let seen = look().await;
        if good(&seen) {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "{what}, but there is {seen:#?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until what is looked at equals this.
///
/// # Panics
/// After [`PATIENCE`], with what was seen last.
pub async fn until_equal<T: Debug + PartialEq>(
    what: &str,
    mut look: impl FnMut() -> T,
    wanted: &T,
) {
    let start = Instant::now();
    loop {
        let seen = look();
        if seen == *wanted {
            return;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{what}: {wanted:#?}\nbut there is {seen:#?}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// Blocks the thread until what is looked at is as it should be.
///
/// # Panics
/// After [`PATIENCE`], with what was seen last.
pub fn block_until<T: Debug>(what: &str, look: impl FnMut() -> T, good: impl Fn(&T) -> bool) -> T {
    block_within(PATIENCE, what, look, good)
}

/// The same for what has a time of its own.
///
/// # Panics
/// After this time, with what was seen last.
pub fn block_within<T: Debug>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> T,
    good: impl Fn(&T) -> bool,
) -> T {
    let start = Instant::now();
    loop {
        let seen = look();
        if good(&seen) {
            return seen;
        }
        assert!(start.elapsed() < patience, "{what}, but there is {seen:#?}");
        std::thread::sleep(PAUSE);
    }
}

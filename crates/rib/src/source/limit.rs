//! The route limit of a source: how many routes it may hold and announce.

use core::time::Duration;

use routehub_types::Instant;

/// How many routes a source may send before its session has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteLimit {
    /// The largest number that is still allowed.
    pub max: u32,
    /// What is counted against it.
    pub mode: LimitMode,
}

/// What a route limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitMode {
    /// Routes held before an UPDATE plus all that it announces, known ones counted again.
    PerMessage,
    /// Routes held before an update run plus all that the run announces, known ones again.
    PerBatch {
        /// A run ends when nothing came for so long.
        gap: Duration,
        /// A run ends when it has lasted so long, whether or not there was a gap.
        longest: Duration,
    },
    /// Different prefixes: those held and those an UPDATE adds.
    StrictRib,
}

/// A source announced more routes than its limit allows: its session has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{held} routes held and {announced} announced are more than the limit of {max}")]
pub struct LimitExceeded {
    /// Routes held before the UPDATE or run.
    pub held: u32,
    /// Routes that the UPDATE or run announced, the refused UPDATE included.
    pub announced: u32,
    /// The limit.
    pub max: u32,
}

/// The update run that a source is in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    current: Option<Counted>,
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    held: u32,
    announced: u32,
    first: Instant,
    last: Instant,
}

impl Run {
    /// Ends the run: the next UPDATE begins another.
    pub(crate) fn end(&mut self) {
        self.current = None;
    }

    /// Counts an UPDATE that announces `nlri` prefixes, `new` of which are different ones that
    /// are not held, by a source that holds `held`.
    pub(crate) fn count(
        &mut self,
        limit: RouteLimit,
        held: u32,
        (nlri, new): (u32, impl FnOnce() -> u32),
        now: Instant,
    ) -> Result<(), LimitExceeded> {
        let (held, announced) = match limit.mode {
            LimitMode::PerMessage => (held, nlri),
            LimitMode::StrictRib => (held, new()),
            LimitMode::PerBatch { gap, longest } => {
                let run = self
                    .current
                    .filter(|run| now.since(run.last) < gap && now.since(run.first) < longest);
                let run = run.unwrap_or(Counted {
                    held,
                    announced: 0,
                    first: now,
                    last: now,
                });
                let run = Counted {
                    announced: run.announced.saturating_add(nlri),
                    last: now,
                    ..run
                };
                self.current = Some(run);
                (run.held, run.announced)
            }
        };
        if announced > 0 && held.saturating_add(announced) > limit.max {
            return Err(LimitExceeded {
                held,
                announced,
                max: limit.max,
            });
        }
        Ok(())
    }
}

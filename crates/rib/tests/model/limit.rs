//! The route limit, counted anew from all that a source ever sent.

use routehub_rib::{LimitExceeded, LimitMode, Source};
use routehub_types::Instant;

use super::events::{GAP, LONGEST};

/// The updates of a source since its session began or its run was ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run(Vec<Sent>);

#[derive(Clone, Debug)]
struct Sent {
    at: Instant,
    held: u32,
    announced: u32,
}

impl Run {
    pub(crate) fn end(&mut self) {
        self.0.clear();
    }

    /// Counts an update with so many prefixes, so many of them different and not held.
    pub(crate) fn count(
        &mut self,
        source: &Source,
        now: Instant,
        held: u32,
        (announced, new): (u32, u32),
    ) -> Result<(), LimitExceeded> {
        let Some(limit) = source.limit else {
            return Ok(());
        };
        let (held, announced) = match limit.mode {
            LimitMode::PerMessage => (held, announced),
            LimitMode::StrictRib => (held, new),
            LimitMode::PerBatch { .. } => {
                let at = now;
                self.0.push(Sent {
                    at,
                    held,
                    announced,
                });
                self.last()
            }
        };
        let max = limit.max;
        if announced > 0 && held + announced > max {
            return Err(LimitExceeded {
                held,
                announced,
                max,
            });
        }
        Ok(())
    }

    /// Routes held before the last run, and announced in it.
    fn last(&self) -> (u32, u32) {
        let mut first = 0;
        for n in 1..self.0.len() {
            let pause = self.0[n].at.since(self.0[n - 1].at);
            if pause >= GAP || self.0[n].at.since(self.0[first].at) >= LONGEST {
                first = n;
            }
        }
        let run = &self.0[first..];
        (run[0].held, run.iter().map(|sent| sent.announced).sum())
    }
}

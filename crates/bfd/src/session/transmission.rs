//! When the next periodic packet is due (RFC 5880 section 6.8.7).

use core::num::NonZeroU8;

use crate::random::Random;
use crate::{Instant, Interval, Packet};

/// What was sent last, and how much earlier than negotiated the next packet comes.
#[derive(Clone, Debug)]
pub(crate) struct Transmission {
    random: Random,
    /// When the last periodic packet was sent.
    last: Option<Instant>,
    /// The last packet, without Poll and Final.
    contents: Option<Packet>,
    /// What the interval is reduced by, in thousandths.
    reduction: u32,
}

impl Transmission {
    pub(crate) const fn new(random: Random) -> Self {
        Self {
            random,
            last: None,
            contents: None,
            reduction: 0,
        }
    }

    /// Whether a packet says something new, so that it does not wait until it is due.
    pub(crate) fn is_news(&self, contents: &Packet) -> bool {
        self.contents.as_ref() != Some(contents)
    }

    /// A packet is sent that was due, or is news.
    pub(crate) const fn sent(&mut self, now: Instant, contents: Packet) {
        // With a multiplier of 1 not even one packet may come late.
        let least = match contents.detect_mult {
            NonZeroU8::MIN => 100,
            _ => 0,
        };
        self.last = Some(now);
        self.contents = Some(contents);
        self.reduction = self.random.between(least, 250);
    }

    /// When the next periodic packet is due; none before the first packet, which is news.
    pub(crate) fn due(&self, interval: Interval) -> Option<Instant> {
        let reduced = u64::from(interval.0) * u64::from(1000 - self.reduction) / 1000;
        let at = self.last?.as_micros().saturating_add(reduced);
        Some(Instant::from_micros(at))
    }
}

//! The timer values of a session: what it asks for, and what is in use until the remote system
//! knows of a change.

use core::num::NonZeroU8;

use crate::Interval;

/// How fast a session sends and receives while it is Up, and how many packets may be missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    desired_min_tx: Interval,
    required_min_rx: Interval,
    detect_mult: NonZeroU8,
}

/// Timers that no session can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimersError {
    /// The value zero is reserved (RFC 5880 section 4.1).
    #[error("an interval to send at must not be zero")]
    NothingSent,
    /// Without periodic packets, and without an echo function, failures are never detected.
    #[error("an interval to receive at must not be zero")]
    NothingReceived,
    /// The detection multiplier must not be zero (RFC 5880 section 6.8.1).
    #[error("the detection multiplier must not be zero")]
    DetectMult,
}

impl Timers {
    /// These values: bfd.DesiredMinTxInterval, bfd.RequiredMinRxInterval and bfd.DetectMult of RFC
    /// 5880 section 6.8.1.
    ///
    /// # Errors
    /// One of them is zero.
    pub const fn new(
        desired_min_tx: Interval,
        required_min_rx: Interval,
        detect_mult: u8,
    ) -> Result<Self, TimersError> {
        if desired_min_tx.0 == 0 {
            return Err(TimersError::NothingSent);
        }
        if required_min_rx.0 == 0 {
            return Err(TimersError::NothingReceived);
        }
        match NonZeroU8::new(detect_mult) {
            None => Err(TimersError::DetectMult),
            Some(detect_mult) => Ok(Self {
                desired_min_tx,
                required_min_rx,
                detect_mult,
            }),
        }
    }

    /// How fast the session would like to send.
    pub const fn desired_min_tx(&self) -> Interval {
        self.desired_min_tx
    }

    /// How fast it can receive.
    pub const fn required_min_rx(&self) -> Interval {
        self.required_min_rx
    }

    /// How many packets may be missed.
    pub const fn detect_mult(&self) -> NonZeroU8 {
        self.detect_mult
    }
}

/// Timers in use: what packets say, and what counts until a poll sequence has told the remote
/// system of it (RFC 5880 section 6.8.3).
#[derive(Clone, Debug)]
pub(crate) struct UsedTimers {
    configured: Timers,
    /// bfd.DesiredMinTxInterval now: slow while the session is not Up.
    desired_min_tx: Interval,
    /// The same, as far as it may be used: not yet increased.
    usable_tx: Interval,
    /// bfd.RequiredMinRxInterval, as far as it may be used: not yet reduced.
    usable_rx: Interval,
}

impl UsedTimers {
    /// Those of a session that is not Up.
    pub(crate) fn new(configured: Timers) -> Self {
        let desired_min_tx = configured.desired_min_tx.max(Interval::SLOW);
        Self {
            configured,
            desired_min_tx,
            usable_tx: desired_min_tx,
            usable_rx: configured.required_min_rx,
        }
    }

    pub(crate) const fn configured(&self) -> Timers {
        self.configured
    }

    /// What packets say.
    pub(crate) const fn desired_min_tx(&self) -> Interval {
        self.desired_min_tx
    }

    /// How far packets that are sent may be apart.
    pub(crate) const fn usable_tx(&self) -> Interval {
        self.usable_tx
    }

    /// How far packets that are received may be apart.
    pub(crate) const fn usable_rx(&self) -> Interval {
        self.usable_rx
    }

    /// Goes over to other values; says whether packets say something else now, of which the remote
    /// system has to be told by a poll sequence.
    pub(crate) fn change(&mut self, configured: Timers, is_up: bool) -> bool {
        let rx_before = self.configured.required_min_rx;
        self.configured = configured;
        let changed = configured.required_min_rx != rx_before;
        if is_up {
            self.usable_rx = self.usable_rx.max(configured.required_min_rx);
        } else {
            self.usable_rx = configured.required_min_rx;
        }
        self.follow(is_up) || changed
    }

    /// Sends as fast as configured, or slowly; says whether packets say something else now.
    pub(crate) fn follow(&mut self, is_up: bool) -> bool {
        let before = self.desired_min_tx;
        let wanted = self.configured.desired_min_tx;
        if is_up {
            self.desired_min_tx = wanted;
            self.usable_tx = self.usable_tx.min(wanted);
        } else {
            self.desired_min_tx = wanted.max(Interval::SLOW);
            self.settle();
        }
        self.desired_min_tx != before
    }

    /// The remote system knows what packets say.
    pub(crate) const fn settle(&mut self) {
        self.usable_tx = self.desired_min_tx;
        self.usable_rx = self.configured.required_min_rx;
    }
}

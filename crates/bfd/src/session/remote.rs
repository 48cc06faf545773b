//! What the remote system said last.

use core::num::NonZeroU8;
use core::time::Duration;

use crate::packet::{Diagnostic, Discriminator, Packet, State};
use crate::{Instant, Interval};

/// The remote system, as its packets tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its state (bfd.RemoteSessionState).
    pub state: State,
    /// Why its state changed last, as it says.
    pub diagnostic: Diagnostic,
    /// Its discriminator (bfd.RemoteDiscr); none: it is not heard.
    pub discriminator: Option<Discriminator>,
    /// How fast it would like to send.
    pub desired_min_tx: Interval,
    /// How fast it can receive (bfd.RemoteMinRxInterval).
    pub required_min_rx: Interval,
    /// How many of its packets may be missed; none: nothing was heard of it yet.
    pub detect_mult: Option<NonZeroU8>,
    /// Whether it asks for demand mode (bfd.RemoteDemandMode).
    pub demand: bool,
    /// When its last packet came, within a detection time.
    pub(crate) heard: Option<Instant>,
}

impl Remote {
    /// What is true before anything is heard (RFC 5880 section 6.8.1).
    pub(crate) const UNHEARD: Self = Self {
        state: State::Down,
        diagnostic: Diagnostic::None,
        discriminator: None,
        desired_min_tx: Interval::ZERO,
        required_min_rx: Interval(1),
        detect_mult: None,
        demand: false,
        heard: None,
    };

    pub(crate) const fn hear(&mut self, now: Instant, packet: &Packet) {
        *self = Self {
            state: packet.state,
            diagnostic: packet.diagnostic,
            discriminator: Some(packet.my_discriminator),
            desired_min_tx: packet.desired_min_tx,
            required_min_rx: packet.required_min_rx,
            detect_mult: Some(packet.detect_mult),
            demand: packet.demand,
            heard: Some(now),
        };
    }

    /// Nothing came for a detection time (RFC 5880 sections 6.8.1 and 6.8.18). What it said last of
    /// itself stays, to be shown.
    pub(crate) const fn fall_silent(&mut self) {
        self.state = State::Down;
        self.discriminator = None;
        self.required_min_rx = Interval(1);
        self.demand = false;
        self.heard = None;
    }

    /// The detection time, where packets may be so far apart by what this system asks for (RFC 5880
    /// section 6.8.4).
    pub(crate) fn detection_time(&self, usable_rx: Interval) -> Option<Duration> {
        let detect_mult = u32::from(self.detect_mult?.get());
        let apart = self.desired_min_tx.max(usable_rx);
        Some(apart.duration().saturating_mul(detect_mult))
    }
}

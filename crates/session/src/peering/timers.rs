//! Deadlines: what is armed, and what happens when it expires.

use core::time::Duration;

use routehub_types::Instant;

use crate::peering::{Machine, Peering};
use crate::slots::Slot;
use crate::{DownReason, Event, FsmEvent, RunEnd, SendHold, State, SweepReason};

/// A timer of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Timer {
    /// ConnectRetryTimer: until the next attempt to connect, in Connect and Active.
    ConnectRetry,
    /// IdleHoldTimer: how long damping holds the session in Idle.
    IdleHold,
    /// DelayOpenTimer: how long our OPEN waits for the peer's.
    DelayOpen,
    /// HoldTimer: until the peer was silent for too long.
    Hold,
    /// KeepaliveTimer: until the next KEEPALIVE.
    Keepalive,
    /// SendHoldTimer: until the peer took nothing for too long (RFC 9687).
    SendHold,
    /// The quiet gap that ends an update run.
    UpdateRun,
    /// Until a peer that restarts gracefully must be back (RFC 4724).
    Restart,
    /// Until routes kept through a restart go (RFC 8538 section 4.1).
    Retained,
    /// Until routes that are not sent again go (RFC 7313 section 4).
    Refresh,
}

/// Something that happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Keepalive(Slot),
    Run,
    Hold(Slot),
    SendHold(Slot),
    DelayOpen(Slot),
    ConnectRetry,
    IdleHold,
    Restart,
    Retained,
    Refreshing,
}

impl Due {
    const fn timer(self) -> Timer {
        match self {
            Self::Keepalive(_) => Timer::Keepalive,
            Self::Run => Timer::UpdateRun,
            Self::Hold(_) => Timer::Hold,
            Self::SendHold(_) => Timer::SendHold,
            Self::DelayOpen(_) => Timer::DelayOpen,
            Self::ConnectRetry => Timer::ConnectRetry,
            Self::IdleHold => Timer::IdleHold,
            Self::Restart => Timer::Restart,
            Self::Retained => Timer::Retained,
            Self::Refreshing => Timer::Refresh,
        }
    }
}

impl Peering {
    fn armed(&self) -> impl Iterator<Item = (Instant, Due)> {
        let of_session = [
            (self.run_gap, Due::Run),
            (self.connect_retry, Due::ConnectRetry),
            (self.idle_hold, Due::IdleHold),
            (self.stale.restart, Due::Restart),
            (self.stale.retained_until, Due::Retained),
            (self.stale.refreshing_until, Due::Refreshing),
        ];
        let of_connections = self.connected().flat_map(|(slot, connection)| {
            [
                (connection.keepalive, Due::Keepalive(slot)),
                (connection.hold, Due::Hold(slot)),
                (connection.send_hold, Due::SendHold(slot)),
                (connection.delay_open, Due::DelayOpen(slot)),
            ]
        });
        let all = of_session.into_iter().chain(of_connections);
        all.filter_map(|(due, timer)| Some((due?, timer)))
    }

    /// The timers that are armed.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (Timer, Instant)> {
        self.armed().map(|(due, timer)| (timer.timer(), due))
    }

    /// When the next timer expires.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.armed().map(|(due, _)| due).min()
    }

    /// Lets every timer expire that is due; not what messages that wait to be read put off, for
    /// they came in time: the HoldTimer of their connection, and the end of the update run.
    pub(crate) fn expire(&mut self, waiting: impl Fn(Slot) -> bool) {
        self.expired_at = Some(self.now);
        while let Some(timer) = self.first_due(&waiting) {
            self.expire_one(timer);
            self.restart_if_idle();
        }
    }

    fn first_due(&self, waiting: &impl Fn(Slot) -> bool) -> Option<Due> {
        let put_off = |timer: &Due| match timer {
            Due::Hold(slot) => waiting(*slot),
            Due::Run => self.established().is_some_and(waiting),
            _ => false,
        };
        let due = self
            .armed()
            .filter(|(due, timer)| *due <= self.now && !put_off(timer));
        due.min().map(|(_, timer)| timer)
    }

    fn expire_one(&mut self, timer: Due) {
        match timer {
            Due::Keepalive(slot) => {
                self.fire(Machine::At(slot), FsmEvent::KeepaliveTimerExpires, None);
            }
            Due::Run => self.end_run(RunEnd::QuietGap),
            Due::Hold(slot) => {
                let reason = DownReason::HoldTimerExpired;
                self.fire(Machine::At(slot), FsmEvent::HoldTimerExpires, Some(&reason));
            }
            Due::SendHold(slot) => {
                let reason = DownReason::SendHoldTimerExpired;
                self.fire(
                    Machine::At(slot),
                    FsmEvent::SendHoldTimerExpires,
                    Some(&reason),
                );
            }
            Due::DelayOpen(slot) => {
                self.fire(Machine::At(slot), FsmEvent::DelayOpenTimerExpires, None);
            }
            Due::ConnectRetry => {
                self.connect_retry = None;
                if self.dial.is_some() {
                    self.attempt_failed(DownReason::ConnectTimedOut);
                }
                self.fire(Machine::Base, FsmEvent::ConnectRetryTimerExpires, None);
            }
            Due::IdleHold => {
                self.idle_hold = None;
                self.fire(Machine::Base, FsmEvent::IdleHoldTimerExpires, None);
            }
            Due::Restart => self.sweep_all_retained(SweepReason::RestartTime),
            Due::Retained => self.sweep_all_retained(SweepReason::StaleTime),
            Due::Refreshing => {
                for family in self.stale.refreshing.iter() {
                    self.sweep_refreshed(family, SweepReason::StaleTime);
                }
            }
        }
    }

    /// An UPDATE came: a run goes on, or begins.
    pub(crate) fn continue_run(&mut self) {
        self.run_open = true;
        let gap = self.config.timers.run_gap;
        self.run_gap = gap.map(|gap| self.received_at + gap);
    }

    /// Ends the update run, if there is one.
    pub(crate) fn end_run(&mut self, end: RunEnd) {
        self.run_gap = None;
        if core::mem::take(&mut self.run_open) {
            self.emit(Event::RunEnded(end));
        }
    }

    /// Ends the update run if the quiet gap has passed before what is about to come.
    pub(crate) fn end_run_if_quiet(&mut self) {
        if self.run_gap.is_some_and(|due| due <= self.now) {
            self.end_run(RunEnd::QuietGap);
        }
    }

    /// The time of the SendHoldTimer of an established connection; none: it is not armed.
    pub(crate) fn send_hold_time(&self, slot: Slot) -> Option<Duration> {
        let connection = self.connection(slot)?;
        let hold_time = connection.negotiated.as_ref()?.hold_time;
        if connection.state != State::Established {
            return None;
        }
        match self.config.timers.send_hold {
            SendHold::Off => None,
            SendHold::After(time) => Some(time),
            SendHold::Auto if hold_time.is_zero() => None,
            SendHold::Auto => Some((hold_time * 2).max(Duration::from_secs(480))),
        }
    }

    /// The peer's TCP took octets of what was given out.
    pub(crate) fn written(&mut self, slot: Slot, octets: u64) {
        let due = self.send_hold_time(slot).map(|time| self.now + time);
        if let Some(connection) = self.connection_mut(slot) {
            connection.unwritten = connection.unwritten.saturating_sub(octets);
            connection.send_hold = due.filter(|_| connection.unwritten > 0);
        }
    }
}

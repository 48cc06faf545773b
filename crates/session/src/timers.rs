//! Deadlines: what is armed, and what happens when it expires.

use core::time::Duration;

use routehub_types::Instant;

use crate::peering::{Machine, Peering, Queued};
use crate::slots::Slot;
use crate::{DownReason, FsmEvent, RunEnd, SendHold, State, SweepReason};

/// Something that happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
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

impl Peering {
    fn armed(&self) -> impl Iterator<Item = (Instant, Timer)> {
        let of_session = [
            (self.run_gap, Timer::Run),
            (self.connect_retry, Timer::ConnectRetry),
            (self.idle_hold, Timer::IdleHold),
            (self.stale.restart, Timer::Restart),
            (self.stale.retained_until, Timer::Retained),
            (self.stale.refreshing_until, Timer::Refreshing),
        ];
        let of_connections = self.connected().flat_map(|(slot, connection)| {
            [
                (connection.keepalive, Timer::Keepalive(slot)),
                (connection.hold, Timer::Hold(slot)),
                (connection.send_hold, Timer::SendHold(slot)),
                (connection.delay_open, Timer::DelayOpen(slot)),
            ]
        });
        let all = of_session.into_iter().chain(of_connections);
        all.filter_map(|(due, timer)| Some((due?, timer)))
    }

    /// When the next timer expires.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.armed().map(|(due, _)| due).min()
    }

    /// Lets every timer expire that is due. The HoldTimer of a connection with a message that
    /// waits to be read does not: the message came in time.
    pub(crate) fn expire(&mut self, waiting: impl Fn(Slot) -> bool) {
        loop {
            let due = self.armed().filter(|(due, timer)| {
                *due <= self.now && !matches!(timer, Timer::Hold(slot) if waiting(*slot))
            });
            let Some((_, timer)) = due.min() else {
                return;
            };
            self.expire_one(timer);
            self.restart_if_idle();
        }
    }

    fn expire_one(&mut self, timer: Timer) {
        match timer {
            Timer::Keepalive(slot) => {
                self.fire(Machine::At(slot), FsmEvent::KeepaliveTimerExpires, None);
            }
            Timer::Run => self.end_run(RunEnd::QuietGap),
            Timer::Hold(slot) => {
                let reason = DownReason::HoldTimerExpired;
                self.fire(Machine::At(slot), FsmEvent::HoldTimerExpires, Some(&reason));
            }
            Timer::SendHold(slot) => {
                let reason = DownReason::SendHoldTimerExpired;
                self.fire(
                    Machine::At(slot),
                    FsmEvent::SendHoldTimerExpires,
                    Some(&reason),
                );
            }
            Timer::DelayOpen(slot) => {
                self.fire(Machine::At(slot), FsmEvent::DelayOpenTimerExpires, None);
            }
            Timer::ConnectRetry => {
                self.connect_retry = None;
                if self.dial.is_some() {
                    self.attempt_failed(DownReason::ConnectTimedOut);
                }
                self.fire(Machine::Base, FsmEvent::ConnectRetryTimerExpires, None);
            }
            Timer::IdleHold => {
                self.idle_hold = None;
                self.fire(Machine::Base, FsmEvent::IdleHoldTimerExpires, None);
            }
            Timer::Restart => self.sweep_all_retained(SweepReason::RestartTime),
            Timer::Retained => self.sweep_all_retained(SweepReason::StaleTime),
            Timer::Refreshing => {
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
            self.queue.push_back(Queued::RunEnded(end));
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

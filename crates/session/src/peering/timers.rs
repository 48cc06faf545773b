//! Deadlines: what is armed, and what happens when it expires.

use routehub_types::Instant;

use crate::connection::Slot;
use crate::peering::{Machine, Peering};
use crate::{DownReason, Event, FsmEvent, RunEnd, SweepReason, Timer};

impl Peering {
    fn armed(&self) -> impl Iterator<Item = (Instant, Timer, Machine)> {
        let run = [(Timer::UpdateRun, self.run.due())];
        let of_session = run.into_iter().chain(self.retry.deadlines());
        let of_session = of_session.chain(self.stale.deadlines());
        let of_session = of_session.map(|(timer, due)| (due, timer, Machine::Base));
        let of_connections = self.connections.iter().flat_map(|(slot, connection)| {
            let deadlines = connection.deadlines().into_iter();
            deadlines.map(move |(timer, due)| (due, timer, Machine::At(slot)))
        });
        let all = of_session.chain(of_connections);
        all.filter_map(|(due, timer, machine)| Some((due?, timer, machine)))
    }

    /// The timers that are armed.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (Timer, Instant)> {
        self.armed().map(|(due, timer, _)| (timer, due))
    }

    /// When the next timer expires.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.armed().map(|(due, ..)| due).min()
    }

    /// Lets every timer expire that is due; not what messages that wait to be read put off, for
    /// they came in time: the HoldTimer and the SendHoldTimer of their connection, since one of
    /// them may be the NOTIFICATION that ends it, and the end of the update run.
    pub(crate) fn expire(&mut self, waiting: impl Fn(Slot) -> bool) {
        self.expired_at = Some(self.now);
        while let Some((timer, machine)) = self.first_due(&waiting) {
            self.expire_timer(timer, machine);
            self.restart_if_idle();
        }
    }

    fn first_due(&self, waiting: &impl Fn(Slot) -> bool) -> Option<(Timer, Machine)> {
        let put_off = |timer, machine| match (timer, machine) {
            (Timer::Hold | Timer::SendHold, Machine::At(slot)) => waiting(slot),
            (Timer::UpdateRun, _) => self.connections.established().is_some_and(waiting),
            _ => false,
        };
        let due = self
            .armed()
            .filter(|(due, timer, machine)| *due <= self.now && !put_off(*timer, *machine));
        due.min().map(|(_, timer, machine)| (timer, machine))
    }

    fn expire_timer(&mut self, timer: Timer, machine: Machine) {
        let (event, reason) = match timer {
            Timer::Keepalive => (FsmEvent::KeepaliveTimerExpires, None),
            Timer::Hold => (
                FsmEvent::HoldTimerExpires,
                Some(DownReason::HoldTimerExpired),
            ),
            Timer::SendHold => {
                let reason = DownReason::SendHoldTimerExpired;
                (FsmEvent::SendHoldTimerExpires, Some(reason))
            }
            Timer::DelayOpen => (FsmEvent::DelayOpenTimerExpires, None),
            Timer::ConnectRetry => {
                self.retry.stop_connect_retry();
                if self.connections.dialled().is_some() {
                    self.attempt_failed(DownReason::ConnectTimedOut);
                }
                (FsmEvent::ConnectRetryTimerExpires, None)
            }
            Timer::IdleHold => {
                self.retry.stop_idle_hold();
                (FsmEvent::IdleHoldTimerExpires, None)
            }
            Timer::UpdateRun => return self.end_run(RunEnd::QuietGap),
            Timer::Restart => {
                self.stale.end_restart_time();
                return self.end_restart(self.stale.restarting(), SweepReason::RestartTime);
            }
            Timer::Retained => {
                let families = self.stale.beyond_bound(self.now);
                return self.end_restart(families, SweepReason::StaleTime);
            }
            Timer::LongLived => {
                return self.end_long_lived();
            }
            Timer::Refresh => {
                let families = self.stale.end_refreshes();
                return self.emit_sweeps(families, SweepReason::StaleTime);
            }
        };
        self.fire(machine, event, reason.as_ref());
    }

    /// Ends the update run, if there is one.
    pub(super) fn end_run(&mut self, end: RunEnd) {
        if self.run.end() {
            self.emit(Event::RunEnded(end));
        }
    }

    /// Ends the update run if the quiet gap has passed before what is about to come.
    pub(crate) fn end_run_if_quiet(&mut self) {
        if self.run.due().is_some_and(|due| due <= self.now) {
            self.end_run(RunEnd::QuietGap);
        }
    }
}

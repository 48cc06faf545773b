//! Routes of the peer that stay although they may be gone: graceful restart (RFC 4724, RFC 8538)
//! and enhanced route refresh (RFC 7313).

use alloc::boxed::Box;

use routehub_types::{Family, FamilySet};
use routehub_wire::Capability;

use crate::connection::Connection;
use crate::peering::Peering;
use crate::slots::Slot;
use crate::{Down, DownReason, Event, SweepReason};

impl Peering {
    /// A connection became established.
    pub(crate) fn on_established(&mut self, slot: Slot) {
        let Some(negotiated) = self
            .connection(slot)
            .and_then(|connection| connection.negotiated.clone())
        else {
            return;
        };
        self.abandon_dial();
        self.dials = 0;
        self.established_at = Some(self.now);
        self.counters.established += 1;
        self.stale.complete = FamilySet::EMPTY;
        self.stale.restart = None;
        // RFC 4724 section 4.2: only the first session after a restart says so.
        for capability in &mut self.config.capabilities.0 {
            if let Capability::GracefulRestart(restart) = capability {
                restart.restarting = false;
            }
        }
        let restart = negotiated.graceful_restart;
        let preserved = restart.map_or(FamilySet::EMPTY, |restart| restart.forwarding);
        self.emit(Event::Established(Box::new(negotiated)));
        for family in self.stale.retained.iter() {
            if !preserved.contains(family) {
                self.sweep_retained(family, SweepReason::NotPreserved);
            }
        }
    }

    /// The established connection is gone.
    pub(crate) fn on_down(&mut self, connection: Connection, reason: DownReason) {
        let uptime = self.now - self.established_at.take().unwrap_or(self.now);
        if uptime >= self.config.timers.idle_hold.longest {
            self.damped = 0;
        }
        self.run_open = false;
        self.run_gap = None;
        self.stale.refreshing = FamilySet::EMPTY;
        self.stale.refreshing_until = None;
        let retained = self.retain(&connection, &reason);
        reason.count(&mut self.counters.downs);
        self.last_down = Some((self.now, reason.clone()));
        self.emit(Event::Down(Box::new(Down {
            reason,
            sent: connection.notified,
            retained,
        })));
    }

    /// Which families stay through this end of the session.
    fn retain(&mut self, connection: &Connection, reason: &DownReason) -> FamilySet {
        let agreed = connection.negotiated.as_ref();
        let restart = agreed.and_then(|negotiated| negotiated.graceful_restart);
        let Some(restart) =
            restart.filter(|agreed| is_graceful(agreed.notification, connection, reason))
        else {
            self.stale.retained = FamilySet::EMPTY;
            self.stale.restart = None;
            self.stale.retained_until = None;
            return FamilySet::EMPTY;
        };
        if !restart.notification {
            for family in self.stale.retained.iter() {
                self.sweep_retained(family, SweepReason::SecondRestart);
            }
        }
        self.stale.retained = restart.families;
        if restart.families.is_empty() {
            self.stale.retained_until = None;
            return FamilySet::EMPTY;
        }
        self.stale.restart = Some(self.now + restart.time);
        // Routes that are stale since an earlier restart keep their bound (RFC 8538 section 4.1).
        let until = self.now + self.config.timers.stale;
        self.stale.retained_until.get_or_insert(until);
        restart.families
    }

    /// Retained routes of a family that are still stale go.
    fn sweep_retained(&mut self, family: Family, reason: SweepReason) {
        self.stale.retained = self.stale.retained.without(family);
        self.emit(Event::SweepStale(family, reason));
        if self.stale.retained.is_empty() {
            self.stale.restart = None;
            self.stale.retained_until = None;
        }
    }

    /// All retained routes that are still stale go.
    pub(crate) fn sweep_all_retained(&mut self, reason: SweepReason) {
        for family in self.stale.retained.iter() {
            self.sweep_retained(family, reason);
        }
    }

    /// The peer has sent all its routes of a family.
    pub(crate) fn complete(&mut self, family: Family) {
        self.stale.complete = self.stale.complete.with(family);
        self.emit(Event::EndOfRib(family));
        if self.stale.retained.contains(family) {
            self.sweep_retained(family, SweepReason::EndOfRib);
        }
    }

    /// The peer begins to send its routes of a family again.
    pub(crate) fn refresh_begins(&mut self, slot: Slot, family: Family) {
        let agreed = self
            .connection(slot)
            .and_then(|connection| connection.negotiated.as_ref());
        let restarts = agreed.is_some_and(|negotiated| negotiated.graceful_restart.is_some());
        if restarts && !self.stale.complete.contains(family) {
            self.counters.ignored.refresh_begin_before_end_of_rib += 1;
            return;
        }
        self.stale.refreshing = self.stale.refreshing.with(family);
        self.stale.refreshing_until = Some(self.now + self.config.timers.stale);
        self.emit(Event::MarkStale(family));
    }

    /// The peer has sent its routes of a family again.
    pub(crate) fn refresh_ends(&mut self, family: Family) {
        if !self.stale.refreshing.contains(family) {
            self.counters.ignored.refresh_end_without_begin += 1;
            return;
        }
        self.sweep_refreshed(family, SweepReason::EndOfRefresh);
    }

    pub(crate) fn sweep_refreshed(&mut self, family: Family, reason: SweepReason) {
        self.stale.refreshing = self.stale.refreshing.without(family);
        if self.stale.refreshing.is_empty() {
            self.stale.refreshing_until = None;
        }
        self.emit(Event::SweepStale(family, reason));
    }
}

/// Whether a session that ends like this is expected back (RFC 4724 section 4.2; after a
/// NOTIFICATION only with the N bit, and never after a hard reset: RFC 8538 section 4).
fn is_graceful(n_bit: bool, connection: &Connection, reason: &DownReason) -> bool {
    match reason {
        DownReason::ConnectionClosed | DownReason::PeerRestarted => true,
        DownReason::Stopped(_) => false,
        DownReason::NotificationReceived(received) => n_bit && !received.is_hard_reset(),
        _ => {
            let sent = connection.notified.as_ref();
            n_bit && sent.is_some_and(|sent| !sent.is_hard_reset())
        }
    }
}

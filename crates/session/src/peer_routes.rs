//! What a session knows of the peer's routes as a whole: which stay although they may be gone
//! (graceful restart, RFC 4724 and RFC 8538; enhanced route refresh, RFC 7313), and which belong
//! together.

use core::time::Duration;

use routehub_types::{Family, FamilySet, Instant};

use crate::{PeerRestart, Timer};

/// Which families have stale routes, and until when.
#[derive(Clone, Debug, Default)]
pub(crate) struct StaleRoutes {
    /// Families kept through a restart of the peer.
    retained: FamilySet,
    /// When the peer must be back.
    restart: Option<Instant>,
    /// When retained routes go whatever happens.
    retained_until: Option<Instant>,
    /// Families that the peer is sending again.
    refreshing: FamilySet,
    /// When routes that were not sent again go whatever happens.
    refreshing_until: Option<Instant>,
    /// Families whose End-of-RIB came since the session is established.
    complete: FamilySet,
}

impl StaleRoutes {
    /// The timers of stale routes, and when they expire.
    pub(crate) const fn deadlines(&self) -> [(Timer, Option<Instant>); 3] {
        [
            (Timer::Restart, self.restart),
            (Timer::Retained, self.retained_until),
            (Timer::Refresh, self.refreshing_until),
        ]
    }

    pub(crate) const fn retained(&self) -> FamilySet {
        self.retained
    }

    /// The session is established; gives the retained families that the peer did not preserve.
    pub(crate) fn on_established(&mut self, preserved: FamilySet) -> FamilySet {
        self.complete = FamilySet::EMPTY;
        self.restart = None;
        let retained = self.retained.iter();
        retained
            .filter(|family| !preserved.contains(*family))
            .collect()
    }

    /// The session is down, and the peer is expected back or not: its routes are retained for so
    /// long at the most. Gives the families that are stale for the second time and go.
    pub(crate) fn on_down(
        &mut self,
        expected: Option<PeerRestart>,
        now: Instant,
        longest: Duration,
    ) -> FamilySet {
        let before = core::mem::take(self);
        let Some(restart) = expected else {
            return FamilySet::EMPTY;
        };
        let (lost, until) = match restart.notification {
            true => (FamilySet::EMPTY, before.retained_until),
            false => (before.retained, None),
        };
        self.retained = restart.families;
        self.restart = Some(now + restart.time);
        // Routes that are stale since an earlier restart keep their bound (RFC 8538 section 4.1).
        self.retained_until = until.or(Some(now + longest));
        lost
    }

    /// Retained routes of a family that are still stale go.
    pub(crate) fn release(&mut self, family: Family) {
        self.retained = self.retained.without(family);
        if self.retained.is_empty() {
            self.restart = None;
            self.retained_until = None;
        }
    }

    /// The peer has sent all its routes of a family; whether it had not said so before.
    pub(crate) fn complete(&mut self, family: Family) -> bool {
        let first = !self.is_complete(family);
        self.complete = self.complete.with(family);
        first
    }

    pub(crate) const fn is_complete(&self, family: Family) -> bool {
        self.complete.contains(family)
    }

    /// The peer begins to send its routes of a family again.
    pub(crate) fn refresh_begins(&mut self, family: Family, until: Instant) {
        self.refreshing = self.refreshing.with(family);
        self.refreshing_until = Some(until);
    }

    /// The peer has sent its routes of a family again; whether it had begun to.
    pub(crate) fn refresh_ends(&mut self, family: Family) -> bool {
        let began = self.refreshing.contains(family);
        self.refreshing = self.refreshing.without(family);
        if self.refreshing.is_empty() {
            self.refreshing_until = None;
        }
        began
    }

    /// Ends all refreshes; gives the families that the peer has not sent again.
    pub(crate) const fn end_refreshes(&mut self) -> FamilySet {
        self.refreshing_until = None;
        core::mem::replace(&mut self.refreshing, FamilySet::EMPTY)
    }
}

/// The UPDATEs that belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct UpdateRun {
    /// Whether UPDATEs came that no end of a run followed.
    open: bool,
    /// When the quiet gap ends the run.
    due: Option<Instant>,
}

impl UpdateRun {
    /// When the quiet gap ends the run.
    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// An UPDATE came: a run goes on, or begins.
    pub(crate) const fn go_on(&mut self, due: Option<Instant>) {
        self.open = true;
        self.due = due;
    }

    /// Ends the run; whether there was one.
    pub(crate) const fn end(&mut self) -> bool {
        self.due = None;
        core::mem::replace(&mut self.open, false)
    }
}

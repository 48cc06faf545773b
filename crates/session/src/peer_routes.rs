//! What a session knows of the peer's routes as a whole: which stay although they may be gone
//! (graceful restart, RFC 4724 and RFC 8538, for long RFC 9494; enhanced route refresh, RFC 7313),
//! and which belong together.

use core::time::Duration;

use routehub_types::{Family, FamilySet, Instant};

use crate::{PeerRestart, Timer};

/// Routes of a peer in a family that stay although the session was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetainedRoutes {
    /// The family.
    pub family: Family,
    /// Whether they are long-lived stale (RFC 9494 section 4.2).
    pub long_lived: bool,
    /// When what is still stale of them goes, or becomes long-lived stale.
    pub until: Instant,
}

/// What is retained of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    /// When the routes go whatever happens, but for the time in which they are long-lived stale.
    until: Instant,
    /// For how long they may be long-lived stale; zero: not at all.
    time: Duration,
    /// Until when those may be so that are long-lived stale.
    long_lived_until: Option<Instant>,
    /// Whether all are long-lived stale: no restart time runs.
    is_long_lived: bool,
}

/// What ends for stale routes when a session goes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Families whose routes are stale for the second time and go.
    pub(crate) lost: FamilySet,
    /// Retained families that have no restart time: those of long-lived graceful restart alone, and
    /// all where the peer says none (RFC 9494 sections 4.1 and 4.2).
    pub(crate) at_once: FamilySet,
}

/// Which families have stale routes, and until when.
#[derive(Clone, Debug, Default)]
pub(crate) struct StaleRoutes {
    /// What is kept through a restart of the peer.
    ipv4: Option<Kept>,
    ipv6: Option<Kept>,
    /// When the peer must be back.
    restart: Option<Instant>,
    /// Whether it is back.
    is_back: bool,
    /// Families that the peer is sending again.
    refreshing: FamilySet,
    /// When routes that were not sent again go whatever happens.
    refreshing_until: Option<Instant>,
    /// Families whose End-of-RIB came since the session is established.
    complete: FamilySet,
}

impl StaleRoutes {
    const fn kept(&self, family: Family) -> Option<&Kept> {
        match family {
            Family::Ipv4 => self.ipv4.as_ref(),
            Family::Ipv6 => self.ipv6.as_ref(),
        }
    }

    const fn kept_mut(&mut self, family: Family) -> &mut Option<Kept> {
        match family {
            Family::Ipv4 => &mut self.ipv4,
            Family::Ipv6 => &mut self.ipv6,
        }
    }

    /// The families whose routes are kept in a way.
    fn families(&self, fits: impl Fn(&Kept) -> bool) -> FamilySet {
        let fitting = |family: &Family| self.kept(*family).is_some_and(&fits);
        Family::ALL.into_iter().filter(fitting).collect()
    }

    /// When the routes of a family go whatever happens, unless all are long-lived stale.
    fn bound(&self, family: Family) -> Option<Instant> {
        let kept = self.kept(family)?;
        (self.is_back || !kept.is_long_lived).then_some(kept.until)
    }

    /// When those of a family go that are long-lived stale.
    fn long_lived_bound(&self, family: Family) -> Option<Instant> {
        self.kept(family)
            .filter(|_| !self.is_back)?
            .long_lived_until
    }

    /// The timers of stale routes, and when they expire.
    pub(crate) fn deadlines(&self) -> [(Timer, Option<Instant>); 6] {
        [
            (Timer::Restart, self.restart),
            (Timer::Retained, self.bound(Family::Ipv4)),
            (Timer::Retained, self.bound(Family::Ipv6)),
            (Timer::LongLived, self.long_lived_bound(Family::Ipv4)),
            (Timer::LongLived, self.long_lived_bound(Family::Ipv6)),
            (Timer::Refresh, self.refreshing_until),
        ]
    }

    pub(crate) fn retained(&self) -> FamilySet {
        self.families(|_| true)
    }

    /// What is retained, and until when.
    pub(crate) fn retained_routes(&self) -> impl Iterator<Item = RetainedRoutes> + '_ {
        Family::ALL.into_iter().filter_map(|family| {
            let long_lived = self.kept(family)?.is_long_lived;
            let bound = self.bound(family);
            // Before they are long-lived stale the restart time may be over first.
            let restart = self.restart.filter(|_| bound.is_some());
            let first = bound.into_iter().chain(restart).min();
            Some(RetainedRoutes {
                family,
                long_lived,
                until: first.or_else(|| self.long_lived_bound(family))?,
            })
        })
    }

    /// Families that wait for the peer's restart time.
    pub(crate) fn restarting(&self) -> FamilySet {
        self.families(|kept| !kept.is_long_lived)
    }

    /// The restart time is over.
    pub(crate) const fn end_restart_time(&mut self) {
        self.restart = None;
    }

    /// Families whose routes are kept for the longest time, but for the time in which they may be
    /// long-lived stale.
    pub(crate) fn beyond_bound(&self, now: Instant) -> FamilySet {
        over(now, |family| self.bound(family))
    }

    /// Families whose routes were long-lived stale for long enough.
    pub(crate) fn beyond_long_lived(&self, now: Instant) -> FamilySet {
        over(now, |family| self.long_lived_bound(family))
    }

    /// The time of what is long-lived stale is over in families of which the peer was lost again,
    /// so that it may be back in time for later routes: gives these families.
    pub(crate) fn end_long_lived_before_restart(&mut self, now: Instant) -> FamilySet {
        let both = self.beyond_long_lived(now).iter();
        let families: FamilySet = both
            .filter(|family| self.restarting().contains(*family))
            .collect();
        for family in families.iter() {
            if let Some(kept) = self.kept_mut(family) {
                kept.long_lived_until = None;
            }
        }
        families
    }

    /// The stale routes of a family are long-lived stale from here on, if they may be: until when.
    /// Those that were so before keep their bound (RFC 9494 section 4.2).
    pub(crate) fn long_lived_begins(&mut self, family: Family, now: Instant) -> Option<Instant> {
        let is_back = self.is_back;
        let kept = self.kept_mut(family).as_mut()?;
        if is_back || kept.time.is_zero() {
            return None;
        }
        kept.is_long_lived = true;
        let until = *kept.long_lived_until.get_or_insert(now + kept.time);
        self.end_restart_if_unneeded();
        Some(until)
    }

    /// The session is established, and the peer says how it restarts; what of its routes is not
    /// sent again by then goes. Gives the retained families that the peer did not preserve.
    pub(crate) fn on_established(
        &mut self,
        restart: Option<&PeerRestart>,
        until: Instant,
    ) -> FamilySet {
        self.complete = FamilySet::EMPTY;
        self.restart = None;
        self.is_back = true;
        let mut lost = FamilySet::EMPTY;
        for family in Family::ALL {
            let Some(kept) = self.kept_mut(family) else {
                continue;
            };
            let preserved = restart.map(|restart| match kept.long_lived_until {
                Some(_) => restart.long_lived.forwarding,
                None => restart.forwarding,
            });
            if !preserved.is_some_and(|preserved| preserved.contains(family)) {
                lost = lost.with(family);
            } else if kept.is_long_lived {
                kept.until = until;
            }
        }
        lost
    }

    /// The session is down, and the peer is expected back or not: its routes are retained for so
    /// long at the most.
    pub(crate) fn on_down(
        &mut self,
        expected: Option<PeerRestart>,
        now: Instant,
        longest: Duration,
    ) -> Ended {
        let before = core::mem::take(self);
        let mut ended = Ended::default();
        let Some(restart) = expected else {
            return ended;
        };
        for family in restart.kept().iter() {
            let time = restart.long_lived.times.of(family);
            let mut kept = Kept {
                until: now + longest,
                time,
                long_lived_until: None,
                is_long_lived: false,
            };
            if let Some(before) = before.kept(family) {
                let long_lived_until = before.long_lived_until.filter(|until| *until > now);
                // RFC 9494 section 4.2: not before the Long-lived Stale Time is over.
                let stays = match before.long_lived_until {
                    Some(_) => long_lived_until.is_some() && !time.is_zero(),
                    None => restart.notification || !time.is_zero(),
                };
                if !stays {
                    ended.lost = ended.lost.with(family);
                } else if long_lived_until.is_some() {
                    kept.long_lived_until = long_lived_until;
                } else {
                    // Routes that are stale since an earlier restart keep their bound (RFC 8538
                    // section 4.1).
                    kept.until = before.until;
                }
            }
            *self.kept_mut(family) = Some(kept);
            if !restart.families.contains(family) || restart.time.is_zero() {
                ended.at_once = ended.at_once.with(family);
            } else {
                self.restart = Some(now + restart.time);
            }
        }
        ended
    }

    /// Retained routes of a family that are still stale go.
    pub(crate) fn release(&mut self, family: Family) {
        *self.kept_mut(family) = None;
        self.end_restart_if_unneeded();
    }

    /// Without families that wait for it there is no restart time.
    fn end_restart_if_unneeded(&mut self) {
        if self.restarting().is_empty() {
            self.restart = None;
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

/// Families whose time is over.
fn over(now: Instant, until: impl Fn(Family) -> Option<Instant>) -> FamilySet {
    let is_over = |family: &Family| until(*family).is_some_and(|until| until <= now);
    Family::ALL.into_iter().filter(is_over).collect()
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

//! The rules that an explanation names, for those who print what each says.

use std::collections::BTreeSet;

use routehub_types::RuleId;

use crate::reports::PathStanding;
use crate::rules;

use super::{
    ExplainedPath, ExplainedRoute, ExplainedRow, Explanation, MissingRoute, Reason, RowOutcome,
    Sent, Told, Trace, TraceEnd, TraceHop, Withheld,
};

impl Explanation {
    /// Every rule that the explanation names, in the order of their numbers.
    pub fn rules(&self) -> BTreeSet<RuleId> {
        let mut rules = Rules::default();
        match self {
            Self::Nic(nic) => {
                nic.rows.iter().for_each(|row| rules.row(row));
                nic.missing.iter().for_each(|one| rules.missing(one));
            }
            Self::Speaker(speaker) => {
                rules.routes(&speaker.routes);
                speaker.missing.iter().for_each(|one| rules.missing(one));
            }
        }
        rules.0
    }
}

impl Trace {
    /// Every rule that the trace names, in the order of their numbers.
    pub fn rules(&self) -> BTreeSet<RuleId> {
        let mut rules = Rules::default();
        rules.hop(&self.way);
        rules.0
    }
}

#[derive(Default)]
struct Rules(BTreeSet<RuleId>);

impl Rules {
    fn reason(&mut self, because: &Reason) {
        self.0.insert(because.rule);
    }

    fn row(&mut self, row: &ExplainedRow) {
        if row.outcome == RowOutcome::Overridden {
            self.0.insert(rules::USER_ROUTE_WINS);
        }
        if !row.unreachable.is_empty() {
            self.0.insert(rules::NEXT_HOP_UNREACHABLE);
        }
        self.routes(&row.routes);
    }

    fn missing(&mut self, missing: &MissingRoute) {
        self.reason(&missing.because);
        self.routes(&missing.routes);
    }

    fn routes(&mut self, routes: &[ExplainedRoute]) {
        for route in routes {
            route.paths.iter().for_each(|path| self.path(path));
            route.withheld.iter().for_each(|one| self.withheld(one));
            route.told.iter().for_each(|told| self.told(told));
        }
    }

    fn path(&mut self, path: &ExplainedPath) {
        if let PathStanding::Refused(rule) = path.standing {
            self.0.insert(rule);
        }
        if let Some(Sent::PassedOn { changed_by, routes }) = &path.sent {
            self.0.extend(changed_by);
            self.routes(routes);
        }
    }

    fn withheld(&mut self, withheld: &Withheld) {
        withheld.because.iter().for_each(|one| self.reason(one));
        self.routes(&withheld.routes);
    }

    fn told(&mut self, told: &Told) {
        match told {
            Told::Sent {
                changed_by,
                refused,
                ..
            } => {
                self.0.extend(changed_by);
                refused.iter().for_each(|one| self.reason(one));
            }
            Told::Blocked { because, .. } => self.reason(because),
        }
    }

    fn hop(&mut self, hop: &TraceHop) {
        if let Some(TraceEnd::Dropped(because) | TraceEnd::Loop(because)) = &hop.end {
            self.reason(because);
        }
        hop.next.iter().for_each(|next| self.hop(next));
    }
}

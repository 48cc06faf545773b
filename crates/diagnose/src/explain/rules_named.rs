//! The rules that an explanation names, for those who print what each says.

use std::collections::BTreeSet;

use routehub_exchange::{PathStanding, rules};
use routehub_types::RuleId;

use super::{
    Advertisement, ExplainedPath, ExplainedRoute, ExplainedRow, Explanation, MissingRoute,
    RowOutcome, Sent,
};
use crate::WithRules;

impl Explanation {
    /// Every rule that the explanation names, in the order of their numbers.
    pub fn rules(&self) -> BTreeSet<RuleId> {
        let mut rules = Rules::default();
        match self {
            Self::Nic(nic) => {
                nic.rows.iter().for_each(|row| rules.row(row));
                rules.missing(&nic.missing);
            }
            Self::Speaker(speaker) => {
                rules.routes(&speaker.routes);
                rules.missing(&speaker.missing);
            }
        }
        rules.0
    }

    /// The explanation with what each rule says that it names.
    pub fn with_rules(self) -> WithRules<Self> {
        let rules = self.rules();
        WithRules::new(self, &rules)
    }
}

#[derive(Default)]
struct Rules(BTreeSet<RuleId>);

impl Rules {
    fn row(&mut self, row: &ExplainedRow) {
        if row.outcome == RowOutcome::Overridden {
            self.0.insert(rules::USER_ROUTE_WINS);
        }
        if !row.unreachable.is_empty() {
            self.0.insert(rules::NEXT_HOP_UNREACHABLE);
        }
        self.routes(&row.routes);
    }

    fn missing(&mut self, missing: &[MissingRoute]) {
        for route in missing {
            self.0.insert(route.because.rule);
            self.routes(&route.routes);
        }
    }

    fn routes(&mut self, routes: &[ExplainedRoute]) {
        for route in routes {
            route.paths.iter().for_each(|path| self.path(path));
            for by in &route.not_advertised {
                self.0.extend(by.because.iter().map(|because| because.rule));
                self.routes(&by.routes);
            }
            for advertisement in &route.advertisements {
                self.advertisement(advertisement);
            }
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

    fn advertisement(&mut self, advertisement: &Advertisement) {
        match advertisement {
            Advertisement::Sent {
                changed_by,
                refused,
                ..
            } => {
                self.0.extend(changed_by);
                self.0.extend(refused.iter().map(|because| because.rule));
            }
            Advertisement::Blocked { because, .. } => {
                self.0.insert(because.rule);
            }
        }
    }
}

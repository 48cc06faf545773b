//! Explanations as text for people.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use routehub_exchange::rules::{self, remedy};
use routehub_exchange::{NextHopType, PathStanding};
use routehub_rib::Step;
use routehub_types::{Prefix, RuleId};

use super::{
    Advertisement, ExplainedPath, ExplainedRoute, ExplainedRow, Explanation, MissingRoute,
    NicExplanation, NotAdvertised, RouteAttributes, RowOutcome, Sent, SpeakerExplanation,
};
use crate::Reason;
use crate::words::{joined, listed};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text::default();
        match self {
            Self::Nic(nic) => text.nic(nic),
            Self::Speaker(speaker) => text.speaker(speaker),
        }
        f.write_str(&text.written)
    }
}

/// Lines, each at its depth.
#[derive(Default)]
struct Text {
    written: String,
    depth: usize,
    /// Rules that were spelled out, remedy included: once is enough.
    spelled_out: BTreeSet<RuleId>,
}

impl Text {
    fn line(&mut self, line: impl fmt::Display) {
        let blank = 2 * self.depth;
        // Writing to a String cannot fail.
        let _ = writeln!(self.written, "{:blank$}{line}", "");
    }

    fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    fn nic(&mut self, nic: &NicExplanation) {
        let from = match nic.programmed_by.as_slice() {
            [] => "no Route Server or gateway programs it".to_owned(),
            names => format!("programmed by {}", listed(names)),
        };
        let asked = asked(nic.destination);
        self.line(format!(
            "{} in VNet {}, to {asked}: {from}",
            nic.nic, nic.vnet
        ));
        nic.rows.iter().for_each(|row| self.row(row));
        if nic.rows.is_empty() {
            self.line("no route");
        }
        self.missing(&nic.missing);
    }

    fn row(&mut self, explained: &ExplainedRow) {
        let row = &explained.row;
        let by = match row.next_hops.as_slice() {
            [] => format!("{:?}", row.next_hop_type),
            hops => format!("by {}", listed(hops)),
        };
        let name = row
            .name
            .as_ref()
            .map_or_else(String::new, |name| format!(" {name}"));
        let why = match explained.outcome {
            RowOutcome::Used => "used: no other route is longer".to_owned(),
            RowOutcome::Shorter { than } => format!("not used here: {than} is longer"),
            RowOutcome::Overridden => format!(
                "Invalid: a user-defined route has the same prefix ({})",
                rules::USER_ROUTE_WINS
            ),
        };
        let prefixes = joined(&row.prefixes, " ");
        self.line(format!("{prefixes} {by} ({:?}{name}): {why}", row.source));
        self.inside(|text| {
            for hop in &explained.unreachable {
                let because = Reason::new(rules::NEXT_HOP_UNREACHABLE, "");
                text.reason(&format!("next hop {hop} is left out"), &because);
            }
            if row.next_hop_type == NextHopType::None && explained.unreachable.is_empty() {
                text.line("packets are dropped");
            }
            text.routes(&explained.routes);
        });
    }

    fn missing(&mut self, missing: &[MissingRoute]) {
        for route in missing {
            self.reason(&format!("{} is not there", route.prefix), &route.because);
            self.inside(|text| text.routes(&route.routes));
        }
    }

    fn speaker(&mut self, speaker: &SpeakerExplanation) {
        self.line(format!(
            "{}, to {}",
            speaker.speaker,
            asked(speaker.destination)
        ));
        if speaker.routes.is_empty() && speaker.missing.is_empty() {
            self.line("nobody announces a route to it");
        }
        self.routes(&speaker.routes);
        self.missing(&speaker.missing);
    }

    fn routes(&mut self, routes: &[ExplainedRoute]) {
        for route in routes {
            let instance = match route.instances.as_slice() {
                [] => String::new(),
                [instance] => format!(" instance {instance}"),
                _ => ", both instances".to_owned(),
            };
            self.line(format!("{} at {}{instance}", route.prefix, route.speaker));
            self.inside(|text| {
                route.paths.iter().for_each(|path| text.path(path));
                route
                    .not_advertised
                    .iter()
                    .for_each(|by| text.not_advertised(by));
                route
                    .advertisements
                    .iter()
                    .for_each(|to| text.advertisement(to));
            });
        }
    }

    fn path(&mut self, path: &ExplainedPath) {
        let from = match &path.from {
            Some(from) => format!("from {from}, {}", attributes(&path.received)),
            None => "of a local network".to_owned(),
        };
        let standing = match &path.standing {
            PathStanding::Best => "best".to_owned(),
            PathStanding::Equal => "in use".to_owned(),
            PathStanding::Lost { step, to } => {
                let to = to.as_deref().unwrap_or("a local network");
                format!("lost to {to} by {}", by_step(*step))
            }
            PathStanding::Replaced => "a route map puts another prefix in its place".to_owned(),
            PathStanding::Refused(rule) => {
                let because = Reason::new(*rule, &*path.evidence);
                self.reason(&format!("{from}; refused"), &because);
                self.inside(|text| text.sent(path));
                return;
            }
        };
        self.line(format!("{from}: {standing}"));
        self.inside(|text| {
            if let Some(imported) = &path.imported {
                text.line(format!("import makes of it {}", attributes(imported)));
            }
            text.sent(path);
        });
    }

    fn sent(&mut self, path: &ExplainedPath) {
        let from = path.from.as_deref().unwrap_or_default();
        match &path.sent {
            Some(Sent::Announced) => self.line(format!("{from} announces it itself")),
            Some(Sent::PassedOn { changed_by, routes }) => {
                self.line(format!("{from} passed it on{}", changed(changed_by)));
                self.inside(|text| {
                    text.spell_out(changed_by);
                    text.routes(routes);
                });
            }
            None => {}
        }
    }

    fn not_advertised(&mut self, route: &NotAdvertised) {
        match &route.because {
            Some(because) => self.reason(&format!("{} does not send it", route.by), because),
            None => self.line(format!("{} has no route to send", route.by)),
        }
        self.inside(|text| text.routes(&route.routes));
    }

    fn advertisement(&mut self, advertisement: &Advertisement) {
        match advertisement {
            Advertisement::Sent {
                to,
                attributes: sent,
                changed_by,
                refused,
            } => {
                let sent = format!("to {to}: {}{}", attributes(sent), changed(changed_by));
                match refused {
                    Some(because) => self.reason(&format!("{sent}; refused there"), because),
                    None => self.line(sent),
                }
                self.inside(|text| text.spell_out(changed_by));
            }
            Advertisement::Blocked { to, because } => {
                self.reason(&format!("to {to}: not sent"), because);
            }
        }
    }

    /// What rules say that changed a route, and were not spelled out yet.
    fn spell_out(&mut self, rules: &[RuleId]) {
        for rule in rules {
            if self.spelled_out.insert(*rule) {
                self.line(format!("{rule}: {}", rules::text(*rule)));
            }
        }
    }

    /// What happened, by which rule, and what to do.
    fn reason(&mut self, what: &str, because: &Reason) {
        let Reason { rule, evidence } = because;
        let new = self.spelled_out.insert(*rule);
        let says = rules::text(*rule);
        let line = if rules::is_bgp(*rule) {
            let saw = if evidence.is_empty() {
                String::new()
            } else {
                format!(" ({evidence})")
            };
            format!("{what}: {says}{saw}")
        } else {
            let saw = if evidence.is_empty() {
                String::new()
            } else {
                format!(": {evidence}")
            };
            let says = if new {
                format!(": {says}")
            } else {
                String::new()
            };
            format!("{what}{saw} ({rule}{says})")
        };
        self.line(line);
        if let Some(remedy) = remedy(*rule).filter(|_| new) {
            self.inside(|text| text.line(format!("remedy: {remedy}")));
        }
    }
}

/// A prefix of full length was an address.
fn asked(destination: Prefix) -> String {
    if Prefix::host(destination.address()) == destination {
        destination.address().to_string()
    } else {
        destination.to_string()
    }
}

fn attributes(route: &RouteAttributes) -> String {
    let mut text = match route.as_path.to_string() {
        path if path.is_empty() => "AS path empty".to_owned(),
        path => format!("AS path {path}"),
    };
    if let Some(hop) = route.next_hop {
        text += &format!(", next hop {hop}");
    }
    if !route.communities.is_empty() {
        text += &format!(", communities {}", joined(&route.communities, " "));
    }
    text
}

/// The rules that changed a route.
fn changed(rules: &[RuleId]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    format!(" (changed by {})", listed(rules))
}

/// A step of the decision process, as a Route Server's users know it.
fn by_step(step: Step) -> &'static str {
    match step {
        Step::Rank => "the routing preference (R-061)",
        Step::AsPathLength => "a shorter AS path (R-066)",
        Step::Cost => "preference among circuits (R-068, R-069)",
        Step::Failback => {
            "its staying where it went when the circuit failed (R-073): prepend on VPN and NVA so that \
             their AS paths are longer than the circuit's"
        }
        Step::MaxPaths => "the number of equal paths (R-015)",
        other => other.name(),
    }
}

//! Explanations as text for people, and the rules that it names.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::net::IpAddr;

use routehub_exchange::rules::{self, remedy};
use routehub_exchange::{NextHopType, PathStanding, Role};
use routehub_rib::Step;
use routehub_types::{Prefix, RuleId};

use super::once::told_once;
use super::{
    Advertisement, ExplainedPath, ExplainedRoute, ExplainedRow, Explanation, MissingRoute,
    NicExplanation, NotAdvertised, RouteAttributes, RowOutcome, Sent, SpeakerExplanation,
};
use crate::words::{framed, joined, listed};
use crate::{Reason, WithRules};

impl Explanation {
    /// Every rule that the explanation names, in the order of their numbers.
    pub fn rules(&self) -> BTreeSet<RuleId> {
        Text::of(self).named
    }

    /// The explanation with what each rule says that it names.
    pub fn with_rules(self) -> WithRules<Self> {
        let rules = self.rules();
        WithRules::new(self, &rules)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Text::of(self).written)
    }
}

/// Lines, each at its depth.
#[derive(Default)]
struct Text {
    written: String,
    depth: usize,
    /// The rules that are named: each is spelled out once, remedy included.
    named: BTreeSet<RuleId>,
}

impl Text {
    fn of(explanation: &Explanation) -> Self {
        let mut text = Self::default();
        match explanation {
            Explanation::Nic(nic) => text.nic(nic),
            Explanation::Speaker(speaker) => text.speaker(speaker),
        }
        text
    }

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
        let (name, vnet, asked) = (&nic.nic, &nic.vnet, asked(nic.destination));
        self.line(format!("{name} in VNet {vnet}, to {asked}: {from}"));
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
        let name = framed(" ", row.name.as_deref().unwrap_or_default(), "");
        let why = match explained.outcome {
            RowOutcome::Used => "used: no other route is longer".to_owned(),
            RowOutcome::Shorter { than } => format!("not used here: {than} is longer"),
            RowOutcome::Overridden => {
                let rule = rules::USER_ROUTE_WINS;
                self.named.insert(rule);
                format!("Invalid: a user-defined route has the same prefix ({rule})")
            }
            RowOutcome::OverriddenBy { route } => {
                format!("Invalid: the user-defined route {route} wins")
            }
        };
        let prefixes = joined(&row.prefixes, " ");
        self.line(format!("{prefixes} {by} ({:?}{name}): {why}", row.source));
        self.inside(|text| {
            for hop in &explained.unreachable {
                let because = Reason::new(rules::NEXT_HOP_UNREACHABLE, "");
                text.reason(&format!("next hop {hop} is left out"), &because);
            }
            let is_told = !explained.unreachable.is_empty() || explained.because.is_some();
            if row.next_hop_type == NextHopType::None && !is_told {
                text.line("packets are dropped");
            }
            if let Some(because) = &explained.because {
                let what = match row.next_hop_type {
                    NextHopType::InterfaceEndpoint => "private endpoint",
                    _ => "packets are dropped",
                };
                text.reason(what, because);
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
        let asked = asked(speaker.destination);
        self.line(format!("{}, to {asked}", speaker.speaker));
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
                _ if route.role != Some(Role::RouteServer) => String::new(),
                _ => ", both instances".to_owned(),
            };
            self.line(format!("{} at {}{instance}", route.prefix, route.speaker));
            self.inside(|text| {
                let paths = told_once(&route.paths);
                paths.iter().for_each(|path| text.path(path, route.role));
                let (not_advertised, advertisements) =
                    (&route.not_advertised, &route.advertisements);
                not_advertised.iter().for_each(|by| text.not_advertised(by));
                advertisements.iter().for_each(|to| text.advertisement(to));
            });
        }
    }

    fn path(&mut self, path: &ExplainedPath, role: Option<Role>) {
        let from = match &path.from {
            Some(from) => format!("from {from}, {}", received(path)),
            None => "of a local network".to_owned(),
        };
        let standing = match &path.standing {
            PathStanding::Best => "best".to_owned(),
            PathStanding::Equal => "in use".to_owned(),
            PathStanding::Lost { step, to } => {
                let to = to.as_deref().unwrap_or("a local network");
                format!("lost to {to} by {}", by_step(*step, role))
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
            Some(Sent::Summary { rule }) => {
                let summary = Reason::new(*rule, "");
                self.reason(&format!("{from} announces it as a summary"), &summary);
            }
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
            if self.named.insert(*rule) {
                self.line(format!("{rule}: {}", rules::text(*rule)));
            }
        }
    }

    /// What happened, by which rule, and what to do.
    fn reason(&mut self, what: &str, because: &Reason) {
        let Reason { rule, evidence } = because;
        let new = self.named.insert(*rule);
        let says = rules::text(*rule);
        self.line(if rules::is_bgp(*rule) {
            format!("{what}: {says}{}", framed(" (", evidence, ")"))
        } else {
            let says = framed(": ", if new { says } else { "" }, "");
            format!("{what}{} ({rule}{says})", framed(": ", evidence, ""))
        });
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
    carried(route, route.next_hop.as_slice())
}

/// What a path carried when it came, at every instance.
fn received(path: &ExplainedPath) -> String {
    let hops = path.received.next_hop.iter().chain(&path.other_next_hops);
    let hops: Vec<IpAddr> = hops.copied().collect();
    carried(&path.received, &hops)
}

fn carried(route: &RouteAttributes, next_hops: &[IpAddr]) -> String {
    let mut text = match route.as_path.to_string() {
        path if path.is_empty() => "AS path empty".to_owned(),
        path => format!("AS path {path}"),
    };
    match next_hops {
        [] => {}
        [hop] => text += &format!(", next hop {hop}"),
        hops => text += &format!(", next hops {}", joined(hops, " and ")),
    }
    text + &framed(", communities ", &joined(&route.communities, " "), "")
}

/// The rules that changed a route.
fn changed(rules: &[RuleId]) -> String {
    framed(" (changed by ", &listed(rules), ")")
}

/// A step of the decision process at a speaker of a role, as its users know it.
fn by_step(step: Step, role: Option<Role>) -> &'static str {
    match (step, role) {
        (Step::Rank, Some(Role::RouteServer)) => "the routing preference (R-061)",
        (Step::Rank, Some(Role::Edge)) => "coming from the customer (R-177)",
        (Step::Rank, _) => "where it comes from",
        (Step::AsPathLength, Some(Role::RouteServer)) => "a shorter AS path (R-066)",
        (Step::AsPathLength, _) => "a shorter AS path",
        (Step::Cost, Some(Role::ExpressRouteGateway)) => {
            "a higher routing weight of its connection (R-116, R-069)"
        }
        (Step::Cost, _) => "preference among circuits (R-068, R-069)",
        (Step::Failback, _) => {
            "its staying where it went when the circuit failed (R-073): prepend on VPN and NVA so that \
             their AS paths are longer than the circuit's"
        }
        (Step::MaxPaths, _) => "the number of equal paths (R-015)",
        (other, _) => other.name(),
    }
}

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
        let Text {
            named, mentioned, ..
        } = Text::of(self);
        named.into_iter().chain(mentioned).collect()
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
    /// Rules of steps of a decision, which say what they do.
    mentioned: BTreeSet<RuleId>,
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
            RowOutcome::Used => "used: the longest match".to_owned(),
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
            let is_followed = explained.outcome == RowOutcome::Used;
            if row.next_hop_type == NextHopType::None && is_followed && !is_told {
                text.line("packets are dropped");
            }
            if let Some(because) = &explained.because {
                let what = match row.next_hop_type {
                    NextHopType::InterfaceEndpoint => "private endpoint",
                    _ => "packets are dropped",
                };
                text.reason(what, because);
            }
            text.notes(&explained.notes);
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
                let saw = framed(": ", &path.evidence, "");
                let (words, rules) = by_step(*step, role);
                let rules = framed(" (", &listed(rules), ")");
                format!("lost to {to} by {words}{rules}{saw}")
            }
            PathStanding::Replaced => match path.map_rules.as_slice() {
                [] => "a route map puts another prefix in its place".to_owned(),
                rules => format!(
                    "route map {} puts another prefix in its place",
                    listed(rules)
                ),
            },
            PathStanding::Refused(rule) => {
                let because = Reason::new(*rule, &*path.evidence);
                self.reason(&format!("{from}; refused"), &because);
                self.inside(|text| text.sent(path));
                return;
            }
        };
        self.line(format!("{from}: {standing}"));
        self.inside(|text| {
            if let PathStanding::Lost { step, .. } = path.standing {
                text.remedies_of_step(by_step(step, role).1);
            }
            if let Some(imported) = &path.imported {
                let by = framed(" (route map ", &listed(&path.map_rules), ")");
                text.line(format!("import makes of it {}{by}", attributes(imported)));
            }
            text.notes(&path.notes);
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
            Some(Sent::PassedOn {
                changed_by,
                map_rules,
                routes,
            }) => {
                let changed = changed(changed_by, map_rules);
                self.line(format!("{from} passed it on{changed}"));
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
                map_rules,
                refused,
            } => {
                let changed = changed(changed_by, map_rules);
                let sent = format!("to {to}: {}{changed}", attributes(sent));
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

    /// Rules that had a part in something.
    fn notes(&mut self, notes: &[Reason]) {
        for note in notes {
            self.reason("note", note);
        }
    }

    /// What to do where a step is to decide otherwise, the first time that its rules are mentioned.
    fn remedies_of_step(&mut self, rules: &[RuleId]) {
        for rule in rules {
            let new = self.mentioned.insert(*rule) && !self.named.contains(rule);
            if let Some(remedy) = remedy(*rule).filter(|_| new) {
                self.line(format!("to change that: {remedy}"));
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

/// The rules that changed a route, those of route maps with map and number.
fn changed(rules: &[RuleId], map_rules: &[String]) -> String {
    let map = framed(" by route map ", &listed(map_rules), "");
    let named = rules.iter().map(|rule| match *rule {
        rules::ROUTE_MAP => format!("{rule}{map}"),
        rule => rule.to_string(),
    });
    framed(" (changed by ", &listed(named), ")")
}

/// A step of the decision process at a speaker of a role, as its users know it, and its rules.
fn by_step(step: Step, role: Option<Role>) -> (&'static str, &'static [RuleId]) {
    use Role::{Edge, ExpressRouteGateway, RouteServer, VpnGateway};
    match (step, role) {
        (Step::LongLivedStale, _) => ("not being long-lived stale (RFC 9494 section 4.3)", &[]),
        (Step::Rank, Some(RouteServer)) => ("the routing preference", &[rules::ROUTING_PREFERENCE]),
        (Step::Rank, Some(Edge)) => ("coming from the customer", &[rules::CUSTOMER_FIRST]),
        (Step::Rank, _) => ("where it comes from", &[]),
        (Step::AsPathLength, Some(RouteServer)) => {
            ("a shorter AS path", &[rules::SHORTEST_AS_PATH])
        }
        (Step::AsPathLength, Some(VpnGateway)) => {
            ("a shorter AS path", &[rules::VPN_GATEWAY_DECISION])
        }
        (Step::AsPathLength, _) => ("a shorter AS path", &[]),
        (Step::LocalPref, Some(VpnGateway)) => (
            "coming neither from a circuit nor with a router's address",
            &[rules::VPN_GATEWAY_DECISION, rules::SITE_ROUTER_ADDRESS],
        ),
        (Step::External, Some(VpnGateway)) => ("eBGP before iBGP", &[rules::VPN_GATEWAY_DECISION]),
        (Step::PeerAddress, Some(VpnGateway)) => (
            "the lowest neighbour address",
            &[rules::VPN_GATEWAY_DECISION],
        ),
        (Step::Cost, Some(ExpressRouteGateway)) => (
            "a higher routing weight of its connection",
            &[rules::CONNECTION_WEIGHT, rules::SINGLE_EXPRESS_ROUTE_PATH],
        ),
        (Step::Cost, _) => (
            "preference among circuits",
            &[
                rules::EXPRESS_ROUTE_WINS_TIE,
                rules::SINGLE_EXPRESS_ROUTE_PATH,
            ],
        ),
        (Step::Failback, _) => (
            "its staying where it went when the circuit failed: prepend on VPN and NVA so that their \
             AS paths are longer than the circuit's",
            &[rules::STICKY_FAILBACK],
        ),
        (Step::MaxPaths, _) => ("the number of equal paths", &[rules::ECMP_LIMIT]),
        (other, _) => (other.name(), &[]),
    }
}

//! Explanations as text for people.
//!
//! ```
//! use routehub::estate::{Nva, NvaSession, Origination, RouteServer, Routes, Vnet};
//! use routehub::{Estate, Network, Profile};
//! use routehub_types::Asn;
//! use std::net::Ipv4Addr;
//!
//! let nva = Nva {
//!     sessions: vec![NvaSession::both("rs")],
//!     originates: vec![Origination {
//!         routes: Routes { prefixes: vec!["10.1.2.0/24".parse()?], ..Routes::default() },
//!         ..Origination::default()
//!     }],
//!     ..Nva::new("nva1", "hub", Ipv4Addr::new(10, 1, 2, 4), Asn(65001))
//! };
//! let hub = Vnet { name: "hub".into(), address_space: vec!["10.1.0.0/16".parse()?], ..Vnet::default() };
//! let estate = Estate {
//!     vnets: vec![hub],
//!     route_servers: vec![RouteServer::new("rs", "hub")],
//!     nvas: vec![nva],
//!     ..Estate::default()
//! };
//! let network = Network::new(&Profile::named("azure-2026")?, estate)?;
//! let why = network.explain("rs", "10.1.2.0/24".parse()?).unwrap().to_string();
//! assert!(why.contains("refused: inside 10.1.0.0/16 of VNet hub (R-051"), "{why}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;
use std::fmt::{self, Write};

pub use routehub_exchange::explain::{
    Carried, ExplainedPath, ExplainedRoute, ExplainedRow, Explanation, MissingRoute,
    NicExplanation, Reason, RowOutcome, Sent, SpeakerExplanation, Told, Withheld,
};
use routehub_exchange::rules::{self, remedy};
use routehub_rib::Step;
use routehub_types::{Prefix, RuleId};

use crate::{NextHopType, PathStanding};

/// An explanation, to be read or written.
///
/// As JSON: the explanation, and under `rules` what each rule says that it names, as
/// [`RuleNote`]s.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained(pub Explanation);

/// A rule that an answer names: what it says, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RuleNote {
    /// The number.
    pub rule: RuleId,
    /// What it says, in one sentence.
    pub text: &'static str,
    /// What to do where it is in the way; none where there is nothing to do.
    pub remedy: Option<&'static str>,
}

impl RuleNote {
    /// What there is to say about each of these rules.
    pub fn of(rules: &BTreeSet<RuleId>) -> Vec<Self> {
        let note = |rule: &RuleId| Self {
            rule: *rule,
            text: rules::text(*rule),
            remedy: remedy(*rule),
        };
        rules.iter().map(note).collect()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Explained {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct WithNotes<'a> {
            #[serde(flatten)]
            explanation: &'a Explanation,
            rules: Vec<RuleNote>,
        }
        let rules = RuleNote::of(&self.0.rules());
        let explanation = &self.0;
        WithNotes { explanation, rules }.serialize(serializer)
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text::default();
        match &self.0 {
            Explanation::Nic(nic) => text.nic(nic),
            Explanation::Speaker(speaker) => text.speaker(speaker),
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
    told: BTreeSet<RuleId>,
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
            names => format!("programmed by {}", names.join(", ")),
        };
        let asked = asked(nic.destination);
        self.line(format!(
            "{} in VNet {}, to {asked}: {from}",
            nic.nic, nic.vnet
        ));
        for row in &nic.rows {
            self.row(row);
        }
        if nic.rows.is_empty() {
            self.line("no route");
        }
        for missing in &nic.missing {
            self.missing(missing);
        }
    }

    fn row(&mut self, explained: &ExplainedRow) {
        let row = &explained.row;
        let prefixes: Vec<String> = row.prefixes.iter().map(ToString::to_string).collect();
        let hops: Vec<String> = row.next_hops.iter().map(ToString::to_string).collect();
        let by = match (row.next_hop_type, hops.as_slice()) {
            (kind, []) => format!("{kind:?}"),
            (_, hops) => format!("by {}", hops.join(", ")),
        };
        let name = row
            .name
            .as_ref()
            .map(|name| format!(" {name}"))
            .unwrap_or_default();
        let why = match explained.outcome {
            RowOutcome::Used => "used: no other route is longer".to_owned(),
            RowOutcome::Shorter { than } => format!("not used here: {than} is longer"),
            RowOutcome::Overridden => {
                "Invalid: a user-defined route has the same prefix (R-107)".to_owned()
            }
        };
        self.line(format!(
            "{} {by} ({:?}{name}): {why}",
            prefixes.join(" "),
            row.source
        ));
        self.inside(|text| {
            for hop in &explained.unreachable {
                let what = format!("next hop {hop} is left out");
                text.reason(
                    &what,
                    &Reason {
                        rule: rules::NEXT_HOP_UNREACHABLE,
                        evidence: String::new(),
                    },
                );
            }
            if row.next_hop_type == NextHopType::None && explained.unreachable.is_empty() {
                text.line("packets are dropped");
            }
            text.routes(&explained.routes);
        });
    }

    fn missing(&mut self, missing: &MissingRoute) {
        self.reason(
            &format!("{} is not there", missing.prefix),
            &missing.because,
        );
        self.inside(|text| text.routes(&missing.routes));
    }

    fn speaker(&mut self, one: &SpeakerExplanation) {
        self.line(format!("{}, to {}", one.speaker, asked(one.destination)));
        if one.routes.is_empty() && one.missing.is_empty() {
            self.line("nobody announces a route to it");
        }
        self.routes(&one.routes);
        for missing in &one.missing {
            self.missing(missing);
        }
    }

    fn routes(&mut self, routes: &[ExplainedRoute]) {
        for route in routes {
            let both = route.instances.len() > 1;
            let instance = match route.instances.as_slice() {
                [one] => format!(" instance {one}"),
                _ if both => ", both instances".to_owned(),
                _ => String::new(),
            };
            self.line(format!("{} at {}{instance}", route.prefix, route.speaker));
            self.inside(|text| {
                for path in &route.paths {
                    text.path(path);
                }
                for withheld in &route.withheld {
                    text.withheld(withheld);
                }
                for told in &route.told {
                    text.told(told);
                }
            });
        }
    }

    fn path(&mut self, path: &ExplainedPath) {
        let from = match &path.from {
            Some(from) => format!("from {from}, {}", carried(&path.received)),
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
                let because = Reason {
                    rule: *rule,
                    evidence: path.evidence.clone(),
                };
                self.reason(&format!("{from}; refused"), &because);
                self.inside(|text| text.sent(path));
                return;
            }
        };
        self.line(format!("{from}: {standing}"));
        self.inside(|text| {
            if let Some(imported) = &path.imported {
                text.line(format!("import makes of it {}", carried(imported)));
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

    fn withheld(&mut self, one: &Withheld) {
        match &one.because {
            Some(because) => self.reason(&format!("{} does not send it", one.by), because),
            None => self.line(format!("{} has no route to send", one.by)),
        }
        self.inside(|text| text.routes(&one.routes));
    }

    fn told(&mut self, told: &Told) {
        match told {
            Told::Sent {
                to,
                carried: what,
                changed_by,
                refused,
            } => {
                let sent = format!("to {to}: {}{}", carried(what), changed(changed_by));
                match refused {
                    Some(because) => self.reason(&format!("{sent}; refused there"), because),
                    None => self.line(sent),
                }
                self.inside(|text| text.spell_out(changed_by));
            }
            Told::Blocked { to, because } => {
                self.reason(&format!("to {to}: not sent"), because);
            }
        }
    }

    /// What rules say that changed a route, and were not spelled out yet.
    fn spell_out(&mut self, rules: &[RuleId]) {
        for rule in rules {
            if self.told.insert(*rule) {
                self.line(format!("{rule}: {}", rules::text(*rule)));
            }
        }
    }

    /// What happened, by which rule, and what to do.
    fn reason(&mut self, what: &str, because: &Reason) {
        let new = self.told.insert(because.rule);
        let bgp = rules::is_bgp(because.rule);
        let rule = match (bgp, new) {
            (true, _) => rules::text(because.rule).to_owned(),
            (false, true) => format!("{}: {}", because.rule, rules::text(because.rule)),
            (false, false) => because.rule.to_string(),
        };
        match (because.evidence.as_str(), bgp) {
            ("", true) => self.line(format!("{what}: {rule}")),
            ("", false) => self.line(format!("{what} ({rule})")),
            (saw, true) => self.line(format!("{what}: {rule} ({saw})")),
            (saw, false) => self.line(format!("{what}: {saw} ({rule})")),
        }
        if let Some(remedy) = remedy(because.rule).filter(|_| new) {
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

fn carried(what: &Carried) -> String {
    let path = match what.as_path.to_string() {
        path if path.is_empty() => "AS path empty".to_owned(),
        path => format!("AS path {path}"),
    };
    let hop = what
        .next_hop
        .map(|hop| format!(", next hop {hop}"))
        .unwrap_or_default();
    let communities: Vec<String> = what.communities.iter().map(ToString::to_string).collect();
    match communities.as_slice() {
        [] => format!("{path}{hop}"),
        some => format!("{path}{hop}, communities {}", some.join(" ")),
    }
}

/// The rules that changed a route.
fn changed(rules: &[RuleId]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
    format!(" (changed by {})", rules.join(", "))
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

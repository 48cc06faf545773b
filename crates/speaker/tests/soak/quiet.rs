//! That all is well when it is quiet: every table is the model's, and every daemon has heard it.

use std::collections::BTreeSet;
use std::time::Duration;

use routehub_scenario::{Scenario, Tables};
use routehub_testkit::daemons::Daemon;
use routehub_testkit::wait::{block_until, block_within};
use serde_json::Value;

use crate::speaker::Speaker;
use crate::trouble::Stage;

/// The longest that it takes until it is quiet: a daemon that has lost its server, or its own address,
/// after its OPEN waits for four minutes before it tries again (RFC 4271 section 8.2.2, the "large
/// value" of the HoldTimer).
const QUIET: Duration = Duration::from_mins(5);

/// A route that is told: by whom, to where, and by which AS path.
type Told = (String, String, String);

impl Stage {
    /// Has all troubles end, and waits until every table is as the model has it.
    ///
    /// # Panics
    /// If that is not so in time.
    pub(crate) fn quiet(&mut self, when: &str) {
        self.heal_all();
        let text = self.network.text();
        let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        let model = scenario.network().expect("a network");
        let modelled = serde_json::to_string(&Tables::of(model.estate(), &model)).expect("JSON");
        let modelled = without_counters(serde_json::from_str(&modelled).expect("JSON"));
        let look = || {
            // One of the daemons has to be asked before it tries again.
            for speaker in &self.speakers {
                speaker.daemon().map(Daemon::established);
            }
            differences(&modelled, &without_counters(self.server.tables()))
        };
        block_within(QUIET, &format!("tables {when}"), look, Vec::is_empty);
        for speaker in &self.speakers {
            let Some(told) = told(&model, speaker) else {
                continue;
            };
            let look = || heard(speaker);
            let what = format!("{} {when} hears {told:#?}", speaker.role().name);
            block_until(&what, look, |heard| *heard == told);
        }
    }
}

/// Tables without what they count of the past: a model has had no troubles.
fn without_counters(mut tables: Value) -> Value {
    let servers = tables["sessions"].as_object_mut().into_iter().flatten();
    let peers = servers.flat_map(|(_, peers)| peers.as_object_mut().into_iter().flatten());
    let rows = peers.flat_map(|(_, rows)| rows.as_array_mut().into_iter().flatten());
    for row in rows.filter_map(Value::as_object_mut) {
        row.remove("resets").expect("resets");
        row.remove("route_refreshes").expect("refreshes");
    }
    tables
}

/// What the model tells a speaker; none where no table of it says so.
fn told(model: &routehub::Network, speaker: &Speaker) -> Option<Vec<Told>> {
    let name = speaker.role().name;
    let rows = match name {
        "circuit" => return None,
        "branch" => model.gateway_advertised("vpngw", name),
        nva => model.rs_advertised("rs", nva),
    };
    let rows = rows.expect("a speaker of the file");
    let from = |row: &routehub::RouteRow| {
        let instance = row.instance.map(|at| speaker.role().peers[usize::from(at)]);
        let address = instance.map(std::net::IpAddr::from).or(row.local_address);
        address.expect("somebody").to_string()
    };
    let told = rows
        .iter()
        .map(|row| (from(row), row.prefix.to_string(), row.as_path.to_string()));
    let mut told: Vec<Told> = told.collect();
    told.sort();
    Some(told)
}

fn heard(speaker: &Speaker) -> Vec<Told> {
    let heard = speaker.heard().into_iter();
    let mut heard: Vec<Told> = heard
        .map(|route| (route.from, route.prefix, route.as_path))
        .collect();
    heard.sort();
    heard
}

/// What is in one and not in the other, for a person to read: each row by its table.
fn differences(modelled: &Value, live: &Value) -> Vec<String> {
    if modelled == live {
        return Vec::new();
    }
    let [modelled, live] = [modelled, live].map(|tables| {
        let mut rows = BTreeSet::new();
        list("", tables, &mut rows);
        rows
    });
    let missing = modelled.difference(&live).map(|row| format!("- {row}"));
    let more = live.difference(&modelled).map(|row| format!("+ {row}"));
    let mut differ: Vec<String> = missing.chain(more).collect();
    differ.push("- only in the model, + only live".to_owned());
    differ
}

/// The rows of everything beneath a place.
fn list(place: &str, value: &Value, rows: &mut BTreeSet<String>) {
    match value {
        Value::Object(tables) => {
            for (name, table) in tables {
                list(&format!("{place} {name}"), table, rows);
            }
        }
        Value::Array(table) => rows.extend(table.iter().map(|row| format!("{place}: {row}"))),
        other => {
            rows.insert(format!("{place}: {other}"));
        }
    }
}

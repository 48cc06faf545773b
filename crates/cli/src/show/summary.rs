//! A network on one screen.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use routehub::estate::Nva;
use routehub::{Estate, Network, SessionState, TableId, TableKind, TableRows};
use routehub_scenario::expect::INITIAL;
use routehub_scenario::{RunError, Scenario};

use super::wrap::{shortened, wrapped};
use super::{Show, events, findings};
use crate::ask::severity;
use crate::failure::Failure;
use crate::output::{Output, Style};

/// How wide the screen is where there is no terminal.
const USUAL_WIDTH: usize = 100;
/// How many findings are told.
const FINDINGS: usize = 6;
/// How many lines a finding has at most.
const FINDING_LINES: usize = 2;
/// How many events are told.
const EVENTS: usize = 6;

/// How the program is called that the screen names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Program {
    /// `routehub explain FILE ...`
    #[default]
    Routehub,
    /// `... FILE --explain ...`
    Scenario,
}

/// Writes the screen: the network at the time that is asked for, and what the events change.
pub(super) fn screen(show: &Show, scenario: &Scenario, output: &mut Output) -> Result<(), Failure> {
    let width = output.width().unwrap_or(USUAL_WIDTH).max(40);
    let network = show.at.network_of(scenario)?;
    for line in wrapped(&scenario.title, width) {
        output.styled(Style::Bold, line);
        output.text("\n");
    }
    let at = show.at.time().unwrap_or(INITIAL);
    let profile = &scenario.profile.base;
    output.text(format_args!("profile {profile}, at {at}\n\n"));
    objects(network.estate(), width, output);
    output.text(sessions(&network, width));
    tables(&network, width, output);
    say(&network, show, width, output);
    let happened = match show.at.time() {
        None if !scenario.events.is_empty() => happenings(scenario, network.clone(), width, output),
        _ => Ok(()),
    };
    next(show, scenario, &network, width, output);
    Ok(happened?)
}

/// What the estate consists of.
fn objects(estate: &Estate, width: usize, output: &mut Output) {
    let lists = lists(estate);
    for (word, words, names) in lists.iter().filter(|(.., names)| !names.is_empty()) {
        let word = if names.len() == 1 { word } else { words };
        let count = format!("{} {word}", names.len());
        let list = shortened(names, width - COLUMN - 2);
        output.text(format_args!("  {count:<COLUMN$}{list}\n"));
    }
    match estate.peerings.len() {
        0 => {}
        1 => output.text("  1 peering\n"),
        count => output.text(format_args!("  {count} peerings\n")),
    }
}

/// Kinds of objects, for one and for several, and the names of those that there are.
fn lists(estate: &Estate) -> [(&'static str, &'static str, Vec<String>); 8] {
    fn names<T>(objects: &[T], name: impl Fn(&T) -> String) -> Vec<String> {
        objects.iter().map(name).collect()
    }
    let regions = estate.vnets.iter().filter_map(|vnet| vnet.region.clone());
    let regions: BTreeSet<String> = regions.collect();
    let with_asn = |nva: &Nva| format!("{} (AS {})", nva.name, nva.asn);
    let servers = names(&estate.route_servers, |server| server.name.clone());
    let gateways = names(&estate.gateways, |gateway| gateway.name.clone());
    let circuits = names(&estate.circuits, |circuit| circuit.name.clone());
    [
        ("region", "regions", regions.into_iter().collect()),
        (
            "VNet",
            "VNets",
            names(&estate.vnets, |vnet| vnet.name.clone()),
        ),
        ("Route Server", "Route Servers", servers),
        ("NVA", "NVAs", names(&estate.nvas, with_asn)),
        ("gateway", "gateways", gateways),
        ("circuit", "circuits", circuits),
        (
            "site",
            "sites",
            names(&estate.sites, |site| site.name.clone()),
        ),
        ("NIC", "NICs", names(&estate.nics, |nic| nic.name.clone())),
    ]
}

/// How wide the first column is.
const COLUMN: usize = 18;

/// The rows of a table that the estate itself names.
fn rows_of(network: &Network, id: &TableId) -> TableRows {
    let none = |_| TableRows::Routes(Vec::new());
    network.rows(id).unwrap_or_else(none)
}

/// How many sessions of Route Servers are in which state, and which are not established.
fn sessions(network: &Network, width: usize) -> String {
    let (mut established, mut others) = (0, Vec::new());
    for id in TableKind::Sessions.tables(network.estate()) {
        for row in rows_of(network, &id).sessions() {
            if row.state == SessionState::Established {
                established += 1;
                continue;
            }
            let peer = id.peer.as_deref().unwrap_or_default();
            let (owner, instance, state) = (&id.owner, row.instance, row.state);
            let why = row
                .notification
                .map(|(code, subcode)| format!(" {code}/{subcode}"));
            let why = why.unwrap_or_default();
            others.push(format!("{owner}/{instance} - {peer} {state:?}{why}"));
        }
    }
    let mut text = format!("  {:<COLUMN$}{established} established", "sessions");
    if !others.is_empty() {
        let room = width.saturating_sub(text.len() + 2).max(20);
        // Writing to a String cannot fail.
        let _ = write!(text, "; {}", shortened(others, room));
    }
    text.push('\n');
    text
}

/// How many tables there are of each kind, with how many rows.
fn tables(network: &Network, width: usize, output: &mut Output) {
    output.text("\n");
    output.styled(
        Style::Bold,
        format_args!("{:<20}{:>8}{:>8}", "Table", "tables", "rows"),
    );
    output.text("\n");
    for kind in TableKind::ALL {
        let ids: Vec<TableId> = kind.tables(network.estate());
        if ids.is_empty() {
            continue;
        }
        let (mut rows, mut refused) = (0, 0);
        for id in &ids {
            let (own, not_used) = count(&rows_of(network, id));
            rows += own;
            refused += not_used;
        }
        let (key, tables) = (kind.shape().key, ids.len());
        let about = kind.shape().about.trim_end_matches('.');
        let about = match refused {
            0 => about.to_owned(),
            refused => format!("{refused} refused; {about}"),
        };
        let about = wrapped(&about, width.saturating_sub(38).max(20));
        let about = about.first().map_or("", String::as_str);
        output.text(format_args!("{key:<20}{tables:>8}{rows:>8}  {about}\n"));
    }
}

/// How many rows a table has, and how many of them are refused.
fn count(rows: &TableRows) -> (usize, usize) {
    match rows {
        TableRows::Routes(rows) => {
            let refused = rows.iter().filter(|row| row.refused.is_some());
            (rows.len(), refused.count())
        }
        TableRows::Effective(rows) => (rows.len(), 0),
        TableRows::Sessions(rows) => (rows.len(), 0),
    }
}

/// What is to be said about the network: the heaviest first.
fn say(network: &Network, show: &Show, width: usize, output: &mut Output) {
    let all = network.findings();
    let told = findings::told(&all);
    output.text("\n");
    output.styled(
        Style::Bold,
        format_args!("Findings: {}", findings::counts(&all)),
    );
    output.text("\n");
    for told in told.iter().take(FINDINGS) {
        let (word, style) = severity(told.severity);
        output.styled(style, format_args!("{word:<9}"));
        let subjects = shortened(&told.subjects, width / 2);
        let text = format!("{} {subjects}: {}", told.rule, told.text);
        // Behind the word, and before what says that there is more.
        let lines = wrapped(&text, width - 13);
        let cut = lines.len() > FINDING_LINES;
        for (number, line) in lines.iter().take(FINDING_LINES).enumerate() {
            let indent = if number == 0 { "" } else { "         " };
            let more = if cut && number + 1 == FINDING_LINES {
                " ..."
            } else {
                ""
            };
            output.text(format_args!("{indent}{line}{more}\n"));
        }
    }
    if told.len() > FINDINGS {
        let left = told.len() - FINDINGS;
        let ask = show
            .call("lint", "")
            .replacen(FILE, &quoted(show.at.file()), 1);
        let kinds = if left == 1 { "kind" } else { "kinds" };
        output.text(format_args!("and {left} more {kinds}: {ask}\n"));
    }
}

/// What the events change, a line each.
fn happenings(
    scenario: &Scenario,
    network: Network,
    width: usize,
    output: &mut Output,
) -> Result<(), RunError> {
    output.text("\n");
    output.styled(Style::Bold, "Events");
    output.text("\n");
    let lines = events::lines(scenario, network, width)?;
    for [id, changes] in lines.iter().take(EVENTS) {
        let line = format!("{id}: {changes}");
        output.text(format_args!(
            "  {}\n",
            wrapped(&line, width - 2).join("\n    ")
        ));
    }
    if lines.len() > EVENTS {
        output.text(format_args!("  and {} more\n", lines.len() - EVENTS));
    }
    Ok(())
}

/// What to ask next. The file is spelt out where there is room for its name.
fn next(show: &Show, scenario: &Scenario, network: &Network, width: usize, output: &mut Output) {
    let mut asks = asks(show, scenario, network);
    let longest = |texts: &mut dyn Iterator<Item = &str>| {
        let lengths = texts.map(|text| text.chars().count());
        lengths.max().unwrap_or_default()
    };
    let file = quoted(show.at.file());
    let of_file = file.chars().count().saturating_sub(FILE.len());
    let words = longest(&mut asks.iter().map(|(_, what)| *what));
    let calls = longest(&mut asks.iter().map(|(ask, _)| ask.as_str()));
    let has_room = calls + of_file + words + 4 <= width;
    let mut heading = String::from("Ask next");
    if show.program == Program::Routehub && !has_room {
        heading = format!("Ask next; {FILE} is {file}");
    } else {
        for (ask, _) in &mut asks {
            *ask = ask.replacen(FILE, &file, 1);
        }
    }
    output.text("\n");
    output.styled(Style::Bold, heading);
    output.text("\n");
    let calls = longest(&mut asks.iter().map(|(ask, _)| ask.as_str()));
    for (ask, what) in asks {
        output.text(format_args!("  {ask:<calls$}  {what}\n"));
    }
}

/// What stands for the name of the file.
const FILE: &str = "FILE";

/// Questions, and what each asks.
fn asks(show: &Show, scenario: &Scenario, network: &Network) -> Vec<(String, &'static str)> {
    let mut asks: Vec<(String, &'static str)> = Vec::new();
    let estate = network.estate();
    if let Some(nic) = estate.nics.first() {
        let name = quoted(&nic.name);
        let ask = show.tables(&format!("--nic {name}"));
        asks.push((ask, "its effective routes"));
        let routes = network.nic_effective(&nic.name).unwrap_or_default();
        let learned = routes.iter().find(|row| !row.next_hops.is_empty());
        if let Some(prefix) = learned.and_then(|row| row.prefixes.first()) {
            let ask = show.call("explain", &format!("{name} {prefix}"));
            asks.push((ask, "why it has this route"));
        }
        let ends = estate.sites.iter().map(|site| &site.name);
        let mut ends = ends.chain(estate.circuits.iter().map(|circuit| &circuit.name));
        if let Some(end) = ends.next() {
            let ask = show.call("trace", &format!("{name} {}", quoted(end)));
            asks.push((ask, "the way of a packet"));
        }
    }
    if let Some(nva) = estate.nvas.first() {
        let ask = show.tables(&format!("--peer {}", quoted(&nva.name)));
        asks.push((ask, "what it tells and is told"));
    }
    asks.push((show.call("sweep", ""), "what breaks when anything fails"));
    if !scenario.expectations.is_empty() || !scenario.promises.is_empty() {
        asks.push((show.call("check", ""), "whether all is as the file expects"));
    }
    asks.push((show.tables("--all"), "every table"));
    asks
}

/// A name as a shell takes it.
fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:".contains(c);
    match !name.is_empty() && name.chars().all(is_plain) {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}

impl Show {
    /// How a question is asked.
    fn call(&self, command: &str, arguments: &str) -> String {
        let text = match (self.program, command) {
            (Program::Routehub, _) => format!("routehub {command} {FILE} {arguments}"),
            (Program::Scenario, "sweep") => "--failures 1".to_owned(),
            (Program::Scenario, _) => format!("--{command} {arguments}"),
        };
        text.trim_end().to_owned()
    }

    /// How tables are asked for.
    fn tables(&self, options: &str) -> String {
        match self.program {
            Program::Routehub => format!("routehub show {FILE} {options}"),
            Program::Scenario => options.to_owned(),
        }
    }
}

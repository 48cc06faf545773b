//! Every pair of named ends: whether packets arrive, by which NVAs, and back by the same ones.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Write as _};

use routehub_exchange::Exchange;
use routehub_exchange::view::VnetId;

use super::both_ways::{Passed, Returned, asymmetry, returning};
use super::ends::{self, INTERNET, Start, Target};
use super::forwarding::{Device, Forwarding};
use super::hop::TraceHop;
use super::packet::Packet;
use crate::words::{Reason, joined};

/// Who reaches whom, for every two named ends: NICs, NVAs, sites, customers of circuits, and the
/// internet as where packets go.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Matrix {
    /// A pair of ends each, by the order of the estate.
    pub pairs: Vec<MatrixPair>,
}

/// Whether one end reaches another.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MatrixPair {
    /// Where packets start.
    pub from: String,
    /// Where they go.
    pub to: String,
    /// Whether every way arrives.
    pub reachable: bool,
    /// The NVAs and load balancers on each way that differs in them.
    pub via: Vec<Vec<String>>,
    /// Whether stateful NVAs may see only half of a connection; none where one way does not arrive.
    pub asymmetric: Option<bool>,
    /// Why packets do not arrive, or why the ways are asymmetric; else empty.
    pub because: String,
}

/// What is kept of a way.
#[derive(Clone, Default)]
struct Outcome {
    arrives: bool,
    passed: BTreeSet<Passed>,
    because: String,
}

impl Outcome {
    fn of(way: &TraceHop, from: &str, to: &str) -> Self {
        let arrives = way.arrives();
        Self {
            arrives,
            passed: way.passed_besides(&[from, to]),
            because: way.first_trouble().unwrap_or_default(),
        }
    }
}

/// An end with where packets start and where they go.
struct NamedEnd {
    name: String,
    start: Option<Start>,
    target: Option<Target>,
}

/// The matrix of an exchange.
pub fn matrix(exchange: &Exchange) -> Matrix {
    let mut forwarding = Forwarding::new(exchange);
    let names = ends::named_ends(exchange.estate()).map(str::to_owned);
    let mut ends: Vec<NamedEnd> = Vec::new();
    for name in names.chain([INTERNET.to_owned()]) {
        if ends.iter().all(|end| end.name != name) {
            let start = ends::start(&forwarding, &name).ok();
            ends.push(NamedEnd {
                start: start.filter(|_| name != INTERNET),
                target: ends::target(&forwarding, &name).ok(),
                name,
            });
        }
    }
    let targets = ends.iter().filter_map(|end| end.target.as_ref());
    let addresses: Vec<_> = targets.map(|target| target.address).collect();
    forwarding.set_destinations(addresses);
    Matrix {
        pairs: pairs(&mut forwarding, &ends),
    }
}

fn pairs(forwarding: &mut Forwarding<'_>, ends: &[NamedEnd]) -> Vec<MatrixPair> {
    let mut there: HashMap<(usize, usize), Outcome> = HashMap::new();
    let mut from_internet: HashMap<usize, Returned> = HashMap::new();
    for (to, end) in ends.iter().enumerate() {
        let Some(target) = &end.target else {
            continue;
        };
        // What one packet found out of the ways to this target holds for the next.
        let mut known: HashMap<Option<VnetId>, HashMap<Device, TraceHop>> = HashMap::new();
        for (from, other) in ends.iter().enumerate().filter(|(from, _)| *from != to) {
            let Some(start) = &other.start else {
                continue;
            };
            let mut packet = Packet::new(forwarding, target);
            let source = packet.source_of(start);
            let walked = known.entry(source).or_default();
            packet.know(std::mem::take(walked));
            let way = packet.walk(start);
            *walked = packet.into_known();
            there.insert((from, to), Outcome::of(&way, &other.name, &end.name));
            if end.name == INTERNET
                && let Some(source) = &other.target
            {
                let besides = [INTERNET, other.name.as_str()];
                from_internet.insert(from, returning(forwarding, &way, source, &besides));
            }
        }
    }
    let mut pairs = Vec::new();
    for (from, end) in ends
        .iter()
        .enumerate()
        .filter(|(_, end)| end.start.is_some())
    {
        for (to, other) in ends.iter().enumerate().filter(|(to, _)| *to != from) {
            let none = Outcome {
                because: format!("{} has no address", other.name),
                ..Outcome::default()
            };
            let way = there.get(&(from, to)).unwrap_or(&none);
            let asymmetry = if other.name == INTERNET {
                let back = from_internet.get(&from).filter(|back| back.way.arrives());
                back.map(|back| back.asymmetry.clone())
            } else {
                let back = there.get(&(to, from)).filter(|back| back.arrives);
                back.map(|back| asymmetry(&way.passed, &back.passed))
            };
            pairs.push(pair(&end.name, &other.name, way, asymmetry));
        }
    }
    pairs
}

/// A pair of ends; `asymmetry` is what there is to say of the ways if the one back arrives.
fn pair(from: &str, to: &str, there: &Outcome, asymmetry: Option<Option<Reason>>) -> MatrixPair {
    let asymmetry = asymmetry.filter(|_| there.arrives);
    let evidence = asymmetry.iter().flatten();
    let evidence = evidence.map(|because| because.evidence.clone()).next();
    let own = (!there.arrives).then(|| there.because.clone());
    MatrixPair {
        from: from.to_owned(),
        to: to.to_owned(),
        reachable: there.arrives,
        via: there
            .passed
            .iter()
            .filter(|way| !way.is_empty())
            .cloned()
            .collect(),
        asymmetric: asymmetry.as_ref().map(Option::is_some),
        because: own.or(evidence).unwrap_or_default(),
    }
}

impl MatrixPair {
    /// The names of the columns of a table.
    pub const COLUMNS: [&str; 6] = ["from", "to", "reachable", "via", "asymmetric", "because"];

    /// The columns as text: of several ways the NVAs of each.
    pub fn cells(&self) -> [String; 6] {
        let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let via = self.via.iter().map(|way| joined(way, " > "));
        [
            self.from.clone(),
            self.to.clone(),
            yes(self.reachable),
            joined(via, " | "),
            self.asymmetric.map(yes).unwrap_or_default(),
            self.because.clone(),
        ]
    }
}

impl Matrix {
    /// The matrix as CSV (RFC 4180), with a header.
    pub fn to_csv(&self) -> String {
        let mut csv = MatrixPair::COLUMNS.join(",");
        csv.push_str("\r\n");
        for pair in &self.pairs {
            let cells = pair.cells().map(|cell| quoted(&cell));
            csv.push_str(&cells.join(","));
            csv.push_str("\r\n");
        }
        csv
    }
}

impl fmt::Display for Matrix {
    /// Writes aligned columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = MatrixPair::COLUMNS.map(str::to_owned);
        let rows: Vec<[String; 6]> = self.pairs.iter().map(MatrixPair::cells).collect();
        let rows = || std::iter::once(&header).chain(&rows);
        let width = |column: usize| {
            let cells = rows().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let widths: [usize; 6] = std::array::from_fn(width);
        for row in rows() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                write!(line, "{cell:width$}  ")?;
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A field of CSV, quoted where it has to be.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

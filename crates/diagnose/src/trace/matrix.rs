//! Every pair of named ends: whether packets arrive, by which NVAs, and back by the same ones.

use std::fmt::{self, Write as _};

use routehub_exchange::Exchange;

use super::ways::Ways;
use crate::words::joined;

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

/// The matrix of an exchange.
pub fn matrix(exchange: &Exchange) -> Matrix {
    Ways::of(exchange).matrix()
}

impl Ways {
    /// Who reaches whom.
    pub fn matrix(&self) -> Matrix {
        let count = self.ends.count();
        let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        let starts = |from: usize| self.ends.ends[from].start.is_some();
        let pairs = pairs.filter(|(from, to)| from != to && starts(*from));
        let pairs = pairs.map(|(from, to)| self.matrix_pair(from, to));
        Matrix {
            pairs: pairs.collect(),
        }
    }

    /// What is said of a pair of ends.
    pub(super) fn matrix_pair(&self, from: usize, to: usize) -> MatrixPair {
        let pair = self.ends.pair(from, to);
        let [from, to] = [from, to].map(|end| self.ends.ends[end].name.clone());
        let Some(way) = self.way(pair) else {
            return MatrixPair {
                reachable: false,
                via: Vec::new(),
                asymmetric: None,
                because: format!("{to} has no address"),
                from,
                to,
            };
        };
        let asymmetry = self.asymmetry(pair);
        let evidence = asymmetry.clone().flatten();
        let own = (!way.arrives).then(|| way.because.to_string());
        let passed = way.passed.iter().filter(|way| !way.is_empty());
        MatrixPair {
            reachable: way.arrives,
            via: passed.cloned().collect(),
            asymmetric: asymmetry.as_ref().map(Option::is_some),
            because: own.or(evidence).unwrap_or_default(),
            from,
            to,
        }
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

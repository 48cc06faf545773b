//! A sink that writes a stream of JSON objects, one a line.
//!
//! ```text
//! {"op":"replace","vnet":"spoke","prefix":"192.168.0.0/16","next_hops":["10.0.4.4","10.0.4.5"]}
//! {"op":"withdraw","vnet":"spoke","prefix":"172.16.0.0/12"}
//! {"op":"commit","batch":1,"changes":2}
//! {"op":"complete"}
//! ```
//!
//! * `replace`: from now on this is the network's route to the prefix, whatever was before. Next
//!   hops are sorted; none means that packets are dropped.
//! * `withdraw`: the network has no route to the prefix any more.
//! * `commit`: the lines since the last one belong together; batches count from 1. Within a batch
//!   networks come in the order of the network file, prefixes in theirs, each once.
//! * `complete`: what was written so far is all there is; written once.
//!
//! Keys come in this order, and there is no time in a line: the same changes give the same octets.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::IpAddr;

use routehub::types::Prefix;
use serde::Serialize;

use super::{Sink, SinkError};

/// Writes each change as a line of JSON.
#[derive(Debug)]
pub struct JsonSink<W> {
    out: W,
    batch: u64,
    changes: u64,
    lines: String,
}

/// A line.
#[derive(Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Line<'a> {
    Replace {
        vnet: &'a str,
        prefix: Prefix,
        next_hops: &'a [IpAddr],
    },
    Withdraw {
        vnet: &'a str,
        prefix: Prefix,
    },
    Commit {
        batch: u64,
        changes: u64,
    },
    Complete,
}

impl<W: Write> JsonSink<W> {
    /// Writes to this.
    pub fn new(out: W) -> Self {
        Self {
            out,
            batch: 0,
            changes: 0,
            lines: String::new(),
        }
    }

    fn line(&mut self, line: &Line<'_>) {
        // Neither texts, numbers nor lists of them can fail.
        let text = serde_json::to_string(line).unwrap_or_default();
        // Nor can writing to a text.
        let _ = writeln!(self.lines, "{text}");
    }

    fn flush(&mut self) -> io::Result<()> {
        let lines = std::mem::take(&mut self.lines);
        self.out.write_all(lines.as_bytes())?;
        self.out.flush()
    }
}

impl<W: Write + Send> Sink for JsonSink<W> {
    fn name(&self) -> &'static str {
        "json"
    }

    fn begin(&mut self) {
        self.batch += 1;
        self.changes = 0;
    }

    fn replace(&mut self, vnet: &str, prefix: Prefix, next_hops: &[IpAddr]) {
        self.changes += 1;
        self.line(&Line::Replace {
            vnet,
            prefix,
            next_hops,
        });
    }

    fn withdraw(&mut self, vnet: &str, prefix: Prefix) {
        self.changes += 1;
        self.line(&Line::Withdraw { vnet, prefix });
    }

    fn commit(&mut self) -> Result<(), SinkError> {
        let (batch, changes) = (self.batch, self.changes);
        self.line(&Line::Commit { batch, changes });
        Ok(self.flush()?)
    }

    fn complete(&mut self) -> Result<(), SinkError> {
        self.line(&Line::Complete);
        Ok(self.flush()?)
    }
}

//! Decodes BGP messages: hexadecimal or JSON lines in, a JSON object per line out.

pub mod examination;
mod input;
mod mrt;
mod report;
pub mod session;

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;

/// Decode BGP messages and say what a correct speaker does with each.
///
/// A line is one message: hexadecimal digits, or a JSON object with `message_hex` and perhaps `id`,
/// `state` and `session`: then the message is given to a session brought to that state, with
/// admission and Adj-RIB-In behind it. A JSON object comes out per line; `action` is one of accept,
/// attribute_discard, treat_as_withdraw, ignore_route, ignore_message, notification,
/// close_without_notification.
#[derive(Clone, Debug, Args)]
pub struct Decode {
    /// Lines to read; `-` is standard input.
    #[arg(default_value = "-", conflicts_with = "mrt")]
    file: String,
    /// An MRT file to read instead (BGP4MP, TABLE_DUMP_V2), not compressed; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    mrt: Option<String>,
}

impl Run for Decode {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let done = match &self.mrt {
            Some(name) => mrt_file(name, output),
            None => lines(&self.file, output),
        };
        match done {
            Err(error) if !is_closed_pipe(&error) => Err(error.into()),
            _ => Ok(true),
        }
    }
}

/// Whether the reader of the output has gone away, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Opens a file, or standard input for `-`.
fn open(name: &str) -> Result<Box<dyn Read>> {
    if name == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(name).with_context(|| format!("cannot read {name}"))?;
    Ok(Box::new(file))
}

/// A report per line; a line that is no message is reported as an error, and the run goes on.
fn lines(name: &str, out: &mut impl Write) -> Result<()> {
    let mut input = BufReader::new(open(name)?);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.with_context(|| format!("cannot read {name}"))? == 0 {
            return Ok(());
        }
        number += 1;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        match input::message(text) {
            Ok(message) => routehub_scenario::json::to_writer(&mut *out, &report::report(&message))
                .map_err(io::Error::from)?,
            Err(error) => {
                let error = json!({ "error": format!("{error:#}"), "line": number });
                routehub_scenario::json::to_writer(&mut *out, &error).map_err(io::Error::from)?;
            }
        }
        writeln!(out)?;
    }
}

/// A report per message of an MRT file.
fn mrt_file(name: &str, out: &mut impl Write) -> Result<()> {
    let mut file = BufReader::new(open(name)?);
    let mut reader = mrt::Reader::default();
    let mut at = 0;
    while let Some(record) =
        mrt::record(&mut file, &mut at).with_context(|| format!("cannot read {name}"))?
    {
        for entry in reader.entries(&record) {
            match entry {
                Ok(message) => {
                    routehub_scenario::json::to_writer(&mut *out, &report::report(&message))
                        .map_err(io::Error::from)?;
                }
                Err(reason) => {
                    let error = json!({ "error": reason, "offset": record.offset });
                    routehub_scenario::json::to_writer(&mut *out, &error)
                        .map_err(io::Error::from)?;
                }
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

//! The first network file, and the schema of all.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use clap::Args;
use routehub_scenario::json_schema;
use serde::Serialize;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;

/// A commented network file to begin with.
pub const NETWORK: &str = include_str!("network.yaml");

/// Write a commented network file to begin with.
#[derive(Clone, Debug, Args)]
pub struct Init {
    /// The file; `-` is standard output. One that exists is not touched.
    #[arg(default_value = "network.yaml")]
    file: PathBuf,
    /// Print what was written as JSON.
    #[arg(long)]
    json: bool,
}

/// What was written.
#[derive(Serialize)]
struct Written {
    /// Where; none: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The text, where it is not in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    network_file: Option<&'static str>,
    octets: usize,
}

impl Run for Init {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        if self.file.as_os_str() == "-" {
            match self.json {
                true => output.answer(true, &Written::of(None), "")?,
                false => output.data(NETWORK),
            }
            return Ok(true);
        }
        let name = self.file.display();
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&self.file);
        let written = file.and_then(|mut file| file.write_all(NETWORK.as_bytes()));
        written.map_err(|error| {
            Failure::bad_input(match error.kind() {
                ErrorKind::AlreadyExists => format!("{name} exists, and stays as it is"),
                _ => format!("{name}: {error}"),
            })
        })?;
        let written = Written::of(Some(name.to_string()));
        let text = format!("{name} is written; next: routehub show {name}\n");
        output.answer(self.json, &written, text)?;
        Ok(true)
    }
}

impl Written {
    const fn of(file: Option<String>) -> Self {
        let network_file = if file.is_none() { Some(NETWORK) } else { None };
        Self {
            file,
            network_file,
            octets: NETWORK.len(),
        }
    }
}

/// Print the JSON schema of the network file, for editors and checkers.
#[derive(Clone, Copy, Debug, Args)]
pub struct Schema {}

impl Run for Schema {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let schema = json_schema();
        output.data(schema.trim_end());
        output.data("\n");
        Ok(true)
    }
}

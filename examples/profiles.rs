//! Shows the numbers and switches of Azure by year, each with its rule and source.
//!
//! ```text
//! cargo run --example profiles                         all profiles side by side
//! cargo run --example profiles -- azure-2026           one, with sources
//! cargo run --example profiles -- azure-2023 azure-2026   what changed between two
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use routehub::Profile;
use routehub::profile::PROFILES;
use routehub::rules::SOURCES;
use routehub::types::Escaped;

/// Show the numbers and switches of a route server: those of Azure by year, and of a plain one.
///
/// Without a name all profiles stand side by side; with one name it is shown with the rules and
/// sources of every field; with two, what differs.
#[derive(Parser)]
#[command(name = "profiles")]
struct Arguments {
    /// azure-2021, azure-2023, azure-2025, azure-2026 or open.
    name: Option<String>,
    /// A second profile: show the differences.
    other: Option<String>,
    /// Set a switch of the profile named last, such as `max_peers=none`.
    #[arg(long, value_name = "SWITCH=VALUE", requires = "name")]
    set: Vec<String>,
}

fn main() -> ExitCode {
    let text = match run(&Arguments::parse()) {
        Ok(text) => text,
        Err(error) => {
            let error = format!("{error:#}");
            eprintln!("profiles: {}", Escaped::lines(error));
            return ExitCode::from(2);
        }
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("profiles: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::SUCCESS,
    }
}

fn run(arguments: &Arguments) -> Result<String> {
    let Some(name) = &arguments.name else {
        return side_by_side();
    };
    let mut profile = Profile::named(name)?;
    let mut other = arguments.other.as_deref().map(Profile::named).transpose()?;
    let last = other.as_mut().unwrap_or(&mut profile);
    for setting in &arguments.set {
        let (switch, value) = setting
            .split_once('=')
            .with_context(|| format!("--set {setting:?} is not SWITCH=VALUE"))?;
        last.set(switch, value)?;
    }
    match other {
        None => with_sources(&profile),
        Some(other) => differences(&profile, &other),
    }
}

/// A value too long for a column.
const WIDE: usize = 11;

/// All profiles side by side.
fn side_by_side() -> Result<String> {
    let mut text = String::new();
    let columns: Vec<_> = Profile::all().map(|profile| profile.fields()).collect();
    let newest = Profile::default().fields();
    let name = newest
        .iter()
        .map(|field| field.name.len())
        .max()
        .unwrap_or(0);
    write!(text, "{:name$}", "")?;
    for profile in PROFILES {
        write!(text, "  {profile:WIDE$}")?;
    }
    writeln!(text, "  rules")?;
    for (row, field) in newest.iter().enumerate() {
        write!(text, "{:name$}", field.name)?;
        for value in columns.iter().filter_map(|fields| fields.get(row)) {
            let long = value.value.len() > WIDE;
            write!(
                text,
                "  {:WIDE$}",
                if long { "(a list)" } else { &value.value }
            )?;
        }
        writeln!(text, "  {}", field.rules)?;
    }
    Ok(text)
}

/// One profile with its sources, and what their short names stand for.
fn with_sources(profile: &Profile) -> Result<String> {
    let mut text = format!("{profile}\nwhere\n");
    let fields = profile.fields();
    let words = fields
        .iter()
        .flat_map(|field| field.sources.split([',', ';', ':', ' ']));
    let named: BTreeSet<&str> = words.collect();
    for source in SOURCES.iter().filter(|source| named.contains(source.key)) {
        writeln!(text, "  {:8}  {}", source.key, source.what)?;
    }
    Ok(text)
}

/// What differs between two profiles.
fn differences(one: &Profile, other: &Profile) -> Result<String> {
    let mut text = format!("{} -> {}\n", one.base, other.base);
    let differences = one.diff(other);
    if differences.is_empty() {
        writeln!(text, "  no difference")?;
    }
    for difference in differences {
        writeln!(text, "  {difference}\n      {}", difference.before.about)?;
    }
    Ok(text)
}

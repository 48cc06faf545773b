//! Shows the numbers and switches of Azure by year, each with its rule and source.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use clap::Args;
use routehub::Profile;
use routehub::profile::PROFILES;
use routehub::rules::SOURCES;
use serde::Serialize;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;

/// Show the numbers and switches of a route server: those of Azure by year, and of a plain one.
///
/// Without a name all profiles stand side by side; with one name it is shown with the rules and
/// sources of every field; with two, what differs.
#[derive(Clone, Debug, Args)]
pub struct Profiles {
    /// azure-2021, azure-2023, azure-2025, azure-2026 or open.
    name: Option<String>,
    /// A second profile: show the differences.
    other: Option<String>,
    /// Set a switch of the profile named last, such as `max_peers=none`.
    #[arg(long, value_name = "SWITCH=VALUE", requires = "name")]
    set: Vec<String>,
    /// Print JSON: the fields of the profiles that are shown.
    #[arg(long)]
    json: bool,
}

impl Run for Profiles {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let profiles = self.profiles()?;
        if self.json {
            let data: Vec<Data> = profiles.iter().map(Data::of).collect();
            output.answer(true, &data, "")?;
            return Ok(true);
        }
        output.data(&match profiles.as_slice() {
            [profile] => with_sources(profile)?,
            [profile, other] => differences(profile, other)?,
            _ => side_by_side()?,
        });
        Ok(true)
    }
}

/// A profile, as it is printed for programs.
#[derive(Serialize)]
struct Data {
    name: &'static str,
    fields: Vec<FieldData>,
}

/// A number or switch of a profile.
#[derive(Serialize)]
struct FieldData {
    name: &'static str,
    value: String,
    rules: &'static str,
    sources: &'static str,
    about: &'static str,
}

impl Data {
    fn of(profile: &Profile) -> Self {
        let fields = profile.fields().into_iter().map(|field| FieldData {
            name: field.name,
            value: field.value,
            rules: field.rules,
            sources: field.sources,
            about: field.about,
        });
        Self {
            name: profile.base,
            fields: fields.collect(),
        }
    }
}

impl Profiles {
    /// The profiles that are asked for.
    fn profiles(&self) -> Result<Vec<Profile>> {
        let Some(name) = &self.name else {
            return Ok(Profile::all().collect());
        };
        let mut profile = Profile::named(name)?;
        let mut other = self.other.as_deref().map(Profile::named).transpose()?;
        let last = other.as_mut().unwrap_or(&mut profile);
        for setting in &self.set {
            let (switch, value) = setting
                .split_once('=')
                .with_context(|| format!("--set {setting:?} is not SWITCH=VALUE"))?;
            last.set(switch, value)?;
        }
        Ok([profile].into_iter().chain(other).collect())
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

//! Makes a network file of what Azure's own tools print.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use routehub_arm::Documents;
use routehub_scenario::Scenario;
use routehub_types::Escaped;
use serde::Serialize;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;

/// Make a network file of resource documents of Azure: of `az ... -o json`, REST, Resource Graph
/// and Terraform, and of dumps of learned and effective routes.
#[derive(Clone, Debug, Args)]
pub struct Import {
    /// The documents, in any order. A dump of effective routes is called by its NIC.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the network file goes; standard output if left out.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Fail if a file cannot be read, what there is does not fit together, or the model and Azure
    /// do not agree.
    #[arg(long)]
    check: bool,
    /// The title of the network file.
    #[arg(long, default_value = "Imported from Azure")]
    title: String,
    /// The profile of the network file.
    #[arg(long, default_value = "azure-2026")]
    profile: String,
    /// Print JSON: the network file as a text if it goes nowhere else, and what is to be said of it.
    #[arg(long)]
    json: bool,
}

/// What an import says, as it is printed for programs.
#[derive(Serialize)]
struct Told<'a> {
    /// Unless it is in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    network_file: Option<&'a str>,
    remarks: Vec<Said<'a>>,
    /// What could not be read, and why.
    unread: &'a [String],
    agrees: bool,
}

/// A remark, and from where the facts would come.
#[derive(Serialize)]
struct Said<'a> {
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
}

impl Run for Import {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let mut documents = Documents::new();
        let mut unread = Vec::new();
        for file in &self.files {
            // A file that is none of these takes nothing from the others.
            if let Err(error) = add(&mut documents, file) {
                let told = format!("{error:#}");
                eprintln!("{}", Escaped::lines(&told));
                unread.push(told);
            }
        }
        if unread.len() == self.files.len() {
            return Err(Failure::bad_input("none of the files could be read"));
        }
        let import = documents.import();
        let text = import.network_file(&self.title, &self.profile);
        match &self.output {
            Some(file) => {
                fs::write(file, &text)
                    .map_err(|error| Failure::bad_input(format!("{}: {error}", file.display())))?;
            }
            None if self.json => {}
            None => output.data(&text),
        }
        for remark in &import.remarks {
            eprintln!("{}", Escaped::line(&remark.what));
            if let Some(remedy) = &remark.remedy {
                eprintln!("  from: {}", Escaped::line(remedy));
            }
        }
        let agrees = agreement(&text);
        if self.json {
            let remarks = import.remarks.iter().map(|remark| Said {
                what: &remark.what,
                from: remark.remedy.as_deref(),
            });
            let told = Told {
                network_file: self.output.is_none().then_some(&text),
                remarks: remarks.collect(),
                unread: &unread,
                agrees,
            };
            output.answer(true, &told, "")?;
        }
        Ok(unread.is_empty() && (agrees || !self.check))
    }
}

/// Adds a file to the documents.
fn add(documents: &mut Documents, file: &Path) -> Result<()> {
    let octets = fs::read(file).with_context(|| file.display().to_string())?;
    let name = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy();
    documents.add(&name, &String::from_utf8_lossy(&octets))?;
    Ok(())
}

/// Says whether the network fits together, and how well the model agrees with what Azure printed.
fn agreement(text: &str) -> bool {
    match Scenario::parse(text) {
        Err(diagnostics) => {
            eprintln!("what does not fit together, to be mended by hand:");
            for diagnostic in diagnostics {
                eprintln!("  {}", Escaped::lines(diagnostic));
            }
            false
        }
        Ok(scenario) => match scenario.check() {
            Err(error) => {
                eprintln!("{}", Escaped::lines(error));
                false
            }
            Ok(reports) => {
                for report in reports.iter().filter(|report| report.hard > 0) {
                    let agree = report.hard - report.failures();
                    let rows = report.hard;
                    eprintln!("the model and Azure agree in {agree} of {rows} rows{report}");
                }
                reports.iter().all(|report| report.failures() == 0)
            }
        },
    }
}

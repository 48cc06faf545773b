//! Makes a network file of what Azure's own tools print.
//!
//! ```sh
//! az network vnet list -o json > vnets.json        # and what else there is
//! cargo run --example import -- *.json -o network.yaml
//! ```

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use routehub::types::Escaped;
use routehub_arm::Documents;
use routehub_scenario::Scenario;

/// Makes a network file of resource documents of Azure: of `az ... -o json`, REST, Resource Graph
/// and Terraform, and of dumps of learned and effective routes.
#[derive(Parser)]
struct Arguments {
    /// The documents, in any order. A dump of effective routes is called by its NIC.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the network file goes; standard output if left out.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// The title of the network file.
    #[arg(long, default_value = "Imported from Azure")]
    title: String,
    /// The profile of the network file.
    #[arg(long, default_value = "azure-2026")]
    profile: String,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut documents = Documents::new();
    for file in &arguments.files {
        let octets = fs::read(file).with_context(|| file.display().to_string())?;
        let name = file
            .file_name()
            .unwrap_or(file.as_os_str())
            .to_string_lossy();
        documents.add(&name, &String::from_utf8_lossy(&octets))?;
    }
    let import = documents.import();
    let text = import.network_file(&arguments.title, &arguments.profile);
    match &arguments.output {
        Some(output) => fs::write(output, &text).with_context(|| output.display().to_string())?,
        None => print!("{text}"),
    }
    for remark in &import.remarks {
        eprintln!("{}", Escaped::line(&remark.what));
        if let Some(remedy) = &remark.remedy {
            eprintln!("  from: {}", Escaped::line(remedy));
        }
    }
    agreement(&text);
    Ok(())
}

/// Says whether the network fits together, and how well the model agrees with what Azure printed.
fn agreement(text: &str) {
    match Scenario::parse(text) {
        Err(diagnostics) => {
            eprintln!("what does not fit together, to be mended by hand:");
            for diagnostic in diagnostics {
                eprintln!("  {}", Escaped::lines(diagnostic));
            }
        }
        Ok(scenario) => match scenario.check() {
            Err(error) => eprintln!("{}", Escaped::lines(error)),
            Ok(reports) => {
                for report in reports.iter().filter(|report| report.hard > 0) {
                    let agree = report.hard - report.failures();
                    let rows = report.hard;
                    eprintln!("the model and Azure agree in {agree} of {rows} rows{report}");
                }
            }
        },
    }
}

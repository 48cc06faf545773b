//! Who reaches whom.

use clap::Args;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::At;

/// Show who reaches whom, by which NVAs, and whether the way back passes the same.
///
/// Every NIC, NVA, site and circuit's customer, and the internet.
#[derive(Clone, Debug, Args)]
pub struct Matrix {
    /// The network and the time.
    #[command(flatten)]
    pub at: At,
    /// Print it as CSV.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Run for Matrix {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let matrix = self.at.network()?.matrix();
        if self.csv {
            // Its lines end with both characters (RFC 4180).
            for line in matrix.to_csv().split_inclusive("\r\n") {
                match line.strip_suffix("\r\n") {
                    Some(line) => {
                        output.text(line);
                        output.data("\r\n");
                    }
                    None => output.text(line),
                }
            }
        } else {
            output.answer(self.json, &matrix, &matrix)?;
        }
        Ok(true)
    }
}

//! What there is to see in a network: one screen, or tables.

mod columns;
mod events;
mod findings;
mod selection;
mod summary;
mod tables;
mod text;
mod wrap;

use clap::Args;
use routehub_scenario::Tables;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::At;

pub use selection::Selection;
pub use summary::Program;

/// Show a network on one screen: what it is, sessions, tables, findings; or the tables that are
/// named.
///
/// The tables are shown at the start ("initial") and after each event of the file.
#[derive(Clone, Debug, Args)]
pub struct Show {
    /// The network, and the time if only one is asked for.
    #[command(flatten)]
    pub at: At,
    /// Which tables.
    #[command(flatten)]
    pub selection: Selection,
    /// Print `[{at, tables}]` as JSON, in the shapes that `expect` has: all tables if none is named.
    #[arg(long)]
    pub json: bool,
    /// Print the JSON that Azure's commands print for the tables they know.
    #[arg(long, conflicts_with = "json")]
    pub az: bool,
    /// How the program is called that the screen names.
    #[arg(skip)]
    pub program: Program,
}

impl Run for Show {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let scenario = self.at.read()?;
        self.selection.check(&scenario.estate)?;
        if self.json || self.az {
            tables::json(self, &scenario, output)?;
            return Ok(true);
        }
        if self.selection.is_empty() {
            summary::screen(self, &scenario, output)?;
            return Ok(true);
        }
        let width = output.width();
        // What came before an event that does not settle is shown.
        scenario.run(|now, network| {
            if !self.at.is_asked(now) {
                return;
            }
            let seen = self.selection.narrowed(network);
            let ids = self.selection.tables(network.estate());
            let findings = match self.selection.has_findings() {
                true => network.findings(),
                false => Vec::new(),
            };
            let tables = Tables {
                findings,
                ..Tables::some(network.estate(), &seen, ids)
            };
            let mut text = String::new();
            text::snapshot(&mut text, now, &tables, width);
            output.text(text);
        })?;
        Ok(true)
    }
}

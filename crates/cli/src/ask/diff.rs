//! What another file, or an event, changes.

use clap::Args;
use routehub::{Difference, Network};

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::{Source, after, near};

/// Show what changes for every NIC and peer, with another file or by an event; exit code 1 if
/// anything does.
#[derive(Clone, Debug, Args)]
pub struct Diff {
    /// The network before.
    #[command(flatten)]
    pub source: Source,
    /// The network after, another file.
    #[arg(required_unless_present = "event", conflicts_with = "event")]
    pub other: Option<String>,
    /// The event of the file whose changes are asked for.
    #[arg(long, value_name = "EVENT")]
    pub event: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Run for Diff {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let scenario = self.source.read()?;
        let (before, after) = match (&self.other, &self.event) {
            (_, Some(event)) => {
                let ids = || scenario.events.iter().map(|(id, _)| id.as_str());
                let place = ids().position(|id| id == event);
                let place = place.ok_or_else(|| {
                    let near = near(event, ids());
                    Failure::bad_argument(format!("{event}: there is no such event{near}"))
                })?;
                (after(&scenario, place)?, after(&scenario, place + 1)?)
            }
            (Some(other), None) => {
                let other = Source::of(other).read()?;
                (after(&scenario, 0)?, after(&other, 0)?)
            }
            (None, None) => {
                return Err(Failure::bad_argument("another file or an event is needed"));
            }
        };
        self.changes(&before, &after, output)
    }
}

impl Diff {
    /// What changes; good is only that nothing does.
    fn changes(
        &self,
        before: &Network,
        after: &Network,
        output: &mut Output,
    ) -> Result<bool, Failure> {
        let difference = Difference::of(before, after);
        output.answer(self.json, &difference, &difference)?;
        Ok(difference.is_empty())
    }
}

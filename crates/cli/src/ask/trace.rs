//! The way of a packet.

use clap::Args;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::At;

/// Show the way of a packet; exit code 1 if it does not arrive.
///
/// Each end is a NIC, NVA, site, circuit (its customer), an address or `internet`.
#[derive(Clone, Debug, Args)]
pub struct Trace {
    /// The network and the time.
    #[command(flatten)]
    pub at: At,
    /// Where the packet starts.
    pub from: String,
    /// Where it is to go.
    pub to: String,
    /// The way back too, and whether both pass the same stateful NVAs; exit code 1 if one does not
    /// arrive, or they do not.
    #[arg(long)]
    pub both_ways: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Run for Trace {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let (from, to) = (&self.from, &self.to);
        let network = self.at.network()?;
        let wrong = |error| Failure::bad_argument(format!("{from} {to}: {error}"));
        if self.both_ways {
            let ways = network.both_ways(from, to).map_err(wrong)?;
            let (holds, text) = (ways.holds(), ways.to_string());
            output.answer(self.json, &ways.with_rules(), text)?;
            return Ok(holds);
        }
        let trace = network.trace(from, to).map_err(wrong)?;
        let (arrives, text) = (trace.arrives(), trace.to_string());
        output.answer(self.json, &trace.with_rules(), text)?;
        Ok(arrives)
    }
}

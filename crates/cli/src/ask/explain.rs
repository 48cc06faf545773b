//! Why a route is there, or is not.

use std::net::IpAddr;

use clap::Args;
use routehub_types::Prefix;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::At;

/// Say why somebody has, or has not, routes to a prefix or address, hop by hop.
#[derive(Clone, Debug, Args)]
pub struct Explain {
    /// The network and the time.
    #[command(flatten)]
    pub at: At,
    /// A NIC, Route Server, NVA, gateway, circuit or site.
    pub name: String,
    /// Where to.
    #[arg(value_name = "PREFIX_OR_ADDRESS")]
    pub destination: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Run for Explain {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let (name, what) = (&self.name, &self.destination);
        let scenario = self.at.read()?;
        let destination = what.parse::<IpAddr>().map(Prefix::host);
        let destination = destination
            .or_else(|_| what.parse::<Prefix>())
            .map_err(|error| Failure::bad_argument(format!("{name} {what}: {error}")))?;
        let network = self.at.network_of(&scenario)?;
        let explained = network.explain(name, destination);
        let explained = explained.map_err(|unknown| {
            let near = unknown.nearest;
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let wanted = unknown.wanted;
            Failure::bad_argument(format!("{name}: there is no {wanted} of this name{near}"))
        })?;
        let text = explained.to_string();
        output.answer(self.json, &explained.with_rules(), text)?;
        Ok(true)
    }
}

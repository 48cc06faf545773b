//! Why a route is there, or is not.

use std::net::IpAddr;

use clap::Args;
use routehub::Estate;
use routehub::check::nearest_name;
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
        let explained = network.explain(name, destination).ok_or_else(|| {
            let near = nearest_name(name, explained_names(network.estate()));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let message = format!("{name}: there is no NIC or speaker of this name{near}");
            Failure::bad_argument(message)
        })?;
        let text = explained.to_string();
        output.answer(self.json, &explained.with_rules(), text)?;
        Ok(true)
    }
}

/// The names of all who can be asked about.
fn explained_names(estate: &Estate) -> impl Iterator<Item = &str> {
    let nics = estate.nics.iter().map(|nic| &nic.name);
    let servers = estate.route_servers.iter().map(|server| &server.name);
    let gateways = estate.gateways.iter().map(|gateway| &gateway.name);
    let circuits = estate.circuits.iter().map(|circuit| &circuit.name);
    let nvas = estate.nvas.iter().map(|nva| &nva.name);
    let sites = estate.sites.iter().map(|site| &site.name);
    let speakers = servers.chain(gateways).chain(circuits).chain(nvas);
    nics.chain(speakers).chain(sites).map(String::as_str)
}

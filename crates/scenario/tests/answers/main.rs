//! What explanations and findings say, read as their users do.

mod causes;
mod designs;
mod explanations_agree;
mod named_rules;
mod pains;
mod words;

use std::fmt::Write as _;
use std::path::Path;

use routehub::Network;
use routehub_scenario::Scenario;

/// What is asked about a network.
enum Ask {
    /// Why somebody has, or has not, a route.
    Explain(&'static str, &'static str),
    /// Where a packet goes.
    Trace(&'static str, &'static str),
    /// There and back.
    BothWays(&'static str, &'static str),
    /// What is to be said about it.
    Lint,
}

/// The network of a file, after its events if they are to happen.
fn network(file: &str, events: bool) -> Network {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    let text = std::fs::read_to_string(path).expect("the file is there");
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{file}: {e:?}"));
    let mut network = scenario.network().expect("it settles");
    for (_, event) in scenario.events.iter().filter(|_| events) {
        network.apply(event).expect("it settles");
    }
    network
}

/// The answers to some questions about a network, after its events.
fn answers(file: &str, asked: &[Ask]) -> String {
    let network = network(file, true);
    let mut text = String::new();
    for ask in asked {
        match ask {
            Ask::Explain(whose, destination) => {
                let prefix = if destination.contains('/') {
                    destination.parse().expect("a prefix")
                } else {
                    routehub::types::Prefix::host(destination.parse().expect("an address"))
                };
                let told = network.explain(whose, prefix).expect("it exists");
                let _ = writeln!(text, "> explain {whose} {destination}\n{told}");
            }
            Ask::Trace(from, to) => {
                let trace = network.trace(from, to).expect("both ends exist");
                let _ = writeln!(text, "> trace {from} {to}\n{trace}");
            }
            Ask::BothWays(from, to) => {
                let ways = network.both_ways(from, to).expect("both ends exist");
                let _ = writeln!(text, "> trace {from} {to} both ways\n{ways}");
            }
            Ask::Lint => {
                let _ = writeln!(text, "> lint");
                for one in network.findings() {
                    let (severity, rule) = (one.severity, one.rule);
                    let _ = writeln!(text, "{severity:?} {rule} {}: {}", one.subject, one.text);
                }
            }
        }
    }
    text
}

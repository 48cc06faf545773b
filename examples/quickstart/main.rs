//! An Azure Route Server at work, in one screen: what each NVA learns, what a virtual machine's
//! routes are, why a route is there or is not, and what happens when an appliance fails.

use std::net::IpAddr;

use anyhow::{Context as _, anyhow};
use comfy_table::{Table, presets};
use routehub::types::Escaped;
use routehub::{Network, NextHopType, PathStanding, RouteRow, rules};
use routehub_scenario::Scenario;

const NETWORK: &str = include_str!("network.yaml");
const NVAS: [&str; 3] = ["sdwan1", "sdwan2", "firewall"];

#[derive(clap::Parser)]
#[command(about = "An Azure Route Server at work: a hub with three NVAs, a spoke, a failure")]
struct Args {}

fn main() -> anyhow::Result<()> {
    let Args {} = clap::Parser::parse();
    let scenario = Scenario::parse(NETWORK).map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        anyhow!("the network of this example: {first}")
    })?;
    let mut network = Network::new(&scenario.profile, scenario.estate)?;
    println!("{}\n", Escaped::line(&scenario.title));

    println!(
        "What the Route Server learned, and sends back (instance 0; instance 1 is the same)\n"
    );
    print_exchange(&network)?;

    println!("\nEffective routes of spoke-vm\n");
    print_effective(&network, "spoke-vm")?;

    println!("\nWhy?\n");
    explain(&network)?;

    for (id, event) in &scenario.events {
        network.apply(event)?;
        println!(
            "\nEffective routes of spoke-vm after {}\n",
            Escaped::line(id)
        );
        print_effective(&network, "spoke-vm")?;
    }
    Ok(())
}

fn print_exchange(network: &Network) -> anyhow::Result<()> {
    let mut table = columns([
        "NVA",
        "ROUTE",
        "PREFIX",
        "NEXT HOP",
        "AS PATH",
        "COMMUNITIES",
    ]);
    for nva in NVAS {
        let rows = [("learned", network.rs_learned("rs", nva)?)];
        let sent = [("sent", network.rs_advertised("rs", nva)?)];
        for (what, rows) in rows.into_iter().chain(sent) {
            for row in rows.iter().filter(|row| row.instance == Some(0)) {
                table.add_row(exchanged(nva, what, row));
            }
        }
    }
    println!("{}", Escaped::lines(trimmed(&table)));
    Ok(())
}

fn exchanged(nva: &str, what: &str, row: &RouteRow) -> [String; 6] {
    let communities: Vec<String> = row.communities.iter().map(ToString::to_string).collect();
    [
        nva.to_owned(),
        what.to_owned(),
        row.prefix.to_string(),
        row.next_hop.map(|hop| hop.to_string()).unwrap_or_default(),
        row.as_path.to_string(),
        communities.join(" "),
    ]
}

fn print_effective(network: &Network, nic: &str) -> anyhow::Result<()> {
    let mut table = columns(["SOURCE", "STATE", "PREFIX", "NEXT HOP TYPE", "NEXT HOP"]);
    for row in network.nic_effective(nic)? {
        if row.next_hop_type == NextHopType::None {
            continue; // ranges that the platform drops
        }
        let prefixes: Vec<String> = row.prefixes.iter().map(ToString::to_string).collect();
        table.add_row([
            format!("{:?}", row.source),
            format!("{:?}", row.state),
            prefixes.join(" "),
            format!("{:?}", row.next_hop_type),
            joined(&row.next_hops),
        ]);
    }
    println!("{}", Escaped::lines(trimmed(&table)));
    Ok(())
}

/// Why one route is on the virtual machine by two ways, and why another is not there at all.
fn explain(network: &Network) -> anyhow::Result<()> {
    let prefix = "10.250.0.0/16".parse()?;
    println!("{prefix} has two next hops:");
    for path in network.rs_paths("rs", 0, prefix)? {
        let standing = match path.standing {
            PathStanding::Best => "best, and the one that is passed on".to_owned(),
            PathStanding::Equal => "equal to the best at every step: ECMP (R-066)".to_owned(),
            PathStanding::Lost { step, .. } => format!("lost by {step}"),
            PathStanding::Refused(rule) => format!("refused ({rule})"),
            PathStanding::Replaced => "replaced by a route map".to_owned(),
        };
        let from = path.from.unwrap_or_default();
        let from = Escaped::line(from);
        println!("  from {from}, AS path {}: {standing}", path.as_path);
    }
    let refused = network.rs_refused("rs", "sdwan1")?;
    let one = refused.first().context("a route that was refused")?;
    println!("{} from sdwan1 is not on the virtual machine:", one.prefix);
    println!("  refused: {} ({})", rules::text(one.rule), one.rule);
    println!("  remedy: advertise a prefix around the network's, or use a user-defined route");
    Ok(())
}

fn joined(addresses: &[IpAddr]) -> String {
    addresses
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn columns<const N: usize>(names: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(names);
    table
}

/// The table without blanks at the end of lines.
fn trimmed(table: &Table) -> String {
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

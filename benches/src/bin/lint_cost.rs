//! What questions about a whole estate cost beside loading it: findings, a snapshot's difference,
//! all rows of a NIC.
//!
//! `cargo run --release -p routehub-benches --bin lint_cost`; the lowest of three runs, in
//! milliseconds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use routehub::estate::{Estate, PeeringFlags};
use routehub::{Event, Network, NvaSessions, TableKind, findings};
use routehub_benches::estates::{large, network};

/// How many networks.
const SIZES: [u32; 4] = [10, 100, 500, 2000];

fn least<T>(mut what: impl FnMut() -> T) -> Duration {
    let run = |_| {
        let start = Instant::now();
        black_box(what());
        start.elapsed()
    };
    let least = (0..3).map(run).min();
    least.unwrap_or_default()
}

/// The same estate, where no network takes forwarded traffic and half of the tables keep routes
/// from machines.
fn strict(vnets: u32) -> Estate {
    let mut estate = large(vnets);
    for peering in &mut estate.peerings {
        for flags in [&mut peering.a_to_b, &mut peering.b_to_a] {
            *flags = PeeringFlags {
                allow_forwarded_traffic: false,
                ..*flags
            };
        }
    }
    estate
}

fn tell(name: &str, vnets: u32, make: impl Fn(u32) -> Estate) {
    let loading = least(|| network(make(vnets)));
    let network: Network = network(make(vnets));
    let linting = least(|| findings(&network));
    let nic = TableKind::NicEffective.of("nic-hub");
    let rows = least(|| network.rows(&nic).expect("a name"));
    let [loading, linting, rows] = [loading, linting, rows].map(|of| of.as_secs_f64() * 1e3);
    println!(
        "{name} {vnets:5}: load {loading:8.1}, findings {linting:8.1}, rows of a NIC {rows:6.1}"
    );
}

fn main() {
    for vnets in SIZES {
        tell("hub and spokes     ", vnets, large);
        tell("no forwarded traffic", vnets, strict);
    }
    let mut network = network(large(10));
    let before = network.snapshot();
    let event = Event::NvaDown(NvaSessions {
        nva: "nva3".into(),
        route_server: None,
        instance: None,
    });
    if network.apply(&event).is_ok() {
        let differing = least(|| routehub::Difference::between(&before, &network.snapshot()));
        println!(
            "an event's difference, 10 networks: {:.1}",
            differing.as_secs_f64() * 1e3
        );
    }
}

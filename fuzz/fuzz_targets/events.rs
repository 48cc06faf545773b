//! Any text is a list of events or is told what is wrong with it; what fits an estate happens to it
//! or is refused, and the estate is the same as one that is built anew.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use routehub::Network;
use routehub_scenario::{Scenario, parse_events};

/// The estate that everything happens to.
static LAB: LazyLock<Scenario> = LazyLock::new(|| {
    let text = include_str!("../../crates/scenario/tests/labs/doc-security-and-sdwan.yaml");
    Scenario::parse(text).expect("a good file")
});

fuzz_target!(|text: &str| {
    let mut network: Network = LAB.network().expect("it settles");
    let events = match parse_events(text, &LAB.estate, true) {
        Ok(events) => events,
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            return;
        }
    };
    for (_, event) in events {
        if let Err(error) = network.apply(&event) {
            assert!(!error.to_string().is_empty());
        }
    }
});

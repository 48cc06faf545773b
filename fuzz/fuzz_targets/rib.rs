//! Any sequence of events leaves the tables that a full recomputation gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proptest::collection::vec;

#[path = "drawn.rs"]
mod drawn;
#[path = "../../crates/rib/tests/model/mod.rs"]
#[allow(dead_code)]
mod model;
#[path = "../../crates/rib/tests/world/mod.rs"]
#[allow(dead_code)]
mod world;

use model::events::{configs, event, limited_event, sticky_configs};
use world::World;

fuzz_target!(|octets: &[u8]| {
    let Some((kind, octets)) = octets.split_first() else {
        return;
    };
    let events = match kind % 3 {
        2 => drawn::from(octets, vec(limited_event(), 1..80)),
        _ => drawn::from(octets, vec(event(), 1..60)),
    };
    let world = match kind % 3 {
        1 => World::new(4, sticky_configs(), true),
        _ => World::new(1 + usize::from(*kind), configs(), false),
    };
    world.run(&events.unwrap_or_default());
});

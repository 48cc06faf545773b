//! Any sequence of events leaves the tables that a full recomputation gives.

mod model;
mod world;

use model::Import;
use model::events::{
    Event, attribute_sets, configs, event, limited_event, prefixes, sticky_configs,
};
use proptest::prelude::*;
use routehub_types::RuleId;
use world::World;

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_interleaving_gives_the_tables_of_a_full_recomputation(
        backlog in prop_oneof![Just(1usize), Just(4), Just(1000)],
        events in prop::collection::vec(event(), 1..60),
    ) {
        World::new(backlog, configs(), false).run(&events);
    }

    #[test]
    fn where_history_counts_any_interleaving_gives_the_tables_of_deciding_step_by_step(
        events in prop::collection::vec(event(), 1..60),
    ) {
        World::new(4, sticky_configs(), true).run(&events);
    }

    #[test]
    fn a_route_limit_counts_what_a_count_from_the_beginning_gives(
        variant in 64..=255u8,
        events in prop::collection::vec(limited_event(), 1..80),
    ) {
        let mut world = World::new(4, configs(), false);
        world.handle(&Event::Source(0, variant));
        world.run(&events);
    }
}

#[test]
fn rules_of_the_model_are_told_apart() {
    assert_eq!(
        model::import(1, prefixes()[0], &attribute_sets()[1]),
        Import::Reject(RuleId(50))
    );
}

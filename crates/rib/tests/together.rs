//! Several tables looked at together, against each looked at by itself.

mod bed;

use std::collections::BTreeMap;

use bed::Bed;
use proptest::prelude::*;
use routehub_rib::{BestPath, DecisionConfig, Rib};
use routehub_types::{Family, Nlri, Prefix};

fn prefixes() -> impl Strategy<Value = Vec<Nlri>> {
    let each = (any::<u8>(), any::<bool>()).prop_map(|(number, ipv6)| {
        let text = match ipv6 {
            true => format!("2001:db8:{number:x}::/48"),
            false => format!("10.{number}.0.0/16"),
        };
        Nlri::from(bed::prefix(&text))
    });
    prop::collection::vec(each, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_together_have_what_each_has_prefix_by_prefix_in_order(
        announced in prop::collection::vec((prefixes(), prefixes()), 0..4),
    ) {
        let beds = announced.iter().map(|(first, second)| {
            let mut bed = Bed::new(DecisionConfig::rfc4271());
            let sources = [bed.source(1), bed.source(2)];
            bed.announce(sources[0], 1, first);
            bed.announce(sources[1], 2, second);
            bed
        });
        let beds: Vec<Bed> = beds.collect();
        let tables: Vec<&Rib> = beds.iter().map(|bed| &bed.rib).collect();
        for family in Family::ALL {
            let mut wanted: BTreeMap<Prefix, Vec<(usize, BestPath)>> = BTreeMap::new();
            for (place, table) in tables.iter().enumerate() {
                for (prefix, best) in table.loc_rib(family) {
                    let paths = best.iter().map(|path| (place, *path));
                    wanted.entry(prefix).or_default().extend(paths);
                }
            }
            let mut seen = Vec::new();
            Rib::visit_together(&tables, family, |prefix, paths| {
                seen.push((prefix, paths.to_vec()));
            });
            prop_assert_eq!(seen, wanted.into_iter().collect::<Vec<_>>());
        }
    }
}

//! Longest matches and covering prefixes against a search of the whole table.

mod bed;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bed::Bed;
use proptest::prelude::*;
use routehub_rib::DecisionConfig;
use routehub_types::{Nlri, Prefix};

/// Addresses of few areas, so that prefixes lie in each other.
fn address() -> impl Strategy<Value = IpAddr> {
    let v4 = (0..4u32, any::<u32>())
        .prop_map(|(area, rest)| Ipv4Addr::from_bits(area << 16 | (rest & 0xffff)).into());
    let v6 = (0..4u128, any::<u128>()).prop_map(|(area, rest)| {
        Ipv6Addr::from_bits(0x2001 << 112 | area << 96 | (rest >> 32)).into()
    });
    prop_oneof![v4, v6]
}

fn prefix() -> impl Strategy<Value = Prefix> {
    (address(), any::<u8>()).prop_map(|(address, length)| {
        let host = Prefix::host(address);
        host.supernet(length % (host.length() + 1)).unwrap_or(host)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_longest_match_is_what_a_search_of_the_whole_table_finds(
        announced in prop::collection::vec(prefix(), 1..200),
        withdrawn in prop::collection::vec(any::<prop::sample::Index>(), 0..100),
        later in prop::collection::vec(prefix(), 0..100),
        addresses in prop::collection::vec(address(), 1..40),
    ) {
        let mut bed = Bed::new(DecisionConfig::rfc4271());
        let source = bed.source(1);
        let mut table: BTreeSet<Prefix> = BTreeSet::new();
        let gone: Vec<Prefix> = withdrawn.iter().map(|at| *at.get(&announced)).collect();
        for (add, prefixes) in [(true, &announced), (false, &gone), (true, &later)] {
            let nlri: Vec<Nlri> = prefixes.iter().copied().map(Nlri::from).collect();
            if add {
                bed.announce(source, 1, &nlri);
                table.extend(prefixes);
            } else {
                bed.withdraw(source, &nlri);
                table.retain(|prefix| !prefixes.contains(prefix));
            }
            let hosts = addresses.iter().map(|address| Prefix::host(*address));
            for around in hosts.chain(announced.iter().copied()) {
                let found: Vec<Prefix> = bed.rib.covering(around).map(|(prefix, _)| prefix).collect();
                let mut wanted: Vec<Prefix> =
                    table.iter().filter(|prefix| prefix.contains(around)).copied().collect();
                wanted.reverse();
                prop_assert_eq!(&found, &wanted);
                let longest = bed.rib.longest_match(around.address()).map(|(prefix, _)| prefix);
                let inside = table.iter().filter(|prefix| prefix.contains_address(around.address()));
                prop_assert_eq!(longest, inside.max_by_key(|prefix| prefix.length()).copied());
            }
        }
    }
}

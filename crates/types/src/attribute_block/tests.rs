use alloc::vec;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::{
    Aggregator, AsPath, Asn, Attrs, Community, ExtendedCommunity, Ipv6ExtendedCommunity,
    LargeCommunity, NextHop, Origin, RouterId, Segment, SegmentKind, UnknownAttribute,
};

fn sample() -> Attrs {
    Attrs {
        med: Some(7),
        communities: vec![Community::new(64500, 7)],
        ..Attrs::new(
            AsPath::sequence([64500, 64501].map(Asn)),
            Ipv4Addr::new(192, 0, 2, 1),
        )
    }
}

/// The attributes of `sample` as a speaker with four-octet ASNs sends them.
const SAMPLE: [u8; 35] = [
    0x40, 1, 1, 0, // ORIGIN IGP
    0x40, 2, 10, 2, 2, 0, 0, 0xfb, 0xf4, 0, 0, 0xfb, 0xf5, // AS_PATH 64500 64501
    0x40, 3, 4, 192, 0, 2, 1, // NEXT_HOP
    0x80, 4, 4, 0, 0, 0, 7, // MED
    0xc0, 8, 4, 0xfb, // COMMUNITIES, cut
];

fn sample_block() -> Vec<u8> {
    let mut block = SAMPLE.to_vec();
    block.extend_from_slice(&[0xf4, 0, 7]);
    block
}

#[test]
fn the_canonical_block_is_what_most_speakers_send() {
    let mut block = Vec::new();
    write_canonical(&sample(), &mut block);
    assert_eq!(block, sample_block());
}

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let kinds = [
        SegmentKind::Set,
        SegmentKind::Sequence,
        SegmentKind::ConfedSequence,
        SegmentKind::ConfedSet,
    ];
    let asns = prop_oneof![
        9 => prop::collection::vec(any::<u32>(), 1..6),
        1 => prop::collection::vec(any::<u32>(), 250..300),
    ];
    let segment = (0..4usize, asns).prop_map(move |(kind, asns)| Segment {
        kind: kinds[kind],
        asns: asns.into_iter().map(Asn).collect(),
    });
    prop::collection::vec(segment, 0..4)
}

fn unknown() -> impl Strategy<Value = Vec<UnknownAttribute>> {
    let attribute = (
        any::<u8>(),
        any::<u8>(),
        prop::collection::vec(any::<u8>(), 0..300),
    );
    let attribute =
        attribute.prop_map(|(flags, code, value)| UnknownAttribute { flags, code, value });
    prop_oneof![
        Just(Vec::new()),
        Just(vec![UnknownAttribute {
            flags: 0xc0,
            code: 99,
            value: vec![1, 2]
        }]),
        prop::collection::vec(attribute, 0..3),
    ]
}

fn next_hops() -> impl Strategy<Value = NextHop> {
    (any::<core::net::IpAddr>(), any::<Option<Ipv6Addr>>()).prop_map(|(address, link_local)| {
        NextHop {
            address,
            link_local,
        }
    })
}

prop_compose! {
    fn sets()(
        segments in segments(),
        (next_hop, unknown) in (next_hops(), unknown()),
        (med, local_pref, aigp, otc) in any::<(Option<u32>, Option<u32>, Option<u64>, Option<u32>)>(),
        (origin, atomic_aggregate) in (0..3usize, any::<bool>()),
        aggregator in any::<Option<(u32, u32)>>(),
        communities in prop::collection::vec(any::<u32>(), 0..80),
        clusters in prop::collection::vec(any::<u32>(), 0..3),
        extended in prop::collection::vec(any::<[u8; 8]>(), 0..3),
        ipv6 in prop::collection::vec(any::<[u8; 20]>(), 0..3),
        large in prop::collection::vec(any::<(u32, u32, u32)>(), 0..3),
    ) -> Attrs {
        Attrs {
            origin: [Origin::Igp, Origin::Egp, Origin::Incomplete][origin],
            as_path: AsPath::from_segments(segments),
            next_hop,
            med,
            local_pref,
            atomic_aggregate,
            aggregator: aggregator.map(|(asn, router)| Aggregator {
                asn: Asn(asn),
                router: RouterId(router),
            }),
            communities: communities.into_iter().map(Community).collect(),
            originator_id: med.map(RouterId),
            cluster_list: clusters.into_iter().map(RouterId).collect(),
            extended_communities: extended.into_iter().map(ExtendedCommunity).collect(),
            ipv6_extended_communities: ipv6.into_iter().map(Ipv6ExtendedCommunity).collect(),
            large_communities: large.into_iter().map(|(a, b, c)| LargeCommunity::new(a, b, c)).collect(),
            aigp,
            only_to_customer: otc.map(Asn),
            unknown,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_block_reads_back_as_the_set_it_was_written_from(attrs in sets()) {
        let mut block = Vec::new();
        write_canonical(&attrs, &mut block);
        prop_assert_eq!(read(&block), attrs);
    }

    #[test]
    fn reading_any_octets_ends(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&octets);
    }
}

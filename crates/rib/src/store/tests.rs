use super::*;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;
use core::net::{Ipv4Addr, Ipv6Addr};
use proptest::prelude::*;
use routehub_types::{
    Aggregator, AsPath, Asn, Community, ExtendedCommunity, LargeCommunity, Origin, RouterId,
    Segment, SegmentKind, UnknownAttribute,
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

fn raw(block: &[u8], ctx: u8) -> RawKey<'_> {
    RawKey {
        ctx,
        next_hop: None,
        block,
    }
}

#[test]
fn a_decision_key_costs_16_bytes() {
    assert_eq!(size_of::<DecisionKey>(), 16);
}

#[test]
fn the_canonical_block_is_what_most_speakers_send() {
    let mut block = Vec::new();
    write::write(&sample(), &mut block);
    assert_eq!(block, sample_block());
}

#[test]
fn a_raw_block_is_parsed_once_and_means_the_interned_set() {
    let mut store = AttrStore::new(1);
    let parsed = Cell::new(0);
    let parse = || {
        parsed.set(parsed.get() + 1);
        sample()
    };
    let block = sample_block();
    let id = store.intern_raw(raw(&block, 1), parse);
    assert_eq!(store.intern_raw(raw(&block, 1), parse), id);
    assert_eq!(store.intern(&sample()), id);
    assert_eq!(parsed.get(), 1);
    // Another context may mean something else, so it is parsed, once.
    assert_eq!(store.intern_raw(raw(&block, 2), parse), id);
    assert_eq!(store.intern_raw(raw(&block, 2), parse), id);
    assert_eq!(parsed.get(), 2);
}

#[test]
fn a_block_in_another_order_is_remembered_beside_the_canonical_one() {
    let mut store = AttrStore::new(1);
    let block = sample_block();
    let mut turned = block[4..].to_vec();
    turned.extend_from_slice(&block[..4]);
    let id = store.intern_raw(raw(&turned, 1), sample);
    assert_eq!(store.find_raw(raw(&turned, 1)), Some(id));
    assert_eq!(store.find_raw(raw(&block, 1)), None);
    let mut freed = Vec::new();
    store.collect(|id| freed.push(id));
    assert_eq!(freed, [id]);
    assert_eq!(store.find_raw(raw(&turned, 1)), None);
}

#[test]
fn a_next_hop_outside_the_block_belongs_to_the_key() {
    let mut store = AttrStore::new(1);
    let block = [0x40, 1, 1, 0, 0x40, 2, 0];
    let via = |last: u16| NextHop::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
    let key = |last| RawKey {
        ctx: 1,
        next_hop: Some(via(last)),
        block: &block,
    };
    let set = |last| Attrs::new(AsPath::empty(), via(last));
    let one = store.intern_raw(key(1), || set(1));
    let two = store.intern_raw(key(2), || set(2));
    assert_ne!(one, two);
    assert_eq!(store.find_raw(key(1)), Some(one));
    assert_eq!(store.attrs(two), set(2));
}

#[test]
fn an_ipv4_next_hop_outside_the_block_is_not_mistaken_for_the_one_inside() {
    let mut store = AttrStore::new(1);
    let block = sample_block();
    let inside = store.intern_raw(raw(&block, 1), sample);
    let other = Ipv4Addr::new(192, 0, 2, 9);
    let key = RawKey {
        next_hop: Some(other.into()),
        ..raw(&block, 1)
    };
    let outside = store.intern_raw(key, || Attrs {
        next_hop: other.into(),
        ..sample()
    });
    assert_ne!(inside, outside);
    assert_eq!(store.find_raw(key), Some(outside));
}

#[test]
fn a_retained_set_outlives_a_collection_and_a_released_one_is_named() {
    let mut store = AttrStore::new(1);
    let id = store.intern(&sample());
    store.retain(id);
    store.collect(|id| panic!("{id} was retained"));
    store.release(id);
    assert_eq!(store.intern(&sample()), id, "alive until the collection");
    let mut freed = Vec::new();
    store.collect(|id| freed.push(id));
    assert_eq!((freed, store.len()), (vec![id], 0));
    let other = store.intern(&Attrs::default());
    assert_eq!(other, id, "the id is given again");
}

#[test]
fn a_peer_that_permutes_attributes_does_not_fill_the_store() {
    let mut store = AttrStore::new(1);
    for n in 0..100u8 {
        let block = [n, n, n];
        store.intern_raw(raw(&block, 1), sample);
    }
    let remembered = (0..100u8).filter(|n| store.find_raw(raw(&[*n; 3], 1)).is_some());
    assert_eq!(remembered.count(), 4);
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
    let one = (
        any::<u8>(),
        any::<u8>(),
        prop::collection::vec(any::<u8>(), 0..300),
    );
    let one = one.prop_map(|(flags, code, value)| UnknownAttribute { flags, code, value });
    prop_oneof![
        Just(Vec::new()),
        Just(vec![UnknownAttribute {
            flags: 0xc0,
            code: 99,
            value: vec![1, 2]
        }]),
        prop::collection::vec(one, 0..3),
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
            ipv6_extended_communities: Vec::new(),
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
        write::write(&attrs, &mut block);
        prop_assert_eq!(read::read(&block), attrs);
    }

    #[test]
    fn reading_any_octets_ends(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        read::read(&octets);
    }
}

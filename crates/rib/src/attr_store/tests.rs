use super::*;
use alloc::vec;
use core::cell::Cell;
use core::net::{Ipv4Addr, Ipv6Addr};
use routehub_types::AsPath;

fn sample() -> Attrs {
    let path = AsPath::sequence([64500, 64501].map(Asn));
    Attrs {
        med: Some(7),
        ..Attrs::new(path, Ipv4Addr::new(192, 0, 2, 1))
    }
}

fn sample_block() -> Vec<u8> {
    let mut block = Vec::new();
    attribute_block::write_canonical(&sample(), &mut block);
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
    let first = store.intern_raw(key(1), || set(1));
    let second = store.intern_raw(key(2), || set(2));
    assert_ne!(first, second);
    assert_eq!(store.find_raw(key(1)), Some(first));
    assert_eq!(store.attrs(second), set(2));
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

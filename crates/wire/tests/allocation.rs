//! The view allocates nothing, whatever it is asked for.

use allocation_counter::measure;
use routehub_types::{Attrs, Community, Nlri, Prefix};
use routehub_wire::{Attribute, Context, Message, Packer, decode};

fn messages() -> Vec<u8> {
    let communities = (0..100).map(|n| Community::new(65001, n)).collect();
    let attrs = |next_hop: std::net::IpAddr| Attrs {
        communities,
        med: Some(7),
        ..Attrs::new("65001 65002 65003".parse().expect("a path"), next_hop)
    };
    let prefix = |n: u32| {
        let bits = (0x0a00_0000 + (n << 8)).to_be_bytes();
        Nlri::from(Prefix::new(bits.into(), 24).expect("a prefix"))
    };
    let prefixes: Vec<Nlri> = (0..300).map(prefix).collect();
    let next_hop = std::net::Ipv4Addr::new(10, 0, 4, 4).into();
    let mut bytes = Vec::new();
    let mut packer = Packer::new(&Context::default());
    let written = packer.announce(&attrs(next_hop), &prefixes, &mut bytes);
    assert_eq!(written, Ok(1));
    bytes
}

/// Everything that the view has without making it owned, summed.
fn visit(bytes: &[u8]) -> usize {
    let Ok(Message::Update(update)) = decode(bytes, &Context::default()) else {
        return 0;
    };
    let mut scratch = Vec::new();
    let mut sum = update.attribute_block(&mut scratch).len();
    sum += usize::from(update.is_fault_free()) + update.skipped().count();
    sum += usize::from(update.end_of_rib().is_some());
    for field in update.announced() {
        sum += usize::from(field.next_hop.address.is_ipv4()) + field.nlri.count();
    }
    sum += update.withdrawn().count();
    for attribute in update.attributes() {
        sum += match attribute {
            Attribute::AsPath(path) => path.asns().count() + path.length(),
            Attribute::Communities(list) => list.len(),
            _ => 1,
        };
    }
    sum + update.as_path().map_or(0, |path| path.length())
}

#[test]
fn a_view_allocates_nothing() {
    let bytes = messages();
    assert!(visit(&bytes) > 400);
    let used = measure(|| {
        std::hint::black_box(visit(std::hint::black_box(&bytes)));
    });
    assert_eq!(used.count_total, 0);
}

#[test]
fn the_measure_sees_allocations() {
    let bytes = messages();
    let used = measure(|| {
        if let Ok(Message::Update(update)) = decode(&bytes, &Context::default()) {
            let _ = std::hint::black_box(update.to_updates());
        }
    });
    assert!(used.count_total > 0);
}

//! What a packer says that a message has room for is what it announces.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use routehub_types::{AsPath, Asn, Attrs, Community, FamilySet, Nlri, PathId, Prefix};
use routehub_wire::{Context, EncodeError, Packer};

fn prefixes() -> Vec<Nlri> {
    let texts = [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "10.1.2.3/32",
    ];
    let texts = texts
        .into_iter()
        .chain(["::/0", "2001:db8::/32", "2001:db8::1/128"]);
    let prefixes = texts.map(|text| text.parse::<Prefix>().expect("a prefix"));
    prefixes.map(Nlri::from).collect()
}

fn contexts() -> Vec<Context> {
    let usual = Context::default();
    vec![
        usual,
        Context {
            four_octet_as: false,
            ..usual
        },
        Context {
            extended_message: true,
            ..usual
        },
        Context {
            add_path_send: FamilySet::IPV4,
            ..usual
        },
        Context {
            add_path_send: FamilySet::ALL,
            extended_next_hop: true,
            ..usual
        },
        Context {
            families: FamilySet::IPV4,
            ..usual
        },
    ]
}

/// Asks for every prefix in every context.
fn check(attrs: &Attrs) {
    for context in contexts() {
        for nlri in prefixes() {
            let family = nlri.prefix.family();
            let add_path = context.add_path_send.contains(family);
            let nlri = Nlri {
                path_id: add_path.then_some(PathId(7)),
                ..nlri
            };
            let mut packer = Packer::new(&context);
            let mut bytes = Vec::new();
            let announced = packer.announce(attrs, &[nlri], &mut bytes);
            let octets = 1 + usize::from(nlri.prefix.length()).div_ceil(8);
            let fits = packer.room(attrs, family).map(|room| octets <= room);
            assert_eq!(
                announced.is_ok(),
                fits == Ok(true),
                "{nlri} {announced:?} {fits:?}"
            );
            assert!(bytes.len() <= context.max_len());
        }
    }
}

#[test]
fn as_many_communities_as_there_is_room_for_and_a_few_more() {
    let next_hops = [
        IpAddr::V4(Ipv4Addr::new(10, 0, 4, 4)),
        Ipv6Addr::LOCALHOST.into(),
    ];
    for next_hop in next_hops {
        for count in (0..1020)
            .chain(16_200..16_400)
            .filter(|count| count % 400 == 0 || count % 1000 > 985 || (1000..1020).contains(count))
        {
            let mut attrs = Attrs::new(AsPath::sequence([Asn(65001)]), next_hop);
            attrs.communities = (0..count).map(Community).collect();
            check(&attrs);
        }
    }
}

#[test]
fn long_paths_of_four_octet_asns() {
    for length in (0..1100).filter(|length| length % 50 == 0 || (660..710).contains(length)) {
        let path = AsPath::sequence((0..length).map(|n| Asn(4_200_000_000 + n)));
        check(&Attrs::new(path, Ipv4Addr::new(10, 0, 4, 4)));
    }
}

#[test]
fn a_path_of_700_four_octet_asns_fits_no_message_of_two_octet_ones() {
    let path = AsPath::sequence((0..700).map(|n| Asn(4_200_000_000 + n)));
    let attrs = Attrs::new(path, Ipv4Addr::new(10, 0, 4, 4));
    let family = routehub_types::Family::Ipv4;
    let wide = Packer::new(&Context::default()).room(&attrs, family);
    assert!(wide.is_ok_and(|room| room > 5));
    let narrow = Context {
        four_octet_as: false,
        ..Context::default()
    };
    let narrow = Packer::new(&narrow).room(&attrs, family);
    assert!(
        matches!(narrow, Err(EncodeError::TooLong { max: 4096, .. })),
        "{narrow:?}"
    );
}

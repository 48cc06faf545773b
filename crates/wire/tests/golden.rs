//! Bytes written out by hand from the RFCs, both ways: the encoder writes them, the decoder reads
//! them.

use std::net::{Ipv4Addr, Ipv6Addr};

use routehub_types::{
    Aggregator, Asn, Attrs, Community, ExtendedCommunity, Family, FamilySet, LargeCommunity,
    NextHop, Nlri, Origin, PathId, Prefix, RouteUpdate, RouterId, UnknownAttribute,
};
use routehub_wire::{
    AddPathMode, AfiSafi, Capabilities, Capability, Context, GracefulRestart, KEEPALIVE,
    LongLivedFamily, Message, Notification, Open, Packer, PeerKind, RefreshKind, Role,
    RouteRefresh, decode, encode_end_of_rib,
};

const MARKER: &str = "ffffffffffffffffffffffffffffffff";

/// Octets of hexadecimal digits, the marker in front; blanks are of no meaning.
fn message(hex: &str) -> Vec<u8> {
    let text: String = [MARKER, hex].concat().split_whitespace().collect();
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digit).collect()
}

fn nlri(text: &str) -> Nlri {
    let prefix: Prefix = text.parse().expect("a prefix");
    prefix.into()
}

fn attrs(path: &str, next_hop: impl Into<NextHop>) -> Attrs {
    Attrs::new(path.parse().expect("a path"), next_hop)
}

fn announce(attrs: Attrs, prefixes: &[&str]) -> RouteUpdate {
    RouteUpdate {
        withdrawn: Vec::new(),
        attrs,
        announced: prefixes.iter().map(|text| nlri(text)).collect(),
    }
}

/// Both ways: the routes as these octets, these octets as the routes.
fn both_ways(context: &Context, update: &RouteUpdate, hex: &str) {
    let bytes = message(hex);
    let mut written = Vec::new();
    let mut packer = Packer::new(context);
    packer
        .withdraw(&update.withdrawn, &mut written)
        .expect("an encoding");
    packer
        .announce(&update.attrs, &update.announced, &mut written)
        .expect("an encoding");
    assert_eq!(written, bytes, "written {written:02x?}");
    match decode(&bytes, context) {
        Ok(Message::Update(view)) => {
            assert!(view.is_fault_free(), "{:?}", view.faults());
            assert_eq!(
                view.to_updates().as_deref(),
                Ok(std::slice::from_ref(update))
            );
        }
        other => panic!("an UPDATE, not {other:?}"),
    }
}

/// As a route server reflects a route of one appliance to another: recorded.
#[test]
fn the_recorded_update_of_a_reflected_route() {
    let update = announce(
        Attrs {
            communities: vec![Community::new(65517, 65517)],
            ..attrs("65515 65010", Ipv4Addr::new(10, 0, 1, 4))
        },
        &["10.250.0.0/16"],
    );
    both_ways(
        &Context::default(),
        &update,
        "0039 02 0000 001f 40010100 40020a 0202 0000ffeb 0000fdf2 400304 0a000104
         c00804 ffedffed 10 0afa",
    );
}

#[test]
fn prefixes_take_as_many_octets_as_their_length_needs() {
    let update = announce(
        attrs("65001", Ipv4Addr::new(10, 0, 4, 4)),
        &[
            "0.0.0.0/0",
            "128.0.0.0/1",
            "10.0.0.0/8",
            "10.128.0.0/9",
            "192.0.2.1/32",
        ],
    );
    both_ways(
        &Context::default(),
        &update,
        "0038 02 0000 0014 40010100 400206 0201 0000fde9 400304 0a000404
         00 01 80 08 0a 09 0a80 20 c0000201",
    );
}

#[test]
fn withdrawals_stand_in_the_field_of_their_family() {
    let ipv4 = RouteUpdate::withdraw([nlri("203.0.113.0/24").prefix]);
    both_ways(&Context::default(), &ipv4, "001b 02 0004 18cb0071 0000");
    let ipv6 = RouteUpdate::withdraw([nlri("2001:db8:64::/48").prefix]);
    both_ways(
        &Context::default(),
        &ipv6,
        "0024 02 0000 000d 800f0a 0002 01 30 20010db80064",
    );
}

#[test]
fn ipv6_routes_have_their_next_hop_in_mp_reach() {
    let next_hop = NextHop {
        address: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        link_local: Some(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1)),
    };
    both_ways(
        &Context::default(),
        &announce(attrs("65001", next_hop), &["2001:db8:64::/48"]),
        "0053 02 0000 003c
         800e2c 0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00
         30 20010db80064 40010100 400206 0201 0000fde9",
    );
}

#[test]
fn ipv4_routes_with_an_ipv6_next_hop_where_that_is_in_use() {
    let context = Context {
        extended_next_hop: true,
        ..Context::default()
    };
    let next_hop = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    both_ways(
        &context,
        &announce(attrs("65001", next_hop), &["198.51.100.0/24"]),
        "0040 02 0000 0029 800e19 0001 01 10 20010db8000000000000000000000001 00 18 c63364
         40010100 400206 0201 0000fde9",
    );
}

#[test]
fn path_identifiers_stand_in_front_of_prefixes() {
    let context = Context {
        add_path_receive: FamilySet::IPV4,
        add_path_send: FamilySet::IPV4,
        ..Context::default()
    };
    let mut update = announce(
        attrs("65001", Ipv4Addr::new(10, 0, 4, 6)),
        &["198.51.100.0/24", "198.51.100.0/24"],
    );
    for (nlri, id) in update.announced.iter_mut().zip(1..) {
        nlri.path_id = Some(PathId(id));
    }
    both_ways(
        &context,
        &update,
        "003b 02 0000 0014 40010100 400206 0201 0000fde9 400304 0a000406
         00000001 18c63364 00000002 18c63364",
    );
}

#[test]
fn four_octet_asns_pass_a_two_octet_session() {
    let context = Context {
        four_octet_as: false,
        ..Context::default()
    };
    let update = announce(
        Attrs {
            aggregator: Some(Aggregator {
                asn: Asn(70000),
                router: RouterId(0x0a00_0404),
            }),
            ..attrs("65001 70000", Ipv4Addr::new(10, 0, 4, 4))
        },
        &["198.51.100.0/24"],
    );
    both_ways(
        &context,
        &update,
        "0050 02 0000 0035 40010100 400206 0202 fde9 5ba0 400304 0a000404
         c00706 5ba0 0a000404 c0110a 0202 0000fde9 00011170 c01208 00011170 0a000404 18c63364",
    );
}

#[test]
fn every_typed_attribute() {
    let context = Context {
        peer: PeerKind::Internal,
        aigp: true,
        reject_as_set: false,
        ..Context::default()
    };
    let update = announce(
        Attrs {
            origin: Origin::Incomplete,
            med: Some(50),
            local_pref: Some(100),
            atomic_aggregate: true,
            aggregator: Some(Aggregator {
                asn: Asn(65001),
                router: RouterId(0x0a00_0404),
            }),
            communities: vec![Community::NO_EXPORT, Community::new(65001, 7)],
            originator_id: Some(RouterId(0xc000_0209)),
            cluster_list: vec![RouterId(1), RouterId(2)],
            extended_communities: vec![ExtendedCommunity::route_target(Asn(65001), 7)],
            large_communities: vec![LargeCommunity::new(65001, 1, 2)],
            aigp: Some(1000),
            only_to_customer: Some(Asn(65001)),
            unknown: vec![UnknownAttribute {
                flags: 0xe0,
                code: 28,
                value: vec![1],
            }],
            ..attrs("65001 {65002,65003}", Ipv4Addr::new(10, 0, 4, 5))
        },
        &["198.51.100.0/24"],
    );
    both_ways(
        &context,
        &update,
        "00a5 02 0000 008a 40010102 400210 0201 0000fde9 0102 0000fdea 0000fdeb 400304 0a000405
         800404 00000032 400504 00000064 400600 c00708 0000fde9 0a000404
         c00808 ffffff01 fde90007 800904 c0000209 800a08 00000001 00000002
         c01008 0002fde900000007 801a0b 01000b 00000000000003e8 e01c01 01
         c0200c 0000fde9 00000001 00000002 c02304 0000fde9 18c63364",
    );
}

#[test]
fn a_value_longer_than_255_octets_has_a_length_of_two() {
    let communities: Vec<Community> = (0..64).map(|n| Community::new(65001, n)).collect();
    let values: String = communities
        .iter()
        .map(|community| format!("{:08x}", community.0))
        .collect();
    let update = announce(
        Attrs {
            communities,
            ..attrs("65001", Ipv4Addr::new(10, 0, 4, 4))
        },
        &["198.51.100.0/24"],
    );
    both_ways(
        &Context::default(),
        &update,
        &format!(
            "0133 02 0000 0118 40010100 400206 0201 0000fde9 400304 0a000404 d0080100 {values}
             18c63364"
        ),
    );
}

#[test]
fn end_of_rib_markers() {
    for (family, hex) in [
        (Family::Ipv4, "0017 02 0000 0000"),
        (Family::Ipv6, "001d 02 0000 0006 800f03 0002 01"),
    ] {
        let mut written = Vec::new();
        encode_end_of_rib(family, &mut written);
        assert_eq!(written, message(hex));
        let Ok(Message::Update(view)) = decode(&written, &Context::default()) else {
            panic!("an UPDATE");
        };
        assert_eq!(view.end_of_rib(), Some(family));
    }
    assert_eq!(KEEPALIVE.to_vec(), message("0013 04"));
}

fn open_both_ways(open: &Open, hex: &str) {
    let mut written = Vec::new();
    open.encode(&mut written).expect("an encoding");
    assert_eq!(written, message(hex), "written {written:02x?}");
    match decode(&written, &Context::default()) {
        Ok(Message::Open(read)) => assert_eq!(&read, open),
        other => panic!("an OPEN, not {other:?}"),
    }
}

fn open(asn: u32, capabilities: Vec<Capability>) -> Open {
    Open {
        asn: Asn(asn),
        hold_time: 180,
        router_id: RouterId(0x0a00_0404),
        capabilities: Capabilities(capabilities),
    }
}

#[test]
fn an_open_with_every_capability() {
    let restart = GracefulRestart {
        restarting: true,
        notification: true,
        time: 120,
        families: vec![(AfiSafi::IPV4, true)],
    };
    let all = vec![
        Capability::Multiprotocol(AfiSafi::IPV6),
        Capability::RouteRefresh,
        Capability::ExtendedNextHop(vec![(AfiSafi::IPV4, 2)]),
        Capability::ExtendedMessage,
        Capability::Role(Role::RouteServer),
        Capability::GracefulRestart(restart),
        Capability::FourOctetAs(Asn(70000)),
        Capability::AddPath(vec![(AfiSafi::IPV4, AddPathMode::Both)]),
        Capability::EnhancedRouteRefresh,
        Capability::LongLivedGracefulRestart(vec![LongLivedFamily {
            family: AfiSafi::IPV6,
            forwarding: false,
            stale_time: 3600,
        }]),
        Capability::Fqdn {
            host: "rs".to_owned(),
            domain: "example".to_owned(),
        },
        Capability::SoftwareVersion("1.0".to_owned()),
    ];
    open_both_ways(
        &open(70000, all),
        "0066 01 04 5ba0 00b4 0a000404 49 02 47
         0104 00020001 0200 0506 000100010002 0600 0901 01 4006 c078 000101 80
         4104 00011170 4504 000101 03 4600 4707 000201 00 000e10
         490b 027273 076578616d706c65 4b04 03312e30",
    );
}

#[test]
fn long_lived_graceful_restart_of_two_families() {
    let listed = |family, forwarding, stale_time| LongLivedFamily {
        family,
        forwarding,
        stale_time,
    };
    let restart = Capability::GracefulRestart(GracefulRestart::default());
    let families = vec![
        listed(AfiSafi::IPV4, true, 0x00ff_ffff),
        listed(AfiSafi::IPV6, false, 0),
    ];
    let long_lived = Capability::LongLivedGracefulRestart(families.clone());
    let all = vec![restart.clone(), long_lived.clone()];
    open_both_ways(
        &open(65001, all),
        "0033 01 04 fde9 00b4 0a000404 16 02 14 4002 0000 470e 000101 80 ffffff 000201 00 000000",
    );
    let printed = "long-lived graceful restart ipv4-unicast 16777215 s ipv6-unicast 0 s";
    assert_eq!(long_lived.to_string(), printed);
    // Only the F bit is assigned, and a list that ends within an element says nothing
    // (RFC 9494 section 4.1).
    let read = |hex: &str| match decode(&message(hex), &Context::default()) {
        Ok(Message::Open(open)) => open.capabilities,
        other => panic!("an OPEN, not {other:?}"),
    };
    let flags = read(
        "0033 01 04 fde9 00b4 0a000404 16 02 14 4002 0000 470e 000101 ff ffffff 000201 7f 000000",
    );
    assert_eq!(flags.long_lived_families(), families);
    let cut = read("002b 01 04 fde9 00b4 0a000404 0e 02 0c 4002 0000 4706 000101 80 ffff");
    assert_eq!(cut.long_lived_families(), []);
    assert_eq!(cut.0[0], restart);
}

#[test]
fn an_open_with_more_capabilities_than_255_octets() {
    let unknown = Capability::Unknown {
        code: 200,
        value: vec![7; 252],
    };
    let value = "07".repeat(252);
    open_both_ways(
        &open(65001, vec![unknown]),
        &format!("0121 01 04 fde9 00b4 0a000404 ff ff 0101 02 00fe c8fc {value}"),
    );
}

#[test]
fn an_open_without_capabilities() {
    open_both_ways(&open(65001, Vec::new()), "001d 01 04 fde9 00b4 0a000404 00");
}

fn other_both_ways(message_hex: &str, written: &[u8]) {
    assert_eq!(written, message(message_hex), "written {written:02x?}");
}

#[test]
fn notifications_with_text_and_hard_reset() {
    for (notification, hex) in [
        (
            Notification::ADMINISTRATIVE_SHUTDOWN.with_text("bye"),
            "0019 03 06 02 03 627965",
        ),
        (
            Notification::HOLD_TIMER_EXPIRED.into_hard_reset(),
            "0017 03 06 09 04 00",
        ),
        (Notification::SEND_HOLD_TIMER_EXPIRED, "0015 03 08 00"),
    ] {
        let mut written = Vec::new();
        notification.encode(&mut written);
        other_both_ways(hex, &written);
        match decode(&written, &Context::default()) {
            Ok(Message::Notification(read)) => assert_eq!(read, notification),
            other => panic!("a NOTIFICATION, not {other:?}"),
        }
    }
}

#[test]
fn refresh_messages_and_what_they_mean_without_enhanced_refresh() {
    let enhanced = Context {
        enhanced_refresh: true,
        ..Context::default()
    };
    for (kind, hex) in [
        (RefreshKind::Request, "0017 05 0001 00 01"),
        (RefreshKind::Begin, "0017 05 0001 01 01"),
        (RefreshKind::End, "0017 05 0001 02 01"),
    ] {
        let refresh = RouteRefresh::new(Family::Ipv4, kind);
        let mut written = Vec::new();
        refresh.encode(&mut written);
        other_both_ways(hex, &written);
        let read = |context: &Context| match decode(&written, context) {
            Ok(Message::RouteRefresh(read)) => read,
            other => panic!("a ROUTE-REFRESH, not {other:?}"),
        };
        assert_eq!(read(&enhanced), refresh);
        assert_eq!(read(&Context::default()).kind, RefreshKind::Request);
    }
}

#[test]
fn a_refresh_of_an_unknown_subtype_is_ignored_at_any_length() {
    let enhanced = Context {
        enhanced_refresh: true,
        ..Context::default()
    };
    for hex in [
        "0016 05 0001 c8",
        "0017 05 0001 c8 01",
        "0018 05 0001 c8 01 00",
        "001f 05 0001 03 01 0000000000000000",
    ] {
        let bytes = message(hex);
        let Ok(Message::RouteRefresh(read)) = decode(&bytes, &enhanced) else {
            panic!("{hex} is ignored");
        };
        assert!(matches!(read.kind, RefreshKind::Other(_)), "{hex}");
        assert_eq!(read.applies_to(&enhanced), None);
        // Without enhanced refresh the octet is reserved, and the length that of RFC 2918.
        assert_eq!(
            decode(&bytes, &Context::default()).is_ok(),
            bytes.len() == 23,
            "{hex}"
        );
    }
    let none = message("0015 05 0001");
    let error = decode(&none, &enhanced).expect_err("no subtype at all");
    assert_eq!(
        (error.notification().code, error.notification().subcode),
        (1, 2)
    );
}

#[test]
fn a_begin_of_refresh_of_a_wrong_length_is_sent_back() {
    let enhanced = Context {
        enhanced_refresh: true,
        ..Context::default()
    };
    let bytes = message("0018 05 0001 01 01 00");
    let error = decode(&bytes, &enhanced).expect_err("a wrong length");
    assert_eq!(
        *error.notification(),
        Notification::INVALID_REFRESH_LENGTH.with_data(bytes.clone())
    );
    let error = decode(&bytes, &Context::default()).expect_err("a wrong length");
    assert_eq!(
        *error.notification(),
        Notification::BAD_MESSAGE_LENGTH.with_data(vec![0, 24])
    );
}

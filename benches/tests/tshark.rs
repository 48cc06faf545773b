//! What the encoder writes, tshark's BGP dissector reads, without a malformed or an error flag.
//!
//! Where tshark is not installed the tests say so; with `ROUTEHUB_REQUIRE_INTEROP` set they fail.
//! Parameters of RFC 9072 and extended messages are left out: the dissector does not know them.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;

use routehub_types::{
    Aggregator, Asn, Attrs, Community, ExtendedCommunity, Family, FamilySet, LargeCommunity, Nlri,
    Origin, PathId, Prefix, RouterId, UnknownAttribute,
};
use routehub_wire::{
    AddPathMode, AfiSafi, Capabilities, Capability, Context, GracefulRestart, KEEPALIVE,
    LongLivedFamily, Notification, Open, Packer, PeerKind, RefreshKind, Role, RouteRefresh,
    encode_end_of_rib, frame,
};

/// A capture file of raw IP packets, each a TCP segment from port 179 with one message.
fn capture(messages: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4u32.to_be_bytes());
    file.extend([0, 2, 0, 4]);
    file.extend([0; 8]);
    file.extend(65535u32.to_be_bytes());
    // Link type: raw IP.
    file.extend(101u32.to_be_bytes());
    let mut sequence = 1u32;
    for (message, second) in messages.iter().zip(1u32..) {
        let length = (40 + message.len()) as u16;
        file.extend(second.to_be_bytes());
        file.extend([0; 4]);
        file.extend(u32::from(length).to_be_bytes());
        file.extend(u32::from(length).to_be_bytes());
        file.extend([0x45, 0]);
        file.extend(length.to_be_bytes());
        file.extend([0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 4, 4, 10, 0, 6, 4]);
        file.extend([0, 179, 200, 0]);
        file.extend(sequence.to_be_bytes());
        file.extend(1u32.to_be_bytes());
        file.extend([0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        file.extend_from_slice(message);
        sequence += message.len() as u32;
    }
    file
}

/// Whether tshark can be asked; it must be where the environment says so.
fn is_installed() -> bool {
    let version = Command::new("tshark").arg("--version").output();
    let installed = version.is_ok_and(|output| output.status.success());
    let required = std::env::var_os("ROUTEHUB_REQUIRE_INTEROP").is_some();
    assert!(installed || !required, "tshark is not installed");
    if !installed {
        println!("tshark is not installed: it was not asked");
    }
    installed
}

/// The lines of these fields, one per message, as tshark sees them.
fn tshark(messages: &[u8], fields: &[&str]) -> Vec<Vec<String>> {
    let mut left = messages;
    let mut all = Vec::new();
    while let Ok(Some(length)) = frame(left, 4096) {
        let (message, rest) = left.split_at(length);
        all.push(message);
        left = rest;
    }
    assert!(left.is_empty() && !all.is_empty(), "whole messages");
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&capture(&all)).expect("written");
    let output = Command::new("tshark")
        .args(["-n", "-T", "fields", "-E", "separator=;", "-r"])
        .arg(file.path())
        .args(fields.iter().flat_map(|field| ["-e", *field]))
        .output()
        .expect("tshark is installed");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<Vec<String>> = text
        .lines()
        .map(|line| line.split(';').map(str::to_owned).collect())
        .collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        lines.len(),
        all.len(),
        "a line per message: {text} {errors}"
    );
    lines
}

/// Asserts that no message is flagged, and that each is of the type that it should be.
fn in_order(messages: &[u8], kinds: &[u8]) {
    let lines = tshark(
        messages,
        &[
            "bgp.type",
            "_ws.malformed",
            "_ws.expert.severity",
            "_ws.expert.message",
        ],
    );
    for (line, kind) in lines.iter().zip(kinds) {
        assert_eq!(line[0], kind.to_string(), "{line:?}");
        assert_eq!(line[1], "", "malformed: {line:?}");
        // Severities of errors and warnings; notes and chats are below.
        let severe = line[2].split(',').filter_map(|one| one.parse::<u32>().ok());
        assert!(severe.max().unwrap_or(0) < 0x0060_0000, "flagged: {line:?}");
    }
    assert_eq!(lines.len(), kinds.len());
}

fn prefixes(count: u32, ipv6: bool) -> Vec<Nlri> {
    let one = |n: u32| {
        if ipv6 {
            let bits = (0x2001_0db8u128 << 96) | u128::from(n) << 64;
            Prefix::new(Ipv6Addr::from_bits(bits).into(), 64)
        } else {
            Prefix::new(Ipv4Addr::from_bits(0x0a00_0000 + (n << 8)).into(), 24)
        }
    };
    let all: Result<Vec<Prefix>, _> = (0..count).map(one).collect();
    all.expect("prefixes").into_iter().map(Nlri::from).collect()
}

fn every_attribute() -> Attrs {
    Attrs {
        origin: Origin::Incomplete,
        med: Some(50),
        local_pref: Some(100),
        atomic_aggregate: true,
        aggregator: Some(Aggregator {
            asn: Asn(65001),
            router: RouterId(0x0a00_0404),
        }),
        communities: (0..100).map(|n| Community::new(65001, n)).collect(),
        originator_id: Some(RouterId(0xc000_0209)),
        cluster_list: vec![RouterId(1), RouterId(2)],
        extended_communities: vec![ExtendedCommunity::route_target(Asn(65001), 7)],
        large_communities: vec![LargeCommunity::new(65001, 1, 2)],
        aigp: Some(1000),
        only_to_customer: Some(Asn(65001)),
        unknown: vec![UnknownAttribute {
            flags: 0xe0,
            code: 200,
            value: vec![1, 2, 3],
        }],
        ..Attrs::new(
            "65001 70000 65010".parse().expect("a path"),
            Ipv4Addr::new(10, 0, 4, 5),
        )
    }
}

#[test]
fn updates_with_every_attribute_and_full_messages_of_both_families() {
    if !is_installed() {
        return;
    }
    let context = Context {
        peer: PeerKind::Internal,
        aigp: true,
        ..Context::default()
    };
    let mut packer = Packer::new(&context);
    let mut bytes = Vec::new();
    let ipv4 = every_attribute();
    let mut messages = packer
        .announce(&ipv4, &prefixes(2000, false), &mut bytes)
        .expect("fits");
    let ipv6 = Attrs {
        next_hop: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        ..ipv4
    };
    messages += packer
        .announce(&ipv6, &prefixes(1000, true), &mut bytes)
        .expect("fits");
    messages += packer
        .withdraw(&prefixes(2000, false), &mut bytes)
        .expect("fits");
    messages += packer
        .withdraw(&prefixes(1000, true), &mut bytes)
        .expect("fits");
    for family in Family::ALL {
        encode_end_of_rib(family, &mut bytes);
        messages += 1;
    }
    in_order(&bytes, &vec![2; messages]);
}

#[test]
fn updates_of_two_octet_sessions_and_with_path_identifiers() {
    if !is_installed() {
        return;
    }
    let old = Context {
        four_octet_as: false,
        ..Context::default()
    };
    let mut bytes = Vec::new();
    let written = Packer::new(&old).announce(&every_attribute(), &prefixes(3, false), &mut bytes);
    assert_eq!(written, Ok(1));
    let several = Context {
        add_path_send: FamilySet::ALL,
        ..Context::default()
    };
    let mut paths = prefixes(3, false);
    for (nlri, id) in paths.iter_mut().zip(1..) {
        nlri.path_id = Some(PathId(id));
    }
    let written = Packer::new(&several).announce(&every_attribute(), &paths, &mut bytes);
    assert_eq!(written, Ok(1));
    in_order(&bytes, &[2, 2]);
}

#[test]
fn prefixes_and_paths_are_read_as_they_were_written() {
    if !is_installed() {
        return;
    }
    let mut bytes = Vec::new();
    let attrs = Attrs::new(
        "65001 70000".parse().expect("a path"),
        Ipv4Addr::new(10, 0, 4, 5),
    );
    let prefixes: Vec<Nlri> = ["10.0.0.0/8", "192.0.2.0/25", "198.51.100.0/24"]
        .iter()
        .map(|text| Nlri::from(text.parse::<Prefix>().expect("a prefix")))
        .collect();
    let written = Packer::new(&Context::default()).announce(&attrs, &prefixes, &mut bytes);
    assert_eq!(written, Ok(1));
    let lines = tshark(
        &bytes,
        &[
            "bgp.nlri_prefix",
            "bgp.prefix_length",
            "bgp.update.path_attribute.as_path_segment.as4",
            "bgp.update.path_attribute.next_hop",
        ],
    );
    let wanted = [
        "10.0.0.0,192.0.2.0,198.51.100.0",
        "8,25,24",
        "65001,70000",
        "10.0.4.5",
    ];
    assert_eq!(lines, [wanted.map(str::to_owned).to_vec()]);
}

#[test]
fn all_other_messages() {
    if !is_installed() {
        return;
    }
    let capabilities = vec![
        Capability::Multiprotocol(AfiSafi::IPV4),
        Capability::Multiprotocol(AfiSafi::IPV6),
        Capability::RouteRefresh,
        Capability::ExtendedNextHop(vec![(AfiSafi::IPV4, 2)]),
        Capability::ExtendedMessage,
        Capability::Role(Role::RouteServer),
        Capability::GracefulRestart(GracefulRestart {
            restarting: false,
            notification: true,
            time: 120,
            families: vec![(AfiSafi::IPV4, true)],
        }),
        Capability::FourOctetAs(Asn(70000)),
        Capability::AddPath(vec![(AfiSafi::IPV4, AddPathMode::Both)]),
        Capability::EnhancedRouteRefresh,
        Capability::LongLivedGracefulRestart(vec![LongLivedFamily {
            family: AfiSafi::IPV4,
            forwarding: true,
            stale_time: 3600,
        }]),
        Capability::Fqdn {
            host: "rs".to_owned(),
            domain: "example".to_owned(),
        },
    ];
    let open = Open {
        asn: Asn(70000),
        hold_time: 180,
        router_id: RouterId(0x0a00_0404),
        capabilities: Capabilities(capabilities),
    };
    let mut bytes = Vec::new();
    open.encode(&mut bytes).expect("fits");
    bytes.extend(KEEPALIVE);
    RouteRefresh::new(Family::Ipv4, RefreshKind::Request).encode(&mut bytes);
    RouteRefresh::new(Family::Ipv6, RefreshKind::Begin).encode(&mut bytes);
    in_order(&bytes, &[1, 4, 5, 5]);
    let mut bytes = Vec::new();
    Notification::ADMINISTRATIVE_SHUTDOWN
        .with_text("moving")
        .encode(&mut bytes);
    Notification::MAXIMUM_PREFIXES.encode(&mut bytes);
    Notification::BAD_PEER_AS.encode(&mut bytes);
    let lines = tshark(
        &bytes,
        &["bgp.type", "_ws.malformed", "bgp.notify.major_error"],
    );
    let wanted = [["3", "", "6"], ["3", "", "6"], ["3", "", "2"]];
    assert_eq!(lines, wanted.map(|line| line.map(str::to_owned).to_vec()));
}

#[test]
fn tshark_flags_what_is_malformed() {
    if !is_installed() {
        return;
    }
    let mut bytes = Vec::new();
    let attrs = Attrs::new("65001".parse().expect("a path"), Ipv4Addr::new(10, 0, 4, 5));
    let written =
        Packer::new(&Context::default()).announce(&attrs, &prefixes(1, false), &mut bytes);
    assert_eq!(written, Ok(1));
    // The prefix claims to be longer than an address.
    let at = bytes.len() - 4;
    bytes[at] = 200;
    let lines = tshark(&bytes, &["_ws.malformed", "_ws.expert.severity"]);
    assert_ne!(lines[0], ["", ""]);
}

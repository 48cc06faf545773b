//! routehub-wire beside other codecs: on messages that are in order all must say the same, and
//! where one does not, the reason stands in `benches/DIFFERENCES.md`.
//!
//! Recorded messages are compared where `ROUTEHUB_CORPORA` names their folder.

mod facts;
mod generated;
mod peers;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

use facts::{Facts, Width, ours};
use routehub_types::Prefix;
use routehub_wire::{Context, MessageType, PeerKind, frame};

/// A codec by name.
type Codec = (&'static str, fn(&[u8], Width) -> Result<Facts, String>);

const CODECS: [Codec; 3] = [
    ("netgauze-bgp-pkt", peers::netgauze),
    ("bgpkit-parser", peers::bgpkit),
    ("routecore", peers::routecore),
];

/// What messages are decoded for: as the others do, every attribute of any peer is taken.
fn context(width: Width) -> Context {
    Context {
        four_octet_as: width == Width::Four,
        peer: PeerKind::Internal,
        reject_as_set: false,
        ..Context::default()
    }
}

/// How often a codec differed for a reason that is written down.
type Counts = BTreeMap<(&'static str, &'static str), usize>;

/// Compares all codecs on all messages.
fn compare(messages: &[Vec<u8>], width: Width) -> Counts {
    let mut counts = Counts::new();
    for message in messages {
        let Some((ours, in_order)) = ours(message, width) else {
            panic!("not an UPDATE: {message:02x?}");
        };
        for (name, codec) in CODECS {
            let theirs = codec(message, width);
            if theirs.as_ref() == Ok(&ours) {
                continue;
            }
            match explanation(name, &ours, in_order, &theirs) {
                Some(reason) => *counts.entry((name, reason)).or_default() += 1,
                None => panic!("{name}: {theirs:#?}\nwe: {ours:#?}\n{message:02x?}"),
            }
        }
    }
    counts
}

/// Why a codec may say something else; the titles stand in `DIFFERENCES.md`.
fn explanation(
    name: &str,
    ours: &Facts,
    in_order: bool,
    theirs: &Result<Facts, String>,
) -> Option<&'static str> {
    if !in_order {
        return Some("a malformed message");
    }
    match (name, theirs) {
        ("netgauze-bgp-pkt", Err(_)) if ours.prefixes().any(is_multicast) => {
            Some("a multicast prefix")
        }
        ("bgpkit-parser", Ok(theirs)) if ours.prefixes().any(Prefix::is_default) => {
            let same_otherwise = Facts {
                withdrawn: ours.withdrawn.clone(),
                announced: ours.announced.clone(),
                ..theirs.clone()
            };
            (same_otherwise == *ours).then_some("a default route that is not alone")
        }
        _ => None,
    }
}

/// Whether a prefix starts among multicast addresses, or is the broadcast address.
fn is_multicast(prefix: Prefix) -> bool {
    match prefix.address() {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}

#[test]
fn on_generated_messages_all_codecs_agree_or_the_difference_is_explained() {
    for width in [Width::Four, Width::Two] {
        let messages = generated::messages(3000, width);
        let counts = compare(&messages, width);
        println!("{width:?}: {} messages, {counts:#?}", messages.len());
        every_reason_is_written_down(&counts);
    }
}

#[test]
fn on_recorded_messages_all_codecs_agree_or_the_difference_is_explained() {
    let Some(folder) = std::env::var_os("ROUTEHUB_CORPORA") else {
        println!("ROUTEHUB_CORPORA is not set: nothing recorded to compare");
        return;
    };
    for (name, width) in [
        ("ris2019.as4.bgp.gz", Width::Four),
        ("rrc06-2015.as4.bgp.gz", Width::Four),
        ("rrc15-2010.as2.bgp.gz", Width::Two),
    ] {
        let messages = recorded(&Path::new(&folder).join(name));
        assert!(!messages.is_empty(), "{name} has messages");
        let counts = compare(&messages, width);
        println!("{name}: {} messages, {counts:#?}", messages.len());
        every_reason_is_written_down(&counts);
    }
}

fn every_reason_is_written_down(counts: &Counts) {
    let table = include_str!("../../DIFFERENCES.md");
    for (name, reason) in counts.keys() {
        let row = format!("| {name} | {reason} |");
        assert!(table.contains(&row), "not in the table: {row}");
    }
}

/// The UPDATEs of a recorded file.
fn recorded(path: &Path) -> Vec<Vec<u8>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut stream = Vec::new();
    let read = flate2::read::GzDecoder::new(file).read_to_end(&mut stream);
    read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut left = stream.as_slice();
    let mut messages = Vec::new();
    while let Ok(Some(length)) = frame(left, routehub_wire::MAX_LEN) {
        let (message, rest) = left.split_at(length);
        if message[18] == MessageType::Update.code() {
            messages.push(message.to_vec());
        }
        left = rest;
    }
    assert!(left.is_empty(), "{}: not all messages", path.display());
    messages
}

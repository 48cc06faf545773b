//! The canonical block of an attribute set: its path attributes in the encoding of RFC 4271, in
//! ascending order of type code, ASNs of four octets; then what that encoding cannot hold.
//!
//! Most blocks received are of exactly these bytes, so that one copy serves both to recognise a
//! block and to keep the set. The block is injective: different sets have different blocks.

use alloc::vec::Vec;
use core::net::IpAddr;

use routehub_types::{Attrs, NextHop, Segment, SegmentKind, UnknownAttribute};

/// Attribute type codes, by RFC.
pub(super) mod code {
    pub(crate) const ORIGIN: u8 = 1;
    pub(crate) const AS_PATH: u8 = 2;
    pub(crate) const NEXT_HOP: u8 = 3;
    pub(crate) const MED: u8 = 4;
    pub(crate) const LOCAL_PREF: u8 = 5;
    pub(crate) const ATOMIC_AGGREGATE: u8 = 6;
    pub(crate) const AGGREGATOR: u8 = 7;
    pub(crate) const COMMUNITIES: u8 = 8;
    pub(crate) const ORIGINATOR_ID: u8 = 9;
    pub(crate) const CLUSTER_LIST: u8 = 10;
    pub(crate) const EXTENDED_COMMUNITIES: u8 = 16;
    pub(crate) const IPV6_EXTENDED_COMMUNITIES: u8 = 25;
    pub(crate) const AIGP: u8 = 26;
    pub(crate) const LARGE_COMMUNITIES: u8 = 32;
    pub(crate) const ONLY_TO_CUSTOMER: u8 = 35;
    /// Codes written here, ascending.
    pub(crate) const KNOWN: [u8; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 25, 26, 32, 35];
}

/// First octets of what follows the attributes; no flags octet of an attribute looks like these.
pub(super) mod tail {
    pub(crate) const V6: u8 = 1;
    pub(crate) const V6_LINK_LOCAL: u8 = 2;
    pub(crate) const V4_LINK_LOCAL: u8 = 3;
    pub(crate) const UNKNOWN: u8 = 4;
}

/// Flags: well-known, optional non-transitive, optional transitive.
const WELL_KNOWN: u8 = 0x40;
const OPTIONAL: u8 = 0x80;
const TRANSITIVE: u8 = 0xc0;
/// Flag: the length has two octets.
pub(super) const LONG: u8 = 0x10;
/// Flag bits that RFC 4271 leaves unused.
const UNUSED: u8 = 0x0f;
/// A two-octet length that says: four octets of length follow. No message is long enough for it.
pub(super) const HUGE: u16 = u16::MAX;

/// Appends the canonical block of a set.
pub(super) fn write(attrs: &Attrs, out: &mut Vec<u8>) {
    // Unknown attributes stand between the known ones where they can be told apart there.
    let inline = unknown_fit(&attrs.unknown);
    let mut unknown = attrs.unknown.iter().take_while(|_| inline).peekable();
    for code in code::KNOWN {
        while let Some(one) = unknown.next_if(|one| one.code < code) {
            write_unknown(one, out);
        }
        write_known(attrs, code, out);
    }
    for one in unknown {
        write_unknown(one, out);
    }
    write_next_hop(&attrs.next_hop, out);
    if !inline {
        write_unknown_tail(&attrs.unknown, out);
    }
}

/// Appends the next hop if it is none that the NEXT_HOP attribute can carry.
pub(super) fn write_next_hop(next_hop: &NextHop, out: &mut Vec<u8>) {
    let link_local = next_hop.link_local.map(|address| address.octets());
    match (next_hop.address, link_local) {
        (IpAddr::V4(_), None) => {}
        (IpAddr::V4(address), Some(link_local)) => {
            out.push(tail::V4_LINK_LOCAL);
            out.extend_from_slice(&address.octets());
            out.extend_from_slice(&link_local);
        }
        (IpAddr::V6(address), link_local) => {
            out.push(match link_local {
                None => tail::V6,
                Some(_) => tail::V6_LINK_LOCAL,
            });
            out.extend_from_slice(&address.octets());
            out.extend_from_slice(link_local.as_ref().map_or(&[], <[u8; 16]>::as_slice));
        }
    }
}

/// Whether unknown attributes can stand in the block itself: ascending, of other codes than the
/// known ones, with flags that survive.
fn unknown_fit(unknown: &[UnknownAttribute]) -> bool {
    unknown
        .windows(2)
        .all(|pair| matches!(pair, [one, next] if one.code < next.code))
        && unknown
            .iter()
            .all(|one| one.flags & (LONG | UNUSED) == 0 && !code::KNOWN.contains(&one.code))
}

fn write_known(attrs: &Attrs, code: u8, out: &mut Vec<u8>) {
    match code {
        code::ORIGIN => attribute(out, WELL_KNOWN, code, &[attrs.origin as u8]),
        code::AS_PATH => write_path(attrs.as_path.segments(), out),
        code::NEXT_HOP => {
            if let (IpAddr::V4(address), None) = (attrs.next_hop.address, attrs.next_hop.link_local)
            {
                attribute(out, WELL_KNOWN, code, &address.octets());
            }
        }
        code::MED => number(out, OPTIONAL, code, attrs.med),
        code::LOCAL_PREF => number(out, WELL_KNOWN, code, attrs.local_pref),
        code::ATOMIC_AGGREGATE => {
            if attrs.atomic_aggregate {
                attribute(out, WELL_KNOWN, code, &[]);
            }
        }
        code::AGGREGATOR => {
            if let Some(by) = attrs.aggregator {
                header(out, TRANSITIVE, code, 8);
                out.extend_from_slice(&by.asn.0.to_be_bytes());
                out.extend_from_slice(&by.router.0.to_be_bytes());
            }
        }
        code::ORIGINATOR_ID => number(out, OPTIONAL, code, attrs.originator_id.map(|id| id.0)),
        code::AIGP => {
            if let Some(metric) = attrs.aigp {
                header(out, OPTIONAL, code, 11);
                out.extend_from_slice(&[1, 0, 11]);
                out.extend_from_slice(&metric.to_be_bytes());
            }
        }
        code::ONLY_TO_CUSTOMER => {
            let asn = attrs.only_to_customer.map(|asn| asn.0);
            number(out, TRANSITIVE, code, asn);
        }
        _ => write_list(attrs, code, out),
    }
}

/// Appends an attribute that is a list.
fn write_list(attrs: &Attrs, code: u8, out: &mut Vec<u8>) {
    match code {
        code::COMMUNITIES => list(out, TRANSITIVE, code, &attrs.communities, |one| {
            one.0.to_be_bytes()
        }),
        code::CLUSTER_LIST => list(out, OPTIONAL, code, &attrs.cluster_list, |one| {
            one.0.to_be_bytes()
        }),
        code::EXTENDED_COMMUNITIES => {
            list(out, TRANSITIVE, code, &attrs.extended_communities, |one| {
                one.0
            });
        }
        code::IPV6_EXTENDED_COMMUNITIES => {
            list(
                out,
                TRANSITIVE,
                code,
                &attrs.ipv6_extended_communities,
                |one| one.0,
            );
        }
        code::LARGE_COMMUNITIES => list(out, TRANSITIVE, code, &attrs.large_communities, |one| {
            let mut octets = [0; 12];
            let parts = [one.global, one.local1, one.local2];
            for (to, part) in octets.chunks_exact_mut(4).zip(parts) {
                to.copy_from_slice(&part.to_be_bytes());
            }
            octets
        }),
        _ => {}
    }
}

fn header(out: &mut Vec<u8>, flags: u8, code: u8, length: usize) {
    if let Ok(short) = u8::try_from(length) {
        out.extend_from_slice(&[flags, code, short]);
        return;
    }
    out.extend_from_slice(&[flags | LONG, code]);
    match u16::try_from(length) {
        Ok(length) if length < HUGE => out.extend_from_slice(&length.to_be_bytes()),
        _ => {
            out.extend_from_slice(&HUGE.to_be_bytes());
            // Four octets are enough for any set that memory holds.
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
}

fn attribute(out: &mut Vec<u8>, flags: u8, code: u8, value: &[u8]) {
    header(out, flags, code, value.len());
    out.extend_from_slice(value);
}

fn number(out: &mut Vec<u8>, flags: u8, code: u8, value: Option<u32>) {
    if let Some(value) = value {
        attribute(out, flags, code, &value.to_be_bytes());
    }
}

fn list<T, const N: usize>(
    out: &mut Vec<u8>,
    flags: u8,
    code: u8,
    items: &[T],
    octets: impl Fn(&T) -> [u8; N],
) {
    if !items.is_empty() {
        header(out, flags, code, items.len() * N);
        items
            .iter()
            .for_each(|item| out.extend_from_slice(&octets(item)));
    }
}

fn write_path(segments: &[Segment], out: &mut Vec<u8>) {
    // A segment of more than 255 ASNs, which the wire does not know, has a count of 0 and the
    // real one behind it.
    let size = |segment: &Segment| match segment.asns.len() {
        count @ 1..=255 => 2 + 4 * count,
        count => 6 + 4 * count,
    };
    let length = segments.iter().map(size).sum();
    header(out, WELL_KNOWN, code::AS_PATH, length);
    for segment in segments {
        out.push(match segment.kind {
            SegmentKind::Set => 1,
            SegmentKind::Sequence => 2,
            SegmentKind::ConfedSequence => 3,
            SegmentKind::ConfedSet => 4,
        });
        match u8::try_from(segment.asns.len()) {
            Ok(count @ 1..) => out.push(count),
            _ => {
                out.push(0);
                out.extend_from_slice(&(segment.asns.len() as u32).to_be_bytes());
            }
        }
        for asn in &segment.asns {
            out.extend_from_slice(&asn.0.to_be_bytes());
        }
    }
}

fn write_unknown(one: &UnknownAttribute, out: &mut Vec<u8>) {
    attribute(out, one.flags, one.code, &one.value);
}

fn write_unknown_tail(unknown: &[UnknownAttribute], out: &mut Vec<u8>) {
    out.push(tail::UNKNOWN);
    for one in unknown {
        out.extend_from_slice(&[one.flags, one.code]);
        out.extend_from_slice(&(one.value.len() as u32).to_be_bytes());
        out.extend_from_slice(&one.value);
    }
}

//! The way back from a canonical block to an attribute set.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use routehub_types::{
    Aggregator, AsPath, Asn, Attrs, Community, ExtendedCommunity, Ipv6ExtendedCommunity,
    LargeCommunity, NextHop, Origin, RouterId, Segment, SegmentKind, UnknownAttribute,
};

use super::write::{HUGE, LONG, code, tail};

/// Reads octets from the front; what is missing reads as zero, so that nothing can fail.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        let taken = self.take(N);
        octets[..taken.len()].copy_from_slice(taken);
        octets
    }

    fn u8(&mut self) -> u8 {
        let [octet] = self.array();
        octet
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    fn list<T, const N: usize>(mut self, item: impl Fn([u8; N]) -> T) -> Vec<T> {
        let mut items = Vec::with_capacity(self.0.len() / N);
        while !self.0.is_empty() {
            items.push(item(self.array()));
        }
        items
    }
}

/// The set whose canonical block this is.
pub(super) fn read(block: &[u8]) -> Attrs {
    let mut attrs = Attrs::default();
    let mut from = Reader(block);
    while let Some(&first) = from.0.first() {
        match first {
            tail::V6 | tail::V6_LINK_LOCAL | tail::V4_LINK_LOCAL => {
                attrs.next_hop = read_next_hop(&mut from);
            }
            tail::UNKNOWN => {
                from.take(1);
                while !from.0.is_empty() {
                    let (flags, code) = (from.u8(), from.u8());
                    let length = from.u32() as usize;
                    attrs.unknown.push(UnknownAttribute {
                        flags,
                        code,
                        value: from.take(length).to_vec(),
                    });
                }
            }
            _ => read_attribute(&mut from, &mut attrs),
        }
    }
    attrs
}

fn read_next_hop(from: &mut Reader<'_>) -> NextHop {
    let kind = from.u8();
    let address = match kind {
        tail::V4_LINK_LOCAL => IpAddr::V4(Ipv4Addr::from(from.u32())),
        _ => IpAddr::V6(Ipv6Addr::from(from.array::<16>())),
    };
    let link_local = (kind != tail::V6).then(|| Ipv6Addr::from(from.array::<16>()));
    NextHop {
        address,
        link_local,
    }
}

fn read_attribute(from: &mut Reader<'_>, attrs: &mut Attrs) {
    let (flags, code) = (from.u8(), from.u8());
    let length = if flags & LONG == 0 {
        usize::from(from.u8())
    } else {
        match from.u16() {
            HUGE => from.u32() as usize,
            length => usize::from(length),
        }
    };
    let mut value = Reader(from.take(length));
    match code {
        code::ORIGIN => {
            attrs.origin = match value.u8() {
                0 => Origin::Igp,
                1 => Origin::Egp,
                _ => Origin::Incomplete,
            };
        }
        code::AS_PATH => attrs.as_path = read_path(value),
        code::NEXT_HOP => attrs.next_hop = Ipv4Addr::from(value.u32()).into(),
        code::MED => attrs.med = Some(value.u32()),
        code::LOCAL_PREF => attrs.local_pref = Some(value.u32()),
        code::ATOMIC_AGGREGATE => attrs.atomic_aggregate = true,
        code::AGGREGATOR => {
            attrs.aggregator = Some(Aggregator {
                asn: Asn(value.u32()),
                router: RouterId(value.u32()),
            });
        }
        code::COMMUNITIES => {
            attrs.communities = value.list(|octets| Community(u32::from_be_bytes(octets)));
        }
        code::ORIGINATOR_ID => attrs.originator_id = Some(RouterId(value.u32())),
        code::CLUSTER_LIST => {
            attrs.cluster_list = value.list(|octets| RouterId(u32::from_be_bytes(octets)));
        }
        code::EXTENDED_COMMUNITIES => attrs.extended_communities = value.list(ExtendedCommunity),
        code::IPV6_EXTENDED_COMMUNITIES => {
            attrs.ipv6_extended_communities = value.list(Ipv6ExtendedCommunity);
        }
        code::AIGP => {
            value.take(3);
            attrs.aigp = Some(u64::from_be_bytes(value.array()));
        }
        code::LARGE_COMMUNITIES => {
            attrs.large_communities = value.list(|octets: [u8; 12]| {
                let mut part = Reader(&octets);
                LargeCommunity::new(part.u32(), part.u32(), part.u32())
            });
        }
        code::ONLY_TO_CUSTOMER => attrs.only_to_customer = Some(Asn(value.u32())),
        _ => attrs.unknown.push(UnknownAttribute {
            flags: flags & !LONG,
            code,
            value: value.0.to_vec(),
        }),
    }
}

fn read_path(mut from: Reader<'_>) -> AsPath {
    let mut segments = Vec::new();
    while !from.0.is_empty() {
        let kind = match from.u8() {
            1 => SegmentKind::Set,
            2 => SegmentKind::Sequence,
            3 => SegmentKind::ConfedSequence,
            _ => SegmentKind::ConfedSet,
        };
        let count = match from.u8() {
            0 => from.u32() as usize,
            count => usize::from(count),
        };
        let octets = Reader(from.take(4 * count));
        let asns = octets.list(|octets| Asn(u32::from_be_bytes(octets)));
        segments.push(Segment { kind, asns });
    }
    AsPath::from_segments(segments)
}

/// The IPv4 next hop of a canonical block.
pub(super) fn next_hop_v4(block: &[u8]) -> Option<Ipv4Addr> {
    find(block, code::NEXT_HOP).map(|mut value| Ipv4Addr::from(value.u32()))
}

/// The originator of a canonical block.
pub(super) fn originator(block: &[u8]) -> Option<RouterId> {
    find(block, code::ORIGINATOR_ID).map(|mut value| RouterId(value.u32()))
}

/// The value of a known attribute of a canonical block, without reading the others.
fn find(block: &[u8], wanted: u8) -> Option<Reader<'_>> {
    let mut from = Reader(block);
    while from.0.first().is_some_and(|first| *first > tail::UNKNOWN) {
        let (flags, code) = (from.u8(), from.u8());
        let length = match flags & LONG {
            0 => usize::from(from.u8()),
            _ => match from.u16() {
                HUGE => from.u32() as usize,
                length => usize::from(length),
            },
        };
        let value = Reader(from.take(length));
        if code >= wanted {
            return (code == wanted).then_some(value);
        }
    }
    None
}

//! The way back from a block to an attribute set.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{HUGE, tail};
use crate::attribute_code::{self as code, EXTENDED_LENGTH};
use crate::{
    Aggregator, AsPath, Asn, Attrs, Community, ExtendedCommunity, Ipv6ExtendedCommunity,
    LargeCommunity, NextHop, Origin, RouterId, Segment, SegmentKind, UnknownAttribute,
};

/// Reads octets from the front; what is missing reads as zero, so that nothing can fail.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn octets(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        let taken = self.octets(N);
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

/// An attribute of a block.
struct Attribute<'a> {
    flags: u8,
    code: u8,
    value: Reader<'a>,
}

/// The attributes up to the end, or to what follows them.
impl<'a> Iterator for Reader<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        if matches!(self.0.first()?, tail::V6..=tail::UNKNOWN) {
            return None;
        }
        let (flags, code) = (self.u8(), self.u8());
        let length = match flags & EXTENDED_LENGTH {
            0 => usize::from(self.u8()),
            _ => match self.u16() {
                HUGE => self.u32() as usize,
                length => usize::from(length),
            },
        };
        let value = Reader(self.octets(length));
        Some(Attribute { flags, code, value })
    }
}

/// The set whose canonical block this is; of other octets, any set.
pub fn read(block: &[u8]) -> Attrs {
    let mut attrs = Attrs::default();
    let mut from = Reader(block);
    while let Some(&first) = from.0.first() {
        match first {
            tail::V6 | tail::V6_LINK_LOCAL | tail::V4_LINK_LOCAL => {
                attrs.next_hop = read_next_hop(&mut from);
            }
            tail::UNKNOWN => {
                from.octets(1);
                while !from.0.is_empty() {
                    let (flags, code) = (from.u8(), from.u8());
                    let length = from.u32() as usize;
                    attrs.unknown.push(UnknownAttribute {
                        flags,
                        code,
                        value: from.octets(length).to_vec(),
                    });
                }
            }
            _ => from
                .by_ref()
                .for_each(|attribute| read_attribute(attribute, &mut attrs)),
        }
    }
    attrs
}

/// The value of a typed attribute of a canonical block, without reading the others.
pub fn value(block: &[u8], code: u8) -> Option<&[u8]> {
    let found = Reader(block).find(|attribute| attribute.code >= code)?;
    (found.code == code).then_some(found.value.0)
}

/// The type code of an attribute of a block that no message can hold.
pub fn too_long(block: &[u8]) -> Option<u8> {
    let found = Reader(block).find(|attribute| attribute.value.0.len() >= usize::from(HUGE))?;
    Some(found.code)
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

fn read_attribute(attribute: Attribute<'_>, attrs: &mut Attrs) {
    let Attribute {
        flags,
        code,
        mut value,
    } = attribute;
    match code {
        code::ORIGIN => {
            attrs.origin = Origin::from_code(value.u8()).unwrap_or(Origin::Incomplete);
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
            value.octets(3);
            attrs.aigp = Some(u64::from_be_bytes(value.array()));
        }
        code::LARGE_COMMUNITIES => {
            attrs.large_communities = value.list(LargeCommunity::from_octets);
        }
        code::ONLY_TO_CUSTOMER => attrs.only_to_customer = Some(Asn(value.u32())),
        _ => attrs.unknown.push(UnknownAttribute {
            flags: flags & !EXTENDED_LENGTH,
            code,
            value: value.0.to_vec(),
        }),
    }
}

fn read_path(mut from: Reader<'_>) -> AsPath {
    let mut segments = Vec::new();
    while !from.0.is_empty() {
        let kind = SegmentKind::from_code(from.u8()).unwrap_or(SegmentKind::ConfedSet);
        let count = match from.u8() {
            0 => from.u32() as usize,
            count => usize::from(count),
        };
        let octets = Reader(from.octets(4 * count));
        let asns = octets.list(|octets| Asn(u32::from_be_bytes(octets)));
        segments.push(Segment { kind, asns });
    }
    AsPath::from_segments(segments)
}

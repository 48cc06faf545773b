//! Writing the attributes of a set.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use super::{HUGE, tail};
use crate::attribute_code::{self as code, EXTENDED_LENGTH};
use crate::{Aggregator, AsPath, Asn, Attrs, NextHop, RouterId, Segment, UnknownAttribute};

/// Flag bits that RFC 4271 leaves unused.
const UNUSED: u8 = 0x0f;

/// Which attributes a session carries, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// ASNs have four octets; else two, with AS4_PATH and AS4_AGGREGATOR where that is too little
    /// (RFC 6793 section 4.2.2).
    pub four_octet_as: bool,
    /// With LOCAL_PREF: within the AS or confederation (RFC 4271 section 5.1.5).
    pub local_pref: bool,
    /// With ORIGINATOR_ID and CLUSTER_LIST: within the AS (RFC 4456).
    pub reflection: bool,
    /// With AIGP: where it is in use (RFC 7311).
    pub aigp: bool,
}

/// Appends the attributes of a set as a message carries them, with NEXT_HOP if there is one to
/// write.
///
/// Unknown attributes go in by their type code; [`too_long`](super::too_long) names an attribute
/// that no message can hold.
pub fn write_message(attrs: &Attrs, form: Form, next_hop: Option<Ipv4Addr>, out: &mut Vec<u8>) {
    let mut writer = Writer {
        form,
        longest: SEGMENT_MAX,
        unknown: &attrs.unknown,
        out,
    };
    writer.write(attrs, next_hop);
}

/// Appends the canonical block of a set.
pub fn write_canonical(attrs: &Attrs, out: &mut Vec<u8>) {
    let form = Form {
        four_octet_as: true,
        local_pref: true,
        reflection: true,
        aigp: true,
    };
    let next_hop = match attrs.next_hop {
        NextHop {
            address: IpAddr::V4(address),
            link_local: None,
        } => Some(address),
        _ => None,
    };
    // Unknown attributes stand between the known ones where they can be told apart there.
    let between = is_told_apart(&attrs.unknown);
    let mut writer = Writer {
        form,
        longest: usize::MAX,
        unknown: if between { &attrs.unknown } else { &[] },
        out,
    };
    writer.write(attrs, next_hop);
    write_next_hop(&attrs.next_hop, out);
    if !between {
        out.push(tail::UNKNOWN);
        for attribute in &attrs.unknown {
            out.extend_from_slice(&[attribute.flags, attribute.code]);
            out.extend_from_slice(&(attribute.value.len() as u32).to_be_bytes());
            out.extend_from_slice(&attribute.value);
        }
    }
}

/// Appends the next hop of a canonical block if it is none that the NEXT_HOP attribute can carry.
pub fn write_next_hop(next_hop: &NextHop, out: &mut Vec<u8>) {
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

/// Whether unknown attributes can stand between the others: ascending, of types that no other is
/// of, with flags that survive.
fn is_told_apart(unknown: &[UnknownAttribute]) -> bool {
    unknown.is_sorted_by(|attribute, next| attribute.code < next.code)
        && unknown.iter().all(|attribute| {
            attribute.flags & (EXTENDED_LENGTH | UNUSED) == 0 && !code::is_typed(attribute.code)
        })
}

/// The most ASNs that a message has in one segment (RFC 4271 section 4.3).
const SEGMENT_MAX: usize = 255;

/// A block that is written, in ascending order of type code.
struct Writer<'a> {
    form: Form,
    /// The most ASNs in one segment.
    longest: usize,
    /// Unknown attributes that are not written yet.
    unknown: &'a [UnknownAttribute],
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn write(&mut self, attrs: &Attrs, next_hop: Option<Ipv4Addr>) {
        self.octets(code::ORIGIN, [attrs.origin as u8]);
        self.as_path(&attrs.as_path);
        self.number(code::NEXT_HOP, next_hop.map(Ipv4Addr::to_bits));
        self.number(code::MED, attrs.med);
        if self.form.local_pref {
            self.number(code::LOCAL_PREF, attrs.local_pref);
        }
        if attrs.atomic_aggregate {
            self.octets(code::ATOMIC_AGGREGATE, []);
        }
        match attrs.aggregator {
            Some(Aggregator { asn, router }) if self.form.four_octet_as => {
                self.aggregator(code::AGGREGATOR, four_octets(asn), router);
            }
            Some(Aggregator { asn, router }) => {
                self.aggregator(code::AGGREGATOR, two_octets(asn), router);
            }
            None => {}
        }
        self.list(code::COMMUNITIES, &attrs.communities, |value| {
            value.0.to_be_bytes()
        });
        if self.form.reflection {
            self.number(code::ORIGINATOR_ID, attrs.originator_id.map(|id| id.0));
            self.list(code::CLUSTER_LIST, &attrs.cluster_list, |id| {
                id.0.to_be_bytes()
            });
        }
        self.list(
            code::EXTENDED_COMMUNITIES,
            &attrs.extended_communities,
            |value| value.0,
        );
        if !self.form.four_octet_as {
            self.as4(attrs);
        }
        self.list(
            code::IPV6_EXTENDED_COMMUNITIES,
            &attrs.ipv6_extended_communities,
            |value| value.0,
        );
        if let Some(metric) = attrs.aigp.filter(|_| self.form.aigp) {
            // One TLV of type 1 and 11 octets (RFC 7311 section 3).
            self.header(code::AIGP, 11);
            self.out.extend_from_slice(&[1, 0, 11]);
            self.out.extend_from_slice(&metric.to_be_bytes());
        }
        self.list(code::LARGE_COMMUNITIES, &attrs.large_communities, |value| {
            value.octets()
        });
        self.unknown_before(code::ONLY_TO_CUSTOMER);
        self.number(
            code::ONLY_TO_CUSTOMER,
            attrs.only_to_customer.map(|asn| asn.0),
        );
        for attribute in self.unknown {
            self.unknown(attribute);
        }
    }

    /// AS_PATH, with AS_TRANS where an ASN does not fit (RFC 6793 section 4.2.2).
    #[inline]
    fn as_path(&mut self, path: &AsPath) {
        let segments = path.segments().iter();
        if self.form.four_octet_as {
            self.segments(code::AS_PATH, segments, four_octets);
        } else {
            self.segments(code::AS_PATH, segments, two_octets);
        }
    }

    /// An aggregator, its ASN as these octets.
    fn aggregator<const N: usize>(&mut self, code: u8, asn: [u8; N], router: RouterId) {
        self.header(code, N + 4);
        self.out.extend_from_slice(&asn);
        self.out.extend_from_slice(&router.0.to_be_bytes());
    }

    /// AS4_PATH and AS4_AGGREGATOR where two octets could not say all; the path without
    /// confederation segments (RFC 6793 section 6).
    fn as4(&mut self, attrs: &Attrs) {
        let segments = attrs.as_path.segments().iter();
        let outside = segments.filter(|segment| !segment.kind.is_confed());
        let mut asns = outside.clone().flat_map(|segment| &segment.asns);
        if asns.any(|asn| !asn.is_two_octet()) {
            self.segments(code::AS4_PATH, outside, four_octets);
        }
        if let Some(Aggregator { asn, router }) = attrs.aggregator
            && !asn.is_two_octet()
        {
            self.aggregator(code::AS4_AGGREGATOR, four_octets(asn), router);
        }
    }

    /// A path: its segments, each ASN as these octets.
    #[inline]
    fn segments<'s, const N: usize>(
        &mut self,
        code: u8,
        segments: impl Iterator<Item = &'s Segment> + Clone,
        octets: impl Fn(Asn) -> [u8; N],
    ) {
        let longest = self.longest;
        let parts = segments.flat_map(|segment| {
            let parts = segment.asns.chunks(longest);
            parts.map(|asns| (segment.kind.code(), asns))
        });
        let length = |asns: &[Asn]| N * asns.len() + if asns.len() > SEGMENT_MAX { 6 } else { 2 };
        let total = parts.clone().map(|(_, asns)| length(asns)).sum();
        self.header(code, total);
        for (kind, asns) in parts {
            // A segment of more than 255 ASNs, which no message knows, has a count of 0 and the
            // real one behind it.
            if let Ok(count) = u8::try_from(asns.len()) {
                self.out.extend_from_slice(&[kind, count]);
            } else {
                self.out.extend_from_slice(&[kind, 0]);
                self.out
                    .extend_from_slice(&(asns.len() as u32).to_be_bytes());
            }
            for asn in asns {
                self.out.extend_from_slice(&octets(*asn));
            }
        }
    }

    /// The unknown attributes that come before a type code.
    #[inline]
    fn unknown_before(&mut self, code: u8) {
        while let [first, rest @ ..] = self.unknown
            && first.code < code
        {
            self.unknown = rest;
            self.unknown(first);
        }
    }

    /// An attribute as it was received.
    fn unknown(&mut self, attribute: &UnknownAttribute) {
        self.flagged(
            attribute.flags & !EXTENDED_LENGTH,
            attribute.code,
            attribute.value.len(),
        );
        self.out.extend_from_slice(&attribute.value);
    }

    /// Flags, type and length of a known type.
    #[inline]
    fn header(&mut self, code: u8, length: usize) {
        self.flagged(code::flags(code), code, length);
    }

    #[inline]
    fn flagged(&mut self, flags: u8, code: u8, length: usize) {
        if let Ok(short) = u8::try_from(length) {
            self.out.extend_from_slice(&[flags, code, short]);
            return;
        }
        let short = u16::try_from(length).unwrap_or(HUGE);
        let [high, low] = short.to_be_bytes();
        let flags = flags | EXTENDED_LENGTH;
        self.out.extend_from_slice(&[flags, code, high, low]);
        if short == HUGE {
            // Four octets are enough for any set that memory holds.
            self.out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }

    #[inline]
    fn octets<const N: usize>(&mut self, code: u8, value: [u8; N]) {
        self.out
            .extend_from_slice(&[code::flags(code), code, N as u8]);
        self.out.extend_from_slice(&value);
    }

    /// An attribute of four octets, if there is one.
    #[inline]
    fn number(&mut self, code: u8, value: Option<u32>) {
        if let Some(value) = value {
            let [a, b, c, d] = value.to_be_bytes();
            self.out
                .extend_from_slice(&[code::flags(code), code, 4, a, b, c, d]);
        }
    }

    /// An attribute that is a list; nothing if it is empty.
    #[inline]
    fn list<T, const N: usize>(&mut self, code: u8, values: &[T], octets: impl Fn(&T) -> [u8; N]) {
        self.unknown_before(code);
        if !values.is_empty() {
            self.header(code, values.len() * N);
            for value in values {
                self.out.extend_from_slice(&octets(value));
            }
        }
    }
}

const fn four_octets(asn: Asn) -> [u8; 4] {
    asn.0.to_be_bytes()
}

/// An ASN in two octets (RFC 6793 section 4.2.2).
fn two_octets(asn: Asn) -> [u8; 2] {
    asn.two_octet().to_be_bytes()
}

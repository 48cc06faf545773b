//! Writing path attributes, in the order of their type codes.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use routehub_types::{Aggregator, AsPath, Asn, Attrs, Origin, SegmentKind, UnknownAttribute};

use crate::parse::update::EXTENDED_LENGTH;
use crate::update::as_path::segment_code;
use crate::update::code::{self, OPTIONAL, TRANSITIVE};
use crate::{Context, EncodeError};

/// Flags of attributes that every speaker knows.
const WELL_KNOWN: u8 = TRANSITIVE;
/// Flags of attributes that go no further than the peer.
const LOCAL: u8 = OPTIONAL;
/// Flags of attributes that also speakers pass on that do not know them.
const PASSED: u8 = OPTIONAL | TRANSITIVE;
/// The most ASNs in one segment.
const SEGMENT_MAX: usize = 255;

/// Appends the attributes of a set; with NEXT_HOP only where the prefixes are in the NLRI field.
///
/// What a peer of this kind may not see is left out: LOCAL_PREF outside the AS or confederation,
/// ORIGINATOR_ID and CLUSTER_LIST outside the AS, AIGP where it is not in use.
pub(super) fn encode(
    attrs: &Attrs,
    context: &Context,
    next_hop: Option<Ipv4Addr>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let origin = match attrs.origin {
        Origin::Igp => 0,
        Origin::Egp => 1,
        Origin::Incomplete => 2,
    };
    out.extend_from_slice(&[WELL_KNOWN, code::ORIGIN, 1, origin]);
    as_path(&attrs.as_path, context.four_octet_as, out)?;
    if let Some(address) = next_hop {
        number(WELL_KNOWN, code::NEXT_HOP, address.to_bits(), out);
    }
    if let Some(med) = attrs.med {
        number(LOCAL, code::MED, med, out);
    }
    if let Some(preference) = attrs
        .local_pref
        .filter(|_| context.peer.shares_local_pref())
    {
        number(WELL_KNOWN, code::LOCAL_PREF, preference, out);
    }
    if attrs.atomic_aggregate {
        out.extend_from_slice(&[WELL_KNOWN, code::ATOMIC_AGGREGATE, 0]);
    }
    if let Some(one) = attrs.aggregator {
        aggregator(one, context.four_octet_as, out);
    }
    let communities = attrs.communities.iter().map(|one| one.0.to_be_bytes());
    list(PASSED, code::COMMUNITIES, communities, out)?;
    if context.peer.is_internal() {
        if let Some(id) = attrs.originator_id {
            number(LOCAL, code::ORIGINATOR_ID, id.0, out);
        }
        let clusters = attrs.cluster_list.iter().map(|one| one.0.to_be_bytes());
        list(LOCAL, code::CLUSTER_LIST, clusters, out)?;
    }
    rare(attrs, context, out)
}

/// The attributes from type code 11 on, unknown ones among them by their code.
fn rare(attrs: &Attrs, context: &Context, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let mut unknown = attrs.unknown.as_slice();
    let extended = attrs.extended_communities.iter().map(|one| one.0);
    up_to(code::EXTENDED_COMMUNITIES, &mut unknown, out)?;
    list(PASSED, code::EXTENDED_COMMUNITIES, extended, out)?;
    if !context.four_octet_as {
        as4_path(&attrs.as_path, out)?;
        if let Some(Aggregator { asn, router }) = attrs.aggregator
            && !asn.is_two_octet()
        {
            out.extend_from_slice(&[PASSED, code::AS4_AGGREGATOR, 8]);
            out.extend_from_slice(&asn.0.to_be_bytes());
            out.extend_from_slice(&router.0.to_be_bytes());
        }
    }
    let ipv6 = attrs.ipv6_extended_communities.iter().map(|one| one.0);
    up_to(code::IPV6_EXTENDED_COMMUNITIES, &mut unknown, out)?;
    list(PASSED, code::IPV6_EXTENDED_COMMUNITIES, ipv6, out)?;
    if let Some(metric) = attrs.aigp.filter(|_| context.aigp) {
        out.extend_from_slice(&[LOCAL, code::AIGP, 11, 1, 0, 11]);
        out.extend_from_slice(&metric.to_be_bytes());
    }
    let large = attrs.large_communities.iter().map(|one| {
        let mut octets = [0; 12];
        let parts = [one.global, one.local1, one.local2];
        for (to, part) in octets.as_chunks_mut::<4>().0.iter_mut().zip(parts) {
            *to = part.to_be_bytes();
        }
        octets
    });
    up_to(code::LARGE_COMMUNITIES, &mut unknown, out)?;
    list(PASSED, code::LARGE_COMMUNITIES, large, out)?;
    up_to(code::ONLY_TO_CUSTOMER, &mut unknown, out)?;
    if let Some(asn) = attrs.only_to_customer {
        number(PASSED, code::ONLY_TO_CUSTOMER, asn.0, out);
    }
    unknown.iter().try_for_each(|one| raw(one, out))
}

/// Writes the next unknown attributes that come before a type code.
fn up_to(
    code: u8,
    unknown: &mut &[UnknownAttribute],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    while let [first, rest @ ..] = *unknown
        && first.code < code
    {
        raw(first, out)?;
        *unknown = rest;
    }
    Ok(())
}

/// An attribute as it was received.
fn raw(one: &UnknownAttribute, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if code::is_typed(one.code) {
        return Err(EncodeError::KnownAttribute { code: one.code });
    }
    header(one.flags & !EXTENDED_LENGTH, one.code, one.value.len(), out)?;
    out.extend_from_slice(&one.value);
    Ok(())
}

/// Appends flags, type and length.
#[inline]
fn header(flags: u8, code: u8, length: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if let Ok(length) = u8::try_from(length) {
        out.extend_from_slice(&[flags, code, length]);
    } else {
        let length = u16::try_from(length).map_err(|_| EncodeError::AttributeTooLong { code })?;
        let [high, low] = length.to_be_bytes();
        out.extend_from_slice(&[flags | EXTENDED_LENGTH, code, high, low]);
    }
    Ok(())
}

/// An attribute of four octets.
#[inline]
fn number(flags: u8, code: u8, number: u32, out: &mut Vec<u8>) {
    let [a, b, c, d] = number.to_be_bytes();
    out.extend_from_slice(&[flags, code, 4, a, b, c, d]);
}

/// An attribute that is a list; nothing if it is empty.
#[inline]
fn list<const N: usize>(
    flags: u8,
    code: u8,
    values: impl ExactSizeIterator<Item = [u8; N]>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    if values.len() == 0 {
        return Ok(());
    }
    header(flags, code, values.len() * N, out)?;
    values.for_each(|value| out.extend_from_slice(&value));
    Ok(())
}

/// AGGREGATOR, with AS_TRANS where the ASN does not fit (RFC 6793 section 4.2.2).
fn aggregator(aggregator: Aggregator, four_octet: bool, out: &mut Vec<u8>) {
    let Aggregator { asn, router } = aggregator;
    if four_octet {
        out.extend_from_slice(&[PASSED, code::AGGREGATOR, 8]);
        out.extend_from_slice(&asn.0.to_be_bytes());
    } else {
        out.extend_from_slice(&[PASSED, code::AGGREGATOR, 6]);
        out.extend_from_slice(&two_octets(asn));
    }
    out.extend_from_slice(&router.0.to_be_bytes());
}

/// An ASN in two octets, AS_TRANS where it does not fit.
fn two_octets(asn: Asn) -> [u8; 2] {
    // AS_TRANS is 23456.
    u16::try_from(asn.0)
        .unwrap_or(Asn::TRANS.0 as u16)
        .to_be_bytes()
}

/// Octets of a path's segments, where each ASN has so many.
#[inline]
fn path_len(path: &AsPath, width: usize, keep: fn(SegmentKind) -> bool) -> usize {
    let kept = path.segments().iter().filter(|segment| keep(segment.kind));
    kept.map(|segment| {
        let asns = segment.asns.len();
        2 * asns.div_ceil(SEGMENT_MAX) + width * asns
    })
    .sum()
}

/// Appends a path's segments, each of at most 255 ASNs.
#[inline]
fn segments<const N: usize>(
    path: &AsPath,
    keep: fn(SegmentKind) -> bool,
    octets: fn(Asn) -> [u8; N],
    out: &mut Vec<u8>,
) {
    for segment in path.segments().iter().filter(|segment| keep(segment.kind)) {
        for asns in segment.asns.chunks(SEGMENT_MAX) {
            // At most 255: the chunks.
            out.extend_from_slice(&[segment_code(segment.kind), asns.len() as u8]);
            asns.iter()
                .for_each(|asn| out.extend_from_slice(&octets(*asn)));
        }
    }
}

/// AS_PATH, with AS_TRANS where an ASN does not fit (RFC 6793 section 4.2.2).
#[inline]
fn as_path(path: &AsPath, four_octet: bool, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let all = |_| true;
    if four_octet {
        header(WELL_KNOWN, code::AS_PATH, path_len(path, 4, all), out)?;
        segments(path, all, |asn| asn.0.to_be_bytes(), out);
    } else {
        header(WELL_KNOWN, code::AS_PATH, path_len(path, 2, all), out)?;
        segments(path, all, two_octets, out);
    }
    Ok(())
}

/// AS4_PATH where AS_PATH could not say all; without confederation segments (RFC 6793 section 6).
fn as4_path(path: &AsPath, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let outside = |kind: SegmentKind| !kind.is_confed();
    let kept = path.segments().iter().filter(|one| outside(one.kind));
    if kept.flat_map(|one| &one.asns).all(|asn| asn.is_two_octet()) {
        return Ok(());
    }
    header(PASSED, code::AS4_PATH, path_len(path, 4, outside), out)?;
    segments(path, outside, |asn| asn.0.to_be_bytes(), out);
    Ok(())
}

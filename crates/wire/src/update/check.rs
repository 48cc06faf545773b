//! What each attribute must be like, and what follows if it is not (RFC 7606 section 7).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use routehub_types::{Asn, SegmentKind};

use super::fault::Action;
use crate::parse::{self, Element, long_tlv};
use crate::{Context, PeerKind, Reason};
use routehub_types::attribute_code as code;

/// What is wrong with an attribute, and what that asks for.
pub(super) type Flaw = (Reason, Action);

/// Checks an attribute other than MP_REACH_NLRI and MP_UNREACH_NLRI.
///
/// `has_nlri` says whether the message announces prefixes to which NEXT_HOP applies.
#[inline]
pub(super) fn attribute(
    element: &Element<'_>,
    context: &Context,
    has_nlri: bool,
) -> Result<(), Flaw> {
    let Element { flags, code, value } = *element;
    match code {
        code::ORIGIN => withdraw(flags, WELL_KNOWN, || origin(value)),
        code::AS_PATH => withdraw(flags, WELL_KNOWN, || as_path(value, context)),
        code::NEXT_HOP => withdraw(flags, WELL_KNOWN, || next_hop(value, has_nlri)),
        code::MED => withdraw(flags, code::OPTIONAL, || length(value.len() == 4)),
        code::LOCAL_PREF => {
            among(context.peer.shares_local_pref())?;
            withdraw(flags, WELL_KNOWN, || length(value.len() == 4))
        }
        code::COMMUNITIES => withdraw(flags, PASSED, || list_of(value, 4)),
        code::ORIGINATOR_ID => {
            among(context.peer.is_internal())?;
            withdraw(flags, code::OPTIONAL, || length(value.len() == 4))
        }
        code::CLUSTER_LIST => {
            among(context.peer.is_internal())?;
            withdraw(flags, code::OPTIONAL, || list_of(value, 4))
        }
        code::EXTENDED_COMMUNITIES => withdraw(flags, PASSED, || list_of(value, 8)),
        code::IPV6_EXTENDED_COMMUNITIES => withdraw(flags, PASSED, || list_of(value, 20)),
        code::LARGE_COMMUNITIES => withdraw(flags, PASSED, || list_of(value, 12)),
        code::ONLY_TO_CUSTOMER => withdraw(flags, PASSED, || length(value.len() == 4)),
        code::ATTR_SET => withdraw(flags, PASSED, || attr_set(value).err()),
        code::ATOMIC_AGGREGATE => discard(flags, WELL_KNOWN, || length(value.is_empty())),
        code::AGGREGATOR => discard(flags, PASSED, || aggregator(value, context.four_octet_as)),
        _ => rare(element, context),
    }
}

/// Checks an attribute that is seldom seen or has rules of its own.
fn rare(element: &Element<'_>, context: &Context) -> Result<(), Flaw> {
    let Element { flags, code, value } = *element;
    match code {
        code::AS4_PATH => match as4(context).or_else(|| as4_path(value, context).err()) {
            // RFC 9774 withdraws the route also for a set that only AS4_PATH shows.
            Some(Reason::AsSet) => Err((Reason::AsSet, Action::TreatAsWithdraw)),
            flaw => discard(flags, PASSED, || flaw),
        },
        code::AS4_AGGREGATOR => discard(flags, PASSED, || {
            as4(context).or_else(|| aggregator(value, true))
        }),
        // Also with wrong flags (RFC 7311 section 3.2).
        code::AIGP if class(flags) != code::OPTIONAL => {
            Err((Reason::AttributeFlags, Action::AttributeDiscard))
        }
        code::AIGP => discard(flags, code::OPTIONAL, || aigp(value).err()),
        code::PREFIX_SID => discard(flags, PASSED, || prefix_sid(value, context.peer).err()),
        _ if flags & code::OPTIONAL == 0 => Err((Reason::WellKnownUnknown, Action::Reset)),
        _ => Ok(()),
    }
}

/// Flags of attributes that every speaker knows.
const WELL_KNOWN: u8 = code::TRANSITIVE;
/// Flags of attributes that also speakers pass on that do not know them.
const PASSED: u8 = code::OPTIONAL | code::TRANSITIVE;

/// The flags that a type fixes.
#[inline]
const fn class(flags: u8) -> u8 {
    flags & (code::OPTIONAL | code::TRANSITIVE)
}

/// An attribute that makes routes withdrawn if it is malformed (RFC 7606 sections 3 e and 7).
#[inline(always)]
fn withdraw(flags: u8, expected: u8, check: impl FnOnce() -> Option<Reason>) -> Result<(), Flaw> {
    flaw(flags, expected, check, Action::TreatAsWithdraw)
}

/// An attribute that is left out if it is malformed (RFC 7606 sections 3 f and 7, RFC 6793
/// section 6, RFC 7311, RFC 8669).
#[inline(always)]
fn discard(flags: u8, expected: u8, check: impl FnOnce() -> Option<Reason>) -> Result<(), Flaw> {
    flaw(flags, expected, check, Action::AttributeDiscard)
}

/// Flags first: wrong ones make routes withdrawn whatever the attribute (RFC 7606 section 3 c).
#[inline(always)]
fn flaw(
    flags: u8,
    expected: u8,
    check: impl FnOnce() -> Option<Reason>,
    action: Action,
) -> Result<(), Flaw> {
    if class(flags) != expected {
        return Err((Reason::AttributeFlags, Action::TreatAsWithdraw));
    }
    match check() {
        None => Ok(()),
        Some(reason) => Err((reason, action)),
    }
}

/// An attribute that only some peers may send is left out where it comes from another.
#[inline]
const fn among(may_send: bool) -> Result<(), Flaw> {
    if may_send {
        Ok(())
    } else {
        Err((Reason::InternalOnly, Action::AttributeDiscard))
    }
}

/// A length that is right or not.
#[inline]
const fn length(right: bool) -> Option<Reason> {
    if right {
        None
    } else {
        Some(Reason::AttributeLength)
    }
}

/// A list of one or more parts of a size (RFC 7606 section 7.8).
#[inline]
const fn list_of(value: &[u8], size: usize) -> Option<Reason> {
    length(!value.is_empty() && value.len().is_multiple_of(size))
}

#[inline]
fn origin(value: &[u8]) -> Option<Reason> {
    match value {
        [0..=2] => None,
        [_] => Some(Reason::OriginValue),
        _ => Some(Reason::AttributeLength),
    }
}

#[inline]
fn next_hop(value: &[u8], has_nlri: bool) -> Option<Reason> {
    match <[u8; 4]>::try_from(value) {
        Ok(octets) if has_nlri && !is_host_ipv4(Ipv4Addr::from(octets)) => Some(Reason::NextHop),
        Ok(_) => None,
        Err(_) => Some(Reason::AttributeLength),
    }
}

/// Whether an address may be that of a host on a network: not 0/8, 127/8, 224/4, 240/4
/// (RFC 1122 section 3.2.1.3).
#[inline]
pub(super) const fn is_host_ipv4(address: Ipv4Addr) -> bool {
    !matches!(address.octets()[0], 0 | 127 | 224..)
}

/// Whether an address may be that of a host on a network: not `::`, `::1`, multicast.
#[inline]
pub(super) const fn is_host_ipv6(address: Ipv6Addr) -> bool {
    address.to_bits() > 1 && !address.is_multicast()
}

/// Whether an address may be that of a host on a network.
#[inline]
pub(super) const fn is_host(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_host_ipv4(address),
        IpAddr::V6(address) => is_host_ipv6(address),
    }
}

fn aggregator(value: &[u8], four_octet: bool) -> Option<Reason> {
    let asn = match (four_octet, value) {
        (true, [a, b, c, d, _, _, _, _]) => u32::from_be_bytes([*a, *b, *c, *d]),
        (false, [a, b, _, _, _, _]) => u32::from(u16::from_be_bytes([*a, *b])),
        _ => return Some(Reason::AttributeLength),
    };
    (asn == 0).then_some(Reason::PathAsnZero)
}

/// Between speakers of four-octet ASNs the attributes of RFC 6793 have no place.
const fn as4(context: &Context) -> Option<Reason> {
    if context.four_octet_as {
        Some(Reason::As4BetweenNew)
    } else {
        None
    }
}

/// The first segment of a path: its kind, its ASNs, and what follows.
#[inline]
fn segment(path: &[u8], width: usize) -> Result<(SegmentKind, &[u8], &[u8]), Reason> {
    let [kind, count, rest @ ..] = path else {
        return Err(Reason::SegmentOverrun);
    };
    let kind = SegmentKind::from_code(*kind).ok_or(Reason::SegmentType)?;
    if *count == 0 {
        return Err(Reason::SegmentEmpty);
    }
    let (asns, rest) = rest
        .split_at_checked(usize::from(*count) * width)
        .ok_or(Reason::SegmentOverrun)?;
    Ok((kind, asns, rest))
}

/// Whether one of the ASNs is 0 (RFC 7607).
#[inline]
fn has_zero(asns: &[u8], width: usize) -> bool {
    if width == 4 {
        asns.as_chunks::<4>().0.contains(&[0; 4])
    } else {
        asns.as_chunks::<2>().0.contains(&[0; 2])
    }
}

#[inline]
fn as_path(value: &[u8], context: &Context) -> Option<Reason> {
    let width = if context.four_octet_as { 4 } else { 2 };
    let mut left = value;
    while !left.is_empty() {
        let (kind, asns, rest) = match segment(left, width) {
            Ok(segment) => segment,
            Err(reason) => return Some(reason),
        };
        if kind != SegmentKind::Sequence
            && let Some(reason) = unusual(kind, context)
        {
            return Some(reason);
        }
        if has_zero(asns, width) {
            return Some(Reason::PathAsnZero);
        }
        left = rest;
    }
    match context.peer {
        PeerKind::External => first_as(value, context),
        PeerKind::ConfedExternal => match value.first().map(|kind| SegmentKind::from_code(*kind)) {
            Some(Some(SegmentKind::ConfedSequence)) => None,
            _ => Some(Reason::ConfedSegmentMissing),
        },
        PeerKind::Internal | PeerKind::ConfedInternal => None,
    }
}

/// What is wrong with a segment that is no AS_SEQUENCE.
fn unusual(kind: SegmentKind, context: &Context) -> Option<Reason> {
    if kind.is_confed() && !context.peer.is_confed() {
        Some(Reason::ConfedSegment)
    } else if context.reject_as_set && matches!(kind, SegmentKind::Set | SegmentKind::ConfedSet) {
        Some(Reason::AsSet)
    } else {
        None
    }
}

/// The check of RFC 4271 section 6.3 that the path starts with the peer's ASN.
#[inline]
fn first_as(path: &[u8], context: &Context) -> Option<Reason> {
    let wanted = context.first_as?;
    let first = match (context.four_octet_as, path) {
        (true, [_, _, a, b, c, d, ..]) => Some(Asn(u32::from_be_bytes([*a, *b, *c, *d]))),
        (false, [_, _, a, b, ..]) => Some(Asn(u32::from(u16::from_be_bytes([*a, *b])))),
        _ => None,
    };
    let trans = !context.four_octet_as && !wanted.is_two_octet() && first == Some(Asn::TRANS);
    (first != Some(wanted) && !trans).then_some(Reason::FirstAs)
}

/// Confederation segments are legal here, to be left out by whoever merges (RFC 6793 section 6).
fn as4_path(value: &[u8], context: &Context) -> Result<(), Reason> {
    if value.len() < 6 || !value.len().is_multiple_of(2) {
        return Err(Reason::AttributeLength);
    }
    let mut left = value;
    while !left.is_empty() {
        let (kind, asns, rest) = segment(left, 4)?;
        if has_zero(asns, 4) {
            return Err(Reason::PathAsnZero);
        }
        if context.reject_as_set && kind == SegmentKind::Set {
            return Err(Reason::AsSet);
        }
        left = rest;
    }
    Ok(())
}

/// Type of the TLV that holds the metric (RFC 7311 section 3).
const AIGP_METRIC: u8 = 1;

/// The metric, if there is one, of TLVs whose length counts their three octets of type and length
/// (RFC 7311 section 3.1).
pub(super) fn aigp(value: &[u8]) -> Result<Option<u64>, Reason> {
    let mut left = value;
    let mut metric = None;
    while let [kind, high, low, rest @ ..] = left {
        let total = u16::from_be_bytes([*high, *low]);
        let length = total.checked_sub(3).ok_or(Reason::AttributeLength)?;
        let split = rest.split_at_checked(usize::from(length));
        let (value, rest) = split.ok_or(Reason::PartOverrun)?;
        if *kind == AIGP_METRIC {
            let octets = value.try_into().map_err(|_| Reason::AttributeLength)?;
            metric = metric.or(Some(u64::from_be_bytes(octets)));
        }
        left = rest;
    }
    match metric {
        Some(u64::MAX) => Err(Reason::AigpInfinite),
        _ if !left.is_empty() => Err(Reason::PartOverrun),
        _ if value.is_empty() => Err(Reason::AttributeLength),
        _ => Ok(metric),
    }
}

/// Segment routing ends at the AS border (RFC 8669 section 6); inside, the TLVs must fit.
fn prefix_sid(value: &[u8], peer: PeerKind) -> Result<(), Reason> {
    if peer == PeerKind::External {
        return Err(Reason::PrefixSidExternal);
    }
    let mut left = value;
    while !left.is_empty() {
        (left, _) = long_tlv(left).map_err(|_| Reason::PartOverrun)?;
    }
    match value {
        [] => Err(Reason::AttributeLength),
        _ => Ok(()),
    }
}

/// An ASN and whole attributes, none of them multiprotocol (RFC 6368 section 5).
fn attr_set(value: &[u8]) -> Result<(), Reason> {
    let split = value.split_first_chunk::<4>();
    let (_, mut left) = split.ok_or(Reason::AttributeLength)?;
    // The attributes come from inside an AS, whose speakers all have four-octet ASNs.
    let inside = Context {
        peer: PeerKind::ConfedInternal,
        reject_as_set: false,
        ..Context::default()
    };
    while !left.is_empty() {
        let (rest, element) = parse::attribute(left).map_err(|_| Reason::AttrSet)?;
        let banned = [code::MP_REACH_NLRI, code::MP_UNREACH_NLRI, code::ATTR_SET];
        if banned.contains(&element.code) || attribute(&element, &inside, false).is_err() {
            return Err(Reason::AttrSet);
        }
        left = rest;
    }
    Ok(())
}

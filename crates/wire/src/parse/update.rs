//! Parsers of the UPDATE message: its three fields, attribute headers, MP attributes.

use super::{Parsed, be_u8, be_u16, stop, take};
use crate::{AfiSafi, Reason};

/// The three fields of an UPDATE (RFC 4271 section 4.3).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) withdrawn: &'a [u8],
    pub(crate) attributes: &'a [u8],
    pub(crate) nlri: &'a [u8],
}

/// An attribute as it stands in the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) flags: u8,
    pub(crate) code: u8,
    pub(crate) value: &'a [u8],
}

impl Element<'_> {
    /// The octets in front of the value.
    pub(crate) const fn header_len(&self) -> usize {
        if self.flags & EXTENDED_LENGTH != 0 {
            4
        } else {
            3
        }
    }
}

/// The flag of an attribute whose length has two octets.
pub(crate) const EXTENDED_LENGTH: u8 = 0x10;

/// The body of an UPDATE; the NLRI is what the two lengths leave.
#[inline]
pub(crate) fn fields(body: &[u8]) -> Parsed<'_, Fields<'_>> {
    let Ok((rest, withdrawn)) = counted(body) else {
        return stop(body, Reason::WithdrawnOverrun);
    };
    let Ok((nlri, attributes)) = counted(rest) else {
        return stop(rest, Reason::AttributesOverrun);
    };
    let fields = Fields {
        withdrawn,
        attributes,
        nlri,
    };
    Ok((nlri, fields))
}

/// A field with two octets of length before it.
#[inline]
fn counted(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, length) = be_u16(input)?;
    take(length)(rest)
}

/// The next attribute (RFC 4271 section 4.3, RFC 7606 section 4).
#[inline(always)]
pub(crate) fn attribute(input: &[u8]) -> Parsed<'_, Element<'_>> {
    let split = match *input {
        [flags, code, length, ref rest @ ..] if flags & EXTENDED_LENGTH == 0 => {
            let value = rest.split_at_checked(usize::from(length));
            value.map(|(value, rest)| (rest, Element { flags, code, value }))
        }
        [flags, code, high, low, ref rest @ ..] => {
            let value = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])));
            value.map(|(value, rest)| (rest, Element { flags, code, value }))
        }
        _ => None,
    };
    match split {
        Some(split) => Ok(split),
        None => no_attribute(input),
    }
}

/// Why no attribute stands here.
#[cold]
fn no_attribute<'a>(input: &'a [u8]) -> Parsed<'a, Element<'a>> {
    let header = match input {
        [flags, ..] if flags & EXTENDED_LENGTH != 0 => 4,
        _ => 3,
    };
    if input.len() < header {
        stop(input, Reason::AttributeHeader)
    } else {
        stop(input, Reason::AttributeOverrun)
    }
}

/// Family and next hop of an MP_REACH_NLRI; the rest is its NLRI (RFC 4760 section 3).
pub(crate) fn mp_reach(value: &[u8]) -> Parsed<'_, (AfiSafi, &[u8])> {
    let (rest, family) = AfiSafi::read(value)?;
    let (rest, length) = be_u8(rest)?;
    let (rest, next_hop) = take(length)(rest)?;
    // A reserved octet, once a count of SNPAs; to be ignored.
    let (rest, _) = be_u8(rest)?;
    Ok((rest, (family, next_hop)))
}

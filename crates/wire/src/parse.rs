//! Parsers on nom, all with one located error type.
//!
//! Nothing here takes a list of unknown length into memory of its own: lists stay slices.

use nom::error::{ErrorKind, ParseError};
use routehub_types::attribute_code::EXTENDED_LENGTH;

pub(crate) use nom::Parser;
pub(crate) use nom::bytes::complete::take;
pub(crate) use nom::combinator::{map, map_opt, verify};
pub(crate) use nom::multi::{length_data, many0};
pub(crate) use nom::number::complete::{be_u8, be_u16, be_u24, be_u32};

use crate::Reason;

/// Where a parser stopped, as the input left there, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop<'a> {
    /// The input from where the parser stopped.
    pub(crate) at: &'a [u8],
    /// Why it stopped; none if nom ran out of input.
    pub(crate) reason: Option<Reason>,
}

/// What a parser returns: the rest and its result, or where it stopped.
pub(crate) type Parsed<'a, T> = nom::IResult<&'a [u8], T, Stop<'a>>;

impl<'a> ParseError<&'a [u8]> for Stop<'a> {
    fn from_error_kind(at: &'a [u8], _: ErrorKind) -> Self {
        Self { at, reason: None }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl<'a> Stop<'a> {
    /// The stop of a failed parser; `rest` is what to blame if nom only asks for more input.
    pub(crate) fn of(error: &nom::Err<Self>, rest: &'a [u8]) -> Self {
        match error {
            nom::Err::Error(stop) | nom::Err::Failure(stop) => *stop,
            nom::Err::Incomplete(_) => Self {
                at: rest,
                reason: None,
            },
        }
    }
}

/// A failure with a reason, which no other branch can mend.
pub(crate) fn stop<T>(at: &[u8], reason: Reason) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Stop {
        at,
        reason: Some(reason),
    }))
}

/// An element with an octet of type, an octet of length, and a value.
pub(crate) fn short_tlv(input: &[u8]) -> Parsed<'_, (u8, &[u8])> {
    (be_u8, length_data(be_u8)).parse_complete(input)
}

/// An element with an octet of type, two octets of length, and a value.
pub(crate) fn long_tlv(input: &[u8]) -> Parsed<'_, (u8, &[u8])> {
    (be_u8, length_data(be_u16)).parse_complete(input)
}

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

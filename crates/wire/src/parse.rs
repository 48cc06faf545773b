//! Parsers on nom, all with one located error type.
//!
//! Nothing here takes a list of unknown length into memory of its own: lists stay slices.

pub(crate) mod update;

use nom::error::{ErrorKind, ParseError};

pub(crate) use nom::bytes::complete::take;
pub(crate) use nom::number::complete::{be_u8, be_u16, be_u24, be_u32};

use alloc::vec::Vec;

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
    let (rest, code) = be_u8(input)?;
    let (rest, length) = be_u8(rest)?;
    let (rest, value) = take(length)(rest)?;
    Ok((rest, (code, value)))
}

/// An element with an octet of type, two octets of length, and a value.
pub(crate) fn long_tlv(input: &[u8]) -> Parsed<'_, (u8, &[u8])> {
    let (rest, code) = be_u8(input)?;
    let (rest, length) = be_u16(rest)?;
    let (rest, value) = take(length)(rest)?;
    Ok((rest, (code, value)))
}

/// As many elements as the input holds; of use only where that is few: a capability, an OPEN.
pub(crate) fn all<'a, T>(
    mut input: &'a [u8],
    element: fn(&'a [u8]) -> Parsed<'a, T>,
) -> Parsed<'a, Vec<T>> {
    let mut elements = Vec::new();
    while !input.is_empty() {
        let (rest, parsed) = element(input)?;
        elements.push(parsed);
        input = rest;
    }
    Ok((input, elements))
}

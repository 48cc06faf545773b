//! Parsers on nom, all with one located error type.
//!
//! Nothing here takes a list of unknown length into memory of its own: lists stay slices.

pub(crate) mod capability;
pub(crate) mod open;
pub(crate) mod tlv;
pub(crate) mod update;

use nom::error::{ErrorKind, ParseError};

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

//! Lists of (type, length, value).

use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16};

use super::Parsed;

/// An element with an octet of type, an octet of length, and a value.
pub(crate) fn short(input: &[u8]) -> Parsed<'_, (u8, &[u8])> {
    let (rest, code) = be_u8(input)?;
    let (rest, length) = be_u8(rest)?;
    let (rest, value) = take(length)(rest)?;
    Ok((rest, (code, value)))
}

/// An element with an octet of type, two octets of length, and a value.
pub(crate) fn long(input: &[u8]) -> Parsed<'_, (u8, &[u8])> {
    let (rest, code) = be_u8(input)?;
    let (rest, length) = be_u16(rest)?;
    let (rest, value) = take(length)(rest)?;
    Ok((rest, (code, value)))
}

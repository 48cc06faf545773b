//! Parser of the OPEN message.

use alloc::vec::Vec;

use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16, be_u32};

use routehub_types::{Asn, RouterId};

use super::{Parsed, Stop, capability, stop, tlv};
use crate::open::VERSION;
use crate::{Capabilities, Capability, DecodeError, Notification, Open, Reason};

/// The optional parameter that holds capabilities (RFC 5492 section 4).
pub(crate) const CAPABILITIES: u8 = 2;
/// Stands for the type of the first parameter where lengths have two octets (RFC 9072).
pub(crate) const EXTENDED: u8 = 255;

/// The fields in front of the optional parameters.
struct Fixed {
    version: u8,
    my_as: u16,
    hold_time: u16,
    router_id: u32,
}

/// The OPEN of a message whose header is checked.
///
/// # Errors
/// The first of: another version, a wrong ASN, hold time or identifier, parameters that cannot be
/// read (RFC 4271 section 6.2, RFC 5492, RFC 6286, RFC 6793, RFC 7607, RFC 9072, RFC 9234).
pub(crate) fn open(message: &[u8]) -> Result<Open, DecodeError> {
    let body = message.get(crate::HEADER_LEN..).unwrap_or_default();
    let offset = |rest: &[u8]| message.len() - rest.len();
    let unreadable = |error| {
        let Stop { at, reason } = Stop::of(&error, &[]);
        let reason = reason.unwrap_or(Reason::ParametersLength);
        let error = match reason {
            Reason::ParameterUnknown => Notification::UNSUPPORTED_OPTIONAL_PARAMETER,
            _ => Notification::OPEN_UNSPECIFIC,
        };
        DecodeError::new(reason, offset(at), error)
    };
    let (rest, fixed) = fixed(body).map_err(unreadable)?;
    check_version(&fixed)?;
    let (_, capabilities) = parameters(rest).map_err(unreadable)?;
    check_rest(&fixed, capabilities)
}

fn fixed(input: &[u8]) -> Parsed<'_, Fixed> {
    let (input, version) = be_u8(input)?;
    let (input, my_as) = be_u16(input)?;
    let (input, hold_time) = be_u16(input)?;
    let (input, router_id) = be_u32(input)?;
    let fixed = Fixed {
        version,
        my_as,
        hold_time,
        router_id,
    };
    Ok((input, fixed))
}

/// The version comes first: the rest of another version's OPEN may mean anything.
fn check_version(fixed: &Fixed) -> Result<(), DecodeError> {
    if fixed.version == VERSION {
        return Ok(());
    }
    let nearest = u16::from(VERSION).to_be_bytes().to_vec();
    let error = Notification::UNSUPPORTED_VERSION.with_data(nearest);
    Err(DecodeError::new(Reason::Version, 19, error))
}

/// Everything that needs the fixed fields and the capabilities together.
fn check_rest(fixed: &Fixed, capabilities: Capabilities) -> Result<Open, DecodeError> {
    let my_as = Asn(u32::from(fixed.my_as));
    let four = capabilities.four_octet_as();
    let asn = four.unwrap_or(my_as);
    let refuse = |reason, offset, error| Err(DecodeError::new(reason, offset, error));
    if asn == Asn::ZERO || my_as == Asn::ZERO {
        return refuse(Reason::AsnZero, 20, Notification::BAD_PEER_AS);
    }
    if my_as != asn && my_as != Asn::TRANS {
        return refuse(Reason::AsnMismatch, 20, Notification::BAD_PEER_AS);
    }
    if matches!(fixed.hold_time, 1 | 2) {
        return refuse(Reason::HoldTime, 22, Notification::UNACCEPTABLE_HOLD_TIME);
    }
    if fixed.router_id == 0 {
        return refuse(Reason::RouterId, 24, Notification::BAD_BGP_IDENTIFIER);
    }
    let mut roles = capabilities.roles();
    let first = roles.next();
    if roles.any(|role| Some(role) != first) {
        return refuse(Reason::RolesDiffer, 28, Notification::ROLE_MISMATCH);
    }
    drop(roles);
    Ok(Open {
        asn,
        hold_time: fixed.hold_time,
        router_id: RouterId(fixed.router_id),
        capabilities,
    })
}

/// Reads one parameter: its type and value.
type Parameter = fn(&[u8]) -> Parsed<'_, (u8, &[u8])>;

/// The optional parameters, with lengths of one octet (RFC 4271) or two (RFC 9072).
fn parameters(input: &[u8]) -> Parsed<'_, Capabilities> {
    let (rest, length) = be_u8(input)?;
    let (rest, length, parameter) = match rest {
        [EXTENDED, extended @ ..] if length != 0 => {
            let (rest, length) = be_u16(extended)?;
            (rest, length, tlv::long as Parameter)
        }
        _ => (rest, u16::from(length), tlv::short as Parameter),
    };
    let (after, mut left) = take(length)(rest)?;
    if !after.is_empty() {
        return stop(after, Reason::ParametersLength);
    }
    let mut found = Vec::new();
    while !left.is_empty() {
        let Ok((rest, (code, value))) = parameter(left) else {
            return stop(left, Reason::ParameterOverrun);
        };
        if code != CAPABILITIES {
            return stop(left, Reason::ParameterUnknown);
        }
        capabilities(value, &mut found)?;
        left = rest;
    }
    Ok((left, Capabilities(found)))
}

/// The capabilities of one parameter.
fn capabilities<'a>(mut left: &'a [u8], found: &mut Vec<Capability>) -> Parsed<'a, ()> {
    while !left.is_empty() {
        let Ok((rest, (code, value))) = tlv::short(left) else {
            return stop(left, Reason::CapabilityOverrun);
        };
        match capability::capability(code, value) {
            Ok(capability) => found.push(capability),
            Err(reason) => return stop(left, reason),
        }
        left = rest;
    }
    Ok((left, ()))
}

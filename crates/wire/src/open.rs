//! The OPEN message.

use alloc::vec::Vec;

use routehub_types::{Asn, RouterId};

use crate::frame::{HEADER_LEN, MARKER, MAX_LEN, MessageType};
use crate::parse::{Parsed, Stop, be_u8, be_u16, be_u32, long_tlv, short_tlv, stop, take};
use crate::{Capabilities, Capability, DecodeError, EncodeError, Notification, Reason};

/// The BGP version that this library speaks.
pub const VERSION: u8 = 4;

/// The optional parameter that holds capabilities (RFC 5492 section 4).
const CAPABILITIES: u8 = 2;
/// Stands for the type of the first parameter where lengths have two octets (RFC 9072).
const EXTENDED: u8 = 255;
/// The longest list of capabilities that fits one parameter of the plain encoding.
const PLAIN_MAX: usize = 253;

/// What a speaker says about itself to open a session (RFC 4271 section 4.2).
///
/// ```
/// use routehub_types::{Asn, RouterId};
/// use routehub_wire::{AfiSafi, Capability, Context, Message, Open, decode};
///
/// let open = Open {
///     asn: Asn(4_200_000_001),
///     hold_time: 180,
///     router_id: RouterId(0x0a00_0404),
///     capabilities: [
///         Capability::Multiprotocol(AfiSafi::IPV4),
///         Capability::FourOctetAs(Asn(4_200_000_001)),
///     ]
///     .into_iter()
///     .collect(),
/// };
/// let mut bytes = Vec::new();
/// open.encode(&mut bytes)?;
/// let Ok(Message::Open(read)) = decode(&bytes, &Context::default()) else {
///     panic!("an OPEN reads back as an OPEN");
/// };
/// assert_eq!(read, open);
/// # Ok::<(), routehub_wire::EncodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Open {
    /// The speaker's ASN: that of its four-octet AS capability if it has one (RFC 6793).
    pub asn: Asn,
    /// The hold time it proposes, in seconds: 0 (none) or at least 3.
    pub hold_time: u16,
    /// Its BGP identifier, not 0.
    pub router_id: RouterId,
    /// What it can do.
    pub capabilities: Capabilities,
}

impl Open {
    /// The ASN as the two-octet field carries it: AS_TRANS if it does not fit (RFC 6793).
    pub fn my_as(&self) -> u16 {
        let fits = u16::try_from(self.asn.0);
        // AS_TRANS is 23456.
        fits.unwrap_or(Asn::TRANS.0 as u16)
    }

    /// Appends the whole message: one capabilities parameter, in the extended encoding of
    /// RFC 9072 if it is longer than 253 octets.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] if a capability does not fit its length field or the message does
    /// not fit 4,096 octets; then nothing is appended.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut capabilities = Vec::new();
        for capability in &self.capabilities {
            capability.write(&mut capabilities)?;
        }
        let mut body = Vec::from([VERSION]);
        body.extend_from_slice(&self.my_as().to_be_bytes());
        body.extend_from_slice(&self.hold_time.to_be_bytes());
        body.extend_from_slice(&self.router_id.0.to_be_bytes());
        write_parameters(&capabilities, &mut body);
        let length = HEADER_LEN + body.len();
        if length > MAX_LEN {
            return Err(EncodeError::TooLong {
                length,
                max: MAX_LEN,
            });
        }
        out.extend_from_slice(&MARKER);
        // At most 4,096: checked above.
        out.extend_from_slice(&(length as u16).to_be_bytes());
        out.push(MessageType::Open.code());
        out.append(&mut body);
        Ok(())
    }

    /// The OPEN of a message whose header is checked.
    ///
    /// # Errors
    /// The first of: another version, a wrong ASN, hold time or identifier, parameters that cannot
    /// be read (RFC 4271 section 6.2, RFC 5492, RFC 6286, RFC 6793, RFC 7607, RFC 9072, RFC 9234).
    pub(crate) fn read(message: &[u8]) -> Result<Self, DecodeError> {
        let body = message.get(HEADER_LEN..).unwrap_or_default();
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
}

/// Appends the optional parameters: none, or one with all capabilities.
fn write_parameters(capabilities: &[u8], out: &mut Vec<u8>) {
    let length = capabilities.len();
    if length == 0 {
        out.push(0);
    } else if length <= PLAIN_MAX {
        // At most 253: this branch.
        out.extend_from_slice(&[length as u8 + 2, CAPABILITIES, length as u8]);
    } else {
        // A list too long for these fields is too long for the message, which is refused.
        let [high, low] = (length as u16).to_be_bytes();
        let [all_high, all_low] = (length as u16).wrapping_add(3).to_be_bytes();
        out.extend_from_slice(&[255, EXTENDED, all_high, all_low, CAPABILITIES, high, low]);
    }
    out.extend_from_slice(capabilities);
}

/// The fields in front of the optional parameters.
struct Fixed {
    version: u8,
    my_as: u16,
    hold_time: u16,
    router_id: u32,
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
            (rest, length, long_tlv as Parameter)
        }
        _ => (rest, u16::from(length), short_tlv as Parameter),
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
        let Ok((rest, (code, value))) = short_tlv(left) else {
            return stop(left, Reason::CapabilityOverrun);
        };
        match Capability::read(code, value) {
            Ok(capability) => found.push(capability),
            Err(reason) => return stop(left, reason),
        }
        left = rest;
    }
    Ok((left, ()))
}

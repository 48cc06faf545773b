//! The OPEN message, and the list of capabilities in it.

use alloc::vec::Vec;

use routehub_types::{Asn, Family, FamilySet, RouterId};

use crate::capability::{AddPathMode, Capability, GracefulRestart, LongLivedFamily, Role, code};
use crate::header::{HEADER_LEN, MAX_LEN, MessageType};
use crate::parse::{Parsed, Parser, Stop, be_u8, be_u16, be_u32, long_tlv, short_tlv, stop, take};
use crate::{AfiSafi, DecodeError, EncodeError, Notification, Reason};

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
        self.asn.two_octet()
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
        // At most 4,096: checked above.
        MessageType::Open.write_header(length as u16, out);
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
        let mut fields = (be_u8, be_u16, be_u16, be_u32);
        let (rest, (version, my_as, hold_time, router_id)) =
            fields.parse_complete(body).map_err(unreadable)?;
        // The version comes first: the rest of another version's OPEN may mean anything.
        if version != VERSION {
            let nearest = u16::from(VERSION).to_be_bytes().to_vec();
            let error = Notification::UNSUPPORTED_VERSION.with_data(nearest);
            return Err(DecodeError::new(Reason::Version, 19, error));
        }
        let (_, capabilities) = parameters(rest).map_err(unreadable)?;
        let my_as = Asn(u32::from(my_as));
        let open = Self {
            asn: capabilities.four_octet_as().unwrap_or(my_as),
            hold_time,
            router_id: RouterId(router_id),
            capabilities,
        };
        open.check(my_as)?;
        Ok(open)
    }

    /// Checks all but the version; `my_as` is what the two-octet field says.
    fn check(&self, my_as: Asn) -> Result<(), DecodeError> {
        let mut roles = self.capabilities.role_values();
        let first = roles.next();
        let (reason, offset, error) = if self.asn == Asn::ZERO || my_as == Asn::ZERO {
            (Reason::AsnZero, 20, Notification::BAD_PEER_AS)
        } else if my_as != self.asn && my_as != Asn::TRANS {
            (Reason::AsnMismatch, 20, Notification::BAD_PEER_AS)
        } else if matches!(self.hold_time, 1 | 2) {
            (Reason::HoldTime, 22, Notification::UNACCEPTABLE_HOLD_TIME)
        } else if self.router_id == RouterId(0) {
            (Reason::RouterId, 24, Notification::BAD_BGP_IDENTIFIER)
        } else if roles.any(|role| Some(role) != first) {
            (Reason::RolesDiffer, 28, Notification::ROLE_MISMATCH)
        } else {
            return Ok(());
        };
        Err(DecodeError::new(reason, offset, error))
    }
}

/// The capabilities of a speaker, in the order it lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Capabilities(pub Vec<Capability>);

impl Capabilities {
    /// The capabilities, in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Capability> {
        self.0.iter()
    }

    /// Whether a capability of this code is there.
    pub fn has_code(&self, code: u8) -> bool {
        self.iter().any(|capability| capability.code() == code)
    }

    /// Whether exactly this capability is there.
    pub fn contains(&self, capability: &Capability) -> bool {
        self.0.contains(capability)
    }

    /// The families of the multiprotocol capabilities that this library routes; IPv4 if there is
    /// no such capability at all (RFC 4760 section 8: then there is only plain RFC 4271).
    pub fn families(&self) -> FamilySet {
        if !self.has_code(code::MULTIPROTOCOL) {
            return FamilySet::IPV4;
        }
        let family = |capability: &Capability| match capability {
            Capability::Multiprotocol(family) => family.family(),
            _ => None,
        };
        self.iter().filter_map(family).collect()
    }

    /// The ASN of the four-octet AS capability; the last one counts.
    pub fn four_octet_as(&self) -> Option<Asn> {
        self.iter().rev().find_map(|capability| match capability {
            Capability::FourOctetAs(asn) => Some(*asn),
            _ => None,
        })
    }

    /// In which direction path identifiers are wanted for a family; the last one counts
    /// (RFC 7911 section 4).
    pub fn add_path(&self, family: Family) -> Option<AddPathMode> {
        let listed = self.iter().rev().filter_map(|capability| match capability {
            Capability::AddPath(families) => Some(families.iter().rev()),
            _ => None,
        });
        let mut listed = listed.flatten();
        let (_, mode) = listed.find(|(listed, _)| listed.family() == Some(family))?;
        Some(*mode)
    }

    /// Whether routes of a family may have next hops of another one (RFC 8950).
    pub fn extended_next_hop(&self, family: Family, next_hop: Family) -> bool {
        let wanted = (AfiSafi::from(family), AfiSafi::from(next_hop).afi);
        self.iter().any(|capability| match capability {
            Capability::ExtendedNextHop(pairs) => pairs.contains(&wanted),
            _ => false,
        })
    }

    /// The graceful restart capability; the last one counts (RFC 4724 section 3).
    pub fn graceful_restart(&self) -> Option<&GracefulRestart> {
        self.iter().rev().find_map(|capability| match capability {
            Capability::GracefulRestart(restart) => Some(restart),
            _ => None,
        })
    }

    /// The families of the long-lived graceful restart capability (RFC 9494); empty without it.
    pub fn long_lived_families(&self) -> &[LongLivedFamily] {
        let families = self.iter().rev().find_map(|capability| match capability {
            Capability::LongLivedGracefulRestart(families) => Some(families.as_slice()),
            _ => None,
        });
        families.unwrap_or_default()
    }

    /// What the role capabilities of the speaker say, in octets, also where that is no assigned
    /// role: several that differ are an error (RFC 9234 section 4.2).
    pub fn role_values(&self) -> impl Iterator<Item = &[u8]> {
        self.iter().filter_map(|capability| match capability {
            Capability::Role(role) => Some(role.octet()),
            Capability::Unknown {
                code: code::ROLE,
                value,
            } => Some(value.as_slice()),
            _ => None,
        })
    }

    /// The roles that the speaker says to have; more than one different is an error (RFC 9234
    /// section 4.2).
    pub fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        self.iter().filter_map(|capability| match capability {
            Capability::Role(role) => Some(*role),
            _ => None,
        })
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        Self(capabilities.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Capabilities {
    type Item = &'a Capability;
    type IntoIter = core::slice::Iter<'a, Capability>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
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

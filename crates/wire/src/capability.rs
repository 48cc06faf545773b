//! Capabilities: what a speaker can do (RFC 5492).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use routehub_types::Asn;

mod add_path;
mod capabilities;
mod graceful_restart;
mod role;

use crate::parse::{Parsed, all, be_u8, be_u16, be_u32, stop, take};
use crate::{AfiSafi, EncodeError, Reason};

pub use add_path::AddPathMode;
pub use capabilities::Capabilities;
pub use graceful_restart::{GracefulRestart, LongLivedFamily};
pub use role::Role;

/// Capability codes (IANA, "Capability Codes").
pub(crate) mod code {
    pub(crate) const MULTIPROTOCOL: u8 = 1;
    pub(crate) const ROUTE_REFRESH: u8 = 2;
    pub(crate) const EXTENDED_NEXT_HOP: u8 = 5;
    pub(crate) const EXTENDED_MESSAGE: u8 = 6;
    pub(crate) const ROLE: u8 = 9;
    pub(crate) const GRACEFUL_RESTART: u8 = 64;
    pub(crate) const FOUR_OCTET_AS: u8 = 65;
    pub(crate) const ADD_PATH: u8 = 69;
    pub(crate) const ENHANCED_ROUTE_REFRESH: u8 = 70;
    pub(crate) const LONG_LIVED_GRACEFUL_RESTART: u8 = 71;
    pub(crate) const FQDN: u8 = 73;
    pub(crate) const SOFTWARE_VERSION: u8 = 75;
}

/// Something a speaker can do (RFC 5492).
///
/// A capability that is unknown, or known but not as it should be where its RFC says to ignore it,
/// is kept raw as [`Unknown`](Self::Unknown).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Capability {
    /// Routes of a family (code 1, RFC 4760).
    Multiprotocol(AfiSafi),
    /// Sends its routes again when asked (code 2, RFC 2918).
    RouteRefresh,
    /// Other next hops: routes of a family, and the address family of their next hops (code 5,
    /// RFC 8950).
    ExtendedNextHop(Vec<(AfiSafi, u16)>),
    /// Messages of up to 65,535 octets (code 6, RFC 8654).
    ExtendedMessage,
    /// The part it plays towards the peer (code 9, RFC 9234).
    Role(Role),
    /// Keeps forwarding through a restart (code 64, RFC 4724).
    GracefulRestart(GracefulRestart),
    /// Its ASN in four octets (code 65, RFC 6793).
    FourOctetAs(Asn),
    /// Several paths per prefix (code 69, RFC 7911).
    AddPath(Vec<(AfiSafi, AddPathMode)>),
    /// Marks begin and end of a refresh (code 70, RFC 7313).
    EnhancedRouteRefresh,
    /// Keeps stale routes for long (code 71, RFC 9494).
    LongLivedGracefulRestart(Vec<LongLivedFamily>),
    /// Its host and domain name (code 73, draft-walton-bgp-hostname-capability).
    Fqdn {
        /// The host name.
        host: String,
        /// The domain name.
        domain: String,
    },
    /// The name and version of its software (code 75, draft-ietf-idr-software-version).
    SoftwareVersion(String),
    /// Another capability, raw.
    Unknown {
        /// The capability code.
        code: u8,
        /// The value, at most 255 octets.
        value: Vec<u8>,
    },
}

impl Capability {
    /// The capability code.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Multiprotocol(_) => code::MULTIPROTOCOL,
            Self::RouteRefresh => code::ROUTE_REFRESH,
            Self::ExtendedNextHop(_) => code::EXTENDED_NEXT_HOP,
            Self::ExtendedMessage => code::EXTENDED_MESSAGE,
            Self::Role(_) => code::ROLE,
            Self::GracefulRestart(_) => code::GRACEFUL_RESTART,
            Self::FourOctetAs(_) => code::FOUR_OCTET_AS,
            Self::AddPath(_) => code::ADD_PATH,
            Self::EnhancedRouteRefresh => code::ENHANCED_ROUTE_REFRESH,
            Self::LongLivedGracefulRestart(_) => code::LONG_LIVED_GRACEFUL_RESTART,
            Self::Fqdn { .. } => code::FQDN,
            Self::SoftwareVersion(_) => code::SOFTWARE_VERSION,
            Self::Unknown { code, .. } => *code,
        }
    }

    /// The capability of a code and a value.
    ///
    /// Where its RFC defines no error for a value that is not as it should be, the capability is
    /// ignored: kept as unknown.
    ///
    /// # Errors
    /// A length that makes the OPEN unreadable: multiprotocol and four-octet AS.
    pub(crate) fn read(code: u8, value: &[u8]) -> Result<Self, Reason> {
        let parsed = match code {
            code::MULTIPROTOCOL => exactly(value, multiprotocol, Self::Multiprotocol),
            code::FOUR_OCTET_AS => exactly(value, be_u32, |asn| Self::FourOctetAs(Asn(asn))),
            code::ROUTE_REFRESH if value.is_empty() => Some(Self::RouteRefresh),
            code::EXTENDED_MESSAGE if value.is_empty() => Some(Self::ExtendedMessage),
            code::ENHANCED_ROUTE_REFRESH if value.is_empty() => Some(Self::EnhancedRouteRefresh),
            code::EXTENDED_NEXT_HOP => {
                exactly(value, |value| all(value, next_hop), Self::ExtendedNextHop)
            }
            code::ROLE => exactly(value, role, Self::Role),
            code::GRACEFUL_RESTART => exactly(value, GracefulRestart::read, Self::GracefulRestart),
            code::ADD_PATH => exactly(value, |value| all(value, add_path), Self::AddPath),
            code::LONG_LIVED_GRACEFUL_RESTART => {
                let families = |value| all(value, LongLivedFamily::read);
                exactly(value, families, Self::LongLivedGracefulRestart)
            }
            code::FQDN => exactly(value, names, |(host, domain)| Self::Fqdn { host, domain }),
            code::SOFTWARE_VERSION => exactly(value, text, Self::SoftwareVersion),
            _ => None,
        };
        match parsed {
            Some(capability) => Ok(capability),
            None if matches!(code, code::MULTIPROTOCOL | code::FOUR_OCTET_AS) => {
                Err(Reason::CapabilityLength)
            }
            None => Ok(Self::Unknown {
                code,
                value: value.to_vec(),
            }),
        }
    }

    /// Appends code, length and value.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(self.code());
        let at = out.len();
        out.push(0);
        self.write_value(out)?;
        let length = octet(out.len() - at - 1)?;
        if let Some(field) = out.get_mut(at) {
            *field = length;
        }
        Ok(())
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Multiprotocol(AfiSafi { afi, safi }) => {
                out.extend_from_slice(&afi.to_be_bytes());
                out.extend_from_slice(&[0, *safi]);
            }
            Self::RouteRefresh | Self::ExtendedMessage | Self::EnhancedRouteRefresh => {}
            Self::ExtendedNextHop(pairs) => {
                for (AfiSafi { afi, safi }, next_hop) in pairs {
                    out.extend_from_slice(&afi.to_be_bytes());
                    out.extend_from_slice(&[0, *safi]);
                    out.extend_from_slice(&next_hop.to_be_bytes());
                }
            }
            Self::Role(role) => out.push(role.code()),
            Self::GracefulRestart(restart) => restart.write(out),
            Self::FourOctetAs(asn) => out.extend_from_slice(&asn.0.to_be_bytes()),
            Self::AddPath(families) => {
                for (family, mode) in families {
                    family.write(out);
                    out.push(*mode as u8);
                }
            }
            Self::LongLivedGracefulRestart(families) => {
                families.iter().for_each(|family| family.write(out));
            }
            Self::Fqdn { host, domain } => {
                write_text(host, out)?;
                write_text(domain, out)?;
            }
            Self::SoftwareVersion(version) => write_text(version, out)?,
            Self::Unknown { value, .. } => out.extend_from_slice(value),
        }
        Ok(())
    }
}

/// What a parser makes of the whole value; none if it does not fit.
fn exactly<'a, T>(
    value: &'a [u8],
    parser: impl FnOnce(&'a [u8]) -> Parsed<'a, T>,
    capability: impl FnOnce(T) -> Capability,
) -> Option<Capability> {
    match parser(value) {
        Ok(([], parsed)) => Some(capability(parsed)),
        _ => None,
    }
}

/// AFI, a reserved octet, SAFI (RFC 4760 section 8).
fn multiprotocol(input: &[u8]) -> Parsed<'_, AfiSafi> {
    let (input, afi) = be_u16(input)?;
    let (input, _) = be_u8(input)?;
    let (input, safi) = be_u8(input)?;
    Ok((input, AfiSafi { afi, safi }))
}

/// AFI, a two-octet SAFI, AFI of the next hop (RFC 8950 section 4).
fn next_hop(input: &[u8]) -> Parsed<'_, (AfiSafi, u16)> {
    let (input, afi) = be_u16(input)?;
    let (rest, safi) = be_u16(input)?;
    let (rest, next_hop) = be_u16(rest)?;
    match u8::try_from(safi) {
        Ok(safi) => Ok((rest, (AfiSafi { afi, safi }, next_hop))),
        Err(_) => stop(input, Reason::CapabilityLength),
    }
}

fn role(input: &[u8]) -> Parsed<'_, Role> {
    let (rest, code) = be_u8(input)?;
    match Role::from_code(code) {
        Some(role) => Ok((rest, role)),
        None => stop(input, Reason::CapabilityLength),
    }
}

/// A family with a mode; an unknown mode spoils the capability (RFC 7911 section 4).
fn add_path(input: &[u8]) -> Parsed<'_, (AfiSafi, AddPathMode)> {
    let (input, family) = AfiSafi::read(input)?;
    let (rest, code) = be_u8(input)?;
    match AddPathMode::from_code(code) {
        Some(mode) => Ok((rest, (family, mode))),
        None => stop(input, Reason::CapabilityLength),
    }
}

/// Text with an octet of length before it, perhaps empty.
fn name(input: &[u8]) -> Parsed<'_, String> {
    let (input, length) = be_u8(input)?;
    let (input, text) = take(length)(input)?;
    match core::str::from_utf8(text) {
        Ok(text) => Ok((input, text.to_string())),
        Err(_) => stop(text, Reason::CapabilityLength),
    }
}

/// Host and domain name.
fn names(input: &[u8]) -> Parsed<'_, (String, String)> {
    let (input, host) = name(input)?;
    let (input, domain) = name(input)?;
    Ok((input, (host, domain)))
}

/// Text with an octet of length; an empty one says nothing.
fn text(input: &[u8]) -> Parsed<'_, String> {
    let (rest, text) = name(input)?;
    if text.is_empty() {
        return stop(input, Reason::CapabilityLength);
    }
    Ok((rest, text))
}

/// A length in one octet.
fn octet(length: usize) -> Result<u8, EncodeError> {
    u8::try_from(length).map_err(|_| EncodeError::TooLong {
        length,
        max: usize::from(u8::MAX),
    })
}

/// Appends text with an octet of length before it.
fn write_text(text: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    out.push(octet(text.len())?);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

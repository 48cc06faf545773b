//! Capabilities: what a speaker can do (RFC 5492).

use alloc::string::String;
use alloc::vec::Vec;

use routehub_types::Asn;

use crate::parse::{
    Parsed, Parser, Stop, be_u8, be_u16, be_u24, be_u32, length_data, many0, map, map_opt, verify,
};
use crate::{AfiSafi, EncodeError, Reason};

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
#[non_exhaustive]
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
            code::EXTENDED_NEXT_HOP => exactly(value, many0(next_hop), Self::ExtendedNextHop),
            code::ROLE => exactly(value, map_opt(be_u8, Role::from_code), Self::Role),
            code::GRACEFUL_RESTART => exactly(value, GracefulRestart::read, Self::GracefulRestart),
            code::ADD_PATH => exactly(value, many0(add_path), Self::AddPath),
            code::LONG_LIVED_GRACEFUL_RESTART => {
                let families = many0(LongLivedFamily::read);
                exactly(value, families, Self::LongLivedGracefulRestart)
            }
            code::FQDN => exactly(value, (text, text), |(host, domain)| Self::Fqdn {
                host,
                domain,
            }),
            // An empty one says nothing.
            code::SOFTWARE_VERSION => {
                let version = verify(text, |text: &str| !text.is_empty());
                exactly(value, version, Self::SoftwareVersion)
            }
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
    mut parser: impl Parser<&'a [u8], Output = T, Error = Stop<'a>>,
    capability: impl FnOnce(T) -> Capability,
) -> Option<Capability> {
    match parser.parse_complete(value) {
        Ok(([], parsed)) => Some(capability(parsed)),
        _ => None,
    }
}

/// AFI, a reserved octet, SAFI (RFC 4760 section 8).
fn multiprotocol(input: &[u8]) -> Parsed<'_, AfiSafi> {
    let (rest, (afi, _, safi)) = (be_u16, be_u8, be_u8).parse_complete(input)?;
    Ok((rest, AfiSafi { afi, safi }))
}

/// AFI, a two-octet SAFI, AFI of the next hop (RFC 8950 section 4).
fn next_hop(input: &[u8]) -> Parsed<'_, (AfiSafi, u16)> {
    let safi = map_opt(be_u16, |safi| u8::try_from(safi).ok());
    let (rest, (afi, safi, next_hop)) = (be_u16, safi, be_u16).parse_complete(input)?;
    Ok((rest, (AfiSafi { afi, safi }, next_hop)))
}

/// A family with a mode; an unknown mode spoils the capability (RFC 7911 section 4).
fn add_path(input: &[u8]) -> Parsed<'_, (AfiSafi, AddPathMode)> {
    (AfiSafi::read, map_opt(be_u8, AddPathMode::from_code)).parse_complete(input)
}

/// Text with an octet of length before it, perhaps empty.
fn text(input: &[u8]) -> Parsed<'_, String> {
    let utf8 = |text| core::str::from_utf8(text).ok().map(String::from);
    map_opt(length_data(be_u8), utf8).parse_complete(input)
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

/// In which direction a speaker wants path identifiers (RFC 7911 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum AddPathMode {
    /// It can receive several paths.
    Receive = 1,
    /// It can send several paths.
    Send = 2,
    /// Both.
    Both = 3,
}

impl AddPathMode {
    /// Whether the speaker can receive several paths.
    pub const fn receives(self) -> bool {
        matches!(self, Self::Receive | Self::Both)
    }

    /// Whether the speaker can send several paths.
    pub const fn sends(self) -> bool {
        matches!(self, Self::Send | Self::Both)
    }

    /// The mode of a number; none for one that is not assigned.
    const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Receive,
            2 => Self::Send,
            3 => Self::Both,
            _ => return None,
        })
    }
}

/// The graceful restart capability (RFC 4724 section 3, RFC 8538 section 2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GracefulRestart {
    /// The R bit: the speaker has restarted and wants the peer not to wait for its End-of-RIB.
    pub restarting: bool,
    /// The N bit: graceful restart also after a NOTIFICATION and an expired hold timer.
    pub notification: bool,
    /// Seconds, at most 4,095, within which the speaker expects to be back after a restart.
    pub time: u16,
    /// The families covered, and whether forwarding was preserved through the restart.
    pub families: Vec<(AfiSafi, bool)>,
}

/// A family of the long-lived graceful restart capability (RFC 9494 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LongLivedFamily {
    /// The family covered.
    pub family: AfiSafi,
    /// The F bit: forwarding was preserved through the restart.
    pub forwarding: bool,
    /// Seconds, at most 16,777,215, for which stale routes may be kept.
    pub stale_time: u32,
}

impl GracefulRestart {
    /// Flags and a 12-bit time, then families (RFC 4724 section 3).
    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let family = (AfiSafi::read, map(be_u8, |flags| flags & 0x80 != 0));
        let (rest, (head, families)) = (be_u16, many0(family)).parse_complete(input)?;
        let restart = Self {
            restarting: head & 0x8000 != 0,
            notification: head & 0x4000 != 0,
            time: head & 0x0fff,
            families,
        };
        Ok((rest, restart))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let flags = u16::from(self.restarting) << 15 | u16::from(self.notification) << 14;
        out.extend_from_slice(&(flags | self.time.min(0x0fff)).to_be_bytes());
        for (family, forwarding) in &self.families {
            family.write(out);
            out.push(u8::from(*forwarding) << 7);
        }
    }
}

impl LongLivedFamily {
    /// A family with flags and a 24-bit time (RFC 9494 section 4.1).
    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let fields = (AfiSafi::read, be_u8, be_u24).parse_complete(input)?;
        let (rest, (family, flags, stale_time)) = fields;
        let element = Self {
            family,
            forwarding: flags & 0x80 != 0,
            stale_time,
        };
        Ok((rest, element))
    }

    fn write(self, out: &mut Vec<u8>) {
        self.family.write(out);
        let flags = u32::from(self.forwarding) << 31;
        let fields = flags | self.stale_time.min(0x00ff_ffff);
        out.extend_from_slice(&fields.to_be_bytes());
    }
}

/// The part that a speaker plays towards its peer (RFC 9234 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Role {
    /// Sells transit to the peer.
    Provider,
    /// A route server, of which the peer is a client.
    RouteServer,
    /// A client of the peer, which is a route server.
    RouteServerClient,
    /// Buys transit from the peer.
    Customer,
    /// Exchanges own and customer routes with the peer.
    Peer,
}

impl Role {
    /// The role of a number, if it is assigned.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Provider,
            1 => Self::RouteServer,
            2 => Self::RouteServerClient,
            3 => Self::Customer,
            4 => Self::Peer,
            _ => return None,
        })
    }

    /// The number of the role.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The value of its capability.
    pub(crate) const fn octet(self) -> &'static [u8] {
        match self {
            Self::Provider => &[0],
            Self::RouteServer => &[1],
            Self::RouteServerClient => &[2],
            Self::Customer => &[3],
            Self::Peer => &[4],
        }
    }

    /// The role that the peer must have (RFC 9234 section 4.2).
    #[must_use]
    pub const fn counterpart(self) -> Self {
        match self {
            Self::Provider => Self::Customer,
            Self::RouteServer => Self::RouteServerClient,
            Self::RouteServerClient => Self::RouteServer,
            Self::Customer => Self::Provider,
            Self::Peer => Self::Peer,
        }
    }
}

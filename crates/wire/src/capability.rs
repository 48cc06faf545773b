//! Capabilities: what a speaker can do (RFC 5492).

use alloc::string::String;
use alloc::vec::Vec;

use routehub_types::{Asn, Family, FamilySet};

use crate::AfiSafi;

/// In which direction a speaker wants path identifiers (RFC 7911 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum AddPathMode {
    /// It can receive several paths.
    Receive,
    /// It can send several paths.
    Send,
    /// Both.
    Both,
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
}

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
        self.iter().any(|one| one.code() == code)
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
        let family = |one: &Capability| match one {
            Capability::Multiprotocol(family) => family.family(),
            _ => None,
        };
        self.iter().filter_map(family).collect()
    }

    /// The ASN of the four-octet AS capability; the last one counts.
    pub fn four_octet_as(&self) -> Option<Asn> {
        self.iter().rev().find_map(|one| match one {
            Capability::FourOctetAs(asn) => Some(*asn),
            _ => None,
        })
    }

    /// In which direction path identifiers are wanted for a family; the last one counts
    /// (RFC 7911 section 4).
    pub fn add_path(&self, family: Family) -> Option<AddPathMode> {
        let mut modes = self.iter().rev().filter_map(|one| match one {
            Capability::AddPath(families) => families
                .iter()
                .rev()
                .find(|(one, _)| one.family() == Some(family)),
            _ => None,
        });
        modes.next().map(|(_, mode)| *mode)
    }

    /// Whether routes of a family may have next hops of another one (RFC 8950).
    pub fn extended_next_hop(&self, family: Family, next_hop: Family) -> bool {
        let wanted = (AfiSafi::from(family), AfiSafi::from(next_hop).afi);
        self.iter().any(|one| match one {
            Capability::ExtendedNextHop(pairs) => pairs.contains(&wanted),
            _ => false,
        })
    }

    /// The graceful restart capability; the last one counts (RFC 4724 section 3).
    pub fn graceful_restart(&self) -> Option<&GracefulRestart> {
        self.iter().rev().find_map(|one| match one {
            Capability::GracefulRestart(restart) => Some(restart),
            _ => None,
        })
    }

    /// The families of the long-lived graceful restart capability (RFC 9494); empty without it.
    pub fn long_lived_families(&self) -> &[LongLivedFamily] {
        let families = self.iter().rev().find_map(|one| match one {
            Capability::LongLivedGracefulRestart(families) => Some(families.as_slice()),
            _ => None,
        });
        families.unwrap_or_default()
    }

    /// The roles that the speaker says to have; more than one different is an error (RFC 9234
    /// section 4.2).
    pub fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        self.iter().filter_map(|one| match one {
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

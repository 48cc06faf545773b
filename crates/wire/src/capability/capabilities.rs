//! The list of capabilities that an OPEN carries.

use alloc::vec::Vec;

use routehub_types::{Asn, Family, FamilySet};

use super::{AddPathMode, Capability, GracefulRestart, LongLivedFamily, Role, code};
use crate::AfiSafi;

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
        let mut modes = self.iter().rev().filter_map(|capability| match capability {
            Capability::AddPath(families) => families
                .iter()
                .rev()
                .find(|(listed, _)| listed.family() == Some(family)),
            _ => None,
        });
        modes.next().map(|(_, mode)| *mode)
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

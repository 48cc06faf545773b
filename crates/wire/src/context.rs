//! What the decoding and encoding of a message depends on.

use routehub_types::{Asn, Family, FamilySet};

/// How a peer stands to this speaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum PeerKind {
    /// In another AS.
    #[default]
    External,
    /// In the same AS, which is no confederation.
    Internal,
    /// In the same member AS of a confederation (RFC 5065).
    ConfedInternal,
    /// In another member AS of the same confederation (RFC 5065).
    ConfedExternal,
}

impl PeerKind {
    /// Whether ORIGINATOR_ID and CLUSTER_LIST may come from this peer: it is in the same AS.
    pub const fn is_internal(self) -> bool {
        matches!(self, Self::Internal | Self::ConfedInternal)
    }

    /// Whether LOCAL_PREF may come from this peer: it is in the same AS or confederation.
    pub const fn shares_local_pref(self) -> bool {
        !matches!(self, Self::External)
    }

    /// Whether the peer is in the same confederation.
    pub const fn is_confed(self) -> bool {
        matches!(self, Self::ConfedInternal | Self::ConfedExternal)
    }
}

/// What two speakers agreed on and who they are to each other: all that the meaning of a message
/// depends on besides its bytes.
///
/// The default is what two current speakers usually agree on: an external peer, four-octet ASNs,
/// IPv4 and IPv6 unicast, nothing else.
///
/// ```
/// use routehub_types::{Asn, FamilySet};
/// use routehub_wire::{Context, PeerKind};
///
/// let context = Context {
///     add_path_receive: FamilySet::IPV4,
///     first_as: Some(Asn(65001)),
///     ..Context::default()
/// };
/// assert_eq!(context.peer, PeerKind::External);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct Context {
    /// Whether ASNs in AS_PATH and AGGREGATOR have four octets (RFC 6793).
    pub four_octet_as: bool,
    /// Whether messages may be longer than 4,096 octets (RFC 8654).
    pub extended_message: bool,
    /// Whether both speak enhanced route refresh (RFC 7313).
    pub enhanced_refresh: bool,
    /// The families in use; routes of others are skipped and reported.
    pub families: FamilySet,
    /// The families in which the peer sends path identifiers (RFC 7911).
    pub add_path_receive: FamilySet,
    /// The families in which this speaker sends path identifiers (RFC 7911).
    pub add_path_send: FamilySet,
    /// Whether IPv4 routes may have an IPv6 next hop (RFC 8950).
    pub extended_next_hop: bool,
    /// How the peer stands to this speaker.
    pub peer: PeerKind,
    /// The ASN that must stand first in every AS path from an external peer (RFC 4271 section
    /// 6.3), which is the peer's; none: not checked, as behind a route server that does not
    /// prepend (RFC 7947 section 2.2.2.1).
    pub first_as: Option<Asn>,
    /// Whether an AS_SET or AS_CONFED_SET makes a route withdrawn (RFC 9774).
    pub reject_as_set: bool,
    /// Whether the AIGP attribute is in use with this peer (RFC 7311 section 3.3).
    pub aigp: bool,
    /// Whether an error in the routes of one family ends the use of that family only, instead of
    /// the session (RFC 7606 section 2, "AFI/SAFI disable").
    pub disable_family: bool,
}

impl Default for Context {
    /// [`Context::EXTERNAL`].
    fn default() -> Self {
        Self::EXTERNAL
    }
}

impl Context {
    /// An external peer with four-octet ASNs, IPv4 and IPv6, and nothing else agreed on.
    pub const EXTERNAL: Self = Self {
        four_octet_as: true,
        extended_message: false,
        enhanced_refresh: false,
        families: FamilySet::ALL,
        add_path_receive: FamilySet::EMPTY,
        add_path_send: FamilySet::EMPTY,
        extended_next_hop: false,
        peer: PeerKind::External,
        first_as: None,
        reject_as_set: true,
        aigp: false,
        disable_family: false,
    };

    /// The length of the longest message that either may send: 4,096 or 65,535 octets.
    pub const fn max_len(&self) -> usize {
        if self.extended_message {
            crate::MAX_EXTENDED_LEN
        } else {
            crate::MAX_LEN
        }
    }

    /// All that the bytes of a sent UPDATE depend on: sessions with equal keys share them.
    pub fn encode_key(&self) -> EncodeKey {
        let flags = [
            self.four_octet_as,
            self.extended_message,
            self.extended_next_hop,
            self.aigp,
            self.add_path_send.contains(Family::Ipv4),
            self.add_path_send.contains(Family::Ipv6),
            self.families.contains(Family::Ipv4),
            self.families.contains(Family::Ipv6),
        ];
        let bits = flags
            .iter()
            .fold(0, |bits, flag| bits << 1 | u16::from(*flag));
        EncodeKey(bits << 2 | self.peer as u16)
    }
}

/// What the bytes of a sent UPDATE depend on, as one number; see [`Context::encode_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EncodeKey(u16);

impl EncodeKey {
    /// The key as a number, for tables that are opaque to its meaning.
    pub const fn to_bits(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_that_differ_only_in_receiving_share_a_key() {
        let usual = Context::default();
        let other = Context {
            add_path_receive: FamilySet::ALL,
            first_as: Some(Asn(65001)),
            reject_as_set: false,
            ..usual
        };
        assert_eq!(usual.encode_key(), other.encode_key());
    }

    #[test]
    fn contexts_that_differ_in_sending_do_not() {
        let usual = Context::default();
        for other in [
            Context {
                four_octet_as: false,
                ..usual
            },
            Context {
                extended_message: true,
                ..usual
            },
            Context {
                add_path_send: FamilySet::IPV6,
                ..usual
            },
            Context {
                peer: PeerKind::Internal,
                ..usual
            },
        ] {
            assert_ne!(usual.encode_key(), other.encode_key(), "{other:?}");
        }
    }

    #[test]
    fn a_context_is_small() {
        assert!(size_of::<Context>() <= 24);
    }
}

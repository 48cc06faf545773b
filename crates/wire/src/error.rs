//! Errors of decoding and encoding, and the reasons of faults.

use routehub_types::Family;

use crate::Notification;

/// A message that cannot be used: why, where, and what to tell the peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("octet {offset}: {reason} (answer {notification})")]
#[non_exhaustive]
pub struct DecodeError {
    /// Why.
    pub reason: Reason,
    /// Where in the message, in octets from the start of its header.
    pub offset: usize,
    /// What to send before the session is closed.
    notification: Notification,
}

impl DecodeError {
    pub(crate) const fn new(reason: Reason, offset: usize, notification: Notification) -> Self {
        Self {
            reason,
            offset,
            notification,
        }
    }

    /// What to send to the peer before the session is closed.
    pub const fn notification(&self) -> &Notification {
        &self.notification
    }
}

impl From<DecodeError> for Notification {
    fn from(error: DecodeError) -> Self {
        error.notification
    }
}

/// Something that has no encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// It does not fit the longest message or its length field.
    #[error("{length} octets where at most {max} fit")]
    TooLong {
        /// The octets it needs.
        length: usize,
        /// The octets there is room for.
        max: usize,
    },
    /// The next hop cannot go with prefixes of this family on this session.
    #[error("this next hop cannot be sent with {family} prefixes on this session")]
    NextHop {
        /// The family of the prefixes.
        family: Family,
    },
    /// The family is not in use on this session.
    #[error("{family} is not in use on this session")]
    FamilyNotInUse {
        /// The family of the prefixes.
        family: Family,
    },
    /// An attribute that this library has typed is among the unknown ones.
    #[error("attribute type {code} is not unknown")]
    KnownAttribute {
        /// The attribute type code.
        code: u8,
    },
    /// An AS path or list is longer than an attribute can be.
    #[error("attribute type {code} is longer than 65,535 octets")]
    AttributeTooLong {
        /// The attribute type code.
        code: u8,
    },
}

/// Why a message, or a part of one, is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// The marker is not all ones.
    #[error("the marker is not all ones")]
    Marker,
    /// The length field does not fit the message or its type.
    #[error("a message of this type cannot have this length")]
    MessageLength,
    /// The message type is unknown.
    #[error("unknown message type")]
    MessageType,
    /// The peer speaks another BGP version.
    #[error("BGP version is not 4")]
    Version,
    /// The hold time is one or two seconds.
    #[error("hold time of 1 or 2 seconds")]
    HoldTime,
    /// The BGP identifier is 0.
    #[error("BGP identifier 0.0.0.0")]
    RouterId,
    /// The ASN of the OPEN is 0.
    #[error("AS 0")]
    AsnZero,
    /// The ASN of the OPEN and that of the four-octet AS capability differ.
    #[error("My Autonomous System and the four-octet AS capability differ")]
    AsnMismatch,
    /// The optional parameters do not fit the message.
    #[error("the optional parameters do not fill the OPEN exactly")]
    ParametersLength,
    /// An optional parameter that is not a list of capabilities.
    #[error("unknown optional parameter")]
    ParameterUnknown,
    /// An optional parameter runs past the end.
    #[error("optional parameter runs past the end of the parameters")]
    ParameterOverrun,
    /// A capability runs past the end of its parameter.
    #[error("capability runs past the end of its parameter")]
    CapabilityOverrun,
    /// A capability has a length that it cannot have.
    #[error("capability cannot have this length")]
    CapabilityLength,
    /// Several roles that differ.
    #[error("several BGP roles that differ")]
    RolesDiffer,
    /// The withdrawn routes run past the end of the message.
    #[error("withdrawn routes run past the end of the message")]
    WithdrawnOverrun,
    /// The path attributes run past the end of the message.
    #[error("path attributes run past the end of the message")]
    AttributesOverrun,
    /// Too few octets are left for the header of an attribute.
    #[error("too few octets are left for an attribute")]
    AttributeHeader,
    /// An attribute runs past the end of the attributes.
    #[error("attribute runs past the end of the path attributes")]
    AttributeOverrun,
    /// The optional or transitive flag is wrong for the type.
    #[error("optional or transitive flag is wrong for this attribute")]
    AttributeFlags,
    /// The attribute has a length that it cannot have.
    #[error("attribute cannot have this length")]
    AttributeLength,
    /// The attribute comes a second time.
    #[error("attribute comes more than once; the first one counts")]
    AttributeDuplicate,
    /// MP_REACH_NLRI or MP_UNREACH_NLRI comes a second time.
    #[error("MP_REACH_NLRI or MP_UNREACH_NLRI comes more than once")]
    MpDuplicate,
    /// A well-known attribute of unknown type.
    #[error("well-known attribute of unknown type")]
    WellKnownUnknown,
    /// A mandatory attribute is missing.
    #[error("mandatory attribute is missing")]
    AttributeMissing,
    /// An attribute that this kind of peer may not send.
    #[error("attribute that only internal peers may send")]
    InternalOnly,
    /// AS4_PATH or AS4_AGGREGATOR between speakers of four-octet ASNs.
    #[error("AS4_PATH or AS4_AGGREGATOR on a session with four-octet ASNs")]
    As4BetweenNew,
    /// ORIGIN is none of 0, 1, 2.
    #[error("ORIGIN is none of IGP, EGP, INCOMPLETE")]
    OriginValue,
    /// A segment of an AS path runs past the end.
    #[error("AS path segment runs past the end of the attribute")]
    SegmentOverrun,
    /// A segment of an AS path has no ASN.
    #[error("AS path segment without an ASN")]
    SegmentEmpty,
    /// A segment of an AS path is of unknown type.
    #[error("AS path segment of unknown type")]
    SegmentType,
    /// AS 0 in a path or as an aggregator.
    #[error("AS 0 is not an AS")]
    PathAsnZero,
    /// A confederation segment from a peer outside the confederation.
    #[error("confederation segment from a peer outside the confederation")]
    ConfedSegment,
    /// The path of a confederation peer does not start with a confederation sequence.
    #[error("path of a confederation peer does not start with AS_CONFED_SEQUENCE")]
    ConfedSegmentMissing,
    /// The path does not start with the peer's ASN.
    #[error("the peer's AS does not stand first in the AS path")]
    FirstAs,
    /// A set of ASes in the path.
    #[error("AS_SET or AS_CONFED_SET in the AS path")]
    AsSet,
    /// The next hop cannot be the address of a host.
    #[error("next hop is no host address")]
    NextHop,
    /// A next hop of a length that the family does not have.
    #[error("next hop length does not fit the address family")]
    NextHopLength,
    /// A prefix length that the family does not have.
    #[error("prefix length beyond the address family")]
    PrefixLength,
    /// A prefix runs past the end of its field.
    #[error("prefix runs past the end of its field")]
    PrefixOverrun,
    /// A part of an attribute that is a list of values runs past its end.
    #[error("a part of the attribute runs past its end")]
    PartOverrun,
    /// The accumulated IGP metric is infinite.
    #[error("accumulated IGP metric of all ones")]
    AigpInfinite,
    /// A Prefix-SID from outside the segment routing domain.
    #[error("Prefix-SID from an external peer")]
    PrefixSidExternal,
    /// An attribute set holds attributes that it may not.
    #[error("ATTR_SET holds attributes that are malformed or not allowed in it")]
    AttrSet,
    /// A malformed attribute in a message that names no route to be withdrawn.
    #[error("malformed attribute, but no route that could be withdrawn")]
    NothingToWithdraw,
    /// A ROUTE-REFRESH that marks begin or end has a wrong length.
    #[error("BoRR or EoRR of a wrong length")]
    RefreshLength,
}

//! Adj-RIB-Out: what each export group sends, and how far each member has got.

mod flush;
mod group;
mod known;
mod member;

use bytes::Bytes;
use routehub_types::{AttrId, Family, FamilySet, Ipv4Prefix, Ipv6Prefix, Prefix, RuleId};

pub(crate) use group::{Group, Slot};
pub use known::Sent;

use crate::SourceId;

/// An export group of one [`Rib`](crate::Rib): members that are sent the same routes in the same
/// encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub(crate) u32);

/// A member of an export group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId {
    pub(crate) group: u32,
    pub(crate) member: u32,
}

impl MemberId {
    /// The group of the member.
    pub const fn group(self) -> GroupId {
        GroupId(self.group)
    }
}

/// How an export group works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// The families that are sent.
    pub families: FamilySet,
    /// How many prefixes wait at most, per family, for members that have not taken them; a member
    /// that is further behind walks the table instead.
    pub backlog: usize,
}

impl Default for GroupConfig {
    /// Both families, 65,536 prefixes.
    fn default() -> Self {
        Self {
            families: FamilySet::ALL,
            backlog: 1 << 16,
        }
    }
}

/// A best path that asks what export makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// Where the best path comes from.
    pub source: SourceId,
    /// Its attributes after import.
    pub attrs: AttrId,
    /// Its prefix.
    pub prefix: Prefix,
}

/// What an export group makes of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    /// There is no best path.
    Nothing,
    /// Sent with these attributes, to all members but those of the source.
    Sent {
        /// The attributes as sent.
        attrs: AttrId,
        /// The source of the best path.
        source: SourceId,
    },
    /// Export refused it.
    Blocked {
        /// The rule that refused it.
        rule: RuleId,
        /// The source of the best path.
        source: SourceId,
    },
}

/// What one flush of a group did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Prefixes looked at.
    pub prefixes: usize,
    /// Batches that members can pull now.
    pub batches: usize,
    /// Whether prefixes are left for another flush.
    pub more: bool,
}

/// Prefixes of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefixes<'a> {
    /// IPv4 prefixes.
    V4(&'a [Ipv4Prefix]),
    /// IPv6 prefixes.
    V6(&'a [Ipv6Prefix]),
}

impl<'a> Prefixes<'a> {
    /// How many there are.
    pub const fn len(self) -> usize {
        match self {
            Self::V4(list) => list.len(),
            Self::V6(list) => list.len(),
        }
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Their family.
    pub const fn family(self) -> Family {
        match self {
            Self::V4(_) => Family::Ipv4,
            Self::V6(_) => Family::Ipv6,
        }
    }

    /// The prefixes, in the order they are to be sent.
    pub fn iter(self) -> impl Iterator<Item = Prefix> + 'a {
        let (v4, v6) = match self {
            Self::V4(list) => (list, [].as_slice()),
            Self::V6(list) => ([].as_slice(), list),
        };
        let v4 = v4.iter().copied().map(Prefix::V4);
        v4.chain(v6.iter().copied().map(Prefix::V6))
    }
}

/// Names a batch that several members pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) group: u32,
    pub(crate) family: Family,
    pub(crate) seq: u32,
}

/// A batch to send: prefixes announced with one attribute set, or withdrawn.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The attributes as sent; none to withdraw.
    pub attrs: Option<AttrId>,
    /// The source of the routes; of a withdrawal, the source they had.
    pub source: SourceId,
    /// The prefixes.
    pub prefixes: Prefixes<'a>,
    /// The batch as another member's turn encoded it.
    pub encoded: Option<&'a Bytes>,
    /// By which [`Rib::keep_encoded`](crate::Rib::keep_encoded) keeps the encoded batch for the
    /// other members; none if no other member will pull it.
    pub ticket: Option<Ticket>,
}

/// What a member can send next.
#[derive(Clone, Copy, Debug)]
pub enum Pull<'a> {
    /// These routes.
    Routes(Outgoing<'a>),
    /// All routes of a family were pulled once since the member joined or was refreshed: time for
    /// an End-of-RIB.
    Complete(Family),
    /// Nothing, until the next flush.
    Idle,
}

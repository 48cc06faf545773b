//! Adj-RIB-Out: what each export group sends, and how far each member has got.

mod flush;
mod group;
mod member;
mod ring;
mod slots;

use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::{AttrId, Family, FamilySet, Prefix, RuleId};

use crate::memory::{Key, Routes};
use crate::{AttrStore, Prefixes, SourceId};
pub(crate) use flush::Ask;
pub(crate) use group::Group;

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

/// One route of an Adj-RIB-Out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdjOut {
    /// The prefix.
    pub prefix: Prefix,
    /// The attributes as sent.
    pub attrs: AttrId,
    /// The source of the best path.
    pub source: SourceId,
}

/// What a member of an export group was last sent for a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A route with these attributes, and nothing since.
    Route(AttrId),
    /// Perhaps a route, but not what became of it.
    Uncertain,
}

/// The export groups of one family, by number; a group without the family has a vacant place.
#[derive(Debug)]
pub(crate) struct AdjRibOut<K> {
    groups: Vec<Option<Group<K>>>,
}

impl<K> Default for AdjRibOut<K> {
    fn default() -> Self {
        Self { groups: Vec::new() }
    }
}

impl<K: Key> AdjRibOut<K> {
    /// Adds a group; what is best now is to be flushed first.
    pub(crate) fn add(&mut self, routes: &mut Routes<K>, number: u32, backlog: Option<usize>) {
        let at = number as usize;
        if self.groups.len() <= at {
            self.groups.resize_with(at + 1, || None);
        }
        self.groups[at] = backlog.map(|backlog| {
            let mut group = Group::new(at == 0, backlog);
            group.mark_all(routes);
            group
        });
    }

    /// Removes a group and its members; says whether there was one.
    pub(crate) fn remove(
        &mut self,
        routes: &mut Routes<K>,
        store: &mut AttrStore,
        number: u32,
    ) -> bool {
        let place = self.groups.get_mut(number as usize);
        let Some(mut group) = place.and_then(Option::take) else {
            return false;
        };
        group.clear(routes, store);
        true
    }

    pub(crate) fn group(&self, number: u32) -> Option<&Group<K>> {
        self.groups.get(number as usize)?.as_ref()
    }

    pub(crate) fn group_mut(&mut self, number: u32) -> Option<&mut Group<K>> {
        self.groups.get_mut(number as usize)?.as_mut()
    }

    /// Notes in every group that the best path of an entry is another one.
    #[inline]
    pub(crate) fn mark(&mut self, routes: &mut Routes<K>, entry: u32) {
        for group in self.groups.iter_mut().flatten() {
            group.mark(routes, entry);
        }
    }

    /// Whether a group needs an entry without paths.
    pub(crate) fn needs(&self, routes: &Routes<K>, entry: u32) -> bool {
        let mut groups = self.groups.iter().flatten();
        groups.any(|group| group.needs(routes, entry))
    }

    /// Whether anything that a group sent, or will send, names a source.
    pub(crate) fn names(&self, source: u16) -> bool {
        let mut groups = self.groups.iter().flatten();
        groups.any(|group| group.names(source))
    }

    /// Reads ahead what the groups keep of entries apart from them.
    pub(crate) fn prefetch(&self, entries: &(impl Iterator<Item = u32> + Clone)) {
        for group in self.groups.iter().flatten() {
            group.prefetch(entries.clone());
        }
    }
}

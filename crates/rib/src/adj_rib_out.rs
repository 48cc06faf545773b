//! Adj-RIB-Out: what each export group sends, and how far each member has got.

mod flush;
mod group;
mod member;
mod ring;

use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::{AttrId, Family, FamilySet, PathId, Prefix, RuleId};

use crate::memory::{Key, Routes};
use crate::{AttrStore, Prefixes, SourceId};
pub(crate) use flush::Ask;
pub(crate) use group::{Group, Numbered};
pub(crate) use member::Member;

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
    /// Whether all paths of a prefix count, not only the best one: whoever sends several of them
    /// (RFC 7911) is told of [changed prefixes](crate::Rib::take_changed) and asks for their paths.
    pub all_paths: bool,
}

impl Default for GroupConfig {
    /// Both families, 65,536 prefixes, the best path.
    fn default() -> Self {
        Self {
            families: FamilySet::ALL,
            backlog: 1 << 16,
            all_paths: false,
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

/// Why an export group does not send a best path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// This rule of its export policy refuses it.
    Refused(RuleId),
    /// It would be sent, but no message to a member can hold it, as this rule says.
    Unsendable(RuleId),
}

impl Withheld {
    /// The rule that keeps the path back.
    pub const fn rule(self) -> RuleId {
        match self {
            Self::Refused(rule) | Self::Unsendable(rule) => rule,
        }
    }
}

impl From<RuleId> for Withheld {
    fn from(rule: RuleId) -> Self {
        Self::Refused(rule)
    }
}

/// A best path that no message to a member of an export group can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsendable {
    /// Its prefix.
    pub prefix: Prefix,
    /// Where it comes from.
    pub source: SourceId,
    /// The rule that says why.
    pub rule: RuleId,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Prefixes looked at.
    pub prefixes: usize,
    /// Batches that members can pull now.
    pub batches: usize,
    /// Whether prefixes are left for another flush.
    pub more: bool,
    /// Those of the prefixes whose best paths no message can hold.
    pub unsendable: Vec<Unsendable>,
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
    /// The identifier of the path of each, where several are sent (RFC 7911).
    pub path_id: Option<PathId>,
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

/// The export groups of one family; the number of a group without the family is vacant.
#[derive(Clone, Debug)]
pub(crate) struct AdjRibOut<K> {
    groups: Numbered<Group<K>>,
    /// Whether there is a group for which all paths count.
    follows_all_paths: bool,
}

impl<K: Key> AdjRibOut<K> {
    pub(crate) const fn new() -> Self {
        Self {
            groups: Numbered::new(),
            follows_all_paths: false,
        }
    }

    /// Adds a group; what is best now is to be flushed first.
    pub(crate) fn add(&mut self, routes: &mut Routes<K>, number: u32, config: &GroupConfig) {
        let mut group = Group::new(number == 0, config);
        group.mark_all(routes);
        self.groups.put(number, group);
        self.follows_all_paths |= config.all_paths;
    }

    /// Removes a group and its members; says whether there was one.
    pub(crate) fn remove(
        &mut self,
        routes: &mut Routes<K>,
        store: &mut AttrStore,
        number: u32,
    ) -> bool {
        let group = self.groups.take(number);
        self.follows_all_paths = self.groups.items().any(|group| group.all_paths);
        group.map(|mut group| group.clear(routes, store)).is_some()
    }

    pub(crate) fn group(&self, number: u32) -> Option<&Group<K>> {
        self.groups.get(number)
    }

    pub(crate) fn group_mut(&mut self, number: u32) -> Option<&mut Group<K>> {
        self.groups.get_mut(number)
    }

    pub(crate) fn member(&self, id: MemberId) -> Option<&Member<K>> {
        self.groups.get(id.group)?.members.get(id.member)
    }

    /// Notes in every group that the best path of an entry is another one.
    #[inline]
    pub(crate) fn mark(&mut self, routes: &mut Routes<K>, entry: u32) {
        for group in self.groups.items_mut() {
            group.mark(routes, entry);
        }
    }

    /// Notes in every group for which all paths count that some path of an entry may be another
    /// one.
    #[inline]
    pub(crate) fn mark_paths(&mut self, routes: &mut Routes<K>, entry: u32) {
        if self.follows_all_paths {
            let groups = self.groups.items_mut();
            groups
                .filter(|group| group.all_paths)
                .for_each(|group| group.mark(routes, entry));
        }
    }

    /// Whether a group needs an entry without paths.
    pub(crate) fn needs(&self, routes: &Routes<K>, entry: u32) -> bool {
        self.groups.items().any(|group| group.needs(routes, entry))
    }

    /// Whether anything that a group sent, or will send, names a source.
    pub(crate) fn names(&self, source: u16) -> bool {
        self.groups.items().any(|group| group.names(source))
    }

    /// Reads ahead what the groups keep of entries apart from them.
    pub(crate) fn prefetch(&self, entries: &(impl Iterator<Item = u32> + Clone)) {
        for group in self.groups.items() {
            group.slots.prefetch(entries.clone());
        }
    }
}

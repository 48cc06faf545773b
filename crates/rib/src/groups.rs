//! Export groups of a table, both families together.

use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::{AttrId, Family, Prefix, RuleId};

use crate::export::{Group, GroupConfig, GroupId, MemberId};
use crate::key::{Key, sorted};
use crate::path::NO_SOURCE;
use crate::query::AdjOut;
use crate::table::Table;
use crate::{AttrStore, Export, Exported, Flushed, Pull, Rib, Sent, SourceId, Ticket};

/// Which groups there are, and which members each has: by number, with its source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(Vec<Option<Vec<Option<u16>>>>);

impl Groups {
    fn members(&mut self, group: u32) -> Option<&mut Vec<Option<u16>>> {
        self.0.get_mut(group as usize)?.as_mut()
    }

    fn source_of(&self, member: MemberId) -> Option<u16> {
        let members = self.0.get(member.group as usize)?.as_ref()?;
        *members.get(member.member as usize)?
    }
}

/// Puts a value in the first vacant place, and says where.
fn occupy<T>(places: &mut Vec<Option<T>>, value: T) -> u32 {
    let vacant = places.iter().position(Option::is_none);
    let at = vacant.unwrap_or_else(|| {
        places.push(None);
        places.len() - 1
    });
    places[at] = Some(value);
    at as u32
}

impl Rib {
    /// Adds an export group; what is best now is to be flushed first.
    pub fn add_group(&mut self, config: GroupConfig) -> GroupId {
        let number = occupy(&mut self.groups.0, Vec::new());
        let has = |family| config.families.contains(family);
        self.v4.add_group(number, has(Family::Ipv4), config.backlog);
        self.v6.add_group(number, has(Family::Ipv6), config.backlog);
        GroupId(number)
    }

    /// Removes an export group and its members.
    pub fn remove_group(&mut self, store: &mut AttrStore, group: GroupId) {
        if let Some(slot) = self.groups.0.get_mut(group.0 as usize) {
            *slot = None;
            self.v4.remove_group(group.0, store);
            self.v6.remove_group(group.0, store);
        }
    }

    /// All export groups, in the order of their numbers.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> + '_ {
        let places = (0..).zip(&self.groups.0);
        places.filter_map(|(number, place)| place.as_ref().map(|_| GroupId(number)))
    }

    /// The members of a group, in the order of their numbers.
    pub fn members(&self, group: GroupId) -> impl Iterator<Item = MemberId> + '_ {
        let members = self.groups.0.get(group.0 as usize);
        let places = (0..).zip(members.into_iter().flatten().flatten());
        places.filter_map(move |(member, place)| {
            let group = group.0;
            place.map(|_| MemberId { group, member })
        })
    }

    /// Adds a member that knows nothing yet; routes of its own source are not sent to it.
    pub fn add_member(&mut self, group: GroupId, source: Option<SourceId>) -> MemberId {
        let source = source.map_or(NO_SOURCE, |source| source.0);
        let places = self.groups.members(group.0);
        let number = places.map_or(u32::MAX, |places| occupy(places, source));
        let (at, member) = (group.0 as usize, number as usize);
        self.v4.add_member(at, member, source);
        self.v6.add_member(at, member, source);
        MemberId {
            group: group.0,
            member: number,
        }
    }

    /// Removes a member.
    pub fn remove_member(&mut self, store: &mut AttrStore, id: MemberId) {
        let places = self.groups.members(id.group);
        if let Some(place) = places.and_then(|places| places.get_mut(id.member as usize)) {
            *place = None;
            let (group, member) = (id.group as usize, id.member as usize);
            self.v4.remove_member(group, member, store);
            self.v6.remove_member(group, member, store);
        }
    }

    /// Has all routes of a family sent to a member again, as a ROUTE-REFRESH asks (RFC 2918).
    pub fn refresh_member(&mut self, id: MemberId, family: Family) {
        let (group, member) = (id.group as usize, id.member as usize);
        match family {
            Family::Ipv4 => self.v4.refresh_member(group, member),
            Family::Ipv6 => self.v6.refresh_member(group, member),
        }
    }

    /// Has a group look at every prefix again, as after a change of its export policy; only what
    /// differs is sent.
    pub fn reexport(&mut self, group: GroupId) {
        self.v4.mark_all(group.0 as usize);
        self.v6.mark_all(group.0 as usize);
    }

    /// Whether a group has prefixes to flush.
    pub fn needs_flush(&self, group: GroupId) -> bool {
        let v4 = self.v4.group(group.0).is_some_and(Group::is_dirty);
        v4 || self.v6.group(group.0).is_some_and(Group::is_dirty)
    }

    /// Looks at up to `budget` changed prefixes of a group and makes batches of what is to be
    /// sent, in the order of attributes; `export` says what the group makes of a best path.
    ///
    /// A prefix that changed several times since the last flush is sent once.
    pub fn flush(
        &mut self,
        store: &mut AttrStore,
        group: GroupId,
        budget: usize,
        mut export: impl FnMut(&mut AttrStore, &Export) -> Result<AttrId, RuleId>,
    ) -> Flushed {
        let number = group.0 as usize;
        let v4 = self.v4.flush(store, number, budget, &mut export);
        let rest = budget - v4.prefixes;
        let v6 = self.v6.flush(store, number, rest, &mut export);
        Flushed {
            prefixes: v4.prefixes + v6.prefixes,
            batches: v4.batches + v6.batches,
            more: v4.more || v6.more,
        }
    }

    /// What a member can send next; the cursor moves past it.
    pub fn pull(&mut self, store: &mut AttrStore, id: MemberId) -> Pull<'_> {
        let (group, member) = (GroupId(id.group), id.member as usize);
        let v4 = self.v4.pull(store, group, member);
        if !matches!(v4, Pull::Idle) {
            return v4;
        }
        self.v6.pull(store, group, member)
    }

    /// Keeps an encoded batch for the other members of the group that will pull it.
    pub fn keep_encoded(&mut self, ticket: Ticket, bytes: Bytes) {
        match ticket.family {
            Family::Ipv4 => self.v4.keep_encoded(ticket, bytes),
            Family::Ipv6 => self.v6.keep_encoded(ticket, bytes),
        }
    }

    /// The routes of a family that are sent to a member, in order (Adj-RIB-Out).
    pub fn adj_out(&self, id: MemberId, family: Family) -> Vec<AdjOut> {
        match (self.groups.source_of(id), family) {
            (None, _) => Vec::new(),
            (Some(source), Family::Ipv4) => self.v4.adj_out(id.group, source),
            (Some(source), Family::Ipv6) => self.v6.adj_out(id.group, source),
        }
    }

    /// How many routes of a family are sent to a member.
    pub fn adj_out_len(&self, id: MemberId, family: Family) -> usize {
        let Some(source) = self.groups.source_of(id) else {
            return 0;
        };
        match family {
            Family::Ipv4 => self.v4.group(id.group).map(|group| group.count_for(source)),
            Family::Ipv6 => self.v6.group(id.group).map(|group| group.count_for(source)),
        }
        .unwrap_or_default()
    }

    /// What a member was last sent for each prefix of a family, in order; prefixes of which it
    /// surely was sent nothing are left out.
    ///
    /// Together with [`eor_pending`](Self::eor_pending), [`restore`](Self::restore) and
    /// [`mark_up_to_date`](Self::mark_up_to_date) this lets another table go on in place of this
    /// one: a member joins a group there, the group is flushed, what differs from what the member
    /// was sent here is sent, and the member is marked as up to date.
    pub fn sent_state(&self, id: MemberId, family: Family) -> Vec<(Prefix, Sent)> {
        match family {
            Family::Ipv4 => self.v4.sent_state(id.group, id.member),
            Family::Ipv6 => self.v6.sent_state(id.group, id.member),
        }
    }

    /// Whether a member still has all routes of a family to pull, with a [`Pull::Complete`] behind
    /// them: it joined, or was refreshed.
    pub fn eor_pending(&self, id: MemberId, family: Family) -> bool {
        match family {
            Family::Ipv4 => self.v4.eor_pending(id.group, id.member),
            Family::Ipv6 => self.v6.eor_pending(id.group, id.member),
        }
    }

    /// Marks a member as up to date with all of a family that was flushed until now.
    pub fn mark_up_to_date(&mut self, store: &mut AttrStore, id: MemberId, family: Family) {
        match family {
            Family::Ipv4 => self.v4.mark_up_to_date(id.group, id.member, store),
            Family::Ipv6 => self.v6.mark_up_to_date(id.group, id.member, store),
        }
    }

    /// What is sent for a prefix since the last flush: its attributes and source.
    pub fn sent(&self, group: GroupId, prefix: Prefix) -> Option<(SourceId, AttrId)> {
        let (source, attrs) = match prefix {
            Prefix::V4(key) => self.v4.sent(group.0, key),
            Prefix::V6(key) => self.v6.sent(group.0, key),
        }?;
        Some((SourceId(source), attrs))
    }

    /// What export makes of a prefix now, and why: the same question that [`flush`](Self::flush)
    /// asks.
    pub fn exported(
        &self,
        store: &mut AttrStore,
        prefix: Prefix,
        export: impl FnOnce(&mut AttrStore, &Export) -> Result<AttrId, RuleId>,
    ) -> Exported {
        let Some(best) = self.best(prefix).first().copied() else {
            return Exported::Nothing;
        };
        let source = best.source;
        let question = Export {
            source,
            attrs: best.attrs,
            prefix,
        };
        match export(store, &question) {
            Ok(attrs) => Exported::Sent { attrs, source },
            Err(rule) => Exported::Blocked { rule, source },
        }
    }
}

impl<K: Key> Table<K> {
    fn add_group(&mut self, number: u32, present: bool, backlog: usize) {
        let at = number as usize;
        if self.groups.len() <= at {
            self.groups.resize_with(at + 1, || None);
        }
        self.groups[at] = present.then(|| Group::new(at == 0, backlog));
        self.mark_all(at);
    }

    fn remove_group(&mut self, number: u32, store: &mut AttrStore) {
        let slot = self.groups.get_mut(number as usize);
        if let Some(mut group) = slot.and_then(Option::take) {
            group.clear(&mut self.entries, store);
            let empty = self.live().filter(|(_, entry)| entry.head.is_absent());
            let empty: Vec<u32> = empty.map(|(entry, _)| entry).collect();
            for entry in empty {
                self.release_empty(entry);
            }
        }
    }

    fn group(&self, number: u32) -> Option<&Group<K>> {
        self.groups.get(number as usize)?.as_ref()
    }

    fn sent(&self, number: u32, key: K) -> Option<(u16, AttrId)> {
        self.group(number)?.sent(&self.entries, self.find(key)?)
    }

    /// Whether anything that a group sent, or will send, names a source.
    pub(crate) fn names(&self, source: u16) -> bool {
        self.groups
            .iter()
            .flatten()
            .any(|group| group.names(source))
    }

    fn adj_out(&self, number: u32, source: u16) -> Vec<AdjOut> {
        let group = self.group(number);
        let sent = group
            .into_iter()
            .flat_map(|group| group.sent_to(&self.entries, source));
        let routes = sent.map(|(entry, source, attrs)| AdjOut {
            prefix: self.entries[entry].key.prefix(),
            attrs,
            source: SourceId(source),
        });
        sorted(routes.collect(), |one, other| one.prefix.cmp(&other.prefix))
    }
}

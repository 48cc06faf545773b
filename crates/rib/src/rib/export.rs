//! The export groups of a table, both families together (Adj-RIB-Out).

use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::{AttrId, Family, Prefix};

use super::Rib;
use crate::adj_rib_out::{
    AdjOut, Export, Exported, Flushed, Group, GroupConfig, GroupId, Member, MemberId, Numbered,
    Pull, Sent, Ticket, Withheld,
};
use crate::memory::NO_SOURCE;
use crate::{AttrStore, SourceId};

impl Rib {
    /// Adds an export group; what is best now is to be flushed first.
    pub fn add_group(&mut self, config: GroupConfig) -> GroupId {
        let number = self.groups.add(Numbered::new());
        for family in config.families.iter() {
            of_family!([&mut self], family, table => {
                table.adj_out.add(&mut table.routes, number, &config);
            });
        }
        GroupId(number)
    }

    /// Removes an export group and its members.
    pub fn remove_group(&mut self, store: &mut AttrStore, group: GroupId) {
        if self.groups.take(group.0).is_some() {
            self.v4.remove_group(store, group.0);
            self.v6.remove_group(store, group.0);
        }
    }

    /// All export groups, in the order of their numbers.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> + '_ {
        self.groups.numbers().map(GroupId)
    }

    /// The members of a group, in the order of their numbers.
    pub fn members(&self, group: GroupId) -> impl Iterator<Item = MemberId> + '_ {
        let group = group.0;
        let members = self.groups.get(group).into_iter();
        members
            .flat_map(Numbered::numbers)
            .map(move |member| MemberId { group, member })
    }

    /// Adds a member that knows nothing yet; routes of its own source are not sent to it.
    pub fn add_member(&mut self, group: GroupId, source: Option<SourceId>) -> MemberId {
        let source = source.map_or(NO_SOURCE, |source| source.0);
        let members = self.groups.get_mut(group.0);
        let member = members.map_or(u32::MAX, |members| members.add(source));
        for family in Family::ALL {
            of_family!([&mut self], family, table => {
                if let Some(group) = table.adj_out.group_mut(group.0) {
                    group.add_member(member, source);
                }
            });
        }
        MemberId {
            group: group.0,
            member,
        }
    }

    /// Removes a member.
    pub fn remove_member(&mut self, store: &mut AttrStore, id: MemberId) {
        if let Some(members) = self.groups.get_mut(id.group) {
            members.take(id.member);
        }
        for family in Family::ALL {
            of_family!([&mut self], family, table => {
                if let Some(group) = table.adj_out.group_mut(id.group) {
                    group.remove_member(id.member, store);
                }
            });
        }
    }

    /// Has all routes of a family sent to a member again, as a ROUTE-REFRESH asks (RFC 2918).
    pub fn refresh_member(&mut self, id: MemberId, family: Family) {
        of_family!([&mut self], family, table => {
            if let Some(group) = table.adj_out.group_mut(id.group) {
                group.refresh_member(id.member);
            }
        });
    }

    /// Has a group look at every prefix again, as after a change of its export policy; only what
    /// differs is sent.
    pub fn reexport(&mut self, group: GroupId) {
        for family in Family::ALL {
            of_family!([&mut self], family, table => {
                if let Some(group) = table.adj_out.group_mut(group.0) {
                    group.mark_all(&mut table.routes);
                }
            });
        }
    }

    /// Whether a group has prefixes to flush.
    pub fn needs_flush(&self, group: GroupId) -> bool {
        let is_dirty = |family| {
            of_family!([&self], family, table => {
                table.adj_out.group(group.0).is_some_and(Group::is_dirty)
            })
        };
        Family::ALL.into_iter().any(is_dirty)
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
        mut export: impl FnMut(&mut AttrStore, &Export) -> Result<AttrId, Withheld>,
    ) -> Flushed {
        let mut v4 = self.v4.flush(store, group.0, budget, &mut export);
        let rest = budget - v4.prefixes;
        let v6 = self.v6.flush(store, group.0, rest, &mut export);
        v4.unsendable.extend(v6.unsendable);
        Flushed {
            prefixes: v4.prefixes + v6.prefixes,
            batches: v4.batches + v6.batches,
            more: v4.more || v6.more,
            ..v4
        }
    }

    /// Up to `budget` prefixes of which the best path, or with
    /// [`all_paths`](GroupConfig::all_paths) any path, may be another one since they were last
    /// taken; and whether there are more. It takes the place of [`flush`](Self::flush) for who
    /// keeps by himself what he sends.
    pub fn take_changed(&mut self, group: GroupId, budget: usize) -> (Vec<Prefix>, bool) {
        let mut changed = Vec::new();
        for family in Family::ALL {
            let rest = budget - changed.len();
            of_family!([&mut self], family, table => table.take_changed(group.0, rest, &mut changed));
        }
        (changed, self.needs_flush(group))
    }

    /// What a member can send next; the cursor moves past it.
    pub fn pull(&mut self, store: &mut AttrStore, id: MemberId) -> Pull<'_> {
        for family in Family::ALL {
            let next = of_family!([&mut self], family, table => {
                let group = table.adj_out.group_mut(id.group);
                group.and_then(|group| group.advance(&table.routes, store, id.member))
            });
            if let Some(next) = next {
                return of_family!([&self], family, table => {
                    let group = table.adj_out.group(id.group);
                    group.map_or(Pull::Idle, |group| group.pulled(id, next))
                });
            }
        }
        Pull::Idle
    }

    /// Keeps an encoded batch for the other members of the group that will pull it.
    pub fn keep_encoded(&mut self, ticket: Ticket, bytes: Bytes) {
        of_family!([&mut self], ticket.family, table => {
            if let Some(group) = table.adj_out.group_mut(ticket.group) {
                group.keep_encoded(ticket.seq, bytes);
            }
        });
    }

    /// The routes of a family that are sent to a member, in order (Adj-RIB-Out).
    pub fn adj_out(&self, id: MemberId, family: Family) -> Vec<AdjOut> {
        let sent_to = |source| {
            of_family!([&self], family, table => {
                let group = table.adj_out.group(id.group)?;
                Some(group.sent_to(&table.routes, source))
            })
        };
        self.source_of(id).and_then(sent_to).unwrap_or_default()
    }

    /// How many routes of a family are sent to a member.
    pub fn adj_out_len(&self, id: MemberId, family: Family) -> usize {
        let count_for = |source| {
            of_family!([&self], family, table => {
                Some(table.adj_out.group(id.group)?.count_for(source))
            })
        };
        self.source_of(id).and_then(count_for).unwrap_or_default()
    }

    /// How many best paths of a family a member would be sent if a message could hold them
    /// ([`Withheld::Unsendable`]).
    pub fn unsendable_len(&self, id: MemberId, family: Family) -> usize {
        let count_for = |source| {
            of_family!([&self], family, table => {
                Some(table.adj_out.group(id.group)?.unsendable_for(source))
            })
        };
        self.source_of(id).and_then(count_for).unwrap_or_default()
    }

    /// The source of a member.
    fn source_of(&self, id: MemberId) -> Option<u16> {
        self.groups.get(id.group)?.get(id.member).copied()
    }

    /// What a member was last sent for each prefix of a family, in order; prefixes of which it
    /// surely was sent nothing are left out.
    ///
    /// Together with [`eor_pending`](Self::eor_pending), [`apply`](Self::apply) and
    /// [`mark_up_to_date`](Self::mark_up_to_date) this lets another table go on in place of this
    /// one: a member joins a group there, the group is flushed, what differs from what the member
    /// was sent here is sent, and the member is marked as up to date.
    pub fn sent_state(&self, id: MemberId, family: Family) -> Vec<(Prefix, Sent)> {
        of_family!([&self], family, table => {
            let group = table.adj_out.group(id.group);
            group.map(|group| group.sent_state(&table.routes, id.member))
        })
        .unwrap_or_default()
    }

    /// Whether a member still has all routes of a family to pull, with a [`Pull::Complete`] behind
    /// them: it joined, or was refreshed.
    pub fn eor_pending(&self, id: MemberId, family: Family) -> bool {
        of_family!([&self], family, table => {
            table.adj_out.member(id).is_some_and(Member::eor_pending)
        })
    }

    /// Marks a member as up to date with all of a family that was flushed until now.
    pub fn mark_up_to_date(&mut self, store: &mut AttrStore, id: MemberId, family: Family) {
        of_family!([&mut self], family, table => {
            if let Some(group) = table.adj_out.group_mut(id.group) {
                group.mark_up_to_date(id.member, store);
            }
        });
    }

    /// What is sent for a prefix since the last flush: its attributes and source.
    pub fn sent(&self, group: GroupId, prefix: Prefix) -> Option<(SourceId, AttrId)> {
        of_family!([&self], prefix.family(), table => {
            let group = table.adj_out.group(group.0)?;
            group.sent(&table.routes, table.routes.entry_for(prefix)?)
        })
    }

    /// What export makes of a prefix now, and why: the same question that [`flush`](Self::flush)
    /// asks.
    pub fn exported(
        &self,
        store: &mut AttrStore,
        prefix: Prefix,
        export: impl FnOnce(&mut AttrStore, &Export) -> Result<AttrId, Withheld>,
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
            Err(withheld) => Exported::Blocked {
                rule: withheld.rule(),
                source,
            },
        }
    }
}

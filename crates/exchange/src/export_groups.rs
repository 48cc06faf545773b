//! Export groups of real peers: members that are sent the same routes in the same encoding share
//! the work, and pull batches when they can be written to.

use bytes::Bytes;
use routehub_rib::{AttrStore, Export, Flushed, GroupConfig, GroupId, MemberId, Pull, Ticket};
use routehub_types::{Family, FamilySet, Ipv4Prefix, Ipv6Prefix, Prefix};

use crate::exchange::{Direction, Exchange};
use crate::link::{LinkId, LinkKind, Side};
use crate::offer::exported;
use crate::replaced::Replaced;
use crate::rules;
use crate::speaker::SpeakerId;
use crate::speaker_table::Table;

/// What the export of a group depends on: links that agree in it are members of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupKey {
    speaker: SpeakerId,
    /// NVAs of a Route Server hear the same, but for their outbound route map; every other
    /// neighbour is by itself.
    alone: Option<LinkId>,
    outbound_map: Option<String>,
    external: bool,
    encoding: u32,
    families: FamilySet,
}

/// An export group: what it is for, and a link whose export policy it shares.
#[derive(Debug)]
pub(crate) struct LiveGroup {
    key: GroupKey,
    group: GroupId,
    link: LinkId,
    side: Side,
    members: Vec<LinkId>,
}

/// Prefixes that are lent to whoever pulls.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    pub(crate) v4: Vec<Ipv4Prefix>,
    pub(crate) v6: Vec<Ipv6Prefix>,
}

impl Lent {
    pub(crate) fn with(mut self, prefix: Prefix) -> Self {
        match prefix {
            Prefix::V4(prefix) => self.v4.push(prefix),
            Prefix::V6(prefix) => self.v6.push(prefix),
        }
        self
    }
}

impl Exchange {
    /// Makes a link a member of the export group that fits it, which is made if there is none.
    pub(crate) fn join(&mut self, link: LinkId, side: Side, encoding: u32, families: FamilySet) {
        let key = self.group_key(link, side, encoding, families);
        let place = self.groups.iter().position(|group| group.key == key);
        let own = self.direction_of(link, side.other()).source;
        let Some(table) = self.tables[key.speaker.0 as usize].as_mut() else {
            return;
        };
        let place = place.unwrap_or_else(|| {
            let group = table.rib.add_group(GroupConfig {
                families,
                ..GroupConfig::default()
            });
            self.groups.push(LiveGroup {
                key,
                group,
                link,
                side,
                members: Vec::new(),
            });
            self.groups.len() - 1
        });
        let group = &mut self.groups[place];
        group.members.push(link);
        let member = table.rib.add_member(group.group, own);
        self.members.insert(link, member);
        if self.replaces_prefixes(link, side) {
            self.replaced.insert(link, Replaced::default());
        }
    }

    /// Takes a link out of its export group, which goes with its last member.
    pub(crate) fn leave(&mut self, link: LinkId) -> Option<GroupKey> {
        let member = self.members.remove(&link)?;
        self.forget_replaced(link);
        let place = self.place_of(link)?;
        let group = &mut self.groups[place];
        let key = group.key.clone();
        group.members.retain(|one| *one != link);
        let table = self.tables[key.speaker.0 as usize].as_mut()?;
        table.rib.remove_member(&mut self.store, member);
        match group.members.first() {
            Some(other) => group.link = *other,
            None => {
                table.rib.remove_group(&mut self.store, group.group);
                self.groups.swap_remove(place);
            }
        }
        Some(key)
    }

    /// The export policy of a link may be another one: its group looks at all routes again, and a
    /// link whose policy is no longer that of its group finds another before routes are sent next.
    pub(crate) fn export_changed(&mut self, link: LinkId) {
        let Some(group) = self.group_of(link) else {
            return;
        };
        let (side, id, old) = (group.side, group.group, group.key.clone());
        if self.group_key(link, side, old.encoding, old.families) != old {
            self.regrouping.insert(link);
        } else if let Some(table) = self.tables[old.speaker.0 as usize].as_mut() {
            table.rib.reexport(id);
        }
    }

    /// The export group that a link is a member of.
    fn group_of(&self, link: LinkId) -> Option<&LiveGroup> {
        self.groups.get(self.place_of(link)?)
    }

    /// The place of the export group that a link is a member of.
    pub(crate) fn place_of(&self, link: LinkId) -> Option<usize> {
        let mut groups = self.groups.iter();
        groups.position(|group| group.members.contains(&link))
    }

    /// What was agreed on with a peer that is a member of a group: how it is written to, and the
    /// families.
    pub(crate) fn agreed(&self, link: LinkId) -> Option<(u32, FamilySet)> {
        let key = &self.group_of(link)?.key;
        Some((key.encoding, key.families))
    }

    /// Sends a real peer all routes of a family again (RFC 2918).
    pub fn refresh(&mut self, link: LinkId, family: Family) {
        if let Some(replaced) = self.replaced.get_mut(&link) {
            replaced.refresh(family);
        }
        if let Some((table, member)) = self.member(link) {
            table.rib.refresh_member(member, family);
        }
    }

    /// Looks at up to `budget` changed prefixes of each export group, and names the links that
    /// have something to pull; says whether prefixes are left.
    pub fn flush(&mut self, budget: usize, mut ready: impl FnMut(LinkId)) -> bool {
        let mut more = false;
        self.regroup(&mut ready);
        for place in 0..self.groups.len() {
            let flushed = self.flush_group(place, budget);
            more |= flushed.more;
            // Who has just joined, or asked for everything again, waits for the last prefix.
            if flushed.batches > 0 || flushed.prefixes > 0 && !flushed.more {
                let members = &self.groups[place].members;
                members.iter().copied().for_each(&mut ready);
            }
        }
        self.collect();
        more
    }

    /// Looks at up to `budget` changed prefixes of one group.
    pub(crate) fn flush_group(&mut self, place: usize, budget: usize) -> Flushed {
        let group = &self.groups[place];
        let (link, side) = (group.link, group.side);
        let Some(table) = self.tables[group.key.speaker.0 as usize].as_mut() else {
            return Flushed::default();
        };
        if !table.rib.needs_flush(group.group) {
            return Flushed::default();
        }
        let direction: &mut Direction =
            &mut self.directions[group.link.0 as usize][group.side as usize];
        let classes = &table.classes;
        let ask = |store: &mut AttrStore, best: &Export| {
            let class = classes[usize::from(best.source.number())];
            exported(direction, store, class, best.attrs, best.prefix)
        };
        if !self.replaced.contains_key(&link) {
            return table.rib.flush(&mut self.store, group.group, budget, ask);
        }
        // It is by itself, and its table only says that something changed.
        let nothing = |_: &mut AttrStore, _: &Export| Err(rules::PREFIX_REWRITTEN);
        let flushed = table
            .rib
            .flush(&mut self.store, group.group, budget, nothing);
        if flushed.prefixes > 0 && !flushed.more {
            self.renew_replaced(link, side);
        }
        flushed
    }

    /// What a real peer is sent next.
    pub fn pull(&mut self, link: LinkId) -> Pull<'_> {
        let Some(member) = self.members.get(&link).copied() else {
            return Pull::Idle;
        };
        let Some(side) = self.our_side(link) else {
            return Pull::Idle;
        };
        if self.owed.contains_key(&link)
            && let Some(source) = self.direction_of(link, side.other()).source
        {
            return self.pull_owed(link, source).unwrap_or(Pull::Idle);
        }
        if self.replaced.get(&link).is_some_and(Replaced::has_more)
            && let Some(source) = self.direction_of(link, side.other()).source
        {
            return self.pull_replaced(link, source).unwrap_or(Pull::Idle);
        }
        let speaker = self.graph.link(link).end(side).speaker;
        match self.tables[speaker.0 as usize].as_mut() {
            Some(table) => table.rib.pull(&mut self.store, member),
            None => Pull::Idle,
        }
    }

    /// Keeps an encoded batch for the other members of the group.
    pub fn keep_encoded(&mut self, link: LinkId, ticket: Ticket, bytes: Bytes) {
        if let Some((table, _)) = self.member(link) {
            table.rib.keep_encoded(ticket, bytes);
        }
    }

    fn member(&mut self, link: LinkId) -> Option<(&mut Table, MemberId)> {
        let side = self.our_side(link)?;
        let member = self.members.get(&link).copied()?;
        let speaker = self.graph.link(link).end(side).speaker;
        Some((self.tables[speaker.0 as usize].as_mut()?, member))
    }

    fn group_key(&self, link: LinkId, side: Side, encoding: u32, families: FamilySet) -> GroupKey {
        let one = self.graph.link(link);
        let shared = matches!(one.kind, LinkKind::NvaToRouteServer { .. })
            && !self.replaces_prefixes(link, side);
        GroupKey {
            speaker: one.end(side).speaker,
            alone: (!shared).then_some(link),
            outbound_map: self
                .policies()
                .outbound_map(one, side)
                .map(|map| map.name.clone()),
            external: one.external,
            encoding,
            families,
        }
    }
}

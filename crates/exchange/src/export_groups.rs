//! Export groups of real peers: members that are sent the same routes in the same encoding share
//! the work, and pull batches when they can be written to.

use bytes::Bytes;
use routehub_rib::{
    AttrStore, Export, GroupConfig, GroupId, MemberId, Outgoing, Prefixes, Pull, SourceId, Ticket,
};
use routehub_types::{Family, FamilySet, Ipv4Prefix, Ipv6Prefix, Prefix};

use crate::exchange::{Direction, Exchange};
use crate::link::{LinkId, LinkKind, Side};
use crate::offer::exported;
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
    v4: Vec<Ipv4Prefix>,
    v6: Vec<Ipv6Prefix>,
}

impl Lent {
    fn with(mut self, prefix: &Prefix) -> Self {
        match prefix {
            Prefix::V4(prefix) => self.v4.push(*prefix),
            Prefix::V6(prefix) => self.v6.push(*prefix),
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
    }

    /// Takes a link out of its export group, which goes with its last member.
    pub(crate) fn leave(&mut self, link: LinkId) -> Option<GroupKey> {
        let member = self.members.remove(&link)?;
        let place = self
            .groups
            .iter()
            .position(|group| group.members.contains(&link))?;
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
    /// link whose policy is no longer that of its group finds another, and hears everything anew.
    pub(crate) fn export_changed(&mut self, link: LinkId) {
        let Some(place) = self
            .groups
            .iter()
            .position(|group| group.members.contains(&link))
        else {
            return;
        };
        let LiveGroup {
            key, side, group, ..
        } = &self.groups[place];
        let (side, group, old) = (*side, *group, key.clone());
        if self.group_key(link, side, old.encoding, old.families) == old {
            if let Some(table) = self.tables[old.speaker.0 as usize].as_mut() {
                table.rib.reexport(group);
            }
        } else {
            self.withdraw_blocked(link, side, old.speaker);
            self.leave(link);
            self.join(link, side, old.encoding, old.families);
            self.rejoined.push(link);
        }
    }

    /// A peer that changes groups is told everything anew, but nobody there knows what it has to
    /// forget: that is noted here.
    fn withdraw_blocked(&mut self, link: LinkId, side: Side, speaker: SpeakerId) {
        let Some(member) = self.members.get(&link).copied() else {
            return;
        };
        let Some(table) = self.tables[speaker.0 as usize].as_ref() else {
            return;
        };
        let sent = Family::ALL
            .into_iter()
            .flat_map(|family| table.rib.adj_out(member, family));
        let sent: Vec<Prefix> = sent.map(|route| route.prefix).collect();
        let gone = |prefix: &Prefix| self.passed_on(link, side, *prefix).is_err();
        let gone: Vec<Prefix> = sent.into_iter().filter(gone).collect();
        if !gone.is_empty() {
            self.forgotten.entry(link).or_default().extend(gone);
        }
    }

    /// What a peer has to forget before it is told anything else, one family at a time.
    fn pull_forgotten(&mut self, link: LinkId, source: SourceId) -> Option<Pull<'_>> {
        let waiting = self.forgotten.get_mut(&link)?;
        let (v4, v6): (Vec<Prefix>, Vec<Prefix>) = waiting
            .drain(..)
            .partition(|prefix| matches!(prefix, Prefix::V4(_)));
        let (now, later) = if v4.is_empty() { (v6, v4) } else { (v4, v6) };
        *waiting = later;
        if waiting.is_empty() {
            self.forgotten.remove(&link);
        }
        self.lent = now.iter().fold(Lent::default(), Lent::with);
        let prefixes = match self.lent.v4.is_empty() {
            false => Prefixes::V4(&self.lent.v4),
            true => Prefixes::V6(&self.lent.v6),
        };
        let routes = Outgoing {
            attrs: None,
            source,
            prefixes,
            encoded: None,
            ticket: None,
        };
        (!prefixes.is_empty()).then_some(Pull::Routes(routes))
    }

    /// Sends a real peer all routes of a family again (RFC 2918).
    pub fn refresh(&mut self, link: LinkId, family: Family) {
        if let Some((table, member)) = self.member(link) {
            table.rib.refresh_member(member, family);
        }
    }

    /// Looks at up to `budget` changed prefixes of each export group, and names the links that
    /// have something to pull; says whether prefixes are left.
    pub fn flush(&mut self, budget: usize, mut ready: impl FnMut(LinkId)) -> bool {
        let mut more = false;
        self.rejoined.drain(..).for_each(&mut ready);
        for group in &self.groups {
            let Some(table) = self.tables[group.key.speaker.0 as usize].as_mut() else {
                continue;
            };
            let Table { rib, .. } = table;
            if !rib.needs_flush(group.group) {
                continue;
            }
            let direction: &mut Direction =
                &mut self.directions[group.link.0 as usize][group.side as usize];
            let classes = &table.classes;
            let ask = |store: &mut AttrStore, best: &Export| {
                let class = classes[usize::from(best.source.number())];
                exported(direction, store, class, best.attrs, best.prefix)
            };
            let flushed = table.rib.flush(&mut self.store, group.group, budget, ask);
            more |= flushed.more;
            if flushed.batches > 0 {
                group.members.iter().copied().for_each(&mut ready);
            }
        }
        self.collect();
        more
    }

    /// What a real peer is sent next.
    pub fn pull(&mut self, link: LinkId) -> Pull<'_> {
        let Some(member) = self.members.get(&link).copied() else {
            return Pull::Idle;
        };
        let Some(side) = self.our_side(link) else {
            return Pull::Idle;
        };
        if self.forgotten.contains_key(&link)
            && let Some(source) = self.direction_of(link, side.other()).source
        {
            return self.pull_forgotten(link, source).unwrap_or(Pull::Idle);
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
        let shared = matches!(one.kind, LinkKind::NvaToRouteServer { .. });
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

//! What a real peer is owed: it went on in another export group, or in another exchange, and what it
//! knows is not what it would be sent there.

use std::collections::BTreeMap;

use routehub_rib::{MemberId, Outgoing, Prefixes, Pull, Rib, Sent, SourceId};
use routehub_types::{AttrId, Family, FamilySet, Prefix};

use crate::exchange::Exchange;
use crate::export_groups::Lent;
use crate::link::{LinkId, Side};
use crate::replaced::Replaced;

/// What a peer knows of a family.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    /// It still has all routes to pull, and waits for the mark of their end.
    pub(crate) awaits_all: bool,
    /// Prefixes that it may have heard of, with the attributes that it was told last; none if that
    /// is not certain.
    pub(crate) known: BTreeMap<Prefix, Option<AttrId>>,
}

/// A peer on its way from one export group to another.
struct Move {
    link: LinkId,
    side: Side,
    encoding: u32,
    families: FamilySet,
    knowledge: [(Family, Knowledge); 2],
    /// The sets that it knows, which must not give their ids to others meanwhile.
    ids: Vec<AttrId>,
}

/// Prefixes that one pull takes at most.
const MOST: usize = 4096;

impl Exchange {
    /// What a peer knows, by family.
    pub(crate) fn knowledge(&self, link: LinkId) -> Option<[(Family, Knowledge); 2]> {
        let (rib, member) = self.rib_of(link)?;
        Some(Family::ALL.map(|family| {
            let known = rib.sent_state(member, family).into_iter();
            let mut known: BTreeMap<Prefix, Option<AttrId>> = known
                .map(|(prefix, known)| match known {
                    Sent::Route(attrs) => (prefix, Some(attrs)),
                    Sent::Uncertain => (prefix, None),
                })
                .collect();
            let owed = self.owed.get(&link).into_iter().flatten().copied();
            let replaced = self.replaced.get(&link).into_iter();
            let perhaps = owed.chain(replaced.flat_map(Replaced::known));
            let perhaps = perhaps.filter(|prefix| prefix.family() == family);
            known.extend(perhaps.map(|prefix| (prefix, None)));
            let awaits_all = rib.eor_pending(member, family);
            (family, Knowledge { awaits_all, known })
        }))
    }

    /// Has a peer that joined a group, which is flushed, told what differs from what it knows.
    pub(crate) fn owe_difference(&mut self, link: LinkId, all: [(Family, Knowledge); 2]) {
        let mut owed: Vec<(Option<AttrId>, Prefix)> = Vec::new();
        for (family, Knowledge { awaits_all, known }) in all {
            let sent = self.rib_of(link);
            let sent = sent.map(|(rib, member)| rib.adj_out(member, family));
            let sent = sent.into_iter().flatten();
            let mut sent: BTreeMap<Prefix, AttrId> =
                sent.map(|route| (route.prefix, route.attrs)).collect();
            for (prefix, old) in known {
                let new = sent.remove(&prefix);
                // Who is told everything again needs to hear of nothing else but what is gone.
                let is_told = if awaits_all {
                    new.is_some()
                } else {
                    old.is_some() && old == new
                };
                // Where a route map replaces prefixes, what is sent waits elsewhere.
                let waits = self.replaced.get(&link).is_some_and(|it| it.sends(&prefix));
                if !is_told && !waits {
                    owed.push((new, prefix));
                }
            }
            self.assume_known(link, family);
            if awaits_all {
                self.refresh(link, family);
            } else {
                owed.extend(sent.into_iter().map(|(prefix, new)| (Some(new), prefix)));
            }
        }
        // What goes into one message stands together.
        owed.sort_unstable();
        self.owed.remove(&link);
        if !owed.is_empty() {
            let prefixes = owed.into_iter().map(|(_, prefix)| prefix);
            self.owed.insert(link, prefixes.collect());
        }
    }

    /// Has a peer know all that its group was flushed of.
    fn assume_known(&mut self, link: LinkId, family: Family) {
        let side = self.our_side(link);
        let speaker = side.map(|side| self.graph.link(link).end(side).speaker);
        let table = speaker.and_then(|speaker| self.tables[speaker.0 as usize].as_mut());
        if let (Some(table), Some(member)) = (table, self.members.get(&link)) {
            table.rib.mark_up_to_date(&mut self.store, *member, family);
        }
    }

    /// Puts peers into the export groups that fit them now; they are told what differs. All leave
    /// before any joins: a group exports as its members do, and those who leave do otherwise.
    pub(crate) fn regroup(&mut self, mut ready: impl FnMut(LinkId)) {
        let links = std::mem::take(&mut self.regrouping).into_iter();
        let moves: Vec<Move> = links.filter_map(|link| self.take_out(link)).collect();
        for one in &moves {
            self.join(one.link, one.side, one.encoding, one.families);
        }
        for one in moves {
            let place = self.place_of(one.link);
            while place.is_some_and(|place| self.flush_group(place, usize::MAX).more) {}
            self.owe_difference(one.link, one.knowledge);
            one.ids.into_iter().for_each(|id| self.store.release(id));
            ready(one.link);
        }
    }

    fn take_out(&mut self, link: LinkId) -> Option<Move> {
        let knowledge = self.knowledge(link)?;
        let (encoding, families) = self.agreed(link)?;
        let side = self.our_side(link)?;
        let ids = knowledge.iter().flat_map(|(_, one)| one.known.values());
        let ids: Vec<AttrId> = ids.copied().flatten().collect();
        ids.iter().for_each(|id| self.store.retain(*id));
        self.leave(link);
        Some(Move {
            link,
            side,
            encoding,
            families,
            knowledge,
            ids,
        })
    }

    /// What a peer is owed, as many prefixes as stand alike: how they stand now.
    pub(crate) fn pull_owed(&mut self, link: LinkId, own: SourceId) -> Option<Pull<'_>> {
        let (rib, member) = self.rib_of(link)?;
        let stands = |prefix: Prefix| {
            let sent = rib.sent(member.group(), prefix);
            sent.filter(|(source, _)| *source != own)
        };
        let owed = self.owed.get(&link)?;
        let first = owed.front().copied()?;
        let now = stands(first);
        let alike = |prefix: &Prefix| {
            prefix.family() == first.family()
                && stands(*prefix).map(|(_, attrs)| attrs) == now.map(|(_, attrs)| attrs)
        };
        let many = owed.iter().take(MOST).take_while(|one| alike(one)).count();
        let owed = self.owed.get_mut(&link)?;
        self.lent = owed.drain(..many).fold(Lent::default(), Lent::with);
        if owed.is_empty() {
            self.owed.remove(&link);
        }
        Some(Pull::Routes(Outgoing {
            attrs: now.map(|(_, attrs)| attrs),
            source: now.map_or(own, |(source, _)| source),
            prefixes: match first {
                Prefix::V4(_) => Prefixes::V4(&self.lent.v4),
                Prefix::V6(_) => Prefixes::V6(&self.lent.v6),
            },
            encoded: None,
            ticket: None,
        }))
    }

    /// The table that a link's export group is of, and the member that the peer is.
    pub(crate) fn rib_of(&self, link: LinkId) -> Option<(&Rib, MemberId)> {
        let side = self.our_side(link)?;
        let member = self.members.get(&link).copied()?;
        let table = self.table(self.graph.link(link).end(side).speaker)?;
        Some((&table.rib, member))
    }
}

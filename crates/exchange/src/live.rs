//! Links that real routers play: routes come in as UPDATEs, and leave by export groups whose
//! members pull encoded batches.

use std::net::IpAddr;

use bytes::Bytes;
use routehub_rib::{
    AttrStore, Delta, Export, GroupConfig, GroupId, MemberId, Pull, RawKey, Ticket,
};
use routehub_types::{Asn, AttrId, Attrs, Family, FamilySet, Instant};

use crate::NotConverged;
use crate::exchange::{Direction, Exchange};
use crate::link::{LinkId, LinkKind, Side};
use crate::offer::exported;
use crate::settle::UpdateBatch;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::Table;

/// What the export of a group depends on: links that agree in it are members of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
struct GroupKey {
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

/// A link that a real router plays one end of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLink {
    /// The link.
    pub link: LinkId,
    /// The name of the speaker that is ours.
    pub local: String,
    /// Which instance of a Route Server it is.
    pub instance: Option<u8>,
    /// The name of the speaker that the real router plays.
    pub remote: String,
    /// Our ASN.
    pub local_asn: Asn,
    /// Its ASN.
    pub remote_asn: Asn,
    /// Our address.
    pub local_address: IpAddr,
    /// Its addresses.
    pub remote_addresses: Vec<IpAddr>,
}

impl Exchange {
    /// The links that real routers play, in order; those without addresses or refused are left
    /// out.
    pub fn live_links(&self) -> Vec<LiveLink> {
        let links = self.graph.links().filter_map(|link| {
            let side = self.our_side(link)?;
            let one = self.graph.link(link);
            if one.down.refused.is_some() {
                return None;
            }
            let (ours, theirs) = (one.end(side), one.end(side.other()));
            let (local, remote) = (
                self.graph.speaker(ours.speaker),
                self.graph.speaker(theirs.speaker),
            );
            Some(LiveLink {
                link,
                local: local.name.clone(),
                instance: match local.kind {
                    SpeakerKind::RouteServer { instance, .. } => Some(instance),
                    _ => None,
                },
                remote: remote.name.clone(),
                local_asn: local.asn?,
                remote_asn: remote.asn?,
                local_address: ours.addresses.first().copied()?,
                remote_addresses: theirs.addresses.clone(),
            })
        });
        links.collect()
    }

    /// Our side of a link that a real router plays.
    fn our_side(&self, link: LinkId) -> Option<Side> {
        let one = self.graph.link(link);
        match one.kind {
            _ if !one.live => None,
            LinkKind::NvaToRouteServer { .. } => Some(Side::B),
            LinkKind::GatewayToSite { bgp: true } | LinkKind::EdgeToCustomer => Some(Side::A),
            _ => None,
        }
    }

    /// The id of an attribute set received as a raw block; `parse` is asked only if the block is
    /// new.
    pub fn intern_raw(&mut self, raw: RawKey<'_>, parse: impl FnOnce() -> Attrs) -> AttrId {
        self.store.intern_raw(raw, parse)
    }

    /// The attributes of a set.
    pub fn attrs(&self, id: AttrId) -> Attrs {
        self.store.attrs(id)
    }

    /// A session is established: its peer may send, and becomes a member of an export group.
    /// `encoding` says on what its encoding depends, `families` what was agreed.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn link_up(
        &mut self,
        link: LinkId,
        encoding: u32,
        families: FamilySet,
    ) -> Result<(), NotConverged> {
        let Some(side) = self.our_side(link) else {
            return Ok(());
        };
        self.set_down(link, |one| {
            one.down.not_established = false;
            one.down.limit = None;
            one.notification = None;
        });
        let key = self.group_key(link, side, encoding, families);
        let place = self.groups.iter().position(|group| group.key == key);
        let speaker = key.speaker.0 as usize;
        let own = self.direction_of(link, side.other()).source;
        let Some(table) = self.tables[speaker].as_mut() else {
            return Ok(());
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
        self.settle()
    }

    /// A session is no longer established: what its peer announced is withdrawn.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn link_down(
        &mut self,
        link: LinkId,
        notification: Option<(u8, u8)>,
    ) -> Result<(), NotConverged> {
        let Some(side) = self.our_side(link) else {
            return Ok(());
        };
        self.set_down(link, |one| {
            one.resets += 1;
            one.down.not_established = true;
            one.notification = one.notification.or(notification);
        });
        let speaker = self.graph.link(link).end(side).speaker;
        if let Some(member) = self.members.remove(&link)
            && let Some(table) = self.tables[speaker.0 as usize].as_mut()
        {
            table.rib.remove_member(&mut self.store, member);
            let place = self
                .groups
                .iter()
                .position(|group| group.members.contains(&link));
            if let Some(place) = place {
                self.groups[place].members.retain(|one| *one != link);
                if self.groups[place].members.is_empty() {
                    let group = self.groups.swap_remove(place);
                    table.rib.remove_group(&mut self.store, group.group);
                } else if self.groups[place].link == link {
                    self.groups[place].link = self.groups[place].members[0];
                }
            }
        }
        self.settle()
    }

    /// Applies one UPDATE of a real peer.
    ///
    /// Says no if it announced more routes than it may: the session has to end with Cease,
    /// maximum number of prefixes reached; its routes are withdrawn already.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn receive(
        &mut self,
        now: Instant,
        link: LinkId,
        batch: UpdateBatch<'_>,
    ) -> Result<bool, NotConverged> {
        let Some(side) = self
            .our_side(link)
            .filter(|_| self.graph.link(link).is_up())
        else {
            return Ok(true);
        };
        self.now = now;
        let fits = self.apply(link, side.other(), batch);
        if !self.dirty.is_empty() {
            self.settle()?;
        }
        Ok(fits)
    }

    /// Ends the update run of a real peer.
    pub fn end_run(&mut self, link: LinkId) {
        if let Some(side) = self.our_side(link) {
            let speaker = self.graph.link(link).end(side).speaker;
            let source = self.direction_of(link, side.other()).source;
            if let (Some(source), Some(table)) = (source, self.tables[speaker.0 as usize].as_mut())
            {
                table.rib.end_run(source);
            }
        }
    }

    /// The routes of a real peer in a family are stale from here on (RFC 7313 section 4).
    pub fn mark_stale(&mut self, link: LinkId, family: Family) {
        let Some(side) = self.our_side(link) else {
            return;
        };
        let speaker = self.graph.link(link).end(side).speaker;
        let source = self.direction_of(link, side.other()).source;
        if let (Some(source), Some(table)) = (source, self.tables[speaker.0 as usize].as_mut()) {
            table.rib.mark_stale(source, family);
        }
    }

    /// Routes of a real peer in a family that are still stale go.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn sweep_stale(&mut self, link: LinkId, family: Family) -> Result<(), NotConverged> {
        let Some(side) = self.our_side(link) else {
            return Ok(());
        };
        let speaker = self.graph.link(link).end(side).speaker;
        let source = self.direction_of(link, side.other()).source;
        if let (Some(source), Some(table)) = (source, self.tables[speaker.0 as usize].as_mut()) {
            let mut changed = Vec::new();
            let see = |_: &AttrStore, delta: &Delta<'_>| changed.push(delta.prefix);
            table.rib.sweep_stale(&mut self.store, source, family, see);
            if self.listens(speaker) {
                self.mark_dirty(speaker, changed);
            }
        }
        self.settle()
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

    /// Has every export group of a speaker look at all its routes again.
    pub(crate) fn reexport(&mut self, link: LinkId) {
        for group in self
            .groups
            .iter()
            .filter(|group| group.members.contains(&link))
        {
            if let Some(table) = self.tables[group.key.speaker.0 as usize].as_mut() {
                table.rib.reexport(group.group);
            }
        }
    }
}

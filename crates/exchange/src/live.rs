//! Links that real routers play one end of: what comes in, and what their going means.

use std::net::IpAddr;

use routehub_rib::{AttrStore, Delta, RawKey};
use routehub_types::{Asn, AttrId, Attrs, Family, FamilySet, Instant, Update};

use crate::NotConverged;
use crate::announce::UNKNOWN_ADDRESS;
use crate::exchange::Exchange;
use crate::link::{LinkId, LinkKind, Side};
use crate::speaker::SpeakerKind;

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
                local_address: self.listening_address(link)?,
                remote_addresses: theirs.addresses.clone(),
            })
        });
        links.collect()
    }

    /// Where we hold the session of a link that a real router plays: our first address. The edge
    /// of a circuit is where its first connection shows it.
    fn listening_address(&self, link: LinkId) -> Option<IpAddr> {
        let ours = self.graph.link(link).end(self.our_side(link)?);
        let shown = || {
            let links = self.graph.links_of(ours.speaker).iter();
            let mut connections = links.map(|link| self.graph.link(*link)).filter(|one| {
                matches!(one.kind, LinkKind::GatewayToEdge(_)) && one.b.speaker == ours.speaker
            });
            connections.find_map(|one| one.b.addresses.first())
        };
        ours.addresses.first().or_else(shown).copied()
    }

    /// Our side of a link that a real router plays.
    pub(crate) fn our_side(&self, link: LinkId) -> Option<Side> {
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

    /// The attributes of a set as a real peer is sent them: where the estate does not tell our
    /// address to be its next hop, that of the session is.
    pub fn sent_attrs(&self, link: LinkId, id: AttrId) -> Attrs {
        let mut attrs = self.store.attrs(id);
        if attrs.next_hop.address == UNKNOWN_ADDRESS
            && let Some(address) = self.listening_address(link)
        {
            attrs.next_hop = address.into();
        }
        attrs
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
        self.join(link, side, encoding, families);
        self.settle()
    }

    /// Whether an event switched a real peer's session off: it is not to be held until another
    /// switches it on.
    pub fn is_switched_off(&self, link: LinkId) -> bool {
        self.graph.link(link).down.is_switched_off()
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
        if self.our_side(link).is_none() {
            return Ok(());
        }
        self.set_down(link, |one| {
            one.down.not_established = true;
            // Who is switched off is not reset, and how it was told says nothing.
            if !one.down.is_switched_off() {
                one.resets += 1;
                one.notification = one.notification.or(notification);
            }
        });
        self.leave(link);
        self.owed.remove(&link);
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
        update: &Update<'_>,
    ) -> Result<bool, NotConverged> {
        let Some(side) = self
            .our_side(link)
            .filter(|_| self.graph.link(link).is_up())
        else {
            return Ok(true);
        };
        self.now = now;
        let fits = self.apply(link, side.other(), update);
        if !self.dirty.is_empty() {
            self.settle()?;
        }
        Ok(fits)
    }

    /// The links whose real peers are to be asked for their routes again since the last call
    ///
    pub fn take_refreshes(&mut self) -> Vec<LinkId> {
        std::mem::take(&mut self.refreshes)
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

    /// How many routes are held of a real peer.
    pub fn live_routes(&self, link: LinkId) -> usize {
        let held = self.our_side(link).and_then(|side| {
            let table = self.table(self.graph.link(link).end(side).speaker)?;
            let source = self.direction_of(link, side.other()).source?;
            Some(table.rib.counts(source).counted())
        });
        held.unwrap_or_default() as usize
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
            self.note_changed(speaker, changed);
        }
        self.settle()
    }
}

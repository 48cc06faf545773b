//! Export groups of real peers: members that are sent the same routes in the same encoding share
//! the work, and pull batches when they can be written to.

use std::sync::Arc;

use routehub_rib::{AttrStore, GroupConfig, GroupId, MemberId, Rib};
use routehub_types::FamilySet;

use crate::estate::SessionRole;
use crate::graph::{AdjacencyId, LinkId, SpeakerId};
use crate::propagation::Model;
use crate::ribs::Encoding;

/// What the export of a group depends on: links that agree in it are members of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
struct GroupKey {
    speaker: SpeakerId,
    /// NVAs of a Route Server hear the same, but for their outbound route map; every other
    /// neighbour is by itself.
    alone: Option<LinkId>,
    outbound_map: Option<String>,
    external: bool,
    /// Our part towards the peers (RFC 9234).
    role: Option<SessionRole>,
    encoding: u32,
    families: FamilySet,
    /// Whether they take long-lived stale routes (RFC 9494).
    long_lived: bool,
    /// Whether it is sent several paths of a prefix: it is by itself then.
    paths: bool,
}

impl GroupKey {
    fn of(
        model: &Model,
        to_peer: AdjacencyId,
        encoding: &dyn Encoding,
        families: FamilySet,
    ) -> Self {
        let outbound = model.outbound(to_peer);
        let link = outbound.link();
        let rewrites = outbound.rewrites_prefixes();
        let paths = !encoding.add_path().is_empty() && !rewrites;
        let shared = link.kind.is_peering() && !rewrites && !paths;
        Self {
            speaker: outbound.sender(),
            alone: (!shared).then_some(to_peer.link),
            outbound_map: outbound.outbound_map(),
            external: link.external,
            role: outbound.role(),
            encoding: encoding.key(),
            families,
            long_lived: encoding.takes_long_lived(),
            paths,
        }
    }
}

/// An export group: what it is for, and what its members are sent.
#[derive(Clone, Debug)]
struct ExportGroup {
    key: GroupKey,
    encoding: Arc<dyn Encoding>,
    group: GroupId,
    /// Never empty; the export policy of the first is that of all.
    members: Vec<AdjacencyId>,
}

/// All export groups.
#[derive(Clone, Debug, Default)]
pub(super) struct ExportGroups(Vec<ExportGroup>);

impl ExportGroups {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The links of the members of the group at a place.
    pub(super) fn members(&self, place: usize) -> impl Iterator<Item = LinkId> {
        self.0[place].members.iter().map(|member| member.link)
    }

    /// What the group at a place is, and what its members are sent.
    pub(super) fn group(&self, place: usize) -> (GroupId, AdjacencyId) {
        (self.0[place].group, self.0[place].members[0])
    }

    /// The place of the group that a link is a member of.
    pub(super) fn place_of(&self, link: LinkId) -> Option<usize> {
        let mut groups = self.0.iter();
        groups.position(|group| group.members.iter().any(|member| member.link == link))
    }

    fn of(&self, link: LinkId) -> Option<&ExportGroup> {
        self.0.get(self.place_of(link)?)
    }

    /// What was agreed on with a peer: how it is written to, and the families.
    pub(super) fn agreed(&self, link: LinkId) -> Option<(&Arc<dyn Encoding>, FamilySet)> {
        let group = self.of(link)?;
        Some((&group.encoding, group.key.families))
    }

    /// Whether the group of a link has prefixes that were not looked at since they changed.
    pub(super) fn needs_flush(&self, model: &Model, link: LinkId) -> bool {
        let group = self.of(link).map(|group| group.group);
        let rib = self.read_rib(model, link);
        group
            .zip(rib)
            .is_some_and(|(group, rib)| rib.needs_flush(group))
    }

    /// The RIB that the group of a link is of.
    pub(super) fn rib<'a>(
        &self,
        model: &'a mut Model,
        link: LinkId,
    ) -> Option<(&'a mut Rib, &'a mut AttrStore)> {
        model.ribs_mut().rib_mut(self.of(link)?.key.speaker)
    }

    /// The same, to be read.
    pub(super) fn read_rib<'a>(&self, model: &'a Model, link: LinkId) -> Option<&'a Rib> {
        model.ribs().raw_rib(self.of(link)?.key.speaker)
    }

    /// Makes a link a member of the group that fits it, which is made if there is none.
    pub(super) fn join(
        &mut self,
        model: &mut Model,
        to_peer: AdjacencyId,
        encoding: &Arc<dyn Encoding>,
        families: FamilySet,
    ) -> Option<MemberId> {
        let key = GroupKey::of(model, to_peer, &**encoding, families);
        let own = model.ribs().source(to_peer.reverse());
        let (rib, _) = model.ribs_mut().rib_mut(key.speaker)?;
        let group = match self.0.iter_mut().find(|group| group.key == key) {
            Some(group) => {
                group.members.push(to_peer);
                group.group
            }
            None => {
                let group = rib.add_group(GroupConfig {
                    families,
                    all_paths: key.paths,
                    ..GroupConfig::default()
                });
                let members = vec![to_peer];
                self.0.push(ExportGroup {
                    key,
                    encoding: Arc::clone(encoding),
                    group,
                    members,
                });
                group
            }
        };
        Some(rib.add_member(group, own))
    }

    /// Takes a link out of its group, which goes with its last member.
    pub(super) fn leave(&mut self, model: &mut Model, link: LinkId, member: MemberId) {
        let Some(place) = self.place_of(link) else {
            return;
        };
        let group = &mut self.0[place];
        group.members.retain(|other| other.link != link);
        if let Some((rib, store)) = model.ribs_mut().rib_mut(group.key.speaker) {
            rib.remove_member(store, member);
            if group.members.is_empty() {
                rib.remove_group(store, group.group);
            }
        }
        if group.members.is_empty() {
            self.0.swap_remove(place);
        }
    }

    /// Whether another group fits a link than the one that it is a member of.
    pub(super) fn is_misfit(&self, model: &Model, link: LinkId) -> bool {
        self.of(link).is_some_and(|group| {
            let key = &group.key;
            let members = group.members.iter();
            let mut to_peer = members.filter(|member| member.link == link);
            to_peer.any(|to_peer| {
                let now = GroupKey::of(model, *to_peer, &*group.encoding, key.families);
                now != *key
            })
        })
    }

    /// Has the group of a link look at all routes again.
    pub(super) fn reexport(&self, model: &mut Model, link: LinkId) {
        if let Some(group) = self.of(link)
            && let Some((rib, _)) = model.ribs_mut().rib_mut(group.key.speaker)
        {
            rib.reexport(group.group);
        }
    }
}

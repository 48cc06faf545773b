//! Peerings that come and go: who uses whose gateways and Route Server, and what lies inside their
//! networks from then on.

use routehub_types::Prefix;

use super::Model;
use super::events::{EventError, unknown};
use super::of_network;
use crate::estate::Peering;
use crate::graph::{AdjacencyId, Side, SpaceChange, SpeakerId, TopologyChange, VnetId};
use crate::ribs::{ImportChange, Origin};

/// A space, and the prefixes that a speaker holds inside it.
type HeldInside = Option<(Vec<Prefix>, Vec<Prefix>)>;

impl Model {
    pub(super) fn vnet(&self, name: &str) -> Result<VnetId, EventError> {
        let known = self.deployment.topology().vnet(name);
        known.ok_or_else(unknown("virtual network", name))
    }

    /// Two networks are peered. Where one uses the other's Route Server from now on, that one
    /// refreshes its sessions.
    pub(super) fn add_peering(&mut self, peering: &Peering) -> Result<(), EventError> {
        self.vnet(&peering.a)?;
        self.vnet(&peering.b)?;
        let ends = [&*peering.a, &*peering.b];
        let change = self
            .deployment
            .change_peerings(ends, |peerings| peerings.push(peering.clone()));
        // Sessions that are up are refreshed; those that come up now are sent all routes anyway.
        let (a, b) = (peering.a_to_b, peering.b_to_a);
        if a.allow_gateway_transit && b.use_remote_gateways {
            self.refresh_sessions(&peering.a);
        }
        if b.allow_gateway_transit && a.use_remote_gateways {
            self.refresh_sessions(&peering.b);
        }
        self.topology_changed(&change);
        Ok(())
    }

    /// Route refresh to every NVA of a network's Route Server; a reset where it is not offered.
    /// What an NVA sends again counts like any run: more than half its limit is too much.
    pub(super) fn refresh_sessions(&mut self, vnet: &str) {
        for id in self.deployment.graph().links() {
            let graph = self.deployment.graph();
            let link = graph.link(id);
            let server = self.deployment.route_server(graph.speaker(link.b.speaker));
            let nva = self.deployment.nva(graph.speaker(link.a.speaker));
            let here = server.is_some_and(|server| server.vnet == vnet);
            let Some(nva) = nva.filter(|_| here && link.is_up()) else {
                continue;
            };
            let (live, refreshes) = (link.live, nva.route_refresh);
            self.deployment.change_link(id, |link| {
                link.route_refreshes += u32::from(refreshes);
                // That of a real router is counted when it ends.
                link.resets += u32::from(!refreshes && !live);
            });
            if live {
                self.refreshes.push(id);
            } else if refreshes {
                self.send_again(id.from(Side::A));
            }
        }
    }

    pub(super) fn remove_peering(&mut self, a: &str, b: &str) -> Result<(), EventError> {
        let between = |peering: &Peering| [[a, b], [b, a]].contains(&[&*peering.a, &*peering.b]);
        if !self.deployment.estate().peerings.iter().any(between) {
            return Err(unknown("peering", &format!("{a} - {b}"))());
        }
        let change = self.deployment.change_peerings([a, b], |peerings| {
            peerings.retain(|peering| !between(peering));
        });
        self.topology_changed(&change);
        Ok(())
    }

    /// Networks are peered in another way, and other ones use the gateways of some: what these
    /// speakers announce, and what lies inside their networks.
    fn topology_changed(&mut self, change: &TopologyChange) {
        self.journal.note_peered(change.vnets.iter().copied());
        if let Some(footprint) = &mut self.footprint {
            footprint.note_peered(change);
        }
        for (link, gone) in self.deployment.changed_ways(&change.before) {
            self.change_link(link, |link| link.down.unreachable = gone);
        }
        // A peer may be refused in the network it is in, or no longer.
        for (link, refused) in self.deployment.refusals() {
            if self.deployment.graph().link(link).down.refused != refused {
                self.change_link(link, |link| link.down.refused = refused);
            }
        }
        for space in &change.spaces {
            let graph = self.deployment.graph();
            let here = |id: &SpeakerId| {
                let speaker = graph.speaker(*id);
                speaker.programs_nics() && speaker.vnet == Some(space.vnet)
            };
            for speaker in Vec::from_iter(graph.speakers().filter(here)) {
                self.space_changed(speaker, space);
            }
        }
    }

    /// Other networks use the one that a speaker is in.
    fn space_changed(&mut self, id: SpeakerId, change: &SpaceChange) {
        if self.announced_network(id).is_some() {
            let ipv6 = self.has_ipv6(id);
            let fits = |prefix: &Prefix| ipv6 || matches!(prefix, Prefix::V4(_));
            let [gone, new] = [&change.gone, &change.new];
            let [gone, new] = [gone, new].map(|all| all.iter().copied().filter(fits));
            let attrs = of_network();
            let changed = self
                .ribs
                .change_local(id, Origin::Spoke, &attrs, (gone, new));
            changed
                .into_iter()
                .for_each(|changed| self.note_changed(changed));
        }
        let inbound: Vec<AdjacencyId> = self.deployment.graph().inbound(id).collect();
        let mut inside = None;
        for adjacency in inbound {
            self.recompile_import(adjacency, &mut inside);
        }
    }

    /// Compiles an import policy anew; what it may let pass otherwise is looked at again. `inside`
    /// are the prefixes that the receiver holds inside a space, as they were last looked for.
    pub(super) fn recompile_import(&mut self, adjacency: AdjacencyId, inside: &mut HeldInside) {
        let change = self.ribs.recompile_import(&self.deployment, adjacency);
        let lacks_refused = self.lacks_refused(adjacency);
        let parameters = self.deployment.parameters();
        let changed = match change {
            ImportChange::None => return,
            ImportChange::Inside(space) if !lacks_refused => {
                if inside.as_ref().is_none_or(|(known, _)| *known != space) {
                    let inbound = self.ribs.inbound(adjacency);
                    let held = inbound.map(|(rib, _)| rib.prefixes_inside(&space));
                    *inside = Some((space, held.unwrap_or_default()));
                }
                match inside {
                    Some((_, held)) if !held.is_empty() => {
                        if let Some(footprint) = &mut self.footprint {
                            footprint.note_import();
                        }
                        self.ribs.reapply_import_to(adjacency, parameters, held)
                    }
                    _ => return,
                }
            }
            _ => {
                if lacks_refused {
                    self.refreshes.push(adjacency.link);
                }
                let changed = self.ribs.reapply_import(adjacency, parameters);
                self.note_unbounded();
                changed
            }
        };
        self.note_changed(changed);
    }

    /// Whether refused routes of a real router were not kept: another policy may take them in.
    fn lacks_refused(&self, adjacency: AdjacencyId) -> bool {
        let inbound = self.ribs.inbound(adjacency);
        let not_kept = inbound.map_or(0, |(rib, source)| rib.counts(source).not_kept);
        let link = self.deployment.graph().link(adjacency.link);
        not_kept > 0 && link.live && link.is_up()
    }
}

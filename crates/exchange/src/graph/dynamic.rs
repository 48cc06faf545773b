//! Neighbours that come by themselves: speakers and links that come and go while all else stays.
//! Their places in the graph are used again.

use super::Graph;
use super::build::speaker;
use super::deployment::Deployment;
use super::link::{Link, LinkId, LinkKind, Side};
use super::speaker::{Speaker, SpeakerId, SpeakerKind};
use crate::estate::{DynamicPeer, DynamicRefusal, Nva, NvaSession};

/// What has left the graph with a session of a neighbour that came by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vacated {
    /// The neighbour, if it was its last session.
    pub(crate) nva: Option<SpeakerId>,
}

impl Graph {
    /// Puts a link at its place, a new one or a vacant one.
    pub(super) fn enter_link(&mut self, id: LinkId, link: Link) {
        for end in [&link.a, &link.b] {
            self.links_of[end.speaker.index()].push(id);
        }
        self.vacant_links.remove(&id);
        match self.links.get_mut(id.index()) {
            Some(vacant) => *vacant = link,
            None => self.links.push(link),
        }
    }

    /// Puts a speaker at its place, a new one or a vacant one.
    fn enter_speaker(&mut self, speaker: Speaker) -> SpeakerId {
        let new = SpeakerId(self.speakers.len() as u32);
        let id = self.vacant_speakers.pop_first().unwrap_or(new);
        let of_name = self.by_name.entry(speaker.name.clone()).or_default();
        of_name.push(id);
        match self.speakers.get_mut(id.index()) {
            Some(vacant) => *vacant = speaker,
            None => {
                self.speakers.push(speaker);
                self.links_of.push(Vec::new());
            }
        }
        id
    }

    /// The place of the next link of a neighbour that comes by itself.
    fn link_place(&self) -> LinkId {
        let vacant = self.vacant_links.first().copied();
        vacant.unwrap_or(LinkId(self.links.len() as u32))
    }

    fn vacate_link(&mut self, id: LinkId) {
        let ends = [Side::A, Side::B].map(|side| self.link(id).end(side).speaker);
        for end in ends {
            self.links_of[end.index()].retain(|link| *link != id);
        }
        self.vacant_links.insert(id);
    }

    fn vacate_speaker(&mut self, id: SpeakerId) {
        let speaker = &mut self.speakers[id.index()];
        // What is still written down of it must not be taken for another.
        speaker.kind = SpeakerKind::Nva { nva: usize::MAX };
        let name = &speaker.name;
        if let Some(of_name) = self.by_name.get_mut(name) {
            of_name.retain(|other| *other != id);
            if of_name.is_empty() {
                self.by_name.remove(name);
            }
        }
        self.vacant_speakers.insert(id);
    }

    /// An NVA has left the list of the estate: those behind it stand a place further to the front.
    fn close_gap(&mut self, gone: usize) {
        for speaker in &mut self.speakers {
            if let SpeakerKind::Nva { nva } = &mut speaker.kind
                && *nva > gone
                && *nva != usize::MAX
            {
                *nva -= 1;
            }
        }
    }
}

impl Deployment {
    /// Whether an NVA came by itself.
    pub(crate) fn is_dynamic(&self, name: &str) -> bool {
        self.dynamic.contains(name)
    }

    /// Adds a session of a neighbour that comes by itself, and the neighbour where it has none yet.
    ///
    /// # Errors
    /// [`DynamicRefusal`]; nothing has changed then.
    pub(crate) fn add_dynamic(&mut self, peer: &DynamicPeer) -> Result<LinkId, DynamicRefusal> {
        let (server, instance) = (&peer.route_server, usize::from(peer.instance));
        let standing = self.graph.instance(server, peer.instance);
        let standing = standing.filter(|id| !self.is_removed(*id));
        let far = standing.filter(|id| self.graph.speaker(*id).is_route_server());
        let far = far.ok_or_else(|| DynamicRefusal::NoInstance {
            route_server: server.clone(),
            instance: peer.instance,
        })?;
        let near = match self.known_dynamic(peer)? {
            Some(near) => near,
            None => self.add_dynamic_nva(peer, far)?,
        };
        if self.graph.link_between(near, far).is_some() {
            return Err(DynamicRefusal::SessionTwice);
        }
        let mut session = 0;
        self.change_nva(&peer.name(), |nva| {
            let mut known = nva.sessions.iter();
            let place = known.position(|known| known.route_server == *server);
            session = place.unwrap_or(nva.sessions.len());
            if place.is_none() {
                nva.sessions.push(NvaSession {
                    instances: [false; 2],
                    ..NvaSession::both(server)
                });
            }
            nva.sessions[session].instances[instance] = true;
        });
        let id = self.graph.link_place();
        let kind = LinkKind::NvaToRouteServer { session };
        let link = self.builder().new_link([near, far], kind, true);
        self.graph.to_mut().enter_link(id, link);
        Ok(id)
    }

    /// The neighbour of this name, if it has come already.
    fn known_dynamic(&self, peer: &DynamicPeer) -> Result<Option<SpeakerId>, DynamicRefusal> {
        let name = peer.name();
        let Some(known) = self.graph.first_named(&name) else {
            return Ok(None);
        };
        let known_asn = self.graph.speaker(known).asn;
        match known_asn {
            _ if !self.is_dynamic(&name) => Err(DynamicRefusal::NameTaken(name)),
            Some(asn) if asn != peer.asn => Err(DynamicRefusal::OtherAsn(asn)),
            _ => Ok(Some(known)),
        }
    }

    fn add_dynamic_nva(
        &mut self,
        peer: &DynamicPeer,
        server: SpeakerId,
    ) -> Result<SpeakerId, DynamicRefusal> {
        let name = peer.name();
        let home = self.route_server(self.graph.speaker(server));
        let vnet = home.map_or_else(String::new, |server| server.vnet.clone());
        let mut nva = Nva::new(name.clone(), vnet, peer.ip, peer.asn);
        nva.sessions.clear();
        if let Some(rule) = self.peer_refusal(&nva, &peer.route_server) {
            return Err(DynamicRefusal::Rule(rule));
        }
        let kind = SpeakerKind::Nva {
            nva: self.estate.nvas.len(),
        };
        let mut speaker = speaker(kind, &name, Some(peer.asn));
        speaker.addresses.push(peer.ip);
        speaker.vnet = self.topology.vnet(&nva.vnet);
        let estate = self.estate.to_mut();
        estate.nvas.push(nva);
        if !peer.options.asked.is_empty() {
            let options = peer.options.clone();
            estate.session_options.insert(name.clone(), options);
        }
        self.live.insert(name.clone());
        self.dynamic.insert(name);
        Ok(self.graph.to_mut().enter_speaker(speaker))
    }

    /// Removes a session of a neighbour that came by itself, and the neighbour with its last one;
    /// none if nobody came by this link.
    pub(crate) fn remove_dynamic(&mut self, id: LinkId) -> Option<Vacated> {
        let link = self.graph.link(id);
        let (near, far) = (link.a.speaker, link.b.speaker);
        let name = self.graph.speaker(near).name.clone();
        if !self.graph.links_of(near).contains(&id) || !self.is_dynamic(&name) {
            return None;
        }
        let far = self.graph.speaker(far);
        let (server, instance) = (far.name.clone(), far.instance());
        self.change_nva(&name, |nva| {
            let mut sessions = nva.sessions.iter_mut();
            let session = sessions.find(|session| session.route_server == server);
            let held = session.zip(instance);
            if let Some((session, instance)) = held
                && let Some(held) = session.instances.get_mut(usize::from(instance))
            {
                *held = false;
            }
        });
        self.graph.to_mut().vacate_link(id);
        if !self.graph.links_of(near).is_empty() {
            return Some(Vacated { nva: None });
        }
        let estate = self.estate.to_mut();
        let place = estate.nvas.iter().position(|nva| nva.name == name);
        if let Some(place) = place {
            estate.nvas.remove(place);
        }
        estate.session_options.remove(&name);
        let graph = self.graph.to_mut();
        graph.vacate_speaker(near);
        if let Some(place) = place {
            graph.close_gap(place);
        }
        self.live.remove(&name);
        self.dynamic.remove(&name);
        self.set_nva_down(near, false);
        Some(Vacated { nva: Some(near) })
    }
}

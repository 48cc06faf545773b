//! An engine without sockets, and the routers at the far ends of its sessions: what they know of it
//! is in the octets that they are sent.

mod hub;
mod router;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use routehub::types::{AsPath, Attrs, Family, FamilySet, Instant, Nlri, PeerId, Prefix, RuleId};
use routehub::{Effect, Engine, Estate, Input, LiveLink, Profile, ReloadedEngine};
use routehub_wire::{Context, Message, Packer, decode, frame};

pub use hub::{hub, prefix, vnet};
pub use router::Router;

/// How routers write: in messages of any length.
const RECEIVED: Context = Context {
    extended_message: true,
    ..Context::EXTERNAL
};

/// What is agreed on with a router.
#[derive(Clone, Copy, Debug)]
pub struct Agreed {
    /// How it is written to.
    pub send: Context,
    /// Of which families it is told.
    pub families: FamilySet,
    /// Whether it takes long-lived stale routes (RFC 9494).
    pub long_lived: bool,
}

impl Default for Agreed {
    fn default() -> Self {
        Self {
            send: Context::EXTERNAL,
            families: FamilySet::ALL,
            long_lived: false,
        }
    }
}

/// Which place of an estate a peer has: whose session it is, and with which instance.
pub type Place = (String, Option<u8>);

/// The place of a peer.
pub fn place(link: &LiveLink) -> Place {
    (link.remote.clone(), link.instance)
}

/// An engine and the routers around it, which are all NVAs of its estate. Its clock stands still.
#[derive(Debug)]
pub struct Routers {
    /// The engine.
    pub engine: Engine,
    /// Those that are established.
    routers: BTreeMap<PeerId, Router>,
    seed: u64,
}

impl Routers {
    /// The engine of an estate, before any session is established.
    pub fn new(estate: Estate, profile: &Profile) -> Self {
        let seed = 7;
        let live = names(&estate);
        let estate = estate.try_into().expect("it fits");
        let engine = Engine::new(estate, profile.into(), &live, seed);
        Self {
            engine: engine.expect("it settles"),
            routers: BTreeMap::new(),
            seed,
        }
    }

    /// All that sessions are to be held with.
    pub fn peers(&self) -> Vec<PeerId> {
        self.engine.peers().map(|(id, _)| id).collect()
    }

    /// The session of a router with an instance.
    pub fn peer(&self, remote: &str, instance: u8) -> PeerId {
        let wanted = (remote.to_owned(), Some(instance));
        let mut peers = self.engine.peers();
        let peer = peers.find(|(_, link)| place(link) == wanted);
        peer.expect("a peer").0
    }

    /// What a peer is to the estate.
    pub fn link(&self, peer: PeerId) -> &LiveLink {
        self.engine.peer(peer).expect("a peer")
    }

    /// Whether a session is established.
    pub fn is_up(&self, peer: PeerId) -> bool {
        self.routers.contains_key(&peer)
    }

    /// Those that are established.
    pub fn established(&self) -> impl Iterator<Item = (PeerId, &Router)> {
        let routers = self.routers.iter();
        routers.map(|(peer, router)| (*peer, router))
    }

    /// The router of a session that is established.
    pub fn router(&self, peer: PeerId) -> &Router {
        &self.routers[&peer]
    }

    /// Has the engine take an input in.
    pub fn handle(&mut self, input: Input<'_>) {
        let now = Instant::from_millis(1);
        self.engine.handle(now, input).expect("it settles");
    }

    /// A session is established, and its router knows nothing.
    pub fn up(&mut self, peer: PeerId, agreed: Agreed) {
        let Agreed {
            send,
            families,
            long_lived,
        } = agreed;
        self.handle(Input::Established {
            peer,
            send,
            families,
            long_lived,
        });
        self.routers.insert(peer, Router::new(send));
    }

    /// A session ends; what its router announced in these families is retained.
    pub fn down(&mut self, peer: PeerId, retained: FamilySet) {
        self.routers.remove(&peer);
        self.handle(Input::Down {
            peer,
            notification: None,
            retained,
        });
    }

    /// The attributes of a route of a router's own, with its ASN in the path so many times.
    pub fn attrs(&self, peer: PeerId, family: Family, length: usize) -> Attrs {
        let link = self.link(peer);
        let next_hop = match (family, link.remote_addresses[0]) {
            (Family::Ipv6, IpAddr::V4(address)) => {
                let [high, low] = [address.to_bits() >> 16, address.to_bits()];
                let [high, low] = [high, low].map(|bits| bits as u16);
                Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, high, low).into()
            }
            (_, address) => address,
        };
        Attrs::new(AsPath::sequence(vec![link.remote_asn; length]), next_hop)
    }

    /// A router announces prefixes.
    pub fn announce(&mut self, peer: PeerId, attrs: &Attrs, prefixes: &[Prefix]) {
        let nlri: Vec<Nlri> = prefixes.iter().copied().map(Nlri::from).collect();
        let mut bytes = Vec::new();
        let packed = Packer::new(&RECEIVED).announce(attrs, &nlri, &mut bytes);
        packed.expect("it can be sent");
        self.receive(peer, &bytes);
    }

    /// A router withdraws prefixes.
    pub fn withdraw(&mut self, peer: PeerId, prefixes: &[Prefix]) {
        let nlri: Vec<Nlri> = prefixes.iter().copied().map(Nlri::from).collect();
        let mut bytes = Vec::new();
        let packed = Packer::new(&RECEIVED).withdraw(&nlri, &mut bytes);
        packed.expect("it can be sent");
        self.receive(peer, &bytes);
    }

    /// UPDATEs come from a router, and nothing behind them for now.
    pub fn receive(&mut self, peer: PeerId, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(length) = frame(rest, RECEIVED.max_len()).expect("a message") {
            let (message, behind) = rest.split_at(length);
            rest = behind;
            let Ok(Message::Update(view)) = decode(message, &RECEIVED) else {
                panic!("no UPDATE");
            };
            self.handle(Input::Update { peer, view });
        }
        self.handle(Input::RunEnded { peer });
    }

    /// Has a router read what it is sent next; says no if there is nothing.
    pub fn pull(&mut self, peer: PeerId) -> bool {
        let Some(bytes) = self.engine.pull(peer) else {
            return false;
        };
        let Some(router) = self.routers.get_mut(&peer) else {
            panic!("{peer} is sent something and is not there");
        };
        router.read(&bytes);
        true
    }

    /// The engine does all its work, and routers read what it says is ready for them; the answers
    /// are the other effects.
    pub fn drain(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut ready = BTreeSet::new();
        while let Some(effect) = self.engine.poll() {
            match effect {
                Effect::Ready(peer) => {
                    ready.insert(peer);
                }
                other => effects.push(other),
            }
        }
        for peer in ready {
            while self.pull(peer) {}
        }
        effects
    }

    /// The same, and all read what there is: those too whose readiness was polled and not heeded.
    pub fn drain_all(&mut self) -> Vec<Effect> {
        let mut effects = self.drain();
        for peer in self.peers() {
            while self.pull(peer) {}
        }
        effects.extend(self.drain());
        effects
    }

    /// Forgets what routers were told when.
    pub fn forget_news(&mut self) {
        self.routers.values_mut().for_each(Router::forget_news);
    }

    /// Goes over to another engine, of this estate. Peers whose place is in `changed` are others
    /// from then on, and so not established.
    pub fn reload(&mut self, estate: Estate, profile: &Profile, changed: &BTreeSet<Place>) {
        let before = self.engine.peers();
        let before: BTreeMap<Place, PeerId> = before.map(|(id, link)| (place(link), id)).collect();
        let taken: BTreeSet<PeerId> = before.values().copied().collect();
        let keep = |link: &LiveLink| {
            let place = place(link);
            let id = before.get(&place).copied();
            id.filter(|_| !changed.contains(&place))
        };
        // What is random in an engine is not what routers go by.
        self.seed += 1;
        let live = names(&estate);
        let estate = estate.try_into().expect("it fits");
        let parameters = profile.into();
        let reloaded = ReloadedEngine::new(estate, parameters, &live, self.seed, &taken, keep);
        let reloaded = reloaded.expect("it settles");
        let kept: BTreeSet<PeerId> = reloaded.kept().iter().copied().collect();
        for (id, _) in reloaded.engine().peers() {
            let is_new = !taken.contains(&id);
            assert!(kept.contains(&id) || is_new, "{id} is used twice");
        }
        let now = Instant::from_millis(1);
        let taken_over = reloaded.take_over(now, &mut self.engine);
        taken_over.expect("it settles");
        self.routers.retain(|id, _| kept.contains(id));
    }

    /// The rule that keeps a prefix back from a router.
    pub fn kept_back(&self, peer: PeerId, prefix: Prefix) -> Option<RuleId> {
        let link = self.link(peer);
        let graph = self.engine.exchange().graph();
        let receiver = graph.link(link.link).a.speaker;
        let sender = graph.instance(&link.local, link.instance?);
        let sender = sender.expect("an instance");
        let mut outbound = self.engine.exchange().outbound_from(sender);
        let outbound = outbound.find(|outbound| outbound.receiver() == receiver);
        outbound?.route_for(prefix).err()
    }

    /// What each router holds is what Adj-RIB-Out says, as far as that is certain.
    pub fn check_adj_rib_out(&self, when: &str) {
        for (peer, router) in &self.routers {
            let link = self.link(*peer).link;
            let exchange = self.engine.exchange();
            let sent = exchange.sent_paths(link).unwrap_or_else(|| {
                let routes = exchange.sent_routes(link).into_iter();
                let routes = routes.map(|(prefix, attrs)| (prefix.into(), attrs));
                routes.collect()
            });
            for (nlri, attrs) in &sent {
                if let Some(attrs) = attrs {
                    let held = router.held().get(nlri);
                    assert_eq!(held, Some(attrs), "{when} {peer} {nlri:?}");
                }
            }
            for nlri in router.held().keys() {
                assert!(sent.contains_key(nlri), "{when} {peer} {nlri:?} is stale");
            }
        }
    }
}

/// Real routers play all NVAs.
fn names(estate: &Estate) -> BTreeSet<String> {
    estate.nvas.iter().map(|nva| nva.name.clone()).collect()
}

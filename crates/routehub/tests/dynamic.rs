//! Peers that come by themselves and go, in any order: everybody hears what they would hear if those
//! who are there now were described, and nothing of the others is left.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{Nva, NvaSession, RouteServer, Vnet};
use routehub::{DynamicPeer, DynamicRefusal, Engine, Estate, Input, Profile, rules};
use routehub_types::{AsPath, Asn, Attrs, FamilySet, Instant, Nlri, PeerId, Prefix};
use routehub_wire::{Context, Message, Packer, decode, frame};

/// A session: the last octet of the router's address, and the instance.
type Session = (u8, u8);

/// Which routes a router announces over a session: their number, and the length of the path.
type Announced = BTreeMap<u8, u8>;

fn prefix(n: u8) -> Prefix {
    let text = format!("192.168.{n}.0/24");
    text.parse().expect("a prefix")
}

fn address(host: u8) -> IpAddr {
    Ipv4Addr::new(10, 1, 2, host).into()
}

fn asn(host: u8) -> Asn {
    Asn(65000 + u32::from(host))
}

/// An estate with these routers described.
fn estate(sessions: impl Iterator<Item = Session>) -> Estate {
    let mut nvas: BTreeMap<u8, Nva> = BTreeMap::new();
    for (host, instance) in sessions {
        let nva = nvas.entry(host).or_insert_with(|| Nva {
            sessions: vec![NvaSession {
                instances: [false; 2],
                ..NvaSession::both("rs")
            }],
            ..Nva::new(address(host).to_string(), "hub", address(host), asn(host))
        });
        nva.sessions[0].instances[usize::from(instance)] = true;
    }
    Estate {
        vnets: vec![Vnet {
            name: "hub".into(),
            address_space: vec!["10.1.0.0/16".parse().expect("a prefix")],
            ..Vnet::default()
        }],
        route_servers: vec![RouteServer {
            ips: Some([4, 5].map(|host| Ipv4Addr::new(10, 1, 255, host).into())),
            ..RouteServer::new("rs", "hub")
        }],
        nvas: nvas.into_values().collect(),
        ..Estate::default()
    }
}

fn engine(sessions: impl Iterator<Item = Session>) -> Engine {
    let estate = estate(sessions);
    let live = estate.nvas.iter().map(|nva| nva.name.clone()).collect();
    let estate = estate.try_into().expect("it fits");
    let open = Profile::named("open").expect("a profile");
    Engine::new(estate, (&open).into(), &live, 7).expect("it settles")
}

fn peer((host, instance): Session) -> DynamicPeer {
    DynamicPeer {
        ip: address(host),
        asn: asn(host),
        route_server: "rs".to_owned(),
        instance,
        options: Default::default(),
    }
}

struct Lab {
    engine: Engine,
    ids: BTreeMap<Session, PeerId>,
    /// What the router at the far end of each session holds.
    held: BTreeMap<Session, BTreeMap<Prefix, String>>,
}

impl Lab {
    fn new(engine: Engine) -> Self {
        let ids = engine.peers().map(|(id, link)| {
            let host = link.remote.rsplit('.').next().expect("an address");
            let host = host.parse().expect("an octet");
            ((host, link.instance.expect("an instance")), id)
        });
        let mut lab = Self {
            ids: ids.collect(),
            engine,
            held: BTreeMap::new(),
        };
        for session in lab.ids.keys().copied().collect::<Vec<_>>() {
            lab.up(session);
        }
        lab
    }

    fn handle(&mut self, input: Input<'_>) {
        self.engine
            .handle(Instant::from_millis(1), input)
            .expect("it settles");
    }

    fn up(&mut self, session: Session) {
        self.handle(Input::Established {
            peer: self.ids[&session],
            send: Context::EXTERNAL,
            families: FamilySet::ALL,
            long_lived: false,
        });
        self.held.insert(session, BTreeMap::new());
    }

    fn come(&mut self, session: Session) {
        let added = self
            .engine
            .add_dynamic(&peer(session))
            .expect("it may come");
        let id = added.0;
        self.ids.insert(session, id);
        self.up(session);
    }

    fn go(&mut self, session: Session) {
        let peer = self.ids.remove(&session).expect("it is there");
        self.handle(Input::Down {
            peer,
            notification: None,
            retained: FamilySet::EMPTY,
        });
        assert_eq!(self.engine.remove_dynamic(peer), Ok(true));
        self.held.remove(&session);
    }

    fn announce(&mut self, session: Session, n: u8, length: u8) {
        let path = std::iter::repeat_n(asn(session.0), usize::from(length));
        let attrs = Attrs::new(AsPath::sequence(path), address(session.0));
        let mut bytes = Vec::new();
        let packed =
            Packer::new(&Context::EXTERNAL).announce(&attrs, &[Nlri::from(prefix(n))], &mut bytes);
        packed.expect("it fits");
        let Ok(Message::Update(view)) = decode(&bytes, &Context::EXTERNAL) else {
            panic!("no UPDATE");
        };
        let peer = self.ids[&session];
        self.handle(Input::Update { peer, view });
        self.handle(Input::RunEnded { peer });
    }

    /// Everybody reads all that is sent.
    fn drain(&mut self) {
        while self.engine.poll().is_some() {}
        for (session, held) in &mut self.held {
            while let Some(bytes) = self.engine.pull(self.ids[session]) {
                let mut rest: &[u8] = &bytes;
                while let Some(length) =
                    frame(rest, Context::EXTERNAL.max_len()).expect("a message")
                {
                    let (message, behind) = rest.split_at(length);
                    rest = behind;
                    let Ok(Message::Update(view)) = decode(message, &Context::EXTERNAL) else {
                        panic!("no UPDATE");
                    };
                    for update in view.to_updates().expect("no reset") {
                        for nlri in update.withdrawn {
                            held.remove(&nlri.prefix);
                        }
                        for nlri in update.announced {
                            held.insert(nlri.prefix, update.attrs.as_path.to_string());
                        }
                    }
                }
            }
        }
    }
}

/// Random numbers (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, most: u8) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as u8 % most
    }
}

/// What everybody hears where those who are there are described.
fn described(there: &BTreeMap<Session, Announced>) -> BTreeMap<Session, BTreeMap<Prefix, String>> {
    let mut lab = Lab::new(engine(there.keys().copied()));
    for (session, announced) in there {
        for (n, length) in announced {
            lab.announce(*session, *n, *length);
        }
    }
    lab.drain();
    lab.held
}

/// One way of coming and going.
fn come_and_go(seed: u64) {
    let mut random = Random(seed);
    // One of them is described in any case.
    let mut there = BTreeMap::from([((1, 0), Announced::new())]);
    let mut lab = Lab::new(engine(there.keys().copied()));
    for step in 0..60 {
        let session = (2 + random.below(4), random.below(2));
        match there.contains_key(&session) {
            false => {
                lab.come(session);
                there.insert(session, Announced::new());
            }
            true if random.below(3) == 0 => {
                lab.go(session);
                there.remove(&session);
            }
            true => {
                let (n, length) = (random.below(5), 1 + random.below(3));
                lab.announce(session, n, length);
                let announced = there.get_mut(&session);
                announced.expect("it is there").insert(n, length);
            }
        }
        if random.below(2) == 0 {
            lab.drain();
        }
        if step % 10 == 9 {
            lab.drain();
            assert_eq!(lab.held, described(&there), "seed {seed} step {step}");
        }
    }
    for session in there.keys().skip(1) {
        lab.go(*session);
    }
    let exchange = lab.engine.exchange();
    assert_eq!(exchange.estate(), &estate([(1, 0)].into_iter()));
    let graph = exchange.graph();
    assert_eq!((graph.speakers().count(), graph.links().count()), (3, 1));
    assert_eq!(lab.engine.peers().count(), 1);
}

#[test]
fn who_comes_and_goes_is_as_if_described_while_there_and_leaves_nothing() {
    for seed in 0..60 {
        come_and_go(seed);
    }
}

#[test]
fn who_cannot_be_a_peer_is_refused_and_nothing_changes() {
    let mut engine = engine([(1, 0)].into_iter());
    let before = engine.exchange().estate().clone();
    let mut refused = |peer: &DynamicPeer| {
        let refused = engine.add_dynamic(peer).expect_err("it is refused");
        assert_eq!(engine.exchange().estate(), &before);
        refused
    };
    let taken = refused(&peer((1, 1)));
    assert_eq!(taken, DynamicRefusal::NameTaken("10.1.2.1".to_owned()));
    let mut nowhere = peer((2, 0));
    nowhere.route_server = "sr".to_owned();
    let told = refused(&nowhere).to_string();
    assert_eq!(told, "there is no instance 0 of Route Server `sr`");
    let mut own = peer((2, 0));
    own.asn = Asn(65515);
    assert_eq!(refused(&own), DynamicRefusal::Rule(rules::PEER_ASN));
    // A second session has to be of the same AS, and with another instance.
    engine.add_dynamic(&peer((2, 0))).expect("it may come");
    let twice = engine.add_dynamic(&peer((2, 0))).expect_err("twice");
    assert_eq!(twice, DynamicRefusal::SessionTwice);
    let other = DynamicPeer {
        asn: Asn(65099),
        ..peer((2, 1))
    };
    let other = engine.add_dynamic(&other).expect_err("another AS");
    assert_eq!(other, DynamicRefusal::OtherAsn(Asn(65002)));
    // Nobody who is described is removed.
    assert_eq!(engine.remove_dynamic(PeerId(0)), Ok(false));
    assert_eq!(engine.remove_dynamic(PeerId(77)), Ok(false));
}

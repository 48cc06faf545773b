//! Peers that come by themselves and go, in any order: everybody hears what they would hear if those
//! who are there now were described, and nothing of the others is left.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{Nva, NvaSession};
use routehub::{DynamicPeer, DynamicRefusal, Estate, Profile, rules};
use routehub_testkit::random::Dice;
use routehub_testkit::routers::{self, Agreed, Routers};
use routehub_types::{Asn, Attrs, Family, FamilySet, Nlri, PeerId, Prefix};

/// A session: the last octet of the router's address, and the instance.
type Session = (u8, u8);

/// Which routes a router announces over a session: their number, and the length of the path.
type Announced = BTreeMap<u8, u8>;

/// What the router at the far end of each session holds.
type Held = BTreeMap<Session, BTreeMap<Nlri, Attrs>>;

fn prefix(n: u8) -> Prefix {
    routers::prefix(&format!("192.168.{n}.0/24"))
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
    let mut estate = routers::hub(0, [true; 2]);
    estate.route_servers[0].branch_to_branch = false;
    estate.nvas.extend(nvas.into_values());
    estate
}

fn engine(sessions: impl Iterator<Item = Session>) -> Routers {
    let open = Profile::named("open").expect("a profile");
    Routers::new(estate(sessions), &open)
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
    routers: Routers,
    ids: BTreeMap<Session, PeerId>,
}

impl Lab {
    fn new(sessions: impl Iterator<Item = Session>) -> Self {
        let routers = engine(sessions);
        let ids = routers.engine.peers().map(|(id, link)| {
            let host = link.remote.rsplit('.').next().expect("an address");
            let host = host.parse().expect("an octet");
            ((host, link.instance.expect("an instance")), id)
        });
        let ids = ids.collect();
        let mut lab = Self { routers, ids };
        for peer in lab.routers.peers() {
            lab.routers.up(peer, Agreed::default());
        }
        lab
    }

    fn come(&mut self, session: Session) {
        let added = self.routers.engine.add_dynamic(&peer(session));
        let (id, _) = added.expect("it may come");
        self.ids.insert(session, id);
        self.routers.up(id, Agreed::default());
    }

    fn go(&mut self, session: Session) {
        let peer = self.ids.remove(&session).expect("it is there");
        self.routers.down(peer, FamilySet::EMPTY);
        assert_eq!(self.routers.engine.remove_dynamic(peer), Ok(true));
    }

    fn announce(&mut self, session: Session, n: u8, length: u8) {
        let peer = self.ids[&session];
        let attrs = self.routers.attrs(peer, Family::Ipv4, length.into());
        self.routers.announce(peer, &attrs, &[prefix(n)]);
    }

    /// What everybody holds who has read all that is sent.
    fn held(&mut self) -> Held {
        self.routers.drain_all();
        let ids = self.ids.iter();
        let held = ids.map(|(session, id)| (*session, self.routers.router(*id).held().clone()));
        held.collect()
    }
}

/// What everybody hears where those who are there are described.
fn described(there: &BTreeMap<Session, Announced>) -> Held {
    let mut lab = Lab::new(there.keys().copied());
    for (session, announced) in there {
        for (n, length) in announced {
            lab.announce(*session, *n, *length);
        }
    }
    lab.held()
}

/// One way of coming and going.
fn come_and_go(seed: u64) {
    let mut dice = Dice::new(seed);
    // One of them is described in any case.
    let mut there = BTreeMap::from([((1, 0), Announced::new())]);
    let mut lab = Lab::new(there.keys().copied());
    for step in 0..60 {
        let session = (2 + dice.roll(4) as u8, dice.roll(2) as u8);
        match there.contains_key(&session) {
            false => {
                lab.come(session);
                there.insert(session, Announced::new());
            }
            true if dice.roll(3) == 0 => {
                lab.go(session);
                there.remove(&session);
            }
            true => {
                let (n, length) = (dice.roll(5) as u8, 1 + dice.roll(3) as u8);
                lab.announce(session, n, length);
                let announced = there.get_mut(&session);
                announced.expect("it is there").insert(n, length);
            }
        }
        if dice.roll(2) == 0 {
            lab.routers.drain_all();
        }
        if step % 10 == 9 {
            assert_eq!(lab.held(), described(&there), "seed {seed} step {step}");
        }
    }
    for session in there.keys().skip(1) {
        lab.go(*session);
    }
    let exchange = lab.routers.engine.exchange();
    assert_eq!(exchange.estate(), &estate([(1, 0)].into_iter()));
    let graph = exchange.graph();
    assert_eq!((graph.speakers().count(), graph.links().count()), (3, 1));
    assert_eq!(lab.routers.engine.peers().count(), 1);
}

#[test]
fn who_comes_and_goes_is_as_if_described_while_there_and_leaves_nothing() {
    for seed in 1..=60 {
        come_and_go(seed);
    }
}

#[test]
fn who_cannot_be_a_peer_is_refused_and_nothing_changes() {
    let mut engine = engine([(1, 0)].into_iter()).engine;
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

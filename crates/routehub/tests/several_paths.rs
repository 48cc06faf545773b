//! Peers that take several paths of a prefix (RFC 7911): a model of each reads the octets that it is
//! sent. What it holds is what Adj-RIB-Out says, it holds every path that there is, and a path keeps
//! its identifier.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use routehub::estate::{Nva, NvaSession, RouteServer, SessionOptions, Vnet};
use routehub::{Engine, Estate, Input, Profile, ReloadedEngine};
use routehub_types::{
    AsPath, Asn, Attrs, Family, FamilySet, Instant, Nlri, PathId, PeerId, Prefix,
};
use routehub_wire::{Context, Message, Packer, decode, frame};

/// How many routers there are: the first takes several paths, the second two of each at most, the
/// third one, and those behind these too.
const ROUTERS: u8 = 6;

fn takes_paths(router: u8) -> bool {
    router <= 2
}

fn limit(router: u8) -> usize {
    match router {
        1 => SessionOptions::MOST_PATHS.get().into(),
        2 => 2,
        _ => 1,
    }
}

/// How a router is written to, as we see it and as it does.
fn context(router: u8) -> Context {
    let add_path = match takes_paths(router) {
        true => FamilySet::ALL,
        false => FamilySet::EMPTY,
    };
    Context {
        add_path_send: add_path,
        add_path_receive: add_path,
        ..Context::EXTERNAL
    }
}

fn prefix(n: u8) -> Prefix {
    let text = match n % 2 {
        0 => format!("192.168.{n}.0/24"),
        _ => format!("2001:db8:{n}::/48"),
    };
    text.parse().expect("a prefix")
}

fn estate() -> Estate {
    let nva = |n: u8| Nva {
        sessions: vec![NvaSession {
            instances: [true, false],
            ..NvaSession::both("rs")
        }],
        ..Nva::new(
            format!("nva{n}"),
            "hub",
            Ipv4Addr::new(10, 1, 2, n),
            Asn(65000 + u32::from(n)),
        )
    };
    let two = SessionOptions {
        live: true,
        most_paths: 2.try_into().expect("two"),
        ..SessionOptions::default()
    };
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
        nvas: (1..=ROUTERS).map(nva).collect(),
        session_options: BTreeMap::from([("nva2".to_owned(), two)]),
        ..Estate::default()
    }
}

fn profile() -> Profile {
    Profile::named("open").expect("a profile")
}

/// A path as a router holds it: the length of its AS path, and from which router it is.
type Held = (usize, u8);

struct Lab {
    engine: Engine,
    held: BTreeMap<u8, BTreeMap<Nlri, Held>>,
    /// What each router announces, and the length of the path.
    announced: BTreeMap<(u8, Prefix), u8>,
    /// The identifiers that paths had when they were last looked at, by holder and sender.
    ids: BTreeMap<(u8, Prefix, u8), PathId>,
}

impl Lab {
    fn new() -> Self {
        let estate = estate();
        let live = estate.nvas.iter().map(|nva| nva.name.clone()).collect();
        let estate = estate.try_into().expect("it fits");
        let engine = Engine::new(estate, (&profile()).into(), &live, 7).expect("it settles");
        let mut lab = Self {
            engine,
            held: BTreeMap::new(),
            announced: BTreeMap::new(),
            ids: BTreeMap::new(),
        };
        (1..=ROUTERS).for_each(|router| lab.up(router));
        lab
    }

    fn peer(&self, router: u8) -> PeerId {
        let name = format!("nva{router}");
        let mut peers = self.engine.peers();
        let (id, _) = peers.find(|(_, link)| link.remote == name).expect("a peer");
        id
    }

    fn handle(&mut self, input: Input<'_>) {
        let now = Instant::from_millis(1);
        self.engine.handle(now, input).expect("it settles");
    }

    fn up(&mut self, router: u8) {
        self.handle(Input::Established {
            peer: self.peer(router),
            send: context(router),
            families: FamilySet::ALL,
            long_lived: false,
        });
        self.held.insert(router, BTreeMap::new());
        self.ids.retain(|(holder, ..), _| *holder != router);
    }

    fn down(&mut self, router: u8) {
        self.handle(Input::Down {
            peer: self.peer(router),
            notification: None,
            retained: FamilySet::EMPTY,
        });
        self.held.remove(&router);
        self.announced.retain(|(from, _), _| *from != router);
    }

    fn tell(&mut self, router: u8, n: u8, length: Option<u8>) {
        let mut bytes = Vec::new();
        let nlri = [Nlri::from(prefix(n))];
        let key = (router, prefix(n));
        let packed = match length {
            Some(length) => {
                let own = std::iter::once(Asn(65000 + u32::from(router)));
                let rest = (1..length).map(|n| Asn(4_200_000_000 + u32::from(n)));
                let next_hop = match prefix(n) {
                    Prefix::V4(_) => Ipv4Addr::new(10, 1, 2, router).into(),
                    Prefix::V6(_) => format!("2001:db8::{router}").parse().expect("an address"),
                };
                let next_hop: std::net::IpAddr = next_hop;
                let attrs = Attrs::new(AsPath::sequence(own.chain(rest)), next_hop);
                self.announced.insert(key, length);
                Packer::new(&Context::EXTERNAL).announce(&attrs, &nlri, &mut bytes)
            }
            None => {
                self.announced.remove(&key);
                Packer::new(&Context::EXTERNAL).withdraw(&nlri, &mut bytes)
            }
        };
        packed.expect("it fits");
        let Ok(Message::Update(view)) = decode(&bytes, &Context::EXTERNAL) else {
            panic!("no UPDATE");
        };
        let peer = self.peer(router);
        self.handle(Input::Update { peer, view });
        self.handle(Input::RunEnded { peer });
    }

    /// Has a router read what it is sent next.
    fn pull(&mut self, router: u8) -> bool {
        let Some(bytes) = self.engine.pull(self.peer(router)) else {
            return false;
        };
        let context = context(router);
        let held = self.held.get_mut(&router).expect("it is there");
        let mut rest: &[u8] = &bytes;
        while let Some(length) = frame(rest, context.max_len()).expect("a message") {
            let (message, behind) = rest.split_at(length);
            rest = behind;
            let Ok(Message::Update(view)) = decode(message, &context) else {
                panic!("no UPDATE");
            };
            assert!(view.is_fault_free(), "{:?}", view.faults());
            for update in view.to_updates().expect("no reset") {
                for nlri in update.withdrawn {
                    held.remove(&nlri);
                }
                for nlri in update.announced {
                    assert_eq!(nlri.path_id.is_some(), takes_paths(router));
                    let first = update.attrs.as_path.to_string();
                    let first = first.split(' ').next().expect("a path");
                    let from: u32 = first.parse().expect("an ASN");
                    let length = update.attrs.as_path.to_string().split(' ').count();
                    held.insert(nlri, (length, (from - 65000) as u8));
                }
            }
        }
        true
    }

    fn drain(&mut self) {
        while self.engine.poll().is_some() {}
        for router in self.held.keys().copied().collect::<Vec<_>>() {
            while self.pull(router) {}
        }
        while self.engine.poll().is_some() {}
    }

    /// What a router holds is what Adj-RIB-Out says, as far as that is certain.
    fn check(&self, when: &str) {
        for (router, held) in &self.held {
            let link = self.engine.peer(self.peer(*router)).expect("a peer").link;
            let exchange = self.engine.exchange();
            let sent = exchange.sent_paths(link);
            assert_eq!(sent.is_some(), takes_paths(*router), "{when}");
            let sent = sent.unwrap_or_else(|| {
                let routes = exchange.sent_routes(link).into_iter();
                routes
                    .map(|(prefix, attrs)| (prefix.into(), attrs))
                    .collect()
            });
            for (nlri, attrs) in &sent {
                if let Some(attrs) = attrs {
                    let length = attrs.as_path.to_string().split(' ').count();
                    let has = held.get(nlri).map(|(length, _)| *length);
                    assert_eq!(has, Some(length), "{when} {router} {nlri:?}");
                }
            }
            for nlri in held.keys() {
                assert!(sent.contains_key(nlri), "{when} {router} {nlri:?} is stale");
            }
        }
    }

    /// The same once all is told: every path is there, the best ones where there are too many, and
    /// has the identifier that it had.
    fn check_settled(&mut self, when: &str) {
        self.drain();
        self.check(when);
        let mut ids = BTreeMap::new();
        for (router, held) in &self.held {
            let prefixes: BTreeSet<Prefix> =
                self.announced.keys().map(|(_, prefix)| *prefix).collect();
            let mut expected = 0;
            for prefix in prefixes {
                let paths = self.announced.iter();
                let paths = paths.filter(|((from, there), _)| *there == prefix && from != router);
                let mut lengths: Vec<usize> = paths.map(|(_, n)| usize::from(*n)).collect();
                lengths.sort_unstable();
                lengths.truncate(limit(*router));
                let here = held.iter().filter(|(nlri, _)| nlri.prefix == prefix);
                let mut here_lengths: Vec<usize> =
                    here.clone().map(|(_, (length, _))| *length).collect();
                here_lengths.sort_unstable();
                // Who takes one path hears nothing where the best one is its own.
                let is_own = !takes_paths(*router) && here_lengths.is_empty();
                if !is_own {
                    assert_eq!(here_lengths, lengths, "{when} {router} {prefix}");
                }
                expected += here_lengths.len();
                for (nlri, (_, from)) in here {
                    let key = (*router, prefix, *from);
                    ids.insert(key, nlri.path_id.unwrap_or_default());
                }
            }
            assert_eq!(held.len(), expected, "{when} {router}");
            let reports = self.engine.exchange().peerings();
            let name = format!("nva{router}");
            let mut reports = reports.iter();
            let report = reports.find(|report| report.remote == name);
            let advertised = report.and_then(|report| report.advertised);
            assert_eq!(advertised, Some(held.len()), "{when} {router}");
        }
        for (key, id) in &ids {
            if let Some(before) = self.ids.get(key) {
                assert_eq!(before, id, "{when}: {key:?} has another identifier");
            }
        }
        self.ids = ids;
    }

    /// Another engine of the same network goes on.
    fn reload(&mut self) {
        let estate = estate();
        let live = estate.nvas.iter().map(|nva| nva.name.clone()).collect();
        let estate = estate.try_into().expect("it fits");
        let before: BTreeMap<String, PeerId> = self
            .engine
            .peers()
            .map(|(id, link)| (link.remote.clone(), id))
            .collect();
        let taken = before.values().copied().collect();
        let keep = |link: &routehub::LiveLink| before.get(&link.remote).copied();
        let parameters = (&profile()).into();
        let reloaded = ReloadedEngine::new(estate, parameters, &live, 9, &taken, keep);
        let reloaded = reloaded.expect("it settles");
        let now = Instant::from_millis(2);
        reloaded
            .take_over(now, &mut self.engine)
            .expect("it settles");
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

fn any_order(seed: u64) {
    let mut random = Random(seed);
    let mut lab = Lab::new();
    for step in 0..80 {
        let router = 1 + random.below(ROUTERS);
        let when = format!("seed {seed} step {step}");
        let is_up = lab.held.contains_key(&router);
        match random.below(12) {
            _ if !is_up => lab.up(router),
            0 => lab.down(router),
            1 => {
                let peer = lab.peer(router);
                let family = Family::Ipv4;
                lab.handle(Input::RefreshRequested { peer, family });
            }
            2 => lab.reload(),
            3..=5 => lab.tell(router, random.below(6), None),
            _ => {
                let length = Some(1 + random.below(4));
                lab.tell(router, random.below(6), length);
            }
        }
        match random.below(4) {
            0 => lab.check_settled(&when),
            // A part is looked at, and a part of that is pulled.
            1 => {
                lab.engine.poll();
                if lab.held.contains_key(&router) {
                    lab.pull(router);
                }
                lab.check(&when);
            }
            _ => lab.check(&when),
        }
    }
    lab.check_settled("at the end");
}

#[test]
fn what_a_peer_holds_that_takes_several_paths_is_what_adj_rib_out_says() {
    for seed in 0..80 {
        any_order(seed);
    }
}

#[test]
fn a_path_keeps_its_identifier_whatever_becomes_of_others() {
    let mut lab = Lab::new();
    for (router, length) in [(3, 1), (4, 2), (5, 3)] {
        lab.tell(router, 0, Some(length));
    }
    lab.check_settled("three paths");
    let ids: BTreeMap<u8, PathId> = lab.held[&1]
        .iter()
        .map(|(nlri, (_, from))| (*from, nlri.path_id.expect("an identifier")))
        .collect();
    assert_eq!(ids.len(), 3);
    // The best one goes, another becomes best, and the first comes back as the worst.
    lab.tell(3, 0, None);
    lab.check_settled("two paths");
    assert_eq!(lab.held[&1].len(), 2);
    lab.tell(5, 0, Some(1));
    lab.tell(3, 0, Some(4));
    lab.check_settled("three again");
    let nlri = |from: u8| Nlri {
        prefix: prefix(0),
        path_id: Some(ids[&from]),
    };
    assert_eq!(lab.held[&1][&nlri(5)], (1, 5));
    assert_eq!(lab.held[&1][&nlri(4)], (2, 4));
    // Of two, the best ones.
    let lengths: Vec<usize> = lab.held[&2].values().map(|(length, _)| *length).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 3, "{lengths:?}");
}

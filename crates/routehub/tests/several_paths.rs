//! Peers that take several paths of a prefix (RFC 7911): a model of each reads the octets that it is
//! sent. What it holds is what Adj-RIB-Out says, it holds every path that there is, and a path keeps
//! its identifier.

use std::collections::{BTreeMap, BTreeSet};

use routehub::estate::SessionOptions;
use routehub::{Estate, Input, Profile};
use routehub_testkit::random::Dice;
use routehub_testkit::routers::{self, Agreed, Routers};
use routehub_types::{Attrs, Family, FamilySet, Nlri, PathId, PeerId, Prefix};
use routehub_wire::Context;

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

fn agreed(router: u8) -> Agreed {
    let add_path_send = match takes_paths(router) {
        true => FamilySet::ALL,
        false => FamilySet::EMPTY,
    };
    let send = Context {
        add_path_send,
        ..Context::EXTERNAL
    };
    Agreed {
        send,
        ..Agreed::default()
    }
}

fn prefix(n: u8) -> Prefix {
    routers::prefix(&match n % 2 {
        0 => format!("192.168.{n}.0/24"),
        _ => format!("2001:db8:{n}::/48"),
    })
}

fn estate() -> Estate {
    let two = SessionOptions {
        live: true,
        most_paths: 2.try_into().expect("two"),
        ..SessionOptions::default()
    };
    let mut estate = routers::hub(ROUTERS, [true, false]);
    estate.route_servers[0].branch_to_branch = false;
    estate.session_options.insert("nva2".to_owned(), two);
    estate
}

fn profile() -> Profile {
    Profile::named("open").expect("a profile")
}

/// The length of the AS path.
fn length(attrs: &Attrs) -> usize {
    attrs.as_path.to_string().split(' ').count()
}

/// From which router a path is.
fn sender(attrs: &Attrs) -> u8 {
    let path = attrs.as_path.to_string();
    let first = path.split(' ').next().expect("a path");
    let from: u32 = first.parse().expect("an ASN");
    (from - 65000) as u8
}

struct Lab {
    routers: Routers,
    /// What each router announces, and the length of the path.
    announced: BTreeMap<(u8, Prefix), u8>,
    /// The identifiers that paths had when they were last looked at, by holder and sender.
    ids: BTreeMap<(u8, Prefix, u8), PathId>,
}

impl Lab {
    fn new() -> Self {
        let mut lab = Self {
            routers: Routers::new(estate(), &profile()),
            announced: BTreeMap::new(),
            ids: BTreeMap::new(),
        };
        (1..=ROUTERS).for_each(|router| lab.up(router));
        lab
    }

    fn peer(&self, router: u8) -> PeerId {
        self.routers.peer(&format!("nva{router}"), 0)
    }

    fn up(&mut self, router: u8) {
        self.routers.up(self.peer(router), agreed(router));
        self.ids.retain(|(holder, ..), _| *holder != router);
    }

    fn down(&mut self, router: u8) {
        self.routers.down(self.peer(router), FamilySet::EMPTY);
        self.announced.retain(|(from, _), _| *from != router);
    }

    fn is_up(&self, router: u8) -> bool {
        self.routers.is_up(self.peer(router))
    }

    /// What a router holds, if it is there.
    fn held(&self, router: u8) -> &BTreeMap<Nlri, Attrs> {
        self.routers.router(self.peer(router)).held()
    }

    fn tell(&mut self, router: u8, n: u8, length: Option<u8>) {
        let (peer, key) = (self.peer(router), (router, prefix(n)));
        match length {
            Some(length) => {
                let family = prefix(n).family();
                let attrs = self.routers.attrs(peer, family, length.into());
                self.announced.insert(key, length);
                self.routers.announce(peer, &attrs, &[prefix(n)]);
            }
            None => {
                self.announced.remove(&key);
                self.routers.withdraw(peer, &[prefix(n)]);
            }
        }
    }

    /// What a router holds is what Adj-RIB-Out says, as far as that is certain.
    fn check(&self, when: &str) {
        self.routers.check_adj_rib_out(when);
        for router in (1..=ROUTERS).filter(|router| self.is_up(*router)) {
            let link = self.routers.link(self.peer(router)).link;
            let sent = self.routers.engine.exchange().sent_paths(link);
            assert_eq!(sent.is_some(), takes_paths(router), "{when}");
            for nlri in self.held(router).keys() {
                assert_eq!(nlri.path_id.is_some(), takes_paths(router), "{when}");
            }
        }
    }

    /// The same once all is told: every path is there, the best ones where there are too many, and
    /// has the identifier that it had.
    fn check_settled(&mut self, when: &str) {
        self.routers.drain_all();
        self.check(when);
        let mut ids = BTreeMap::new();
        for router in (1..=ROUTERS).filter(|router| self.is_up(*router)) {
            let held = self.held(router);
            let prefixes: BTreeSet<Prefix> =
                self.announced.keys().map(|(_, prefix)| *prefix).collect();
            let mut expected = 0;
            for prefix in prefixes {
                let paths = self.announced.iter();
                let paths = paths.filter(|((from, there), _)| *there == prefix && *from != router);
                let mut lengths: Vec<usize> = paths.map(|(_, n)| usize::from(*n)).collect();
                lengths.sort_unstable();
                lengths.truncate(limit(router));
                let here = self.routers.router(self.peer(router)).paths(prefix);
                let mut here_lengths: Vec<usize> =
                    here.clone().map(|(_, attrs)| length(attrs)).collect();
                here_lengths.sort_unstable();
                // Who takes one path hears nothing where the best one is its own.
                let is_own = !takes_paths(router) && here_lengths.is_empty();
                if !is_own {
                    assert_eq!(here_lengths, lengths, "{when} {router} {prefix}");
                }
                expected += here_lengths.len();
                for (nlri, attrs) in here {
                    let key = (router, prefix, sender(attrs));
                    ids.insert(key, nlri.path_id.unwrap_or_default());
                }
            }
            assert_eq!(held.len(), expected, "{when} {router}");
            let reports = self.routers.engine.exchange().peerings();
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
        self.routers.reload(estate(), &profile(), &BTreeSet::new());
    }
}

fn any_order(seed: u64) {
    let mut dice = Dice::new(seed);
    let mut lab = Lab::new();
    for step in 0..80 {
        let router = 1 + dice.roll(ROUTERS.into()) as u8;
        let when = format!("seed {seed} step {step}");
        let is_up = lab.is_up(router);
        match dice.roll(12) {
            _ if !is_up => lab.up(router),
            0 => lab.down(router),
            1 => {
                let peer = lab.peer(router);
                let family = Family::Ipv4;
                lab.routers.handle(Input::RefreshRequested { peer, family });
            }
            2 => lab.reload(),
            3..=5 => lab.tell(router, dice.roll(6) as u8, None),
            _ => {
                let length = Some(1 + dice.roll(4) as u8);
                lab.tell(router, dice.roll(6) as u8, length);
            }
        }
        match dice.roll(4) {
            0 => lab.check_settled(&when),
            // A part is looked at, and a part of that is pulled.
            1 => {
                lab.routers.engine.poll();
                if lab.is_up(router) {
                    lab.routers.pull(lab.peer(router));
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
    for seed in 1..=80 {
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
    let ids: BTreeMap<u8, PathId> = lab
        .held(1)
        .iter()
        .map(|(nlri, attrs)| (sender(attrs), nlri.path_id.expect("an identifier")))
        .collect();
    assert_eq!(ids.len(), 3);
    // The best one goes, another becomes best, and the first comes back as the worst.
    lab.tell(3, 0, None);
    lab.check_settled("two paths");
    assert_eq!(lab.held(1).len(), 2);
    lab.tell(5, 0, Some(1));
    lab.tell(3, 0, Some(4));
    lab.check_settled("three again");
    let held = |from: u8| {
        let nlri = Nlri {
            prefix: prefix(0),
            path_id: Some(ids[&from]),
        };
        let attrs = &lab.held(1)[&nlri];
        (length(attrs), sender(attrs))
    };
    assert_eq!(held(5), (1, 5));
    assert_eq!(held(4), (2, 4));
    // Of two, the best ones.
    let lengths: Vec<usize> = lab.held(2).values().map(length).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 3, "{lengths:?}");
}

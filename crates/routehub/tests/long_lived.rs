//! Routes of a router that is gone for long (RFC 9494): they are marked, come after all others, and
//! only who takes such is told of them. A model of each router reads the octets that it is sent.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use routehub::estate::{SessionOption, SessionOptions, SoftClear};
use routehub::{ClearDirection, Estate, Event, Input, PathStanding, Profile, Staleness, rules};
use routehub_rib::{Age, Step};
use routehub_testkit::routers::{self, Agreed, Routers, prefix};
use routehub_types::{Community, Family, FamilySet, PeerId, Prefix, RuleId};

/// How many routers there are. With the first three long-lived graceful restart is configured; the
/// third and the last take no such routes, and the fourth does without being asked.
const ROUTERS: u8 = 5;

const STALE: Community = Community::LLGR_STALE;

fn is_configured(router: u8) -> bool {
    router <= 3
}

fn takes_stale(router: u8) -> bool {
    matches!(router, 1 | 2 | 4)
}

fn estate() -> Estate {
    let options = SessionOptions {
        live: true,
        asked: vec![
            SessionOption::GracefulRestart,
            SessionOption::LongLivedGracefulRestart,
        ],
        ..SessionOptions::default()
    };
    let configured = (1..=ROUTERS).filter(|router| is_configured(*router));
    Estate {
        session_options: configured
            .map(|router| (format!("nva{router}"), options.clone()))
            .collect(),
        ..routers::hub(ROUTERS, [true, false])
    }
}

/// A route as a router holds it: the AS path and the communities.
type Held = (String, Vec<Community>);

fn path(asns: &str, communities: &[Community]) -> Option<Held> {
    Some((asns.to_owned(), communities.to_vec()))
}

struct Lab {
    routers: Routers,
    profile: Profile,
}

impl Lab {
    fn new(profile: &str) -> Self {
        let profile = Profile::named(profile).expect("a profile");
        let routers = Routers::new(estate(), &profile);
        let mut lab = Self { routers, profile };
        (1..=ROUTERS).for_each(|router| lab.up(router));
        lab
    }

    fn peer(&self, router: u8) -> PeerId {
        self.routers.peer(&format!("nva{router}"), 0)
    }

    fn handle(&mut self, input: Input<'_>) {
        self.routers.handle(input);
        self.routers.drain_all();
    }

    fn up(&mut self, router: u8) {
        let agreed = Agreed {
            long_lived: takes_stale(router),
            ..Agreed::default()
        };
        self.routers.up(self.peer(router), agreed);
        self.routers.drain_all();
    }

    /// A router is gone, and may come back.
    fn lose(&mut self, router: u8) {
        self.routers.down(self.peer(router), FamilySet::ALL);
        self.routers.drain_all();
    }

    /// It has not come back within its restart time.
    fn wait(&mut self, router: u8, family: Family) {
        let peer = self.peer(router);
        self.handle(Input::LongLivedStale { peer, family });
    }

    /// The time of what is long-lived stale is over, while it may yet come back in time.
    fn expire(&mut self, router: u8, family: Family) {
        let peer = self.peer(router);
        self.handle(Input::SweepLongLivedStale { peer, family });
    }

    /// Import is asked again of what a router announced.
    fn clear(&mut self, router: u8) {
        let event = Event::SoftClear(SoftClear {
            peer: format!("nva{router}"),
            to: None,
            instance: None,
            link: None,
            direction: ClearDirection::In,
        });
        self.handle(Input::Event(&event));
    }

    fn sweep(&mut self, router: u8, family: Family) {
        let peer = self.peer(router);
        self.handle(Input::SweepStale { peer, family });
    }

    /// Announces a prefix with a path of so many ASNs.
    fn announce(&mut self, router: u8, route: &str, length: usize, communities: &[Community]) {
        let (peer, route) = (self.peer(router), prefix(route));
        let mut attrs = self.routers.attrs(peer, route.family(), length);
        communities
            .iter()
            .for_each(|community| attrs.add_community(*community));
        self.routers.announce(peer, &attrs, &[route]);
        self.routers.drain_all();
    }

    fn withdraw(&mut self, router: u8, route: &str) {
        self.routers.withdraw(self.peer(router), &[prefix(route)]);
        self.routers.drain_all();
    }

    /// What a router holds of a prefix.
    fn held(&self, router: u8, route: &str) -> Option<Held> {
        let router = self.routers.router(self.peer(router));
        let attrs = router.route(prefix(route))?;
        Some((attrs.as_path.to_string(), attrs.communities.clone()))
    }

    /// Why a router is not sent a prefix.
    fn kept_back(&self, router: u8, route: &str) -> Option<RuleId> {
        self.routers.kept_back(self.peer(router), prefix(route))
    }

    /// How what a router announced is stale.
    fn stale(&self, router: u8) -> Vec<Option<Staleness>> {
        let name = format!("nva{router}");
        let rows = self.routers.engine.exchange().rs_learned("rs", &name);
        let rows = rows.expect("a name").into_iter();
        rows.map(|row| row.stale).collect()
    }

    fn refused(&self, router: u8) -> Vec<(Prefix, RuleId)> {
        let name = format!("nva{router}");
        let refused = self.routers.engine.exchange().rs_refused("rs", &name);
        let refused = refused.expect("a name").into_iter();
        refused.map(|route| (route.prefix, route.rule)).collect()
    }

    /// Where the paths of a prefix stand, by whose they are.
    fn standings(&self, route: &str) -> Vec<(String, PathStanding)> {
        let exchange = self.routers.engine.exchange();
        let paths = exchange.rs_paths("rs", 0, prefix(route));
        let paths = paths.expect("a name").into_iter();
        paths
            .filter_map(|path| Some((path.from?, path.standing)))
            .collect()
    }

    /// Another engine of the same network goes on, and nobody is told anything.
    fn reload(&mut self) {
        self.routers.forget_news();
        self.routers
            .reload(estate(), &self.profile, &BTreeSet::new());
        self.routers.drain_all();
        for (peer, router) in self.routers.established() {
            assert_eq!(router.news(), [], "{peer}");
        }
    }
}

const ROUTE: &str = "192.168.1.0/24";

#[test]
fn they_are_marked_and_told_to_those_only_that_take_them() {
    let mut lab = Lab::new("open");
    lab.announce(1, ROUTE, 1, &[]);
    lab.announce(1, "192.168.2.0/24", 1, &[Community::NO_LLGR]);
    lab.announce(1, "2001:db8:1::/48", 1, &[]);
    let plain = path("65001", &[]);
    assert_eq!(lab.stale(1), [None; 3]);
    lab.lose(1);
    assert_eq!(lab.stale(1), [Some(Staleness::Stale); 3]);
    (2..=ROUTERS).for_each(|router| assert_eq!(lab.held(router, ROUTE), plain, "{router}"));
    lab.wait(1, Family::Ipv4);
    for router in 2..=ROUTERS {
        let marked = path("65001", &[STALE]).filter(|_| takes_stale(router));
        assert_eq!(lab.held(router, ROUTE), marked, "{router}");
        let why = (!takes_stale(router)).then_some(rules::LONG_LIVED_STALE);
        assert_eq!(lab.kept_back(router, ROUTE), why, "{router}");
        assert_eq!(lab.held(router, "192.168.2.0/24"), None, "NO_LLGR");
        assert_eq!(lab.held(router, "2001:db8:1::/48"), plain, "another family");
    }
    let (stale, long_lived) = (Staleness::Stale, Staleness::LongLivedStale);
    assert_eq!(lab.stale(1), [Some(long_lived), Some(stale)]);
    let refused = [(prefix("192.168.2.0/24"), rules::NO_LLGR)];
    assert_eq!(lab.refused(1), refused);
    // Their time is over.
    lab.sweep(1, Family::Ipv4);
    (2..=ROUTERS).for_each(|router| assert_eq!(lab.held(router, ROUTE), None, "{router}"));
    assert_eq!(lab.refused(1), []);
}

#[test]
fn any_other_route_comes_first() {
    let mut lab = Lab::new("open");
    lab.announce(1, ROUTE, 1, &[]);
    lab.announce(5, ROUTE, 7, &[]);
    assert_eq!(lab.held(2, ROUTE), path("65001", &[]));
    lab.lose(1);
    lab.wait(1, Family::Ipv4);
    let longer = "65005 65005 65005 65005 65005 65005 65005";
    assert_eq!(lab.held(2, ROUTE), path(longer, &[]));
    assert_eq!(lab.held(3, ROUTE), path(longer, &[]));
    let lost = PathStanding::Lost {
        step: Step::LongLivedStale,
        to: Some("nva5".to_owned()),
    };
    let expected = [
        ("nva5".to_owned(), PathStanding::Best),
        ("nva1".to_owned(), lost),
    ];
    assert_eq!(lab.standings(ROUTE), expected);
    // Who is back is preferred as before.
    lab.up(1);
    lab.announce(1, ROUTE, 1, &[]);
    assert_eq!(lab.held(2, ROUTE), path("65001", &[]));
    assert_eq!(lab.held(3, ROUTE), path("65001", &[]));
}

/// A lab whose first router was gone for long with two routes, and announced one of them again.
fn back_with_one_of_two() -> Lab {
    let mut lab = Lab::new("open");
    for route in [ROUTE, "192.168.2.0/24"] {
        lab.announce(1, route, 1, &[]);
    }
    lab.lose(1);
    lab.wait(1, Family::Ipv4);
    lab.up(1);
    lab.announce(1, ROUTE, 1, &[]);
    lab
}

#[test]
fn what_is_announced_again_is_marked_no_more_and_the_rest_goes() {
    let mut lab = back_with_one_of_two();
    // Import is asked again: what is stale stays marked.
    lab.clear(1);
    assert_eq!(lab.held(2, ROUTE), path("65001", &[]));
    assert_eq!(lab.held(3, ROUTE), path("65001", &[]));
    let marked = path("65001", &[STALE]);
    assert_eq!(lab.held(2, "192.168.2.0/24"), marked);
    assert_eq!(lab.held(3, "192.168.2.0/24"), None);
    lab.sweep(1, Family::Ipv4);
    assert_eq!(lab.held(2, ROUTE), path("65001", &[]));
    assert_eq!(lab.held(2, "192.168.2.0/24"), None);
    // A refresh later on marks nothing.
    let (peer, family) = (lab.peer(1), Family::Ipv4);
    lab.handle(Input::MarkStale { peer, family });
    lab.clear(1);
    assert_eq!(lab.held(2, ROUTE), path("65001", &[]));
}

#[test]
fn the_mark_of_a_neighbour_counts_where_it_was_agreed_on() {
    let mut lab = Lab::new("open");
    lab.announce(2, ROUTE, 1, &[STALE]);
    for router in [1, 3, 4, 5] {
        let told = path("65002", &[STALE]).filter(|_| takes_stale(router));
        assert_eq!(lab.held(router, ROUTE), told, "{router}");
    }
    lab.announce(5, ROUTE, 2, &[]);
    assert_eq!(lab.held(1, ROUTE), path("65005 65005", &[]));
    // Of a neighbour with whom it was not, it is a community like any other.
    let other = "192.168.9.0/24";
    lab.announce(5, other, 1, &[STALE]);
    for router in 1..=4 {
        let told = path("65005", &[STALE]);
        assert_eq!(lab.held(router, other), told, "{router}");
    }
    lab.announce(1, other, 2, &[]);
    assert_eq!(lab.held(2, other), path("65005", &[STALE]));
    let azure = Lab::new("azure-2026");
    let mut azure = azure;
    azure.announce(2, ROUTE, 1, &[STALE]);
    let held = azure.held(5, ROUTE).expect("Azure knows no such mark");
    assert!(held.1.contains(&STALE));
}

#[test]
fn a_second_loss_marks_what_is_new_when_its_time_comes() {
    let mut lab = back_with_one_of_two();
    lab.lose(1);
    assert_eq!(lab.held(5, ROUTE), path("65001", &[]));
    lab.reload();
    let (stale, long_lived) = (Staleness::Stale, Staleness::LongLivedStale);
    assert_eq!(lab.stale(1), [Some(stale), Some(long_lived)]);
    // Neither another family's time nor import asked again is a reason to mark it.
    lab.wait(1, Family::Ipv6);
    lab.clear(1);
    assert_eq!(lab.held(5, ROUTE), path("65001", &[]));
    lab.wait(1, Family::Ipv4);
    assert_eq!(lab.held(2, ROUTE), path("65001", &[STALE]));
    assert_eq!(lab.held(5, ROUTE), None);
}

#[test]
fn after_a_second_loss_the_time_of_what_was_left_of_the_first_goes_on() {
    let mut lab = back_with_one_of_two();
    lab.lose(1);
    lab.expire(1, Family::Ipv4);
    assert_eq!(lab.held(2, "192.168.2.0/24"), None);
    assert_eq!(lab.held(5, ROUTE), path("65001", &[]));
    lab.reload();
    assert_eq!(lab.stale(1), [Some(Staleness::Stale)]);
    lab.wait(1, Family::Ipv4);
    assert_eq!(lab.held(2, ROUTE), path("65001", &[STALE]));
}

#[test]
fn a_refresh_of_a_router_that_is_back_marks_nothing() {
    let mut lab = back_with_one_of_two();
    let (peer, family) = (lab.peer(1), Family::Ipv4);
    lab.handle(Input::MarkStale { peer, family });
    lab.clear(1);
    assert_eq!(lab.held(5, ROUTE), path("65001", &[]));
    assert_eq!(lab.held(2, "192.168.2.0/24"), path("65001", &[STALE]));
}

#[test]
fn a_reload_changes_nothing_of_it() {
    let mut lab = Lab::new("open");
    lab.announce(1, ROUTE, 1, &[]);
    lab.announce(1, "192.168.2.0/24", 1, &[Community::NO_LLGR]);
    lab.lose(1);
    lab.wait(1, Family::Ipv4);
    lab.reload();
    assert_eq!(lab.kept_back(5, ROUTE), Some(rules::LONG_LIVED_STALE));
    assert_eq!(lab.refused(1), [(prefix("192.168.2.0/24"), rules::NO_LLGR)]);
    lab.sweep(1, Family::Ipv4);
    assert_eq!(lab.held(2, ROUTE), None);
}

/// Something that happens to a router and the nth of a few routes.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Announce(u8, usize, usize, usize),
    Withdraw(u8, usize),
    Lose(u8),
    Wait(u8),
    Up(u8),
    Expire(u8),
    Sweep(u8),
    Clear(u8),
    Reload,
}

const FEW: [&str; 2] = [ROUTE, "192.168.2.0/24"];

fn communities(kind: usize) -> Vec<Community> {
    match kind {
        0 => vec![STALE],
        1 => vec![Community::NO_LLGR],
        _ => Vec::new(),
    }
}

/// A path as a naive table has it.
#[derive(Clone, Debug)]
struct Path {
    length: usize,
    communities: Vec<Community>,
    age: Age,
    refused: bool,
}

/// What routers announced, and who is there.
#[derive(Default)]
struct Naive {
    paths: BTreeMap<(usize, u8), Path>,
    lost: BTreeSet<u8>,
}

impl Naive {
    fn of(&mut self, router: u8) -> impl Iterator<Item = &mut Path> {
        let paths = self.paths.iter_mut();
        paths
            .filter(move |((_, of), _)| *of == router)
            .map(|(_, path)| path)
    }

    /// What a router holds of a route.
    fn held(&self, router: u8, route: usize) -> Option<Held> {
        let is_last =
            |(of, path): &(u8, &Path)| is_configured(*of) && path.communities.contains(&STALE);
        let paths = self.paths.iter();
        let paths = paths
            .filter(|((of, _), path)| *of == route && !path.refused)
            .map(|((_, of), path)| (*of, path));
        let best = paths.min_by_key(|path| (is_last(path), path.1.length, path.0))?;
        let (of, path) = best;
        let goes = of != router && (takes_stale(router) || !is_last(&best));
        let asn = (65000 + u32::from(of)).to_string();
        goes.then(|| (vec![asn; path.length].join(" "), path.communities.clone()))
    }

    fn keep_younger(&mut self, router: u8, age: Age) {
        self.paths
            .retain(|(_, of), path| *of != router || path.age < age);
    }

    fn happen(&mut self, lab: &mut Lab, what: Happening) {
        match what {
            Happening::Announce(router, route, length, kind) if !self.lost.contains(&router) => {
                lab.announce(router, FEW[route], length, &communities(kind));
                let path = Path {
                    length,
                    communities: communities(kind),
                    age: Age::Fresh,
                    refused: false,
                };
                self.paths.insert((route, router), path);
            }
            Happening::Withdraw(router, route) if !self.lost.contains(&router) => {
                lab.withdraw(router, FEW[route]);
                self.paths.remove(&(route, router));
            }
            Happening::Lose(router) if self.lost.insert(router) => {
                lab.lose(router);
                let fresh = self.of(router).filter(|path| path.age == Age::Fresh);
                fresh.for_each(|path| path.age = Age::Stale);
            }
            Happening::Wait(router) if self.lost.contains(&router) && is_configured(router) => {
                lab.wait(router, Family::Ipv4);
                for path in self.of(router) {
                    path.age = Age::LongLivedStale;
                    path.refused = path.communities.contains(&Community::NO_LLGR);
                    if !path.refused && !path.communities.contains(&STALE) {
                        path.communities.push(STALE);
                    }
                }
            }
            Happening::Up(router) if self.lost.remove(&router) => lab.up(router),
            Happening::Sweep(router) => {
                lab.sweep(router, Family::Ipv4);
                self.keep_younger(router, Age::Stale);
            }
            Happening::Expire(router) => {
                lab.expire(router, Family::Ipv4);
                self.keep_younger(router, Age::LongLivedStale);
            }
            Happening::Clear(router) => lab.clear(router),
            Happening::Reload => lab.reload(),
            _ => {}
        }
    }
}

fn step() -> impl Strategy<Value = Happening> {
    let router = || 1..=ROUTERS;
    let route = || 0..FEW.len();
    prop_oneof![
        6 => (router(), route(), 1..4_usize, 0..6_usize)
            .prop_map(|(of, route, length, kind)| Happening::Announce(of, route, length, kind)),
        1 => (router(), route()).prop_map(|(of, route)| Happening::Withdraw(of, route)),
        3 => router().prop_map(Happening::Lose),
        3 => router().prop_map(Happening::Wait),
        3 => router().prop_map(Happening::Up),
        1 => router().prop_map(Happening::Expire),
        1 => router().prop_map(Happening::Sweep),
        1 => router().prop_map(Happening::Clear),
        1 => Just(Happening::Reload),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_each_holds_what_a_naive_table_says(
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut lab = Lab::new("open");
        let mut naive = Naive::default();
        for (at, step) in steps.into_iter().enumerate() {
            naive.happen(&mut lab, step);
            for router in (1..=ROUTERS).filter(|router| !naive.lost.contains(router)) {
                for (route, name) in FEW.into_iter().enumerate() {
                    let expected = naive.held(router, route);
                    prop_assert_eq!(lab.held(router, name), expected, "{} after {}, {:?}", router, at, step);
                }
            }
        }
    }
}

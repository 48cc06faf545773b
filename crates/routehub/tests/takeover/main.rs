//! An engine in place of another: peers that stay notice nothing but what differs.

mod malformed;
mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub::estate::{Peering, RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};
use routehub::{Effect, Estate, Event, Input, Profile, Refused, RouteRow};
use routehub_testkit::routers::{self, Agreed, Place, Router, Routers, place, prefix, vnet};
use routehub_types::{
    AsPath, Asn, Attrs, Community, Family, FamilySet, Instant, PeerId, Prefix, RuleId,
};
use routehub_wire::{Context, Packer};

/// The nth prefix that NVAs announce.
fn route(n: u8) -> Prefix {
    prefix(&format!("192.168.{n}.0/24"))
}

/// What a network may differ in from one time to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    nvas: u8,
    branch_to_branch: bool,
    spoke: bool,
    /// Which NVA has an outbound map that drops the lower half of all routes.
    mapped: Option<u8>,
}

const PLAIN: Shape = Shape {
    nvas: 3,
    branch_to_branch: true,
    spoke: true,
    mapped: None,
};

fn estate(shape: Shape) -> Estate {
    let half = RouteMapRule {
        matches: vec![RouteMapMatch::PrefixContains(vec![prefix(
            "192.168.0.0/21",
        )])],
        actions: vec![RouteMapAction::Drop],
        ..RouteMapRule::default()
    };
    let mut estate = routers::hub(shape.nvas, [true; 2]);
    estate.vnets.push(vnet("spoke", "10.2.0.0/16"));
    if shape.spoke {
        estate.peerings.push(Peering::hub_and_spoke("hub", "spoke"));
    }
    estate.route_servers[0].branch_to_branch = shape.branch_to_branch;
    let mapped = shape.mapped.map(|n| format!("nva{n}"));
    for nva in &mut estate.nvas {
        let is_mapped = mapped.as_ref() == Some(&nva.name);
        nva.sessions[0].outbound_route_map = is_mapped.then(|| "half".into());
    }
    estate.route_maps.push(RouteMap {
        name: "half".into(),
        rules: vec![half],
    });
    estate
}

/// What a router knows of a prefix.
type Heard = (String, String, Vec<Community>);

/// What a router knows.
fn heard(router: &Router) -> BTreeMap<Prefix, Heard> {
    let heard = |attrs: &Attrs| {
        let next_hop = attrs.next_hop.address.to_string();
        let communities = attrs.communities.clone();
        (attrs.as_path.to_string(), next_hop, communities)
    };
    let held = router.held().iter();
    held.map(|(nlri, attrs)| (nlri.prefix, heard(attrs)))
        .collect()
}

struct Lab {
    routers: Routers,
    profile: Profile,
    /// What those that are established announced: the AS path.
    announced: BTreeMap<PeerId, BTreeMap<Prefix, String>>,
}

impl Lab {
    fn new(shape: Shape) -> Self {
        let profile = Profile::named("azure-2026").expect("a profile");
        Self::of(estate(shape), profile)
    }

    fn of(estate: Estate, profile: Profile) -> Self {
        Self {
            routers: Routers::new(estate, &profile),
            profile,
            announced: BTreeMap::new(),
        }
    }

    fn peers(&self) -> Vec<PeerId> {
        self.routers.peers()
    }

    fn peer(&self, name: &str, instance: u8) -> PeerId {
        self.routers.peer(name, instance)
    }

    fn handle(&mut self, input: Input<'_>) {
        self.routers.handle(input);
    }

    fn up(&mut self, peer: PeerId) {
        self.routers.up(peer, Agreed::default());
        self.announced.insert(peer, BTreeMap::new());
    }

    fn down(&mut self, peer: PeerId) {
        self.routers.down(peer, FamilySet::EMPTY);
        self.announced.remove(&peer);
    }

    fn all_up(&mut self) {
        for peer in self.peers() {
            self.up(peer);
        }
        self.drain();
    }

    fn router(&self, peer: PeerId) -> &Router {
        self.routers.router(peer)
    }

    /// What the router of an established session announced.
    fn announced(&mut self, peer: PeerId) -> &mut BTreeMap<Prefix, String> {
        self.announced.get_mut(&peer).expect("it is established")
    }

    /// Announces with a path of so many ASNs more.
    fn announce(&mut self, peer: PeerId, routes: &[Prefix], longer: usize) {
        let attrs = self.routers.attrs(peer, Family::Ipv4, 1 + longer);
        self.routers.announce(peer, &attrs, routes);
        let path = attrs.as_path.to_string();
        let new = routes.iter().map(|route| (*route, path.clone()));
        self.announced(peer).extend(new);
    }

    fn withdraw(&mut self, peer: PeerId, route: Prefix) {
        self.routers.withdraw(peer, &[route]);
        self.announced(peer).remove(&route);
    }

    /// Everything that is to be said is said; the answers are effects other than readiness.
    fn drain(&mut self) -> Vec<Effect> {
        self.routers.drain()
    }

    /// Goes over to another network. Peers whose place is in `changed` are others from then on.
    fn reload(&mut self, shape: Shape, changed: &BTreeSet<Place>) {
        self.go_over(estate(shape), changed);
    }

    fn go_over(&mut self, estate: Estate, changed: &BTreeSet<Place>) {
        self.routers.reload(estate, &self.profile, changed);
        let routers = &self.routers;
        self.announced.retain(|peer, _| routers.is_up(*peer));
    }

    /// What the tables say that was learned of an NVA.
    fn learned(&self, name: &str) -> Vec<RouteRow> {
        let learned = self.routers.engine.exchange().rs_learned("rs", name);
        learned.expect("a name")
    }

    /// What of an NVA's is refused.
    fn refused(&self, name: &str) -> Vec<Refused> {
        let refused = self.routers.engine.exchange().rs_refused("rs", name);
        refused.expect("a name")
    }

    /// What the tables say that a peer is sent.
    fn advertised(&self, peer: PeerId) -> BTreeMap<Prefix, Heard> {
        let link = self.routers.link(peer);
        let exchange = self.routers.engine.exchange();
        let rows = exchange.rs_advertised("rs", &link.remote);
        let rows = rows.expect("a name").into_iter();
        let own = rows.filter(|row| row.instance == link.instance);
        let heard = |row: RouteRow| {
            let next_hop = row.next_hop.as_ref().map(IpAddr::to_string);
            let path = row.as_path.to_string();
            (
                row.prefix,
                (path, next_hop.unwrap_or_default(), row.communities),
            )
        };
        own.map(heard).collect()
    }

    /// Every table is what routers said, and every router knows what the tables say.
    fn check(&self, when: &str) {
        for (peer, router) in self.routers.established() {
            assert_eq!(heard(router), self.advertised(peer), "{when}: {peer} heard");
            let link = self.routers.link(peer);
            let rows = self.learned(&link.remote);
            let own = rows.iter().filter(|row| row.instance == link.instance);
            let learned: BTreeMap<Prefix, String> = own
                .map(|row| (row.prefix, row.as_path.to_string()))
                .collect();
            assert_eq!(learned, self.announced[&peer], "{when}: learned of {peer}");
        }
    }
}

/// What a peer was told since somebody looked.
fn news(lab: &Lab, peer: PeerId) -> BTreeSet<(Prefix, bool)> {
    let news = lab.router(peer).news();
    let each = news.iter().map(|(nlri, told)| (nlri.prefix, *told));
    let each: BTreeSet<_> = each.collect();
    assert_eq!(each.len(), news.len(), "told twice: {news:?}");
    each
}

#[test]
fn the_same_network_again_says_nothing_to_anybody() {
    let mut lab = Lab::new(PLAIN);
    lab.all_up();
    for peer in lab.peers() {
        lab.announce(peer, &[route(peer.0 as u8), route(100)], 0);
    }
    lab.drain();
    lab.check("before");
    lab.routers.forget_news();
    for round in 0..3 {
        lab.reload(PLAIN, &BTreeSet::new());
        assert_eq!(lab.drain(), []);
        lab.check("after");
        for (peer, router) in lab.routers.established() {
            assert_eq!(router.news(), [], "{round}, {peer}");
            assert_eq!(router.ends(), 0, "no new End-of-RIB");
        }
        assert_eq!(lab.routers.established().count(), 6);
    }
    // What comes afterwards is passed on as ever.
    let (from, to) = (lab.peer("nva1", 0), lab.peer("nva2", 0));
    lab.announce(from, &[route(7)], 2);
    lab.drain();
    lab.check("later");
    assert_eq!(news(&lab, to), [(route(7), true)].into());
}

#[test]
fn kept_peers_are_told_what_differs_and_nothing_else() {
    let mut lab = Lab::new(PLAIN);
    lab.all_up();
    let (one, two, three) = (
        lab.peer("nva1", 0),
        lab.peer("nva2", 0),
        lab.peer("nva3", 0),
    );
    lab.announce(one, &[route(1), route(9)], 0);
    lab.announce(three, &[route(1), route(3), route(10)], 1);
    lab.drain();
    lab.routers.forget_news();

    // The third NVA goes, and the spoke; the second one hears less.
    let shape = Shape {
        nvas: 2,
        spoke: false,
        mapped: Some(2),
        ..PLAIN
    };
    lab.reload(shape, &BTreeSet::new());
    lab.drain();
    lab.check("after");
    let spoke = prefix("10.2.0.0/16");
    // Its own route was the best one before as well.
    let gone = [route(3), route(10), spoke];
    assert_eq!(news(&lab, one), gone.map(|gone| (gone, false)).into());
    let gone = [route(1), route(3), route(10), spoke];
    assert_eq!(news(&lab, two), gone.map(|gone| (gone, false)).into());
    let learned = lab.routers.engine.exchange().rs_learned("rs", "nva3");
    assert!(learned.is_err(), "nobody has the name any more");
}

#[test]
fn a_neighbour_that_is_configured_otherwise_begins_anew_under_another_number() {
    let mut lab = Lab::new(PLAIN);
    lab.all_up();
    let (one, two) = (lab.peer("nva1", 0), lab.peer("nva2", 0));
    lab.announce(one, &[route(1)], 0);
    lab.announce(two, &[route(2)], 0);
    lab.drain();
    lab.routers.forget_news();
    lab.reload(PLAIN, &BTreeSet::from([("nva1".to_owned(), Some(0))]));
    lab.drain();
    assert_ne!(lab.peer("nva1", 0), one);
    assert_eq!(news(&lab, two), [(route(1), false)].into());
    // What was still on its way from the old session is of no effect.
    let late = Input::RunEnded { peer: one };
    let now = Instant::from_millis(1);
    assert!(lab.routers.engine.handle(now, late).is_err());
    lab.up(lab.peer("nva1", 0));
    lab.drain();
    lab.check("after");
}

#[test]
fn who_holds_more_than_the_new_profile_allows_is_told_to_end() {
    let mut lab = Lab::new(PLAIN);
    lab.all_up();
    let (one, two) = (lab.peer("nva1", 0), lab.peer("nva2", 0));
    let many: Vec<Prefix> = (0..20).map(route).collect();
    lab.announce(one, &many, 0);
    lab.announce(two, &many[..10], 1);
    assert_eq!(lab.drain(), []);
    lab.profile.set("max_routes_per_peer", "15").unwrap();
    lab.reload(PLAIN, &BTreeSet::new());
    assert_eq!(lab.drain(), [Effect::LimitExceeded(one)]);
    lab.down(one);
    lab.drain();
    lab.check("after");
    assert_eq!(lab.learned("nva2").len(), 10);
}

/// A route map may put prefixes in the place of others: nothing is taken back even then.
#[test]
fn who_is_sent_summaries_keeps_them() {
    let summed = |shape: Shape| {
        let mut estate = estate(shape);
        let half = &mut estate.route_maps[0].rules[0];
        half.actions = vec![RouteMapAction::ReplacePrefix(vec![prefix(
            "192.168.0.0/20",
        )])];
        estate
    };
    let shape = Shape {
        mapped: Some(2),
        ..PLAIN
    };
    let mut lab = Lab::of(summed(shape), Profile::named("azure-2026").unwrap());
    lab.all_up();
    let (one, two) = (lab.peer("nva1", 0), lab.peer("nva2", 0));
    lab.announce(one, &[route(1), route(3), route(20)], 0);
    lab.drain();
    let before = heard(lab.router(two));
    assert!(before.contains_key(&prefix("192.168.0.0/20")), "{before:?}");
    lab.routers.forget_news();
    lab.go_over(summed(shape), &BTreeSet::new());
    lab.drain();
    assert_eq!(heard(lab.router(two)), before);
    let taken_back = news(&lab, two).into_iter().filter(|(_, told)| !told);
    assert_eq!(taken_back.count(), 0);

    // What is summed no longer is taken back.
    lab.withdraw(one, route(1));
    lab.withdraw(one, route(3));
    lab.go_over(summed(shape), &BTreeSet::new());
    lab.drain();
    assert!(lab.router(two).route(prefix("192.168.0.0/20")).is_none());
    assert!(lab.router(two).route(route(20)).is_some());
}

/// Refused routes count against the limit when they come, and not again when they are carried
/// over.
#[test]
fn a_session_near_its_limit_survives() {
    let mut lab = Lab::new(PLAIN);
    lab.all_up();
    let one = lab.peer("nva1", 0);
    lab.profile.set("max_routes_per_peer", "20").unwrap();
    lab.reload(PLAIN, &BTreeSet::new());
    let many: Vec<Prefix> = (0..15).map(route).collect();
    lab.announce(one, &many, 0);
    let overlapping: Vec<Prefix> = (0..5).map(|n| prefix(&format!("10.1.{n}.0/24"))).collect();
    lab.announce(one, &overlapping, 0);
    let input = Input::RunEnded { peer: one };
    lab.handle(input);
    for _ in 0..2 {
        lab.reload(PLAIN, &BTreeSet::new());
        assert_eq!(lab.drain(), []);
        assert_eq!(lab.learned("nva1").len(), 15);
        assert_eq!(lab.refused("nva1").len(), 5);
    }
}

#[test]
fn stale_routes_stay_stale_and_go_when_they_are_swept() {
    let mut lab = Lab::new(PLAIN);
    lab.all_up();
    let one = lab.peer("nva1", 0);
    let family = Family::Ipv4;
    lab.announce(one, &[route(1), route(2)], 0);
    let input = Input::MarkStale { peer: one, family };
    lab.handle(input);
    lab.announce(one, &[route(2)], 0);
    lab.reload(PLAIN, &BTreeSet::new());
    let input = Input::SweepStale { peer: one, family };
    lab.handle(input);
    let rows = lab.learned("nva1");
    let left: Vec<Prefix> = rows.iter().map(|row| row.prefix).collect();
    assert_eq!(left, [route(2)]);
}

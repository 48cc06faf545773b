//! An engine in place of another: peers that stay notice nothing but what differs.

mod malformed;
mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{
    Nva, NvaSession, Peering, RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule, RouteServer,
    Vnet,
};
use routehub::{Effect, Engine, Estate, Event, Input, LiveLink, Profile, ReloadedEngine, RouteRow};
use routehub_types::{
    AsPath, Asn, Attrs, Community, Family, FamilySet, Instant, Nlri, PeerId, Prefix, RuleId,
};
use routehub_wire::{Context, Message, Packer, decode, frame};

const SEED: u64 = 11;

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

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
    let vnet = |name: &str, space: &str| Vnet {
        name: name.into(),
        address_space: vec![prefix(space)],
        ..Vnet::default()
    };
    let nva = |n: u8| Nva {
        sessions: vec![NvaSession {
            outbound_route_map: (shape.mapped == Some(n)).then(|| "half".into()),
            ..NvaSession::both("rs")
        }],
        ..Nva::new(
            format!("nva{n}"),
            "hub",
            Ipv4Addr::new(10, 1, 2, n),
            Asn(65000 + u32::from(n)),
        )
    };
    let half = RouteMapRule {
        matches: vec![RouteMapMatch::PrefixContains(vec![prefix(
            "192.168.0.0/21",
        )])],
        actions: vec![RouteMapAction::Drop],
        ..RouteMapRule::default()
    };
    Estate {
        vnets: vec![vnet("hub", "10.1.0.0/16"), vnet("spoke", "10.2.0.0/16")],
        peerings: shape
            .spoke
            .then(|| Peering::hub_and_spoke("hub", "spoke"))
            .into_iter()
            .collect(),
        route_servers: vec![RouteServer {
            ips: Some([4, 5].map(|host| Ipv4Addr::new(10, 1, 255, host).into())),
            branch_to_branch: shape.branch_to_branch,
            ..RouteServer::new("rs", "hub")
        }],
        nvas: (1..=shape.nvas).map(nva).collect(),
        route_maps: vec![RouteMap {
            name: "half".into(),
            rules: vec![half],
        }],
        ..Estate::default()
    }
}

fn names(estate: &Estate) -> BTreeSet<String> {
    estate.nvas.iter().map(|nva| nva.name.clone()).collect()
}

/// What a router knows of a prefix.
type Heard = (String, String, Vec<Community>);

/// A router at the far end of a session.
#[derive(Clone, Debug, Default)]
struct Router {
    announced: BTreeMap<Prefix, Attrs>,
    heard: BTreeMap<Prefix, Heard>,
    /// Prefixes announced and withdrawn, and marks of an end, since somebody looked.
    news: Vec<(Prefix, bool)>,
    ends: usize,
}

/// Which place of the estate a peer has.
fn place(link: &LiveLink) -> (String, Option<u8>) {
    (link.remote.clone(), link.instance)
}

struct Lab {
    engine: Engine,
    profile: Profile,
    /// Those that are established.
    routers: BTreeMap<PeerId, Router>,
    now: Instant,
}

impl Lab {
    fn new(shape: Shape) -> Self {
        Self::with(shape, Profile::named("azure-2026").unwrap())
    }

    fn with(shape: Shape, profile: Profile) -> Self {
        Self::of(estate(shape), profile)
    }

    fn of(estate: Estate, profile: Profile) -> Self {
        let live = names(&estate);
        let estate = estate.try_into().expect("everything fits");
        let engine = Engine::new(estate, (&profile).into(), &live, SEED).unwrap();
        Self {
            engine,
            profile,
            routers: BTreeMap::new(),
            now: Instant::from_millis(1),
        }
    }

    fn peers(&self) -> Vec<PeerId> {
        self.engine.peers().map(|(id, _)| id).collect()
    }

    fn peer(&self, name: &str, instance: u8) -> PeerId {
        let mut peers = self.engine.peers();
        let wanted = (name.to_owned(), Some(instance));
        peers.find(|(_, link)| place(link) == wanted).unwrap().0
    }

    fn up(&mut self, peer: PeerId) {
        let input = Input::Established {
            peer,
            send: Context::default(),
            families: FamilySet::ALL,
            long_lived: false,
        };
        self.engine.handle(self.now, input).unwrap();
        self.routers.insert(peer, Router::default());
    }

    fn down(&mut self, peer: PeerId) {
        let notification = None;
        let input = Input::Down {
            peer,
            notification,
            retained: FamilySet::EMPTY,
        };
        self.engine.handle(self.now, input).unwrap();
        self.routers.remove(&peer);
    }

    fn all_up(&mut self) {
        for peer in self.peers() {
            self.up(peer);
        }
        self.drain();
    }

    /// Announces with a path of so many ASNs.
    fn announce(&mut self, peer: PeerId, routes: &[Prefix], longer: usize) {
        let link = self.engine.peer(peer).unwrap().clone();
        let path = vec![link.remote_asn; 1 + longer];
        let attrs = Attrs::new(AsPath::sequence(path), link.remote_addresses[0]);
        let nlri: Vec<Nlri> = routes.iter().copied().map(Nlri::from).collect();
        let mut bytes = Vec::new();
        let mut packer = Packer::new(&Context::default());
        packer.announce(&attrs, &nlri, &mut bytes).unwrap();
        self.receive(peer, &bytes);
        let input = Input::RunEnded { peer };
        self.engine.handle(self.now, input).unwrap();
        let router = self.routers.get_mut(&peer).unwrap();
        let new = routes.iter().map(|route| (*route, attrs.clone()));
        router.announced.extend(new);
    }

    /// An UPDATE of a peer.
    fn receive(&mut self, peer: PeerId, bytes: &[u8]) {
        let Ok(Message::Update(view)) = decode(bytes, &Context::default()) else {
            panic!("no UPDATE");
        };
        let input = Input::Update { peer, view };
        self.engine.handle(self.now, input).unwrap();
    }

    fn withdraw(&mut self, peer: PeerId, route: Prefix) {
        let mut bytes = Vec::new();
        let mut packer = Packer::new(&Context::default());
        packer.withdraw(&[route.into()], &mut bytes).unwrap();
        self.receive(peer, &bytes);
        let router = self.routers.get_mut(&peer).unwrap();
        router.announced.remove(&route);
    }

    /// Takes what one peer is sent next; says no if there is nothing.
    fn pull(&mut self, peer: PeerId) -> bool {
        let Some(bytes) = self.engine.pull(peer) else {
            return false;
        };
        let Some(router) = self.routers.get_mut(&peer) else {
            panic!("{peer} is sent something and is not there");
        };
        let context = Context::default();
        let mut rest: &[u8] = &bytes;
        while let Some(length) = frame(rest, context.max_len()).unwrap() {
            let (message, behind) = rest.split_at(length);
            rest = behind;
            let Message::Update(view) = decode(message, &context).unwrap() else {
                panic!("no UPDATE")
            };
            let updates = view.to_updates().expect("no reset");
            let silent = |one: &routehub_types::RouteUpdate| {
                one.withdrawn.is_empty() && one.announced.is_empty()
            };
            router.ends += usize::from(updates.iter().all(silent));
            for update in updates {
                for nlri in update.withdrawn {
                    router.heard.remove(&nlri.prefix);
                    router.news.push((nlri.prefix, false));
                }
                for nlri in update.announced {
                    let attrs = &update.attrs;
                    let heard = (
                        attrs.as_path.to_string(),
                        attrs.next_hop.address.to_string(),
                        attrs.communities.clone(),
                    );
                    router.heard.insert(nlri.prefix, heard);
                    router.news.push((nlri.prefix, true));
                }
            }
        }
        true
    }

    /// Everything that is to be said is said; the answers are effects other than readiness.
    fn drain(&mut self) -> Vec<Effect> {
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

    fn forget_news(&mut self) {
        for router in self.routers.values_mut() {
            router.news.clear();
            router.ends = 0;
        }
    }

    /// Goes over to another network. Peers whose place is in `changed` are others from then on.
    fn reload(&mut self, shape: Shape, changed: &BTreeSet<(String, Option<u8>)>) {
        self.go_over(estate(shape), changed);
    }

    fn go_over(&mut self, estate: Estate, changed: &BTreeSet<(String, Option<u8>)>) {
        let live = names(&estate);
        let taken: BTreeSet<PeerId> = self.peers().into_iter().collect();
        let before: BTreeMap<_, PeerId> = self
            .engine
            .peers()
            .map(|(id, link)| (place(link), id))
            .collect();
        let keep = |link: &LiveLink| {
            let place = place(link);
            let id = before.get(&place).copied();
            id.filter(|_| !changed.contains(&place))
        };
        let estate = estate.try_into().expect("everything fits");
        let parameters = (&self.profile).into();
        let reloaded = ReloadedEngine::new(estate, parameters, &live, SEED, &taken, keep).unwrap();
        let kept: BTreeSet<PeerId> = reloaded.kept().iter().copied().collect();
        for (id, _) in reloaded.engine().peers() {
            assert!(
                kept.contains(&id) || !taken.contains(&id),
                "{id} is used twice"
            );
        }
        reloaded.take_over(self.now, &mut self.engine).unwrap();
        self.routers.retain(|id, _| kept.contains(id));
    }

    /// What the tables say that a peer is sent.
    fn advertised(&self, peer: PeerId) -> BTreeMap<Prefix, Heard> {
        let link = self.engine.peer(peer).unwrap();
        let rows = self
            .engine
            .exchange()
            .rs_advertised("rs", &link.remote)
            .expect("a name");
        let own = rows.into_iter().filter(|row| row.instance == link.instance);
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
        for (peer, router) in &self.routers {
            assert_eq!(router.heard, self.advertised(*peer), "{when}: {peer} heard");
            let link = self.engine.peer(*peer).unwrap();
            let rows = self
                .engine
                .exchange()
                .rs_learned("rs", &link.remote)
                .expect("a name");
            let own = rows.iter().filter(|row| row.instance == link.instance);
            let learned: BTreeMap<Prefix, String> = own
                .map(|row| (row.prefix, row.as_path.to_string()))
                .collect();
            let said = router.announced.iter();
            let said: BTreeMap<Prefix, String> = said
                .map(|(prefix, attrs)| (*prefix, attrs.as_path.to_string()))
                .collect();
            assert_eq!(learned, said, "{when}: learned of {peer}");
        }
    }
}

/// What a peer was told since somebody looked.
fn news(lab: &Lab, peer: PeerId) -> BTreeSet<(Prefix, bool)> {
    let news = &lab.routers[&peer].news;
    let each: BTreeSet<_> = news.iter().copied().collect();
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
    lab.forget_news();
    for round in 0..3 {
        lab.reload(PLAIN, &BTreeSet::new());
        assert_eq!(lab.drain(), []);
        lab.check("after");
        for (peer, router) in &lab.routers {
            assert!(router.news.is_empty(), "{round}, {peer}: {:?}", router.news);
            assert_eq!(router.ends, 0, "no new End-of-RIB");
        }
        assert_eq!(lab.routers.len(), 6);
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
    lab.forget_news();

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
    let learned = lab.engine.exchange().rs_learned("rs", "nva3");
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
    lab.forget_news();
    lab.reload(PLAIN, &BTreeSet::from([("nva1".to_owned(), Some(0))]));
    lab.drain();
    assert_ne!(lab.peer("nva1", 0), one);
    assert_eq!(news(&lab, two), [(route(1), false)].into());
    // What was still on its way from the old session is of no effect.
    let late = Input::RunEnded { peer: one };
    assert!(lab.engine.handle(lab.now, late).is_err());
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
    assert_eq!(
        lab.engine
            .exchange()
            .rs_learned("rs", "nva2")
            .expect("a name")
            .len(),
        10
    );
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
    let before = lab.routers[&two].heard.clone();
    assert!(before.contains_key(&prefix("192.168.0.0/20")), "{before:?}");
    lab.forget_news();
    lab.go_over(summed(shape), &BTreeSet::new());
    lab.drain();
    assert_eq!(lab.routers[&two].heard, before);
    let taken_back = news(&lab, two).into_iter().filter(|(_, told)| !told);
    assert_eq!(taken_back.count(), 0);

    // What is summed no longer is taken back.
    lab.withdraw(one, route(1));
    lab.withdraw(one, route(3));
    lab.go_over(summed(shape), &BTreeSet::new());
    lab.drain();
    assert!(
        !lab.routers[&two]
            .heard
            .contains_key(&prefix("192.168.0.0/20"))
    );
    assert!(lab.routers[&two].heard.contains_key(&route(20)));
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
    lab.engine.handle(lab.now, input).unwrap();
    for _ in 0..2 {
        lab.reload(PLAIN, &BTreeSet::new());
        assert_eq!(lab.drain(), []);
        assert_eq!(
            lab.engine
                .exchange()
                .rs_learned("rs", "nva1")
                .expect("a name")
                .len(),
            15
        );
        assert_eq!(
            lab.engine
                .exchange()
                .rs_refused("rs", "nva1")
                .expect("a name")
                .len(),
            5
        );
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
    lab.engine.handle(lab.now, input).unwrap();
    lab.announce(one, &[route(2)], 0);
    lab.reload(PLAIN, &BTreeSet::new());
    let input = Input::SweepStale { peer: one, family };
    lab.engine.handle(lab.now, input).unwrap();
    let rows = lab
        .engine
        .exchange()
        .rs_learned("rs", "nva1")
        .expect("a name");
    let left: Vec<Prefix> = rows.iter().map(|row| row.prefix).collect();
    assert_eq!(left, [route(2)]);
}

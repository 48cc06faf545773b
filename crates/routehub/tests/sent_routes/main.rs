//! What each peer holds is what Adj-RIB-Out says, whatever fits a message: a model of each peer
//! reads the octets that it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{
    Nva, NvaSession, RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule, RouteServer, Vnet,
};
use routehub::{Effect, Engine, Estate, Event, Input, Profile, rules};
use routehub_types::{
    AsPath, Asn, Attrs, Community, FamilySet, Instant, Nlri, PeerId, Prefix, RuleId,
};
use routehub_wire::{Context, Message, Packer, decode, frame};

/// What routers of this place are told: path, next hop, communities.
type Heard = (AsPath, String, Vec<Community>);

/// How each NVA is written to: usual, extended messages, two-octet ASNs, both.
fn context(nva: u8) -> Context {
    Context {
        extended_message: matches!(nva, 2 | 4),
        four_octet_as: !matches!(nva, 3 | 4),
        ..Context::EXTERNAL
    }
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

fn estate() -> Estate {
    let nva = |n: u8| Nva {
        sessions: vec![NvaSession::both("rs")],
        ..Nva::new(
            format!("nva{n}"),
            "hub",
            Ipv4Addr::new(10, 1, 2, n),
            Asn(65000 + u32::from(n)),
        )
    };
    let replace = RouteMapRule {
        matches: vec![RouteMapMatch::PrefixContains(vec![prefix(
            "192.168.0.0/17",
        )])],
        actions: vec![RouteMapAction::ReplacePrefix(vec![prefix("172.20.0.0/16")])],
        ..RouteMapRule::default()
    };
    Estate {
        vnets: vec![Vnet {
            name: "hub".into(),
            address_space: vec![prefix("10.1.0.0/16")],
            ..Vnet::default()
        }],
        route_servers: vec![RouteServer {
            ips: Some([4, 5].map(|host| Ipv4Addr::new(10, 1, 255, host).into())),
            branch_to_branch: true,
            ..RouteServer::new("rs", "hub")
        }],
        nvas: (1..=4).map(nva).collect(),
        route_maps: vec![RouteMap {
            name: "summary".into(),
            rules: vec![replace],
        }],
        ..Estate::default()
    }
}

struct Lab {
    engine: Engine,
    /// What each peer that is established holds.
    held: BTreeMap<PeerId, BTreeMap<Prefix, Heard>>,
    unsendable: Vec<(PeerId, Prefix)>,
    now: Instant,
}

impl Lab {
    fn new(profile: &str) -> Self {
        Self::with(&Profile::named(profile).expect("a profile"))
    }

    fn with(profile: &Profile) -> Self {
        let estate = estate();
        let live = estate.nvas.iter().map(|nva| nva.name.clone()).collect();
        let estate = estate.try_into().expect("it fits");
        let engine = Engine::new(estate, profile.into(), &live, 5).expect("it settles");
        let mut lab = Self {
            engine,
            held: BTreeMap::new(),
            unsendable: Vec::new(),
            now: Instant::from_millis(1),
        };
        for nva in 1..=4 {
            lab.up(nva);
        }
        lab.drain();
        lab
    }

    /// The session of an NVA with the first instance.
    fn peer(&self, nva: u8) -> PeerId {
        let mut peers = self.engine.peers();
        let wanted = |remote: &str, instance| *remote == format!("nva{nva}") && instance == Some(0);
        let peer = peers.find(|(_, link)| wanted(&link.remote, link.instance));
        peer.expect("a peer").0
    }

    fn nva(&self, peer: PeerId) -> u8 {
        let link = self.engine.peer(peer).expect("a peer");
        link.remote.as_bytes()[3] - b'0'
    }

    fn handle(&mut self, input: Input<'_>) {
        self.engine.handle(self.now, input).expect("it is handled");
    }

    fn up(&mut self, nva: u8) {
        self.up_for(nva, FamilySet::ALL);
    }

    fn up_for(&mut self, nva: u8, families: FamilySet) {
        let peer = self.peer(nva);
        self.handle(Input::Established {
            peer,
            send: context(nva),
            families,
            long_lived: false,
        });
        self.held.insert(peer, BTreeMap::new());
    }

    fn down(&mut self, nva: u8) {
        let (peer, notification) = (self.peer(nva), None);
        self.handle(Input::Down {
            peer,
            notification,
            retained: FamilySet::EMPTY,
        });
        self.held.remove(&peer);
    }

    fn announce(&mut self, nva: u8, prefixes: &[Prefix], communities: u32, asns: u32) {
        let own = self
            .engine
            .peer(self.peer(nva))
            .expect("a peer")
            .remote_addresses[0];
        self.announce_by(nva, own, prefixes, communities, asns);
    }

    fn announce_by(
        &mut self,
        nva: u8,
        next_hop: IpAddr,
        prefixes: &[Prefix],
        communities: u32,
        asns: u32,
    ) {
        let link = self.engine.peer(self.peer(nva)).expect("a peer").clone();
        let path = (1..asns).map(|n| Asn(4_200_000_000 + n));
        let path = AsPath::sequence(std::iter::once(link.remote_asn).chain(path));
        let mut attrs = Attrs::new(path, next_hop);
        attrs.communities = (0..communities).map(|n| Community(1 << 20 | n)).collect();
        self.announce_with(nva, &attrs, prefixes);
    }

    fn announce_with(&mut self, nva: u8, attrs: &Attrs, prefixes: &[Prefix]) {
        let nlri: Vec<Nlri> = prefixes.iter().copied().map(Nlri::from).collect();
        let receive = Context {
            extended_message: true,
            ..Context::EXTERNAL
        };
        let mut bytes = Vec::new();
        let packed = Packer::new(&receive).announce(attrs, &nlri, &mut bytes);
        packed.expect("it can be sent");
        self.receive(nva, &bytes, &receive);
    }

    fn withdraw(&mut self, nva: u8, prefixes: &[Prefix]) {
        let nlri: Vec<Nlri> = prefixes.iter().copied().map(Nlri::from).collect();
        let mut bytes = Vec::new();
        let packed = Packer::new(&Context::EXTERNAL).withdraw(&nlri, &mut bytes);
        packed.expect("it can be sent");
        self.receive(nva, &bytes, &Context::EXTERNAL);
    }

    fn receive(&mut self, nva: u8, bytes: &[u8], context: &Context) {
        let peer = self.peer(nva);
        let Ok(Message::Update(view)) = decode(bytes, context) else {
            panic!("no UPDATE");
        };
        self.handle(Input::Update { peer, view });
        self.handle(Input::RunEnded { peer });
    }

    /// One effect; says no if there is none.
    fn poll(&mut self) -> bool {
        match self.engine.poll() {
            None => false,
            Some(Effect::Unsendable { peer, prefixes }) => {
                let prefixes = prefixes.into_iter().map(|prefix| (peer, prefix));
                self.unsendable.extend(prefixes);
                true
            }
            Some(_) => true,
        }
    }

    /// Has a peer read what it is sent next.
    fn pull(&mut self, peer: PeerId) -> bool {
        let Some(bytes) = self.engine.pull(peer) else {
            return false;
        };
        let context = context(self.nva(peer));
        let held = self.held.get_mut(&peer).expect("it is there");
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
                    held.remove(&nlri.prefix);
                }
                for nlri in update.announced {
                    held.insert(nlri.prefix, heard(&update.attrs));
                }
            }
        }
        assert!(rest.is_empty());
        true
    }

    fn drain(&mut self) {
        while self.poll() {}
        for peer in self.held.keys().copied().collect::<Vec<_>>() {
            while self.pull(peer) {}
        }
        while self.poll() {}
    }

    /// What a peer holds is what Adj-RIB-Out says, as far as that is certain.
    fn check(&self, when: &str) {
        for (peer, held) in &self.held {
            let link = self.engine.peer(*peer).expect("a peer").link;
            let sent = self.engine.exchange().sent_routes(link);
            for (prefix, attrs) in &sent {
                if let Some(attrs) = attrs {
                    let wanted = Some(heard(attrs));
                    assert_eq!(held.get(prefix), wanted.as_ref(), "{when} {peer} {prefix}");
                }
            }
            for prefix in held.keys() {
                assert!(sent.contains_key(prefix), "{when} {peer} {prefix} is stale");
            }
        }
    }

    /// The same once everything is told, with the tables and the numbers.
    fn check_settled(&mut self, when: &str) {
        self.drain();
        self.check(when);
        for (peer, held) in &self.held {
            let link = self.engine.peer(*peer).expect("a peer");
            let exchange = self.engine.exchange();
            let rows = exchange
                .rs_advertised("rs", &link.remote)
                .expect("a name")
                .into_iter();
            let rows = rows.filter(|row| row.instance == link.instance);
            let shown: BTreeMap<Prefix, AsPath> =
                rows.map(|row| (row.prefix, row.as_path)).collect();
            let told = held
                .iter()
                .map(|(prefix, (path, ..))| (*prefix, path.clone()));
            assert_eq!(shown, told.collect(), "{when} {peer}");
            let reports = exchange.peerings();
            let report = reports.iter().find(|report| report.link == link.link);
            let report = report.expect("a report");
            assert_eq!(report.advertised, Some(held.len()), "{when} {peer}");
        }
    }

    /// Prefixes that are kept back from an NVA, and by which rules.
    fn unsendable(&self, nva: u8) -> usize {
        let link = self.engine.peer(self.peer(nva)).expect("a peer").link;
        let reports = self.engine.exchange().peerings();
        let report = reports.iter().find(|report| report.link == link);
        report.expect("a report").unsendable
    }

    fn holds(&self, nva: u8, prefix: Prefix) -> bool {
        self.held[&self.peer(nva)].contains_key(&prefix)
    }

    /// The rule that keeps a prefix back from an NVA.
    fn kept_back(&self, nva: u8, prefix: Prefix) -> Option<RuleId> {
        let link = self.engine.peer(self.peer(nva)).expect("a peer").link;
        let mut outbound = self.engine.exchange().outbound_from(
            self.engine
                .exchange()
                .graph()
                .instance("rs", 0)
                .expect("an instance"),
        );
        let outbound = outbound.find(|outbound| {
            outbound.receiver() == self.engine.exchange().graph().link(link).a.speaker
        });
        outbound?.route_for(prefix).err()
    }
}

fn heard(attrs: &Attrs) -> Heard {
    let next_hop = attrs.next_hop.address.to_string();
    let mut communities = attrs.communities.clone();
    communities.sort_unstable();
    (attrs.as_path.clone(), next_hop, communities)
}

#[test]
fn a_route_that_no_longer_fits_is_withdrawn_and_told() {
    let mut lab = Lab::new("azure-2026");
    let route = prefix("203.0.113.0/24");
    lab.announce(2, &[route], 0, 1);
    lab.check_settled("plain");
    assert!([1, 3, 4].iter().all(|nva| lab.holds(*nva, route)));
    lab.unsendable.clear();
    lab.announce(2, &[route], 1010, 1);
    lab.check_settled("with 1,010 communities");
    // With two-octet ASNs the path is four octets shorter: it just fits.
    assert_eq!(
        [1, 3, 4].map(|nva| lab.holds(nva, route)),
        [false, true, true]
    );
    assert_eq!(lab.unsendable, [(lab.peer(1), route)]);
    assert_eq!((lab.unsendable(1), lab.unsendable(3)), (1, 0));
    assert_eq!(lab.kept_back(1, route), Some(rules::MESSAGE_TOO_LONG));
    assert_eq!(lab.kept_back(3, route), None);
    lab.announce(2, &[route], 3, 1);
    lab.check_settled("with 3 communities");
    assert!([1, 3, 4].iter().all(|nva| lab.holds(*nva, route)));
    assert_eq!(lab.unsendable(1), 0);
}

#[test]
fn a_path_of_700_four_octet_asns_does_not_fit_a_peer_of_two_octet_ones() {
    let mut lab = Lab::new("open");
    let route = prefix("203.0.113.0/24");
    lab.announce(2, &[route], 0, 1);
    lab.check_settled("plain");
    lab.announce(2, &[route], 0, 700);
    lab.check_settled("700 ASNs");
    assert!(lab.holds(1, route) && lab.holds(4, route));
    assert!(!lab.holds(3, route), "4,096 octets and two-octet ASNs");
    assert_eq!(lab.kept_back(3, route), Some(rules::MESSAGE_TOO_LONG));
}

#[test]
fn only_the_longer_prefixes_of_a_batch_may_not_fit() {
    let mut lab = Lab::new("open");
    let routes = [
        "10.0.0.0/8",
        "10.64.0.0/16",
        "203.0.113.0/24",
        "203.0.113.1/32",
    ]
    .map(prefix);
    for communities in 995..1020 {
        lab.announce(2, &routes, communities, 1);
        lab.check_settled("a batch");
        let fitting = routes.map(|route| lab.holds(1, route));
        let some = fitting.iter().filter(|fits| **fits).count();
        assert!(fitting.is_sorted_by(|a, b| a >= b), "{fitting:?}");
        assert_eq!(lab.unsendable(1), 4 - some);
    }
    assert_eq!(lab.unsendable(1), 4);
}

#[test]
fn what_has_no_next_hop_of_its_family_is_kept_back_and_told() {
    let mut profile = Profile::named("open").expect("a profile");
    profile.set("transparent", "false").expect("a switch");
    let mut lab = Lab::with(&profile);
    let (route, next_hop) = (
        prefix("2001:db8::/32"),
        "2001:db8::4".parse().expect("an address"),
    );
    lab.announce_by(2, next_hop, &[route], 0, 1);
    lab.check_settled("the next hop is the server's, which is IPv4");
    assert_eq!(lab.unsendable, [1, 3, 4].map(|nva| (lab.peer(nva), route)));
    assert_eq!(lab.unsendable(1), 1);
    assert_eq!(lab.kept_back(1, route), Some(rules::NEXT_HOP_OF_FAMILY));
}

#[test]
fn well_known_communities_are_acted_on_but_not_by_a_plain_route_server() {
    let route = prefix("203.0.113.0/24");
    for (profile, switch, acts) in [
        ("azure-2026", None, true),
        ("azure-2026", Some("ignore"), false),
        ("open", None, false),
        ("open", Some("rfc"), true),
    ] {
        let mut profile = Profile::named(profile).expect("a profile");
        if let Some(value) = switch {
            let set = profile.set("well_known_communities", value);
            set.expect("a switch");
        }
        for (community, rule) in [
            (Community::NO_EXPORT, rules::NO_EXPORT),
            (Community::NO_ADVERTISE, rules::NO_ADVERTISE),
            (Community::NO_EXPORT_SUBCONFED, rules::NO_EXPORT_SUBCONFED),
        ] {
            let mut lab = Lab::with(&profile);
            let mut attrs = Attrs::new(AsPath::sequence([Asn(65002)]), Ipv4Addr::new(10, 1, 2, 2));
            attrs.communities = vec![community];
            lab.announce_with(2, &attrs, &[route]);
            lab.check_settled("with a community");
            assert_eq!(lab.holds(1, route), !acts, "{community} {switch:?}");
            assert_eq!(lab.kept_back(1, route), acts.then_some(rule));
            if !acts {
                let (.., told) = &lab.held[&lab.peer(1)][&route];
                assert!(told.contains(&community), "it is for the peer to act on it");
            }
        }
    }
}

/// [`rules::FIRST_AS`] holds for every real router, unless it is switched off.
#[test]
fn the_first_as_of_a_path_is_checked_unless_that_is_switched_off() {
    let lab = Lab::new("open");
    let link = lab.engine.peer(lab.peer(1)).expect("a peer");
    for mut profile in Profile::all() {
        assert!(profile.session_config(link).enforce_first_as);
        let set = profile.set("enforce_first_as", "false");
        set.expect("a switch");
        assert!(!profile.session_config(link).enforce_first_as);
    }
}

#[test]
fn tables_show_what_the_families_of_a_session_carry() {
    let mut lab = Lab::new("open");
    lab.down(1);
    lab.up_for(1, FamilySet::IPV4);
    let (route, next_hop) = (
        prefix("2001:db8::/32"),
        "2001:db8::4".parse().expect("an address"),
    );
    lab.announce_by(2, next_hop, &[route], 0, 1);
    lab.announce(2, &[prefix("203.0.113.0/24")], 0, 1);
    lab.check_settled("IPv4 alone");
    assert!(lab.holds(3, route) && !lab.holds(1, route));
    assert!(lab.holds(1, prefix("203.0.113.0/24")));
    assert_eq!(lab.unsendable, [], "nothing of that family would be sent");
    assert_eq!(lab.kept_back(1, route), Some(rules::FAMILY_NOT_AGREED));
}

/// A generator of numbers that look random (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

fn some_prefix(dice: &mut Dice) -> Prefix {
    let texts = [
        "192.168.0.0/16",
        "192.168.1.0/24",
        "192.168.1.1/32",
        "192.168.200.0/24",
        "128.0.0.0/2",
        "203.0.113.0/24",
        "203.0.113.7/32",
        "198.18.0.0/15",
    ];
    prefix(texts[dice.roll(texts.len())])
}

fn something(lab: &mut Lab, dice: &mut Dice) {
    let nva = 1 + dice.roll(4) as u8;
    let peer = lab.peer(nva);
    let there = lab.held.contains_key(&peer);
    match dice.roll(12) {
        0..=3 if there => {
            let prefixes: BTreeSet<Prefix> = (0..3).map(|_| some_prefix(dice)).collect();
            let prefixes: Vec<Prefix> = prefixes.into_iter().collect();
            let communities = [0, 5, 990 + dice.roll(40), 5000][dice.roll(4)] as u32;
            let asns = [1, 2, 640 + dice.roll(80), 1010 + dice.roll(20)][dice.roll(4)] as u32;
            lab.announce(nva, &prefixes, communities, asns);
        }
        4 if there => lab.withdraw(nva, &[some_prefix(dice)]),
        5 | 6 => drop(lab.poll()),
        7 | 8 if there => drop(lab.pull(peer)),
        9 if there && dice.roll(4) == 0 => lab.down(nva),
        9 if !there => lab.up(nva),
        10 if dice.roll(4) == 0 => {
            let event = Event::SetRouteMap {
                route_server: "rs".into(),
                peer: format!("nva{nva}"),
                inbound: None,
                outbound: Some((dice.roll(2) == 0).then(|| "summary".into())),
            };
            lab.handle(Input::Event(&event));
        }
        11 if there => {
            let family = routehub_types::Family::Ipv4;
            lab.handle(Input::RefreshRequested { peer, family });
        }
        _ => {}
    }
}

#[test]
fn at_every_moment_each_peer_holds_what_adj_rib_out_says() {
    for seed in 1..=40_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut lab = Lab::new(if seed % 2 == 0 { "open" } else { "azure-2026" });
        for _ in 0..5 {
            for step in 0..30 {
                something(&mut lab, &mut dice);
                lab.check(&format!("seed {seed} step {step}"));
            }
            lab.check_settled(&format!("seed {seed}"));
        }
    }
}

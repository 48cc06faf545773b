//! What each peer holds is what Adj-RIB-Out says, whatever fits a message: a model of each peer
//! reads the octets that it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};
use routehub::{Effect, Estate, Event, Input, Profile, rules};
use routehub_testkit::random::Dice;
use routehub_testkit::routers::{self, Agreed, Routers, prefix};
use routehub_types::{AsPath, Asn, Attrs, Community, Family, FamilySet, PeerId, Prefix, RuleId};
use routehub_wire::Context;

/// How each NVA is written to: usual, extended messages, two-octet ASNs, both.
fn agreed(nva: u8) -> Agreed {
    let send = Context {
        extended_message: matches!(nva, 2 | 4),
        four_octet_as: !matches!(nva, 3 | 4),
        ..Context::EXTERNAL
    };
    Agreed {
        send,
        ..Agreed::default()
    }
}

fn estate() -> Estate {
    let replace = RouteMapRule {
        matches: vec![RouteMapMatch::PrefixContains(vec![prefix(
            "192.168.0.0/17",
        )])],
        actions: vec![RouteMapAction::ReplacePrefix(vec![prefix("172.20.0.0/16")])],
        ..RouteMapRule::default()
    };
    Estate {
        route_maps: vec![RouteMap {
            name: "summary".into(),
            rules: vec![replace],
        }],
        ..routers::hub(4, [true; 2])
    }
}

struct Lab {
    routers: Routers,
    unsendable: Vec<(PeerId, Prefix)>,
}

impl Lab {
    fn new(profile: &str) -> Self {
        Self::with(&Profile::named(profile).expect("a profile"))
    }

    fn with(profile: &Profile) -> Self {
        let mut lab = Self {
            routers: Routers::new(estate(), profile),
            unsendable: Vec::new(),
        };
        for nva in 1..=4 {
            lab.up(nva);
        }
        lab.drain();
        lab
    }

    /// The session of an NVA with the first instance.
    fn peer(&self, nva: u8) -> PeerId {
        self.routers.peer(&format!("nva{nva}"), 0)
    }

    fn up(&mut self, nva: u8) {
        self.routers.up(self.peer(nva), agreed(nva));
    }

    fn down(&mut self, nva: u8) {
        self.routers.down(self.peer(nva), FamilySet::EMPTY);
    }

    fn announce(&mut self, nva: u8, prefixes: &[Prefix], communities: u32, asns: u32) {
        let own = self.routers.link(self.peer(nva)).remote_addresses[0];
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
        let own = self.routers.link(self.peer(nva)).remote_asn;
        let path = (1..asns).map(|n| Asn(4_200_000_000 + n));
        let path = AsPath::sequence(std::iter::once(own).chain(path));
        let mut attrs = Attrs::new(path, next_hop);
        attrs.communities = (0..communities).map(|n| Community(1 << 20 | n)).collect();
        self.announce_with(nva, &attrs, prefixes);
    }

    fn announce_with(&mut self, nva: u8, attrs: &Attrs, prefixes: &[Prefix]) {
        self.routers.announce(self.peer(nva), attrs, prefixes);
    }

    fn withdraw(&mut self, nva: u8, prefixes: &[Prefix]) {
        self.routers.withdraw(self.peer(nva), prefixes);
    }

    /// Notes what an effect says that no message can hold.
    fn note(&mut self, effect: Effect) {
        if let Effect::Unsendable { peer, prefixes } = effect {
            let prefixes = prefixes.into_iter().map(|prefix| (peer, prefix));
            self.unsendable.extend(prefixes);
        }
    }

    fn drain(&mut self) {
        let effects = self.routers.drain_all();
        effects.into_iter().for_each(|effect| self.note(effect));
    }

    fn check(&self, when: &str) {
        self.routers.check_adj_rib_out(when);
    }

    /// The same once everything is told, with the tables and the numbers.
    fn check_settled(&mut self, when: &str) {
        self.drain();
        self.check(when);
        for (peer, router) in self.routers.established() {
            let link = self.routers.link(peer);
            let exchange = self.routers.engine.exchange();
            let rows = exchange
                .rs_advertised("rs", &link.remote)
                .expect("a name")
                .into_iter();
            let rows = rows.filter(|row| row.instance == link.instance);
            let shown: BTreeMap<Prefix, AsPath> =
                rows.map(|row| (row.prefix, row.as_path)).collect();
            let told = router.held().iter();
            let told = told.map(|(nlri, attrs)| (nlri.prefix, attrs.as_path.clone()));
            assert_eq!(shown, told.collect(), "{when} {peer}");
            let reports = exchange.peerings();
            let report = reports.iter().find(|report| report.link == link.link);
            let report = report.expect("a report");
            assert_eq!(
                report.advertised,
                Some(router.held().len()),
                "{when} {peer}"
            );
        }
    }

    /// Prefixes that are kept back from an NVA, and by which rules.
    fn unsendable(&self, nva: u8) -> usize {
        let link = self.routers.link(self.peer(nva)).link;
        let reports = self.routers.engine.exchange().peerings();
        let report = reports.iter().find(|report| report.link == link);
        report.expect("a report").unsendable
    }

    /// What an NVA holds of a prefix.
    fn held(&self, nva: u8, prefix: Prefix) -> Option<&Attrs> {
        self.routers.router(self.peer(nva)).route(prefix)
    }

    fn holds(&self, nva: u8, prefix: Prefix) -> bool {
        self.held(nva, prefix).is_some()
    }

    /// The rule that keeps a prefix back from an NVA.
    fn kept_back(&self, nva: u8, prefix: Prefix) -> Option<RuleId> {
        self.routers.kept_back(self.peer(nva), prefix)
    }
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
                let told = lab.held(1, route).expect("it is told");
                assert!(
                    told.communities.contains(&community),
                    "it is for the peer to act on it"
                );
            }
        }
    }
}

/// [`rules::FIRST_AS`] holds for every real router, unless it is switched off.
#[test]
fn the_first_as_of_a_path_is_checked_unless_that_is_switched_off() {
    let lab = Lab::new("open");
    let link = lab.routers.link(lab.peer(1));
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
    let agreed = Agreed {
        families: FamilySet::IPV4,
        ..agreed(1)
    };
    lab.routers.up(lab.peer(1), agreed);
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
    let there = lab.routers.is_up(peer);
    match dice.roll(12) {
        0..=3 if there => {
            let prefixes: BTreeSet<Prefix> = (0..3).map(|_| some_prefix(dice)).collect();
            let prefixes: Vec<Prefix> = prefixes.into_iter().collect();
            let communities = [0, 5, 990 + dice.roll(40), 5000][dice.roll(4)] as u32;
            let asns = [1, 2, 640 + dice.roll(80), 1010 + dice.roll(20)][dice.roll(4)] as u32;
            lab.announce(nva, &prefixes, communities, asns);
        }
        4 if there => lab.withdraw(nva, &[some_prefix(dice)]),
        5 | 6 => {
            let effect = lab.routers.engine.poll();
            effect.into_iter().for_each(|effect| lab.note(effect));
        }
        7 | 8 if there => drop(lab.routers.pull(peer)),
        9 if there && dice.roll(4) == 0 => lab.down(nva),
        9 if !there => lab.up(nva),
        10 if dice.roll(4) == 0 => {
            let event = Event::SetRouteMap {
                route_server: "rs".into(),
                peer: format!("nva{nva}"),
                inbound: None,
                outbound: Some((dice.roll(2) == 0).then(|| "summary".into())),
            };
            lab.routers.handle(Input::Event(&event));
        }
        11 if there => {
            let family = Family::Ipv4;
            lab.routers.handle(Input::RefreshRequested { peer, family });
        }
        _ => {}
    }
}

#[test]
fn at_every_moment_each_peer_holds_what_adj_rib_out_says() {
    for seed in 1..=40_u64 {
        let mut dice = Dice::new(seed);
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

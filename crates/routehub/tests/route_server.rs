//! A route server and real BGP sessions with it, in memory and on a clock of their own.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use routehub::estate::{
    Connection, Gateway, GatewayKind, Nic, Peering, RouteMap, RouteMapAction, RouteMapMatch,
    RouteMapRule, Site,
};
use routehub::{Action, Estate, Event, GatewayInstance, Profile, RouteServer};
use routehub_session::{ConnectionId, Event as SessionEvent, Output, Session, SessionConfig};
use routehub_testkit::routers::{self, Router, prefix, vnet};
use routehub_types::{Asn, Attrs, Instant, Nlri, PeerId, Prefix, RouterId};
use routehub_wire::{Context, Packer};

/// A hub with NVAs of ASN 65001 and so on, and a spoke.
fn estate(nvas: u8) -> Estate {
    let mut estate = routers::hub(nvas, [true; 2]);
    estate.vnets.push(vnet("spoke", "10.2.0.0/16"));
    estate.peerings.push(Peering::hub_and_spoke("hub", "spoke"));
    estate.nics.push(Nic {
        name: "vm".into(),
        vnet: "spoke".into(),
        ..Nic::default()
    });
    let reject_all = RouteMapRule {
        matches: vec![RouteMapMatch::PrefixContains(vec![prefix("10.0.0.0/8")])],
        actions: vec![RouteMapAction::Drop],
        ..RouteMapRule::default()
    };
    estate.route_maps.push(RouteMap {
        name: "drop-ten".into(),
        rules: vec![reject_all],
    });
    estate
}

/// The other end: a session, and what its router was told.
struct Remote {
    session: Session,
    ours: Option<ConnectionId>,
    theirs: Option<ConnectionId>,
    established: Option<Context>,
    router: Router,
    last_notification: Option<(u8, u8)>,
}

struct Lab {
    server: RouteServer,
    remotes: Vec<Remote>,
    now: Instant,
}

impl Lab {
    fn new(estate: Estate) -> Self {
        let live = estate.nvas.iter().map(|nva| nva.name.clone()).collect();
        Self::with(estate, &live)
    }

    /// Where real routers play the speakers of these names.
    fn with(estate: Estate, live: &BTreeSet<String>) -> Self {
        let profile = Profile::named("azure-2026").unwrap();
        let mut server = RouteServer::new(&profile, estate.try_into().unwrap(), live, 7).unwrap();
        let now = Instant::from_millis(1);
        server.start(now);
        let remotes = server.engine().peers().map(|(_, link)| {
            let IpAddr::V4(address) = link.remote_addresses[0] else {
                panic!("IPv4 only")
            };
            let config =
                SessionConfig::new(link.remote_asn, link.local_asn, RouterId::from(address));
            let mut session = Session::new(config, 3).unwrap();
            session.handle_start(now);
            Remote {
                session,
                ours: None,
                theirs: None,
                established: None,
                router: Router::new(Context::EXTERNAL),
                last_notification: None,
            }
        });
        let remotes = remotes.collect();
        let mut lab = Self {
            server,
            remotes,
            now,
        };
        lab.run();
        lab
    }

    /// Carries everything to and fro until nobody has anything to say.
    fn run(&mut self) {
        let mut quiet = false;
        while !quiet {
            quiet = true;
            while let Some((peer, action)) = self.server.poll(self.now) {
                quiet = false;
                let remote = &mut self.remotes[peer.0 as usize];
                match action {
                    Action::Send(_, bytes) => {
                        let id = remote.ours.unwrap();
                        remote.session.handle_bytes(self.now, id, &bytes);
                    }
                    Action::Close(_) => {
                        remote.theirs = None;
                        if let Some(id) = remote.ours.take() {
                            remote.session.handle_closed(self.now, id);
                        }
                    }
                    Action::Down(down) => {
                        remote.last_notification = down.sent.map(|sent| (sent.code, sent.subcode));
                    }
                    Action::Established(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            for n in 0..self.remotes.len() {
                quiet &= !self.run_remote(n);
            }
        }
    }

    fn run_remote(&mut self, n: usize) -> bool {
        let peer = PeerId(n as u32);
        let mut busy = false;
        let mut sent = Vec::new();
        let remote = &mut self.remotes[n];
        while let Some(output) = remote.session.poll(self.now) {
            busy = true;
            match output {
                Output::Connect(id) => sent.push((id, None)),
                Output::Send(id, bytes) => sent.push((id, Some(bytes))),
                Output::Close(_) => {
                    remote.ours = None;
                    if let Some(id) = remote.theirs.take() {
                        self.server.handle_closed(self.now, peer, id);
                    }
                }
                Output::Event(SessionEvent::Established(negotiated)) => {
                    remote.established = Some(negotiated.send);
                }
                Output::Update(view) => remote.router.take(&view),
                Output::Event(SessionEvent::Down(_)) => {
                    remote.established = None;
                    remote.router = Router::new(Context::EXTERNAL);
                }
                Output::Event(_) => {}
            }
        }
        for (id, bytes) in sent {
            match bytes {
                Some(bytes) => {
                    if let Some(theirs) = self.remotes[n].theirs {
                        self.server.handle_bytes(self.now, peer, theirs, &bytes);
                    }
                }
                None => match self.server.handle_accepted(self.now, peer) {
                    Some(theirs) => {
                        self.remotes[n].theirs = Some(theirs);
                        self.remotes[n].ours = Some(id);
                        self.remotes[n].session.handle_connected(self.now, id);
                    }
                    None => self.remotes[n].session.handle_connect_failed(self.now, id),
                },
            }
        }
        busy
    }

    /// Router `n` announces prefixes with a path that begins with its own ASN.
    fn announce(&mut self, n: usize, path: &str, prefixes: &[Prefix]) {
        let address = match self
            .server
            .engine()
            .peers()
            .nth(n)
            .unwrap()
            .1
            .remote_addresses[0]
        {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => panic!("IPv4 only"),
        };
        let attrs = Attrs::new(path.parse().unwrap(), address);
        let nlri: Vec<Nlri> = prefixes.iter().copied().map(Nlri::from).collect();
        let mut bytes = Vec::new();
        let remote = &mut self.remotes[n];
        Packer::new(&remote.established.unwrap())
            .announce(&attrs, &nlri, &mut bytes)
            .unwrap();
        remote.session.send_encoded(self.now, bytes).unwrap();
        self.run();
    }

    /// Router `n` takes prefixes back.
    fn withdraw(&mut self, n: usize, prefixes: &[Prefix]) {
        let nlri: Vec<Nlri> = prefixes.iter().copied().map(Nlri::from).collect();
        let mut bytes = Vec::new();
        let remote = &mut self.remotes[n];
        Packer::new(&remote.established.unwrap())
            .withdraw(&nlri, &mut bytes)
            .unwrap();
        remote.session.send_encoded(self.now, bytes).unwrap();
        self.run();
    }

    fn learned(&self, n: usize) -> Vec<(String, String, String)> {
        let held = self.remotes[n].router.held();
        let rows = held.iter().map(|(nlri, attrs)| {
            let next_hop = attrs.next_hop.to_string();
            (nlri.prefix.to_string(), attrs.as_path.to_string(), next_hop)
        });
        rows.collect()
    }

    fn vm(&self, to: &str) -> Vec<String> {
        let rows = self.server.engine().exchange().nic_effective("vm").unwrap();
        let row = rows.into_iter().find(|row| *row.prefixes == [prefix(to)]);
        let hops = row.map(|row| row.next_hops).unwrap_or_default();
        hops.iter().map(ToString::to_string).collect()
    }
}

fn row(prefix: &str, path: &str, next_hop: &str) -> (String, String, String) {
    (prefix.into(), path.into(), next_hop.into())
}

/// Peers are numbered by NVA, then by instance: 0 and 1 are nva1's, 2 and 3 nva2's.
#[test]
fn routes_pass_from_router_to_router_and_into_the_fabric() {
    let mut lab = Lab::new(estate(2));
    for instance in 0..2 {
        lab.announce(instance, "65001", &[prefix("10.250.0.0/16")]);
    }
    assert_eq!(
        lab.learned(2),
        [
            row("10.1.0.0/16", "65515", "10.1.255.4"),
            row("10.2.0.0/16", "65515", "10.1.255.4"),
            row("10.250.0.0/16", "65515 65001", "10.1.255.4"),
        ]
    );
    assert_eq!(
        lab.learned(3)[2],
        row("10.250.0.0/16", "65515 65001", "10.1.255.5")
    );
    // its own route does not come back.
    assert_eq!(lab.learned(0).len(), 2);
    assert_eq!(lab.vm("10.250.0.0/16"), ["10.1.2.1"]);
    let held = lab.remotes[2].router.route(prefix("10.250.0.0/16"));
    let communities = &held.expect("it is told").communities;
    let communities: Vec<String> = communities.iter().map(ToString::to_string).collect();
    assert_eq!(communities, ["65517:65517"]);
}

#[test]
fn a_lost_session_withdraws_its_routes_everywhere() {
    let mut lab = Lab::new(estate(2));
    for instance in 0..2 {
        lab.announce(instance, "65001", &[prefix("10.250.0.0/16")]);
        lab.announce(2 + instance, "65002", &[prefix("10.250.0.0/16")]);
    }
    assert_eq!(lab.vm("10.250.0.0/16"), ["10.1.2.1", "10.1.2.2"]);
    for peer in [0, 1] {
        let id = lab.remotes[peer].theirs.take().unwrap();
        lab.server.handle_closed(lab.now, PeerId(peer as u32), id);
    }
    lab.run();
    assert_eq!(lab.vm("10.250.0.0/16"), ["10.1.2.2"]);
    assert_eq!(lab.learned(2).len(), 2);
}

#[test]
fn r050_and_r051_refuse_what_a_real_router_sends() {
    let mut lab = Lab::new(estate(2));
    lab.announce(0, "65001 65515", &[prefix("10.250.0.0/16")]);
    lab.announce(0, "65001", &[prefix("10.2.3.0/24"), prefix("10.0.0.0/8")]);
    assert_eq!(lab.vm("10.250.0.0/16"), [""; 0]);
    assert_eq!(lab.vm("10.0.0.0/8"), ["10.1.2.1"]);
    let refused = lab
        .server
        .engine()
        .exchange()
        .rs_refused("rs", "nva1")
        .expect("a name");
    let rules: Vec<(String, u16)> = refused
        .iter()
        .map(|one| (one.prefix.to_string(), one.rule.0))
        .collect();
    assert_eq!(
        rules,
        [("10.2.3.0/24".into(), 51), ("10.250.0.0/16".into(), 50)]
    );
}

#[test]
fn r004_the_2001st_route_sent_twice_ends_the_session_with_cease_1() {
    let mut lab = Lab::new(estate(2));
    let routes = |count: u32| -> Vec<Prefix> {
        (0..count)
            .map(|n| Prefix::new(Ipv4Addr::from_bits(0x0a64_0000 + (n << 8)).into(), 24).unwrap())
            .collect()
    };
    lab.announce(0, "65001", &routes(2001));
    assert_eq!(lab.remotes[2].router.held().len(), 2003);
    // Another run: long enough after the first.
    lab.now += Duration::from_secs(30);
    lab.announce(0, "65001", &routes(2001));
    assert_eq!(lab.remotes[0].last_notification, Some((6, 1)));
    assert_eq!(lab.remotes[2].router.held().len(), 2);
}

#[test]
fn branch_to_branch_and_route_maps_switch_what_live_peers_hold() {
    let mut lab = Lab::new(estate(3));
    for instance in 0..2 {
        lab.announce(
            instance,
            "65001",
            &[prefix("10.250.0.0/16"), prefix("172.16.0.0/12")],
        );
    }
    let b2b = |value| Event::SetBranchToBranch {
        route_server: "rs".into(),
        value,
    };
    let outbound = |map: Option<&str>| Event::SetRouteMap {
        route_server: "rs".into(),
        peer: "nva2".into(),
        inbound: None,
        outbound: Some(map.map(str::to_owned)),
    };
    let counts = |lab: &Lab| [lab.learned(2).len(), lab.learned(4).len()];
    assert_eq!(counts(&lab), [4, 4]);
    for (event, expected) in [
        (b2b(false), [2, 2]),
        (b2b(true), [4, 4]),
        (outbound(Some("drop-ten")), [3, 4]),
        (outbound(None), [4, 4]),
    ] {
        lab.server.handle_event(lab.now, &event).unwrap();
        lab.run();
        assert_eq!(counts(&lab), expected, "{event:?}");
    }
}

#[test]
fn r144_a_live_peer_is_sent_a_summary_while_one_of_its_routes_is_left() {
    let mut estate = estate(3);
    let summary = prefix("172.16.0.0/12");
    estate.route_maps.push(RouteMap {
        name: "sum".into(),
        rules: vec![RouteMapRule {
            matches: vec![RouteMapMatch::PrefixContains(vec![summary])],
            actions: vec![RouteMapAction::ReplacePrefix(vec![summary])],
            ..RouteMapRule::default()
        }],
    });
    estate.nvas[1].sessions[0].outbound_route_map = Some("sum".into());
    let mut lab = Lab::new(estate);
    let all = ["172.16.1.0/24", "172.16.2.0/24", "192.168.1.0/24"].map(prefix);
    lab.announce(0, "65001", &all);
    let networks = [
        row("10.1.0.0/16", "65515", "10.1.255.4"),
        row("10.2.0.0/16", "65515", "10.1.255.4"),
    ];
    let told = |more: &[(String, String, String)]| [&networks, more].concat();
    let whole = row("192.168.1.0/24", "65515 65001", "10.1.255.4");
    let sum = row("172.16.0.0/12", "65515", "10.1.255.4");
    assert_eq!(lab.learned(2), told(&[sum.clone(), whole.clone()]));
    assert_eq!(lab.learned(4).len(), 5, "others hear of them as they are");
    lab.withdraw(0, &all[..1]);
    assert_eq!(
        lab.learned(2),
        told(&[sum.clone(), whole.clone()]),
        "one is enough"
    );
    lab.withdraw(0, &all[1..2]);
    assert_eq!(lab.learned(2), told(std::slice::from_ref(&whole)));
    lab.announce(0, "65001", &all);
    // Off, and on again: nothing stays that nobody means.
    for (map, expected) in [
        (None, 5),
        (Some("sum"), 4),
        (Some("drop-ten"), 5),
        (Some("sum"), 4),
    ] {
        let event = Event::SetRouteMap {
            route_server: "rs".into(),
            peer: "nva2".into(),
            inbound: None,
            outbound: Some(map.map(str::to_owned)),
        };
        lab.server.handle_event(lab.now, &event).unwrap();
        lab.run();
        assert_eq!(
            lab.learned(2).len(),
            expected,
            "{map:?}: {:?}",
            lab.learned(2)
        );
    }
    assert_eq!(lab.learned(2), told(&[sum, whole]));
}

/// A VPN gateway with these addresses and a site that a real router plays.
fn with_site(addresses: &[&str]) -> Estate {
    let mut estate = estate(0);
    estate.gateways.push(Gateway {
        bgp_ips: addresses.iter().map(|ip| ip.parse().unwrap()).collect(),
        connections: vec![Connection::Site {
            site: "paris".into(),
            bgp: None,
            instances: [true; 2],
            apipa: Vec::new(),
        }],
        ..Gateway::new("vpngw", "hub", GatewayKind::Vpn)
    });
    estate.sites.push(Site {
        name: "paris".into(),
        asn: Some(Asn(65010)),
        bgp_ips: vec!["172.31.0.1".parse().unwrap()],
        ..Site::default()
    });
    estate
}

#[test]
fn r170_a_live_site_is_sent_the_summary_in_the_place_of_networks() {
    let mut estate = with_site(&["10.1.3.4"]);
    estate.vnets[0].summarized_gateway_prefixes = vec![prefix("10.0.0.0/8")];
    let lab = Lab::with(estate, &BTreeSet::from(["paris".into()]));
    assert_eq!(lab.learned(0), [row("10.0.0.0/8", "65515", "10.1.3.4")]);
}

#[test]
fn r158_a_live_site_has_a_session_with_each_instance_of_its_gateway() {
    let estate = with_site(&["10.1.3.4", "10.1.3.5"]);
    let mut lab = Lab::with(estate, &BTreeSet::from(["paris".into()]));
    let links = lab.server.engine().peers().map(|(_, link)| link);
    let instances: Vec<_> = links
        .map(|link| (link.local.clone(), link.instance))
        .collect();
    let vpngw = |instance| ("vpngw".to_owned(), Some(instance));
    assert_eq!(instances, [vpngw(0), vpngw(1)]);
    let sites = prefix("10.200.0.0/16");
    let hops = |lab: &Lab| lab.vm("10.200.0.0/16");
    lab.announce(0, "65010", &[sites]);
    assert_eq!(hops(&lab), ["10.1.3.4"]);
    lab.announce(1, "65010 65010", &[sites]);
    assert_eq!(hops(&lab), ["10.1.3.4"]);
    lab.announce(1, "65010", &[sites]);
    assert_eq!(hops(&lab), ["10.1.3.4", "10.1.3.5"]);
    // not its own router's address, which the gateway has of both sessions.
    assert_eq!(
        lab.learned(1),
        [
            row("10.1.0.0/16", "65515", "10.1.3.5"),
            row("10.2.0.0/16", "65515", "10.1.3.5"),
        ]
    );
    let id = lab.remotes[0].theirs.take().unwrap();
    lab.server.handle_closed(lab.now, PeerId(0), id);
    lab.run();
    assert_eq!(hops(&lab), ["10.1.3.5"]);
    let standing = lab.server.engine().exchange().peerings();
    let standing: Vec<_> = standing
        .iter()
        .map(|report| (report.instance, report.learned))
        .collect();
    assert_eq!(standing, [(Some(0), 0), (Some(1), 1)]);
    let down = Event::GatewayInstanceDown(GatewayInstance {
        gateway: "vpngw".into(),
        instance: 1,
    });
    lab.server.handle_event(lab.now, &down).unwrap();
    lab.run();
    assert!(hops(&lab).is_empty() && lab.remotes[1].theirs.is_none());
}

#[test]
fn r039_a_new_spoke_asks_every_nva_for_its_routes_again() {
    let mut lab = Lab::new(estate(2));
    let removed = Event::RemovePeering {
        a: "hub".into(),
        b: "spoke".into(),
    };
    let added = Event::AddPeering(Peering::hub_and_spoke("hub", "spoke"));
    for event in [removed, added] {
        lab.server.handle_event(lab.now, &event).unwrap();
        lab.run();
    }
    for (peer, _) in lab.server.engine().peers() {
        let session = lab.server.session(peer).unwrap();
        assert_eq!(session.counters().sent.route_refresh, 2, "{peer}");
    }
}

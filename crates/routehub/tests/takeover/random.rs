//! Whatever happens between reloads.

use routehub_testkit::random::Dice;
use routehub_types::Nlri;

use super::*;

/// One thing that may happen between two looks.
fn something(lab: &mut Lab, dice: &mut Dice) {
    let peers = lab.peers();
    let peer = peers[dice.roll(peers.len())];
    let there = lab.routers.is_up(peer);
    match dice.roll(13) {
        0 if !there => lab.up(peer),
        1 if there && dice.roll(4) == 0 => lab.down(peer),
        2..=4 if there => {
            let routes: BTreeSet<Prefix> = (0..3).map(|_| route(dice.roll(16) as u8)).collect();
            let routes: Vec<Prefix> = routes.into_iter().collect();
            lab.announce(peer, &routes, dice.roll(3));
        }
        5 if there => lab.withdraw(peer, route(dice.roll(16) as u8)),
        6 | 7 => {
            lab.routers.engine.poll();
        }
        8 | 9 if there => {
            lab.routers.pull(peer);
        }
        10 if there && dice.roll(4) == 0 => {
            let family = Family::Ipv4;
            let input = Input::RefreshRequested { peer, family };
            lab.handle(input);
        }
        11 => {
            let event = Event::SetRouteMap {
                route_server: "rs".into(),
                peer: lab.routers.link(peer).remote.clone(),
                inbound: None,
                outbound: Some((dice.roll(2) == 0).then(|| "half".into())),
            };
            let input = Input::Event(&event);
            lab.handle(input);
        }
        12 => {
            let shape = Shape {
                nvas: 2 + dice.roll(3) as u8,
                branch_to_branch: dice.roll(3) > 0,
                spoke: dice.roll(2) == 0,
                mapped: [None, Some(1), Some(2)][dice.roll(3)],
            };
            let changed = dice.roll(8) == 0;
            let changed = changed.then(|| place(lab.routers.link(peer)));
            lab.reload(shape, &changed.into_iter().collect());
        }
        _ => {}
    }
}

#[test]
fn whatever_happens_between_reloads_every_router_ends_with_what_the_tables_say() {
    for seed in 1..=150_u64 {
        let mut dice = Dice::new(seed);
        let mut lab = Lab::new(PLAIN);
        for _ in 0..6 {
            for _ in 0..40 {
                something(&mut lab, &mut dice);
            }
            lab.routers.drain_all();
            lab.check(&format!("seed {seed}"));
        }
    }
}

#[test]
fn a_reload_of_a_settled_network_takes_nothing_back_for_a_moment() {
    for seed in 1..=100_u64 {
        let mut dice = Dice::new(seed);
        let mut lab = Lab::new(PLAIN);
        lab.all_up();
        for _ in 0..30 {
            something(&mut lab, &mut dice);
        }
        lab.routers.drain_all();
        let established = lab.routers.established();
        let before: BTreeMap<PeerId, Router> = established
            .map(|(peer, router)| (peer, router.clone()))
            .collect();
        lab.routers.forget_news();
        let shape = Shape {
            nvas: 3,
            branch_to_branch: dice.roll(2) == 0,
            spoke: dice.roll(2) == 0,
            mapped: [None, Some(1), Some(2)][dice.roll(3)],
        };
        lab.reload(shape, &BTreeSet::new());
        lab.drain();
        lab.check(&format!("seed {seed}"));
        for (peer, router) in lab.routers.established() {
            let (old, new) = (before[&peer].held(), router.held());
            let differ = |nlri: &Nlri| old.get(nlri) != new.get(nlri);
            let all: BTreeSet<Nlri> = old.keys().chain(new.keys()).copied().collect();
            let wanted = all.into_iter().filter(differ);
            let wanted: BTreeSet<_> = wanted
                .map(|nlri| (nlri.prefix, new.contains_key(&nlri)))
                .collect();
            assert_eq!(news(&lab, peer), wanted, "seed {seed}, {peer}");
            assert_eq!(router.ends(), 0);
        }
    }
}

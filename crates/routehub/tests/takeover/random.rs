//! Whatever happens between reloads.

use super::*;

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

/// One thing that may happen between two looks.
fn something(lab: &mut Lab, dice: &mut Dice) {
    let peers = lab.peers();
    let peer = peers[dice.roll(peers.len())];
    let there = lab.routers.contains_key(&peer);
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
            lab.engine.poll();
        }
        8 | 9 if there => {
            lab.pull(peer);
        }
        10 if there && dice.roll(4) == 0 => {
            let family = Family::Ipv4;
            let input = Input::RefreshRequested { peer, family };
            lab.engine.handle(lab.now, input).unwrap();
        }
        11 => {
            let event = Event::SetRouteMap {
                route_server: "rs".into(),
                peer: lab.engine.peer(peer).unwrap().remote.clone(),
                inbound: None,
                outbound: Some((dice.roll(2) == 0).then(|| "half".into())),
            };
            let input = Input::Event(&event);
            lab.engine.handle(lab.now, input).unwrap();
        }
        12 => {
            let shape = Shape {
                nvas: 2 + dice.roll(3) as u8,
                branch_to_branch: dice.roll(3) > 0,
                spoke: dice.roll(2) == 0,
                mapped: [None, Some(1), Some(2)][dice.roll(3)],
            };
            let changed = dice.roll(8) == 0;
            let changed = changed.then(|| place(lab.engine.peer(peer).unwrap()));
            lab.reload(shape, &changed.into_iter().collect());
        }
        _ => {}
    }
}

#[test]
fn whatever_happens_between_reloads_every_router_ends_with_what_the_tables_say() {
    for seed in 1..=150_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut lab = Lab::new(PLAIN);
        for _ in 0..6 {
            for _ in 0..40 {
                something(&mut lab, &mut dice);
            }
            lab.drain();
            // A peer whose readiness was polled and not heeded is served as well.
            for peer in lab.routers.keys().copied().collect::<Vec<_>>() {
                while lab.pull(peer) {}
            }
            lab.check(&format!("seed {seed}"));
        }
    }
}

#[test]
fn a_reload_of_a_settled_network_takes_nothing_back_for_a_moment() {
    for seed in 1..=100_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut lab = Lab::new(PLAIN);
        lab.all_up();
        for _ in 0..30 {
            something(&mut lab, &mut dice);
        }
        lab.drain();
        for peer in lab.routers.keys().copied().collect::<Vec<_>>() {
            while lab.pull(peer) {}
        }
        let before = lab.routers.clone();
        lab.forget_news();
        let shape = Shape {
            nvas: 3,
            branch_to_branch: dice.roll(2) == 0,
            spoke: dice.roll(2) == 0,
            mapped: [None, Some(1), Some(2)][dice.roll(3)],
        };
        lab.reload(shape, &BTreeSet::new());
        lab.drain();
        lab.check(&format!("seed {seed}"));
        for (peer, router) in &lab.routers {
            let (old, new) = (&before[peer].heard, &router.heard);
            let differ = |prefix: &Prefix| old.get(prefix) != new.get(prefix);
            let all: BTreeSet<Prefix> = old.keys().chain(new.keys()).copied().collect();
            let wanted = all.into_iter().filter(differ);
            let wanted: BTreeSet<_> = wanted
                .map(|prefix| (prefix, new.contains_key(&prefix)))
                .collect();
            assert_eq!(news(&lab, *peer), wanted, "seed {seed}, {peer}");
            assert_eq!(router.ends, 0);
        }
    }
}

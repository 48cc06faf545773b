//! A follower that looks only at what the journal names, after each of many random events on random
//! estates, holds every network's routes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use routehub_exchange::estate::{Nic, Object};
use routehub_exchange::{Event, EventError, Exchange, RouteSource, VnetRoutes};
use routehub_testkit::random::{self, Numbers};
use routehub_types::Prefix;

/// Random estates.
const CASES: u32 = 200;

/// Journals that named something, and routes that a follower changed.
static READ: AtomicUsize = AtomicUsize::new(0);
static CHANGED: AtomicUsize = AtomicUsize::new(0);

type Routes = BTreeMap<Prefix, Vec<IpAddr>>;

/// All routes of a network.
fn all(exchange: &Exchange, vnet: &str) -> Routes {
    let routes = exchange.vnet_routes(vnet).expect("the network");
    routes
        .all()
        .map(|route| (route.prefix, route.next_hops))
        .collect()
}

/// Brings what a follower holds up to date by the journal.
fn follow(exchange: &mut Exchange, held: &mut BTreeMap<String, Routes>) {
    let changes = exchange.take_changes();
    if !changes.is_empty() {
        READ.fetch_add(1, Relaxed);
    }
    for vnet in &changes.vnets {
        held.insert(vnet.clone(), all(exchange, vnet));
    }
    for (speaker, prefix) in &changes.paths {
        let names: Vec<&str> = exchange.vnets_served(*speaker).collect();
        let vnets = names.iter().map(|name| exchange.vnet_routes(name));
        let vnets: Vec<VnetRoutes<'_>> = vnets.map(|vnet| vnet.expect("the network")).collect();
        VnetRoutes::route_of_each(&vnets, *prefix, |place, route| {
            assert_eq!(vnets[place].route(*prefix), route);
            let routes = held.get_mut(names[place]).expect("the network");
            let before = routes.remove(prefix);
            let after = route.map(|route| route.next_hops);
            if before != after {
                CHANGED.fetch_add(1, Relaxed);
            }
            routes.extend(after.map(|next_hops| (*prefix, next_hops)));
        });
    }
}

/// Whether an event leaves networks as they are, and NICs without tables of their own.
fn is_of_routes(event: &Event) -> bool {
    match event {
        Event::Set(object) => !matches!(**object, Object::Nic(_) | Object::RouteTable(_)),
        Event::Add(object) => !matches!(**object, Object::Nic(_) | Object::Vnet(_)),
        _ => true,
    }
}

pub(crate) fn agrees(numbers: Vec<u16>, events: usize) -> Result<(), TestCaseError> {
    let numbers = &mut Numbers::new(numbers);
    let (parameters, mut estate) = (random::parameters(numbers), random::estate(numbers));
    let names: Vec<String> = estate.vnets.iter().map(|vnet| vnet.name.clone()).collect();
    let plain = |name: &String| Nic {
        name: name.clone(),
        vnet: name.clone(),
        ..Nic::default()
    };
    estate.nics = names.iter().map(plain).collect();
    let Ok(mut exchange) = Exchange::new(random::checked(estate), parameters, &BTreeSet::new(), 7)
    else {
        return Ok(());
    };
    exchange.keep_journal();
    let start = names
        .iter()
        .map(|name| (name.clone(), all(&exchange, name)));
    let mut held: BTreeMap<String, Routes> = start.collect();
    let (mut told, mut removed) = (Vec::new(), Vec::new());
    for _ in 0..events {
        let drawn = match numbers.once_in(10) {
            true => random::object_event(numbers, exchange.estate()).filter(is_of_routes),
            false => random::event(numbers, exchange.estate(), &removed),
        };
        let Some(event) = drawn else {
            continue;
        };
        if let Event::RemoveRouteServer { route_server } = &event {
            removed.push(route_server.clone());
        }
        told.push(event.clone());
        match exchange.apply_event(&event) {
            Err(EventError::Refused(_)) => continue,
            Err(_) => return Ok(()),
            Ok(()) => {}
        }
        if matches!(event, Event::Set(_) | Event::Remove(_)) {
            let servers = &exchange.estate().route_servers;
            removed.retain(|name| servers.iter().any(|server| server.name == *name));
        }
        follow(&mut exchange, &mut held);
        for name in &names {
            prop_assert_eq!(
                &held[name],
                &all(&exchange, name),
                "{} after {:?}",
                name,
                told
            );
            prop_assert_eq!(&held[name], &of_nic(&exchange, name), "{}", name);
        }
    }
    Ok(())
}

/// The same routes as a NIC shows them.
fn of_nic(exchange: &Exchange, nic: &str) -> Routes {
    let rows = exchange.nic_effective(nic).expect("the NIC").into_iter();
    let rows = rows.filter(|row| row.source == RouteSource::VirtualNetworkGateway);
    rows.map(|row| (row.prefixes[0], row.next_hops.into_vec()))
        .collect()
}

#[test]
fn who_follows_the_journal_holds_every_route_of_every_network() {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        max_shrink_iters: 500,
        failure_persistence: None,
        ..Config::default()
    });
    // An estate takes some hundred numbers: there have to be some left for its events.
    let numbers = proptest::collection::vec(any::<u16>(), 300..1200);
    if let Err(error) = runner.run(&numbers, |numbers| agrees(numbers, 20)) {
        panic!("{error}");
    }
    let (read, changed) = (READ.load(Relaxed), CHANGED.load(Relaxed));
    println!("{read} journals read, {changed} routes changed by them");
    assert!(read > CASES as usize && changed > CASES as usize);
}

#[test]
fn a_journal_that_is_not_kept_says_nothing() {
    let numbers = &mut Numbers::new((0..400).map(|n| n * 157).collect());
    let (parameters, estate) = (random::parameters(numbers), random::estate(numbers));
    let mut exchange =
        Exchange::new(random::checked(estate), parameters, &BTreeSet::new(), 7).expect("rest");
    for _ in 0..20 {
        if let Some(event) = random::event(numbers, exchange.estate(), &[]) {
            // What it does is of no matter here.
            let _ = exchange.apply_event(&event);
        }
    }
    assert!(exchange.take_changes().is_empty());
}

//! Live equals model: labs of the repository with every NVA, site and on-premises router played by
//! a BIRD, and every table of the live server equal to the modelled one.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::Connection;
use routehub::{Engine, Estate, Event, LiveLink, Network};
use routehub_scenario::{Scenario, Tables};

use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::player::play;
use routehub_testkit::wait::until;

/// A lab with every speaker live that speaks BGP with us. Where it tells no address of a customer's
/// edge, or of an edge router, one is chosen.
fn all_live(text: &str) -> Scenario {
    let mut scenario = Scenario::parse(text).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let mut estate = std::mem::take(&mut scenario.estate).into_inner();
    for (circuit, number) in estate.circuits.iter_mut().zip(1..) {
        let chosen = Ipv4Addr::new(169, 254, 30, number);
        circuit.ce_ip = circuit.ce_ip.or(Some(chosen.into()));
    }
    let Estate {
        gateways, vnets, ..
    } = &mut estate;
    for (gateway, number) in gateways.iter_mut().zip(1..) {
        let vnet = vnets.iter().find(|vnet| vnet.name == gateway.vnet);
        let subnets = vnet.map_or([].as_slice(), |vnet| &vnet.subnets);
        if subnets.iter().any(|subnet| subnet.name == "GatewaySubnet") {
            continue;
        }
        for (connection, other) in gateway.connections.iter_mut().zip(1..) {
            if let Connection::Circuit { msee_ips, .. } = connection
                && msee_ips.is_empty()
            {
                let chosen = [number, 100 + number];
                *msee_ips = chosen
                    .map(|last| Ipv4Addr::new(169, 254, 40 + other, last).into())
                    .to_vec();
            }
        }
    }
    scenario.estate = estate.checked(&scenario.events).expect("everything fits");
    for peer in scenario.live.peers.values_mut() {
        peer.live = true;
    }
    scenario
}

/// Whom a real router has to play.
fn links(scenario: &Scenario) -> Vec<LiveLink> {
    let names: BTreeSet<String> = scenario.live.peers.keys().cloned().collect();
    let estate = scenario.estate.clone();
    let engine = Engine::new(estate, (&scenario.profile).into(), &names, 0);
    let engine = engine.expect("an engine");
    engine.peers().map(|(_, link)| link.clone()).collect()
}

/// Events that happen to what is ours; the others are a router's to do.
fn is_ours(event: &Event) -> bool {
    matches!(
        event,
        Event::SetBranchToBranch { .. }
            | Event::SetRoutingPreference { .. }
            | Event::SetRouteMap { .. }
            | Event::ConnectionDown(_)
            | Event::ConnectionUp(_)
            | Event::GatewayInstanceDown(_)
            | Event::GatewayInstanceUp(_)
    )
}

/// Waits until every table is as the model has it.
async fn agree(lab: &Lab, at: &str, model: &Network) {
    let estate = model.estate().clone();
    let modelled = Tables::of(&estate, model);
    let look = || {
        let estate = estate.clone();
        let seen = move |engine: &Engine| Tables::of(&estate, engine.exchange());
        async { lab.server.ask(seen).await.expect("an answer") }
    };
    let show = || async { differences(&modelled, &look().await) };
    until(at, show, Vec::is_empty).await;
}

/// What is in one and not in the other, for a person to read.
fn differences(modelled: &Tables, live: &Tables) -> Vec<String> {
    let (modelled, live) = (format!("{modelled:#?}"), format!("{live:#?}"));
    if modelled == live {
        return Vec::new();
    }
    let pairs = modelled.lines().zip(live.lines());
    let differ = pairs.filter(|(modelled, other)| modelled != other);
    differ
        .map(|(modelled, other)| format!("{modelled} | {other}"))
        .collect()
}

fn live_equals_model(text: &'static str, sessions: usize) {
    let scenario = all_live(text);
    let links = links(&scenario);
    assert_eq!(links.len(), sessions, "sessions of {}", scenario.title);
    let both = |link: &LiveLink| {
        [
            Some(link.local_address),
            link.remote_addresses.first().copied(),
        ]
    };
    let addresses = links.iter().flat_map(both).flatten();
    let addresses = addresses.filter_map(|address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    });
    let addresses: BTreeSet<Ipv4Addr> = addresses.collect();
    isolated(addresses, move || async move {
        let mut model = scenario.network().expect("a network");
        let lab = Lab::serve(scenario.clone()).await;
        let Some(_players) = play(&scenario.estate, &links) else {
            return;
        };
        agree(&lab, "initial", &model).await;
        for (id, event) in scenario
            .events
            .iter()
            .take_while(|(_, event)| is_ours(event))
        {
            model.apply(event).expect("an event that applies");
            lab.happen(id).await;
            agree(&lab, id, &model).await;
        }
        lab.stop().await;
    });
}

/// A test for each lab, with the number of sessions that BIRDs hold in it.
macro_rules! labs {
    ($($name:ident: $file:literal, $sessions:literal;)+) => {
        $(
            #[test]
            fn $name() {
                let text = include_str!(concat!("../../../scenario/tests/labs/", $file));
                live_equals_model(text, $sessions);
            }
        )+
    };
}

labs! {
    two_nvas_with_one_prefix: "11-ipspace-handson-ecmp.yaml", 4;
    anycast_in_two_regions: "12-adstuart-anycast-two-regions.yaml", 4;
    a_hairpin_through_an_edge: "14-adstuart-er-hairpin-drop.yaml", 4;
    several_circuits: "15-adstuart-er-ecmp-with-ars.yaml", 6;
    summaries_and_user_routes: "24-fabferri-summaries-udr-invalid.yaml", 10;
    gateways_between_hubs: "31-erjosito-interconnect-communities.yaml", 4;
    route_maps: "39-simonpainter-b2b-reflection-route-maps.yaml", 4;
    two_circuits_of_a_gateway: "doc-circuit-to-circuit.yaml", 6;
    routing_preference: "doc-routing-preference.yaml", 6;
    branches_step_by_step: "doc-step-by-step.yaml", 8;
}

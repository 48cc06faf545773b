//! From an estate to Azure's documents and back: the same tables.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use routehub_arm::{Cloud, Credential, Documents, Endpoint, SUBSCRIPTION, TENANT, export};
use routehub_exchange::estate::{Connection, RouteServer};
use routehub_exchange::{Estate, Exchange, Parameters};
use routehub_scenario::{Scenario, Tables};
use routehub_testkit::random::{self, Numbers};
use serde_json::Value;

/// Random estates.
const CASES: u32 = 150;

/// Estates that came to rest.
static COMPARED: AtomicUsize = AtomicUsize::new(0);

/// The estate after a way through documents.
fn again(name: &str, estate: &Estate) -> Estate {
    let mut documents = Documents::new();
    let text = Value::from(export(estate)).to_string();
    documents.add("exported", &text).expect("it is JSON");
    let import = documents.import();
    assert_eq!(import.wrong_tags, Vec::<String>::new(), "{name}");
    import.estate
}

/// Every table of a network, and what is to be said of it, in one order.
fn tables(scenario: &Scenario, estate: Estate) -> Option<Value> {
    let mut scenario = scenario.clone();
    scenario.estate = estate.try_into().expect("it fits together");
    let network = scenario.network().ok()?;
    Some(written(&Tables::of(&scenario.estate, &network)))
}

/// Tables as text has them, in one order.
fn written(tables: &Tables) -> Value {
    let text = serde_json::to_string(tables).expect("tables serialize");
    let mut value = serde_json::from_str(&text).expect("it is JSON");
    in_order(&mut value);
    value
}

/// Rows stand in the order of the estate, which is another after the way.
fn in_order(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(in_order);
            items.sort_by_cached_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(in_order),
        _ => {}
    }
}

fn same_tables_of(folder: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).expect("the folder is there");
    let mut count = 0;
    for file in files.map(|file| file.expect("it can be listed").path()) {
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = file.display().to_string();
        let text = fs::read_to_string(&file).expect("it can be read");
        let scenario = Scenario::parse(&text).expect("it is a network file");
        let estate = again(&name, &scenario.estate);
        let before = tables(&scenario, scenario.estate.clone().into_inner());
        let after = tables(&scenario, estate);
        assert_eq!(before, after, "{name}");
        count += 1;
    }
    count
}

#[test]
fn every_lab_has_the_same_tables_after_a_way_through_azures_documents() {
    assert!(same_tables_of("../scenario/tests/labs") > 20);
}

#[test]
fn every_example_has_the_same_tables_after_a_way_through_azures_documents() {
    assert!(same_tables_of("../../examples/networks") > 5);
}

/// Every table of an estate as it stands; none if it never rests.
fn tables_of(estate: Estate, parameters: &Parameters) -> Option<Value> {
    let checked = estate.try_into().expect("it fits together");
    let exchange = Exchange::new(checked, parameters.clone(), &BTreeSet::new(), 7).ok()?;
    Some(written(&Tables::of(exchange.estate(), &exchange)))
}

/// Sorts a list as another is, by a name.
fn sort_as<T, K: PartialEq>(list: &mut [T], other: &[T], name: impl Fn(&T) -> K) {
    list.sort_by_key(|object| {
        let name_of = name(object);
        other.iter().position(|other| name(other) == name_of)
    });
}

/// The estate with its objects in the order of another: where several states of rest are possible,
/// the order decides which comes first, and documents have none.
fn ordered_as(mut estate: Estate, other: &Estate) -> Estate {
    sort_as(&mut estate.vnets, &other.vnets, |own| own.name.clone());
    for table in &mut estate.route_tables {
        table.routes.sort_by_key(|route| route.prefix);
    }
    sort_as(&mut estate.peerings, &other.peerings, |own| {
        let mut ends = [own.a.clone(), own.b.clone()];
        ends.sort_unstable();
        ends
    });
    sort_as(&mut estate.route_servers, &other.route_servers, |own| {
        own.name.clone()
    });
    sort_as(&mut estate.nvas, &other.nvas, |own| own.name.clone());
    for nva in &mut estate.nvas {
        if let Some(other) = other.nvas.iter().find(|other| other.name == nva.name) {
            sort_as(&mut nva.sessions, &other.sessions, |own| {
                own.route_server.clone()
            });
        }
    }
    sort_as(&mut estate.gateways, &other.gateways, |own| {
        own.name.clone()
    });
    for gateway in &mut estate.gateways {
        let mut others = other.gateways.iter();
        if let Some(other) = others.find(|other| other.name == gateway.name) {
            let to = |own: &Connection| own.to().to_owned();
            sort_as(&mut gateway.connections, &other.connections, to);
        }
    }
    sort_as(&mut estate.circuits, &other.circuits, |own| {
        own.name.clone()
    });
    sort_as(&mut estate.sites, &other.sites, |own| own.name.clone());
    sort_as(&mut estate.nics, &other.nics, |own| own.name.clone());
    estate
}

/// An endpoint without documents.
fn endpoint(parameters: &Parameters) -> Endpoint {
    let cloud = Cloud {
        url: "https://localhost:8443".into(),
        subscription: SUBSCRIPTION.into(),
        tenant: TENANT.into(),
        secret: None,
        signature: Credential::new("s".into()),
    };
    Endpoint::new(cloud, parameters.clone())
}

/// Adds the Route Servers that NVAs name and that events might have added.
fn add_route_servers(estate: &mut Estate) {
    let sessions = estate.nvas.iter().flat_map(|nva| &nva.sessions);
    let wanted: BTreeSet<String> = sessions.map(|own| own.route_server.clone()).collect();
    for name in wanted {
        if estate.route_servers.iter().all(|known| known.name != name) {
            let hub = name.replace("rs", "hub");
            estate.route_servers.push(RouteServer::new(name, hub));
        }
    }
}

/// An estate drawn from these numbers has the same tables after the way.
fn same_after_the_way(numbers: Vec<u16>) -> Result<(), TestCaseError> {
    let numbers = &mut Numbers::new(numbers);
    let (parameters, mut estate) = (random::parameters(numbers), random::estate(numbers));
    add_route_servers(&mut estate);
    let Some(before) = tables_of(estate.clone(), &parameters) else {
        return Ok(());
    };
    COMPARED.fetch_add(1, Relaxed);
    let through = ordered_as(again("a random estate", &estate), &estate);
    let served = endpoint(&parameters).take_estate(&estate).estate();
    let served = served.map(|served| ordered_as(served.into_inner(), &estate));
    prop_assert_eq!(
        served.as_ref().ok(),
        Some(&through),
        "an endpoint has another"
    );
    prop_assert_eq!(through.check(), vec![]);
    let after = tables_of(through, &parameters).unwrap_or_default();
    let (before, after) = (before.as_object(), after.as_object());
    for (kind, table) in before.into_iter().flatten() {
        let now = after.and_then(|after| after.get(kind));
        prop_assert_eq!(Some(table), now, "{}", kind);
    }
    Ok(())
}

#[test]
fn random_estates_have_the_same_tables_after_a_way_through_azures_documents() {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let numbers = proptest::collection::vec(any::<u16>(), 50..400);
    let run = runner.run(&numbers, same_after_the_way);
    run.unwrap_or_else(|error| panic!("{error}"));
    let compared = COMPARED.load(Relaxed);
    assert!(compared > CASES as usize / 2, "{compared}");
}

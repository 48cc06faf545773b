//! Random estates and events, drawn from a list of numbers: smaller numbers, simpler estates.

mod circuits;
mod dice;
mod endpoints;
mod events;
mod gateways;
mod networks;
mod numbers;
mod nvas;
mod objects;
mod parameters;
mod tables;
mod tunnels;

use routehub_exchange::estate::{Estate, Nic};
use routehub_exchange::{CheckedEstate, Event};

pub use dice::Dice;
pub use events::event;
use networks::server_in;
pub use numbers::Numbers;
use numbers::prefix;
pub use objects::object_event;
pub use parameters::parameters;

/// A whole estate.
pub fn estate(numbers: &mut Numbers) -> Estate {
    let mut estate = Estate {
        route_maps: tables::route_maps(),
        route_tables: tables::route_tables(),
        ..Estate::default()
    };
    networks::networks(numbers, &mut estate);
    circuits::circuits(numbers, &mut estate);
    gateways::sites(numbers, &mut estate);
    gateways::gateways(numbers, &mut estate);
    nvas::nvas(numbers, &mut estate);
    for vnet in &estate.vnets {
        let mut nic = Nic {
            name: format!("nic-{}", vnet.name),
            vnet: vnet.name.clone(),
            ..Nic::default()
        };
        if numbers.once_in(3) {
            nic.route_table = Some(format!("table{}", numbers.below(3)));
        }
        if numbers.once_in(5) {
            nic.service_endpoints.push(prefix("192.168.0.0/16"));
        }
        if numbers.below(2) > 0 {
            nic.subnet = Some("first".into());
        }
        estate.nics.push(nic);
    }
    endpoints::private_endpoints(numbers, &mut estate);
    estate
}

/// A random estate as an exchange takes it: everything in it fits, with the Route Servers that
/// events may add.
///
/// # Panics
/// If something does not fit.
pub fn checked(estate: Estate) -> CheckedEstate {
    let names: Vec<String> = estate
        .route_servers
        .iter()
        .map(|s| s.name.clone())
        .collect();
    let hubs = estate
        .vnets
        .iter()
        .filter(|vnet| vnet.name.starts_with("hub"))
        .count();
    let later = (0..hubs).map(server_in);
    let later = later.filter(|server| !names.contains(&server.name));
    let events: Vec<(String, Event)> = later
        .map(|server| (server.name.clone(), Event::AddRouteServer(server)))
        .collect();
    let checked = estate.checked(&events);
    checked.unwrap_or_else(|errors| panic!("{errors}"))
}

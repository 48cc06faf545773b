//! Meshes of hubs, where every NVA tells every other what it was told: when what was announced goes,
//! losses are told before longer paths, and what is left is what a network without it has.

use std::net::IpAddr;

use routehub::estate::{
    Estate, Nic, Nva, NvaSession, Origination, Peering, ReadvertiseTo, ReadvertisedPath,
    Readvertisement, RouteServer, Routes, Vnet,
};
use routehub::sweep::{FailureKind, failures};
use routehub::{Network, Profile};
use routehub_types::Asn;

use super::{agrees_when_built_anew, remembers, routes, same};

/// Hubs with a Route Server and an NVA each, all peered; each NVA announces a prefix of its own and
/// the one that all have, with a longer path by each hub.
fn mesh(hubs: u8) -> Estate {
    let mut estate = Estate::default();
    for hub in 0..hubs {
        let (name, server) = (format!("hub{hub}"), format!("rs{hub}"));
        let at = |last: u8| IpAddr::from([10, hub, 0, last]);
        let prefix = |text: String| text.parse().expect("a prefix");
        estate.vnets.push(Vnet {
            name: name.clone(),
            address_space: vec![prefix(format!("10.{hub}.0.0/16"))],
            ..Vnet::default()
        });
        estate.route_servers.push(RouteServer {
            ips: Some([at(4), at(5)]),
            ..RouteServer::new(&server, &name)
        });
        let originates = |to: String, prepend: u8| Origination {
            routes: Routes {
                prefixes: vec![prefix(to)],
                ..Routes::default()
            },
            prepend,
            ..Origination::default()
        };
        estate.nvas.push(Nva {
            sessions: vec![NvaSession::both(&server)],
            neighbors: (0..hub).map(|other| format!("nva{other}")).collect(),
            readvertises: vec![
                Readvertisement {
                    to: ReadvertiseTo::Named(vec![server]),
                    as_path: ReadvertisedPath::Override,
                    ..Readvertisement::default()
                },
                Readvertisement::default(),
            ],
            originates: vec![
                originates(format!("20.{hub}.0.0/16"), 0),
                originates("30.0.0.0/8".to_owned(), hub),
            ],
            ..Nva::new(
                format!("nva{hub}"),
                &name,
                at(100),
                Asn(65001 + u32::from(hub)),
            )
        });
        estate.nics.push(Nic {
            name: format!("nic{hub}"),
            vnet: name.clone(),
            ..Nic::default()
        });
        for other in 0..hub {
            estate
                .peerings
                .push(Peering::plain(format!("hub{other}"), &name));
        }
    }
    estate
}

#[test]
fn what_an_nva_of_a_mesh_leaves_is_what_a_network_without_it_has_and_all_comes_back() {
    let profile = Profile::named("azure-2026").expect("it exists");
    for hubs in 2..=7 {
        let network = Network::new(&profile, mesh(hubs));
        let network = network.expect("the estate settles").share();
        let nvas = failures(&network);
        let nvas: Vec<_> = nvas
            .iter()
            .filter(|fails| fails.kind == FailureKind::Nva)
            .collect();
        assert_eq!(nvas.len(), usize::from(hubs));
        for failure in nvas {
            let mut fork = network.clone();
            for event in &failure.fails {
                fork.apply(event).expect("it settles");
            }
            assert!(!remembers(&fork), "{failure} in a mesh of {hubs}");
            agrees_when_built_anew(&profile, &network, &fork, failure).expect("the same");
            for event in &failure.repairs {
                fork.apply(event).expect("it settles");
            }
            let what = format!("{failure} comes back in a mesh of {hubs}");
            same(&routes(&network, ""), &routes(&fork, ""), &what).expect("the same");
        }
    }
}

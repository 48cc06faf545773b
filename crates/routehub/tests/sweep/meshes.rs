//! Meshes of hubs, where every NVA tells every other what it was told: when what was announced goes,
//! losses are told before longer paths, and what is left is what a network without it has.

use routehub::estate::{Origination, Routes};
use routehub::sweep::{FailureKind, failures};
use routehub::{Estate, Network, Profile};
use routehub_testkit::mesh;

use super::{agrees_when_built_anew, remembers, routes, same};

/// Each NVA announces a prefix of its own and the one that all have, with a longer path by each hub.
fn mesh_of(hubs: u32) -> Estate {
    let originates = |to: String, prepend: u8| Origination {
        routes: Routes {
            prefixes: vec![to.parse().expect("a prefix")],
            ..Routes::default()
        },
        prepend,
        ..Origination::default()
    };
    mesh::mesh(hubs, |hub| {
        vec![
            originates(format!("20.{hub}.0.0/16"), 0),
            originates("30.0.0.0/8".to_owned(), hub as u8),
        ]
    })
}

#[test]
fn what_an_nva_of_a_mesh_leaves_is_what_a_network_without_it_has_and_all_comes_back() {
    let profile = Profile::named("azure-2026").expect("it exists");
    for hubs in 2..=7 {
        let network = Network::new(&profile, mesh_of(hubs));
        let network = network.expect("the estate settles").share();
        let nvas = failures(&network);
        let nvas: Vec<_> = nvas
            .iter()
            .filter(|fails| fails.kind == FailureKind::Nva)
            .collect();
        assert_eq!(nvas.len(), hubs as usize);
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

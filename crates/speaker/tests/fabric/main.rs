//! The routes of networks where they are used: in the Linux kernel, in memory, as lines of JSON.

mod bgp;
mod crash;
mod failover;
mod healing;
mod kernel;
mod streams;
mod watch;

use routehub_testkit::daemons::Bird;
use routehub_testkit::fabric::Fabric;

/// The namespaces of a lab; no router runs yet.
fn lab() -> Fabric {
    Fabric::build(&std::env::temp_dir()).expect("a lab")
}

/// Starts the BIRDs of both NVAs and of on-premises.
fn start_routers(lab: &Fabric) -> (Bird, Bird, Bird) {
    let nva = |place| lab.start_nva(place).expect("a BIRD");
    (nva(0), nva(1), lab.start_on_prem().expect("a BIRD"))
}

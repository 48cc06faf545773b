//! What every test needs: addresses of its own, a server, and patience with a limit.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use routehub_scenario::Scenario;
use routehub_speaker::Server;

/// The longest time that anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The port of the server: one that needs no privileges.
pub(crate) const PORT: u16 = 1790;

/// The loopback network of one test: nobody else uses its addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    network: [u8; 3],
}

impl Addresses {
    pub(crate) fn new() -> Self {
        static TESTS: AtomicU16 = AtomicU16::new(0);
        let process = std::process::id();
        let test = TESTS.fetch_add(1, Ordering::Relaxed);
        let third = process as u8;
        Self {
            network: [
                127,
                64 + (process >> 8) as u8 % 128,
                third.wrapping_add(test as u8),
            ],
        }
    }

    pub(crate) fn host(self, host: u8) -> String {
        let [a, b, c] = self.network;
        format!("{a}.{b}.{c}.{host}")
    }
}

/// A hub with a Route Server, a live SD-WAN NVA and a modelled one, and a spoke with a VM.
pub(crate) fn network(addresses: Addresses) -> String {
    format!(
        "schema: routehub/1
title: A live NVA in a hub, a spoke beside it
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets: [{{name: RouteServerSubnet, prefix: 10.1.255.0/26}}]
  - {{name: spoke, address_space: [10.2.0.0/16]}}
peerings:
  - {{hub: hub, spoke: spoke}}
route_servers:
  - {{name: rs, vnet: hub}}
nvas:
  - {{name: sdwan, vnet: hub, ip: 10.1.2.4, asn: 65001, sessions: [rs], live: true, peer_address: {nva}}}
nics:
  - {{name: vm, vnet: spoke}}
listen:
  port: {PORT}
  addresses: {{10.1.255.4: '{zero}:{PORT}', 10.1.255.5: '{one}:{PORT}'}}
",
        nva = addresses.host(100),
        zero = addresses.host(4),
        one = addresses.host(5),
    )
}

/// A server for a network file.
pub(crate) async fn serve(file: &str) -> Server {
    let scenario = Scenario::parse(file).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    Server::start(&scenario.profile, scenario.estate, &scenario.live)
        .await
        .expect("a server")
}

/// Waits until what is looked at is as it should be.
///
/// # Panics
/// After [`PATIENCE`], with what was seen last.
pub(crate) async fn until<T, F>(
    what: &str,
    mut look: impl FnMut() -> F,
    good: impl Fn(&T) -> bool,
) -> T
where
    T: std::fmt::Debug,
    F: Future<Output = T>,
{
    let start = Instant::now();
    loop {
        let seen = look().await;
        if good(&seen) {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "{what}, but there is {seen:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Where a program is, if it is installed.
fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    places
        .map(|place| place.join(program))
        .find(|file| file.is_file())
}

/// The programs a test needs; none if one is not installed, which is said, and an error where the
/// test has to run.
pub(crate) fn programs<const N: usize>(package: &str, names: [&str; N]) -> Option<[PathBuf; N]> {
    let found: Vec<PathBuf> = names.iter().filter_map(|name| installed(name)).collect();
    if let Ok(all) = <[PathBuf; N]>::try_from(found) {
        return Some(all);
    }
    let required = std::env::var("ROUTEHUB_REQUIRE_INTEROP").is_ok_and(|value| value == "1");
    assert!(!required, "the package {package} is not installed");
    eprintln!("\n*** NOT TESTED: the package {package} is not installed ***\n");
    None
}

/// What a program wrote into a file so far.
pub(crate) fn contents(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

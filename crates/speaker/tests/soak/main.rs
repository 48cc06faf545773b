//! A server that runs for long while everything around it fails: six daemons are killed and come
//! back, addresses go and come, packets are lost, routes come and go, operators have events happen
//! and files read again. Whenever it is quiet again, every table is as the model has it, and
//! descriptors, threads and memory are what they were.
//!
//! Two minutes; `ROUTEHUB_SOAK_SECONDS=3600` has it last an hour, and `ROUTEHUB_SOAK_SEED` draws the
//! same troubles again. `-- --nocapture` shows what happens.

mod network;
mod numbers;
mod quiet;
mod server;
mod speaker;
mod trouble;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use routehub_testkit::isolated::isolated;
use routehub_testkit::process::programs;

use network::{Network, SPEAKERS, addresses};
use numbers::Numbers;
use server::{Resources, Server};
use speaker::Speaker;
use trouble::{Loss, Stage};

/// How long it lasts, unless it is told.
const SECONDS: u64 = 120;

/// Into how many rounds the time is divided, at least; after each it is quiet.
const ROUNDS: u32 = 6;

/// The longest round: what goes wrong should be found near its cause.
const LONGEST_ROUND: Duration = Duration::from_mins(1);

/// Rounds after which everything is as large as it gets.
const WARM_UP: usize = 2;

/// By how much memory may differ from what it was after the warm-up, in KiB, beside a tenth: what an
/// allocator does not give back.
const MEMORY: u64 = 4 << 10;

/// A number that the environment gives.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}")),
    )
}

/// A seed that is another one every time.
fn chance() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a time after 1970").as_secs()
}

/// Whether every daemon is installed; says so if not.
fn all_installed() -> bool {
    programs("bird2", ["bird", "birdc"]).is_some()
        && programs("frr", ["frr/bgpd", "vtysh"]).is_some()
        && programs("gobgpd", ["gobgpd", "gobgp"]).is_some()
        && programs("exabgp", ["exabgp"]).is_some()
        && programs("openbgpd", ["bgpctl", "bgpd"]).is_some()
}

/// Lets daemons bind to an address that is gone for the moment: one of them would never try again.
fn let_bind() {
    let variable = "/proc/sys/net/ipv4/ip_nonlocal_bind";
    std::fs::write(variable, "1").expect("a namespace of our own");
}

fn soak() {
    let_bind();
    let seed = number("ROUTEHUB_SOAK_SEED").unwrap_or_else(chance);
    let whole = Duration::from_secs(number("ROUTEHUB_SOAK_SECONDS").unwrap_or(SECONDS));
    println!("ROUTEHUB_SOAK_SEED={seed} draws these troubles again; {whole:?} altogether");
    let mut numbers = Numbers::new(seed);
    let network = Network::new(&mut numbers);
    let server = Server::start(&network.text());
    let speakers = SPEAKERS.iter().map(|role| Speaker::start(role, &network));
    let mut stage = Stage {
        speakers: speakers.collect(),
        network,
        server,
        loss: Loss::default(),
        numbers,
        happened: Default::default(),
    };
    let mut warm: Option<Resources> = None;
    let round = (whole / ROUNDS).min(LONGEST_ROUND);
    let start = Instant::now();
    stage.quiet("at first");
    for number in 1.. {
        stage.troubles(round);
        let quiet = Instant::now();
        stage.quiet(&format!("after round {number}"));
        let resources = match &warm {
            None => stage.server.resources(),
            Some(warm) => stage.server.settle(warm),
        };
        println!(
            "round {number}, {:.0?}: quiet after {:.1?}, {resources:?}",
            start.elapsed(),
            quiet.elapsed()
        );
        let memory = resources.kibibytes;
        if let Some(warm) = &warm {
            let most = warm.kibibytes + warm.kibibytes / 10 + MEMORY;
            assert!(memory <= most, "{memory} KiB, {most} at most: {warm:?}");
        }
        if number >= WARM_UP {
            warm.get_or_insert(resources);
        }
        if number > WARM_UP && start.elapsed() >= whole {
            break;
        }
    }
    println!("{:#?}", stage.happened);
    let never = stage.never();
    assert!(never.is_empty(), "too short for {never:?}");
    stage.server.stop();
}

#[test]
fn after_all_troubles_tables_are_those_of_the_model_and_nothing_is_left_behind() {
    if all_installed() {
        isolated(addresses(), || async { soak() });
    }
}

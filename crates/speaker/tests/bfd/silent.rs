//! The NVA is dead and nobody says so: the VM's kernel loses the route in time.

use std::time::{Duration, Instant};

use routehub_testkit::daemons::Bird;
use routehub_testkit::isolated::may_isolate;
use routehub_testkit::wait::block_until;

use crate::lab::Lab;

/// The ways to die silently.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// The process is stopped where it is.
    Stopped,
    /// Its interface is down.
    InterfaceDown,
    /// Its packets are dropped.
    Dropped,
}

impl Death {
    const ALL: [Self; 3] = [Self::Stopped, Self::InterfaceDown, Self::Dropped];

    /// Kills the NVA, or brings it back.
    fn strike(self, lab: &Lab, bird: &Bird, dead: bool) {
        let place = &lab.fabric.nvas[0];
        match (self, dead) {
            (Self::Stopped, dead) => bird.pause(dead),
            (Self::InterfaceDown, true) => {
                place.ip("link set dev eth0 down").expect("it goes down");
            }
            (Self::InterfaceDown, false) => {
                place.ip("link set dev eth0 up").expect("it comes up");
                place
                    .ip("route replace 10.1.0.0/16 dev eth0")
                    .expect("a route");
            }
            (Self::Dropped, true) => nft(
                lab,
                &[
                    "add table inet silence { chain output { type filter hook output priority 0; drop; }; }",
                ],
            ),
            (Self::Dropped, false) => nft(lab, &["delete table inet silence"]),
        }
    }
}

fn nft(lab: &Lab, arguments: &[&str]) {
    let mut command = lab.fabric.nvas[0].command("nft");
    let status = command.args(arguments).status().expect("nft");
    assert!(status.success(), "{arguments:?}");
}

/// How long the kernel keeps the route of an NVA that dies, in each way to die.
fn measure(interval: u32, reach: &str) -> Vec<Duration> {
    let lab = Lab::start("open", &format!("{{interval_ms: {interval}}}"));
    let bird = lab.bird(reach, interval);
    let detection = Duration::from_millis(3 * u64::from(interval));
    let times = Death::ALL.map(|death| {
        lab.wait_until_watched(detection);
        let downs = lab.downs();
        let struck = Instant::now();
        death.strike(&lab, &bird, true);
        let time = lab.gone() - struck;
        println!("{interval} ms x 3, {reach}, {death:?}: gone after {time:?}");
        block_until(
            "both sessions are told of",
            || lab.downs(),
            |all| all.len() == downs.len() + 2,
        );
        death.strike(&lab, &bird, false);
        time
    });
    times.to_vec()
}

#[test]
fn at_300_ms_a_dead_nva_is_gone_within_a_second() {
    if !may_isolate() {
        return;
    }
    let times = measure(300, "multihop");
    assert!(
        times.iter().all(|time| *time < Duration::from_secs(1)),
        "{times:?}"
    );
}

#[test]
fn at_50_ms_a_dead_nva_is_gone_within_200_ms() {
    if !may_isolate() {
        return;
    }
    let mut times = [measure(50, "multihop"), measure(50, "direct")].concat();
    times.sort();
    // Of half of them, as other tests run beside this.
    assert!(
        times[times.len() / 2] < Duration::from_millis(200),
        "{times:?}"
    );
    assert!(
        times.iter().all(|time| *time < Duration::from_secs(1)),
        "{times:?}"
    );
}

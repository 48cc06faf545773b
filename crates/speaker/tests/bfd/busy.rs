//! A busy machine: sessions stay Up as long as packets arrive.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use routehub_bfd::State;
use routehub_testkit::isolated::may_isolate;

use crate::lab::Lab;

/// Processes that do nothing, as fast as they can.
struct BusyLoops(Vec<Child>);

impl BusyLoops {
    fn start(count: usize) -> Self {
        let start = |_| {
            let mut command = Command::new("sh");
            command.args(["-c", "while :; do :; done"]);
            command.stdin(Stdio::null()).spawn().expect("a shell")
        };
        Self((0..count).map(start).collect())
    }
}

impl Drop for BusyLoops {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn two_busy_loops_for_each_core_end_no_session() {
    if !may_isolate() {
        return;
    }
    let lab = Lab::start("open", "{interval_ms: 50}");
    let bird = lab.bird("multihop", 50);
    let before = lab.wait_until_watched(Duration::from_millis(150));
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let busy = BusyLoops::start(2 * cores);
    assert!(lab.is_quiet(Duration::from_secs(10)), "{:?}", lab.events());
    drop(busy);
    let after = lab.sessions();
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(after.local_discriminator, before.local_discriminator);
        let sent = after.counters.sent - before.counters.sent;
        let received = after.counters.received - before.counters.received;
        println!("in 10 s {sent} packets sent, {received} received");
        if before.state == State::Up {
            // 50 ms less a quarter, or less: 200 are 10 s of the longest gaps.
            assert!((200..=280).contains(&sent), "{sent}");
        }
    }
    assert_eq!(lab.downs(), []);
    let said = bird.ask("show bfd sessions");
    assert_eq!(said.matches(" Up ").count(), 2, "{said}");
}

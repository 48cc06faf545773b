//! A burst of UPDATEs costs no memory.

mod common;

use allocation_counter::measure;
use common::messages::{bytes_of, keepalive, peer_open, update};
use common::{drain, local_config};
use routehub_session::{Output, Session, State};
use routehub_types::Instant;

#[test]
fn a_burst_of_updates_passes_without_an_allocation() {
    let mut config = local_config();
    config.passive = true;
    let mut session = Session::new(config, 1).expect("a good configuration");
    let now = Instant::from_millis(1);
    session.handle_start(now);
    let id = session.handle_accepted(now).expect("accepted");
    let opening = [bytes_of(&peer_open()), keepalive()].concat();
    session.handle_bytes(now, id, &opening);
    drain(&mut session, now);
    assert_eq!(session.state(), State::Established);

    let burst: Vec<u8> = (0..200).flat_map(|octet| update([octet, 7])).collect();
    let pass = |session: &mut Session| {
        session.handle_bytes(now, id, &burst);
        let mut prefixes = 0;
        while let Some(output) = session.poll(now) {
            if let Output::Update(view) = output {
                prefixes += view.announced().flat_map(|field| field.nlri).count();
            }
        }
        prefixes
    };
    // The first burst grows the receive buffer.
    let mut prefixes = pass(&mut session);
    let used = measure(|| {
        for _ in 0..10 {
            prefixes += pass(&mut session);
        }
    });
    assert_eq!(prefixes, 11 * 400);
    assert_eq!(used.count_total, 0, "{used:?}");
}

//! The finite state machine of RFC 4271 section 8.2.2: every event in every state.
//!
//! Each row has a test of its name. It compares what the transition does with what the RFC asks
//! for, and then raises the event in a session by inputs alone and looks at what comes out; a row
//! whose event no input can raise says why. `CONFORMANCE.md` is written from these rows:
//! `ROUTEHUB_WRITE_CONFORMANCE=1 cargo test -p routehub-session --test conformance`.

#[path = "../common/mod.rs"]
mod common;
mod stage;
mod table;

mod active;
mod connect;
mod established;
mod idle;
mod open_confirm;
mod open_sent;

use std::fmt::Write;

use routehub_session::{FsmEvent, State};
use table::Row;

fn rows() -> impl Iterator<Item = &'static Row> {
    [
        idle::ROWS,
        connect::ROWS,
        active::ROWS,
        open_sent::ROWS,
        open_confirm::ROWS,
        established::ROWS,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn every_event_stands_in_every_state() {
    for state in State::ALL {
        for event in FsmEvent::ALL {
            let found = rows().any(|row| row.state == state && row.event == event);
            assert!(found, "no row for {event} in {state}");
        }
    }
}

const HEAD: &str = "\
# Conformance to RFC 4271 section 8.2.2

Every event (RFC 4271 section 8.1; Event 29 is of RFC 9687, ROUTE-REFRESH of RFC 2918 has no number)
in every state: what is done, in this order, the state afterwards, and the test in
`tests/conformance` that holds it. Where the last column says why not, no input raises the event in
that state, and the test holds the transition alone; all other tests also raise the event in a
session.

Where this differs from the letter of section 8.2.2:
- No NOTIFICATION answers a NOTIFICATION in OpenSent and OpenConfirm (Event 25): section 6.4.
- BGPHeaderErr in Established has the error code of section 6.1, not that of the state machine.
- A second OPEN on one connection (Event 19 in OpenConfirm and Established) is an unexpected
  message: what it could collide with is another connection, which has a state machine of its own.
- A session that only listens (PassiveTcpEstablishment) has no ConnectRetryTimer: it never connects.
- A third connection takes the place of the oldest one on which no OPEN has come (RFC 4271 section
  6.8 says nothing of it): silent connections do not lock a peer out.
- TcpConnectionFails in Active does not start the ConnectRetryTimer, which Idle ignores; the start
  that follows does.
- RFC 4724 section 5 changes Events 16 and 17 in Established; RFC 6608 gives the subcodes and data.
- What concerns the whole session (ConnectRetryTimer, damping, the state to fall to) waits while
  another connection of the session lives.
";

fn document() -> String {
    let mut text = HEAD.to_string();
    let mut last = None;
    for row in rows() {
        if last != Some(row.state) {
            last = Some(row.state);
            let _ = write!(
                text,
                "\n## {}\n\n| Event | If | Does | Then | Test | Never raised, because |\n\
                 |---|---|---|---|---|---|\n",
                row.state
            );
        }
        let actions: Vec<String> = row.actions.iter().map(|one| format!("{one:?}")).collect();
        let number = match row.event.number() {
            0 => String::new(),
            number => format!("{number} "),
        };
        let _ = writeln!(
            text,
            "| {number}{} | {} | {} | {} | `{}` | {} |",
            row.event,
            row.condition.text(),
            actions.join(", "),
            row.next,
            row.name,
            row.never.unwrap_or_default()
        );
    }
    text
}

#[test]
fn the_document_says_what_is_tested() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/CONFORMANCE.md");
    let wanted = document();
    if std::env::var_os("ROUTEHUB_WRITE_CONFORMANCE").is_some() {
        std::fs::write(path, &wanted).expect("the document can be written");
    }
    let found = std::fs::read_to_string(path).expect("CONFORMANCE.md is there");
    assert!(
        found == wanted,
        "CONFORMANCE.md is out of date, see the head of this test"
    );
}

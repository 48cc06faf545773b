//! Configuration, counters and what was negotiated as JSON.
#![cfg(feature = "serde")]

mod common;

use common::{Pair, local_config};
use routehub_session::{Counters, Negotiated, SessionConfig, State, Timers};

#[test]
fn a_configuration_reads_back() {
    let config = local_config();
    let text = serde_json::to_string(&config).expect("JSON");
    let read: SessionConfig = serde_json::from_str(&text).expect("a configuration");
    assert_eq!(read, config);
}

#[test]
fn timers_that_are_not_given_are_the_usual_ones() {
    let read: Timers =
        serde_json::from_str(r#"{"hold_time": {"secs": 30, "nanos": 0}}"#).expect("timers");
    let usual = Timers::default();
    assert_eq!(
        read,
        Timers {
            hold_time: std::time::Duration::from_secs(30),
            ..usual
        }
    );
}

#[test]
fn what_an_operator_looks_at_reads_back() {
    let pair = Pair::established();
    let session = &pair.a.session;
    let agreed = session.negotiated().expect("established");
    let text = serde_json::to_string(agreed).expect("JSON");
    let read: Negotiated = serde_json::from_str(&text).expect("what was negotiated");
    assert_eq!(&read, agreed);
    let text = serde_json::to_string(session.counters()).expect("JSON");
    let read: Counters = serde_json::from_str(&text).expect("counters");
    assert_eq!(&read, session.counters());
    assert_eq!(
        serde_json::to_string(&State::OpenSent).expect("JSON"),
        "\"OpenSent\""
    );
}

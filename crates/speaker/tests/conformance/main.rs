//! What BGP speakers make of the catalogue of malformed and odd messages: this one and four daemons.
//! `CONFORMANCE.md` shows it; the daemons' part of it is as they did at the last record.
//!
//! `ROUTEHUB_WRITE=1 cargo test -p routehub-speaker --test conformance` writes the page anew.
//! `ROUTEHUB_WRITE=daemons` first plays every case to the daemons that are installed here, and records
//! what they do: half an hour. `ROUTEHUB_WRITE=new` plays those only that are not recorded yet.

mod judge;
mod page;
mod play;
mod record;
mod subject;

use std::path::PathBuf;

use routehub_testkit::cases::{self, Case};
use routehub_testkit::daemons::Kind;
use routehub_testkit::isolated::isolated;

use judge::Seen;
use record::{Column, Record};
use subject::{DAEMONS, addresses, version};

/// The page.
fn page_file() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../CONFORMANCE.md"]
        .iter()
        .collect()
}

/// Whether the page is to be written anew, and which cases are to be recorded.
fn writes() -> (bool, Recorded) {
    let value = std::env::var("ROUTEHUB_WRITE").ok();
    let recorded = match value.as_deref() {
        Some("daemons") => Recorded::All,
        Some("new") => Recorded::New,
        _ => Recorded::None,
    };
    (value.is_some(), recorded)
}

/// Which cases are played to daemons, and recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recorded {
    None,
    /// Those that are not recorded yet.
    New,
    All,
}

/// Every how many cases one is played again to see that the record is true.
const SAMPLE: usize = 8;

/// Plays cases to a daemon; none if it is not installed.
fn play(kind: Kind, cases: Vec<Case>) -> Option<Column> {
    let version = version(kind)?;
    let (sender, receiver) = std::sync::mpsc::channel();
    isolated(addresses(), move || async move {
        let mut column = Column::new(version);
        let mut player = play::Player::start(kind).expect("it is installed");
        for case in cases {
            let seen = player.play(&case).await;
            println!("{kind:?} {}: {seen}", case.id);
            column.outcomes.insert(case.id, seen);
        }
        sender.send(column).expect("somebody waits");
    });
    receiver.recv().ok()
}

#[test]
fn the_page_says_what_routehub_does_now_and_what_daemons_did() {
    let (writes_page, recorded) = writes();
    if recorded != Recorded::None {
        for kind in DAEMONS {
            let name = subject::name(kind);
            let mut record = Record::read();
            let mut known = record.daemons.remove(name);
            let mut cases = cases::all();
            if let Some(known) = known.as_ref().filter(|_| recorded == Recorded::New) {
                cases.retain(|case| !known.outcomes.contains_key(&case.id));
            }
            if let Some(mut column) = play(kind, cases) {
                if let Some(known) = known.take_if(|_| recorded == Recorded::New) {
                    assert_eq!(known.version, column.version, "{name}: record all cases");
                    column.outcomes.extend(known.outcomes);
                }
                record.daemons.insert(name.to_owned(), column);
                record.write();
            }
        }
    }
    let wanted = page::page(&Record::read());
    if writes_page {
        std::fs::write(page_file(), &wanted).expect("the page is written");
    }
    let found = std::fs::read_to_string(page_file()).expect("CONFORMANCE.md is there");
    let differ = |(old, new): &(&str, &str)| old != new;
    let first = found.lines().zip(wanted.lines()).find(differ);
    assert!(
        found == wanted,
        "CONFORMANCE.md is old ({first:?}), see the head of this test"
    );
}

#[test]
fn routehub_does_with_every_message_what_the_rfcs_say() {
    let wrong = cases::all().into_iter().filter_map(|case| {
        let seen = judge::ours(&case);
        let is_right = judge::is_right(&case, &seen) == Some(true);
        (!is_right).then(|| format!("{}: {seen}, not {}", case.id, case.expected))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn what_was_recorded_of_bird_is_what_it_does_again() {
    let record = Record::read();
    let recorded = &record.daemons[subject::name(Kind::Bird)];
    if version(Kind::Bird).as_ref() != Some(&recorded.version) {
        eprintln!(
            "\n*** NOT TESTED: BIRD {} is not installed ***\n",
            recorded.version
        );
        return;
    }
    let sample = cases::all().into_iter().step_by(SAMPLE).collect();
    let Some(now) = play(Kind::Bird, sample) else {
        return;
    };
    let differ = |(id, seen): (&String, &Seen)| {
        let before = recorded.outcomes.get(id);
        (before != Some(seen)).then(|| format!("{id}: {seen}, not {before:?}"))
    };
    assert_eq!(now.outcomes.len(), cases::all().len().div_ceil(SAMPLE));
    let wrong: Vec<String> = now.outcomes.iter().filter_map(differ).collect();
    assert_eq!(wrong, [""; 0]);
}

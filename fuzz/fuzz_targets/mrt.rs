//! Any file of MRT records is read to its end or to what is wrong, and its messages are decoded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routehub_testkit::{examination, session};
use routehub_wire::decode;

#[path = "../../crates/cli/src/decode/input.rs"]
#[allow(dead_code)]
mod input;
#[path = "../../crates/cli/src/decode/mrt.rs"]
mod mrt;

fuzz_target!(|file: &[u8]| {
    let (mut rest, mut at) = (file, 0);
    let mut reader = mrt::Reader::default();
    while let Ok(Some(record)) = mrt::record(&mut rest, &mut at) {
        assert!(record.offset < at);
        for message in reader.entries(&record).into_iter().flatten() {
            let _ = decode(&message.bytes, &message.context);
        }
    }
});

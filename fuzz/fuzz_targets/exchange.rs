//! Any event on any estate: who follows the journal holds the routes of every network.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/exchange/tests/journal.rs"]
#[allow(dead_code, unused_imports)]
mod journal;

fuzz_target!(|octets: &[u8]| {
    let numbers = octets.chunks(2);
    let numbers = numbers.map(|pair| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
    if let Err(error) = journal::agrees(numbers.collect(), 12) {
        panic!("{error}");
    }
});

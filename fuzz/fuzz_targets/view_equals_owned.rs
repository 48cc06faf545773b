//! The view and the owned form of a message say the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routehub_wire::Context;

#[path = "../../crates/wire/tests/properties/laws.rs"]
#[allow(dead_code)]
mod laws;

fuzz_target!(|input: (Context, &[u8])| {
    let (context, body) = input;
    laws::view_equals_owned(&context, &laws::message(2, body));
});

//! Routes that are sent arrive; what the encoder makes of a message, it makes again.
#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/wire/tests/properties/laws.rs"]
#[allow(dead_code)]
mod laws;

fuzz_target!(|octets: &[u8]| {
    let mut u = Unstructured::new(octets);
    let Ok(context) = laws::context(&mut u) else {
        return;
    };
    if let Ok(update) = laws::routes(&mut u, &context) {
        laws::round_trip(&context, &update);
    }
    laws::stable(&context, &laws::message(2, u.take_rest()));
});

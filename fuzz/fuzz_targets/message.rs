//! Any message in any context has a defined outcome, and all of it can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routehub_wire::{Action, Context, Message, decode};

#[path = "../../crates/wire/tests/properties/laws.rs"]
#[allow(dead_code)]
mod laws;

fuzz_target!(|input: (Context, u8, &[u8])| {
    let (context, kind, body) = input;
    let whole = laws::message(1 + kind % 6, body);
    let _ = decode(body, &context);
    match decode(&whole, &context) {
        Ok(Message::Update(update)) => {
            let faults = update.faults();
            assert_eq!(faults.is_empty(), update.is_fault_free());
            assert!(faults.iter().all(|one| one.offset <= whole.len()));
            if update.action() == Action::Reset {
                assert_eq!(update.announced().count() + update.withdrawn().count(), 0);
            }
            let _ = (update.outcome(), update.end_of_rib(), format!("{update:?}"));
        }
        Ok(Message::RouteRefresh(refresh)) => {
            let _ = refresh.applies_to(&context);
        }
        Ok(other) => {
            let _ = format!("{other:?}");
        }
        Err(error) => assert!(error.offset <= whole.len()),
    }
});

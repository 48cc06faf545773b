//! Any text is a network file or is told what is wrong with it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routehub_scenario::Scenario;

fuzz_target!(|text: &str| {
    if let Err(diagnostics) = Scenario::parse(text) {
        assert!(!diagnostics.is_empty());
        for diagnostic in &diagnostics {
            assert!(!diagnostic.to_string().is_empty());
        }
    }
});

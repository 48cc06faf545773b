//! Any text is a network file or is told what is wrong with it; what was read is written and read
//! back.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use routehub_scenario::{NetworkText, Scenario};

fuzz_target!(|text: &str| -> Corpus {
    let scenario = match Scenario::parse(text) {
        Ok(scenario) => scenario,
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            for diagnostic in &diagnostics {
                assert!(!diagnostic.to_string().is_empty());
            }
            return Corpus::Keep;
        }
    };
    // Events may bring what the estate names: without them it need not be whole.
    if !scenario.events.is_empty() {
        return Corpus::Keep;
    }
    let written = NetworkText {
        title: &scenario.title,
        profile: "open",
        comments: &[],
        estate: &scenario.estate,
        effective: &[],
    };
    let written = written.text();
    match Scenario::parse(&written) {
        Ok(back) => assert_eq!(back.estate, scenario.estate, "{written}"),
        Err(wrong) => panic!("{wrong:?}\n{written}"),
    }
    Corpus::Keep
});

//! A compiled rule list says what every rule looked at in turn says, of the set alone too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proptest::collection::vec;
use routehub_policy::{Policy, SetVerdict};

#[path = "../../crates/policy/tests/properties.rs"]
#[allow(dead_code, unused_imports)]
mod properties;
#[path = "drawn.rs"]
mod drawn;

use properties::{any_prefix, attrs, fallback, meta, one_by_one, outcome, rules};

fuzz_target!(|octets: &[u8]| {
    let routes = vec(any_prefix(), 1..8);
    let all = (rules(), fallback(), attrs(), routes, meta());
    let Some((rules, fallback, attrs, prefixes, meta)) = drawn::from(octets, all) else {
        return;
    };
    let policy = Policy::compile(rules.clone(), fallback);
    let verdict = policy.set_verdict(&attrs, &meta);
    for prefix in prefixes {
        let said = outcome(&policy, &attrs, prefix, &meta);
        assert_eq!(said, one_by_one(&rules, fallback, &attrs, prefix, &meta));
        match &verdict {
            SetVerdict::AskPrefix => {}
            SetVerdict::Reject(rule) => assert_eq!(said, (None, *rule)),
            SetVerdict::Accept(changed) => {
                let after = changed.as_ref().unwrap_or(&attrs).clone();
                assert_eq!(said.0, Some((after, prefix)));
            }
        }
    }
});

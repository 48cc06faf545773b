//! What a route costs in memory on its way through a policy.

use core::net::Ipv4Addr;

use allocation_counter::measure;
use routehub_policy::{Action, Fallback, Match, Policy, RouteMeta, Rule};
use routehub_types::{Asn, Attrs, Community, Prefix, RuleId};

/// A thousand prefix rules between rules on path and communities, and one that changes nothing.
fn policy() -> Policy {
    let mut rules = vec![
        Rule::own_asn(RuleId(50), Asn(64500)),
        Rule::carries(RuleId(98), "kept", Community::NO_ADVERTISE),
    ];
    for n in 0..1000u32 {
        let address = Ipv4Addr::from(0x0a00_0000 + (n << 8));
        let inside = Match::inside([Prefix::new(address.into(), 24).unwrap()]);
        rules.push(Rule::reject(RuleId(51), "overlap", vec![inside]));
    }
    let settled = vec![Action::SetMed(None), Action::RemoveAsns(vec![Asn(7)])];
    rules.push(Rule::change(RuleId(1), "settled", vec![], settled));
    Policy::compile(rules, Fallback::Accept(RuleId(2)))
}

fn route() -> Attrs {
    Attrs::new("65001 65100".parse().unwrap(), Ipv4Addr::new(10, 0, 4, 4))
}

#[test]
fn a_route_that_no_rule_changes_allocates_nothing() {
    let (policy, attrs, meta) = (policy(), route(), RouteMeta::default());
    let prefixes = ["10.0.7.0/24", "10.0.0.0/8", "192.168.0.0/16"];
    let prefixes: [Prefix; 3] = prefixes.map(|text| text.parse().unwrap());
    let used = measure(|| {
        for prefix in prefixes {
            let verdict = policy.evaluate(&attrs, prefix, &meta);
            assert_eq!(verdict.is_accept(), prefix != prefixes[0]);
        }
        policy.set_verdict(&attrs, &meta);
    });
    assert_eq!(used.count_total, 0);
}

#[test]
fn a_change_copies_the_attributes_once() {
    let far = Rule::change(RuleId(1), "far", vec![], vec![Action::SetMed(Some(7))]);
    let policy = Policy::compile(vec![far.clone(), far], Fallback::Accept(RuleId(2)));
    let (attrs, meta) = (route(), RouteMeta::default());
    let copy = measure(|| drop(attrs.clone()));
    let used = measure(|| drop(policy.evaluate(&attrs, "10.0.0.0/8".parse().unwrap(), &meta)));
    assert_eq!(used.count_total, copy.count_total);
    assert_ne!(used.count_total, 0);
}

//! The catalogue of malformed and odd messages: what the codec alone decides must be decided right.

mod catalogue;
mod mutations;

use catalogue::{decide, routes};
use routehub_testkit::cases::{self, Case, Decision};

/// Cases that the bytes of the message and the negotiation do not decide, and what decides them.
const DECIDED_ELSEWHERE: [(&str, &str); 14] = [
    (
        "open-id-same-ibgp",
        "configuration: this speaker's own BGP identifier",
    ),
    (
        "open-role-mismatch",
        "configuration: this speaker's own role",
    ),
    (
        "f-open-role-unassigned",
        "configuration: this speaker's own role",
    ),
    (
        "fsm-keepalive-in-opensent",
        "connection state: no OPEN has come yet",
    ),
    (
        "fsm-update-in-opensent",
        "connection state: no OPEN has come yet",
    ),
    (
        "fsm-rr-in-openconfirm",
        "connection state: not yet Established",
    ),
    (
        "fsm-notification-unknown",
        "connection state: a NOTIFICATION closes it",
    ),
    (
        "fsm-shutdown-comm-overrun",
        "connection state: a NOTIFICATION closes it",
    ),
    (
        "fsm-shutdown-comm-bad-utf8",
        "connection state: a NOTIFICATION closes it",
    ),
    (
        "rr-eorr-without-borr",
        "another message: whether a BoRR came before",
    ),
    ("aspath-own-as", "policy: this speaker's own ASN"),
    ("nexthop-self", "policy: this speaker's own address"),
    (
        "originator-ibgp-self",
        "policy: this speaker's own BGP identifier",
    ),
    ("cluster-ibgp-loop", "policy: this speaker's own cluster id"),
];

/// Cases whose action also depends on the routes that are held.
const DECIDED_BY_THE_RIB: [(&str, &str); 1] = [(
    "addpath-withdraw-unknown-id",
    "RIB: whether there is a path to withdraw",
)];

fn elsewhere(case: &Case) -> bool {
    let lists = DECIDED_ELSEWHERE.iter().chain(&DECIDED_BY_THE_RIB);
    lists.into_iter().any(|(id, _)| *id == case.id)
}

#[test]
fn what_the_codec_alone_decides_is_decided_as_the_rfcs_say() {
    let mut wrong = Vec::new();
    let mut decided = 0;
    for case in cases::all().iter().filter(|case| !elsewhere(case)) {
        decided += 1;
        let decision = decide(case);
        if !case.expected.is(&decision) {
            wrong.push(format!(
                "{}: {decision:?}, not {:?}",
                case.id, case.expected
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(
        decided, 147,
        "every case of the catalogue, but for those listed"
    );
}

#[test]
fn only_cases_that_are_in_the_catalogue_are_left_to_others() {
    let all = cases::all();
    for (id, reason) in DECIDED_ELSEWHERE.iter().chain(&DECIDED_BY_THE_RIB) {
        let case = all.iter().find(|case| case.id == *id);
        let case = case.unwrap_or_else(|| panic!("{id} is no case ({reason})"));
        let decision = decide(case);
        assert!(
            !case.expected.is(&decision),
            "{id} is decided by the codec: {decision:?}"
        );
    }
}

#[test]
fn a_case_left_to_others_is_at_least_read() {
    for case in cases::all().iter().filter(|case| elsewhere(case)) {
        let decision = decide(case);
        let read = matches!(decision.action.as_str(), "accept" | "attribute_discard");
        assert!(read, "{}: {decision:?}", case.id);
    }
}

#[test]
fn what_is_observed_in_accepted_cases_is_there() {
    let all = cases::all();
    let routes = |id: &str| {
        let case = all.iter().find(|case| case.id == id);
        routes(case.unwrap_or_else(|| panic!("no case {id}")))
    };
    assert_eq!(
        routes("upd-nlri-host-bits"),
        ["+198.51.240.0/20 path 65001"]
    );
    assert_eq!(routes("origin-duplicate"), ["+198.51.100.0/24 path 65001"]);
    assert_eq!(
        routes("addpath-ok"),
        [
            "+198.51.100.0/24#1 path 65001",
            "+198.51.100.0/24#2 path 65001"
        ]
    );
    assert_eq!(
        routes("as4path-before-aspath"),
        ["+198.51.100.0/24 path 65001 70000"]
    );
    assert_eq!(
        routes("as4path-old-len-5"),
        ["+198.51.100.0/24 path 65001 23456"]
    );
    assert_eq!(
        routes("as4path-old-longer"),
        ["+198.51.100.0/24 path 65001 23456"]
    );
    assert_eq!(
        routes("multi-taw-with-withdrawn"),
        ["-203.0.113.0/24", "-198.51.100.0/24"]
    );
    assert_eq!(
        routes("mp-reach-not-negotiated"),
        ["+198.51.100.0/24 path 65001"]
    );
    assert_eq!(routes("mp-reach-v4-ok"), ["+198.51.100.0/24 path 65001"]);
    assert_eq!(routes("mp-reach-no-mandatory"), ["-2001:db8:64::/48"]);
    assert_eq!(routes("upd-nlri-len-33"), [""; 0]);
}

#[test]
fn a_decision_that_differs_is_not_accepted() {
    let all = cases::all();
    let case = all.iter().find(|case| case.id == "origin-value-3");
    let accepted = Decision::action("accept");
    assert!(!case.is_some_and(|case| case.expected.is(&accepted)));
}

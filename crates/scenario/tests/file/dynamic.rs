//! Dynamic neighbours: what may stand there, and what is said of the rest.

use routehub::types::Asn;
use routehub_scenario::{Scenario, StaleTimes};

/// A file with these dynamic neighbours.
fn file(profile: &str, neighbors: &str) -> String {
    format!(
        "schema: routehub/1\ntitle: x\nprofile: {profile}\nvnets:\n  - {{name: hub, address_space: \
         [10.0.0.0/16], subnets: [{{name: RouteServerSubnet, prefix: 10.0.6.0/26}}]}}\n\
         route_servers:\n  - {{name: rs, vnet: hub, dynamic_neighbors: {neighbors}}}\n"
    )
}

/// What is said of it.
fn told(profile: &str, neighbors: &str) -> String {
    let wrong = Scenario::parse(&file(profile, neighbors)).expect_err("it is wrong");
    let told = wrong.iter().map(ToString::to_string);
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn asn_is_one_or_several_or_any_and_the_rest_has_a_usual_value() {
    let text = file(
        "open",
        "[{prefix: 10.0.1.0/24, asn: 65001}, {prefix: 10.0.2.0/24, asn: [65001, 4200000001], \
         at_most: 7, instances: [1], role: rs, graceful_restart: true, stale_time: 60, \
         long_lived_graceful_restart: true, long_lived_stale_time: 3600}, \
         {prefix: 10.0.3.0/24, asn: any, long_lived_stale_time: {ipv6: 0}}]",
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let all = &scenario.live.dynamic_neighbors["rs"];
    assert_eq!(all[0].asns, Some(vec![Asn(65001)]));
    assert_eq!((all[0].at_most.get(), all[0].instances), (100, [true; 2]));
    assert!(all[1].allows(Asn(4_200_000_001)) && !all[1].allows(Asn(65002)));
    assert_eq!((all[1].at_most.get(), all[1].instances), (7, [false, true]));
    assert!(all[1].template.graceful_restart && all[1].template.role.is_some());
    assert_eq!(all[1].template.stale_time, 60);
    assert!(all[1].template.long_lived_graceful_restart);
    let times = [0, 1, 2].map(|at| {
        let StaleTimes { ipv4, ipv6 } = all[at].template.long_lived_stale_time;
        (ipv4, ipv6)
    });
    assert_eq!(times, [(86_400, 86_400), (3600, 3600), (86_400, 0)]);
    assert!(all[2].allows(Asn(1)));
    assert!(all[2].contains([10, 0, 3, 255].into()) && !all[2].contains([10, 0, 4, 0].into()));
}

#[test]
fn only_a_plain_route_server_has_them() {
    for profile in ["azure-2021", "azure-2026"] {
        let told = told(profile, "[{prefix: 10.0.1.0/24, asn: any}]");
        assert!(told.contains("`profile: open`"), "{told}");
        assert!(told.contains("`dynamic_neighbors`"), "{told}");
    }
    // None are none.
    let none = Scenario::parse(&file("azure-2026", "[]"));
    assert!(none.is_ok(), "{none:#?}");
}

#[test]
fn what_cannot_be_is_told() {
    for (neighbors, expected) in [
        ("[{prefix: 10.0.1.0/24}]", "`asn`"),
        ("[{asn: any}]", "`prefix`"),
        ("[{prefix: 10.0.1.1/24, asn: any}]", "10.0.1.0/24 is meant"),
        ("[{prefix: 10.0.1.0/24, asn: all}]", "allowed: any"),
        (
            "[{prefix: 10.0.1.0/24, asn: {}}]",
            "an ASN, a list of ASNs, or `any`",
        ),
        ("[{prefix: 10.0.1.0/24, asn: any, at_most: 0}]", "at_most"),
        (
            "[{prefix: 10.0.1.0/24, asn: any, at_mots: 3}]",
            "did you mean `at_most`?",
        ),
        (
            "[{prefix: 10.0.1.0/24, asn: any, instances: [2]}]",
            "an instance is 0 or 1",
        ),
        (
            "[{prefix: 10.0.1.0/24, asn: any, live: true}]",
            "unknown key `live`",
        ),
        (
            "[{prefix: 10.0.1.0/24, asn: any, roll: rs}]",
            "did you mean `role`?",
        ),
        ("[{prefix: 10.0.1.0/24, asn: any, role: no}]", "role"),
        (
            "[{prefix: 10.0.1.0/24, asn: any, long_lived_graceful_restart: true}]",
            "`long_lived_graceful_restart` needs `graceful_restart: true`",
        ),
        (
            "[{prefix: 10.0.1.0/24, asn: any, long_lived_stale_time: 16777216}]",
            "expected 0 to 16777215 seconds",
        ),
        (
            "[{prefix: 10.0.1.0/24, asn: any, long_lived_stale_time: {ipv4: 1, ipv5: 2}}]",
            "`ipv5`",
        ),
        (
            "[{prefix: 10.0.1.0/24, asn: any, long_lived_stale_time: a day}]",
            "seconds, or a mapping with `ipv4` and `ipv6`",
        ),
        (
            "[{prefix: 10.0.0.0/22, asn: any}, {prefix: 10.0.2.0/24, asn: any}]",
            "10.0.2.0/24 overlaps with 10.0.0.0/22",
        ),
        (
            "[{prefix: 10.1.0.0/24, asn: any}]",
            "10.1.0.0/24 does not lie inside `hub`",
        ),
    ] {
        let told = told("open", neighbors);
        assert!(told.contains(expected), "{neighbors}: {told}");
    }
}

#[test]
fn long_lived_graceful_restart_goes_with_graceful_restart() {
    let file = |keys: &str| {
        format!(
            "schema: routehub/1\ntitle: x\nprofile: open\nvnets:\n  - {{name: hub, \
             address_space: [10.0.0.0/16], subnets: [{{name: RouteServerSubnet, prefix: \
             10.0.6.0/26}}]}}\nroute_servers:\n  - {{name: rs, vnet: hub}}\nnvas:\n  - {{name: \
             one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], live: true, {keys}}}\n"
        )
    };
    let alone = Scenario::parse(&file("long_lived_graceful_restart: true"));
    let wrong = alone.expect_err("it is wrong");
    let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let expected = "NVA `one`: `long_lived_graceful_restart` needs `graceful_restart: true`";
    assert!(told[0].contains(expected), "{told:?}");
    let both = "graceful_restart: true, long_lived_graceful_restart: true";
    let right = Scenario::parse(&file(both)).expect("it is right");
    let peer = &right.live.peers["one"];
    assert!(peer.long_lived_graceful_restart);
    assert_eq!(peer.long_lived_stale_time, StaleTimes::default());
}

#[test]
fn the_key_of_a_prefix_is_shown_nowhere() {
    let wrong = told(
        "open",
        "[{prefix: 10.0.1.0/24, asn: x, password: opensesame}]",
    );
    assert!(!wrong.contains("opensesame"), "{wrong}");
    let right = file(
        "open",
        "[{prefix: 10.0.1.0/24, asn: any, password: opensesame}]",
    );
    let right = Scenario::parse(&right).expect("it is right");
    assert!(!format!("{right:?}").contains("opensesame"));
}

//! What users of a Route Server ask most, a network file for each, and the answer that they get.
//!
//! The answers are for somebody who has never seen the code: read them when they change.

use crate::Ask::{Explain, Lint, Trace};
use crate::{answers, network};

macro_rules! pains {
    ($($name:ident, $file:literal, $asked:expr;)*) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(answers(concat!("pains/", $file, ".yaml"), &$asked));
            }
        )*
    };
}

pains! {
    p01_routes_that_are_not_on_the_vm, "01-routes-not-on-the-vm", [
        Explain("vm-no-flag", "192.168.1.1"), Explain("vm-no-propagation", "192.168.1.1"),
        Explain("vm-overlap", "172.20.5.9"), Explain("vm-hub", "192.168.1.1"), Lint];
    p02_steering_inside_a_vnet, "02-steering-inside-a-vnet", [
        Explain("vm", "10.10.1.4"), Explain("rs", "10.10.1.0/27"), Explain("vm", "10.99.0.1")];
    p03_own_asn_in_the_path, "03-own-asn-in-the-path", [Explain("vm2", "10.11.0.4"), Lint];
    p04_default_route_loop, "04-default-route-loop", [
        Trace("vm", "203.0.113.1"), Explain("firewall-nic", "203.0.113.1"), Lint];
    p05_limit_counted_twice, "05-limit-counted-twice", [
        Explain("vm", "100.0.0.1"), Explain("rs", "192.168.0.0/16"), Lint];
    p06_circuit_limit, "06-circuit-limit", [Explain("vm", "10.200.0.1"), Explain("er", "10.0.0.0/16"), Lint];
    p09_asymmetric_nvas, "09-asymmetric-nvas", [Trace("vm", "192.168.0.1"), Lint];
    p10_three_ways_to_one_site, "10-three-ways-to-one-site", [
        Explain("vm", "10.200.0.1"), Trace("vm", "10.200.0.1"), Lint];
    p11_prepends_that_are_invisible, "11-prepend-invisible", [Explain("er", "192.168.0.0/16"), Lint];
    p13_sessions_that_flap, "13-session-flaps", [Lint];
    p14_a_vpn_gateway_that_does_not_fit, "14-vpn-gateway-beside", [Explain("branch", "10.0.0.0/16"), Lint];
    p15_regions_on_one_circuit, "15-shared-circuit", [
        Explain("vm2", "192.168.0.1"), Explain("other", "10.200.0.0/16"), Lint];
    p16_too_many_peers, "16-too-many-peers", [Explain("vm", "192.168.9.1"), Lint];
    p17_route_maps, "17-route-maps", [
        Explain("vm", "192.168.9.1"), Explain("vm", "172.16.1.1"), Explain("nva2", "192.168.8.0/24"), Lint];
    p18_point_to_site_and_ipv6, "18-point-to-site-and-ipv6", [
        Explain("vm", "172.30.0.9"), Explain("branch", "172.30.0.0/24"), Explain("nva1", "fd00:1::/48"), Lint];
}

#[test]
fn what_a_failure_changes_is_seen_from_the_explanation() {
    let before = network("pains/10-three-ways-to-one-site.yaml", false);
    let prefix = "10.200.0.0/16".parse().expect("a prefix");
    let why = before.explain("vm", prefix).expect("it exists").to_string();
    assert!(
        why.contains("from ergw, AS path 12076 64600, next hop 10.0.7.6: best"),
        "{why}"
    );
    assert!(
        why.contains("lost to ergw by the routing preference (R-061)"),
        "{why}"
    );
}

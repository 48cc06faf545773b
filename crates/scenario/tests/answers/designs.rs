//! Ten broken designs, each of another kind of fault, and what a reader has of them who knows only
//! the answers: they name the cause and what to do.
//!
//! The first answers to each are kept: read them when they change.

use crate::Ask::{self, BothWays, Explain, Lint, Trace};
use crate::answers;

/// Words of the cause, and of the remedy.
struct Named {
    cause: &'static str,
    remedy: &'static str,
}

fn told(file: &str, asked: &[Ask], named: &[Named]) -> String {
    let text = answers(&format!("designs/{file}.yaml"), asked);
    for Named { cause, remedy } in named {
        for words in [cause, remedy] {
            assert!(text.contains(words), "{words:?} is not in:\n{text}");
        }
    }
    text
}

macro_rules! designs {
    ($($name:ident, $file:literal, $asked:expr, $cause:literal, $remedy:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let named = [Named { cause: $cause, remedy: $remedy }];
                insta::assert_snapshot!(told($file, &$asked, &named));
            }
        )*
    };
}

designs! {
    d01_propagation_is_off, "01-propagation-off", [
        Lint, Trace("app1", "172.20.0.9"), Explain("app1", "172.20.0.9")],
        "route table app-out disables propagation", "switch propagation on in the route table";
    d02_a_flag_is_missing, "02-wrong-flag", [
        Lint, Trace("blue-vm", "branch"), Explain("blue-vm", "10.201.0.9"), Explain("branch", "10.2.0.0/16")],
        "use_remote_gateways is off in blue", "use_remote_gateways on the spoke's";
    d03_a_firewall_stands_under_its_own_table, "03-firewall-under-its-own-table", [
        Lint, Trace("vm", "internet")],
        "with which route table to-firewall is associated", "Associate another route table with the subnet";
    d04_two_hubs_have_one_asn, "04-asn-loop-of-two-hubs", [
        Lint, Trace("vm1", "vm2"), Explain("vm1", "10.21.0.4")],
        "10.21.0.0/16 is not there: from nva1: AS 65515 stands in the path", "let the NVA strip or replace this ASN";
    d05_a_summary_leads_into_a_hole, "05-summary-that-blackholes", [
        Lint, Trace("er", "dns"), Explain("er", "10.4.0.4")],
        "10.4.0.0/16 of hub is inside none of its summarised gateway prefixes", "Add a summary around it";
    d06_a_next_hop_is_mistyped, "06-mistyped-next-hop", [
        Lint, Trace("vm", "internet"), Explain("vm", "203.0.113.9")],
        "nobody that the network describes has 10.0.100.44", "correct the next hop";
    d07_the_preference_is_another, "07-preference", [
        Lint, Trace("vm", "10.200.0.9"), Explain("vm", "10.200.0.9")],
        "the routing preference (R-061): routing_preference of rs is ExpressRoute", "set routing_preference of the Route Server: VpnGateway";
    d08_a_weight_decides, "08-weights", [
        Lint, Trace("vm", "10.200.0.9"), Explain("vm", "10.200.0.9")],
        "a higher routing weight of its connection (R-116, R-069): 10 against 0", "give the connection that is to be used the higher weight";
    d09_a_limit_takes_a_circuit_down, "09-too-many-routes-to-the-circuit", [
        Lint, Trace("vm", "10.200.0.9"), Explain("vm", "10.200.0.9")],
        "1402 routes towards er, more than 1000: the connection is down", "Summarise";
    d10_firewalls_see_half_of_a_connection, "10-asymmetric-firewalls", [
        Lint, BothWays("vm", "branch")],
        "fw2", "put the NVAs behind one load balancer";
}

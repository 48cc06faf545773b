//! Peerings, NICs and private endpoints: where packets go, what is said of it, and which files are
//! refused.

use routehub::Network;
use routehub::types::RuleId;
use routehub_scenario::Scenario;

const NETWORK: &str = "
schema: routehub/1
title: Two spokes behind an NVA
vnets:
  - {name: hub, address_space: [10.0.0.0/16]}
  - name: app
    address_space: [10.1.0.0/16, 'fd00:1::/56']
    subnets: [{name: vms, prefix: 10.1.1.0/24, route_table: by-nva}]
  - name: data
    address_space: [10.2.0.0/16, 'fd00:2::/56']
    subnets: [{name: vms, prefix: 10.2.1.0/24}, {name: pe, prefix: 10.2.5.0/24, network_policies: none}]
peerings:
  - {a: hub, b: app}
  - {a: hub, b: data, b_to_a: {allow_forwarded_traffic: true}}
  - {a: app, b: data}
nvas: [{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: []}]
route_tables: [{name: by-nva, routes: [{prefix: 10.2.0.0/16, next_hop: 10.0.4.4}]}]
private_endpoints: [{name: store, vnet: data, subnet: pe, ip: 10.2.5.4}]
nics:
  - {name: vm, vnet: app, ip: 10.1.1.4}
  - {name: db, vnet: data, subnet: vms, ip: 10.2.1.4}
  - {name: six, vnet: data, ip: 'fd00:2::4'}
";

fn network(changes: &[(&str, &str)]) -> Network {
    let text = changes.iter().fold(NETWORK.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    });
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    scenario.network().expect("it settles")
}

/// A trace as text, whether it arrives, and the rules that it names.
fn trace(network: &Network, nic: &str, address: &str) -> (String, bool, Vec<RuleId>) {
    let trace = network.trace(nic, address).expect("the NIC");
    let rules = trace.rules().into_iter().collect();
    (trace.to_string(), trace.arrives(), rules)
}

#[track_caller]
fn arrives(network: &Network, nic: &str, address: &str, at: &str) {
    let (text, arrives, _) = trace(network, nic, address);
    assert!(arrives && text.contains(at), "{text}");
}

#[track_caller]
fn is_dropped(network: &Network, nic: &str, address: &str, rule: u16) {
    let (text, arrives, rules) = trace(network, nic, address);
    assert!(!arrives && rules == [RuleId(rule)], "{text}");
}

#[track_caller]
fn finds(network: &Network, rule: u16, subject: &str, says: &str) {
    let findings = network.findings();
    let found = findings
        .iter()
        .find(|finding| finding.rule == RuleId(rule) && finding.subject == subject);
    let text = found.map_or("", |finding| &finding.text);
    assert!(text.contains(says) && found.is_some(), "{findings:?}");
}

#[track_caller]
fn explains(network: &Network, nic: &str, destination: &str, says: &[&str]) {
    let destination = destination.parse().expect("a prefix");
    let text = network.explain(nic, destination).expect("it is there");
    let text = text.to_string();
    for word in says {
        assert!(text.contains(word), "{word} is not in\n{text}");
    }
}

#[test]
fn r164_packets_do_not_pass_where_access_is_off_on_either_side() {
    let off = "b_to_a: {allow_virtual_network_access: false}";
    for change in [off.to_owned(), off.replace("b_to_a", "a_to_b")] {
        let network = network(&[(
            "{a: app, b: data}",
            &format!("{{a: app, b: data, {change}}}"),
        )]);
        is_dropped(&network, "db", "10.1.1.4", 164);
        is_dropped(&network, "vm", "fd00:2::4", 164);
        explains(
            &network,
            "db",
            "10.1.1.4/32",
            &["VNetPeering", "packets are dropped", "R-164"],
        );
        let subject = if change.starts_with('b') {
            "data"
        } else {
            "app"
        };
        finds(
            &network,
            164,
            subject,
            "packets between the two are dropped",
        );
    }
}

#[test]
fn r164_holds_for_a_next_hop_in_the_peered_network() {
    let off = "{a: hub, b: app, a_to_b: {allow_virtual_network_access: false}}";
    let network = network(&[("{a: hub, b: app}", off)]);
    is_dropped(&network, "vm", "10.2.1.4", 164);
}

#[test]
fn r165_forwarded_packets_pass_only_where_the_receiver_takes_them() {
    let open = network(&[]);
    arrives(&open, "vm", "10.2.1.4", "db in VNet data");
    // Answers come by another way: what app itself takes is of no matter to this packet.
    finds(&open, 165, "app", "nva in hub forwards packets to app");
    let closed = network(&[(", b_to_a: {allow_forwarded_traffic: true}", "")]);
    is_dropped(&closed, "vm", "10.2.1.4", 165);
    finds(&closed, 165, "data", "set allow_forwarded_traffic in data");
    // A packet from the NVA's own network is not a forwarded one.
    let own = network(&[
        (", b_to_a: {allow_forwarded_traffic: true}", ""),
        (
            "{name: vm, vnet: app",
            "{name: here, vnet: hub}\n  - {name: vm, vnet: app",
        ),
    ]);
    arrives(&own, "here", "10.2.1.4", "db in VNet data");
}

#[test]
fn r165_a_hub_and_its_spokes_take_forwarded_traffic() {
    let network = network(&[
        ("{a: hub, b: app}", "{hub: hub, spoke: app}"),
        (
            "{a: hub, b: data, b_to_a: {allow_forwarded_traffic: true}}",
            "{hub: hub, spoke: data}",
        ),
    ]);
    arrives(&network, "vm", "10.2.1.4", "db in VNet data");
    assert!(network.findings().iter().all(|f| f.rule != RuleId(165)));
    finds(&network, 121, "app", "neither gateway nor Route Server");
}

#[test]
fn r169_a_private_endpoint_is_reached_past_the_nva_unless_policies_hold() {
    let plain = network(&[]);
    let (text, arrives, _) = trace(&plain, "vm", "10.2.5.4");
    assert!(
        arrives && !text.contains("nva") && text.contains("store in VNet data"),
        "{text}"
    );
    explains(
        &plain,
        "vm",
        "10.2.5.4/32",
        &["InterfaceEndpoint", "R-169", "store in data/pe"],
    );
    finds(&plain, 169, "data/pe", "by-nva");
    let policies = network(&[("network_policies: none", "network_policies: routes")]);
    let (text, arrives, _) = trace(&policies, "vm", "10.2.5.4");
    assert!(
        arrives && text.contains("nva") && text.contains("store in VNet data"),
        "{text}"
    );
    explains(
        &policies,
        "vm",
        "10.2.5.4/32",
        &["Invalid: the user-defined route 10.2.0.0/16 wins", "R-169"],
    );
    assert!(policies.findings().iter().all(|f| f.rule != RuleId(169)));
}

#[test]
fn r168_ipv6_packets_arrive_at_their_nic() {
    let network = network(&[]);
    arrives(&network, "vm", "fd00:2::4", "six in VNet data");
    arrives(&network, "vm", "2001:db8::1", "the internet");
}

#[test]
fn a_nic_without_a_subnet_lies_in_the_one_that_has_its_address() {
    let network = network(&[]);
    let rows = network.nic_effective("vm").expect("a name");
    assert!(
        rows.iter()
            .any(|row| *row.next_hops
                == ["10.0.4.4".parse::<std::net::IpAddr>().expect("an address")])
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    for (old, new, says) in [
        (
            "subnet: pe, ip",
            "subnet: ep, ip",
            "there is no subnet `ep`",
        ),
        (
            "ip: 10.2.5.4",
            "ip: 10.2.1.9",
            "10.2.1.9 is not in subnet `pe` (10.2.5.0/24)",
        ),
        (
            "ip: 10.2.5.4",
            "ip: 10.9.5.4",
            "10.9.5.4 is not in VNet `data`",
        ),
        ("ip: 10.2.1.4", "ip: 10.2.5.4", "is not in subnet `vms`"),
        (
            "ip: 10.1.1.4",
            "ip: 10.1.1.4}\n  - {name: twin, vnet: app, ip: 10.1.1.4",
            "is used by NIC `vm` already",
        ),
        (
            "vnet: data, subnet: pe",
            "vnet: dat, subnet: pe",
            "did you mean `data`?",
        ),
        (
            "{a: app, b: data}",
            "{a: app, b: data, subnets: {a: [vms], b: [vm]}}",
            "did you mean `vms`?",
        ),
        (
            "{a: app, b: data}",
            "{a: app, b: data, subnets: {a: [], b: [pe]}}",
            "names one of VNet `app` at least",
        ),
        (
            "{a: app, b: data}",
            "{a: app, b: data, subnets: {a: [vms]}}",
            "`b`",
        ),
        ("network_policies: none", "network_policies: some", "routes"),
        (
            "{name: by-nva,",
            "{name: by-nva, disable_peering_route: al,",
            "did you mean `all`?",
        ),
        (
            "{a: hub, b: app}",
            "{a: hub, b: app, a_to_b: {allow_gateway_transit: true}, b_to_a: {use_remote_gateways: true}}",
            "R-121",
        ),
    ] {
        let text = NETWORK.replace(old, new);
        let wrong = Scenario::parse(&text).expect_err(new);
        let said = wrong[0].to_string();
        assert!(said.contains(says), "{new}: {said}");
    }
}

#[test]
fn networks_that_overlap_may_peer_subnets_that_do_not() {
    let overlap = "vnets:
  - {name: a, address_space: [10.0.0.0/16], subnets: [{name: one, prefix: 10.0.1.0/24}]}
  - {name: b, address_space: [10.0.0.0/16], subnets: [{name: two, prefix: 10.0.2.0/24}]}
";
    let file = |peering: &str| {
        let text = format!("schema: routehub/1\ntitle: x\n{overlap}peerings: [{peering}]\n");
        Scenario::parse(&text).map(|_| ())
    };
    assert!(file("{a: a, b: b}").is_err());
    assert_eq!(file("{a: a, b: b, subnets: {a: [one], b: [two]}}"), Ok(()));
}

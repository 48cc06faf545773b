//! There and back, and who reaches whom: asymmetry through stateful NVAs.

use routehub::{BothWays, Matrix, Network, rules};
use routehub_scenario::Scenario;

fn network(text: &str) -> Network {
    let text = format!("schema: routehub/1\ntitle: both ways\n{text}");
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e:?}"));
    scenario.network().expect("it settles")
}

fn both_ways(text: &str, from: &str, to: &str) -> BothWays {
    let ways = network(text).both_ways(from, to);
    ways.unwrap_or_else(|error| panic!("{error}"))
}

/// Whether both ways arrive, and what is said of their asymmetry.
#[track_caller]
fn told(ways: &BothWays, asymmetry: Option<&str>) {
    assert!(ways.there.arrives() && ways.back.arrives(), "{ways}");
    let evidence = ways
        .asymmetry
        .as_ref()
        .map(|because| because.evidence.as_str());
    assert_eq!(evidence, asymmetry, "{ways}");
    assert_eq!(
        ways.rules().contains(&rules::ASYMMETRIC_WAYS),
        asymmetry.is_some()
    );
    assert_eq!(ways.holds(), asymmetry.is_none());
}

/// A spoke whose packets to on-premises go by a firewall.
const FORCED: &str = "
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: GatewaySubnet, prefix: 10.0.7.0/26}, {name: nva, prefix: 10.0.4.0/24}]
  - {name: spoke, address_space: [10.1.0.0/16], subnets: [{name: vms, prefix: 10.1.1.0/24, route_table: out}]}
peerings: [{hub: hub, spoke: spoke}]
nvas: [{name: fw, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: []}]
gateways: [{name: vpngw, vnet: hub, type: vpn, connections: [{site: branch}]}]
sites: [{name: branch, asn: 65101, bgp_ips: [172.31.0.1], prefixes: [10.200.0.0/16]}]
route_tables:
  - {name: out, disable_bgp_route_propagation: true, routes: [{prefix: 0.0.0.0/0, next_hop: 10.0.4.4}]}
  - {name: in, routes: [{prefix: 10.1.0.0/16, next_hop: 10.0.4.4}]}
nics: [{name: vm, vnet: spoke, subnet: vms}]
";

#[test]
fn an_answer_that_passes_by_the_firewall_is_asymmetric_and_a_route_at_the_gateway_mends_it() {
    let ways = both_ways(FORCED, "vm", "branch");
    told(&ways, Some("there by fw, back by no NVA"));
    let text = ways.to_string();
    assert!(
        text.contains("asymmetric: there by fw, back by no NVA"),
        "{text}"
    );
    assert!(text.contains("GatewaySubnet too"), "{text}");
    told(
        &both_ways(FORCED, "branch", "vm"),
        Some("there by no NVA, back by fw"),
    );
    let mended = FORCED.replace("10.0.7.0/26}", "10.0.7.0/26, route_table: in}");
    told(&both_ways(&mended, "vm", "branch"), None);
    told(&both_ways(&mended, "10.200.7.7", "10.1.1.9"), None);
}

#[test]
fn what_leaves_to_the_internet_comes_back_to_where_it_left() {
    told(&both_ways(FORCED, "vm", "internet"), None);
    told(&both_ways(FORCED, "fw", "internet"), None);
    // A connection to its public address is another matter: the answer goes by the firewall.
    told(
        &both_ways(FORCED, "internet", "vm"),
        Some("there by no NVA, back by fw"),
    );
}

/// Two NVAs with equal routes for each other's side.
const PAIR: &str = "
vnets:
  - {name: hub, address_space: [10.0.0.0/16], subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: nva, prefix: 10.0.4.0/24}]}
  - {name: a, address_space: [10.1.0.0/16]}
  - {name: b, address_space: [10.2.0.0/16]}
peerings: [{hub: hub, spoke: a}, {hub: hub, spoke: b}]
route_servers: [{name: rs, vnet: hub}]
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 10.0.0.0/8}]}
  - {name: two, vnet: hub, ip: 10.0.4.5, asn: 65001, sessions: [rs], originates: [{prefix: 10.0.0.0/8}]}
load_balancers: [{name: lb, vnet: hub, frontend: 10.0.4.100, backends: [one, two]}]
nics: [{name: vm-a, vnet: a}, {name: vm-b, vnet: b}]
";

#[test]
fn equal_next_hops_are_chosen_each_way_and_a_load_balancer_keeps_a_connection() {
    let ways = both_ways(PAIR, "vm-a", "vm-b");
    told(&ways, Some("each way by one or two, whichever it takes"));
    let balanced = PAIR.replace(
        "prefix: 10.0.0.0/8",
        "prefix: 10.0.0.0/8, next_hop: 10.0.4.100",
    );
    told(&both_ways(&balanced, "vm-a", "vm-b"), None);
    let leaving = balanced
        .replace("prefix: 10.0.0.0/8", "prefix: 0.0.0.0/0")
        .replace(
            "prefix: 10.0.4.0/24}",
            "prefix: 10.0.4.0/24, route_table: out}",
        )
        + "route_tables: [{name: out, routes: [{prefix: 0.0.0.0/0, next_hop_type: Internet}]}]\n";
    told(&both_ways(&leaving, "vm-a", "internet"), None);
    let looping = leaving.replace(", route_table: out", "");
    let trace = network(&looping).trace("vm-a", "internet").expect("ends");
    assert!(trace.rules().contains(&rules::ROUTE_TO_ITSELF), "{trace}");
    let prepended = PAIR.replacen("prefix: 10.0.0.0/8", "prefix: 10.0.0.0/8, prepend: 1", 1);
    told(&both_ways(&prepended, "vm-a", "vm-b"), None);
}

#[test]
fn an_end_of_a_connection_is_no_nva_on_its_way() {
    told(&both_ways(PAIR, "vm-a", "one"), None);
    told(&both_ways(FORCED, "fw", "vm"), None);
}

fn cells(matrix: &Matrix, from: &str, to: &str) -> String {
    let mut pairs = matrix.pairs.iter();
    let pair = pairs.find(|pair| (&*pair.from, &*pair.to) == (from, to));
    pair.map_or_else(String::new, |pair| pair.cells()[2..5].join(","))
}

#[test]
fn a_matrix_says_of_every_two_ends_what_their_traces_say() {
    for text in [FORCED, PAIR] {
        let network = network(text);
        let matrix = network.matrix();
        let names: Vec<&str> = matrix.pairs.iter().map(|pair| pair.from.as_str()).collect();
        let mut ends = names.clone();
        ends.dedup();
        // Every end with every other, and with the internet.
        assert_eq!(matrix.pairs.len(), ends.len() * ends.len());
        for pair in &matrix.pairs {
            let ways = network.both_ways(&pair.from, &pair.to).expect("ends");
            assert_eq!(pair.reachable, ways.there.arrives(), "{pair:?}\n{ways}");
            let both = pair.reachable && ways.back.arrives();
            let asymmetric = both.then_some(ways.asymmetry.is_some());
            assert_eq!(pair.asymmetric, asymmetric, "{pair:?}\n{ways}");
        }
    }
}

#[test]
fn a_matrix_is_a_table_and_csv() {
    let matrix = network(FORCED).matrix();
    assert_eq!(cells(&matrix, "vm", "branch"), "yes,fw,yes");
    assert_eq!(cells(&matrix, "branch", "vm"), "yes,,yes");
    assert_eq!(cells(&matrix, "vm", "internet"), "yes,fw,no");
    assert_eq!(cells(&matrix, "branch", "internet"), "no,,");
    let text = matrix.to_string();
    assert!(
        text.starts_with("from    to        reachable  via  asymmetric  because\n"),
        "{text}"
    );
    let csv = matrix.to_csv();
    let line = csv.lines().find(|line| line.starts_with("vm,branch,"));
    assert_eq!(
        line,
        Some("vm,branch,yes,fw,yes,\"there by fw, back by no NVA\"")
    );
    let pair = network(PAIR).matrix();
    assert_eq!(cells(&pair, "vm-a", "vm-b"), "yes,one | two,yes");
}

/// What differs from rows of `traces`, as the report tells it.
fn differences(rows: &str) -> Vec<String> {
    let text = format!(
        "schema: routehub/1\ntitle: x\n{FORCED}events: [{{id: down, nva_down: {{nva: fw}}}}]\n\
         expect:\n{rows}"
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e:?}"));
    let reports = scenario.check().expect("it settles");
    let differences = reports.iter().flat_map(|report| &report.differences);
    differences.map(|row| row.expected.clone()).collect()
}

#[test]
fn ways_are_expected_with_arrival_devices_and_end() {
    let holds = differences(
        "
  - at: initial
    traces:
      - {from: vm, to: branch, arrives: true, via: [fw, vpngw], at: branch}
      - {from: vm, to: branch, via: [vpngw]}
      - {from: branch, to: vm, via: [vpngw], at: spoke}
      - {from: vm, to: 10.77.0.1, arrives: false, via: [fw], at: fw}
      - {from: vm, to: internet}
  - at: down
    traces: [{from: vm, to: branch, arrives: false, at: fw}]
",
    );
    assert_eq!(holds, [""; 0]);
    let wrong = differences(
        "
  - at: initial
    traces:
      - {from: vm, to: branch, arrives: false}
      - {from: vm, to: branch, via: [vpngw, fw]}
      - {from: branch, to: vm, via: [fw]}
      - {from: vm, to: branch, at: spoke}
      - {from: branch, to: internet}
      - {from: branch, to: internet, soft: true, why: it has its own}
",
    );
    assert_eq!(wrong.len(), 6, "{wrong:#?}");
    assert_eq!(wrong[1], "{from: vm, to: branch, via: [vpngw, fw]}");
}

#[test]
fn names_of_expected_ways_are_checked() {
    let text = format!(
        "schema: routehub/1\ntitle: x\n{FORCED}expect:\n  - at: initial\n    traces: \
         [{{from: vn, to: branch}}, {{from: vm, to: brunch}}, {{from: vm, to: branch, via: [fv]}}]\n"
    );
    let wrong = Scenario::parse(&text).expect_err("names are wrong");
    let told: Vec<&str> = wrong.iter().map(|one| one.message.as_str()).collect();
    for near in ["vm", "branch", "fw"] {
        let hint = format!("did you mean `{near}`?");
        assert!(
            told.iter().any(|message| message.ends_with(&hint)),
            "{told:?}"
        );
    }
}

//! What is said about bad files, and where it points.
//!
//! In the files below `«` and `»` enclose the text that the first diagnostic must underline, and
//! `‹` stands before the other place that it must show.

use routehub_scenario::{Diagnostics, Scenario};

/// A file without its marks, and the diagnostics that it gets.
struct Bad {
    marked: String,
    diagnostics: Diagnostics,
}

/// Reads a file whose `schema`, `title` and two networks are given.
fn bad(rest: &str) -> Bad {
    let vnets = if rest.contains("vnets:") { "" } else { VNETS };
    whole(&format!("schema: routehub/1\ntitle: bad\n{vnets}{rest}"))
}

const VNETS: &str = "vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]
  - {name: spoke, address_space: [10.1.0.0/16]}
";

fn whole(marked: &str) -> Bad {
    let text = marked.replace(['«', '»', '‹'], "");
    let Err(diagnostics) = Scenario::parse(&text) else {
        panic!("nothing is found wrong with:\n{marked}");
    };
    Bad {
        marked: marked.to_owned(),
        diagnostics,
    }
}

impl Bad {
    /// The first diagnostic underlines what is marked and says all this.
    #[track_caller]
    fn says(&self, wanted: &[&str]) -> &Self {
        let first = &self.diagnostics[0];
        let said = first.render("bad.yaml").to_string();
        for word in wanted {
            assert!(said.contains(word), "{word:?} is not said:\n{said}");
        }
        let (line, column) = self.place('«');
        assert_eq!((first.at.line, first.at.column), (line, column), "{said}");
        let marked = self.marked.split(['«', '»']).nth(1).unwrap_or_default();
        assert_eq!(first.at.length, marked.chars().count().max(1), "{said}");
        let place = format!("--> bad.yaml:{line}:{column}\n");
        assert!(said.contains(&place), "{said}");
        self
    }

    /// The first diagnostic also shows the other place that is marked.
    #[track_caller]
    fn and_the_other_place(&self) -> &Self {
        let related = self.diagnostics[0].related.as_ref();
        let shown = related.map(|(_, at)| (at.line, at.column));
        assert_eq!(shown, Some(self.place('‹')), "{:?}", self.diagnostics[0]);
        self
    }

    /// The line and column of a mark.
    #[track_caller]
    fn place(&self, mark: char) -> (usize, usize) {
        let Some(start) = self.marked.find(mark) else {
            panic!("nothing is marked in:\n{}", self.marked);
        };
        let before = self.marked[..start].replace(['«', '»', '‹'], "");
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    /// There are so many diagnostics.
    #[track_caller]
    fn are(&self, count: usize) -> &Self {
        let said: Vec<String> = self.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), count, "{}", said.join("\n"));
        self
    }
}

#[test]
fn what_is_not_yaml_is_shown_where_it_stops_being_so() {
    whole("schema: routehub/1\ntitle: x\nvnets: [«{»name: hub]\n")
        .says(&["cannot be read as YAML", "bracket"]);
    whole("schema: routehub/1\nvnets:\n\t«-» {}\n").says(&["cannot be read as YAML", "tab"]);
    whole("schema: routehub/1\n---\n«s»chema: routehub/1\n").says(&["one document"]);
    whole("«»").says(&["mapping with `schema`"]);
    whole("«- 1»\n").says(&["mapping with `schema`"]);
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    bad("«nva»: []\n")
        .says(&["unknown key `nva`", "did you mean `nvas`?"])
        .are(1);
    bad("route_servers:\n  - {name: rs, vnet: hub, «branch_to_brunch»: true}\n").says(&[
        "unknown key `branch_to_brunch` in Route Server `rs`",
        "did you mean `branch_to_branch`?",
    ]);
    bad("nvas:\n  - name: n\n    vnet: hub\n    ip: 10.0.4.4\n    asn: 65001\n    sessions: []\n    originates: [{«prefx»: 10.9.0.0/16}]\n")
        .says(&["unknown key `prefx`", "did you mean `prefix`?"]);
    bad("nics: [{name: vm, vnet: hub, «colour»: red}]\n").says(&[
        "unknown key `colour` in NIC `vm`",
        "known keys: name, vnet, subnet",
    ]);
}

#[test]
fn a_key_that_belongs_to_objects_says_to_which() {
    bad("«connections»: [{gateway: er, circuit: c}]\n").says(&[
        "unknown key `connections`",
        "`connections` is a key of what is under `gateways`",
    ]);
    bad("«asn»: 65001\n").says(&["`asn` is a key of what is under `circuits`, `gateways`, `nvas`"]);
    bad("«zebra»: 1\n").says(&["known keys: schema, title"]);
}

#[test]
fn an_unknown_action_or_table_is_named_with_the_nearest_known_one() {
    bad("events: [{id: e, «nva_dwn»: {nva: n}}]\n").says(&[
        "unknown key `nva_dwn` in event `e`",
        "did you mean `nva_down`?",
    ]);
    bad("expect:\n  - at: initial\n    «nic_efective»: {}\n").says(&[
        "unknown key `nic_efective`",
        "did you mean `nic_effective`?",
    ]);
    bad("nics: [{name: vm, vnet: hub}]\nexpect: [{at: initial, absent: [{«nic_effectiv»: vm, prefix: 10.0.0.0/8}]}]\n")
        .says(&["unknown key `nic_effectiv` in absent row", "did you mean `nic_effective`?"]);
}

#[test]
fn a_missing_key_is_named_with_the_object_that_lacks_it() {
    bad("nvas:\n  - «{name: n, vnet: hub, asn: 65001, sessions: []}»\n")
        .says(&["NVA `n` lacks the key `ip`"]);
    bad("vnets:\n  - name: hub\n    address_space: [10.0.0.0/16]\n    subnets:\n      - «{name: a}»\n")
        .says(&["subnet `a` lacks the key `prefix`"]);
    whole("«schema: routehub/1»\ntitle: x\n").says(&["the key `vnets` is missing"]);
    bad("route_tables: [{name: t, routes: [«{prefix: 0.0.0.0/0}»]}]\n").says(&[
        "route table `t`",
        "VirtualAppliance lacks the key `next_hop`",
    ]);
}

#[test]
fn keys_that_exclude_each_other_are_named() {
    let nva = |route: &str| {
        bad(&format!(
            "nvas:\n  - name: n\n    vnet: hub\n    ip: 10.0.4.4\n    asn: 65001\n    sessions: []\n    originates:\n      - {route}\n"
        ))
    };
    nva("«{prefix: 10.9.0.0/16, prefixes: [10.8.0.0/16]}»").says(&[
        "NVA `n`",
        "`originates`",
        "exactly one of `prefix`, `prefixes`, `prefixes_from`",
        "not `prefix` and `prefixes`",
    ]);
    nva("«{med: 5}»").says(&[
        "exactly one of `prefix`, `prefixes`, `prefixes_from`",
        "there is none",
    ]);
    bad("events:\n  - «{id: e}»\n").says(&["event `e`", "exactly one of", "there is none"]);
    bad("events:\n  - «{id: e, nva_down: {nva: n}, nva_up: {nva: n}}»\n")
        .says(&["event `e`", "not `nva_down` and `nva_up`"]);
    bad("peerings: [«{hub: hub, b: spoke}»]\n")
        .says(&["`hub` and `spoke`, or `a` and `b`", "not `hub` and `b`"]);
    bad("gateways: [{name: g, vnet: hub, type: vpn, connections: [«{site: s, circuit: c}»]}]\n")
        .says(&["gateway `g`", "exactly one of `circuit`, `site`, `gateway`"]);
    bad("gateways: [{name: g, vnet: hub, type: vpn, connections: [«{site: s, weight: 5}»]}]\n")
        .says(&["`weight` does not belong to a connection to a site"]);
}

#[test]
fn a_wrong_type_is_told_with_key_value_and_what_is_allowed() {
    let server = |rest: &str| {
        bad(&format!(
            "route_servers: [{{name: rs, vnet: hub, {rest}}}]\n"
        ))
    };
    server("branch_to_branch: «yes»").says(&[
        "Route Server `rs`",
        "`branch_to_branch`",
        "true or false is expected",
        "`yes`",
    ]);
    server("asn: «'65515'»").says(&["`asn`", "a whole number from 0 to 4294967295", "`65515`"]);
    server("ips: «10.0.6.4»").says(&["`ips`", "a list of 2 is expected", "`10.0.6.4`"]);
    server("ips: «[10.0.6.4]»").says(&["`ips`", "a list of 2 is expected, not of 1"]);
    bad("nics: «{name: vm}»\n").says(&["`nics`", "a list is expected, not a mapping"]);
    bad("nics: [«vm»]\n").says(&["a mapping is expected", "`vm`"]);
    bad("nics: [{name: «7», vnet: hub}]\n").says(&["`name`", "text", "the number 7"]);
}

#[test]
fn a_number_out_of_range_is_told_with_the_range() {
    let nva = |rest: &str| {
        bad(&format!(
            "nvas: [{{name: n, vnet: hub, ip: 10.0.4.4, sessions: [], {rest}}}]\n"
        ))
    };
    nva("asn: «4294967296»").says(&["NVA `n`", "`asn`", "from 0 to 4294967295", "4294967296"]);
    nva("asn: 1, hold_time: «2»").says(&["`hold_time`", "0, or 3 to 65535"]);
    nva("asn: 1, hold_time: «70000»").says(&["`hold_time`", "from 0 to 65535"]);
    nva("asn: 1, originates: [{prefix: 10.9.0.0/16, prepend: «-1»}]")
        .says(&["from 0 to 255", "-1"]);
    nva("asn: 1, advertises: [{to: rs, prefix: 10.9.0.0/16, instance: «2»}]")
        .says(&["`advertises.instance`", "0 or 1"]);
    nva("asn: 1, originates: [{prefixes_from: «{base: 255.255.255.0/24, count: 2}»}]")
        .says(&["there are 1 prefixes", "not 2"]);
    nva("asn: 1, originates: [{prefixes_from: «{base: 10.0.0.0/24, count: 1000001}»}]")
        .says(&["1000000"]);
}

#[test]
fn an_unknown_enum_value_is_told_with_the_allowed_ones() {
    bad("route_servers: [{name: rs, vnet: hub, routing_preference: «AsPath»}]\n").says(&[
        "`routing_preference`",
        "`AsPath`",
        "did you mean `ASPath`?",
        "allowed: ExpressRoute, VpnGateway, ASPath",
    ]);
    bad("gateways: [{name: g, vnet: hub, type: «er»}]\n").says(&[
        "gateway `g`",
        "`type`",
        "allowed: express_route, vpn",
    ]);
    bad("profile: «azure-2024»\n").says(&["`profile`", "`azure-2024`", "azure-2023", "open"]);
    bad("profile: {base: open, reflect_between_nvas: «sometimes»}\n").says(&[
        "`profile.reflect_between_nvas`",
        "allowed: b2b, always, never",
    ]);
    whole("schema: «routehub/2»\ntitle: x\nvnets: []\n").says(&["`schema`", "routehub/1"]);
}

#[test]
fn a_profile_switch_is_checked() {
    bad("profile: {base: open, «max_peer»: 3}\n")
        .says(&["`max_peer`", "did you mean `max_peers`?"]);
    bad("profile: {base: open, max_peers: «many»}\n").says(&[
        "`profile.max_peers`",
        "`many`",
        "none",
    ]);
    bad("profile: «{max_peers: 3}»\n").says(&["lacks the key `base`"]);
}

#[test]
fn host_bits_are_told_with_the_prefix_meant() {
    bad("vnets: [{name: hub, address_space: [«10.0.0.1/16»]}]\n").says(&[
        "VNet `hub`",
        "`address_space`",
        "`10.0.0.1/16`",
        "10.0.0.0/16 is meant",
    ]);
    bad("vnets: [{name: hub, address_space: [«10.0.0.0»]}]\n")
        .says(&["`10.0.0.0` is not a prefix"]);
    bad("vnets: [{name: hub, address_space: [«10.0.0.0/33»]}]\n").says(&["`10.0.0.0/33`", "32"]);
}

#[test]
fn ipv6_stands_only_where_the_profile_routes_it() {
    let vnets = "vnets: [{name: hub, address_space: [10.0.0.0/16, 'fd00::/48']}]\n";
    let nvas = "nvas: [{name: n, vnet: hub, ip: 10.0.4.4, asn: 1, sessions: [], originates: [{prefix: «'2001:db8::/32'»}]}]\n";
    bad(&format!("{vnets}{nvas}")).says(&["NVA `n`", "`originates.prefix`", "IPv6", "R-059"]);
    let open = format!("schema: routehub/1\ntitle: x\nprofile: open\n{vnets}{nvas}");
    assert!(Scenario::parse(&open.replace(['«', '»'], "")).is_ok());
}

#[test]
fn a_reference_to_nothing_is_told_by_whom_to_what_and_what_is_near() {
    bad("peerings: [{hub: «hubb», spoke: spoke}]\n").says(&[
        "peering of `hubb` and `spoke`",
        "no VNet `hubb`",
        "did you mean `hub`?",
    ]);
    let nva = |rest: &str| {
        bad(&format!(
            "route_servers: [{{name: rs, vnet: hub}}]\nnvas: [{{name: n, vnet: hub, ip: 10.0.4.4, asn: 1, {rest}}}]\n"
        ))
    };
    nva("sessions: [«rs1»]").says(&["NVA `n`", "no Route Server `rs1`", "did you mean `rs`?"]);
    nva("sessions: [{route_server: «n»}]").says(&["no Route Server `n`: that is an NVA"]);
    nva("sessions: [{route_server: rs, inbound_route_map: «m»}]").says(&["no route map `m`"]);
    nva("sessions: [rs], neighbors: [«paris»]").says(&["no NVA or site `paris`"]);
    nva("sessions: [rs], readvertises: [{from: [«paris»]}]")
        .says(&["no Route Server, NVA or site `paris`"]);
    bad("nics: [{name: vm, vnet: hub, subnet: «RouteServerSubnets»}]\n").says(&[
        "NIC `vm`",
        "no subnet `RouteServerSubnets`",
        "did you mean `RouteServerSubnet`?",
    ]);
    bad("nics: [{name: vm, vnet: hub, route_table: «t»}]\n").says(&["no route table `t`"]);
    bad("events: [{id: e, nva_down: {nva: «n»}}]\n").says(&["event `e`", "no NVA `n`"]);
    bad("expect: [{at: «later»}]\n").says(&["no event `later`"]);
    bad("nics: [{name: vm, vnet: hub}]\nexpect: [{at: initial, nic_effective: {«wm»: []}}]\n")
        .says(&["no NIC `wm`", "did you mean `vm`?"]);
    bad("route_servers: [{name: rs, vnet: hub}]\nexpect: [{at: initial, rs_learned: {rs: {«n»: []}}}]\n")
        .says(&["no NVA `n`"]);
    bad("expect: [{at: initial, absent: [{nic_effective: «vm», prefix: 0.0.0.0/0}]}]\n")
        .says(&["no NIC `vm`"]);
}

#[test]
fn a_name_twice_is_told_with_both_lines() {
    bad("nics:\n  - {name: ‹vm, vnet: hub}\n  - {name: «vm», vnet: spoke}\n")
        .says(&["NIC `vm`", "belongs to a NIC already"])
        .and_the_other_place();
    bad("route_servers:\n  - {name: ‹x, vnet: hub}\nsites:\n  - {name: «x»}\n")
        .says(&["site `x`", "belongs to a Route Server already"])
        .and_the_other_place();
    bad("peerings: [{a: hub, b: spoke}]\nevents:\n  - {id: ‹e, remove_peering: {a: hub, b: spoke}}\n  - {id: «e», add_peering: {a: hub, b: spoke}}\n")
        .says(&["two events have the id `e`"])
        .and_the_other_place();
    bad("‹nics: []\n«nics»: []\n")
        .says(&["`nics` stands here twice"])
        .and_the_other_place();
    bad("events: [{id: «initial», remove_peering: {a: hub, b: spoke}}]\npeerings: [{a: hub, b: spoke}]\n")
        .says(&["`initial`"]);
}

#[test]
fn a_route_server_needs_addresses_and_a_network_of_its_own() {
    bad("route_servers:\n  - «{name: rs, vnet: spoke}»\n").says(&[
        "Route Server `rs`",
        "VNet `spoke`",
        "RouteServerSubnet",
    ]);
    bad("route_servers:\n  - ‹{name: one, vnet: hub}\n  - {name: two, vnet: «hub», ips: [10.0.7.4, 10.0.7.5]}\n")
        .says(&["Route Server `two`", "VNet `hub`", "`one`", "R-016"])
        .and_the_other_place();
}

#[test]
fn an_address_is_in_its_network_and_has_one_owner() {
    bad("route_servers: [{name: rs, vnet: hub, ips: [10.0.6.4, «10.1.6.5»]}]\n").says(&[
        "Route Server `rs`",
        "10.1.6.5 is not in VNet `hub` (10.0.0.0/16)",
    ]);
    bad("nvas: [{name: n, vnet: spoke, ip: «10.0.4.4», asn: 1, sessions: []}]\n")
        .says(&["NVA `n`", "10.0.4.4 is not in VNet `spoke`"]);
    bad("gateways: [{name: g, vnet: hub, type: vpn, bgp_ips: [«10.9.0.4»]}]\n")
        .says(&["gateway `g`", "10.9.0.4 is not in VNet `hub`"]);
    bad("route_servers:\n  - ‹{name: rs, vnet: hub}\nnvas:\n  - {name: n, vnet: hub, ip: «10.0.6.5», asn: 1, sessions: []}\n")
        .says(&["NVA `n`", "10.0.6.5 in VNet `hub` is used by Route Server `rs`"])
        .and_the_other_place();
}

#[test]
fn peered_networks_do_not_overlap() {
    bad("vnets:\n  - {name: a, address_space: [10.0.0.0/16]}\n  - {name: b, address_space: [10.9.0.0/16, 10.0.128.0/17]}\npeerings:\n  - «{a: a, b: b}»\n")
        .says(&["10.0.0.0/16 of VNet `a` overlaps 10.0.128.0/17 of VNet `b`", "R-123"]);
    bad("vnets:\n  - {name: a, address_space: [10.0.0.0/16]}\n  - {name: b, address_space: [10.0.0.0/17]}\nevents:\n  - {id: e, add_peering: «{a: a, b: b}»}\n")
        .says(&["event `e`", "overlaps", "R-123"]);
}

#[test]
fn remote_gateways_are_used_once_and_exist() {
    let vnets = "vnets:\n  - {name: h1, address_space: [10.1.0.0/16]}\n  - {name: h2, address_space: [10.2.0.0/16]}\n  - {name: s, address_space: [10.3.0.0/16]}\ngateways:\n  - {name: g1, vnet: h1, type: vpn}\n  - {name: g2, vnet: h2, type: vpn}\n";
    bad(&format!(
        "{vnets}peerings:\n  - {{hub: h1, spoke: ‹s}}\n  - {{hub: h2, spoke: «s»}}\n"
    ))
    .says(&["VNet `s` (10.3.0.0/16)", "`h1`", "`h2`", "R-121"])
    .and_the_other_place();
    bad("peerings:\n  - {a: hub, b: spoke, a_to_b: {allow_gateway_transit: true}, b_to_a: {use_remote_gateways: «true»}}\n")
        .says(&["VNet `spoke` (10.1.0.0/16)", "VNet `hub` (10.0.0.0/16)", "neither gateway nor Route Server", "R-121"]);
}

#[test]
fn a_connection_fits_the_gateways_type() {
    bad("gateways: [{name: g, vnet: hub, type: express_route, connections: [{site: «s»}]}]\nsites: [{name: s}]\n")
        .says(&["gateway `g`", "an ExpressRoute gateway connects to circuits, not to a site"]);
    bad("gateways: [{name: g, vnet: hub, type: vpn, connections: [{circuit: «c»}]}]\ncircuits: [{name: c}]\n")
        .says(&["a VPN gateway connects to sites and VPN gateways, not to a circuit"]);
    bad("gateways: [{name: g, vnet: hub, type: vpn, connections: [{gateway: «g»}]}]\n")
        .says(&["not connected to itself"]);
    bad("gateways:\n  - {name: g, vnet: hub, type: vpn, connections: [{gateway: ‹h}]}\n  - {name: h, vnet: spoke, type: vpn, connections: [{gateway: «g»}]}\n")
        .says(&["gateway `h`", "connected to `g` already"])
        .and_the_other_place();
}

#[test]
fn a_literal_route_goes_to_a_session_and_begins_with_the_senders_asn() {
    let nva = |rest: &str| {
        bad(&format!(
            "route_servers: [{{name: rs, vnet: hub}}]\nnvas: [{{name: n, vnet: hub, ip: 10.0.4.4, asn: 65001, {rest}}}]\n"
        ))
    };
    nva("sessions: [], advertises: [{to: «rs», prefix: 10.9.0.0/16}]")
        .says(&["NVA `n`", "no session with Route Server `rs`"]);
    nva("sessions: [{route_server: rs, instances: [0]}], advertises: [{to: rs, instance: «1», prefix: 10.9.0.0/16}]")
        .says(&["no session with instance 1 of Route Server `rs`"]);
    nva("sessions: [rs], advertises: [{to: rs, prefix: 10.9.0.0/16, as_path: «[65002, 65001]»}]")
        .says(&["begins with 65002, not with the NVA's ASN 65001"]);
    nva("sessions: [rs]}]\nevents: [{id: e, advertise: {nva: n, routes: [{prefix: 10.9.0.0/16, as_path: «[65002]»}]}")
        .says(&["event `e`", "begins with 65002"]);
}

#[test]
fn a_prefix_twice_in_a_route_table_is_told_with_both_lines() {
    bad("route_tables:\n  - name: t\n    routes:\n      - {prefix: ‹0.0.0.0/0, next_hop: 10.0.4.4}\n      - {prefix: «0.0.0.0/0», next_hop_type: Internet}\n")
        .says(&["route table `t`", "0.0.0.0/0", "R-130"])
        .and_the_other_place();
}

#[test]
fn events_are_checked_against_the_network_as_it_then_is() {
    let server = "route_servers: [{name: rs, vnet: hub}]\n";
    bad(&format!("{server}events:\n  - {{id: one, remove_route_server: {{route_server: rs}}}}\n  - {{id: two, set_branch_to_branch: {{route_server: «rs», value: true}}}}\n"))
        .says(&["event `two`", "no Route Server `rs`"]);
    bad(&format!("{server}events:\n  - {{id: one, add_route_server: {{name: two, vnet: «hub», ips: [10.0.7.4, 10.0.7.5]}}}}\n"))
        .says(&["event `one`", "R-016"]);
    bad("events: [{id: e, remove_peering: «{a: hub, b: spoke}»}]\n").says(&["not peered"]);
    bad("peerings: [{a: hub, b: spoke}]\nevents: [{id: e, add_peering: «{a: spoke, b: hub}»}]\n")
        .says(&["peered already"]);
    bad("gateways: [{name: g, vnet: hub, type: vpn}]\nsites: [{name: s}]\nevents: [{id: e, connection_down: {gateway: g, to: «s»}}]\n")
        .says(&["gateway `g` has no connection to `s`"]);
    let moved = format!(
        "schema: routehub/1\ntitle: x\n{VNETS}{server}events:\n  - {{id: one, remove_route_server: {{route_server: rs}}}}\n  - {{id: two, add_route_server: {{name: rs, vnet: hub}}}}\n  - {{id: three, set_branch_to_branch: {{route_server: rs, value: true}}}}\n"
    );
    assert!(Scenario::parse(&moved).is_ok());
}

#[test]
fn several_mistakes_are_told_in_the_order_of_the_text() {
    let found = bad(
        "nics:\n  - {name: a, vnet: hub, «colour»: 1}\n  - {name: b, vnet: hub, color: 1}\n  - {name: c}\nfoo: 1\n",
    );
    found.says(&["colour"]).are(4);
    let lines: Vec<usize> = found.diagnostics.iter().map(|one| one.at.line).collect();
    assert_eq!(lines, [9, 10, 11, 12]);
    bad("nics:\n  - {name: a, vnet: «x»}\n  - {name: b, vnet: y}\n").are(2);
}

#[test]
fn rows_of_expect_have_the_fields_of_their_table() {
    let expect = |tables: &str| {
        bad(&format!(
            "nics: [{{name: vm, vnet: hub}}]\nexpect:\n  - at: initial\n    {tables}\n"
        ))
    };
    expect("nic_effective: {vm: [{prefix: 10.0.0.0/16, «weight»: 5}]}")
        .says(&["unknown key `weight` in nic_effective row"]);
    expect("nic_effective: {vm: {«compete»: true, rows: []}}").says(&["did you mean `complete`?"]);
    expect("nic_effective: {vm: [{prefix: 10.0.0.0/16, next_hop: [«me»]}]}")
        .says(&["neither an address nor `self`"]);
    expect("absent: [«{nic_effective: vm, prefix: 10.0.0.0/16, weight: 5}»]")
        .says(&["rows of nic_effective have no `weight`"]);
    expect("findings: [{rule: «24», subject: vm}]").says(&["`findings.rule`", "text"]);
    expect("findings: [{rule: «R-24», subject: vm}]").says(&["R- and three digits"]);
}

#[test]
fn json_is_read_like_yaml_and_points_as_exactly() {
    let json = "{\n\t\"schema\": \"routehub/1\",\n\t\"title\": \"\\u00fcber \\/ \\ud83d\\ude00\",\n\t\"vnets\": [\n\t\t{\"name\": \"hub\", \"address_space\": [«\"10.0.0.1/16\"»]}\n\t]\n}\n";
    whole(json).says(&["10.0.0.0/16 is meant"]);
    let good = json.replace(['«', '»'], "").replace("10.0.0.1", "10.0.0.0");
    let scenario = Scenario::parse(&good).expect("this is right");
    assert_eq!(scenario.title, "über / 😀");
}

#[test]
fn columns_count_characters_and_lines_may_end_as_on_windows() {
    whole("schema: routehub/1\r\ntitle: 'grüße'\r\nvnets: [{name: ä, address_space: [«10.0.0.1/8»]}]\r\n")
        .says(&["10.0.0.0/8 is meant"]);
}

#[test]
fn a_long_line_is_cut_around_the_mistake() {
    let many: Vec<String> = (0..10_000)
        .map(|n| format!("{{name: v{n}, address_space: []}}"))
        .collect();
    let text = format!(
        "schema: routehub/1\ntitle: x\nvnets: [{}, {{name: last, addres_space: []}}]\n",
        many.join(", ")
    );
    let diagnostics = Scenario::parse(&text).expect_err("a key is wrong");
    assert_eq!(diagnostics.len(), 1);
    assert!(diagnostics[0].render("f").to_string().len() < 1000);
    assert!(
        diagnostics[0]
            .help
            .as_deref()
            .is_some_and(|help| help.contains("address_space"))
    );
}

#[test]
fn a_subnet_outside_its_network() {
    bad("vnets:
  - name: hub
    address_space: [10.0.0.0/16, 10.9.0.0/16]
    subnets: [{name: nvas, prefix: 10.9.1.0/24}, {name: RouteServerSubnet, prefix: «10.1.6.0/26»}]
")
    .says(&[
        "subnet `RouteServerSubnet`",
        "10.1.6.0/26 is not inside VNet `hub` (10.0.0.0/16, 10.9.0.0/16)",
    ]);
}

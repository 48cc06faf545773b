//! Profiles hold the numbers of the catalogue, tell them with their sources, and can be changed by
//! name.

use routehub::profile::PROFILES;
use routehub::rules::{self, Origin, SOURCES};
use routehub::{Profile, ProfileError};
use routehub_exchange::Parameters;
use routehub_types::{Asn, RuleId};

fn named(name: &str) -> Profile {
    Profile::named(name).unwrap()
}

/// The switches as the specification of the network file has them: name, then a value for each of
/// [`PROFILES`].
const SWITCHES: &str = "
max_routes_per_peer      200  1000  4000  4000  none
max_peers                8 8 8 8 none
max_total_prefixes       10000 10000 10000 10000 none
show_overlap_in_learned  true true false false false
four_octet_peer_asn      true true false false true
reflect_between_nvas     b2b b2b b2b b2b always
prefix_count_mode        per_batch per_batch per_batch per_batch per_batch
unreachable_next_hop     none none none none show
no_export                rfc rfc rfc rfc rfc
well_known_communities   rfc rfc rfc rfc ignore
enforce_first_as         true true true true true
one_instance_nics        both both both both both
sticky_failback          false false false false false
upgraded                 false false false false false
transparent              false false false false true
max_routes_to_circuit    200 1000 1000 1000 none
min_route_server_subnet  27 27 26 26 none
er_vnet_to_vnet          true true false false true
expressroute_next_hops   connection connection connection connection connection
dropped_ranges           BEFORE BEFORE BEFORE AUG2026 AUG2026
";

/// What is dropped in every year.
const DROPPED: &str = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,127.0.0.0/8,\
                       198.18.0.0/15,25.4.0.0/14,157.59.0.0/16,40.108.0.0/17,40.109.0.0/16,\
                       104.146.0.0/17,104.147.0.0/16,23.103.0.0/18,20.35.252.0/22";

/// What is dropped besides as of August 2026.
const DROPPED_2026: &str = "25.148.0.0/15,25.150.0.0/16,25.152.0.0/14,25.156.0.0/16,\
                            25.159.0.0/16,25.176.0.0/13,25.184.0.0/14";

#[test]
fn every_switch_has_the_value_of_the_specification_in_every_profile() {
    let mut names = Vec::new();
    for line in SWITCHES.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        names.push(name);
        for profile in Profile::all() {
            let expected = match words.next().unwrap() {
                "BEFORE" => format!("{DROPPED},25.33.0.0/16,25.41.0.0/20,25.48.0.0/12"),
                "AUG2026" => format!("{DROPPED},{DROPPED_2026}"),
                word => word.to_owned(),
            };
            let fields = profile.fields();
            let field = fields.iter().find(|field| field.name == name).unwrap();
            let value = field.value.replace(' ', "");
            assert_eq!(value, expected, "{name} of {}", profile.base);
            assert!(field.switch.is_some());
        }
    }
    assert_eq!(names, Profile::SWITCHES);
}

#[test]
fn every_switch_can_be_set_to_what_it_shows() {
    for from in Profile::all() {
        for name in PROFILES {
            let mut profile = named(name);
            for field in from.fields().iter().filter(|field| field.switch.is_some()) {
                profile.set(field.name, &field.value).unwrap();
            }
            let switches = profile
                .fields()
                .into_iter()
                .filter(|field| field.switch.is_some());
            let wanted = from
                .fields()
                .into_iter()
                .filter(|field| field.switch.is_some());
            assert!(switches.eq(wanted), "{name} as {}", from.base);
        }
    }
}

#[test]
fn every_field_names_its_rules_and_sources() {
    for field in Profile::default().fields() {
        for rule in field.rules.split(", ") {
            let number = rule.strip_prefix("R-").unwrap().parse().unwrap();
            let known = rules::rule(RuleId(number));
            assert!(known.is_some(), "{}: {rule}", field.name);
        }
        let keys = field
            .sources
            .split([',', ';', ':', ' '])
            .filter(|word| is_key(word));
        for key in keys {
            let known = SOURCES.iter().any(|source| source.key == key);
            assert!(known, "{}: {key}", field.name);
        }
        let says = field.sources.contains(|c: char| c.is_ascii_uppercase());
        assert!(says, "{} has no source", field.name);
    }
}

/// Whether a word of a source text is one of the short names.
fn is_key(word: &str) -> bool {
    let rfc = word == "RFC";
    !rfc && word.len() > 1 && word.chars().take(2).all(|c| c.is_ascii_uppercase())
}

#[test]
fn every_source_is_named_by_a_field_or_a_rule() {
    let rules = rules::RULES.iter().filter_map(|rule| match rule.origin {
        Origin::Catalogue { sources, .. } => Some(sources),
        Origin::Bgp { .. } => None,
    });
    let fields = Profile::default().fields().into_iter();
    let texts = rules.chain(fields.map(|field| field.sources));
    let all = texts.collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = all.split([',', ';', ':', ' ']).collect();
    for source in SOURCES {
        assert!(words.contains(&source.key), "{}", source.key);
    }
}

#[test]
fn r_024_peers_of_azure_may_have_neither_reserved_nor_large_asns() {
    let rules = named("azure-2026").parameters.peer_asns();
    for asn in [
        8074, 8075, 12076, 65515, 65517, 65520, 23456, 64496, 64511, 65535, 65551, 70000,
    ] {
        assert_eq!(
            rules.check(Asn(asn)).unwrap_err().rule,
            rules::PEER_ASN,
            "{asn}"
        );
    }
    for asn in [65001, 65010, 65516, 65514, 64512, 65534, 1] {
        assert_eq!(rules.check(Asn(asn)), Ok(()), "{asn}");
    }
    assert_eq!(
        rules.check(Asn(65515)).unwrap_err().to_string(),
        "AS 65515 is reserved by Azure (R-024)"
    );
}

#[test]
fn r_024_large_asns_worked_in_the_first_years_and_everything_does_under_open() {
    for (name, large, reserved) in [
        ("azure-2021", true, false),
        ("azure-2025", false, false),
        ("open", true, true),
    ] {
        let rules = named(name).parameters.peer_asns();
        assert_eq!(rules.check(Asn(70000)).is_ok(), large, "{name}");
        assert_eq!(rules.check(Asn(65515)).is_ok(), reserved, "{name}");
    }
}

#[test]
fn r_099_and_r_100_reach_the_policies() {
    let mut profile = named("azure-2026");
    assert_eq!(
        profile.parameters.well_known().no_export,
        Some(rules::NO_EXPORT)
    );
    profile.set("no_export", "ignore").unwrap();
    assert_eq!(profile.parameters.well_known().no_export, None);
    assert_eq!(
        profile.parameters.well_known().no_advertise,
        Some(rules::NO_ADVERTISE)
    );

    let terms = profile.parameters.route_map_terms();
    assert_eq!(terms.reserved_communities.len(), 11);
    assert!(terms.prepend_asns.check(Asn(65001)).is_err(), "private");
    assert!(terms.replace_asns.check(Asn(65001)).is_ok());
    assert!(terms.replace_asns.check(Asn(12076)).is_err());
    let open = named("open").parameters.route_map_terms();
    assert!(open.prepend_asns.check(Asn(65515)).is_ok());
    assert_eq!((open.untouched, open.default_route_from), (vec![], None));
}

#[test]
fn parameters_of_the_exchange_follow_the_profile() {
    let mut profile = named("azure-2026");
    profile.set("max_peers", "none").unwrap();
    profile.set("no_export", "ignore").unwrap();
    let parameters = Parameters::from(&profile);
    assert_eq!(parameters, profile.parameters);
    assert_eq!(
        (parameters.asn, parameters.edge_asn),
        (Asn(65515), Asn(12076))
    );
    assert_eq!(
        (parameters.max_peers, parameters.max_next_hops()),
        (None, 8)
    );
    assert!(parameters.well_known().no_export.is_none());
    assert!(parameters.overlap_filter && !parameters.ipv6);
    assert!(parameters.peer_asns().check(Asn(65517)).is_err());
    let open = Parameters::from(&named("open"));
    assert!(open.transparent && open.ipv6 && !open.overlap_filter);
    assert!(open.peer_asns().check(Asn(65517)).is_ok() && open.max_next_hops() > 8);
}

#[test]
fn an_unknown_profile_is_refused_with_the_nearest_name() {
    let error = Profile::named("azure-2027").unwrap_err();
    assert!(matches!(
        error,
        ProfileError::UnknownProfile {
            nearest: Some(_),
            ..
        }
    ));
    assert_eq!(
        Profile::named("azur-2026").unwrap_err().to_string(),
        "there is no profile \"azur-2026\" (did you mean \"azure-2026\"?): \
         there are azure-2021, azure-2023, azure-2025, azure-2026, open"
    );
}

#[test]
fn an_unknown_switch_is_refused_with_the_nearest_name() {
    let mut profile = Profile::default();
    assert_eq!(
        profile.set("max_peer", "8").unwrap_err().to_string(),
        "profiles have no switch \"max_peer\" (did you mean \"max_peers\"?)"
    );
    assert_eq!(
        profile.set("colour", "red").unwrap_err(),
        ProfileError::UnknownSwitch {
            name: "colour".into(),
            nearest: None
        }
    );
    assert!(
        profile.set("asn", "65001").is_err(),
        "a number is no switch"
    );
    assert_eq!(profile, Profile::default());
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_what_does() {
    for (switch, value, allowed) in [
        (
            "max_peers",
            "many",
            "a whole number of 0..4294967295, or none",
        ),
        (
            "max_peers",
            "-1",
            "a whole number of 0..4294967295, or none",
        ),
        (
            "max_peers",
            "4294967296",
            "a whole number of 0..4294967295, or none",
        ),
        ("upgraded", "yes", "true or false"),
        ("reflect_between_nvas", "B2B", "b2b, always or never"),
        (
            "min_route_server_subnet",
            "33",
            "a prefix length of 0..32, or none",
        ),
    ] {
        let mut profile = Profile::default();
        let error = profile.set(switch, value).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("switch {switch} cannot be {value:?}: expected {allowed}")
        );
        assert_eq!(profile, Profile::default());
    }
}

#[test]
fn what_is_set_is_what_counts() {
    let mut profile = named("azure-2026");
    profile.set("max_total_prefixes", "none").unwrap();
    profile.set("prefix_count_mode", "strict_rib").unwrap();
    let changes = named("azure-2026").diff(&profile);
    let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "max_total_prefixes: 10000 -> none (R-008; LIM, CAP)",
            "prefix_count_mode: per_batch -> strict_rib (R-006; inferred; SP25 fits)",
        ]
    );
}

#[test]
fn a_diff_between_two_years_names_what_changed() {
    let names = |one: &str, other: &str| {
        let changes = named(one).diff(&named(other));
        changes
            .into_iter()
            .map(|change| change.before.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("azure-2021", "azure-2023"),
        ["max_routes_per_peer", "max_routes_to_circuit"]
    );
    assert_eq!(
        names("azure-2023", "azure-2025"),
        [
            "max_routes_per_peer",
            "show_overlap_in_learned",
            "four_octet_peer_asn",
            "min_route_server_subnet",
            "er_vnet_to_vnet"
        ]
    );
    assert_eq!(names("azure-2025", "azure-2026"), ["dropped_ranges"]);
}

#[test]
fn a_profile_prints_every_field_with_its_rules() {
    let text = named("azure-2026").to_string();
    assert!(text.starts_with("azure-2026\n"));
    for field in named("azure-2026").fields() {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(field.name))
            .unwrap();
        assert!(
            line.contains(field.rules) && line.contains(field.sources),
            "{line}"
        );
        assert!(text.contains(&field.value), "{}", field.name);
    }
}

//! Large and hostile files.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use routehub_scenario::Scenario;

/// A file of so many NVAs, with a literal list of prefixes each.
fn large(nvas: usize, prefixes: usize) -> String {
    let mut text = String::from(
        "schema: routehub/1\ntitle: large\nvnets:\n  - {name: hub, address_space: [10.0.0.0/8]}\nnvas:\n",
    );
    for n in 0..nvas {
        let (high, low) = (n / 250, n % 250 + 1);
        text.push_str(&format!(
            "  - name: nva{n}\n    vnet: hub\n    ip: 10.0.{high}.{low}\n    asn: 65001\n    sessions: []\n    originates:\n      - prefixes: ["
        ));
        for p in 0..prefixes {
            text.push_str(&format!("172.{}.{}.0/24, ", 16 + p / 256 % 16, p % 256));
        }
        text.push_str("]\n");
    }
    text
}

fn time(text: &str) -> Duration {
    let start = Instant::now();
    let scenario = Scenario::parse(text).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    assert_eq!(scenario.title, "large");
    start.elapsed()
}

#[test]
fn a_large_file_is_read_in_linear_time() {
    let (small, big) = (large(3, 4000), large(30, 4000));
    assert!(big.len() > 1_900_000, "{}", big.len());
    let (few, many) = (time(&small).max(Duration::from_millis(50)), time(&big));
    assert!(many < few * 40, "{few:?} for a tenth, {many:?} for all");
}

#[test]
fn counted_prefixes_are_all_there_in_order() {
    for count in [2001, 100_000] {
        let text = format!(
            "schema: routehub/1\ntitle: x\nvnets: [{{name: hub, address_space: [10.0.0.0/16]}}]\nsites: [{{name: s, asn: 1, routes: [{{prefixes_from: {{base: 100.64.0.0/28, count: {count}}}}}]}}]\n"
        );
        let scenario = Scenario::parse(&text).expect("it is right");
        let prefixes = &scenario.estate.sites[0].routes[0].prefixes;
        assert_eq!(prefixes.len(), count);
        let last = u32::from_be_bytes([100, 64, 0, 0]) + 16 * (u32::try_from(count).unwrap() - 1);
        assert_eq!(
            prefixes[count - 1].address(),
            std::net::Ipv4Addr::from(last)
        );
    }
}

#[test]
fn a_file_does_not_count_out_more_prefixes_than_a_machine_holds() {
    let route = "{prefixes_from: {base: 0.0.0.0/32, count: 1000000}}";
    let routes = [route; 50].join(", ");
    let text = format!(
        "schema: routehub/1\ntitle: x\nvnets: []\nsites: [{{name: s, asn: 1, routes: [{routes}]}}]\n"
    );
    let wrong = Scenario::parse(&text).expect_err("it is too much");
    assert!(
        wrong[0].message.contains("more than 10000000 prefixes"),
        "{}",
        wrong[0]
    );
}

#[test]
fn aliases_stand_for_what_they_name_but_do_not_explode() {
    let text = "schema: routehub/1
title: x
vnets:
  - {name: a, address_space: &space [10.0.0.0/16]}
  - {name: b, address_space: *space}
";
    let scenario = Scenario::parse(text).expect("it is right");
    assert_eq!(
        scenario.estate.vnets[0].address_space,
        scenario.estate.vnets[1].address_space
    );

    let mut bomb =
        String::from("schema: routehub/1\ntitle: x\nnotes:\n  - &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let list = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.push_str(&format!("  - &a{n} [{list}]\n"));
    }
    let start = Instant::now();
    let wrong = Scenario::parse(&bomb).expect_err("this is a bomb");
    assert!(wrong[0].message.contains("cannot be read"), "{}", wrong[0]);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let text = format!("title: {}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(Scenario::parse(&text).is_err());
    }
    assert!(Scenario::parse(&"- ".repeat(100_000)).is_err());
}

/// A file with everything in it, to break in many ways.
const RICH: &str = include_str!("../labs/doc-step-by-step.yaml");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_text_panics(text in "[ -~\n\t]{0,200}") {
        let _ = Scenario::parse(&text);
    }

    #[test]
    fn no_damaged_file_panics_and_every_place_is_in_it(
        at in 0..RICH.len(), length in 0..40_usize, with in "[ -~\n]{0,20}"
    ) {
        let mut text = String::new();
        text.push_str(RICH.get(..at).unwrap_or_default());
        text.push_str(&with);
        text.push_str(RICH.get(at + length..).unwrap_or_default());
        if let Err(wrong) = Scenario::parse(&text) {
            let lines = text.lines().count();
            for one in wrong {
                prop_assert!(one.at.line <= lines + 1, "{}", one);
                let shown = one.render("file").to_string();
                prop_assert!(shown.starts_with("error: "), "{}", shown);
            }
        }
    }
}

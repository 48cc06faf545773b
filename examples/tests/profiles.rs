//! `profiles` as its users run it.

use routehub_testkit::example;

/// Runs the example with these arguments: exit code, output, errors.
fn profiles(arguments: &[&str]) -> (Option<i32>, String, String) {
    let run = example::run("profiles", arguments, b"");
    (run.code, run.out, run.err)
}

#[test]
fn a_profile_is_a_table_with_rules_and_sources() {
    let (code, out, _) = profiles(&["azure-2026"]);
    assert_eq!(code, Some(0));
    let row = out
        .lines()
        .find(|line| line.contains("max_routes_per_peer"))
        .unwrap();
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(words[..3], ["max_routes_per_peer", "4000", "R-002,"]);
    assert!(row.ends_with("LIM, FAQ21, FAQ25, SP25"), "{row}");
    assert!(
        out.contains("8074-8075, 12076, 65515, 65517-65520"),
        "{out}"
    );
    assert!(
        out.contains("route-server-faq.md, 2025-09-17"),
        "the sources are spelt out"
    );
}

#[test]
fn two_years_are_a_diff() {
    let (code, out, _) = profiles(&["azure-2023", "azure-2025"]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("max_routes_per_peer: 1000 -> 4000 (R-002"),
        "{out}"
    );
    assert!(!out.contains("max_peers"), "{out}");
    let (_, ranges, _) = profiles(&["azure-2025", "azure-2026"]);
    let changed = ranges.lines().filter(|line| line.contains(" -> "));
    assert_eq!(
        changed.count(),
        2,
        "the heading and dropped_ranges: {ranges}"
    );
    assert!(ranges.contains("25.176.0.0/13"), "{ranges}");
    let (_, same, _) = profiles(&["azure-2026", "azure-2026"]);
    assert!(same.contains("no difference"), "{same}");
}

#[test]
fn all_stand_side_by_side() {
    let (code, out, _) = profiles(&[]);
    assert_eq!(code, Some(0));
    let row = out
        .lines()
        .find(|line| line.contains("max_routes_per_peer"))
        .unwrap();
    let words: Vec<&str> = row.split_whitespace().skip(1).take(5).collect();
    assert_eq!(words, ["200", "1000", "4000", "4000", "none"]);
}

#[test]
fn a_switch_can_be_set_and_a_wrong_one_is_named() {
    let (code, out, _) = profiles(&["azure-2026", "--set", "max_peers=none"]);
    assert_eq!(code, Some(0));
    let row = out.lines().find(|line| line.contains("max_peers")).unwrap();
    assert_eq!(row.split_whitespace().nth(1), Some("none"));

    let (code, out, errors) = profiles(&["azure-2026", "--set", "max_peer=9"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(
        errors,
        "profiles: profiles have no switch \"max_peer\" (did you mean \"max_peers\"?)\n"
    );
}

#[test]
fn an_unknown_profile_is_one_clear_message_and_exit_2() {
    let (code, _, errors) = profiles(&["azure-1999"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("there is no profile \"azure-1999\"") && errors.lines().count() == 1);
}

//! What may not be shown is not, and what is shown cannot drive a terminal.

use routehub_scenario::Scenario;

const SECRET: &str = "opensesame";

/// A file with this NVA, which has no sessions.
fn file(nva: &str) -> String {
    let nva = nva.replace("vnet: hub,", "vnet: hub, sessions: [],");
    let nva = nva.replace("vnet: hub\n", "vnet: hub\n    sessions: []\n");
    format!(
        "schema: routehub/1\ntitle: x\nvnets:\n  - {{name: hub, address_space: [10.0.0.0/16]}}\n\
         nvas:\n{nva}\n"
    )
}

/// What is said of a file that is wrong.
fn told(text: &str) -> String {
    let wrong = Scenario::parse(text).expect_err("it is wrong");
    let shown = wrong
        .iter()
        .map(|one| format!("{one}\n{}\n{one:?}", one.render("network.yaml")));
    shown.collect()
}

#[test]
fn a_password_is_in_no_diagnostic() {
    for nva in [
        "  - {name: n, vnet: hub, ip: 10.0.4.4, asn: x, live: true, password: opensesame}",
        "  - {name: n, vnet: hub, ip: 10.0.4.4, asn: 65001, password: opensesame, bfd: 7}",
        "  - {name: n, vnet: hub, ip: 10.0.4.4, asn: 65001, pasword: opensesame}",
        "  - {name: n, vnet: hub, ip: 10.0.4.4, asn: 65001, \"password\": \"opensesame\", pasive: 1}",
        "  - {name: n, vnet: hub, ip: 10.0.4.4, asn: 65001, password: [opensesame]}",
        "  - {name: n, vnet: hub, ip: 10.0.4.4, asn: 65001, password: {opensesame: 1}}",
        "  - name: n\n    vnet: hub\n    ip: 10.0.4.4\n    asn: 65001\n    password: [opensesame]",
        "  - name: n\n    vnet: hub\n    ip: 10.0.4.4\n    asn: 65001\n    pasword: opensesame",
        "  - name: n\n    vnet: hub\n    ip: 10.0.4.4\n    asn: 65001\n    password:\n      [opensesame]",
        "  - name: n\n    vnet: hub\n    ip: 10.0.4.4\n    asn: 65001\n    secret: opensesame # yes",
        "  - name: n\n    vnet: hub\n    ip: 10.0.4.4\n    password: \"opensesame",
    ] {
        let told = told(&file(nva));
        assert!(!told.contains(SECRET), "{told}");
    }
    let number = file("  - {name: n, vnet: hub, ip: 10.0.4.4, asn: 65001, password: 4711}");
    let told = told(&number);
    assert!(
        !told.contains("4711") && told.contains("in quotes"),
        "{told}"
    );
}

#[test]
fn what_is_wrong_beside_a_password_is_shown() {
    let nva = "  - {name: n, password: opensesame, vnet: hub, ip: 10.0.4.4, asn: x}";
    let told = told(&file(nva));
    assert!(told.contains("password: **********, vnet: hub, "), "{told}");
}

#[test]
fn a_password_is_in_no_debug_output() {
    let nva =
        "  - {name: n, vnet: hub, ip: 10.0.4.4, asn: 65001, live: true, password: opensesame}";
    let scenario = Scenario::parse(&file(nva)).expect("it is right");
    assert!(!format!("{scenario:?}").contains(SECRET));
}

#[test]
fn names_in_diagnostics_cannot_drive_a_terminal() {
    let nva = "  - {name: \"n\\e[2Jx\", vnet: nowhere\u{202e}, ip: 10.0.4.4, asn: 65001}";
    let wrong = Scenario::parse(&file(nva)).expect_err("it is wrong");
    for one in &wrong {
        let told = format!("{one}\n{}", one.render("net\u{1b}work.yaml"));
        let drives = |c: char| c == '\u{1b}' || c == '\u{202e}';
        assert!(!told.contains(drives), "{told:?}");
    }
}

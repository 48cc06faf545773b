//! `routehub` as its users run it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use routehub_cli::EXIT_CODES;
use routehub_cli::make::NETWORK;
use serde_json::Value;

/// What a run gave.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the program with the file that `init` writes on standard input: `-` is that file.
fn routehub(arguments: &[&str]) -> Run {
    run_with(arguments, NETWORK)
}

fn run_with(arguments: &[&str], input: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_routehub"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    // It may end before it has read all.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("an end");
    let _ = writer.join();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The output as JSON.
fn json(arguments: &[&str]) -> Value {
    let run = routehub(arguments);
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
}

#[test]
fn every_command_has_help_and_the_exit_codes_are_in_that_of_the_program() {
    let help = routehub(&["--help"]);
    assert_eq!(help.code, Some(0));
    for (code, what) in EXIT_CODES {
        assert!(
            help.out.contains(&format!("{code}  {what}")),
            "{}",
            help.out
        );
    }
    let commands = help.out.split("Commands:").nth(1).expect("commands");
    let commands = commands.split("Options:").next().expect("commands");
    let names = commands
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    for name in [
        "check", "show", "explain", "trace", "matrix", "lint", "diff", "sweep", "import", "draw",
        "serve", "decode", "profiles", "schema", "init",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
        let help = routehub(&[name, "--help"]);
        assert_eq!(help.code, Some(0), "{name}");
        assert!(
            help.out.contains(&format!("Usage: routehub {name}")),
            "{}",
            help.out
        );
    }
}

#[test]
fn the_pages_of_the_repository_have_the_table_of_exit_codes() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/command.md");
    let page = std::fs::read_to_string(page).expect("the page of the command");
    for (code, what) in EXIT_CODES {
        assert!(
            page.contains(&format!("| {code} | {what} |")),
            "{code}: {what}"
        );
    }
}

#[test]
fn the_file_that_init_writes_holds_and_survives_what_it_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("network.yaml");
    let name = file.to_str().expect("UTF-8");
    assert_eq!(routehub(&["init", name]).code, Some(0));
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), NETWORK);
    let again = routehub(&["init", name]);
    assert_eq!(again.code, Some(2));
    assert!(
        again.err.contains("exists, and stays as it is"),
        "{}",
        again.err
    );
    assert!(NETWORK.starts_with("# yaml-language-server: $schema=https://"));
    for arguments in [["check", name], ["lint", name], ["sweep", name]] {
        let run = routehub(&arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {}{}", run.out, run.err);
    }
}

#[test]
fn the_screen_fits_a_terminal_and_says_what_to_ask_next() {
    let run = routehub(&["show", "-"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(run.out.lines().count() <= 45, "{}", run.out);
    assert!(
        run.out.lines().all(|line| line.chars().count() <= 100),
        "{}",
        run.out
    );
    for words in [
        "A hub with two NVAs, a spoke, and a branch behind a VPN gateway",
        "2 VNets           hub, spoke",
        "2 NVAs            nva1 (AS 65001), nva2 (AS 65002)",
        "sessions          4 established",
        "rs_learned",
        "Findings: ",
        "failure: ",
        "routehub explain - vm ",
    ] {
        assert!(run.out.contains(words), "{words:?} is not in:\n{}", run.out);
    }
    assert!(
        !run.out.contains('\u{1b}'),
        "colour where there is no terminal"
    );
}

#[test]
fn tables_are_chosen_by_name_prefix_and_kind() {
    let nic = routehub(&["show", "-", "--nic", "vm", "--at", "initial"]).out;
    assert_eq!(nic.matches("\nNIC ").count(), 1, "{nic}");
    assert!(!nic.contains("Route Server rs"), "{nic}");
    let peer = routehub(&["show", "-", "--peer", "nva1", "--at", "initial"]).out;
    for heading in ["Route Server rs: learned from nva1", "NVA nva1: learned"] {
        assert!(peer.contains(heading), "{peer}");
    }
    assert!(
        !peer.contains("from nva2") && !peer.contains("NIC"),
        "{peer}"
    );
    let arguments = [
        "show",
        "-",
        "--prefix",
        "10.200.1.0/24",
        "--nic",
        "vm",
        "--at",
        "initial",
    ];
    let prefix = routehub(&arguments).out;
    assert!(
        prefix.contains("10.200.0.0/16") && !prefix.contains("192.168.0.0/16"),
        "{prefix}"
    );
    let kind = json(&[
        "show", "-", "--table", "sessions", "--json", "--at", "initial",
    ]);
    let tables = &kind[0]["tables"];
    assert_eq!(tables["sessions"]["rs"]["nva1"][0]["state"], "Established");
    assert_eq!(tables["rs_learned"], serde_json::json!({}));
    assert_eq!(tables["findings"], serde_json::json!([]));
}

#[test]
fn an_unknown_name_is_told_with_a_near_one() {
    for (arguments, words) in [
        (
            &["show", "-", "--nic", "vn"][..],
            "--nic vn: there is no NIC of this name; did you mean `vm`?",
        ),
        (&["show", "-", "--peer", "nva"], "did you mean `nva1`?"),
        (
            &["show", "-", "--table", "sesions"],
            "did you mean `sessions`?",
        ),
        (
            &["diff", "-", "--event", "failur"],
            "did you mean `failure`?",
        ),
        (
            &["show", "-", "--at", "later"],
            "there are: initial, failure",
        ),
        (
            &["explain", "-", "nobody", "10.0.0.0/8"],
            "explain nobody: there is no NIC or speaker",
        ),
        (
            &["explain", "-", "pairs", "10.0.0.0/8"],
            "there is no NIC or speaker of this name; did you mean `paris`?",
        ),
    ] {
        let run = routehub(arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(run.err.contains(words), "{words:?} is not in: {}", run.err);
    }
}

#[test]
fn answers_have_json_and_an_exit_code() {
    assert_eq!(json(&["check", "-", "--json"])["holds"], true);
    assert!(json(&["explain", "-", "vm", "192.168.0.1", "--json"]).is_object());
    assert!(json(&["trace", "-", "vm", "paris", "--json"]).is_object());
    assert!(json(&["matrix", "-", "--json"]).is_array());
    assert!(json(&["lint", "-", "--json"]).is_array());
    assert!(json(&["events", "-", "--json"]).is_array());
    assert!(json(&["diff", "-", "--event", "failure", "--json"]).is_array());
    assert!(json(&["sweep", "-", "--json"])["elements"].is_number());
    assert!(json(&["profiles", "--json"]).is_array());
    let schema = include_str!("../../scenario/schema/routehub-1.schema.json");
    assert_eq!(routehub(&["schema"]).out.trim_end(), schema.trim_end());

    let vnets = r#"[{"name": "hub", "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub", "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []}]"#;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("vnets.json");
    std::fs::write(&file, vnets).expect("a file");
    let told = json(&["import", file.to_str().expect("UTF-8"), "--json"]);
    let text = told["network_file"].as_str().expect("a text");
    assert!(
        text.contains("10.0.0.0/16") && told["remarks"].is_array(),
        "{told}"
    );

    let wrong = NETWORK.replace("next_hop: [10.0.4.5]}", "next_hop: [10.0.4.6]}");
    let run = run_with(&["check", "-", "--json"], &wrong);
    let told: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(run.code, Some(1));
    assert_eq!(told["hard"]["differ"], 1);
    assert_eq!(told["differences"][0]["at"], "failure");
    assert_eq!(routehub(&["diff", "-", "--event", "failure"]).code, Some(1));
    assert_eq!(routehub(&["trace", "-", "vm", "172.16.0.1"]).code, Some(1));
    assert_eq!(run_with(&["lint", "-"], "vnets: 1").code, Some(2));
    assert_eq!(routehub(&["sweep", "-", "--only", "cable"]).code, Some(2));
}

#[test]
fn a_picture_is_data_too() {
    let drawn = json(&["draw", "-", "--json", "--failed", "nva1"]);
    let boxes = drawn["boxes"].as_array().expect("boxes");
    let nva = boxes
        .iter()
        .find(|one| one["name"] == "nva1")
        .expect("an NVA");
    assert_eq!(
        (&nva["kind"], &nva["state"]),
        (&"NVA".into(), &"down".into())
    );
    let vnet = &boxes[nva["vnet"].as_u64().expect("its network") as usize];
    assert_eq!(vnet["kind"], "VNet");
    assert!(nva["place"]["x"].as_i64() >= vnet["place"]["x"].as_i64());
    let lines = drawn["lines"].as_array().expect("lines");
    let session =
        |line: &&Value| line["kind"] == "session" && [&line["a"], &line["b"]].contains(&&nva["id"]);
    let session = lines.iter().find(session).expect("a session");
    assert_eq!(session["state"], "down");
    assert!(
        session["corners"]
            .as_array()
            .is_some_and(|corners| corners.len() > 1)
    );
    assert_eq!(routehub(&["draw", "-", "--json", "--svg"]).code, Some(2));
}

#[test]
fn init_tells_programs_what_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new.yaml");
    let name = file.to_str().expect("UTF-8");
    let written = json(&["init", name, "--json"]);
    assert_eq!(written["file"], name);
    assert_eq!(written["octets"], NETWORK.len());
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), NETWORK);
    assert_eq!(routehub(&["init", name, "--json"]).code, Some(2));
    assert_eq!(json(&["init", "-", "--json"])["network_file"], NETWORK);
}

#[test]
fn man_pages_and_completions_are_of_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().to_str().expect("UTF-8");
    assert_eq!(routehub(&["man", name]).code, Some(0));
    for page in ["routehub.1", "routehub-explain.1", "routehub-serve.1"] {
        let text = std::fs::read_to_string(folder.path().join(page)).expect("a page");
        assert!(text.contains(".TH "), "{page}: {text}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let run = routehub(&["completions", shell]);
        assert!(run.out.contains("explain"), "{shell}");
    }
}

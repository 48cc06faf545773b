//! `decode` as its users run it.

use routehub_testkit::cases::{self, Decision, octets};
use routehub_testkit::example;
use routehub_wire::Notification;
use serde_json::{Value, json};

/// Runs the example with these arguments and this input: exit code, lines, errors.
fn decode(arguments: &[&str], input: &[u8]) -> (Option<i32>, Vec<Value>, String) {
    let run = example::run("decode", arguments, input);
    let lines = run.out.lines();
    let lines = lines.map(|line| serde_json::from_str(line).expect("a JSON object per line"));
    (run.code, lines.collect(), run.err)
}

const GOOD: &str = "ffffffffffffffffffffffffffffffff002f02000000144001010040020602010000fde9\
                    4003040a00040418c63364";

#[test]
fn a_hexadecimal_line_is_told_in_full() {
    let (code, lines, _) = decode(&[], GOOD.as_bytes());
    assert_eq!((code, lines.len()), (Some(0), 1));
    let line = &lines[0];
    assert_eq!(
        (&line["action"], &line["faults"]),
        (&json!("accept"), &json!([]))
    );
    let message = &line["message"];
    assert_eq!(message["type"], "UPDATE");
    assert_eq!(
        message["announced"][0]["prefixes"],
        json!(["198.51.100.0/24"])
    );
    assert_eq!(message["announced"][0]["next_hop"], "10.0.4.4");
    assert_eq!(message["attributes"][1]["value"], "65001");
    assert_eq!(message["attributes"][1]["offset"], 27);
}

#[test]
fn lines_that_are_no_message_are_numbered_and_the_run_goes_on() {
    let input = format!("nonsense\n\n{{\"id\": 1}}\nabc\n{GOOD}\n{}\n", &GOOD[..40]);
    let (code, lines, _) = decode(&["-"], input.as_bytes());
    assert_eq!((code, lines.len()), (Some(0), 5));
    assert_eq!(
        [&lines[0]["line"], &lines[1]["line"], &lines[2]["line"]],
        [1, 3, 4]
    );
    assert!(lines[..3].iter().all(|line| line["error"].is_string()));
    assert_eq!(lines[3]["action"], "accept");
    assert_eq!(lines[4]["error"], "20 octets are not a whole message");
}

#[test]
fn a_fault_has_its_place_and_its_reason() {
    let bad = GOOD.replace("40010100", "40010103");
    let (_, lines, _) = decode(&[], bad.as_bytes());
    let fault = &lines[0]["faults"][0];
    assert_eq!(lines[0]["action"], "treat_as_withdraw");
    assert_eq!(
        (&fault["attribute"], &fault["name"]),
        (&json!(1), &json!("ORIGIN"))
    );
    assert_eq!(
        (&fault["offset"], &fault["action"]),
        (&json!(23), &json!("treat_as_withdraw"))
    );
    assert!(
        fault["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("ORIGIN"))
    );
    assert_eq!(lines[0]["message"]["withdrawn"], json!(["198.51.100.0/24"]));
}

#[test]
fn a_file_that_cannot_be_read_is_bad_input() {
    let (code, lines, errors) = decode(&["/no/such/file"], b"");
    assert_eq!((code, lines.len()), (Some(2), 0));
    assert!(errors.contains("cannot read /no/such/file"), "{errors}");
}

/// An MRT record.
fn record(kind: u16, subtype: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = 1_700_000_000u32.to_be_bytes().to_vec();
    bytes.extend(kind.to_be_bytes());
    bytes.extend(subtype.to_be_bytes());
    bytes.extend((body.len() as u32).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn an_mrt_file_gives_its_messages_and_the_paths_of_its_tables() {
    // BGP4MP_MESSAGE_AS4 between AS 65001 and AS 65002.
    let mut message = octets("0000fde90000fdea000000010a0004040a000604");
    message.extend(octets(GOOD));
    // One IPv4 peer with a four-octet ASN.
    let peers = octets(
        "0a0000010000000102 0a000404 0a000404 0000fde9"
            .replace(' ', "")
            .as_str(),
    );
    // 198.51.100.0/24 by that peer; the same in IPv6 with MP_REACH_NLRI cut to its next hop.
    let path = "4001010040020602010000fde9";
    let ipv4 = format!("0000000018c633640001000065000000 0014{path}4003040a000404");
    let multi = "800e111020010db8000000000000000000000001";
    let ipv6 = format!("000000013020010db8006400010000650000000021{path}{multi}");
    let rest = [
        record(13, 1, &peers),
        record(13, 2, &octets(&ipv4.replace(' ', ""))),
        record(13, 4, &octets(&ipv6)),
        record(16, 0, &[0; 20]),
        record(99, 1, &[]),
    ];
    let file = [record(16, 4, &message), rest.concat()].concat();
    let (code, lines, errors) = decode(&["--mrt", "-"], &file);
    assert_eq!(code, Some(0), "{errors}");
    let prefix = |at: usize| &lines[at]["message"]["announced"][0]["prefixes"][0];
    assert_eq!(prefix(0), "198.51.100.0/24");
    assert_eq!(lines[0]["source"]["peer_as"], 65001);
    assert_eq!(
        (prefix(1), prefix(2)),
        (&json!("198.51.100.0/24"), &json!("2001:db8:64::/48"))
    );
    assert_eq!(
        lines[2]["message"]["announced"][0]["next_hop"],
        "2001:db8::1"
    );
    assert_eq!(lines[2]["action"], "accept");
    assert_eq!(lines[3]["error"], "MRT type 99 subtype 1");
    assert_eq!(lines.len(), 4);
}

/// Every case of the catalogue, given to a session in its state with admission and Adj-RIB-In
/// behind it.
#[test]
fn every_case_of_the_catalogue_is_decided_as_the_rfcs_say() {
    let lines: Vec<Value> = cases::CATALOGUE
        .into_iter()
        .flat_map(|text| serde_json::from_str::<Vec<Value>>(text).expect("the catalogue is JSON"))
        .collect();
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let cases = cases::all();
    let (code, reports, _) = decode(&[], lines.join("\n").as_bytes());
    assert_eq!((code, reports.len()), (Some(0), cases.len()));
    let wrong: Vec<String> = cases
        .iter()
        .zip(&reports)
        .filter(|(case, report)| !case.expected.admits(&decision(report)))
        .map(|(case, report)| format!("{}: {report}, not {:?}", case.id, case.expected))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What a report says.
fn decision(report: &Value) -> Decision {
    let action = report["action"].as_str().unwrap_or_default();
    if action != "notification" {
        return Decision::action(action);
    }
    let number = |name: &str| report[name].as_u64().expect("a number") as u8;
    let data = octets(report["data_hex"].as_str().expect("octets"));
    Decision::notification(Notification::new(number("code"), number("subcode")).with_data(data))
}

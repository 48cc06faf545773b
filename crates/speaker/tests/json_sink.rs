//! The stream of JSON lines, octet by octet.

use std::net::IpAddr;

use routehub_speaker::sink::{JsonSink, Sink};

#[test]
fn each_change_is_a_line_and_each_batch_ends_with_one() {
    let mut octets = Vec::new();
    let mut sink = JsonSink::new(&mut octets);
    let (first, second) = ("192.168.0.0/16".parse(), "2001:db8::/32".parse());
    sink.begin();
    let hops = [IpAddr::from([10, 0, 4, 4]), IpAddr::from([10, 0, 4, 5])];
    sink.replace("spoke \"1\"", first.expect("a prefix"), &hops);
    sink.replace("hub", second.expect("a prefix"), &[]);
    sink.commit().expect("room");
    sink.complete().expect("room");
    sink.begin();
    sink.withdraw("spoke", first.expect("a prefix"));
    sink.commit().expect("room");
    let expected = r#"{"op":"replace","vnet":"spoke \"1\"","prefix":"192.168.0.0/16","next_hops":["10.0.4.4","10.0.4.5"]}
{"op":"replace","vnet":"hub","prefix":"2001:db8::/32","next_hops":[]}
{"op":"commit","batch":1,"changes":2}
{"op":"complete"}
{"op":"withdraw","vnet":"spoke","prefix":"192.168.0.0/16"}
{"op":"commit","batch":2,"changes":1}
"#;
    assert_eq!(String::from_utf8(octets).as_deref(), Ok(expected));
}

//! The kernel sink alone: what it asks of the kernel, and what it leaves alone.

use std::net::IpAddr;

use routehub::types::Prefix;
use routehub_speaker::sink::kernel::{KernelError, Namespace as Place};
use routehub_speaker::sink::{KernelSink, KernelTarget, Sink, SinkError};
use routehub_testkit::isolated::may_isolate;
use routehub_testkit::namespace::{Namespace, route};

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

fn hops<const N: usize>(hops: [&str; N]) -> Vec<IpAddr> {
    hops.map(|hop| hop.parse().expect("an address")).into()
}

/// A namespace with an interface, on whose link the next hops of these tests are.
fn vm() -> Namespace {
    let vm = Namespace::new().expect("a namespace");
    vm.link("eth0", &vm, "other").expect("a link");
    ip(&vm, "address add 10.1.0.4/16 dev eth0");
    ip(&vm, "address add 2001:db8::4/64 dev eth0 nodad");
    vm
}

fn ip(vm: &Namespace, arguments: &str) {
    vm.ip(arguments).expect("ip succeeds");
}

fn target(vnet: &str, vm: &Namespace, table: u32) -> KernelTarget {
    KernelTarget {
        vnet: vnet.to_owned(),
        namespace: Some(Place::File(vm.path())),
        table,
    }
}

fn open(vm: &Namespace, table: u32) -> KernelSink {
    KernelSink::open(&[target("spoke", vm, table)]).expect("a sink")
}

#[test]
fn routes_are_added_replaced_and_withdrawn_and_none_is_left_at_the_end() {
    if !may_isolate() {
        return;
    }
    let vm = vm();
    for table in [254, 100, 70_000] {
        let mut sink = open(&vm, table);
        assert!(!sink.waits());
        sink.begin();
        let two = hops(["10.1.0.5", "10.1.0.6"]);
        sink.replace("spoke", prefix("192.168.0.0/16"), &two);
        sink.replace("spoke", prefix("0.0.0.0/0"), &hops(["10.1.0.7"]));
        sink.replace("spoke", prefix("172.16.0.0/12"), &[]);
        let two = hops(["2001:db8::5", "2001:db8::6"]);
        sink.replace("spoke", prefix("2001:db8:1::/48"), &two);
        sink.replace("spoke", prefix("2001:db8:2::/48"), &[]);
        sink.commit().expect("taken");
        let mut expected = [
            route("192.168.0.0/16", &["10.1.0.5", "10.1.0.6"]),
            route("default", &["10.1.0.7"]),
            route("172.16.0.0/12", &["blackhole"]),
            route("2001:db8:1::/48", &["2001:db8::5", "2001:db8::6"]),
            route("2001:db8:2::/48", &["blackhole"]),
        ];
        expected.sort();
        assert_eq!(vm.routes(table), expected, "table {table}");

        sink.begin();
        sink.replace("spoke", prefix("192.168.0.0/16"), &hops(["10.1.0.6"]));
        sink.replace("spoke", prefix("172.16.0.0/12"), &hops(["10.1.0.6"]));
        sink.replace("spoke", prefix("2001:db8:1::/48"), &hops(["2001:db8::6"]));
        sink.withdraw("spoke", prefix("0.0.0.0/0"));
        sink.withdraw("spoke", prefix("2001:db8:2::/48"));
        sink.withdraw("spoke", prefix("203.0.113.0/24"));
        sink.commit().expect("taken");
        let mut expected = [
            route("192.168.0.0/16", &["10.1.0.6"]),
            route("172.16.0.0/12", &["10.1.0.6"]),
            route("2001:db8:1::/48", &["2001:db8::6"]),
        ];
        expected.sort();
        assert_eq!(vm.routes(table), expected, "table {table}");

        sink.stop().expect("cleared");
        assert_eq!(vm.routes(table), []);
    }
}

#[test]
fn routes_of_others_are_left_alone() {
    if !may_isolate() {
        return;
    }
    let vm = vm();
    ip(
        &vm,
        "route add 192.168.0.0/16 via 10.1.0.9 metric 177 proto static",
    );
    ip(&vm, "route add 172.16.0.0/12 via 10.1.0.9 proto bird");
    ip(
        &vm,
        "-6 route add 2001:db8:1::/48 via 2001:db8::9 metric 177 proto static",
    );
    ip(
        &vm,
        "route add 10.7.0.0/16 via 10.1.0.9 metric 177 proto 177 table 100",
    );
    ip(
        &vm,
        "-6 route add 2001:db8:7::/48 via 2001:db8::9 metric 177 proto 177 table 100",
    );
    let others = || {
        let all = vm.routes_of(254, "proto static");
        (all, vm.routes_of(254, "proto bird"), vm.routes(100))
    };
    let before = others();

    let mut sink = open(&vm, 254);
    assert!(!sink.waits(), "routes in other tables are somebody else's");
    sink.begin();
    for there in ["192.168.0.0/16", "172.16.0.0/12"] {
        sink.replace("spoke", prefix(there), &hops(["10.1.0.5"]));
    }
    sink.replace("spoke", prefix("2001:db8:1::/48"), &hops(["2001:db8::5"]));
    let not_taken = match sink.commit() {
        Err(SinkError::NotTaken(all)) => all,
        other => panic!("{other:?}"),
    };
    let of: Vec<String> = not_taken
        .iter()
        .map(|route| route.prefix.to_string())
        .collect();
    assert_eq!(of, ["192.168.0.0/16", "2001:db8:1::/48"], "{not_taken:?}");
    assert!(
        not_taken[0].why.contains("another program"),
        "{not_taken:?}"
    );
    assert_eq!(others(), before);
    assert_eq!(vm.routes(254), [route("172.16.0.0/12", &["10.1.0.5"])]);

    sink.begin();
    for there in ["192.168.0.0/16", "172.16.0.0/12", "2001:db8:1::/48"] {
        sink.withdraw("spoke", prefix(there));
    }
    sink.commit().expect("taken");
    sink.stop().expect("cleared");
    assert_eq!(others(), before);
    assert_eq!(vm.routes(254), []);
}

#[test]
fn a_route_that_the_kernel_refuses_is_reported_and_takes_the_old_one_with_it() {
    if !may_isolate() {
        return;
    }
    let vm = vm();
    let mut sink = open(&vm, 254);
    let there = prefix("192.168.0.0/16");
    sink.begin();
    sink.replace("spoke", there, &hops(["10.1.0.5"]));
    sink.commit().expect("taken");
    for _ in 0..2 {
        sink.begin();
        sink.replace("spoke", there, &hops(["10.9.0.5"]));
        let Err(SinkError::NotTaken(not_taken)) = sink.commit() else {
            panic!("10.9.0.5 is on no link");
        };
        assert_eq!(not_taken.len(), 1);
        assert!(not_taken[0].why.contains("unreachable"), "{not_taken:?}");
        assert_eq!(vm.routes(254), []);
    }
    ip(&vm, "address add 10.9.0.4/16 dev eth0");
    sink.begin();
    sink.replace("spoke", there, &hops(["10.9.0.5"]));
    sink.commit().expect("taken");
    assert_eq!(vm.routes(254), [route("192.168.0.0/16", &["10.9.0.5"])]);
}

#[test]
fn routes_that_went_with_an_interface_are_missed_and_can_be_put_back() {
    if !may_isolate() {
        return;
    }
    let vm = vm();
    let mut sink = open(&vm, 254);
    let there = [prefix("172.16.0.0/12"), prefix("192.168.0.0/16")];
    let tell = |sink: &mut KernelSink| {
        sink.begin();
        for prefix in there {
            sink.replace("spoke", prefix, &hops(["10.1.0.5"]));
        }
        sink.commit()
    };
    tell(&mut sink).expect("taken");
    let before = vm.routes(254);
    assert_eq!(before.len(), 2);
    assert_eq!(sink.lost(), Some(Vec::new()));
    ip(&vm, "link set dev eth0 down");
    assert_eq!(vm.routes(254), []);
    let lost = there.map(|prefix| ("spoke".to_owned(), prefix));
    assert_eq!(sink.lost().as_deref(), Some(&lost[..]));
    assert!(matches!(tell(&mut sink), Err(SinkError::NotTaken(all)) if all.len() == 2));
    ip(&vm, "link set dev eth0 up");
    tell(&mut sink).expect("taken");
    assert_eq!(vm.routes(254), before);
}

#[test]
fn what_an_earlier_run_left_stays_until_the_routes_are_complete() {
    if !may_isolate() {
        return;
    }
    let vm = vm();
    let first = ["192.168.0.0/16", "172.16.0.0/12", "203.0.113.0/24"];
    let mut sink = open(&vm, 254);
    sink.begin();
    for there in first {
        sink.replace("spoke", prefix(there), &hops(["10.1.0.5"]));
    }
    sink.commit().expect("taken");
    drop(sink);
    // One of an older version, with another metric.
    ip(
        &vm,
        "route add 198.51.100.0/24 via 10.1.0.5 metric 5 proto 177",
    );
    assert_eq!(vm.routes(254).len(), 4);

    let mut sink = open(&vm, 254);
    assert!(sink.waits());
    assert_eq!(sink.stale(), 4);
    sink.begin();
    sink.replace("spoke", prefix(first[0]), &hops(["10.1.0.5"]));
    sink.replace("spoke", prefix(first[1]), &hops(["10.1.0.6"]));
    sink.commit().expect("taken");
    assert_eq!(sink.stale(), 2);
    sink.complete().expect("swept");
    assert!(!sink.waits());
    let mut expected = [
        route("192.168.0.0/16", &["10.1.0.5"]),
        route("172.16.0.0/12", &["10.1.0.6"]),
    ];
    expected.sort();
    assert_eq!(vm.routes(254), expected);
}

#[test]
fn tables_and_namespaces_that_cannot_be_are_refused() {
    let nowhere = KernelTarget {
        vnet: "spoke".to_owned(),
        namespace: Some(Place::Named("no-such-namespace".to_owned())),
        table: 254,
    };
    let twice = [
        nowhere.clone(),
        KernelTarget {
            vnet: "hub".to_owned(),
            ..nowhere.clone()
        },
    ];
    let text = |result: Result<KernelSink, KernelError>| match result {
        Ok(_) => panic!("opened"),
        Err(error) => error.to_string(),
    };
    assert_eq!(
        text(KernelSink::open(&twice)),
        "spoke and hub have the same table 254"
    );
    let text = text(KernelSink::open(&[nowhere]));
    assert!(text.contains("no-such-namespace: No such file"), "{text}");
}

//! Sinks that heal: a kernel route that somebody replaced, a namespace that was made anew, a disk
//! that was full; each is told, and `/healthz` has a word for it.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use routehub::types::Prefix;
use routehub_speaker::sink::kernel::Namespace as Place;
use routehub_speaker::sink::{JsonSink, KernelSink, KernelTarget, LinesFile, Sink, SinkError};
use routehub_testkit::isolated::may_isolate;
use routehub_testkit::namespace::{Namespace, route};

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

fn hops<const N: usize>(hops: [&str; N]) -> Vec<IpAddr> {
    hops.map(|hop| hop.parse().expect("an address")).into()
}

fn vm() -> Namespace {
    let vm = Namespace::new().expect("a namespace");
    vm.link("eth0", &vm, "other").expect("a link");
    for arguments in [
        "address add 10.1.0.4/16 dev eth0",
        "address add 2001:db8::4/64 dev eth0 nodad",
    ] {
        vm.ip(arguments).expect("ip succeeds");
    }
    vm
}

fn target(file: &Path) -> KernelTarget {
    KernelTarget {
        vnet: "spoke".to_owned(),
        namespace: Some(Place::File(file.to_owned())),
        table: 254,
    }
}

/// Hands a sink all its routes.
fn tell(sink: &mut KernelSink, routes: &[(&str, &[IpAddr])]) -> Result<(), SinkError> {
    sink.begin();
    for (there, next_hops) in routes {
        sink.replace("spoke", prefix(there), next_hops);
    }
    sink.commit()
}

#[test]
fn routes_that_somebody_replaced_changed_or_removed_are_put_back() {
    if !may_isolate() {
        return;
    }
    let vm = vm();
    let mut sink = KernelSink::open(&[target(&vm.path())]).expect("a sink");
    let (one, two) = (hops(["10.1.0.5"]), hops(["10.1.0.6", "10.1.0.5"]));
    let six = hops(["2001:db8::5"]);
    let all: [(&str, &[IpAddr]); 5] = [
        ("192.168.0.0/16", &one),
        ("192.168.1.0/24", &two),
        ("172.16.0.0/12", &[]),
        ("203.0.113.0/24", &one),
        ("2001:db8:1::/48", &six),
    ];
    tell(&mut sink, &all).expect("taken");
    let right = vm.routes(254);
    assert_eq!(right.len(), 5, "{right:?}");
    assert_eq!(sink.lost(), Some(Vec::new()), "nobody did anything");
    for (doing, there) in [
        (
            "route replace 192.168.0.0/16 via 10.1.0.9 metric 177 proto static",
            "192.168.0.0/16",
        ),
        (
            "route replace 192.168.0.0/16 via 10.1.0.9 metric 177 proto 177",
            "192.168.0.0/16",
        ),
        (
            "route replace 192.168.1.0/24 via 10.1.0.5 metric 177 proto 177",
            "192.168.1.0/24",
        ),
        (
            "route replace 172.16.0.0/12 via 10.1.0.5 metric 177 proto 177",
            "172.16.0.0/12",
        ),
        ("route del 203.0.113.0/24 metric 177", "203.0.113.0/24"),
        (
            "-6 route replace 2001:db8:1::/48 via 2001:db8::9 metric 177 proto 177",
            "2001:db8:1::/48",
        ),
    ] {
        vm.ip(doing).expect("ip succeeds");
        let lost = sink.lost().expect("it can tell");
        assert_eq!(lost, [("spoke".to_owned(), prefix(there))], "{doing}");
        tell(&mut sink, &all).expect("taken");
        assert_eq!(vm.routes(254), right, "{doing}");
        assert_eq!(sink.lost(), Some(Vec::new()), "{doing}");
    }
}

#[test]
fn a_namespace_that_was_made_anew_gets_its_routes_again() {
    if !may_isolate() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("vm");
    let first = vm();
    std::os::unix::fs::symlink(first.path(), &file).expect("a link");
    let mut sink = KernelSink::open(&[target(&file)]).expect("a sink");
    let one = hops(["10.1.0.5"]);
    let all: [(&str, &[IpAddr]); 1] = [("192.168.0.0/16", &one)];
    tell(&mut sink, &all).expect("taken");
    assert_eq!(first.routes(254), [route("192.168.0.0/16", &["10.1.0.5"])]);

    std::fs::remove_file(&file).expect("it is there");
    let lost = vec![("spoke".to_owned(), prefix("192.168.0.0/16"))];
    assert_eq!(sink.lost(), Some(lost));
    let Err(SinkError::NotTaken(not_taken)) = tell(&mut sink, &all) else {
        panic!("it is gone");
    };
    assert!(
        not_taken[0].why.contains("cannot enter network namespace"),
        "{not_taken:?}"
    );
    sink.begin();
    sink.withdraw("spoke", prefix("203.0.113.0/24"));
    sink.commit().expect("there is nothing to remove");

    let second = vm();
    std::os::unix::fs::symlink(second.path(), &file).expect("a link");
    sink.lost();
    tell(&mut sink, &all).expect("taken");
    assert_eq!(second.routes(254), [route("192.168.0.0/16", &["10.1.0.5"])]);
    sink.stop().expect("cleared");
    assert_eq!(second.routes(254), []);
}

/// A small file system, as long as this is there.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .status();
        mount
            .is_ok_and(|done| done.success())
            .then_some(Self(folder))
    }

    /// Fills what is left.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.0.path().join("filler")).expect("a file");
        while filler.write_all(&[0; 512]).is_ok() {}
        while filler.write_all(&[0]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Nobody uses it any more.
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_leaves_no_part_of_a_line_and_nothing_is_lost() {
    let Some(disk) = may_isolate().then(|| Disk::new("64k")).flatten() else {
        return;
    };
    let path = disk.0.path().join("lines");
    let lines = LinesFile::create(&path).expect("a file");
    let mut sink = JsonSink::new(lines);
    let mut tell = |count: u32| {
        sink.begin();
        for host in 0..count {
            let there = Prefix::host(std::net::Ipv4Addr::from(host).into());
            sink.replace("spoke", there, &[]);
        }
        sink.commit()
    };
    tell(10).expect("room");
    let before = std::fs::read_to_string(&path).expect("lines");
    disk.fill();
    for _ in 0..3 {
        let Err(SinkError::NotTaken(not_taken)) = tell(1000) else {
            panic!("there is no room");
        };
        assert_eq!(not_taken.len(), 1000);
        assert!(not_taken[0].why.contains("No space left"), "{not_taken:?}");
    }
    let now = std::fs::read_to_string(&path).expect("lines");
    assert_eq!(now, before);
    std::fs::remove_file(disk.0.path().join("filler")).expect("it is there");
    tell(200).expect("room");
    let now = std::fs::read_to_string(&path).expect("lines");
    assert!(now.starts_with(&before));
    assert!(
        now.ends_with("{\"op\":\"commit\",\"batch\":2,\"changes\":200}\n"),
        "{now}"
    );
    assert_eq!(now.lines().count(), 11 + 201);
}

//! FRR's bfdd, beside its bgpd.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use routehub_bfd::{Diagnostic, Hops, State};
use routehub_testkit::isolated::may_isolate;
use routehub_testkit::process::{Process, ask, programs};
use routehub_testkit::wait::block_until;
use tempfile::TempDir;

use crate::lab::{Lab, NVA, PREFIX};

/// FRR's daemons as the NVA.
struct Frr {
    vtysh: PathBuf,
    folder: TempDir,
    daemons: Vec<Process>,
}

impl Frr {
    /// Starts them; none if they are not installed.
    fn start(lab: &Lab, interval: u32, hops: Hops) -> Option<Self> {
        let names = ["frr/zebra", "frr/bfdd", "frr/bgpd", "vtysh"];
        let [zebra, bfdd, bgpd, vtysh] = programs("frr", names)?;
        let folder = open_folder();
        let mut frr = Self {
            vtysh,
            folder,
            daemons: Vec::new(),
        };
        let profile = format!(
            "bfd\n profile lab\n  receive-interval {interval}\n  transmit-interval {interval}\n  \
             detect-multiplier 3\n exit\nexit\n"
        );
        frr.daemon(lab, &zebra, "", &[]);
        // The others connect to it once, and then seldom.
        let socket = frr.folder.path().join("zserv.api");
        block_until("zebra listens", || socket.exists(), |there| *there);
        let control = frr.folder.path().join("bfdd.sock");
        frr.daemon(lab, &bfdd, &profile, &["--bfdctl".into(), control]);
        frr.daemon(
            lab,
            &bgpd,
            &bgp(hops),
            &["-n".into(), "-l".into(), NVA.to_string().into()],
        );
        Some(frr)
    }

    fn daemon(&mut self, lab: &Lab, program: &Path, configuration: &str, more: &[PathBuf]) {
        let common = self.folder.path();
        let files = open_folder();
        let file = files.path().join("frr.conf");
        std::fs::write(&file, configuration).expect("room");
        let mut command: Command = lab.fabric.nvas[0].command(program);
        command
            .args(["-P", "0", "--log", "stdout"])
            .args(["-z".into(), common.join("zserv.api")])
            .args(["--vty_socket".into(), common.to_owned()])
            .args(["-i".into(), files.path().join("pid")])
            .args(["-f".into(), file])
            .args(more);
        let daemon = Process::start(files, &mut command);
        daemon.prioritize();
        self.daemons.push(daemon);
    }

    fn ask(&self, command: &str) -> String {
        let folder = self.folder.path().to_owned();
        let arguments = ["--vty_socket".into(), folder, "-c".into(), command.into()];
        ask(&self.vtysh, &arguments)
    }

    /// Runs lines of configuration.
    fn configure(&self, lines: &[&str]) {
        let folder = self.folder.path().to_owned();
        let mut arguments: Vec<PathBuf> = vec!["--vty_socket".into(), folder];
        for line in [&["configure terminal"], lines].concat() {
            arguments.extend(["-c".into(), line.into()]);
        }
        ask(&self.vtysh, &arguments);
    }
}

/// A folder that is everybody's: the daemons run as a user of their own.
fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let everybody = Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), everybody).expect("a mode");
    folder
}

fn bgp(hops: Hops) -> String {
    let mut text = format!(
        "frr defaults traditional
router bgp 65001
 bgp router-id {NVA}
 no bgp ebgp-requires-policy
 no bgp network import-check
"
    );
    for instance in ["10.0.6.4", "10.0.6.5"] {
        text += &format!(" neighbor {instance} remote-as 65515\n");
        if hops == Hops::Multiple {
            text += &format!(" neighbor {instance} ebgp-multihop 255\n");
        }
        for line in [
            "advertisement-interval 0",
            "timers connect 1",
            "bfd",
            "bfd profile lab",
        ] {
            text += &format!(" neighbor {instance} {line}\n");
        }
        text += &format!(" neighbor {instance} update-source {NVA}\n");
    }
    text + &format!(
        " address-family ipv4 unicast\n  network {PREFIX}\n exit-address-family\nexit\n"
    )
}

/// Both ends see the same, and a bfdd that is silent is found.
fn agree(hops: Hops) {
    let lab = Lab::start("open", "{interval_ms: 100}");
    let Some(frr) = Frr::start(&lab, 100, hops) else {
        return;
    };
    let sessions = lab.wait_until_watched(Duration::from_millis(300));
    let up = sessions.iter().filter(|report| report.state == State::Up);
    for report in up {
        assert_eq!(report.hops, hops);
        assert_eq!(report.remote_state, State::Up);
        assert_eq!(
            report.transmit_interval.duration(),
            Duration::from_millis(100)
        );
    }
    let said = frr.ask("show bfd peers");
    assert_eq!(said.matches("Status: up").count(), 2, "{said}");
    assert_eq!(
        said.matches("multihop").count() > 0,
        hops == Hops::Multiple,
        "{said}"
    );
    assert!(lab.is_quiet(Duration::from_secs(2)), "{:?}", lab.events());

    // FRR makes its sessions anew when BGP is established.
    let before = lab.downs().len();
    let paused = Instant::now();
    frr.daemons.iter().for_each(|daemon| daemon.pause(true));
    let time = lab.gone() - paused;
    println!("FRR, 100 ms x 3, {hops:?}: gone after {time:?}");
    assert!(time < Duration::from_secs(1), "{time:?}");
    let downs = lab.downs().split_off(before);
    let expired = Diagnostic::ControlDetectionTimeExpired;
    assert!(downs.iter().all(|why| *why == expired), "{downs:?}");
    frr.daemons.iter().for_each(|daemon| daemon.pause(false));
    lab.wait_until_watched(Duration::from_millis(300));
}

#[test]
fn frr_over_many_hops() {
    if may_isolate() {
        agree(Hops::Multiple);
    }
}

#[test]
fn frr_over_one_hop() {
    if may_isolate() {
        agree(Hops::Single);
    }
}

#[test]
fn a_session_that_frr_holds_down_by_order_says_nothing_of_the_path() {
    if !may_isolate() {
        return;
    }
    let lab = Lab::start("open", "{interval_ms: 100}");
    let Some(frr) = Frr::start(&lab, 100, Hops::Multiple) else {
        return;
    };
    lab.wait_until_watched(Duration::from_millis(300));
    // FRR makes its sessions anew when BGP is established.
    let before = lab.events().len();
    let since = || lab.events().split_off(before);
    for instance in ["10.0.6.4", "10.0.6.5"] {
        let peer = format!("peer {instance} multihop local-address {NVA}");
        frr.configure(&["bfd", &peer, "shutdown"]);
    }
    let by_order = "Neighbor Signaled Session Down, AdminDown";
    let told = block_until("both are told of", since, |told| {
        told.iter().filter(|event| event.contains(by_order)).count() == 2
    });
    assert!(lab.is_quiet(Duration::from_secs(2)), "{told:#?}");
    let told = since();
    assert!(
        told.iter().all(|event| !event.contains("down: ")),
        "{told:#?}"
    );
}

//! The daemons, and how each is told to peer with the speaker of the catalogue: at an address for
//! each option that a daemon has only by configuration.

use std::net::Ipv4Addr;
use std::process::Command;

use routehub_testkit::cases::CaseSession;
use routehub_testkit::daemons::{Kind, Restart, Router};
use routehub_testkit::process::programs;
use routehub_wire::Capability;

/// The daemons that the page shows, in its order.
pub(crate) const DAEMONS: [Kind; 4] = [Kind::Bird, Kind::Frr, Kind::Gobgp, Kind::Openbgpd];

/// The address of the daemon.
pub(crate) const SUBJECT: Ipv4Addr = Ipv4Addr::new(10, 0, 6, 4);

/// A peer without options.
const PLAIN: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 4);
/// A peer of the daemon's own ASN.
const INTERNAL: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 5);
/// A peer that may send several paths for a prefix.
const ADD_PATH: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 6);
/// A peer that may send longer messages.
const EXTENDED: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 7);
/// A peer to which the daemon is a route server (RFC 9234).
const ROLE: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 8);

/// All of them.
const PEERS: [Ipv4Addr; 5] = [PLAIN, INTERNAL, ADD_PATH, EXTENDED, ROLE];

/// Every address that is needed.
pub(crate) fn addresses() -> Vec<Ipv4Addr> {
    PEERS.into_iter().chain([SUBJECT]).collect()
}

/// Where the peer of a case connects from.
pub(crate) fn peer_of(session: &CaseSession) -> Ipv4Addr {
    if session.is_internal() {
        return INTERNAL;
    }
    let offered = session.local_capabilities().expect("a role");
    let option = offered.0.iter().find_map(|capability| match capability {
        Capability::Role(_) => Some(ROLE),
        Capability::ExtendedMessage => Some(EXTENDED),
        Capability::AddPath(_) => Some(ADD_PATH),
        _ => None,
    });
    option.unwrap_or(PLAIN)
}

/// Its name.
pub(crate) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bird => "BIRD",
        Kind::Exabgp => "ExaBGP",
        Kind::Frr => "FRR",
        Kind::Gobgp => "GoBGP",
        Kind::Openbgpd => "OpenBGPD",
    }
}

/// The version of Debian's package; none if it is not installed.
pub(crate) fn version(kind: Kind) -> Option<String> {
    let package = match kind {
        Kind::Bird => programs("bird2", ["bird"]).map(|_| "bird2"),
        Kind::Exabgp => programs("exabgp", ["exabgp"]).map(|_| "exabgp"),
        Kind::Frr => programs("frr", ["frr/bgpd"]).map(|_| "frr"),
        Kind::Gobgp => programs("gobgpd", ["gobgpd"]).map(|_| "gobgpd"),
        Kind::Openbgpd => programs("openbgpd", ["bgpctl"]).map(|_| "openbgpd"),
    }?;
    let mut command = Command::new("dpkg-query");
    let output = command.args(["-W", "-f", "${Version}", package]).output();
    let version = String::from_utf8(output.ok()?.stdout).ok()?;
    // Without what Debian has added.
    let version = version.split('-').next().unwrap_or_default();
    (!version.is_empty()).then(|| version.to_owned())
}

/// The daemon as a router that announces nothing.
pub(crate) fn router() -> Router {
    Router {
        address: SUBJECT,
        asn: 65515,
        peers: PEERS.to_vec(),
        peer_asn: 65001,
        hold_time: 180,
        password: None,
        restart: Restart::Plain,
        passes_on: false,
        announces: Vec::new(),
    }
}

fn asn_of(peer: Ipv4Addr) -> u32 {
    if peer == INTERNAL { 65515 } else { 65001 }
}

/// The configuration of a daemon.
pub(crate) fn configuration(kind: Kind) -> String {
    match kind {
        Kind::Bird => bird(),
        Kind::Frr => frr(),
        Kind::Gobgp => gobgp(),
        Kind::Openbgpd => openbgpd(),
        Kind::Exabgp => panic!("it has no table that could be asked for"),
    }
}

fn bird() -> String {
    let mut text = "log stderr all;
router id 10.0.6.4;
protocol device { }
protocol static { ipv4; route 10.0.0.0/16 unreachable; }
template bgp peer {
  local 10.0.6.4 as 65515;
  strict bind;
  multihop;
  passive;
  error wait time 1, 1;
  ipv4 { import all; export none; };
  ipv6 { import all; export none; };
}
"
    .to_owned();
    for peer in PEERS {
        let name = format!("to_{}", peer.to_string().replace('.', "_"));
        let option = match peer {
            ADD_PATH => "ipv4 { add paths rx; };",
            EXTENDED => "enable extended messages;",
            ROLE => "local role rs_server;",
            _ => "",
        };
        let asn = asn_of(peer);
        text +=
            &format!("protocol bgp {name} from peer {{ neighbor {peer} as {asn}; {option} }}\n");
    }
    text
}

fn frr() -> String {
    let mut text = "frr defaults traditional
router bgp 65515
 bgp router-id 10.0.6.4
 no bgp ebgp-requires-policy
 no bgp network import-check
"
    .to_owned();
    let mut families = String::new();
    for peer in PEERS {
        let asn = asn_of(peer);
        text += &format!(
            " neighbor {peer} remote-as {asn}
 neighbor {peer} update-source 10.0.6.4
 neighbor {peer} passive
"
        );
        if peer != INTERNAL {
            text += &format!(" neighbor {peer} ebgp-multihop 255\n");
        }
        if peer == ROLE {
            text += &format!(" neighbor {peer} local-role rs-server\n");
        }
        families += &format!("  neighbor {peer} activate\n");
    }
    text + &format!(" address-family ipv6 unicast\n{families} exit-address-family\nexit\n")
}

fn gobgp() -> String {
    let mut text = "[global.config]
as = 65515
router-id = \"10.0.6.4\"
port = 179
local-address-list = [\"10.0.6.4\"]
"
    .to_owned();
    for peer in PEERS {
        let add_path = match peer {
            ADD_PATH => "[neighbors.afi-safis.add-paths.config]\nreceive = true\n",
            _ => "",
        };
        text += &format!(
            "[[neighbors]]
[neighbors.config]
neighbor-address = \"{peer}\"
peer-as = {asn}
[neighbors.transport.config]
local-address = \"10.0.6.4\"
passive-mode = true
[neighbors.ebgp-multihop.config]
enabled = true
multihop-ttl = 64
[neighbors.timers.config]
connect-retry = 1
idle-hold-time-after-reset = 1
[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = \"ipv4-unicast\"
{add_path}[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = \"ipv6-unicast\"
",
            asn = asn_of(peer),
        );
    }
    text
}

fn openbgpd() -> String {
    let mut text = "AS 65515
router-id 10.0.6.4
fib-update no
listen on 10.0.6.4
"
    .to_owned();
    for peer in PEERS {
        let asn = asn_of(peer);
        let option = match peer {
            ADD_PATH => "  announce add-path recv yes\n",
            ROLE => "  announce policy rs\n",
            _ => "",
        };
        let multihop = if peer == INTERNAL {
            ""
        } else {
            "  multihop 64\n"
        };
        text += &format!(
            "neighbor {peer} {{
  remote-as {asn}
  local-address 10.0.6.4
  passive
  announce IPv4 unicast
  announce IPv6 unicast
  announce refresh yes
  announce enhanced refresh yes
{multihop}{option}}}
"
        );
    }
    text + "allow from any\n"
}

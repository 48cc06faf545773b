//! Who speaks with whom, and what was negotiated: what a line of `decode`, or a case of the
//! catalogue of odd messages, says of its session.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use routehub_types::{Asn, Attrs, FamilySet, Nlri, Origin, PathId, Prefix, RouterId};
use routehub_wire::{
    AddPathMode, AfiSafi, Capabilities, Capability, Context, GracefulRestart, Open, PeerKind, Role,
};
use serde::Deserialize;

/// The state that a session is brought to before it is given the message.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ExaminedState {
    /// The message comes in place of the peer's OPEN.
    OpenSent,
    /// It comes after a good OPEN.
    OpenConfirm,
    /// It comes after OPEN, KEEPALIVE, some routes and an End-of-RIB.
    #[default]
    Established,
}

impl FromStr for ExaminedState {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "open_sent" => Ok(Self::OpenSent),
            "open_confirm" => Ok(Self::OpenConfirm),
            "established" => Ok(Self::Established),
            other => Err(format!(
                "state {other:?} is not known: expected open_sent, open_confirm or established"
            )),
        }
    }
}

/// What was negotiated and who speaks; the default is that of a plain hexadecimal line.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct CaseSession {
    four_octet_as: bool,
    add_path: bool,
    extended_message: bool,
    route_refresh: bool,
    enhanced_route_refresh: bool,
    graceful_restart: bool,
    ipv6_unicast: bool,
    peer_type: PeerType,
    peer_as: Option<u32>,
    local_as: Option<u32>,
    /// The peer's address: its next hop too.
    pub peer_address: IpAddr,
    /// The receiver's address.
    pub local_address: IpAddr,
    /// The peer's BGP identifier.
    pub peer_router_id: RouterId,
    /// The receiver's BGP identifier.
    pub local_router_id: RouterId,
    local_role: Option<String>,
}

/// A role that this speaker cannot take (RFC 9234).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRole(pub String);

impl fmt::Display for UnknownRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "role {:?} is not known: expected rs", self.0)
    }
}

impl std::error::Error for UnknownRole {}

/// How the peer stands to the receiver.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum PeerType {
    Ebgp,
    Ibgp,
}

/// The receiver's ASN where a line does not say.
const LOCAL_AS: u32 = 65515;
/// The peer's ASN where a line does not say.
const PEER_AS: u32 = 65001;

impl Default for CaseSession {
    fn default() -> Self {
        let [peer, local] = [[10, 0, 4, 4], [10, 0, 6, 4]];
        Self {
            four_octet_as: true,
            add_path: false,
            extended_message: false,
            route_refresh: true,
            enhanced_route_refresh: false,
            graceful_restart: false,
            ipv6_unicast: true,
            peer_type: PeerType::Ebgp,
            peer_as: None,
            local_as: None,
            peer_address: IpAddr::from(peer),
            local_address: IpAddr::from(local),
            peer_router_id: RouterId(u32::from_be_bytes(peer)),
            local_router_id: RouterId(u32::from_be_bytes(local)),
            local_role: None,
        }
    }
}

impl CaseSession {
    /// Whether the peer has the receiver's ASN.
    pub fn is_internal(&self) -> bool {
        self.peer_type == PeerType::Ibgp
    }

    /// How messages of the peer are read.
    pub fn context(&self) -> Context {
        let families = if self.ipv6_unicast {
            FamilySet::ALL
        } else {
            FamilySet::IPV4
        };
        let external = !self.is_internal();
        // As the capabilities offer it: for IPv4 alone (RFC 7911 section 4).
        let add_path = if self.add_path {
            FamilySet::IPV4
        } else {
            FamilySet::EMPTY
        };
        Context {
            four_octet_as: self.four_octet_as,
            extended_message: self.extended_message,
            enhanced_refresh: self.enhanced_route_refresh,
            families,
            add_path_receive: add_path,
            add_path_send: add_path,
            peer: if external {
                PeerKind::External
            } else {
                PeerKind::Internal
            },
            first_as: self.peer_as.filter(|_| external).map(Asn),
            ..Context::default()
        }
    }

    /// What the receiver offers.
    ///
    /// # Errors
    /// There is no such role.
    pub fn local_capabilities(&self) -> Result<Capabilities, UnknownRole> {
        let (local, _) = self.asns();
        let mut capabilities = self.capabilities(local, true);
        match self.local_role.as_deref() {
            None => {}
            Some("rs") => capabilities.0.push(Capability::Role(Role::RouteServer)),
            Some(other) => return Err(UnknownRole(other.to_owned())),
        }
        Ok(capabilities)
    }

    /// The OPEN of the peer.
    pub fn peer_open(&self) -> Open {
        let (_, peer) = self.asns();
        Open {
            asn: peer,
            hold_time: 180,
            router_id: self.peer_router_id,
            capabilities: self.capabilities(peer, false),
        }
    }

    /// The ASNs of the receiver and of the peer.
    pub fn asns(&self) -> (Asn, Asn) {
        let local = Asn(self.local_as.unwrap_or(LOCAL_AS));
        let usual = if self.is_internal() { local.0 } else { PEER_AS };
        (local, Asn(self.peer_as.unwrap_or(usual)))
    }

    /// What one side offers. The receiver always has four-octet ASNs.
    fn capabilities(&self, asn: Asn, local: bool) -> Capabilities {
        let restart = GracefulRestart {
            time: 120,
            families: vec![(AfiSafi::IPV4, true)],
            ..GracefulRestart::default()
        };
        let add_path = vec![(AfiSafi::IPV4, AddPathMode::Both)];
        let offers = [
            (true, Capability::Multiprotocol(AfiSafi::IPV4)),
            (self.ipv6_unicast, Capability::Multiprotocol(AfiSafi::IPV6)),
            (self.route_refresh, Capability::RouteRefresh),
            (
                self.enhanced_route_refresh,
                Capability::EnhancedRouteRefresh,
            ),
            (local || self.four_octet_as, Capability::FourOctetAs(asn)),
            (self.extended_message, Capability::ExtendedMessage),
            (self.add_path, Capability::AddPath(add_path)),
            (self.graceful_restart, Capability::GracefulRestart(restart)),
        ];
        let offered = offers.into_iter().filter(|(offered, _)| *offered);
        offered.map(|(_, capability)| capability).collect()
    }

    /// What the peer announced before: two documentation prefixes.
    pub fn baseline(&self) -> (Attrs, Vec<Nlri>) {
        let (_, peer) = self.asns();
        let external = !self.is_internal();
        let mut attrs = Attrs::default();
        attrs.as_path.prepend(peer, usize::from(external));
        attrs.next_hop = self.peer_address.into();
        attrs.origin = Origin::Incomplete;
        attrs.med = Some(4242);
        attrs.local_pref = (!external).then_some(100);
        let path_id = self.add_path.then_some(PathId(1));
        let prefixes = [[198, 51, 100, 0], [203, 0, 113, 0]];
        let nlri = prefixes.into_iter().filter_map(|address| {
            let prefix = Prefix::new(address.into(), 24).ok()?;
            Some(Nlri { prefix, path_id })
        });
        (attrs, nlri.collect())
    }
}

//! A case of the catalogue: who speaks, what was said before, and the message.

use std::net::{IpAddr, Ipv4Addr};

use routehub::types::{Asn, Attrs, FamilySet, Origin, Prefix, RouterId};
use routehub::{Examination, ExaminedState, Profile};
use routehub_speaker::Server;
use routehub_wire::{AddPathMode, AfiSafi, Capability, Context, GracefulRestart, Open};
use serde_json::Value;

use crate::lab::peer::encode;

/// The address of the peer in the catalogue.
pub(crate) const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 4);

/// A case of the catalogue.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) state: ExaminedState,
    pub(crate) message: Vec<u8>,
    pub(crate) internal: bool,
    pub(crate) peer_as: u32,
    session: Value,
}

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    let text = include_str!("../../../wire/tests/data/cases.json");
    let all: Vec<Value> = serde_json::from_str(text).expect("the catalogue is JSON");
    all.iter().map(Case::new).collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

impl Case {
    fn new(case: &Value) -> Self {
        let text = |name: &str| case[name].as_str().expect("text");
        let session = case["session"].clone();
        Self {
            id: text("id").to_owned(),
            state: match text("state") {
                "open_sent" => ExaminedState::OpenSent,
                "open_confirm" => ExaminedState::OpenConfirm,
                _ => ExaminedState::Established,
            },
            message: octets(text("message_hex")),
            internal: session["peer_type"] == "ibgp",
            peer_as: session["peer_as"].as_u64().expect("an ASN") as u32,
            session,
        }
    }

    fn on(&self, name: &str) -> bool {
        self.session[name] == true
    }

    /// The examination of a live server's session with the peer.
    pub(crate) fn examination(&self, server: &Server) -> Examination {
        let neighbors = server.neighbors();
        let link = neighbors
            .iter()
            .map(|one| &one.link)
            .find(|link| link.remote == "tester")
            .expect("the peer");
        let profile = Profile::named("azure-2026");
        let (attrs, prefixes) = self.routes();
        Examination {
            config: profile.expect("a profile").session_config(link),
            local_address: link.local_address,
            peer: self.open(),
            state: self.state,
            baseline: vec![(attrs, prefixes.iter().map(|one| (*one).into()).collect())],
        }
    }

    /// What the peer's OPEN says.
    fn open(&self) -> Open {
        let restart = GracefulRestart {
            time: 120,
            families: vec![(AfiSafi::IPV4, true)],
            ..GracefulRestart::default()
        };
        let add_path = vec![(AfiSafi::IPV4, AddPathMode::Both)];
        let asn = Asn(self.peer_as);
        let offers = [
            (true, Capability::Multiprotocol(AfiSafi::IPV4)),
            (
                self.on("ipv6_unicast"),
                Capability::Multiprotocol(AfiSafi::IPV6),
            ),
            (self.on("route_refresh"), Capability::RouteRefresh),
            (
                self.on("enhanced_route_refresh"),
                Capability::EnhancedRouteRefresh,
            ),
            (self.on("four_octet_as"), Capability::FourOctetAs(asn)),
            (self.on("extended_message"), Capability::ExtendedMessage),
            (self.on("add_path"), Capability::AddPath(add_path)),
            (
                self.on("graceful_restart"),
                Capability::GracefulRestart(restart),
            ),
        ];
        let offered = offers.into_iter().filter(|(offered, _)| *offered);
        Open {
            asn,
            hold_time: 180,
            router_id: RouterId::from(PEER),
            capabilities: offered.map(|(_, capability)| capability).collect(),
        }
    }

    /// How the peer writes.
    fn context(&self) -> Context {
        Context {
            four_octet_as: self.on("four_octet_as"),
            families: FamilySet::IPV4,
            ..Context::default()
        }
    }

    /// Attributes of a route of the peer.
    fn attrs(&self) -> Attrs {
        let mut attrs = Attrs {
            next_hop: IpAddr::from(PEER).into(),
            ..Attrs::default()
        };
        attrs.as_path.prepend(Asn(self.peer_as), 1);
        attrs
    }

    /// What the peer announced before.
    fn routes(&self) -> (Attrs, Vec<Prefix>) {
        let attrs = Attrs {
            origin: Origin::Incomplete,
            med: Some(4242),
            ..self.attrs()
        };
        let prefixes = ["198.51.100.0/24", "203.0.113.0/24"];
        let prefixes = prefixes.map(|one| one.parse().expect("a prefix"));
        (attrs, prefixes.to_vec())
    }

    pub(crate) fn baseline(&self) -> Vec<u8> {
        let (attrs, prefixes) = self.routes();
        encode(&self.context(), &attrs, &prefixes)
    }

    /// A route that is announced behind the message: once it is there, the message is dealt with.
    pub(crate) fn barrier(&self) -> Vec<u8> {
        let prefix = "192.0.2.0/24".parse().expect("a prefix");
        encode(&self.context(), &self.attrs(), &[prefix])
    }

    /// Whether a /24 stands in the message.
    pub(crate) fn names(&self, prefix: &str) -> bool {
        let prefix: Prefix = prefix.parse().expect("a prefix");
        let IpAddr::V4(address) = prefix.address() else {
            return false;
        };
        let [a, b, c, _] = address.octets();
        self.message.windows(4).any(|some| some == [24, a, b, c])
    }

    /// Whether it is what the message announces at its end.
    pub(crate) fn announces(&self, prefix: &str) -> bool {
        let prefix: Prefix = prefix.parse().expect("a prefix");
        let IpAddr::V4(address) = prefix.address() else {
            return false;
        };
        let [a, b, c, _] = address.octets();
        self.message.ends_with(&[24, a, b, c])
    }
}

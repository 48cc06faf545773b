//! A case of the catalogue as a live server's peer plays it.

use std::net::{IpAddr, Ipv4Addr};

use routehub::Profile;
use routehub::types::{Attrs, FamilySet, Nlri, Origin, Prefix, RouterId};
use routehub_speaker::Server;
use routehub_testkit::cases::{self, CaseSession, ExaminedState};
use routehub_testkit::examination::Examination;
use routehub_wire::Context;

use routehub_testkit::peer::encode;

/// The address of the peer in the catalogue.
pub(crate) const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 4);

/// A case of the catalogue.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) state: ExaminedState,
    pub(crate) message: Vec<u8>,
    session: CaseSession,
}

/// All cases of external peers: no Route Server has peers of its own ASN.
pub(crate) fn external() -> Vec<Case> {
    let mut all = cases::all();
    all.retain(|case| !case.session.is_internal());
    all.into_iter().map(Case::new).collect()
}

impl Case {
    /// The peer is at its address, whatever the case says.
    fn new(case: cases::Case) -> Self {
        let mut session = case.session;
        session.peer_address = PEER.into();
        session.peer_router_id = RouterId::from(PEER);
        Self {
            id: case.id,
            state: case.state,
            message: case.message,
            session,
        }
    }

    /// The ASN of the peer.
    pub(crate) fn peer_as(&self) -> u32 {
        let (_, peer) = self.session.asns();
        peer.0
    }

    /// The examination of a live server's session with the peer.
    pub(crate) fn examination(&self, server: &Server) -> Examination {
        let neighbors = server.neighbors();
        let link = neighbors
            .iter()
            .map(|neighbor| &neighbor.link)
            .find(|link| link.remote == "tester")
            .expect("the peer");
        let profile = Profile::named("azure-2026");
        let (attrs, prefixes) = self.routes();
        Examination {
            config: profile.expect("a profile").session_config(link),
            local_address: link.local_address,
            peer: self.session.peer_open(),
            state: self.state,
            baseline: vec![(attrs, prefixes.into_iter().map(Nlri::from).collect())],
        }
    }

    /// How the peer writes.
    fn context(&self) -> Context {
        Context {
            families: FamilySet::IPV4,
            add_path_send: FamilySet::EMPTY,
            ..self.session.context()
        }
    }

    /// What the peer announced before. The server takes no path ids.
    fn routes(&self) -> (Attrs, Vec<Prefix>) {
        let (attrs, routes) = self.session.baseline();
        (attrs, routes.into_iter().map(|nlri| nlri.prefix).collect())
    }

    pub(crate) fn baseline(&self) -> Vec<u8> {
        let (attrs, prefixes) = self.routes();
        encode(&self.context(), &attrs, &prefixes)
    }

    /// A route that is announced behind the message: once it is there, the message is dealt with.
    pub(crate) fn barrier(&self) -> Vec<u8> {
        let prefix = "192.0.2.0/24".parse().expect("a prefix");
        let attrs = Attrs {
            origin: Origin::Igp,
            med: None,
            ..self.session.baseline().0
        };
        encode(&self.context(), &attrs, &[prefix])
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

//! What may happen to an estate.

use std::borrow::Cow;

use super::object::{Object, ObjectName};
use super::{
    CircuitLink, PeerSessions, Peering, Readvertisement, RouteServer, Routes, RoutingPreference,
    SessionEnd, SoftClear,
};
use routehub_types::Prefix;

#[cfg(feature = "file")]
use super::forms;

/// One change of an estate; objects are named as in [`Estate`](crate::Estate).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "event", rename_all = "snake_case"),
    schemars(rename = "Event")
)]
pub enum Event {
    /// Switches branch-to-branch of a Route Server.
    SetBranchToBranch {
        /// The Route Server.
        route_server: String,
        /// On or off.
        value: bool,
    },
    /// Changes a Route Server's routing preference.
    SetRoutingPreference {
        /// The Route Server.
        route_server: String,
        /// The new preference.
        value: RoutingPreference,
    },
    /// An NVA announces literal routes, one burst of updates; replaces those prefixes.
    Advertise {
        /// The NVA.
        nva: String,
        /// The routes; paths complete, none: the NVA's ASN alone.
        routes: Vec<Routes>,
        /// To which Route Server; none: over every session.
        #[cfg_attr(feature = "file", serde(default))]
        to: Option<String>,
        /// To which instance; none: both.
        #[cfg_attr(
            feature = "file",
            serde(default, deserialize_with = "forms::instance"),
            schemars(with = "Option<forms::InstanceNumber>")
        )]
        instance: Option<u8>,
    },
    /// An NVA takes literal routes back.
    #[cfg_attr(
        feature = "file",
        serde(deserialize_with = "forms::withdrawn"),
        schemars(with = "forms::WithdrawForm")
    )]
    Withdraw {
        /// The NVA.
        nva: String,
        /// The prefixes.
        prefixes: Vec<Prefix>,
        /// From which Route Server; none: from every one.
        to: Option<String>,
        /// From which instance; none: from both.
        instance: Option<u8>,
    },
    /// An NVA goes down: all its sessions, or those named.
    NvaDown(NvaSessions),
    /// An NVA comes back: all its sessions, or those named.
    NvaUp(NvaSessions),
    /// Sessions end, and begin anew: Cease, administrative reset (RFC 4486 section 3).
    Reset(SessionEnd),
    /// Routes of sessions that go on are told again, and looked at again (RFC 2918).
    SoftClear(SoftClear),
    /// Sessions end, and are not held until `enable`: Cease, administrative shutdown (RFC 4486
    /// section 3). The router itself goes on forwarding packets.
    Shutdown(SessionEnd),
    /// Sessions that were shut down are held again.
    Enable(PeerSessions),
    /// An instance of a Route Server goes down.
    InstanceDown(Instance),
    /// An instance of a Route Server comes back.
    InstanceUp(Instance),
    /// An instance of a gateway goes down: its connections and sessions, and its address as a next
    /// hop.
    GatewayInstanceDown(GatewayInstance),
    /// An instance of a gateway comes back.
    GatewayInstanceUp(GatewayInstance),
    /// A gateway loses a connection.
    ConnectionDown(ConnectionEnds),
    /// A gateway's connection comes back.
    ConnectionUp(ConnectionEnds),
    /// Two networks are peered.
    AddPeering(Peering),
    /// A peering ends.
    RemovePeering {
        /// One network.
        a: String,
        /// The other.
        b: String,
    },
    /// A Route Server is deployed.
    AddRouteServer(RouteServer),
    /// A Route Server is deleted.
    RemoveRouteServer {
        /// The Route Server.
        route_server: String,
    },
    /// An NVA gets other re-advertisement rules.
    SetReadvertises {
        /// The NVA.
        nva: String,
        /// The new rules, all of them.
        rules: Vec<Readvertisement>,
    },
    /// Route maps of a connection of a Route Server change.
    SetRouteMap {
        /// The Route Server.
        route_server: String,
        /// The NVA or gateway at the other end.
        peer: String,
        /// The new inbound map: `Some(None)` takes it off, `None` leaves it.
        #[cfg_attr(
            feature = "file",
            serde(default, deserialize_with = "forms::given"),
            schemars(with = "Option<String>")
        )]
        inbound: Option<Option<String>>,
        /// The new outbound map, likewise.
        #[cfg_attr(
            feature = "file",
            serde(default, deserialize_with = "forms::given"),
            schemars(with = "Option<String>")
        )]
        outbound: Option<Option<String>>,
    },
    /// An object changes: that of its name is this one from now on. In the network file only the
    /// fields that change are written.
    Set(Box<Object>),
    /// An object is created.
    Add(Box<Object>),
    /// An object is deleted.
    Remove(ObjectName),
}

/// Events that are asked for most, of whole NVAs.
impl Event {
    /// An NVA announces prefixes over every session, with its ASN alone as path.
    pub fn advertise(nva: impl Into<String>, prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        Self::Advertise {
            nva: nva.into(),
            routes: vec![Routes::of(prefixes)],
            to: None,
            instance: None,
        }
    }

    /// An NVA takes prefixes back, over every session.
    pub fn withdraw(nva: impl Into<String>, prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        Self::Withdraw {
            nva: nva.into(),
            prefixes: prefixes.into_iter().collect(),
            to: None,
            instance: None,
        }
    }

    /// An NVA goes down, with all its sessions.
    pub fn nva_down(nva: impl Into<String>) -> Self {
        Self::NvaDown(NvaSessions::all(nva))
    }

    /// An NVA comes back, with all its sessions.
    pub fn nva_up(nva: impl Into<String>) -> Self {
        Self::NvaUp(NvaSessions::all(nva))
    }
}

impl NvaSessions {
    /// All sessions of an NVA.
    pub fn all(nva: impl Into<String>) -> Self {
        Self {
            nva: nva.into(),
            ..Self::default()
        }
    }
}

impl Event {
    /// The same as an event of its own, where there is one for it.
    pub(crate) fn special(&self) -> Cow<'_, Self> {
        let special = match self {
            Self::Add(object) => match &**object {
                Object::Peering(peering) => Self::AddPeering(peering.clone()),
                Object::RouteServer(server) => Self::AddRouteServer(server.clone()),
                _ => return Cow::Borrowed(self),
            },
            Self::Remove(ObjectName::Peering(ends)) => Self::RemovePeering {
                a: ends.a.clone(),
                b: ends.b.clone(),
            },
            Self::Remove(ObjectName::RouteServer(name)) => Self::RemoveRouteServer {
                route_server: name.clone(),
            },
            _ => return Cow::Borrowed(self),
        };
        Cow::Owned(special)
    }

    /// The sessions that an operator has something done to, if it is such an event.
    pub(crate) fn sessions(&self) -> Option<PeerSessions> {
        match self {
            Self::Reset(end) | Self::Shutdown(end) => Some(end.sessions()),
            Self::SoftClear(clear) => Some(clear.sessions()),
            Self::Enable(sessions) => Some(sessions.clone()),
            _ => None,
        }
    }

    /// Whether the estate is another one afterwards, not only in another state: no event of its
    /// own does the same.
    pub fn describes_anew(&self) -> bool {
        matches!(
            &*self.special(),
            Self::Set(_) | Self::Add(_) | Self::Remove(_)
        )
    }
}

/// Sessions of an NVA: all, or those with a Route Server, or with one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "sessions of an NVA"),
    schemars(rename = "NvaSessions")
)]
pub struct NvaSessions {
    /// The NVA.
    pub nva: String,
    /// Only those with this Route Server.
    #[cfg_attr(feature = "file", serde(default))]
    pub route_server: Option<String>,
    /// Only those with this instance.
    #[cfg_attr(
        feature = "file",
        serde(default, deserialize_with = "forms::instance"),
        schemars(with = "Option<forms::InstanceNumber>")
    )]
    pub instance: Option<u8>,
}

/// An instance of a Route Server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "instance of a Route Server"),
    schemars(rename = "Instance")
)]
pub struct Instance {
    /// The Route Server.
    pub route_server: String,
    /// 0 or 1.
    #[cfg_attr(
        feature = "file",
        serde(deserialize_with = "forms::instance_number"),
        schemars(with = "forms::InstanceNumber")
    )]
    pub instance: u8,
}

/// An instance of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "instance of a gateway"),
    schemars(rename = "GatewayInstance")
)]
pub struct GatewayInstance {
    /// The gateway.
    pub gateway: String,
    /// 0 or 1.
    #[cfg_attr(
        feature = "file",
        serde(deserialize_with = "forms::instance_number"),
        schemars(with = "forms::InstanceNumber")
    )]
    pub instance: u8,
}

/// A connection by its two ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "connection"),
    schemars(rename = "ConnectionEnds")
)]
pub struct ConnectionEnds {
    /// The gateway.
    pub gateway: String,
    /// The circuit, site or gateway at the other end.
    pub to: String,
    /// Which link of the circuit; none: both.
    #[cfg_attr(feature = "file", serde(default))]
    pub link: Option<CircuitLink>,
}

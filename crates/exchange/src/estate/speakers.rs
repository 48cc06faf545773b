//! Route Servers, NVAs, route maps.

use std::net::IpAddr;

use routehub_types::{Asn, Prefix};

use super::Routes;
#[cfg(feature = "file")]
use super::forms;

/// How a Route Server prefers among sources of routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)
)]
pub enum RoutingPreference {
    /// ExpressRoute before VPN and NVA.
    #[default]
    ExpressRoute,
    /// VPN and NVA before ExpressRoute.
    VpnGateway,
    /// The shortest AS path of all.
    #[cfg_attr(feature = "file", serde(rename = "ASPath"))]
    AsPath,
}

/// A Route Server: two instances of one configuration.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "Route Server"),
    schemars(rename = "RouteServer")
)]
pub struct RouteServer {
    /// Its name.
    pub name: String,
    /// Its network.
    pub vnet: String,
    /// The instances' addresses; none: the first two of RouteServerSubnet.
    #[cfg_attr(feature = "file", serde(default))]
    pub ips: Option<[IpAddr; 2]>,
    /// Its ASN; none: the profile's.
    #[cfg_attr(feature = "file", serde(default))]
    pub asn: Option<Asn>,
    /// Whether branches exchange routes through it.
    #[cfg_attr(feature = "file", serde(default))]
    pub branch_to_branch: bool,
    /// Its routing preference.
    #[cfg_attr(feature = "file", serde(default))]
    pub routing_preference: RoutingPreference,
    /// Whether it has a public address.
    #[cfg_attr(feature = "file", serde(default = "forms::yes"))]
    pub public_ip: bool,
}

impl RouteServer {
    /// A Route Server with all defaults.
    pub fn new(name: impl Into<String>, vnet: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            vnet: vnet.into(),
            ips: None,
            asn: None,
            branch_to_branch: false,
            routing_preference: RoutingPreference::default(),
            public_ip: true,
        }
    }

    /// The same with these addresses of its instances, in the place of the first two of
    /// RouteServerSubnet.
    #[must_use]
    pub fn with_ips<T: Into<IpAddr>>(self, ips: [T; 2]) -> Self {
        let ips = Some(ips.map(Into::into));
        Self { ips, ..self }
    }

    /// The same with branches that exchange routes through it.
    #[must_use]
    pub const fn with_branch_to_branch(mut self) -> Self {
        self.branch_to_branch = true;
        self
    }
}

/// A network virtual appliance that speaks BGP.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "NVA"),
    schemars(rename = "Nva")
)]
pub struct Nva {
    /// Its name.
    pub name: String,
    /// The network its interface is in.
    pub vnet: String,
    /// The address it peers from.
    pub ip: IpAddr,
    /// Its ASN.
    pub asn: Asn,
    /// Its sessions with Route Servers.
    pub sessions: Vec<NvaSession>,
    /// The hold time it proposes, in seconds; 0 or 3..65535.
    #[cfg_attr(feature = "file", serde(default = "forms::hold_time", deserialize_with = "forms::valid_hold_time"), schemars(extend("not" = {"enum": [1, 2]})))]
    pub hold_time: u16,
    /// Whether it offers route refresh.
    #[cfg_attr(feature = "file", serde(default = "forms::yes"))]
    pub route_refresh: bool,
    /// NVAs and sites it has direct sessions with; one side declares them.
    #[cfg_attr(feature = "file", serde(default))]
    pub neighbors: Vec<String>,
    /// Routes of its own.
    #[cfg_attr(feature = "file", serde(default))]
    pub originates: Vec<Origination>,
    /// What it passes on of what it learned; the first rule that fits is taken.
    #[cfg_attr(feature = "file", serde(default))]
    pub readvertises: Vec<Readvertisement>,
    /// The literal input to Route Servers; wins over the two above for the same prefix.
    #[cfg_attr(feature = "file", serde(default))]
    pub advertises: Vec<Advertisement>,
}

impl Nva {
    /// The hold time of an NVA that does not say: 180 s.
    pub const DEFAULT_HOLD_TIME: u16 = 180;

    /// An NVA without sessions or routes.
    pub fn new(
        name: impl Into<String>,
        vnet: impl Into<String>,
        ip: impl Into<IpAddr>,
        asn: impl Into<Asn>,
    ) -> Self {
        Self {
            name: name.into(),
            vnet: vnet.into(),
            ip: ip.into(),
            asn: asn.into(),
            sessions: Vec::new(),
            hold_time: Self::DEFAULT_HOLD_TIME,
            route_refresh: true,
            neighbors: Vec::new(),
            originates: Vec::new(),
            readvertises: Vec::new(),
            advertises: Vec::new(),
        }
    }

    /// The same with sessions with both instances of a Route Server.
    #[must_use]
    pub fn with_sessions(mut self, route_server: impl Into<String>) -> Self {
        self.sessions.push(NvaSession::both(route_server));
        self
    }

    /// The same with routes of its own, to all its neighbours.
    #[must_use]
    pub fn with_routes(mut self, prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        self.originates.push(Origination {
            routes: Routes::of(prefixes),
            ..Origination::default()
        });
        self
    }

    /// Whether it has sessions with a Route Server.
    pub fn peers_with(&self, route_server: &str) -> bool {
        let mut sessions = self.sessions.iter();
        sessions.any(|session| session.route_server == route_server)
    }
}

/// An NVA's sessions with one Route Server.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(from = "forms::SessionForm"),
    schemars(with = "forms::SessionForm")
)]
pub struct NvaSession {
    /// The Route Server.
    pub route_server: String,
    /// With which instances.
    pub instances: [bool; 2],
    /// Route map on what the Route Server takes in.
    pub inbound_route_map: Option<String>,
    /// Route map on what the Route Server sends.
    pub outbound_route_map: Option<String>,
}

impl NvaSession {
    /// Sessions with both instances, without route maps.
    pub fn both(route_server: impl Into<String>) -> Self {
        Self {
            route_server: route_server.into(),
            instances: [true; 2],
            inbound_route_map: None,
            outbound_route_map: None,
        }
    }
}

/// Routes that an NVA originates.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(try_from = "forms::OriginationForm"),
    schemars(with = "forms::OriginationForm")
)]
pub struct Origination {
    /// The routes; the path is what stands behind the NVA's ASN.
    pub routes: Routes,
    /// How many times more than once the ASN is put in front.
    pub prepend: u8,
    /// To which neighbours; empty: to all.
    pub to: Vec<String>,
}

/// Routes that an NVA sends to a Route Server exactly so.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(try_from = "forms::AdvertisementForm"),
    schemars(with = "forms::AdvertisementForm")
)]
pub struct Advertisement {
    /// The Route Server.
    pub to: String,
    /// The instance; none: both.
    pub instance: Option<u8>,
    /// The routes; the path is complete, none: the NVA's ASN alone.
    pub routes: Routes,
}

/// To whom a re-advertisement rule sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(from = "Option<forms::ReceiversForm>"),
    schemars(with = "Option<forms::ReceiversForm>")
)]
pub enum ReadvertiseTo {
    /// Every session except those with the neighbour the route came from.
    #[default]
    Others,
    /// Every session.
    All,
    /// These neighbours, the one it came from included.
    Named(Vec<String>),
}

/// What a re-advertising NVA does with the AS path before it puts its own ASN in front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum ReadvertisedPath {
    /// Leaves it.
    #[default]
    Keep,
    /// Replaces the receiver's ASN by its own ("as-override").
    Override,
    /// Takes the receiver's ASN out.
    Strip,
}

/// The next hop of a re-advertised route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadvertisedNextHop {
    /// The NVA's own address.
    #[default]
    Own,
    /// As learned.
    Unchanged,
    /// This address, such as a load balancer's.
    Address(IpAddr),
}

/// A rule by which an NVA passes on what it learned.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "re-advertisement rule", default),
    schemars(rename = "Readvertisement")
)]
pub struct Readvertisement {
    /// From which neighbours; empty: from all.
    pub from: Vec<String>,
    /// To whom.
    pub to: ReadvertiseTo,
    /// What becomes of the path.
    pub as_path: ReadvertisedPath,
    /// What becomes of the next hop.
    pub next_hop: ReadvertisedNextHop,
    /// How many times more than once the ASN is put in front.
    pub prepend: u8,
    /// Exactly these prefixes; empty: all.
    pub prefixes: Vec<Prefix>,
}

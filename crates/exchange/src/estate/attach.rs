//! What attaches on-premises networks: gateways and sites.

use std::net::IpAddr;

use routehub_types::{Asn, Prefix};

use super::Routes;
#[cfg(feature = "file")]
use super::forms;

/// The kind of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum GatewayKind {
    /// An ExpressRoute gateway.
    ExpressRoute,
    /// A VPN gateway.
    Vpn,
}

/// A virtual network gateway.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "gateway"),
    schemars(rename = "Gateway")
)]
pub struct Gateway {
    /// Its name.
    pub name: String,
    /// Its network.
    pub vnet: String,
    /// Its kind.
    #[cfg_attr(feature = "file", serde(rename = "type"))]
    pub kind: GatewayKind,
    /// Its ASN; none: the profile's.
    #[cfg_attr(feature = "file", serde(default))]
    pub asn: Option<Asn>,
    /// The instances' addresses, one or two; empty: chosen from GatewaySubnet.
    #[cfg_attr(
        feature = "file",
        serde(
            default,
            deserialize_with = "forms::instance_addresses",
            skip_serializing_if = "Vec::is_empty"
        ),
        schemars(with = "Option<Vec<IpAddr>>", length(min = 1, max = 2))
    )]
    pub bgp_ips: Vec<IpAddr>,
    /// Whether both instances are active.
    #[cfg_attr(feature = "file", serde(default = "forms::yes"))]
    pub active_active: bool,
    /// Address pools of point-to-site clients.
    #[cfg_attr(feature = "file", serde(default))]
    pub p2s_pools: Vec<Prefix>,
    /// Whether an ExpressRoute gateway takes from a circuit what gateways of other networks send
    /// there; none: as the profile says.
    #[cfg_attr(feature = "file", serde(default))]
    pub allow_remote_vnet_traffic: Option<bool>,
    /// The same for gateways of networks on a Virtual WAN.
    #[cfg_attr(feature = "file", serde(default))]
    pub allow_virtual_wan_traffic: Option<bool>,
    /// The site that gets what user-defined routes send to the gateway and no route of the gateway
    /// but a default one leads on; it programs no NIC.
    #[cfg_attr(feature = "file", serde(default))]
    pub default_site: Option<String>,
    /// What it is connected to.
    #[cfg_attr(feature = "file", serde(default))]
    pub connections: Vec<Connection>,
}

impl Gateway {
    /// A gateway without connections.
    pub fn new(name: impl Into<String>, vnet: impl Into<String>, kind: GatewayKind) -> Self {
        Self {
            name: name.into(),
            vnet: vnet.into(),
            kind,
            asn: None,
            bgp_ips: Vec::new(),
            active_active: true,
            p2s_pools: Vec::new(),
            allow_remote_vnet_traffic: None,
            allow_virtual_wan_traffic: None,
            default_site: None,
            connections: Vec::new(),
        }
    }

    /// The same with one connection more.
    #[must_use]
    pub fn with_connection(mut self, connection: Connection) -> Self {
        self.connections.push(connection);
        self
    }
}

/// A connection of a gateway.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(try_from = "forms::ConnectionForm"),
    schemars(with = "forms::ConnectionForm")
)]
pub enum Connection {
    /// An ExpressRoute gateway to a circuit.
    Circuit {
        /// The circuit.
        circuit: String,
        /// Routing weight; higher is preferred.
        weight: u32,
        /// Edge addresses, the next hop that the gateway shows: of the primary link first, then of
        /// the secondary; empty: chosen from GatewaySubnet. With one address there is only
        /// the primary link, unless the circuit says what the secondary one announces.
        msee_ips: Vec<IpAddr>,
        /// What a NIC shows, in the same order; one address stands for both links; empty:
        /// `msee_ips`.
        nic_next_hops: Vec<IpAddr>,
    },
    /// A VPN gateway to a site.
    Site {
        /// The site.
        site: String,
        /// Whether BGP runs; none: whether the site has an ASN.
        bgp: Option<bool>,
        /// Which gateway instances hold the tunnel.
        instances: [bool; 2],
        /// The link-local addresses that the instances peer from, of instance 0 first or of those
        /// that hold the tunnel; empty: their own.
        apipa: Vec<IpAddr>,
    },
    /// A VPN gateway to another VPN gateway, eBGP; declared on one side.
    Gateway {
        /// The other gateway.
        gateway: String,
    },
}

impl Connection {
    /// To a circuit, of weight 0, with edge addresses chosen from GatewaySubnet.
    pub fn to_circuit(circuit: impl Into<String>) -> Self {
        Self::Circuit {
            circuit: circuit.into(),
            weight: 0,
            msee_ips: Vec::new(),
            nic_next_hops: Vec::new(),
        }
    }

    /// To a site, by tunnels from both instances; BGP runs if the site has an ASN.
    pub fn to_site(site: impl Into<String>) -> Self {
        Self::Site {
            site: site.into(),
            bgp: None,
            instances: [true; 2],
            apipa: Vec::new(),
        }
    }

    /// To another VPN gateway.
    pub fn to_gateway(gateway: impl Into<String>) -> Self {
        let gateway = gateway.into();
        Self::Gateway { gateway }
    }

    /// The name of the circuit, site or gateway at the other end.
    pub fn to(&self) -> &str {
        match self {
            Self::Circuit { circuit, .. } => circuit,
            Self::Site { site, .. } => site,
            Self::Gateway { gateway } => gateway,
        }
    }
}

/// An on-premises site behind VPN gateways or NVAs; it passes nothing on.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(from = "forms::SiteForm"),
    schemars(with = "forms::SiteForm")
)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Its ASN; none: it does not speak BGP.
    pub asn: Option<Asn>,
    /// The addresses it peers from.
    pub bgp_ips: Vec<IpAddr>,
    /// What it announces; a path that is not given is its ASN alone.
    pub routes: Vec<Routes>,
    /// Prefixes that its gateways have for it beside BGP.
    pub static_prefixes: Vec<Prefix>,
}

impl Site {
    /// A site that announces these prefixes as this AS.
    pub fn new(
        name: impl Into<String>,
        asn: impl Into<Asn>,
        prefixes: impl IntoIterator<Item = Prefix>,
    ) -> Self {
        Self {
            name: name.into(),
            asn: Some(asn.into()),
            routes: vec![Routes::of(prefixes)],
            ..Self::default()
        }
    }
}

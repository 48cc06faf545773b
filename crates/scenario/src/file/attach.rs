//! Gateways, circuits, sites.

use routehub::estate::{Circuit, Connection, Gateway, GatewayKind, OnPremises, Routes, Site};
use routehub::types::Prefix;
use schemars::JsonSchema;
use serde::Deserialize;

use super::fabric::yes;
use super::{
    Address, AsNumber, InstanceNumber, RouteEntry, RoutedPrefix, addresses, both_or, exactly_one,
    prefixes,
};
use crate::live::{Bfd, LivePeer};

/// A virtual network gateway.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "gateway")]
#[schemars(rename = "Gateway")]
pub(crate) struct GatewayEntry {
    /// Its name.
    name: String,
    /// Its network.
    vnet: String,
    /// Its kind.
    r#type: GatewayWord,
    /// Its ASN; 65515 if left out.
    #[serde(default)]
    asn: Option<AsNumber>,
    /// The instances' addresses; taken from GatewaySubnet if left out.
    #[serde(default)]
    bgp_ips: Option<InstanceAddresses>,
    /// Whether both instances are active.
    #[serde(default = "yes")]
    active_active: bool,
    /// Address pools of point-to-site clients.
    #[serde(default)]
    p2s_pools: Vec<RoutedPrefix>,
    /// What it is connected to.
    #[serde(default)]
    connections: Vec<ConnectionEntry>,
}

/// The kind of a gateway.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum GatewayWord {
    /// An ExpressRoute gateway.
    ExpressRoute,
    /// A VPN gateway.
    Vpn,
}

/// One or two addresses.
#[derive(Deserialize)]
#[serde(try_from = "Vec<Address>")]
struct InstanceAddresses(Vec<Address>);

impl TryFrom<Vec<Address>> for InstanceAddresses {
    type Error = String;

    fn try_from(list: Vec<Address>) -> Result<Self, String> {
        match list.len() {
            1 | 2 => Ok(Self(list)),
            n => Err(format!(
                "a gateway has one or two instance addresses, not {n}"
            )),
        }
    }
}

/// A connection of a gateway: to a circuit, a site, or another gateway.
#[derive(Deserialize)]
#[serde(try_from = "ConnectionFields")]
struct ConnectionEntry(Connection);

/// A connection of a gateway: to a circuit, a site, or another gateway.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "connection")]
#[schemars(rename = "Connection", extend("oneOf" = [
    {"required": ["circuit"]}, {"required": ["site"]}, {"required": ["gateway"]}
]))]
struct ConnectionFields {
    /// The circuit.
    #[serde(default)]
    circuit: Option<String>,
    /// The site.
    #[serde(default)]
    site: Option<String>,
    /// The other gateway.
    #[serde(default)]
    gateway: Option<String>,
    /// Routing weight of a circuit; higher is preferred.
    #[serde(default)]
    weight: Option<u32>,
    /// Addresses of a circuit's edge, the next hop that the gateway shows.
    #[serde(default)]
    msee_ips: Option<Vec<Address>>,
    /// The next hops that a NIC shows for a circuit.
    #[serde(default)]
    nic_next_hops: Option<Vec<Address>>,
    /// Whether BGP runs with a site; whether the site has an ASN if left out.
    #[serde(default)]
    bgp: Option<bool>,
    /// Which gateway instances hold the tunnel to a site.
    #[serde(default)]
    instances: Option<Vec<InstanceNumber>>,
}

impl TryFrom<ConnectionFields> for ConnectionEntry {
    type Error = String;

    fn try_from(fields: ConnectionFields) -> Result<Self, String> {
        let of_circuit = [
            ("weight", fields.weight.is_some()),
            ("msee_ips", fields.msee_ips.is_some()),
            ("nic_next_hops", fields.nic_next_hops.is_some()),
        ];
        let of_site = [
            ("bgp", fields.bgp.is_some()),
            ("instances", fields.instances.is_some()),
        ];
        let none = |keys: &[(&str, bool)], what: &str| match keys.iter().find(|(_, is)| *is) {
            Some((key, _)) => Err(format!(
                "`{key}` does not belong to a connection to a {what}"
            )),
            None => Ok(()),
        };
        let list = |list: Option<Vec<Address>>| addresses(&list.unwrap_or_default());
        Ok(Self(match (fields.circuit, fields.site, fields.gateway) {
            (Some(circuit), None, None) => {
                none(&of_site, "circuit")?;
                Connection::Circuit {
                    circuit,
                    weight: fields.weight.unwrap_or_default(),
                    msee_ips: list(fields.msee_ips),
                    nic_next_hops: list(fields.nic_next_hops),
                }
            }
            (None, Some(site), None) => {
                none(&of_circuit, "site")?;
                Connection::Site {
                    site,
                    bgp: fields.bgp,
                    instances: both_or(fields.instances.as_deref()),
                }
            }
            (None, None, Some(gateway)) => {
                none(&of_circuit, "gateway")?;
                none(&of_site, "gateway")?;
                Connection::Gateway { gateway }
            }
            (circuit, site, gateway) => {
                let ends = [
                    ("circuit", circuit.is_some()),
                    ("site", site.is_some()),
                    ("gateway", gateway.is_some()),
                ];
                return Err(exactly_one(&ends));
            }
        }))
    }
}

impl From<GatewayEntry> for Gateway {
    fn from(entry: GatewayEntry) -> Self {
        Self {
            name: entry.name,
            vnet: entry.vnet,
            kind: match entry.r#type {
                GatewayWord::ExpressRoute => GatewayKind::ExpressRoute,
                GatewayWord::Vpn => GatewayKind::Vpn,
            },
            asn: entry.asn.map(Into::into),
            bgp_ips: entry
                .bgp_ips
                .map(|list| addresses(&list.0))
                .unwrap_or_default(),
            active_active: entry.active_active,
            p2s_pools: prefixes(&entry.p2s_pools),
            connections: entry.connections.into_iter().map(|one| one.0).collect(),
        }
    }
}

/// An ExpressRoute circuit.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "circuit")]
#[schemars(rename = "Circuit")]
pub(crate) struct CircuitEntry {
    /// Its name.
    pub(crate) name: String,
    /// The ASN of its edge routers; 12076 if left out.
    #[serde(default)]
    asn: Option<AsNumber>,
    /// The address of the customer's edge.
    #[serde(default)]
    ce_ip: Option<Address>,
    /// The network behind it.
    #[serde(default)]
    pub(crate) on_prem: Option<OnPremEntry>,
}

with_live_keys! {
    /// An on-premises network behind a circuit.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, rename = "on-premises network")]
    #[schemars(rename = "OnPrem")]
    OnPremEntry {
        /// Its ASN.
        asn: AsNumber,
        /// Prefixes that it announces.
        #[serde(default)]
        prefixes: Vec<RoutedPrefix>,
        /// Routes that it announces.
        #[serde(default)]
        pub(crate) routes: Vec<RouteEntry>,
    }
}

impl From<CircuitEntry> for Circuit {
    fn from(entry: CircuitEntry) -> Self {
        let on_prem = entry.on_prem.map(|network| OnPremises {
            asn: network.asn.into(),
            routes: announced(&network.prefixes, &network.routes),
        });
        Self {
            name: entry.name,
            asn: entry.asn.map(Into::into),
            ce_ip: entry.ce_ip.map(|address| address.0),
            on_prem,
        }
    }
}

with_live_keys! {
    /// An on-premises site.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, rename = "site")]
    #[schemars(rename = "Site")]
    SiteEntry {
        /// Its name.
        pub(crate) name: String,
        /// Its ASN; without one it does not speak BGP.
        #[serde(default)]
        asn: Option<AsNumber>,
        /// The addresses it peers from.
        #[serde(default)]
        bgp_ips: Vec<Address>,
        /// Prefixes that it announces.
        #[serde(default)]
        prefixes: Vec<RoutedPrefix>,
        /// Routes that it announces.
        #[serde(default)]
        pub(crate) routes: Vec<RouteEntry>,
    }
}

impl From<SiteEntry> for Site {
    fn from(entry: SiteEntry) -> Self {
        Self {
            name: entry.name,
            asn: entry.asn.map(Into::into),
            bgp_ips: addresses(&entry.bgp_ips),
            routes: announced(&entry.prefixes, &entry.routes),
        }
    }
}

/// Plain prefixes and routes as one list.
fn announced(plain: &[RoutedPrefix], routes: &[RouteEntry]) -> Vec<Routes> {
    let plain: Vec<Prefix> = prefixes(plain);
    let plain = (!plain.is_empty()).then(|| Routes {
        prefixes: plain,
        ..Routes::default()
    });
    let routes = routes.iter().map(|entry| entry.route.routes());
    plain.into_iter().chain(routes).collect()
}

/// BFD with a live peer.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "bfd")]
#[schemars(rename = "Bfd")]
pub(crate) struct BfdEntry {
    /// Between packets, in milliseconds.
    #[serde(default = "bfd_interval")]
    interval_ms: u32,
    /// How many may be missed.
    #[serde(default = "bfd_multiplier")]
    multiplier: u8,
}

const fn bfd_interval() -> u32 {
    Bfd::DEFAULT.interval_ms
}

const fn bfd_multiplier() -> u8 {
    Bfd::DEFAULT.multiplier
}

impl From<BfdEntry> for Bfd {
    fn from(entry: BfdEntry) -> Self {
        Self {
            interval_ms: entry.interval_ms,
            multiplier: entry.multiplier,
        }
    }
}

same_schema! { ConnectionEntry = ConnectionFields }

impl JsonSchema for InstanceAddresses {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "InstanceAddresses".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let address = generator.subschema_for::<Address>();
        schemars::json_schema!({"type": "array", "items": address, "minItems": 1, "maxItems": 2})
    }
}

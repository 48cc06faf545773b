//! Objects of the estate: peerings by hub and spoke, user-defined routes by next hop type,
//! connections by what they lead to, on-premises networks with plain prefixes, sessions by name,
//! and what an NVA passes on to whom.

use std::net::IpAddr;

use routehub_types::{Asn, Prefix};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::{Announced, InstanceNumber, both_or, of_either_family, only};
use crate::estate::{
    Connection, CustomerLink, Nva, NvaSession, OnPremises, PeeredSubnets, Peering, PeeringEnds,
    PeeringFlags, ReadvertiseTo, ReadvertisedNextHop, Routes, Site, UserRoute, UserRouteTarget,
};

/// A peering of two virtual networks: of a hub and a spoke that uses its gateways and Route
/// Server, or of any two.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename = "peering")]
#[schemars(extend("oneOf" = [{"required": ["hub", "spoke"]}, {"required": ["a", "b"]}]))]
pub(crate) struct PeeringForm {
    /// The hub.
    hub: Option<String>,
    /// The spoke.
    spoke: Option<String>,
    /// One network.
    a: Option<String>,
    /// The other.
    b: Option<String>,
    /// The flags of the object in `a`.
    a_to_b: Option<PeeringFlags>,
    /// The flags of the object in `b`.
    b_to_a: Option<PeeringFlags>,
    /// Whether it crosses regions; whether both regions are given and differ if left out.
    global: Option<bool>,
    /// The subnets that are peered, by name; the networks as a whole if left out. Of a hub and a
    /// spoke, `a` is the hub and `b` the spoke.
    subnets: Option<PeeredSubnets>,
    /// Whether `use_remote_gateways` may stand where there is nothing to use; true for a hub and a
    /// spoke, else false.
    transit_if_any: Option<bool>,
}

impl TryFrom<PeeringForm> for Peering {
    type Error = String;

    fn try_from(form: PeeringForm) -> Result<Self, String> {
        let directed = form.a_to_b.is_some() || form.b_to_a.is_some();
        let mut peering = match (form.hub, form.spoke, form.a, form.b) {
            (Some(hub), Some(spoke), None, None) if !directed => Self::hub_and_spoke(hub, spoke),
            (Some(_), Some(_), None, None) => {
                return Err("`hub` and `spoke` set the flags; for others write `a` and `b`".into());
            }
            (None, None, Some(a), Some(b)) => Self {
                a_to_b: form.a_to_b.unwrap_or_default(),
                b_to_a: form.b_to_a.unwrap_or_default(),
                ..Self::plain(a, b)
            },
            (hub, spoke, a, b) => return Err(one_pair([hub, spoke, a, b])),
        };
        peering.global = form.global;
        peering.subnets = form.subnets;
        if let Some(transit_if_any) = form.transit_if_any {
            peering.transit_if_any = transit_if_any;
        }
        Ok(peering)
    }
}

/// The two networks of a peering: `a/b`, a list of both, or a mapping as in the peering itself.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: two VNets as `a/b`, as a list, or as a mapping with `a` and `b`")]
#[schemars(untagged, rename = "PeeringEndsForm")]
pub(crate) enum PeeringEndsForm {
    /// `a/b`.
    #[serde(rename = "text")]
    Text(String),
    /// Both.
    #[serde(rename = "list")]
    Both([String; 2]),
    /// By their keys.
    #[serde(rename = "map")]
    Named(PeeringForm),
}

impl TryFrom<PeeringEndsForm> for PeeringEnds {
    type Error = String;

    fn try_from(form: PeeringEndsForm) -> Result<Self, String> {
        let (a, b) = match form {
            PeeringEndsForm::Text(text) => match text.split_once('/') {
                Some((a, b)) => (a.to_owned(), b.to_owned()),
                None => return Err(format!("two VNets are written `a/b`, not `{text}`")),
            },
            PeeringEndsForm::Both([a, b]) => (a, b),
            PeeringEndsForm::Named(form) => {
                let peering = Peering::try_from(form)?;
                (peering.a, peering.b)
            }
        };
        Ok(Self { a, b })
    }
}

fn one_pair(names: [Option<String>; 4]) -> String {
    let keys = ["`hub`", "`spoke`", "`a`", "`b`"].into_iter().zip(names);
    let given: Vec<&str> = keys.filter_map(|(key, name)| name.map(|_| key)).collect();
    let all = "a peering needs `hub` and `spoke`, or `a` and `b`";
    match given.as_slice() {
        [] => all.to_owned(),
        given => format!("{all}, not {}", given.join(" and ")),
    }
}

/// A user-defined route.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "user-defined route")]
pub(crate) struct UserRouteForm {
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// Where to.
    #[serde(deserialize_with = "of_either_family")]
    prefix: Prefix,
    /// By way of what.
    #[serde(default)]
    next_hop_type: NextHopTypeForm,
    /// The address of the virtual appliance.
    #[serde(default, deserialize_with = "of_either_family")]
    next_hop: Option<IpAddr>,
}

/// The next hop type of a user-defined route.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
enum NextHopTypeForm {
    /// An address.
    #[default]
    VirtualAppliance,
    /// The gateway of the network.
    VirtualNetworkGateway,
    /// Within the network.
    VnetLocal,
    /// The internet.
    Internet,
    /// Nowhere.
    None,
}

impl TryFrom<UserRouteForm> for UserRoute {
    type Error = String;

    fn try_from(form: UserRouteForm) -> Result<Self, String> {
        use NextHopTypeForm as Form;
        let target = match (form.next_hop_type, form.next_hop) {
            (Form::VirtualAppliance, Some(address)) => UserRouteTarget::VirtualAppliance(address),
            (Form::VirtualAppliance, None) => {
                return Err("a route to a VirtualAppliance lacks the key `next_hop`".into());
            }
            (_, Some(_)) => return Err("only a VirtualAppliance has a `next_hop`".into()),
            (Form::VirtualNetworkGateway, None) => UserRouteTarget::VirtualNetworkGateway,
            (Form::VnetLocal, None) => UserRouteTarget::VnetLocal,
            (Form::Internet, None) => UserRouteTarget::Internet,
            (Form::None, None) => UserRouteTarget::None,
        };
        Ok(Self {
            name: form.name,
            prefix: form.prefix,
            target,
        })
    }
}

/// A connection of a gateway: to a circuit, a site, or another gateway.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename = "connection")]
#[schemars(extend("oneOf" = [
    {"required": ["circuit"]}, {"required": ["site"]}, {"required": ["gateway"]}
]))]
pub(crate) struct ConnectionForm {
    /// The circuit.
    circuit: Option<String>,
    /// The site.
    site: Option<String>,
    /// The other gateway.
    gateway: Option<String>,
    /// Routing weight of a circuit; higher is preferred.
    weight: Option<u32>,
    /// Addresses of a circuit's edge, the next hop that the gateway shows: primary link, secondary.
    msee_ips: Option<Vec<IpAddr>>,
    /// The next hops that a NIC shows for a circuit: primary link, secondary.
    nic_next_hops: Option<Vec<IpAddr>>,
    /// Whether BGP runs with a site; whether the site has an ASN if left out.
    bgp: Option<bool>,
    /// Which gateway instances hold the tunnel to a site.
    instances: Option<Vec<InstanceNumber>>,
    /// The link-local addresses from which the instances peer with a site, instance 0 first.
    apipa: Option<Vec<IpAddr>>,
}

impl TryFrom<ConnectionForm> for Connection {
    type Error = String;

    fn try_from(form: ConnectionForm) -> Result<Self, String> {
        // Each of these keys belongs to a connection to this alone.
        let keys = [
            ("circuit", "weight", form.weight.is_some()),
            ("circuit", "msee_ips", form.msee_ips.is_some()),
            ("circuit", "nic_next_hops", form.nic_next_hops.is_some()),
            ("site", "bgp", form.bgp.is_some()),
            ("site", "instances", form.instances.is_some()),
            ("site", "apipa", form.apipa.is_some()),
        ];
        let to_circuit = |circuit| Self::Circuit {
            circuit,
            weight: form.weight.unwrap_or_default(),
            msee_ips: form.msee_ips.unwrap_or_default(),
            nic_next_hops: form.nic_next_hops.unwrap_or_default(),
        };
        let to_site = |site| Self::Site {
            site,
            bgp: form.bgp,
            instances: both_or(form.instances.as_deref()),
            apipa: form.apipa.unwrap_or_default(),
        };
        let to_gateway = |gateway| Self::Gateway { gateway };
        let (what, connection) = only([
            ("circuit", form.circuit.map(to_circuit)),
            ("site", form.site.map(to_site)),
            ("gateway", form.gateway.map(to_gateway)),
        ])?;
        match keys.into_iter().find(|(of, _, is)| *is && *of != what) {
            Some((_, key, _)) => Err(format!(
                "`{key}` does not belong to a connection to a {what}"
            )),
            None => Ok(connection),
        }
    }
}

/// An on-premises network behind a circuit.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "on-premises network")]
pub(crate) struct OnPremisesForm {
    /// Its ASN.
    asn: Asn,
    /// Prefixes that it announces.
    #[serde(default, deserialize_with = "of_either_family")]
    prefixes: Vec<Prefix>,
    /// Routes that it announces.
    #[serde(default, deserialize_with = "of_either_family")]
    routes: Vec<Announced>,
}

impl From<OnPremisesForm> for OnPremises {
    fn from(form: OnPremisesForm) -> Self {
        Self {
            asn: form.asn,
            routes: announced(form.prefixes, form.routes),
        }
    }
}

/// The customer's end of one link of a circuit.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename = "link")]
pub(crate) struct CustomerLinkForm {
    /// The address of the customer's edge; that of the circuit if left out.
    ce_ip: Option<IpAddr>,
    /// Prefixes that it announces here beside those of `on_prem`.
    #[serde(deserialize_with = "of_either_family")]
    prefixes: Vec<Prefix>,
    /// Routes that it announces here beside those of `on_prem`.
    #[serde(deserialize_with = "of_either_family")]
    routes: Vec<Announced>,
}

impl From<CustomerLinkForm> for CustomerLink {
    fn from(form: CustomerLinkForm) -> Self {
        Self {
            ce_ip: form.ce_ip,
            routes: announced(form.prefixes, form.routes),
        }
    }
}

/// An on-premises site.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "site")]
pub(crate) struct SiteForm {
    /// Its name.
    name: String,
    /// Its ASN; without one it does not speak BGP.
    #[serde(default)]
    asn: Option<Asn>,
    /// The addresses it peers from.
    #[serde(default)]
    bgp_ips: Vec<IpAddr>,
    /// Prefixes that it announces.
    #[serde(default, deserialize_with = "of_either_family")]
    prefixes: Vec<Prefix>,
    /// Routes that it announces.
    #[serde(default, deserialize_with = "of_either_family")]
    routes: Vec<Announced>,
    /// Prefixes that its gateways have for it beside BGP.
    #[serde(default, deserialize_with = "of_either_family")]
    static_prefixes: Vec<Prefix>,
}

impl From<SiteForm> for Site {
    fn from(form: SiteForm) -> Self {
        Self {
            name: form.name,
            asn: form.asn,
            bgp_ips: form.bgp_ips,
            routes: announced(form.prefixes, form.routes),
            static_prefixes: form.static_prefixes,
        }
    }
}

/// Plain prefixes and routes as one list.
fn announced(prefixes: Vec<Prefix>, routes: Vec<Announced>) -> Vec<Routes> {
    let plain = (!prefixes.is_empty()).then(|| Routes {
        prefixes,
        ..Routes::default()
    });
    let routes = routes.into_iter().map(|announced| announced.0);
    plain.into_iter().chain(routes).collect()
}

/// Sessions with a Route Server: its name, or more.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: a Route Server's name, or a mapping")]
#[schemars(untagged, rename = "SessionForm")]
pub(crate) enum SessionForm {
    /// With both instances.
    #[serde(rename = "text")]
    Name(String),
    /// As told.
    #[serde(rename = "map")]
    Full(SessionFields),
}

/// Sessions with a Route Server.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "session")]
#[schemars(rename = "SessionFields")]
pub(crate) struct SessionFields {
    /// The Route Server.
    route_server: String,
    /// With which instances.
    #[serde(default)]
    instances: Option<Vec<InstanceNumber>>,
    /// Route map on what the Route Server takes in.
    #[serde(default)]
    inbound_route_map: Option<String>,
    /// Route map on what the Route Server sends.
    #[serde(default)]
    outbound_route_map: Option<String>,
}

impl From<SessionForm> for NvaSession {
    fn from(form: SessionForm) -> Self {
        match form {
            SessionForm::Name(name) => Self::both(name),
            SessionForm::Full(fields) => Self {
                route_server: fields.route_server,
                instances: both_or(fields.instances.as_deref()),
                inbound_route_map: fields.inbound_route_map,
                outbound_route_map: fields.outbound_route_map,
            },
        }
    }
}

/// `all`, or names.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: `all`, or a list of names")]
#[schemars(untagged, rename = "ReceiversForm")]
pub(crate) enum ReceiversForm {
    /// Every session.
    #[serde(rename = "text")]
    All(All),
    /// These.
    #[serde(rename = "list")]
    Named(Vec<String>),
}

/// `all`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum All {
    /// Every session.
    All,
}

impl From<Option<ReceiversForm>> for ReadvertiseTo {
    fn from(form: Option<ReceiversForm>) -> Self {
        match form {
            None => Self::Others,
            Some(ReceiversForm::All(All::All)) => Self::All,
            Some(ReceiversForm::Named(names)) => Self::Named(names),
        }
    }
}

impl<'de> Deserialize<'de> for ReadvertisedNextHop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let unknown = |_| de::Error::unknown_variant(&word, &["self", "unchanged", "an address"]);
        match word.as_str() {
            "self" => Ok(Self::Own),
            "unchanged" => Ok(Self::Unchanged),
            text => text.parse().map(Self::Address).map_err(unknown),
        }
    }
}

impl JsonSchema for ReadvertisedNextHop {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReadvertisedNextHop".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^(self|unchanged|[0-9A-Fa-f.:]+)$"})
    }
}

pub(in crate::estate) const fn hold_time() -> u16 {
    Nva::DEFAULT_HOLD_TIME
}

pub(in crate::estate) fn valid_hold_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u16, D::Error> {
    match u16::deserialize(deserializer)? {
        seconds @ (1 | 2) => {
            let message = format!("a hold time is 0, or 3 to 65535 seconds, not {seconds}");
            Err(de::Error::custom(message))
        }
        seconds => Ok(seconds),
    }
}

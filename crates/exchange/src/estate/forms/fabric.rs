//! Peerings by hub and spoke, user-defined routes by next hop type.

use std::net::IpAddr;

use routehub_types::Prefix;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::estate::{Peering, PeeringFlags, UserRoute, UserRouteTarget};

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
        Ok(peering)
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
    prefix: Prefix,
    /// By way of what.
    #[serde(default)]
    next_hop_type: NextHopTypeForm,
    /// The address of the virtual appliance.
    #[serde(default)]
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

//! Connections by what they lead to; sites and on-premises networks with their plain prefixes.

use std::net::IpAddr;

use routehub_types::{Asn, Prefix};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Announced, InstanceNumber, both_or, exactly_one};
use crate::estate::{Connection, OnPremises, Routes, Site};

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
    /// Addresses of a circuit's edge, the next hop that the gateway shows.
    msee_ips: Option<Vec<IpAddr>>,
    /// The next hops that a NIC shows for a circuit.
    nic_next_hops: Option<Vec<IpAddr>>,
    /// Whether BGP runs with a site; whether the site has an ASN if left out.
    bgp: Option<bool>,
    /// Which gateway instances hold the tunnel to a site.
    instances: Option<Vec<InstanceNumber>>,
}

impl ConnectionForm {
    /// Only a connection to this has these keys.
    fn foreign(&self, what: &str) -> Result<(), String> {
        let keys = [
            ("circuit", "weight", self.weight.is_some()),
            ("circuit", "msee_ips", self.msee_ips.is_some()),
            ("circuit", "nic_next_hops", self.nic_next_hops.is_some()),
            ("site", "bgp", self.bgp.is_some()),
            ("site", "instances", self.instances.is_some()),
        ];
        match keys.into_iter().find(|(of, _, is)| *is && *of != what) {
            Some((_, key, _)) => Err(format!(
                "`{key}` does not belong to a connection to a {what}"
            )),
            None => Ok(()),
        }
    }
}

impl TryFrom<ConnectionForm> for Connection {
    type Error = String;

    fn try_from(mut form: ConnectionForm) -> Result<Self, String> {
        let ends = (form.circuit.take(), form.site.take(), form.gateway.take());
        Ok(match ends {
            (Some(circuit), None, None) => {
                form.foreign("circuit")?;
                Self::Circuit {
                    circuit,
                    weight: form.weight.unwrap_or_default(),
                    msee_ips: form.msee_ips.unwrap_or_default(),
                    nic_next_hops: form.nic_next_hops.unwrap_or_default(),
                }
            }
            (None, Some(site), None) => {
                form.foreign("site")?;
                Self::Site {
                    site,
                    bgp: form.bgp,
                    instances: both_or(form.instances.as_deref()),
                }
            }
            (None, None, Some(gateway)) => {
                form.foreign("gateway")?;
                Self::Gateway { gateway }
            }
            (circuit, site, gateway) => {
                return Err(exactly_one(&[
                    ("circuit", circuit.is_some()),
                    ("site", site.is_some()),
                    ("gateway", gateway.is_some()),
                ]));
            }
        })
    }
}

/// An on-premises network behind a circuit.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "on-premises network")]
pub(crate) struct OnPremisesForm {
    /// Its ASN.
    asn: Asn,
    /// Prefixes that it announces.
    #[serde(default)]
    prefixes: Vec<Prefix>,
    /// Routes that it announces.
    #[serde(default)]
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
    #[serde(default)]
    prefixes: Vec<Prefix>,
    /// Routes that it announces.
    #[serde(default)]
    routes: Vec<Announced>,
}

impl From<SiteForm> for Site {
    fn from(form: SiteForm) -> Self {
        Self {
            name: form.name,
            asn: form.asn,
            bgp_ips: form.bgp_ips,
            routes: announced(form.prefixes, form.routes),
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

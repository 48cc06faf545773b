//! ExpressRoute circuits: their two links, and the customer's network behind them.

use std::fmt;
use std::net::IpAddr;

use routehub_types::{Asn, Prefix};

use super::Routes;
#[cfg(feature = "file")]
use super::forms;

/// An ExpressRoute circuit and the customer's edge behind it.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "circuit"),
    schemars(rename = "Circuit")
)]
pub struct Circuit {
    /// Its name.
    pub name: String,
    /// The ASN of its edge routers; none: the profile's.
    #[cfg_attr(feature = "file", serde(default))]
    pub asn: Option<Asn>,
    /// The address of the customer's edge, on a link that does not say.
    #[cfg_attr(feature = "file", serde(default))]
    pub ce_ip: Option<IpAddr>,
    /// The network behind it: its ASN, and what it announces by both links.
    #[cfg_attr(feature = "file", serde(default))]
    pub on_prem: Option<OnPremises>,
    /// What is different from link to link.
    #[cfg_attr(feature = "file", serde(default))]
    pub links: CircuitLinks,
}

impl Circuit {
    /// A circuit, and behind it a network of this AS that announces these prefixes.
    pub fn new(
        name: impl Into<String>,
        asn: impl Into<Asn>,
        prefixes: impl IntoIterator<Item = Prefix>,
    ) -> Self {
        Self {
            name: name.into(),
            on_prem: Some(OnPremises {
                asn: asn.into(),
                routes: vec![Routes::of(prefixes)],
            }),
            ..Self::default()
        }
    }

    /// The address of the customer's edge on a link.
    pub fn customer_address(&self, link: CircuitLink) -> Option<IpAddr> {
        let own = self.links.of(link).and_then(|own| own.ce_ip);
        own.or(self.ce_ip)
    }

    /// Whether a connection with these edge addresses has a link: with one address it is the
    /// primary link alone, unless the estate says what the secondary one announces.
    pub const fn has_link(&self, link: CircuitLink, msee_ips: &[IpAddr]) -> bool {
        match link {
            CircuitLink::Primary => true,
            CircuitLink::Secondary => msee_ips.len() != 1 || self.links.secondary.is_some(),
        }
    }

    /// What the customer's edge announces on a link: what it announces on both, then what on this
    /// one; of equal prefixes the later counts.
    pub fn announced(&self, link: CircuitLink) -> impl Iterator<Item = &Routes> {
        let both = self.on_prem.iter().flat_map(|on_prem| &on_prem.routes);
        both.chain(self.links.of(link).into_iter().flat_map(|own| &own.routes))
    }
}

/// One of the two links of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(
    any(feature = "file", feature = "serde"),
    serde(rename_all = "snake_case")
)]
pub enum CircuitLink {
    /// The primary link.
    Primary,
    /// The secondary link.
    Secondary,
}

impl CircuitLink {
    /// Both links, the primary first.
    pub const BOTH: [Self; 2] = [Self::Primary, Self::Secondary];

    /// The other link.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }

    /// Those of a list of addresses that belong to the link: the first to the primary, the second
    /// to the secondary, and so on.
    pub fn addresses(self, all: &[IpAddr]) -> Vec<IpAddr> {
        let first = usize::from(self == Self::Secondary);
        all.iter().skip(first).step_by(2).copied().collect()
    }
}

impl fmt::Display for CircuitLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        })
    }
}

/// What is different from link to link of a circuit.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "links"),
    schemars(rename = "CircuitLinks")
)]
pub struct CircuitLinks {
    /// The primary link.
    #[cfg_attr(feature = "file", serde(default))]
    pub primary: Option<CustomerLink>,
    /// The secondary link.
    #[cfg_attr(feature = "file", serde(default))]
    pub secondary: Option<CustomerLink>,
}

impl CircuitLinks {
    /// What the estate says of a link alone.
    pub const fn of(&self, link: CircuitLink) -> Option<&CustomerLink> {
        match link {
            CircuitLink::Primary => self.primary.as_ref(),
            CircuitLink::Secondary => self.secondary.as_ref(),
        }
    }
}

/// The customer's end of one link of a circuit.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(from = "forms::CustomerLinkForm"),
    schemars(with = "forms::CustomerLinkForm")
)]
pub struct CustomerLink {
    /// The address of the customer's edge; none: that of the circuit.
    pub ce_ip: Option<IpAddr>,
    /// What it announces here beside what it announces by both links.
    pub routes: Vec<Routes>,
}

/// An on-premises network behind a circuit; it passes nothing on.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(from = "forms::OnPremisesForm"),
    schemars(with = "forms::OnPremisesForm")
)]
pub struct OnPremises {
    /// Its ASN.
    pub asn: Asn,
    /// What it announces; a path that is not given is its ASN alone.
    pub routes: Vec<Routes>,
}

//! Objects of an estate of any kind, and their names: what an event can change, add or remove.

use super::{
    Circuit, Gateway, LoadBalancer, Nic, Nva, Peering, PrivateEndpoint, RouteMap, RouteServer,
    RouteTable, Site, Subnet, Vnet,
};

#[cfg(feature = "file")]
use super::forms;

/// Declares the kinds of objects, by the key that the network file has for each.
macro_rules! objects {
    ($(
        $(#[$doc:meta])*
        $kind:ident $key:literal $(by $by:literal as $form:literal)?: $object:ty, $name:ty;
    )*) => {
        /// An object of an estate, of any kind.
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(
            feature = "file",
            derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
            serde(rename = "object"),
            schemars(rename = "Object")
        )]
        pub enum Object {
            $(
                $(#[$doc])*
                #[cfg_attr(feature = "file", serde(rename = $key $(, with = $by)?))]
                $(#[cfg_attr(feature = "file", schemars(with = $form))])?
                $kind($object),
            )*
        }

        /// The name of an object of an estate, of any kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(
            feature = "file",
            derive(serde::Deserialize, schemars::JsonSchema),
            serde(rename = "object"),
            schemars(rename = "ObjectName")
        )]
        pub enum ObjectName {
            $(
                $(#[$doc])*
                #[cfg_attr(feature = "file", serde(rename = $key))]
                $kind($name),
            )*
        }

        /// The kinds of objects as the network file calls them; before a kind stands each that has
        /// a field of that name.
        pub const OBJECT_KINDS: &[&str] = &[$($key),*];
    };
}

objects! {
    /// A network interface.
    Nic "nic": Nic, String;
    /// A private endpoint.
    PrivateEndpoint "private_endpoint": PrivateEndpoint, String;
    /// An internal load balancer.
    LoadBalancer "load_balancer": LoadBalancer, String;
    /// A subnet of a virtual network.
    Subnet "subnet": VnetSubnet, SubnetName;
    /// A network virtual appliance.
    Nva "nva": Nva, String;
    /// A Route Server.
    RouteServer "route_server": RouteServer, String;
    /// A VPN or ExpressRoute gateway.
    Gateway "gateway": Gateway, String;
    /// An ExpressRoute circuit.
    Circuit "circuit": Circuit, String;
    /// An on-premises site.
    Site "site": Site, String;
    /// A peering between virtual networks.
    Peering "peering": Peering, PeeringEnds;
    /// A table of user-defined routes.
    RouteTable "route_table": RouteTable, String;
    /// A route map.
    RouteMap "route_map" by "forms::route_map" as "forms::RouteMapForm": RouteMap, String;
    /// A virtual network.
    Vnet "vnet": Vnet, String;
}

/// A subnet and the network that it is in.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(try_from = "Subnet", into = "Subnet"),
    schemars(with = "Subnet")
)]
pub struct VnetSubnet {
    /// The network.
    pub vnet: String,
    /// The subnet.
    pub subnet: Subnet,
}

/// The name of a subnet, `vnet/subnet` in text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(try_from = "String"),
    schemars(with = "String")
)]
pub struct SubnetName {
    /// The network.
    pub vnet: String,
    /// The subnet in it.
    pub name: String,
}

/// The two networks of a peering, in either order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(try_from = "forms::PeeringEndsForm"),
    schemars(with = "forms::PeeringEndsForm")
)]
pub struct PeeringEnds {
    /// One network.
    pub a: String,
    /// The other.
    pub b: String,
}

impl PeeringEnds {
    /// Whether a peering is the one between these two.
    pub fn are_of(&self, peering: &Peering) -> bool {
        let ends = [peering.a.as_str(), peering.b.as_str()];
        ends == [&*self.a, &*self.b] || ends == [&*self.b, &*self.a]
    }
}

impl TryFrom<String> for SubnetName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('/') {
            Some((vnet, name)) if !vnet.is_empty() && !name.is_empty() => Ok(Self {
                vnet: vnet.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(format!(
                "a subnet is named with its VNet, `vnet/subnet`, not `{text}`"
            )),
        }
    }
}

impl TryFrom<Subnet> for VnetSubnet {
    type Error = String;

    fn try_from(mut subnet: Subnet) -> Result<Self, String> {
        let SubnetName { vnet, name } = SubnetName::try_from(std::mem::take(&mut subnet.name))?;
        subnet.name = name;
        Ok(Self { vnet, subnet })
    }
}

impl From<VnetSubnet> for Subnet {
    fn from(object: VnetSubnet) -> Self {
        let name = format!("{}/{}", object.vnet, object.subnet.name);
        Self {
            name,
            ..object.subnet
        }
    }
}

impl Object {
    /// The name of the object.
    pub fn name(&self) -> ObjectName {
        match self {
            Self::Nic(object) => ObjectName::Nic(object.name.clone()),
            Self::PrivateEndpoint(object) => ObjectName::PrivateEndpoint(object.name.clone()),
            Self::LoadBalancer(object) => ObjectName::LoadBalancer(object.name.clone()),
            Self::Subnet(object) => ObjectName::Subnet(SubnetName {
                vnet: object.vnet.clone(),
                name: object.subnet.name.clone(),
            }),
            Self::Nva(object) => ObjectName::Nva(object.name.clone()),
            Self::RouteServer(object) => ObjectName::RouteServer(object.name.clone()),
            Self::Gateway(object) => ObjectName::Gateway(object.name.clone()),
            Self::Circuit(object) => ObjectName::Circuit(object.name.clone()),
            Self::Site(object) => ObjectName::Site(object.name.clone()),
            Self::Peering(object) => ObjectName::Peering(PeeringEnds {
                a: object.a.clone(),
                b: object.b.clone(),
            }),
            Self::RouteTable(object) => ObjectName::RouteTable(object.name.clone()),
            Self::RouteMap(object) => ObjectName::RouteMap(object.name.clone()),
            Self::Vnet(object) => ObjectName::Vnet(object.name.clone()),
        }
    }
}

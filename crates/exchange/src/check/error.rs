//! What may be wrong, and where.

use std::fmt;
use std::net::IpAddr;

use routehub_types::{Asn, Prefix};

use super::Place;
use crate::estate::GatewayKind;

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EstateError {
    /// Where.
    pub place: Place,
    /// The object, by kind and name: ``NVA `nva1` ``.
    pub object: String,
    /// What.
    pub problem: Problem,
    /// The other place that is concerned, such as the first use of a name.
    pub other: Option<Place>,
}

impl std::error::Error for EstateError {}

impl fmt::Display for EstateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.problem)?;
        match &self.other {
            Some(other) => write!(f, " ({}, {other})", self.place),
            None => write!(f, " ({})", self.place),
        }
    }
}

/// The kind of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A virtual network.
    Vnet,
    /// A subnet.
    Subnet,
    /// A Route Server.
    RouteServer,
    /// An NVA.
    Nva,
    /// A gateway.
    Gateway,
    /// A circuit.
    Circuit,
    /// A site.
    Site,
    /// A route table.
    RouteTable,
    /// A NIC.
    Nic,
    /// A route map.
    RouteMap,
}

impl Kind {
    /// `a` or `an`, as the kind is spoken.
    const fn article(self) -> &'static str {
        match self {
            Self::Nva => "an",
            _ => "a",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Vnet => "VNet",
            Self::Subnet => "subnet",
            Self::RouteServer => "Route Server",
            Self::Nva => "NVA",
            Self::Gateway => "gateway",
            Self::Circuit => "circuit",
            Self::Site => "site",
            Self::RouteTable => "route table",
            Self::Nic => "NIC",
            Self::RouteMap => "route map",
        })
    }
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A name that another object has; the place of the first is in [`EstateError::other`].
    NameTwice {
        /// The name.
        name: String,
        /// What the first object is.
        first: Kind,
    },
    /// A name that nothing has.
    NoSuch {
        /// The kinds it may be of.
        wanted: &'static [Kind],
        /// The name.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
        /// What the name stands for, if for something else.
        is: Option<Kind>,
    },
    /// A Route Server without addresses and without a subnet to take them from.
    NoInstanceAddresses {
        /// Its network.
        vnet: String,
    },
    /// Two Route Servers in one network.
    TwoRouteServers {
        /// The network.
        vnet: String,
        /// The first.
        first: String,
    },
    /// An address that its network does not have.
    AddressOutside {
        /// The address.
        address: IpAddr,
        /// The network.
        vnet: String,
        /// Its address space.
        space: Vec<Prefix>,
    },
    /// A subnet that its network does not have room for.
    SubnetOutside {
        /// The subnet.
        prefix: Prefix,
        /// The network.
        vnet: String,
        /// Its address space.
        space: Vec<Prefix>,
    },
    /// An address that two have.
    AddressTwice {
        /// The address.
        address: IpAddr,
        /// The network.
        vnet: String,
        /// Who has it too.
        first: String,
    },
    /// Peered networks whose address spaces overlap.
    Overlap {
        /// One network and its prefix.
        a: (String, Prefix),
        /// The other and its.
        b: (String, Prefix),
    },
    /// A network peered with itself.
    PeeredWithItself,
    /// A second peering of the same two networks.
    PeeredTwice {
        /// One network.
        a: String,
        /// The other.
        b: String,
    },
    /// A second peering with `use_remote_gateways`.
    RemoteGatewaysTwice {
        /// The network that would use them.
        vnet: String,
        /// Its address space.
        space: Vec<Prefix>,
        /// The network whose gateways it uses already.
        first: String,
        /// The network of the second peering.
        second: String,
    },
    /// `use_remote_gateways` towards a network without gateway and Route Server.
    NoRemoteGateways {
        /// The network that would use them.
        vnet: String,
        /// Its address space.
        space: Vec<Prefix>,
        /// The network that has none.
        remote: String,
        /// Its address space.
        remote_space: Vec<Prefix>,
    },
    /// Two networks that are not peered.
    NotPeered {
        /// One network.
        a: String,
        /// The other.
        b: String,
    },
    /// A connection that a gateway of this kind does not have.
    ConnectionMisfit {
        /// The gateway's kind.
        gateway: GatewayKind,
        /// What is at the other end.
        to: Kind,
    },
    /// A VPN gateway connected to an ExpressRoute gateway.
    NotVpn {
        /// The other gateway.
        gateway: String,
    },
    /// A gateway connected to itself.
    ConnectedToItself,
    /// A second connection between the same two ends.
    ConnectedTwice {
        /// The other end.
        to: String,
    },
    /// No connection between these two.
    NotConnected {
        /// The gateway.
        gateway: String,
        /// The other end.
        to: String,
    },
    /// A Route Server, or an instance of it, with which the NVA has no session.
    NoSession {
        /// The NVA.
        nva: String,
        /// The Route Server.
        route_server: String,
        /// The instance, if only that is missing.
        instance: Option<u8>,
    },
    /// An instance that is neither 0 nor 1.
    NoSuchInstance(u8),
    /// A second entry for the same Route Server.
    SessionTwice {
        /// The Route Server.
        route_server: String,
    },
    /// A complete path that does not begin with the sender's ASN.
    PathOfAnother {
        /// The NVA's ASN.
        asn: Asn,
        /// What the path begins with.
        begins: Option<Asn>,
    },
    /// A gateway that is not in the Route Server's network.
    NotBeside {
        /// The gateway.
        gateway: String,
        /// The Route Server.
        route_server: String,
    },
    /// A prefix twice in a route table.
    PrefixTwice {
        /// The prefix.
        prefix: Prefix,
    },
    /// A hold time that BGP does not have.
    HoldTime(u16),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTwice { .. }
            | Self::NoSuch { .. }
            | Self::NoInstanceAddresses { .. }
            | Self::TwoRouteServers { .. } => self.fmt_name(f),
            Self::AddressOutside {
                address,
                vnet,
                space,
            } => {
                write!(f, "{address} is not in VNet `{vnet}` ({})", Joined(space))
            }
            Self::SubnetOutside {
                prefix,
                vnet,
                space,
            } => {
                write!(
                    f,
                    "{prefix} is not inside VNet `{vnet}` ({})",
                    Joined(space)
                )
            }
            Self::AddressTwice {
                address,
                vnet,
                first,
            } => {
                write!(f, "{address} in VNet `{vnet}` is used by {first} already")
            }
            Self::PathOfAnother {
                asn,
                begins: Some(begins),
            } => {
                write!(
                    f,
                    "the path begins with {begins}, not with the NVA's ASN {asn}"
                )
            }
            Self::PathOfAnother { asn, begins: None } => {
                write!(f, "the path is empty; it begins with the NVA's ASN {asn}")
            }
            Self::PrefixTwice { prefix } => write!(f, "{prefix} is in this table already (R-130)"),
            Self::HoldTime(seconds) => write!(f, "a hold time of {seconds} s: 0, or 3 to 65535"),
            Self::Overlap { .. }
            | Self::PeeredWithItself
            | Self::PeeredTwice { .. }
            | Self::RemoteGatewaysTwice { .. }
            | Self::NoRemoteGateways { .. }
            | Self::NotPeered { .. } => self.fmt_peering(f),
            _ => self.fmt_link(f),
        }
    }
}

impl Problem {
    fn fmt_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTwice { name, first } => {
                write!(
                    f,
                    "the name `{name}` belongs to {} {first} already",
                    first.article()
                )
            }
            Self::NoSuch {
                wanted,
                name,
                nearest,
                is,
            } => {
                write!(f, "there is no {} `{name}`", Either(wanted))?;
                if let Some(is) = is {
                    return write!(f, ": that is {} {is}", is.article());
                }
                nearest
                    .iter()
                    .try_for_each(|near| write!(f, "; did you mean `{near}`?"))
            }
            Self::NoInstanceAddresses { vnet } => write!(
                f,
                "it has no `ips`, and VNet `{vnet}` has no RouteServerSubnet large enough to take them from (R-021)"
            ),
            Self::TwoRouteServers { vnet, first } => {
                write!(
                    f,
                    "VNet `{vnet}` has the Route Server `{first}` already; one is the limit (R-016)"
                )
            }
            _ => Ok(()),
        }
    }

    fn fmt_peering(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap {
                a: (a, one),
                b: (b, other),
            } => write!(
                f,
                "{one} of VNet `{a}` overlaps {other} of VNet `{b}`; peered VNets must not overlap (R-123)"
            ),
            Self::PeeredWithItself => write!(f, "a VNet is not peered with itself"),
            Self::PeeredTwice { a, b } => write!(f, "VNets `{a}` and `{b}` are peered already"),
            Self::RemoteGatewaysTwice {
                vnet,
                space,
                first,
                second,
            } => write!(
                f,
                "VNet `{vnet}` ({}) uses the gateways of VNet `{first}` already, it cannot use those of \
                 VNet `{second}` too (R-121)",
                Joined(space)
            ),
            Self::NoRemoteGateways {
                vnet,
                space,
                remote,
                remote_space,
            } => write!(
                f,
                "VNet `{vnet}` ({}) uses the gateways of VNet `{remote}` ({}), which has neither gateway \
                 nor Route Server (R-121)",
                Joined(space),
                Joined(remote_space)
            ),
            Self::NotPeered { a, b } => write!(f, "VNets `{a}` and `{b}` are not peered"),
            _ => Ok(()),
        }
    }

    fn fmt_link(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionMisfit { gateway, to } => {
                let (gateway, allowed) = match gateway {
                    GatewayKind::ExpressRoute => ("an ExpressRoute", "circuits"),
                    GatewayKind::Vpn => ("a VPN", "sites and VPN gateways"),
                };
                write!(f, "{gateway} gateway connects to {allowed}, not to a {to}")
            }
            Self::NotVpn { gateway } => write!(f, "`{gateway}` is not a VPN gateway"),
            Self::ConnectedToItself => write!(f, "a gateway is not connected to itself"),
            Self::ConnectedTwice { to } => write!(f, "it is connected to `{to}` already"),
            Self::NotConnected { gateway, to } => {
                write!(f, "gateway `{gateway}` has no connection to `{to}`")
            }
            Self::NoSession {
                nva,
                route_server,
                instance: None,
            } => {
                write!(
                    f,
                    "NVA `{nva}` has no session with Route Server `{route_server}`"
                )
            }
            Self::NoSession {
                nva,
                route_server,
                instance: Some(instance),
            } => write!(
                f,
                "NVA `{nva}` has no session with instance {instance} of Route Server `{route_server}`"
            ),
            Self::NoSuchInstance(instance) => write!(f, "there is no instance {instance}: 0 or 1"),
            Self::SessionTwice { route_server } => {
                write!(
                    f,
                    "sessions with Route Server `{route_server}` are listed already"
                )
            }
            Self::NotBeside {
                gateway,
                route_server,
            } => write!(
                f,
                "gateway `{gateway}` is not in the VNet of Route Server `{route_server}`"
            ),
            _ => Ok(()),
        }
    }
}

/// `NVA or site`.
struct Either<'a>(&'a [Kind]);

impl fmt::Display for Either<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.len().saturating_sub(1);
        self.0.iter().enumerate().try_for_each(|(n, kind)| match n {
            0 => write!(f, "{kind}"),
            n if n == last => write!(f, " or {kind}"),
            _ => write!(f, ", {kind}"),
        })
    }
}

/// `10.0.0.0/16, 10.1.0.0/16`.
struct Joined<'a>(&'a [Prefix]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .enumerate()
            .try_for_each(|(n, prefix)| match n {
                0 => write!(f, "{prefix}"),
                _ => write!(f, ", {prefix}"),
            })
    }
}

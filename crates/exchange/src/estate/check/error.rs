//! What may be wrong, and where.

use std::fmt;
use std::net::IpAddr;

use routehub_types::{Asn, Prefix};

use super::Place;
use crate::estate::GatewayKind;

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {problem} ({place}{})", Other(.other.as_ref()))]
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A name that another object has; the place of the first is in [`EstateError::other`].
    #[error("the name `{name}` belongs to {} {first} already", .first.article())]
    NameTwice {
        /// The name.
        name: String,
        /// What the first object is.
        first: Kind,
    },
    /// A name that nothing has.
    #[error("there is no {} `{name}`{}", Either(.wanted), Hint(.nearest.as_deref(), *.is))]
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
    #[error(
        "it has no `ips`, and VNet `{vnet}` has no RouteServerSubnet large enough to take them from (R-021)"
    )]
    NoInstanceAddresses {
        /// Its network.
        vnet: String,
    },
    /// Two Route Servers in one network.
    #[error("VNet `{vnet}` has the Route Server `{first}` already; one is the limit (R-016)")]
    TwoRouteServers {
        /// The network.
        vnet: String,
        /// The first.
        first: String,
    },
    /// An address that its network does not have.
    #[error("{address} is not in VNet `{vnet}` ({})", Joined(.space))]
    AddressOutside {
        /// The address.
        address: IpAddr,
        /// The network.
        vnet: String,
        /// Its address space.
        space: Vec<Prefix>,
    },
    /// A subnet that its network does not have room for.
    #[error("{prefix} is not inside VNet `{vnet}` ({})", Joined(.space))]
    SubnetOutside {
        /// The subnet.
        prefix: Prefix,
        /// The network.
        vnet: String,
        /// Its address space.
        space: Vec<Prefix>,
    },
    /// An address that two have.
    #[error("{address} in VNet `{vnet}` is used by {first} already")]
    AddressTwice {
        /// The address.
        address: IpAddr,
        /// The network.
        vnet: String,
        /// Who has it too.
        first: String,
    },
    /// Peered networks whose address spaces overlap.
    #[error(
        "{} of VNet `{}` overlaps {} of VNet `{}`; peered VNets must not overlap (R-123)",
        .a.1, .a.0, .b.1, .b.0
    )]
    Overlap {
        /// One network and its prefix.
        a: (String, Prefix),
        /// The other and its.
        b: (String, Prefix),
    },
    /// A network peered with itself.
    #[error("a VNet is not peered with itself")]
    PeeredWithItself,
    /// A second peering of the same two networks.
    #[error("VNets `{a}` and `{b}` are peered already")]
    PeeredTwice {
        /// One network.
        a: String,
        /// The other.
        b: String,
    },
    /// A second peering with `use_remote_gateways`.
    #[error(
        "VNet `{vnet}` ({}) uses the gateways of VNet `{first}` already, it cannot use those of \
         VNet `{second}` too (R-121)",
        Joined(.space)
    )]
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
    #[error(
        "VNet `{vnet}` ({}) uses the gateways of VNet `{remote}` ({}), which has neither gateway \
         nor Route Server (R-121)",
        Joined(.space), Joined(.remote_space)
    )]
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
    #[error("VNets `{a}` and `{b}` are not peered")]
    NotPeered {
        /// One network.
        a: String,
        /// The other.
        b: String,
    },
    /// A connection that a gateway of this kind does not have.
    #[error("{}, not to a {to}", connects_to(*.gateway))]
    ConnectionMisfit {
        /// The gateway's kind.
        gateway: GatewayKind,
        /// What is at the other end.
        to: Kind,
    },
    /// A VPN gateway connected to an ExpressRoute gateway.
    #[error("`{gateway}` is not a VPN gateway")]
    NotVpn {
        /// The other gateway.
        gateway: String,
    },
    /// A gateway connected to itself.
    #[error("a gateway is not connected to itself")]
    ConnectedToItself,
    /// A second connection between the same two ends.
    #[error("it is connected to `{to}` already")]
    ConnectedTwice {
        /// The other end.
        to: String,
    },
    /// No connection between these two.
    #[error("gateway `{gateway}` has no connection to `{to}`")]
    NotConnected {
        /// The gateway.
        gateway: String,
        /// The other end.
        to: String,
    },
    /// A Route Server, or an instance of it, with which the NVA has no session.
    #[error("NVA `{nva}` has no session with {}Route Server `{route_server}`", OfInstance(*.instance))]
    NoSession {
        /// The NVA.
        nva: String,
        /// The Route Server.
        route_server: String,
        /// The instance, if only that is missing.
        instance: Option<u8>,
    },
    /// An instance that is neither 0 nor 1.
    #[error("there is no instance {0}: 0 or 1")]
    NoSuchInstance(u8),
    /// A second entry for the same Route Server.
    #[error("sessions with Route Server `{route_server}` are listed already")]
    SessionTwice {
        /// The Route Server.
        route_server: String,
    },
    /// A complete path that does not begin with the sender's ASN.
    #[error("{}", path_of_another(*.asn, *.begins))]
    PathOfAnother {
        /// The NVA's ASN.
        asn: Asn,
        /// What the path begins with.
        begins: Option<Asn>,
    },
    /// A gateway that is not in the Route Server's network.
    #[error("gateway `{gateway}` is not in the VNet of Route Server `{route_server}`")]
    NotBeside {
        /// The gateway.
        gateway: String,
        /// The Route Server.
        route_server: String,
    },
    /// A prefix twice in a route table.
    #[error("{prefix} is in this table already (R-130)")]
    PrefixTwice {
        /// The prefix.
        prefix: Prefix,
    },
    /// A hold time that BGP does not have.
    #[error("a hold time of {0} s: 0, or 3 to 65535")]
    HoldTime(u16),
}

/// What a gateway connects to.
fn connects_to(gateway: GatewayKind) -> &'static str {
    match gateway {
        GatewayKind::ExpressRoute => "an ExpressRoute gateway connects to circuits",
        GatewayKind::Vpn => "a VPN gateway connects to sites and VPN gateways",
    }
}

fn path_of_another(asn: Asn, begins: Option<Asn>) -> String {
    match begins {
        Some(begins) => format!("the path begins with {begins}, not with the NVA's ASN {asn}"),
        None => format!("the path is empty; it begins with the NVA's ASN {asn}"),
    }
}

/// `instance 1 of `, if there is an instance.
struct OfInstance(Option<u8>);

impl fmt::Display for OfInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut instance = self.0.iter();
        instance.try_for_each(|instance| write!(f, "instance {instance} of "))
    }
}

/// What a name stands for, else what was probably meant.
struct Hint<'a>(Option<&'a str>, Option<Kind>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(_, Some(is)) => write!(f, ": that is {} {is}", is.article()),
            Self(Some(nearest), None) => write!(f, "; did you mean `{nearest}`?"),
            Self(None, None) => Ok(()),
        }
    }
}

/// The other place that is concerned.
struct Other<'a>(Option<&'a Place>);

impl fmt::Display for Other<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut other = self.0.iter();
        other.try_for_each(|other| write!(f, ", {other}"))
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
        let mut prefixes = self.0.iter().enumerate();
        prefixes.try_for_each(|(place, prefix)| match place {
            0 => write!(f, "{prefix}"),
            _ => write!(f, ", {prefix}"),
        })
    }
}

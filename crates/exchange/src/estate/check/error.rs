//! What may be wrong, and where.

use std::fmt;
use std::net::IpAddr;

use routehub_types::{Asn, Prefix};

use crate::estate::{CircuitLink, GatewayKind};

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {problem} ({place}{})", and(.other.as_ref()))]
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
    /// A private endpoint.
    PrivateEndpoint,
    /// A load balancer.
    LoadBalancer,
}

impl Kind {
    /// The list that objects of this kind stand in; that of a subnet is its network's.
    pub(super) const fn list(self) -> List {
        match self {
            Self::Vnet | Self::Subnet => List::Vnets,
            Self::RouteServer => List::RouteServers,
            Self::Nva => List::Nvas,
            Self::Gateway => List::Gateways,
            Self::Circuit => List::Circuits,
            Self::Site => List::Sites,
            Self::RouteTable => List::RouteTables,
            Self::Nic => List::Nics,
            Self::RouteMap => List::RouteMaps,
            Self::PrivateEndpoint => List::PrivateEndpoints,
            Self::LoadBalancer => List::LoadBalancers,
        }
    }

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
            Self::PrivateEndpoint => "private endpoint",
            Self::LoadBalancer => "load balancer",
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
    #[error("there is no {} `{name}`{}", either(.wanted), hint(.nearest.as_deref(), *.is))]
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
    #[error("{address} is not in VNet `{vnet}` ({})", joined(.space))]
    AddressOutside {
        /// The address.
        address: IpAddr,
        /// The network.
        vnet: String,
        /// Its address space.
        space: Vec<Prefix>,
    },
    /// An address that its subnet does not have.
    #[error("{address} is not in subnet `{subnet}` ({prefix})")]
    AddressOutsideSubnet {
        /// The address.
        address: IpAddr,
        /// The subnet.
        subnet: String,
        /// Its addresses.
        prefix: Prefix,
    },
    /// A peering of subnets without any on one side.
    #[error("a peering of subnets names one of VNet `{vnet}` at least")]
    NoPeeredSubnet {
        /// The network.
        vnet: String,
    },
    /// A subnet that its network does not have room for.
    #[error("{prefix} is not inside VNet `{vnet}` ({})", joined(.space))]
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
        joined(.space)
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
        joined(.space), joined(.remote_space)
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
    #[error("NVA `{nva}` has no session with {}Route Server `{route_server}`", of_instance(*.instance))]
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
    /// A tunnel that no instance holds.
    #[error("no instance holds the tunnel: 0, 1 or both")]
    NoInstance,
    /// BGP with a site that has no ASN.
    #[error("site `{site}` has no `asn` to speak BGP with")]
    NoAsn {
        /// The site.
        site: String,
    },
    /// Another instance than the only one of a gateway.
    #[error("there is no instance {0}: the gateway has one, 0")]
    NotTheOnlyInstance(u8),
    /// An address that no instance of a VPN gateway may peer from.
    #[error("{0} is not in 169.254.21.0/24 or 169.254.22.0/24 (R-171)")]
    NotLinkLocal(IpAddr),
    /// An address that another instance peers from.
    #[error("{0} is the address of the other instance already")]
    LinkLocalTwice(IpAddr),
    /// More addresses to peer from than instances.
    #[error("{addresses} addresses for {}, each of which peers from one (R-171)", so_many(*.instances))]
    TooManyLinkLocal {
        /// How many there are.
        addresses: usize,
        /// How many instances the gateway has.
        instances: usize,
    },
    /// A link of a connection that has none of that kind.
    #[error("the connection of `{gateway}` with `{to}` has no {link} link{}", only_primary(*.is_circuit))]
    NoSuchLink {
        /// The gateway.
        gateway: String,
        /// The other end.
        to: String,
        /// The link.
        link: CircuitLink,
        /// Whether the other end is a circuit.
        is_circuit: bool,
    },
    /// Links of a circuit that announce something, without the ASN that they do it with.
    #[error("what the links announce needs `on_prem` with the customer's `asn`")]
    LinksWithoutCustomer,
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
fn of_instance(instance: Option<u8>) -> String {
    instance.map_or_else(String::new, |instance| format!("instance {instance} of "))
}

/// What a name stands for, else what was probably meant.
fn hint(nearest: Option<&str>, is: Option<Kind>) -> String {
    match (nearest, is) {
        (_, Some(is)) => format!(": that is {} {is}", is.article()),
        (Some(nearest), None) => format!("; did you mean `{nearest}`?"),
        (None, None) => String::new(),
    }
}

/// `2 instances`.
fn so_many(count: usize) -> String {
    match count {
        1 => "1 instance".to_owned(),
        _ => format!("{count} instances"),
    }
}

/// The other place that is concerned.
fn and(other: Option<&Place>) -> String {
    other.map_or_else(String::new, |other| format!(", {other}"))
}

/// Why a connection has no such link.
const fn only_primary(is_circuit: bool) -> &'static str {
    match is_circuit {
        true => ": with one of `msee_ips` it is the primary link alone",
        false => ": only circuits have links",
    }
}

/// `NVA or site`.
fn either(kinds: &[Kind]) -> String {
    match kinds {
        [] => String::new(),
        [only] => only.to_string(),
        [first @ .., last] => format!("{} or {last}", joined(first)),
    }
}

/// `10.0.0.0/16, 10.1.0.0/16`.
fn joined<T: ToString>(list: &[T]) -> String {
    let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// A list of the estate, or the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Virtual networks.
    Vnets,
    /// Peerings.
    Peerings,
    /// Route Servers.
    RouteServers,
    /// NVAs.
    Nvas,
    /// Gateways.
    Gateways,
    /// Circuits.
    Circuits,
    /// Sites.
    Sites,
    /// Route tables.
    RouteTables,
    /// NICs.
    Nics,
    /// Private endpoints.
    PrivateEndpoints,
    /// Load balancers.
    LoadBalancers,
    /// Route maps.
    RouteMaps,
    /// Events.
    Events,
}

impl List {
    /// The name of the list: that of the field in [`Estate`](crate::Estate).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vnets => "vnets",
            Self::Peerings => "peerings",
            Self::RouteServers => "route_servers",
            Self::Nvas => "nvas",
            Self::Gateways => "gateways",
            Self::Circuits => "circuits",
            Self::Sites => "sites",
            Self::RouteTables => "route_tables",
            Self::Nics => "nics",
            Self::PrivateEndpoints => "private_endpoints",
            Self::LoadBalancers => "load_balancers",
            Self::RouteMaps => "route_maps",
            Self::Events => "events",
        }
    }
}

/// A place in the estate: `nvas[3].sessions[0].route_server`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The list.
    pub list: List,
    /// The entry, from 0.
    pub index: usize,
    /// The way from the entry on.
    pub path: Vec<Step>,
}

impl Place {
    /// An entry of a list as a whole.
    pub const fn entry(list: List, index: usize) -> Self {
        Self {
            list,
            index,
            path: Vec::new(),
        }
    }

    /// A field of this place.
    #[must_use]
    pub fn key(mut self, key: &'static str) -> Self {
        self.path.push(Step::Key(key));
        self
    }

    /// An item of this place.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        self.path.push(Step::Item(index));
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.list.name(), self.index)?;
        self.path.iter().try_for_each(|step| match step {
            Step::Key(key) => write!(f, ".{key}"),
            Step::Item(index) => write!(f, "[{index}]"),
        })
    }
}

/// One step into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a field.
    Key(&'static str),
    /// Into an item of a list, from 0.
    Item(usize),
}

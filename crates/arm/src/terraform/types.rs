//! The types of the provider azurerm that have a part in routes.

/// A type of the provider.
struct Type {
    name: &'static str,
    /// Azure's provider and kind; nothing for what is a part of another.
    path: &'static str,
    /// Of a part: the argument that names what it is a part of, and the list that it is in there.
    parent: Option<(&'static str, &'static str)>,
}

const fn whole(name: &'static str, path: &'static str) -> Type {
    Type {
        name,
        path,
        parent: None,
    }
}

const fn part(name: &'static str, argument: &'static str, list: &'static str) -> Type {
    Type {
        name,
        path: "",
        parent: Some((argument, list)),
    }
}

const TYPES: &[Type] = &[
    whole(
        "azurerm_virtual_network",
        "Microsoft.Network/virtualNetworks",
    ),
    part("azurerm_subnet", "virtual_network_name", "subnets"),
    part(
        "azurerm_virtual_network_peering",
        "virtual_network_name",
        "virtualNetworkPeerings",
    ),
    whole("azurerm_route_table", "Microsoft.Network/routeTables"),
    part("azurerm_route", "route_table_name", "routes"),
    whole("azurerm_route_server", "Microsoft.Network/virtualHubs"),
    part(
        "azurerm_route_server_bgp_connection",
        "route_server_id",
        "bgpConnections",
    ),
    whole("azurerm_virtual_hub", "Microsoft.Network/virtualHubs"),
    part(
        "azurerm_virtual_hub_ip",
        "virtual_hub_id",
        "ipConfigurations",
    ),
    part(
        "azurerm_virtual_hub_bgp_connection",
        "virtual_hub_id",
        "bgpConnections",
    ),
    whole(
        "azurerm_virtual_network_gateway",
        "Microsoft.Network/virtualNetworkGateways",
    ),
    whole(
        "azurerm_virtual_network_gateway_connection",
        "Microsoft.Network/connections",
    ),
    whole(
        "azurerm_local_network_gateway",
        "Microsoft.Network/localNetworkGateways",
    ),
    whole(
        "azurerm_express_route_circuit",
        "Microsoft.Network/expressRouteCircuits",
    ),
    part(
        "azurerm_express_route_circuit_peering",
        "express_route_circuit_name",
        "peerings",
    ),
    whole(
        "azurerm_network_interface",
        "Microsoft.Network/networkInterfaces",
    ),
    whole("azurerm_lb", "Microsoft.Network/loadBalancers"),
    part(
        "azurerm_lb_backend_address_pool",
        "loadbalancer_id",
        "backendAddressPools",
    ),
    whole(
        "azurerm_private_endpoint",
        "Microsoft.Network/privateEndpoints",
    ),
    whole(
        "azurerm_network_security_group",
        "Microsoft.Network/networkSecurityGroups",
    ),
    whole(
        "azurerm_linux_virtual_machine",
        "Microsoft.Compute/virtualMachines",
    ),
    whole(
        "azurerm_windows_virtual_machine",
        "Microsoft.Compute/virtualMachines",
    ),
    whole(
        "azurerm_virtual_machine",
        "Microsoft.Compute/virtualMachines",
    ),
];

/// Types that have a part in routes and no place here.
const LEFT_OUT: &[&str] = &[
    "azurerm_virtual_hub_connection",
    "azurerm_virtual_wan",
    "azurerm_vpn_gateway",
    "azurerm_express_route_gateway",
    "azurerm_route_map",
    "azurerm_firewall",
];

fn entry(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|own| own.name == name)
}

/// The provider and kind of a type.
pub(super) fn path(name: &str) -> Option<&'static str> {
    entry(name).map(|own| own.path)
}

/// The argument that names what a type is a part of, and the list that it is in there.
pub(super) fn parent(name: &str) -> Option<(&'static str, &'static str)> {
    entry(name)?.parent
}

/// Whether a type has a part in routes, though there is no place for it.
pub(super) fn matters(kind: &str) -> bool {
    LEFT_OUT.contains(&kind) || entry(kind).is_some()
}

/// Whether an argument holds the name of a resource of this type.
pub(super) fn is_named_by(key: &str, kind: &str) -> bool {
    match key {
        "virtual_network_name" => kind == "azurerm_virtual_network",
        "route_table_name" => kind == "azurerm_route_table",
        "express_route_circuit_name" => kind == "azurerm_express_route_circuit",
        _ => false,
    }
}

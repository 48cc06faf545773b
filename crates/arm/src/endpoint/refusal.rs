//! What Azure refuses before it stores a resource.

use std::net::IpAddr;

use routehub_exchange::Parameters;
use routehub_exchange::estate::{GATEWAY_SUBNET, ROUTE_SERVER_SUBNET};
use routehub_types::{Asn, Prefix};
use serde_json::Value;

use super::message::ArmError;
use super::store::Store;
use crate::resource::{Fields, ResourceId};

type Refused = Result<(), ArmError>;

/// Refuses a resource that cannot be written there.
///
/// # Errors
/// [`ArmError`], as Azure has it.
pub(super) fn check_put(
    store: &Store,
    parameters: &Parameters,
    id: &str,
    value: &Value,
) -> Refused {
    let key = ResourceId::new(id);
    check_place(store, id, &key)?;
    check_references(store, &key, value)?;
    let fields = Fields(value);
    match key.kind().as_str() {
        "virtualnetworks" => check_vnet(fields),
        "virtualnetworks/virtualnetworkpeerings" => check_peering(store, &key, fields),
        "virtualhubs" => check_hub(fields),
        "virtualhubs/ipconfigurations" => check_ip_configuration(store, &key, fields),
        "virtualhubs/bgpconnections" => check_bgp_connection(store, parameters, &key, fields),
        "virtualnetworkgateways" => check_gateway(fields),
        "routetables" => fields.items("routes").try_for_each(check_route),
        "routetables/routes" => check_route(fields),
        "localnetworkgateways" => check_site(fields),
        _ => Ok(()),
    }
}

/// Refuses what the subnets of a network cannot be, once they are written.
///
/// # Errors
/// [`ArmError`], as Azure has it.
pub(super) fn check_written(store: &Store, id: &ResourceId) -> Refused {
    let Some(vnet) = id.up_to("virtualNetworks") else {
        return Ok(());
    };
    let Some(fields) = store.fields(&vnet) else {
        return Ok(());
    };
    let space = space(fields);
    let mut before: Vec<(String, Prefix)> = Vec::new();
    for (subnet, fields) in store.parts(&vnet, "subnets") {
        let name = subnet.last();
        let texts = fields.texts("addressPrefixes").into_iter();
        let texts: Vec<&str> = texts.chain(fields.text("addressPrefix")).collect();
        if texts.is_empty() {
            let message = format!("Subnet '{name}' has no address prefix.");
            return Err(ArmError::bad("InvalidRequestFormat", message));
        }
        let mut own = Vec::new();
        for text in texts {
            let prefix = prefix(text)?;
            if !space.iter().any(|space| space.contains(prefix)) {
                let message = format!(
                    "Subnet '{name}' is not valid because its IP address range is outside the IP \
                     address range of virtual network '{}'.",
                    vnet.last()
                );
                return Err(ArmError::bad("NetcfgInvalidSubnet", message));
            }
            let mut others = before.iter();
            if let Some((other, _)) = others.find(|(_, other)| other.overlaps(prefix)) {
                let message = format!(
                    "Subnet '{name}' is not valid because its IP address range overlaps with that \
                     of an existing subnet '{other}' in virtual network '{}'.",
                    vnet.last()
                );
                return Err(ArmError::bad("NetcfgSubnetRangesOverlap", message));
            }
            own.push((name.to_owned(), prefix));
        }
        before.extend(own);
    }
    Ok(())
}

/// Refuses to delete what others use.
///
/// # Errors
/// [`ArmError`], as Azure has it.
pub(super) fn check_delete(store: &Store, id: &ResourceId) -> Refused {
    let kind = id.kind();
    let code = match kind.as_str() {
        "virtualnetworks" | "virtualnetworks/subnets" => "InUseSubnetCannotBeDeleted",
        "routetables" => "InUseRouteTableCannotBeDeleted",
        "networksecuritygroups" => "InUseNetworkSecurityGroupCannotBeDeleted",
        "publicipaddresses" => "PublicIPAddressCannotBeDeleted",
        "networkinterfaces" => "NicInUse",
        "virtualnetworkgateways"
        | "localnetworkgateways"
        | "expressroutecircuits"
        | "virtualhubs/routemaps" => "ResourceInUse",
        _ => return Ok(()),
    };
    let mut users = store.referring(id);
    // A half of a peering does not hold the network at its other end.
    let user = users.find(|user| user.kind() != "virtualnetworks/virtualnetworkpeerings");
    let Some(user) = user.and_then(|user| store.written(user)) else {
        return Ok(());
    };
    let name = store.written(id).unwrap_or_default();
    let message = format!("{name} is in use by {user} and cannot be deleted.");
    Err(ArmError::bad(code, message))
}

fn check_place(store: &Store, id: &str, key: &ResourceId) -> Refused {
    if let Some(group) = key.up_to("resourceGroups")
        && store.group(&group).is_none()
    {
        return Err(no_group(group.last()));
    }
    if key.kind().contains('/')
        && let Some(parent) = key.parent()
        && store.get(&parent).is_none()
    {
        let parent = id.rsplitn(3, '/').last().unwrap_or_default();
        let message = format!(
            "Can not perform requested operation on nested resource. Parent resource '{parent}' \
             not found."
        );
        return Err(ArmError::new(404, "ParentResourceNotFound", message));
    }
    Ok(())
}

/// A resource group that is not there.
pub(super) fn no_group(name: &str) -> ArmError {
    let message = format!("Resource group '{name}' could not be found.");
    ArmError::new(404, "ResourceGroupNotFound", message)
}

/// Everything that a resource refers to has to be there.
fn check_references(store: &Store, own: &ResourceId, value: &Value) -> Refused {
    let mut ids = Vec::new();
    references(value, &mut ids);
    for text in ids {
        let id = ResourceId::new(text);
        // What stands in the list of a resource is there with it, such as its IP configurations.
        let holder = id.holder();
        let known = store.get(&id).is_some()
            || holder == own.holder()
            || id.kind() != "virtualnetworks/subnets" && store.get(&holder).is_some();
        if !known {
            let message = format!(
                "Resource {text} referenced by resource {} was not found. Please make sure that \
                 the referenced resource exists, and that both resources are in the same region.",
                own.text()
            );
            return Err(ArmError::bad("InvalidResourceReference", message));
        }
    }
    Ok(())
}

/// The ids of resources of the network provider that a value has.
pub(super) fn references<'a>(value: &'a Value, ids: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, ids)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key.eq_ignore_ascii_case("id") => {
                        let lower = text.to_ascii_lowercase();
                        let network = lower.contains("/providers/microsoft.network/");
                        ids.extend(network.then_some(text.as_str()));
                    }
                    value => references(value, ids),
                }
            }
        }
        _ => {}
    }
}

fn prefix(text: &str) -> Result<Prefix, ArmError> {
    text.parse().map_err(|error| {
        let message = format!("The address prefix {text} has an invalid CIDR notation: {error}.");
        ArmError::bad("InvalidCIDRNotation", message)
    })
}

/// The address space of a network.
fn space(fields: Fields<'_>) -> Vec<Prefix> {
    let space = fields.field("addressSpace");
    space.map_or_else(Vec::new, |space| space.prefixes("addressPrefixes"))
}

fn check_vnet(fields: Fields<'_>) -> Refused {
    let space = fields.field("addressSpace");
    let texts = space.map_or_else(Vec::new, |space| space.texts("addressPrefixes"));
    if texts.is_empty() {
        let message = "Address prefix string for resource cannot be null or empty.";
        return Err(ArmError::bad("InvalidAddressPrefixFormat", message));
    }
    let mut before: Vec<Prefix> = Vec::new();
    for text in texts {
        let prefix = prefix(text)?;
        if let Some(other) = before.iter().find(|other| other.overlaps(prefix)) {
            let message = format!("Address prefixes {other} and {prefix} overlap.");
            return Err(ArmError::bad("NetcfgInvalidVirtualNetworkSite", message));
        }
        before.push(prefix);
    }
    Ok(())
}

fn check_peering(store: &Store, key: &ResourceId, half: Fields<'_>) -> Refused {
    let vnet = key.up_to("virtualNetworks");
    let (Some(near), Some(far)) = (vnet, half.reference("remoteVirtualNetwork")) else {
        let message = "Peering must have a remoteVirtualNetwork.";
        return Err(ArmError::bad("InvalidRequestFormat", message));
    };
    let mut others = store.parts(&near, "virtualNetworkPeerings");
    let twice = others.find(|(other, fields)| {
        *other != key && fields.reference("remoteVirtualNetwork").as_ref() == Some(&far)
    });
    if let Some((other, _)) = twice {
        let message = format!(
            "Peering {} cannot be created: peering {} references the remote virtual network \
             already.",
            key.last(),
            other.last()
        );
        let code = "AnotherPeeringAlreadyReferencesRemoteVnet";
        return Err(ArmError::bad(code, message));
    }
    let spaces = [&near, &far].map(|id| store.fields(id).map_or_else(Vec::new, space));
    let whole = half.flag("peerCompleteVnets").unwrap_or(true);
    let [own, remote] = &spaces;
    let overlapping = own.iter().find(|a| remote.iter().any(|b| a.overlaps(*b)));
    if let Some(prefix) = overlapping.filter(|_| whole) {
        let message = format!(
            "Cannot create or update peering {}. Virtual networks {} and {} cannot be peered \
             because their address spaces overlap. Overlapping address prefixes: {prefix}",
            key.last(),
            near.last(),
            far.last()
        );
        return Err(ArmError::bad("VnetAddressSpacesOverlap", message));
    }
    let uses = half.flag("useRemoteGateways").unwrap_or_default();
    if uses && !has_gateways(store, &far) {
        let message = format!(
            "Peering {} cannot have UseRemoteGateways flag set to true because remote virtual \
             network {} referenced by the peering does not have any gateways.",
            key.last(),
            far.last()
        );
        return Err(ArmError::bad("RemoteVnetHasNoGateways", message));
    }
    Ok(())
}

/// Whether a network has a gateway or a Route Server.
fn has_gateways(store: &Store, vnet: &ResourceId) -> bool {
    let is_there = |part: Fields<'_>| {
        let subnet = part.reference("subnet");
        subnet
            .and_then(|subnet| subnet.up_to("virtualNetworks"))
            .as_ref()
            == Some(vnet)
    };
    let mut gateways = store.of_kind("virtualNetworkGateways");
    let mut hubs = store.of_kind("virtualHubs/ipConfigurations");
    gateways.any(|(_, gateway)| gateway.items("ipConfigurations").any(is_there))
        || hubs.any(|(_, part)| is_there(part))
}

fn check_hub(fields: Fields<'_>) -> Refused {
    if fields.field("virtualWan").is_some() {
        let message = "This endpoint has Route Servers, and no hubs of a Virtual WAN.";
        return Err(ArmError::bad("OperationNotAllowed", message));
    }
    Ok(())
}

fn check_ip_configuration(store: &Store, key: &ResourceId, fields: Fields<'_>) -> Refused {
    let subnet = fields.reference("subnet");
    if subnet.as_ref().map(ResourceId::last) != Some(&ROUTE_SERVER_SUBNET.to_ascii_lowercase()) {
        let message = format!(
            "The specified operation 'PutHubIpConfiguration' is not supported. A Route Server \
             stands in a subnet with the name {ROUTE_SERVER_SUBNET}."
        );
        return Err(ArmError::bad("InvalidOperation", message));
    }
    let address = fields.reference("publicIPAddress");
    let address = address.and_then(|address| store.fields(&address));
    let sku = address.map(|address| {
        let sku = address.field("sku").and_then(|sku| sku.text("name"));
        sku.unwrap_or("Basic").to_owned()
    });
    if sku.is_some_and(|sku| !sku.eq_ignore_ascii_case("Standard")) {
        let message = "The specified operation 'PutHubIpConfiguration' is not supported. Route \
                       Server creation requires a public ip address of Standard SKU. Please \
                       recreate Route Server with Standard SKU public ip address.";
        return Err(ArmError::bad("InvalidOperation", message));
    }
    let vnet = subnet.and_then(|subnet| subnet.up_to("virtualNetworks"));
    let hub = key.up_to("virtualHubs");
    let mut others = store.of_kind("virtualHubs/ipConfigurations");
    let other = others.find(|(other, fields)| {
        let there = fields.reference("subnet");
        let there = there.and_then(|subnet| subnet.up_to("virtualNetworks"));
        there == vnet && other.up_to("virtualHubs") != hub
    });
    match other.and_then(|(other, _)| other.up_to("virtualHubs")) {
        Some(other) => {
            let message = format!(
                "The specified operation 'PutHubIpConfiguration' is not supported. The virtual \
                 network has the Route Server {} already.",
                other.last()
            );
            Err(ArmError::bad("InvalidOperation", message))
        }
        None => Ok(()),
    }
}

fn check_bgp_connection(
    store: &Store,
    parameters: &Parameters,
    key: &ResourceId,
    fields: Fields<'_>,
) -> Refused {
    let Some(hub) = key.up_to("virtualHubs") else {
        return Ok(());
    };
    if store.parts(&hub, "ipConfigurations").next().is_none() {
        let message = format!(
            "The Route Server {} has no IP configuration yet; create it first.",
            hub.last()
        );
        let code = "HubBgpConnectionParentHubMustHaveProvisionedRoutingState";
        return Err(ArmError::bad(code, message));
    }
    let address = fields.address("peerIp").filter(IpAddr::is_ipv4);
    let Some(address) = address else {
        let given = fields.text("peerIp").unwrap_or_default();
        let message = format!("'{given}' is not an IPv4 address that a peer can have.");
        return Err(ArmError::bad("InvalidIPAddress", message));
    };
    let asn = fields.number("peerAsn").filter(|asn| *asn != 0).map(Asn);
    let Some(asn) = asn else {
        let message = "peerAsn is no autonomous system number.";
        return Err(ArmError::bad("InvalidRequestFormat", message));
    };
    let own = store
        .fields(&hub)
        .and_then(|hub| hub.asn("virtualRouterAsn"));
    let own = own.unwrap_or(parameters.asn);
    if parameters.peer_asns().check(asn).is_err() || asn == own {
        let message = format!(
            "The peer ASN {asn} cannot be used: it is reserved by Azure or IANA, or has more than \
             16 bits (R-024)."
        );
        return Err(ArmError::bad("InvalidPeerAsn", message));
    }
    let mut others = store
        .parts(&hub, "bgpConnections")
        .filter(|(id, _)| *id != key);
    if let Some((other, _)) = others.find(|(_, other)| other.address("peerIp") == Some(address)) {
        let message = format!(
            "The peer {address} is connected already, by {}.",
            other.last()
        );
        return Err(ArmError::bad("InvalidOperation", message));
    }
    let others = store
        .parts(&hub, "bgpConnections")
        .filter(|(id, _)| *id != key);
    let before = others.count();
    if let Some(limit) = parameters.max_peers
        && before >= limit as usize
    {
        let message = format!(
            "Maximum connection limit reached. Current connections : {}, max limit : {limit} \
             (R-001)",
            before + 1
        );
        let code = "MaximumLocalNetworkSitesLimitReachedForGateway";
        return Err(ArmError::bad(code, message));
    }
    check_route_maps(store, &hub, address, fields)
}

/// Route maps are for peers in the network of the Route Server.
fn check_route_maps(
    store: &Store,
    hub: &ResourceId,
    address: IpAddr,
    fields: Fields<'_>,
) -> Refused {
    let routing = fields.field("routingConfiguration");
    let maps = ["inboundRouteMap", "outboundRouteMap"];
    let has_map = routing.is_some_and(|own| maps.iter().any(|map| own.reference(map).is_some()));
    let mut parts = store.parts(hub, "ipConfigurations");
    let vnet = parts.find_map(|(_, part)| part.reference("subnet")?.up_to("virtualNetworks"));
    let space = vnet.and_then(|vnet| store.fields(&vnet)).map(space);
    let inside = space.is_none_or(|space| space.iter().any(|own| own.contains_address(address)));
    if has_map && !inside {
        let message = format!(
            "The peer {address} is outside the virtual network of the Route Server and cannot \
             have route maps."
        );
        let code = "HubBgpConnectionFromSpokeVnetCannotReferenceRouteMap";
        return Err(ArmError::bad(code, message));
    }
    Ok(())
}

fn check_gateway(fields: Fields<'_>) -> Refused {
    let mut own = fields.items("ipConfigurations").peekable();
    if own.peek().is_none() {
        let message = "A virtual network gateway has an IP configuration at least.";
        return Err(ArmError::bad("InvalidRequestFormat", message));
    }
    let wanted = GATEWAY_SUBNET.to_ascii_lowercase();
    let is_wrong = |own: Fields<'_>| {
        own.reference("subnet")
            .is_none_or(|subnet| subnet.last() != wanted)
    };
    if own.any(is_wrong) {
        let message =
            format!("A virtual network gateway stands in a subnet with the name {GATEWAY_SUBNET}.");
        return Err(ArmError::bad("InvalidOperation", message));
    }
    Ok(())
}

fn check_route(route: Fields<'_>) -> Refused {
    let to = route.text("addressPrefix").unwrap_or_default();
    let is_prefix = to.contains('/') || to.is_empty();
    if is_prefix {
        prefix(to)?;
    }
    let kind = route.text("nextHopType").unwrap_or_default();
    let needs_address = kind.eq_ignore_ascii_case("VirtualAppliance");
    if needs_address && route.address("nextHopIpAddress").is_none() {
        let message = "A route with next hop type VirtualAppliance needs a nextHopIpAddress.";
        return Err(ArmError::bad("InvalidRequestFormat", message));
    }
    Ok(())
}

fn check_site(fields: Fields<'_>) -> Refused {
    let space = fields.field("localNetworkAddressSpace");
    let texts = space.map_or_else(Vec::new, |space| space.texts("addressPrefixes"));
    texts
        .into_iter()
        .try_for_each(|text| prefix(text).map(drop))
}

//! What the description of an estate says of an NVA's interface and of a peering's flags.

use routehub_exchange::estate::{Estate, Nic, Nva};

use crate::words::listed;

/// The NIC of an NVA: the one with its address, else one in the subnet of its address.
pub(crate) fn interface_of(estate: &Estate, nva: &Nva) -> Nic {
    let mut nics = estate.nics.iter();
    if let Some(nic) = nics.find(|nic| nic.vnet == nva.vnet && nic.ip == Some(nva.ip)) {
        return nic.clone();
    }
    let vnet = estate.vnets.iter().find(|vnet| vnet.name == nva.vnet);
    let subnets = vnet.into_iter().flat_map(|vnet| &vnet.subnets);
    let around = subnets.filter(|subnet| subnet.prefix.contains_address(nva.ip));
    let subnet = around.max_by_key(|subnet| subnet.prefix.length());
    Nic {
        name: nva.name.clone(),
        vnet: nva.vnet.clone(),
        subnet: subnet.map(|subnet| subnet.name.clone()),
        ..Nic::default()
    }
}

/// The flags that a spoke lacks to use a hub.
pub(crate) fn missing_flags(estate: &Estate, spoke: &str, hub: &str) -> String {
    let mut lacks = Vec::new();
    for peering in &estate.peerings {
        let (near, far) = match (&*peering.a, &*peering.b) {
            (a, b) if (a, b) == (spoke, hub) => (peering.a_to_b, peering.b_to_a),
            (a, b) if (b, a) == (spoke, hub) => (peering.b_to_a, peering.a_to_b),
            _ => continue,
        };
        if !near.use_remote_gateways {
            lacks.push(format!("use_remote_gateways is off in {spoke}"));
        }
        if !far.allow_gateway_transit {
            lacks.push(format!("allow_gateway_transit is off in {hub}"));
        }
    }
    listed(lacks)
}

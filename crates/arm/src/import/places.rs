//! Where things are: in which network and subnet.

use routehub_exchange::Estate;
use routehub_exchange::estate::Vnet;

use super::names::Names;
use crate::resource::{Fields, ResourceId};

/// The network that something is in, and its subnet, of those that there are.
pub(super) fn place(
    estate: &Estate,
    names: &Names,
    fields: Fields<'_>,
) -> Option<(String, Option<String>)> {
    let id = fields.reference("subnet")?;
    let vnet = vnet_of(estate, names, &id)?;
    let mut subnets = vnet.subnets.iter();
    let subnet = subnets.find(|known| known.name.eq_ignore_ascii_case(id.last()));
    Some((vnet.name.clone(), subnet.map(|subnet| subnet.name.clone())))
}

/// The network of a subnet's id, if there is one.
pub(super) fn vnet_of<'a>(
    estate: &'a Estate,
    names: &Names,
    subnet: &ResourceId,
) -> Option<&'a Vnet> {
    let vnet = names.name(&subnet.up_to("virtualNetworks")?);
    estate.vnets.iter().find(|known| known.name == vnet)
}

//! Where things are: in which network and subnet.

use routehub_exchange::estate::Vnet;

use super::Importer;
use crate::resource::{Fields, ResourceId};

impl Importer<'_> {
    /// The network that something is in, and its subnet, of those that there are.
    pub(super) fn place(&self, fields: Fields<'_>) -> Option<(String, Option<String>)> {
        let id = fields.reference("subnet")?;
        let vnet = self.vnet_of(&id)?;
        let mut subnets = vnet.subnets.iter();
        let subnet = subnets.find(|known| known.name.eq_ignore_ascii_case(id.last()));
        Some((vnet.name.clone(), subnet.map(|subnet| subnet.name.clone())))
    }

    /// The network of a subnet's id, if there is one.
    pub(super) fn vnet_of(&self, subnet: &ResourceId) -> Option<&Vnet> {
        let vnet = self.names.name(&subnet.up_to("virtualNetworks")?);
        let mut vnets = self.estate.vnets.iter();
        vnets.find(|known| known.name == vnet)
    }
}

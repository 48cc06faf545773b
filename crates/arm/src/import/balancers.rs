//! Internal load balancers, and who is behind them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use routehub_exchange::estate::LoadBalancer;

use super::Importer;
use crate::resource::{Fields, ResourceId};

impl Importer<'_> {
    /// Imports load balancers with an internal frontend. What has the address of an NVA is that NVA.
    pub(super) fn balancers(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("loadBalancers") {
            let name = self.names.name(id);
            let own = documents.of_kind("loadBalancers/frontendIPConfigurations");
            let own = own.filter(|(part, _)| part.parent().as_ref() == Some(id));
            let frontends = fields
                .items("frontendIPConfigurations")
                .chain(own.map(|(_, part)| part));
            let internal: Vec<(String, IpAddr)> = frontends
                .filter_map(|own| {
                    let (vnet, _) = self.place(own)?;
                    Some((vnet, own.address("privateIPAddress")?))
                })
                .collect();
            let Some(((vnet, frontend), others)) = internal.split_first() else {
                continue;
            };
            if !others.is_empty() {
                let what = format!(
                    "load balancer {name} has several frontends; {frontend} alone is taken"
                );
                self.remarks.note(what, None);
            }
            let backends = self.backends(id, fields);
            if backends.is_empty() {
                let what = format!("who is behind load balancer {name} is not known");
                self.remarks.note(what, Some("az network nic list -o json"));
            }
            self.estate.load_balancers.push(LoadBalancer {
                name,
                vnet: vnet.clone(),
                frontend: *frontend,
                backends,
            });
        }
    }

    /// The NVAs and NICs behind a load balancer, as it or they say it.
    fn backends(&self, id: &ResourceId, fields: Fields<'_>) -> Vec<String> {
        let (documents, estate) = (self.documents, &self.estate);
        let mut addresses = BTreeSet::new();
        let own = documents.of_kind("loadBalancers/backendAddressPools");
        let own = own.filter(|(part, _)| part.parent().as_ref() == Some(id));
        let pools = fields
            .items("backendAddressPools")
            .chain(own.map(|(_, part)| part));
        let mut members = BTreeSet::new();
        for pool in pools {
            let listed = pool.items("loadBalancerBackendAddresses");
            addresses.extend(listed.filter_map(|own| own.address("ipAddress")));
            let configurations = pool.items("backendIPConfigurations");
            members.extend(configurations.filter_map(|own| Some(own.id()?.holder())));
        }
        for (nic, fields) in documents.of_kind("networkInterfaces") {
            for own in fields.items("ipConfigurations") {
                let mut pools = own.items("loadBalancerBackendAddressPools");
                let is_member =
                    pools.any(|pool| pool.id().is_some_and(|pool| pool.holder() == *id));
                if is_member || members.contains(nic) {
                    addresses.extend(own.address("privateIPAddress"));
                    members.insert(nic.clone());
                }
            }
        }
        let nvas = estate.nvas.iter().filter(|nva| addresses.contains(&nva.ip));
        let mut backends: Vec<String> = nvas.map(|nva| nva.name.clone()).collect();
        let nics = estate.nics.iter().filter(|nic| {
            let is_nva = estate.nvas.iter().any(|nva| Some(nva.ip) == nic.ip);
            let is_member = members
                .iter()
                .any(|member| self.names.name(member) == nic.name);
            let has_address = nic.ip.is_some_and(|ip| addresses.contains(&ip));
            !is_nva && (is_member || has_address)
        });
        backends.extend(nics.map(|nic| nic.name.clone()));
        backends
    }
}

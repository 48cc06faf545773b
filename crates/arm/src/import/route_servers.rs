//! Route Servers, and the NVAs that their connections name.

use std::net::IpAddr;

use routehub_exchange::estate::{
    Nva, NvaSession, ROUTE_SERVER_SUBNET, RouteServer, RoutingPreference,
};

use super::Importer;
use super::machines::machine_of;
use crate::resource::{Fields, ResourceId};
use routehub_types::Asn;

impl Importer<'_> {
    /// Imports Route Servers and NVAs.
    pub(super) fn route_servers(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("virtualHubs") {
            let name = self.names.name(id);
            if fields.field("virtualWan").is_some() {
                let what = format!("{name} is a hub of a Virtual WAN, and left out");
                self.remarks.note(what, None);
                continue;
            }
            let addresses = fields.addresses("virtualRouterIps");
            let Some(vnet) = self.vnet_of_hub(id, fields, &addresses) else {
                let what = format!("the VNet of Route Server {name} is not known; it is left out");
                let remedy = format!("az network routeserver show --name {name} -o json");
                self.remarks.note(what, Some(&remedy));
                continue;
            };
            let mut addresses = addresses;
            addresses.sort_unstable();
            let preference = fields.text("hubRoutingPreference").unwrap_or_default();
            let asn = fields.asn("virtualRouterAsn");
            let mut server = RouteServer {
                ips: <[IpAddr; 2]>::try_from(addresses).ok(),
                asn: asn.filter(|asn| asn.0 != 65515),
                branch_to_branch: fields
                    .flag("allowBranchToBranchTraffic")
                    .unwrap_or_default(),
                routing_preference: match preference.to_ascii_lowercase().as_str() {
                    "vpngateway" => RoutingPreference::VpnGateway,
                    "aspath" => RoutingPreference::AsPath,
                    _ => RoutingPreference::ExpressRoute,
                },
                ..RouteServer::new(name, vnet)
            };
            // The usual addresses need not stand in the file.
            let usual = RouteServer {
                ips: None,
                ..server.clone()
            };
            if self.estate.instance_addresses(&usual) == server.ips {
                server.ips = None;
            }
            self.estate.route_servers.push(server);
        }
        self.peers();
    }

    /// The network of a Route Server: by its subnet, else by its addresses.
    fn vnet_of_hub(
        &self,
        id: &ResourceId,
        fields: Fields<'_>,
        addresses: &[IpAddr],
    ) -> Option<String> {
        let documents = self.documents;
        let own = documents.of_kind("virtualHubs/ipConfigurations");
        let own = own.filter(|(part, _)| part.up_to("virtualHubs").as_ref() == Some(id));
        let parts = fields
            .items("ipConfigurations")
            .chain(own.map(|(_, part)| part));
        let mut subnets = parts.filter_map(|part| part.reference("subnet"));
        let by_subnet = subnets.find_map(|subnet| {
            let vnet = subnet.up_to("virtualNetworks")?;
            documents.resource(&vnet)?;
            Some(self.names.name(&vnet))
        });
        by_subnet.or_else(|| {
            let first = addresses.first()?;
            let mut vnets = self.estate.vnets.iter();
            let vnet = vnets.find(|vnet| {
                let mut subnets = vnet.subnets.iter();
                subnets.any(|subnet| {
                    subnet.name == ROUTE_SERVER_SUBNET && subnet.prefix.contains_address(*first)
                })
            });
            Some(vnet?.name.clone())
        })
    }

    /// The NVAs: peers of one address and ASN are one.
    fn peers(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("virtualHubs/bgpConnections") {
            let server = id.up_to("virtualHubs").map(|hub| self.names.name(&hub));
            let mut servers = self.estate.route_servers.iter();
            let server = servers.find(|known| Some(&known.name) == server.as_ref());
            let (Some(server), Some(ip), Some(asn)) =
                (server, fields.address("peerIp"), fields.asn("peerAsn"))
            else {
                let what = format!("connection {} of a Route Server is left out", id.last());
                self.remarks
                    .note(what, Some("az network routeserver peering list -o json"));
                continue;
            };
            let map = |key| {
                let map = fields.at(&["routingConfiguration"])?.reference(key)?;
                Some(map.last().to_owned())
            };
            let session = NvaSession {
                inbound_route_map: map("inboundRouteMap"),
                outbound_route_map: map("outboundRouteMap"),
                ..NvaSession::both(server.name.clone())
            };
            let hub = server.vnet.clone();
            let mut nvas = self.estate.nvas.iter_mut();
            if let Some(nva) = nvas.find(|nva| nva.ip == ip && nva.asn == asn) {
                nva.sessions.push(session);
                continue;
            }
            let vnet = self.vnet_of_address(ip, &hub);
            let name = self.nva_name(ip, asn, fields.text("name").unwrap_or(id.last()));
            self.estate.nvas.push(Nva {
                sessions: vec![session],
                ..Nva::new(name, vnet, ip, asn)
            });
        }
    }

    /// The network that an address is in: that of a NIC with it, else one whose address space has
    /// it, else the Route Server's.
    fn vnet_of_address(&self, ip: IpAddr, hub: &str) -> String {
        let estate = &self.estate;
        let by_nic = estate.nics.iter().find(|nic| nic.ip == Some(ip));
        let has = |prefixes: &[routehub_types::Prefix]| {
            prefixes.iter().any(|prefix| prefix.contains_address(ip))
        };
        let near = estate.vnets.iter().filter(|vnet| vnet.name == hub);
        let mut vnets = near.chain(&estate.vnets);
        let mut by_space = || vnets.find(|vnet| has(&vnet.address_space));
        let vnet = by_nic.map(|nic| nic.vnet.clone());
        let vnet = vnet.or_else(|| by_space().map(|vnet| vnet.name.clone()));
        vnet.unwrap_or_else(|| hub.to_owned())
    }

    /// The name of an NVA: its machine's, else the connection's without what says only that it is
    /// one.
    fn nva_name(&mut self, ip: IpAddr, asn: Asn, connection: &str) -> String {
        let documents = self.documents;
        let machine = documents
            .of_kind("networkInterfaces")
            .find_map(|(id, nic)| {
                let mut own = nic.items("ipConfigurations");
                own.any(|own| own.address("privateIPAddress") == Some(ip))
                    .then_some(())?;
                let (machine, fields) = machine_of(documents, id)?;
                let name = fields.and_then(|fields| fields.text("name"));
                Some(name.unwrap_or(machine.last()).to_owned())
            });
        let mut short = ["peer-", "bgp-", "conn-"].iter();
        let short = short.find_map(|prefix| connection.strip_prefix(prefix));
        let name = machine.unwrap_or_else(|| short.unwrap_or(connection).to_owned());
        self.names.nva(ip, asn, &name)
    }
}

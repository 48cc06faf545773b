//! Virtual networks, their subnets, route tables, NICs and private endpoints.

use routehub_exchange::estate::{
    DisablePeeringRoute, NetworkPolicies, Nic, PrivateEndpoint, RouteTable, Subnet, UserRoute,
    UserRouteTarget, Vnet,
};
use routehub_types::Prefix;

use super::Importer;
use crate::resource::Fields;

impl Importer<'_> {
    /// Imports networks and what is in them.
    pub(super) fn networks(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("virtualNetworks") {
            let space = fields.at(&["addressSpace"]);
            let mut vnet = Vnet {
                name: self.names.name(id),
                address_space: space
                    .map_or_else(Vec::new, |space| space.prefixes("addressPrefixes")),
                region: fields.text("location").map(str::to_owned),
                summarized_gateway_prefixes: fields
                    .at(&["summarizedGatewayPrefixes"])
                    .map_or_else(Vec::new, |space| space.prefixes("addressPrefixes")),
                ..Vnet::default()
            };
            let inline = fields.items("subnets").filter(|subnet| {
                subnet
                    .id()
                    .is_none_or(|id| documents.resource(&id).is_none())
            });
            let own = documents.of_kind("virtualNetworks/subnets");
            let own =
                own.filter(|(subnet, _)| subnet.up_to("virtualNetworks").as_ref() == Some(id));
            for subnet in inline.chain(own.map(|(_, subnet)| subnet)) {
                vnet.subnets.extend(self.subnet(&vnet.name, subnet));
            }
            vnet.subnets.sort_by_key(|subnet| subnet.prefix);
            self.estate.vnets.push(vnet);
        }
        self.route_tables();
        self.nics();
        self.private_endpoints();
    }

    fn subnet(&mut self, vnet: &str, fields: Fields<'_>) -> Option<Subnet> {
        let name = fields.text("name").map(str::to_owned);
        let name = name.or_else(|| Some(fields.id()?.last().to_owned()))?;
        let mut prefixes = fields.prefixes("addressPrefixes");
        prefixes.extend(fields.prefixes("addressPrefix"));
        prefixes.dedup();
        let (first, others) = prefixes.split_first()?;
        if !others.is_empty() {
            let what = format!("subnet {vnet}/{name} has several prefixes; {first} alone is taken");
            self.remarks.note(what, None);
        }
        let policies = fields
            .text("privateEndpointNetworkPolicies")
            .unwrap_or_default();
        let routes = ["Enabled", "RouteTableEnabled"];
        let routes = routes.iter().any(|all| all.eq_ignore_ascii_case(policies));
        let table = fields.reference("routeTable");
        let group = fields.reference("networkSecurityGroup");
        Some(Subnet {
            route_table: table.map(|table| self.names.name(&table)),
            network_security_group: group.map(|group| group.last().to_owned()),
            network_policies: if routes {
                NetworkPolicies::Routes
            } else {
                NetworkPolicies::None
            },
            ..Subnet::new(name, *first)
        })
    }

    fn route_tables(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("routeTables") {
            let name = self.names.name(id);
            let routes = fields.items("routes");
            let own = documents.of_kind("routeTables/routes");
            let own = own.filter(|(route, _)| route.up_to("routeTables").as_ref() == Some(id));
            let routes: Vec<Fields<'_>> = routes.chain(own.map(|(_, route)| route)).collect();
            let peering = fields.text("disablePeeringRoute").unwrap_or_default();
            let mut table = RouteTable {
                disable_bgp_route_propagation: fields
                    .flag("disableBgpRoutePropagation")
                    .unwrap_or_default(),
                disable_peering_route: match peering.eq_ignore_ascii_case("all") {
                    true => DisablePeeringRoute::All,
                    false => DisablePeeringRoute::None,
                },
                name,
                routes: Vec::new(),
            };
            for route in routes {
                let route = self.user_route(&table.name, route);
                let known =
                    |route: &UserRoute| table.routes.iter().any(|r| r.prefix == route.prefix);
                table.routes.extend(route.filter(|route| !known(route)));
            }
            self.estate.route_tables.push(table);
        }
        let used = self.estate.vnets.iter().flat_map(|vnet| &vnet.subnets);
        let used: Vec<String> = used
            .filter_map(|subnet| subnet.route_table.clone())
            .collect();
        for name in used {
            let mut tables = self.estate.route_tables.iter();
            if !tables.any(|table| table.name == name) {
                let what = format!("route table {name} is used, and in no document");
                self.remarks
                    .note(what, Some("az network route-table list -o json"));
                self.estate.route_tables.push(RouteTable {
                    name,
                    ..RouteTable::default()
                });
            }
        }
    }

    fn user_route(&mut self, table: &str, fields: Fields<'_>) -> Option<UserRoute> {
        let prefix = fields.text("addressPrefix")?;
        let Ok(to) = prefix.parse::<Prefix>() else {
            let what =
                format!("route table {table}: the route to service tag {prefix} is left out");
            self.remarks.note(what, None);
            return None;
        };
        let target = match fields.text("nextHopType")?.to_ascii_lowercase().as_str() {
            "virtualappliance" => {
                UserRouteTarget::VirtualAppliance(fields.address("nextHopIpAddress")?)
            }
            "virtualnetworkgateway" => UserRouteTarget::VirtualNetworkGateway,
            "vnetlocal" => UserRouteTarget::VnetLocal,
            "internet" => UserRouteTarget::Internet,
            _ => UserRouteTarget::None,
        };
        Some(UserRoute {
            name: fields.text("name").map(str::to_owned),
            prefix: to,
            target,
        })
    }

    fn nics(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("networkInterfaces") {
            let Some(first) = fields.items("ipConfigurations").next() else {
                continue;
            };
            // A private endpoint's is not one of a machine.
            if fields.field("privateEndpoint").is_some() {
                continue;
            }
            let Some((vnet, subnet)) = self.place(first) else {
                continue;
            };
            self.estate.nics.push(Nic {
                forwarding: fields.flag("enableIPForwarding").unwrap_or_default(),
                ip: first.address("privateIPAddress"),
                subnet,
                name: self.names.name(id),
                vnet,
                ..Nic::default()
            });
        }
    }

    fn private_endpoints(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("privateEndpoints") {
            let name = self.names.name(id);
            let nics = fields.items("networkInterfaces");
            let nics = nics.filter_map(|nic| documents.resource(&nic.id()?));
            let mut addresses = nics.filter_map(|nic| {
                nic.items("ipConfigurations")
                    .next()?
                    .address("privateIPAddress")
            });
            let dns = fields.items("customDnsConfigs");
            let mut dns = dns.flat_map(|config| config.addresses("ipAddresses"));
            let ip = addresses.next().or_else(|| dns.next());
            match (self.place(fields), ip) {
                (Some((vnet, Some(subnet))), Some(ip)) => {
                    self.estate.private_endpoints.push(PrivateEndpoint {
                        name,
                        vnet,
                        subnet,
                        ip,
                    });
                }
                (Some(_), None) => {
                    let what = format!("the address of private endpoint {name} is not known");
                    self.remarks.note(what, Some("az network nic list -o json"));
                }
                _ => {}
            }
        }
    }
}

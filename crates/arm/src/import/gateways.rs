//! Gateways, what they are connected to, and on-premises networks.

use std::collections::BTreeSet;
use std::net::IpAddr;

use routehub_exchange::estate::{
    Circuit, Connection, Gateway, GatewayKind, OnPremises, Routes, Site,
};
use routehub_types::{Asn, Prefix};

use super::Importer;
use crate::resource::{Fields, ResourceId};

/// The ASN that stands for a customer's where no document has it.
const UNKNOWN_CUSTOMER: Asn = Asn(65000);

impl Importer<'_> {
    /// Imports gateways and on-premises networks.
    pub(super) fn gateways(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("virtualNetworkGateways") {
            let name = self.names.name(id);
            let own = fields.items("ipConfigurations");
            let mut subnets = own.filter_map(|own| own.reference("subnet"));
            let vnet = subnets.find_map(|subnet| self.vnet_of(&subnet));
            let Some(vnet) = vnet.map(|vnet| vnet.name.clone()) else {
                let what = format!("the VNet of gateway {name} is in no document; it is left out");
                self.remarks
                    .note(what, Some("az network vnet list -o json"));
                continue;
            };
            let gateway = gateway(name, vnet, fields);
            self.estate.gateways.push(gateway);
        }
        self.circuits();
        self.sites();
        let mut between = BTreeSet::new();
        for (id, fields) in documents.of_kind("connections") {
            self.connection(id, fields, &mut between);
        }
        for (id, fields) in documents.of_kind("virtualNetworkGateways") {
            let site = fields.reference("gatewayDefaultSite");
            let site = site.map(|site| self.names.name(&site));
            let name = self.names.name(id);
            let mut gateways = self.estate.gateways.iter_mut();
            if let Some(gateway) = gateways.find(|gateway| gateway.name == name) {
                gateway.default_site = site;
            }
        }
    }

    fn circuits(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("expressRouteCircuits") {
            let own = documents.of_kind("expressRouteCircuits/peerings");
            let own =
                own.filter(|(part, _)| part.up_to("expressRouteCircuits").as_ref() == Some(id));
            let mut peerings = fields.items("peerings").chain(own.map(|(_, part)| part));
            let private = peerings.find(|peering| {
                let kind = peering.text("peeringType").or_else(|| peering.text("name"));
                kind.is_some_and(|kind| kind.eq_ignore_ascii_case("AzurePrivatePeering"))
            });
            let asn = private.and_then(|peering| peering.asn("peerASN"));
            let name = self.names.name(id);
            if private.is_none() {
                let what = format!("circuit {name} has no private peering in any document");
                self.remarks
                    .note(what, Some("az network express-route list -o json"));
            }
            let link = private.and_then(|peering| peering.text("primaryPeerAddressPrefix"));
            self.estate.circuits.push(Circuit {
                name,
                // The customer has the first address of the link, Microsoft the second.
                ce_ip: link.and_then(|link| first_host(link.parse().ok()?)),
                on_prem: Some(OnPremises {
                    asn: asn.unwrap_or(UNKNOWN_CUSTOMER),
                    routes: Vec::new(),
                }),
                ..Circuit::default()
            });
        }
    }

    fn sites(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("localNetworkGateways") {
            let bgp = fields.field("bgpSettings");
            let space = fields.field("localNetworkAddressSpace");
            let prefixes = space.map_or_else(Vec::new, |space| space.prefixes("addressPrefixes"));
            let peers = bgp.map_or_else(Vec::new, |bgp| bgp.addresses("bgpPeeringAddress"));
            let hosts: Vec<Prefix> = peers.iter().copied().map(Prefix::host).collect();
            self.estate.sites.push(Site {
                name: self.names.name(id),
                asn: bgp.and_then(|bgp| bgp.asn("asn")),
                // The host route to the router itself stands beside BGP by itself.
                static_prefixes: prefixes
                    .into_iter()
                    .filter(|p| !hosts.contains(p))
                    .collect(),
                bgp_ips: peers,
                ..Site::default()
            });
        }
    }

    fn connection(
        &mut self,
        id: &ResourceId,
        fields: Fields<'_>,
        between: &mut BTreeSet<[String; 2]>,
    ) {
        let gateway = fields.reference("virtualNetworkGateway1");
        let Some(gateway) = gateway.map(|gateway| self.names.name(&gateway)) else {
            return;
        };
        let kind = fields
            .text("connectionType")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let to = match kind.as_str() {
            "ipsec" => fields.reference("localNetworkGateway2"),
            "vnet2vnet" => fields.reference("virtualNetworkGateway2"),
            "expressroute" => fields.reference("peer"),
            _ => None,
        };
        let mut gateways = self.estate.gateways.iter();
        let known = gateways.any(|known| known.name == gateway);
        let Some(to) = to.filter(|_| known) else {
            let what = format!("connection {} of gateway {gateway} is left out", id.last());
            self.remarks.note(
                what,
                Some("az network vnet-gateway list and vpn-connection list -o json"),
            );
            return;
        };
        let there = self.names.name(&to);
        let connection = match kind.as_str() {
            "ipsec" => self.site_connection(&there, fields),
            "vnet2vnet" => {
                // The two connections of a pair are one.
                let mut ends = [gateway.clone(), there.clone()];
                ends.sort_unstable();
                let mut gateways = self.estate.gateways.iter();
                let is_known = gateways.any(|known| known.name == there);
                if !is_known || !between.insert(ends) {
                    return;
                }
                Some(Connection::Gateway { gateway: there })
            }
            _ => {
                self.need_circuit(&to, &there);
                Some(Connection::Circuit {
                    circuit: there,
                    weight: fields.number("routingWeight").unwrap_or_default(),
                    msee_ips: Vec::new(),
                    nic_next_hops: Vec::new(),
                })
            }
        };
        let mut gateways = self.estate.gateways.iter_mut();
        if let Some(known) = gateways.find(|known| known.name == gateway) {
            known.connections.extend(connection);
        }
    }

    /// A connection to a site. A site that no connection speaks BGP with has its prefixes as a
    /// matter of course.
    fn site_connection(&mut self, name: &str, fields: Fields<'_>) -> Option<Connection> {
        let bgp = fields.flag("enableBgp").unwrap_or_default();
        let mut sites = self.estate.sites.iter_mut();
        let Some(site) = sites.find(|site| site.name == name) else {
            let what = format!("site {name} is in no document; its connection is left out");
            self.remarks
                .note(what, Some("az network local-gateway list -o json"));
            return None;
        };
        if !bgp {
            let prefixes = std::mem::take(&mut site.static_prefixes);
            if !prefixes.is_empty() {
                site.routes.push(Routes {
                    prefixes,
                    ..Routes::default()
                });
            }
            site.asn = None;
            site.bgp_ips.clear();
        }
        let apipa = fields.items("gatewayCustomBgpIpAddresses");
        let apipa = apipa.filter_map(|own| own.address("customBgpIpAddress"));
        Some(Connection::Site {
            site: name.to_owned(),
            bgp: None,
            instances: [true; 2],
            apipa: apipa.collect(),
        })
    }

    /// A circuit that no document has: one of another subscription.
    fn need_circuit(&mut self, id: &ResourceId, name: &str) {
        let mut circuits = self.estate.circuits.iter();
        if circuits.any(|circuit| circuit.name == name) {
            return;
        }
        let what = format!("circuit {name} is in no document");
        let remedy = format!("az network express-route show --ids {}", id.text());
        self.remarks.note(what, Some(&remedy));
        self.estate.circuits.push(Circuit {
            name: name.to_owned(),
            on_prem: Some(OnPremises {
                asn: UNKNOWN_CUSTOMER,
                routes: Vec::new(),
            }),
            ..Circuit::default()
        });
    }
}

fn gateway(name: String, vnet: String, fields: Fields<'_>) -> Gateway {
    let kind = fields.text("gatewayType").unwrap_or_default();
    let kind = match kind.eq_ignore_ascii_case("ExpressRoute") {
        true => GatewayKind::ExpressRoute,
        false => GatewayKind::Vpn,
    };
    let bgp = fields.field("bgpSettings");
    let each = bgp
        .into_iter()
        .flat_map(|bgp| bgp.items("bgpPeeringAddresses"));
    let each = each.filter_map(|own| own.addresses("defaultBgpIpAddresses").first().copied());
    let mut addresses: Vec<IpAddr> = each.collect();
    if addresses.is_empty() {
        addresses = bgp.map_or_else(Vec::new, |bgp| bgp.addresses("bgpPeeringAddress"));
    }
    let active = fields
        .flag("activeActive")
        .or_else(|| fields.flag("active"));
    let pool = fields.at(&["vpnClientConfiguration", "vpnClientAddressPool"]);
    Gateway {
        asn: bgp
            .and_then(|bgp| bgp.asn("asn"))
            .filter(|asn| asn.0 != 65515),
        // An ExpressRoute gateway is active-active whatever stands there.
        active_active: kind == GatewayKind::ExpressRoute || active.unwrap_or_default(),
        bgp_ips: addresses,
        p2s_pools: pool.map_or_else(Vec::new, |pool| pool.prefixes("addressPrefixes")),
        allow_remote_vnet_traffic: fields.flag("allowRemoteVnetTraffic"),
        allow_virtual_wan_traffic: fields.flag("allowVirtualWanTraffic"),
        ..Gateway::new(name, vnet, kind)
    }
}

/// The first address of a link that a host may have.
fn first_host(link: Prefix) -> Option<IpAddr> {
    match link.address() {
        IpAddr::V4(base) => Some(IpAddr::V4(base.to_bits().checked_add(1)?.into())),
        IpAddr::V6(base) => Some(IpAddr::V6(base.to_bits().checked_add(1)?.into())),
    }
}

//! Peerings: two halves, each an object of its network.

use std::collections::BTreeMap;

use routehub_exchange::estate::{PeeredSubnets, Peering, PeeringFlags, Vnet};

use super::Importer;
use crate::resource::{Fields, ResourceId};

/// A half, by the network that it is in and the one that it leads to.
type Halves<'a> = BTreeMap<(ResourceId, ResourceId), Fields<'a>>;

impl Importer<'_> {
    /// Imports peerings.
    pub(super) fn peerings(&mut self) {
        let documents = self.documents;
        let mut halves = Halves::new();
        for (vnet, fields) in documents.of_kind("virtualNetworks") {
            for half in fields.items("virtualNetworkPeerings") {
                halves.extend(ends(Some(vnet), half).map(|ends| (ends, half)));
            }
        }
        for (_, half) in documents.of_kind("virtualNetworks/virtualNetworkPeerings") {
            halves.extend(ends(None, half).map(|ends| (ends, half)));
        }
        for ((near, far), half) in &halves {
            let back = halves.get(&(far.clone(), near.clone()));
            if back.is_some() && near > far {
                continue;
            }
            self.peering(near, far, *half, back.copied());
        }
    }

    /// A peering of a half, and the one that leads back if any document has it.
    fn peering(
        &mut self,
        near: &ResourceId,
        far: &ResourceId,
        half: Fields<'_>,
        back: Option<Fields<'_>>,
    ) {
        let (a, b) = (self.names.name(near), self.names.name(far));
        let state = half.text("peeringState").unwrap_or("Connected");
        let there = self.documents.resource(far).is_some();
        if back.is_none() && (there || !state.eq_ignore_ascii_case("connected")) {
            let what = format!("the peering from {a} to {b} has no half in {b}, and is left out");
            let remedy = format!("az network vnet peering list --vnet-name {b} -o json");
            self.remarks.note(what, Some(&remedy));
            return;
        }
        for (id, name) in [(near, &a), (far, &b)] {
            let mut vnets = self.estate.vnets.iter();
            if !vnets.any(|vnet| vnet.name == *name) {
                self.foreign(id, name, half);
            }
        }
        let a_to_b = flags(half);
        let b_to_a = match back {
            Some(back) => flags(back),
            None => {
                let what = format!("the half of the peering from {b} to {a} is assumed");
                self.remarks.note(
                    what,
                    Some("az network vnet peering list in its subscription"),
                );
                assumed(a_to_b)
            }
        };
        let whole = half.flag("peerCompleteVnets").unwrap_or(true);
        let subnets = (!whole).then(|| {
            let names = |key| half.texts(key).into_iter().map(str::to_owned).collect();
            PeeredSubnets {
                a: names("localSubnetNames"),
                b: names("remoteSubnetNames"),
            }
        });
        let mut peering = Peering {
            a_to_b,
            b_to_a,
            subnets,
            ..Peering::plain(a, b)
        };
        // As a hub and its spoke, where that is what they are.
        if b_to_a.allow_gateway_transit && a_to_b.use_remote_gateways {
            peering = peering.turned();
        }
        // Azure has looked at it before: only what is of other subscriptions may be missing.
        let transit = peering.a_to_b.use_remote_gateways || peering.b_to_a.use_remote_gateways;
        peering.transit_if_any = transit;
        self.estate.peerings.push(peering);
    }

    /// A network that no document has: what its peering says of it.
    fn foreign(&mut self, id: &ResourceId, name: &str, half: Fields<'_>) {
        let spaces = ["remoteVirtualNetworkAddressSpace", "remoteAddressSpace"];
        let space = spaces.iter().find_map(|key| half.field(key));
        let space = space.map_or_else(Vec::new, |space| space.prefixes("addressPrefixes"));
        let what = format!("VNet {name} is in no document: its address space is that of a peering");
        let remedy = format!("az network vnet show --ids {}", id.text());
        self.remarks.note(what, Some(&remedy));
        self.estate.vnets.push(Vnet {
            name: name.to_owned(),
            address_space: space,
            ..Vnet::default()
        });
    }
}

/// The networks of a half; the one it is in is part of its id, if nothing else says which.
fn ends(vnet: Option<&ResourceId>, half: Fields<'_>) -> Option<(ResourceId, ResourceId)> {
    let own = || half.id()?.up_to("virtualNetworks");
    let near = vnet.cloned().or_else(own)?;
    Some((near, half.reference("remoteVirtualNetwork")?))
}

/// What a half that no document has will say, by the other: that works, since it is connected.
fn assumed(other: PeeringFlags) -> PeeringFlags {
    PeeringFlags {
        allow_forwarded_traffic: true,
        allow_gateway_transit: other.use_remote_gateways,
        use_remote_gateways: other.allow_gateway_transit,
        ..PeeringFlags::default()
    }
}

/// The flags of a half, as Azure's API sets those that are left out.
fn flags(half: Fields<'_>) -> PeeringFlags {
    let flag = |key, default| half.flag(key).unwrap_or(default);
    PeeringFlags {
        allow_virtual_network_access: flag("allowVirtualNetworkAccess", true),
        allow_forwarded_traffic: flag("allowForwardedTraffic", false),
        allow_gateway_transit: flag("allowGatewayTransit", false),
        use_remote_gateways: flag("useRemoteGateways", false),
    }
}

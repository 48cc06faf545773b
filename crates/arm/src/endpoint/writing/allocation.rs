//! Addresses that Azure gives: to NICs, private endpoints, frontends and public addresses.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use routehub_types::Prefix;
use serde_json::{Map, Value, json};

use crate::endpoint::message::ArmError;
use crate::endpoint::store::Store;
use crate::resource::{Fields, ResourceId};

/// Addresses of a subnet, from its first, that Azure keeps.
const KEPT: u32 = 4;

/// Gives the resource addresses where it has none, and refuses those that it cannot have.
///
/// # Errors
/// [`ArmError`], as Azure has it.
pub(super) fn allocate(
    store: &Store,
    key: &ResourceId,
    value: &mut Map<String, Value>,
) -> Result<(), ArmError> {
    let list = match key.kind().as_str() {
        "networkinterfaces" => "ipConfigurations",
        "loadbalancers" => "frontendIPConfigurations",
        "publicipaddresses" => {
            give_public_address(store, key, value);
            return Ok(());
        }
        "privateendpoints" => return give_endpoint_address(store, key, value),
        _ => return Ok(()),
    };
    let properties = value.get_mut("properties").and_then(Value::as_object_mut);
    let items = properties.and_then(|properties| properties.get_mut(list)?.as_array_mut());
    let mut given = BTreeSet::new();
    for item in items.into_iter().flatten() {
        let Some(subnet) = Fields(item).reference("subnet") else {
            continue;
        };
        let wanted = Fields(item).address("privateIPAddress");
        let address = address_in(store, key, &subnet, wanted, &given)?;
        given.insert(address);
        let Some(item) = item.as_object_mut() else {
            continue;
        };
        let own = item.entry("properties").or_insert_with(|| json!({}));
        if let Some(own) = own.as_object_mut() {
            own.insert("privateIPAddress".to_owned(), json!(address.to_string()));
        }
    }
    Ok(())
}

/// An address of a subnet: the one wanted, or the first that is free.
fn address_in(
    store: &Store,
    key: &ResourceId,
    subnet: &ResourceId,
    wanted: Option<IpAddr>,
    given: &BTreeSet<IpAddr>,
) -> Result<IpAddr, ArmError> {
    let fields = store.fields(subnet);
    let prefix = fields.and_then(|fields| {
        let all = fields.prefixes("addressPrefixes").into_iter();
        all.chain(fields.prefixes("addressPrefix"))
            .find(|prefix| prefix.address().is_ipv4())
    });
    let Some(prefix) = prefix else {
        let message = format!("The subnet {} has no addresses to give.", subnet.text());
        return Err(ArmError::bad("InvalidOperation", message));
    };
    let taken = addresses_in_use(store, key, subnet);
    if let Some(wanted) = wanted {
        if !prefix.contains_address(wanted) {
            let message = format!(
                "Private static IP address {wanted} does not belong to the range of subnet prefix \
                 {prefix}."
            );
            return Err(ArmError::bad("PrivateIPAddressNotInSubnet", message));
        }
        if taken.contains(&wanted) || given.contains(&wanted) {
            let message = format!("IP address {wanted} is already allocated.");
            return Err(ArmError::bad("PrivateIPAddressInUse", message));
        }
        return Ok(wanted);
    }
    free(prefix, |address| {
        taken.contains(&address) || given.contains(&address)
    })
    .ok_or_else(|| {
        let message = format!(
            "Subnet {} with prefix {prefix} has no free address.",
            subnet.last()
        );
        ArmError::bad("SubnetIsFull", message)
    })
}

/// The first address of a prefix that is free; the last one is kept.
fn free(prefix: Prefix, taken: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let IpAddr::V4(base) = prefix.address() else {
        return None;
    };
    let size = 1_u64 << (32 - u32::from(prefix.length()));
    let last = u32::try_from(size.checked_sub(2)?).ok()?;
    let addresses = (KEPT..=last).map(|n| Ipv4Addr::from_bits(base.to_bits().saturating_add(n)));
    addresses.map(IpAddr::V4).find(|address| !taken(*address))
}

/// The addresses of a subnet that other resources have.
fn addresses_in_use(store: &Store, key: &ResourceId, subnet: &ResourceId) -> BTreeSet<IpAddr> {
    let mut taken = BTreeSet::new();
    let lists = [
        ("networkInterfaces", "ipConfigurations"),
        ("loadBalancers", "frontendIPConfigurations"),
        ("privateEndpoints", "customDnsConfigs"),
    ];
    for (kind, list) in lists {
        for (_, fields) in store.of_kind(kind).filter(|(id, _)| *id != key) {
            let is_there = |own: &Fields<'_>| own.reference("subnet").as_ref() == Some(subnet);
            let own = fields.items(list).filter(is_there);
            taken.extend(own.filter_map(|own| own.address("privateIPAddress")));
            if is_there(&fields) {
                taken.extend(
                    fields
                        .items(list)
                        .flat_map(|own| own.addresses("ipAddresses")),
                );
            }
        }
    }
    let frontends = store.of_kind("loadBalancers/frontendIPConfigurations");
    let others = frontends.filter(|(id, _)| id.parent().as_ref() != Some(key));
    let there = others.filter(|(_, own)| own.reference("subnet").as_ref() == Some(subnet));
    taken.extend(there.filter_map(|(_, own)| own.address("privateIPAddress")));
    taken
}

fn give_endpoint_address(
    store: &Store,
    key: &ResourceId,
    value: &mut Map<String, Value>,
) -> Result<(), ArmError> {
    let whole = Value::Object(value.clone());
    let fields = Fields(&whole);
    let Some(subnet) = fields.reference("subnet") else {
        return Ok(());
    };
    let mut wanted = fields.items("ipConfigurations");
    let wanted = wanted.find_map(|own| own.address("privateIPAddress"));
    let before = store.fields(key).and_then(|before| {
        let mut configs = before.items("customDnsConfigs");
        configs.find_map(|own| own.addresses("ipAddresses").first().copied())
    });
    let address = address_in(store, key, &subnet, wanted.or(before), &BTreeSet::new())?;
    let own = value.entry("properties").or_insert_with(|| json!({}));
    if let Some(own) = own.as_object_mut() {
        let name = format!("{}.privatelink.example", key.last());
        let config = json!([{"fqdn": name, "ipAddresses": [address.to_string()]}]);
        own.insert("customDnsConfigs".to_owned(), config);
    }
    Ok(())
}

/// A public address of the range for documents (RFC 5737), by the number of such resources.
fn give_public_address(store: &Store, key: &ResourceId, value: &mut Map<String, Value>) {
    let before = store
        .fields(key)
        .and_then(|before| before.address("ipAddress"));
    let others = store
        .of_kind("publicIPAddresses")
        .filter(|(id, _)| *id != key);
    let taken: BTreeSet<IpAddr> = others
        .filter_map(|(_, own)| own.address("ipAddress"))
        .collect();
    let documents = Prefix::new(Ipv4Addr::new(203, 0, 113, 0).into(), 24).ok();
    let address = before.or_else(|| free(documents?, |address| taken.contains(&address)));
    let own = value.entry("properties").or_insert_with(|| json!({}));
    if let (Some(own), Some(address)) = (own.as_object_mut(), address) {
        own.insert("ipAddress".to_owned(), json!(address.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_four_addresses_and_the_last_are_kept() {
        let prefix: Prefix = "10.0.0.0/29".parse().unwrap();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(free(prefix, |_| false), Some(address("10.0.0.4")));
        let taken = ["10.0.0.4", "10.0.0.5"].map(address);
        assert_eq!(
            free(prefix, |a| taken.contains(&a)),
            Some(address("10.0.0.6"))
        );
        assert_eq!(free(prefix, |a| a != address("10.0.0.7")), None);
        assert_eq!(free("10.0.0.0/32".parse().unwrap(), |_| false), None);
    }
}

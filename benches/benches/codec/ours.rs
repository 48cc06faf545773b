//! routehub-wire: checked as RFC 7606 asks for, then read in place.

use routehub_types::{Nlri, Prefix};
use routehub_wire::{Attribute, Context, Message, Values, attribute_code, decode};

use crate::walk::{ipv4, ipv6};

/// The sum of a message.
pub(crate) fn sum(message: &[u8], context: &Context) -> Option<u64> {
    // By reference: the view is read where it was written.
    let decoded = decode(message, context);
    let Ok(Message::Update(update)) = &decoded else {
        return None;
    };
    let mut sum = 0u64;
    sum = sum.wrapping_add(prefixes(update.withdrawn()));
    for field in update.announced() {
        sum = sum.wrapping_add(prefixes(field.nlri));
    }
    for attribute in update.attributes() {
        sum = sum.wrapping_add(value(&attribute));
    }
    Some(sum)
}

fn prefixes(nlri: impl Iterator<Item = Nlri>) -> u64 {
    nlri.fold(0, |sum, one| {
        sum.wrapping_add(match one.prefix {
            Prefix::V4(prefix) => ipv4(prefix.address().to_bits(), prefix.length()),
            Prefix::V6(prefix) => ipv6(prefix.address().to_bits(), prefix.length()),
        })
    })
}

fn value(attribute: &Attribute<'_>) -> u64 {
    match attribute {
        Attribute::Origin(_) => 1,
        Attribute::AsPath(path) => {
            let segments = path.segments();
            let asns = segments.map(|one| one.asns.map(|asn| u64::from(asn.0)).sum::<u64>());
            2 + asns.sum::<u64>()
        }
        Attribute::NextHop(_) => 3,
        Attribute::Med(_) => 4,
        Attribute::LocalPref(_) => 5,
        Attribute::AtomicAggregate => 6,
        Attribute::Aggregator(_) => 7,
        Attribute::Communities(list) => 8 + list.map(|one| u64::from(one.0)).sum::<u64>(),
        Attribute::OriginatorId(_) => 9,
        Attribute::ClusterList(_) => 10,
        Attribute::ExtendedCommunities(_) => 16,
        Attribute::As4Path(_) => 17,
        Attribute::As4Aggregator(_) => 18,
        Attribute::Ipv6ExtendedCommunities(_) => 25,
        Attribute::Aigp(_) => 26,
        Attribute::LargeCommunities(list) => {
            let parts = |list: Values<'_, routehub_types::LargeCommunity>| {
                list.map(|one| {
                    u64::from(one.global) + u64::from(one.local1) + u64::from(one.local2)
                })
                .sum::<u64>()
            };
            32 + parts(*list)
        }
        Attribute::OnlyToCustomer(_) => u64::from(attribute_code::ONLY_TO_CUSTOMER),
        Attribute::Unknown(raw) => u64::from(raw.code),
        _ => 0,
    }
}

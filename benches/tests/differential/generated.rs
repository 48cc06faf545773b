//! Messages made from a seed: every attribute, in any combination, for either width of ASNs.

use arbitrary::{Arbitrary, Unstructured};
use routehub_types::{Attrs, Community, LargeCommunity, Nlri, Prefix, RouteUpdate};
use routehub_wire::{Context, Packer, frame};

use crate::facts::Width;

/// Octets from a seed (SplitMix64).
fn octets(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let word = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z ^ z >> 27)
            .wrapping_mul(0x94d0_49bb_1331_11eb)
            .to_be_bytes()
    };
    std::iter::repeat_with(word)
        .flatten()
        .take(length)
        .collect()
}

/// The messages of so many random updates.
pub(crate) fn messages(count: u64, width: Width) -> Vec<Vec<u8>> {
    let context = crate::context(width);
    let mut packer = Packer::new(&context);
    let mut messages = Vec::new();
    for seed in 0..count {
        let octets = octets(seed, 600);
        let mut u = Unstructured::new(&octets);
        let Ok(update) = routes(&mut u, &context) else {
            continue;
        };
        let mut bytes = Vec::new();
        let _ = packer.withdraw(&update.withdrawn, &mut bytes);
        let _ = packer.announce(&update.attrs, &update.announced, &mut bytes);
        let mut left = bytes.as_slice();
        while let Ok(Some(length)) = frame(left, context.max_len()) {
            let (message, rest) = left.split_at(length);
            messages.push(message.to_vec());
            left = rest;
        }
    }
    messages
}

/// Routes of one family, with attributes that are in order.
fn routes(u: &mut Unstructured<'_>, context: &Context) -> arbitrary::Result<RouteUpdate> {
    let mut attrs = Attrs {
        origin: u.arbitrary()?,
        med: u.arbitrary()?,
        local_pref: u.arbitrary()?,
        atomic_aggregate: u.arbitrary()?,
        originator_id: u.arbitrary()?,
        ..Attrs::default()
    };
    let asns = u.int_in_range(1..=8)?;
    let top = if context.four_octet_as {
        u32::MAX
    } else {
        0xffff
    };
    let path = (0..asns).map(|_| Ok(routehub_types::Asn(u.int_in_range(1..=top)?)));
    let path = path.collect::<arbitrary::Result<Vec<_>>>()?;
    attrs.as_path = routehub_types::AsPath::sequence(path);
    let communities = u.int_in_range(0..=6)?;
    for _ in 0..communities {
        attrs.communities.push(Community::arbitrary(u)?);
        attrs.large_communities.push(LargeCommunity::arbitrary(u)?);
        attrs.cluster_list.push(u.arbitrary()?);
    }
    let ipv6 = bool::arbitrary(u)?;
    attrs.next_hop = if ipv6 {
        std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()
    } else {
        std::net::Ipv4Addr::new(10, 0, 4, 4).into()
    };
    let prefixes = |u: &mut Unstructured<'_>| -> arbitrary::Result<Vec<Nlri>> {
        let count = u.int_in_range(0..=12)?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(Nlri::from(prefix(u, ipv6)?));
        }
        Ok(list)
    };
    Ok(RouteUpdate {
        withdrawn: prefixes(u)?,
        announced: prefixes(u)?,
        attrs,
    })
}

/// Any prefix of a family.
fn prefix(u: &mut Unstructured<'_>, ipv6: bool) -> arbitrary::Result<Prefix> {
    Ok(if ipv6 {
        routehub_types::Ipv6Prefix::arbitrary(u)?.into()
    } else {
        routehub_types::Ipv4Prefix::arbitrary(u)?.into()
    })
}

//! How many prefixes one UPDATE of 4,096 octets has room for (RFC 4271 section 4.3): the model
//! sends no octets, but a route limit may count messages.

use routehub_types::{Attrs, Nlri, Prefix};

/// An UPDATE without attributes and prefixes: header and two lengths.
const FRAME: usize = 23;
/// The longest message without extended messages.
const LONGEST: usize = 4096;

/// Cuts prefixes that share an attribute set into those of one UPDATE each.
pub(crate) fn messages<'a>(attrs: &Attrs, mut nlri: &'a [Nlri]) -> Vec<&'a [Nlri]> {
    let room = LONGEST.saturating_sub(FRAME + attribute_octets(attrs));
    let mut all = Vec::new();
    while !nlri.is_empty() {
        let mut left = room;
        let fits = nlri.iter().take_while(|route| {
            let octets = prefix_octets(route.prefix);
            let fits = octets <= left;
            left = left.saturating_sub(octets);
            fits
        });
        let (message, rest) = nlri.split_at(fits.count().max(1));
        all.push(message);
        nlri = rest;
    }
    all
}

fn prefix_octets(prefix: Prefix) -> usize {
    1 + usize::from(prefix.length().div_ceil(8))
}

/// The octets of the attributes that the model sends, AS numbers with four each.
fn attribute_octets(attrs: &Attrs) -> usize {
    let attribute = |value: usize| value + if value > 255 { 4 } else { 3 };
    let list = |octets: usize| if octets == 0 { 0 } else { attribute(octets) };
    let number = |value: Option<u32>| value.map_or(0, |_| attribute(4));
    let path = attrs
        .as_path
        .segments()
        .iter()
        .map(|segment| 2 + 4 * segment.asns.len());
    attribute(1)
        + attribute(path.sum())
        + attribute(4)
        + number(attrs.med)
        + number(attrs.local_pref)
        + list(4 * attrs.communities.len())
        + list(8 * attrs.extended_communities.len())
        + list(12 * attrs.large_communities.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::consecutive_prefixes;
    use routehub_types::AsPath;
    use std::net::Ipv4Addr;

    fn counts(path: &str, base: &str, count: u32) -> Vec<usize> {
        let path: AsPath = path.parse().unwrap();
        let attrs = Attrs::new(path, Ipv4Addr::new(10, 0, 4, 4));
        let base = base.parse().unwrap();
        let nlri: Vec<Nlri> = consecutive_prefixes(base, count).map(Nlri::from).collect();
        messages(&attrs, &nlri)
            .iter()
            .map(|message| message.len())
            .collect()
    }

    #[test]
    fn an_update_holds_what_fits_4096_octets() {
        // 4,096 - 23 - (4 + 9 + 7) = 4,053 octets: 810 prefixes of 5, 1,013 of 4.
        assert_eq!(counts("65001", "10.0.0.0/32", 2001), [810, 810, 381]);
        assert_eq!(counts("65001", "10.0.0.0/24", 2001), [1013, 988]);
        assert_eq!(counts("65001 65002", "10.0.0.0/32", 810), [809, 1]);
        assert_eq!(counts("65001", "10.0.0.0/24", 0), [0; 0]);
    }
}

//! Random tunnels of VPN gateways.

use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::estate::Connection;

use super::numbers::Numbers;

/// A connection with a site, of one instance or of both, from link-local addresses or not.
pub(super) fn tunnel(numbers: &mut Numbers, site: u8, active_active: bool) -> Connection {
    // Instances that there are hold it.
    let drawn = [!numbers.once_in(5), !numbers.once_in(4)];
    let instances = match drawn {
        [false, _] if !active_active => [true, drawn[1]],
        [false, false] => [true; 2],
        drawn => drawn,
    };
    let both = active_active && (instances == [true; 2] || numbers.once_in(2));
    let addresses = [21, 22].map(|third| IpAddr::V4(Ipv4Addr::new(169, 254, third, 4 + site)));
    let addresses = addresses.into_iter().take(1 + usize::from(both));
    Connection::Site {
        site: format!("site{site}"),
        bgp: None,
        instances,
        apipa: match numbers.once_in(5) {
            true => addresses.collect(),
            false => Vec::new(),
        },
    }
}

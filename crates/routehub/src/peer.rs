//! What a session with a real router is configured with.

use std::net::IpAddr;
use std::time::Duration;

use routehub_exchange::LiveLink;
use routehub_session::{Backoff, SessionConfig, Timers};
use routehub_types::RouterId;

use crate::Profile;

impl Profile {
    /// The session to hold over a link: timers of; IPv4, IPv6, route refresh and
    /// four-octet ASNs offered, whatever is routed then; passive unless told otherwise.
    pub fn session_config(&self, link: &LiveLink) -> SessionConfig {
        // the identifier is the instance's own address.
        let router_id = match link.local_address {
            IpAddr::V4(address) => RouterId::from(address),
            IpAddr::V6(address) => {
                let [.., a, b, c, d] = address.octets();
                RouterId(u32::from_be_bytes([a, b, c, d]))
            }
        };
        let usual = SessionConfig::new(link.local_asn, link.remote_asn, router_id);
        let connect_retry = Duration::from_secs(self.connect_retry.into());
        SessionConfig {
            passive: true,
            // Who peers with a transparent route server hears paths that it is not in; who peers
            // with this one may be such a server itself (RFC 7947 section 2.2.2.1).
            enforce_first_as: !self.parameters.transparent,
            timers: Timers {
                hold_time: self.parameters.hold_time,
                keepalive: Duration::from_secs(self.keepalive.into()),
                connect_retry: Backoff {
                    first: connect_retry,
                    longest: connect_retry,
                },
                ..usual.timers
            },
            ..usual
        }
    }
}

//! The prefixes of an UPDATE, field by field, with what applies to them.

use core::net::{Ipv4Addr, Ipv6Addr};

use routehub_types::{Family, NextHop};

use crate::{Context, Nlris};

/// The announced prefixes of one field of an UPDATE: its NLRI or its MP_REACH_NLRI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced<'a> {
    /// Where to send packets for these prefixes.
    pub next_hop: NextHop,
    /// The prefixes.
    pub nlri: Nlris<'a>,
}

impl Announced<'_> {
    /// The family of the prefixes.
    pub const fn family(&self) -> Family {
        self.nlri.family()
    }
}

/// The next hop of an MP_REACH_NLRI; none if its length does not fit the family (RFC 4760,
/// RFC 2545 section 3, RFC 8950 section 3).
pub(super) fn next_hop(octets: &[u8], family: Family, context: &Context) -> Option<NextHop> {
    let ipv6 = family == Family::Ipv6 || context.extended_next_hop;
    match octets.len() {
        4 if family == Family::Ipv4 => {
            let octets = <[u8; 4]>::try_from(octets).ok()?;
            Some(NextHop::from(Ipv4Addr::from(octets)))
        }
        16 | 32 if ipv6 => {
            let (global, link_local) = octets.split_first_chunk::<16>()?;
            let link_local = <[u8; 16]>::try_from(link_local).ok();
            Some(NextHop {
                link_local: link_local.map(Ipv6Addr::from),
                ..NextHop::from(Ipv6Addr::from(*global))
            })
        }
        _ => None,
    }
}

//! What the decision process needs of an attribute set, in 16 bytes.

use routehub_types::{Asn, Attrs, Origin};

/// The LOCAL_PREF of a path that carries none.
const DEFAULT_LOCAL_PREF: u32 = 100;

/// The part of an attribute set that the decision process compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DecisionKey {
    /// LOCAL_PREF; 100 where there is none.
    pub local_pref: u32,
    /// MULTI_EXIT_DISC; 0 where there is none.
    pub med: u32,
    /// The neighbour AS of the path; 0 where it begins with a set or is empty.
    pub neighbor: Asn,
    /// The length of the AS path, at most 65,535 ([`AsPath::length`](routehub_types::AsPath)).
    pub path_length: u16,
    /// ORIGIN.
    pub origin: Origin,
    /// Whether there is an ORIGINATOR_ID, which stands for the router id then (RFC 4456 section 9).
    pub reflected: bool,
}

impl DecisionKey {
    /// The key of an attribute set.
    pub fn of(attrs: &Attrs) -> Self {
        Self {
            local_pref: attrs.local_pref.unwrap_or(DEFAULT_LOCAL_PREF),
            med: attrs.med.unwrap_or(0),
            neighbor: attrs.as_path.neighbor().unwrap_or(Asn::ZERO),
            path_length: u16::try_from(attrs.as_path.length()).unwrap_or(u16::MAX),
            origin: attrs.origin,
            reflected: attrs.originator_id.is_some(),
        }
    }
}

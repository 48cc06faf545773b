//! Path attributes by number: type codes, names, and the flags that each must have (RFC 4271
//! section 4.3, and the RFC named at each).

/// ORIGIN.
pub const ORIGIN: u8 = 1;
/// AS_PATH.
pub const AS_PATH: u8 = 2;
/// NEXT_HOP.
pub const NEXT_HOP: u8 = 3;
/// MULTI_EXIT_DISC.
pub const MED: u8 = 4;
/// LOCAL_PREF.
pub const LOCAL_PREF: u8 = 5;
/// ATOMIC_AGGREGATE.
pub const ATOMIC_AGGREGATE: u8 = 6;
/// AGGREGATOR.
pub const AGGREGATOR: u8 = 7;
/// COMMUNITIES (RFC 1997).
pub const COMMUNITIES: u8 = 8;
/// ORIGINATOR_ID (RFC 4456).
pub const ORIGINATOR_ID: u8 = 9;
/// CLUSTER_LIST (RFC 4456).
pub const CLUSTER_LIST: u8 = 10;
/// MP_REACH_NLRI (RFC 4760).
pub const MP_REACH_NLRI: u8 = 14;
/// MP_UNREACH_NLRI (RFC 4760).
pub const MP_UNREACH_NLRI: u8 = 15;
/// EXTENDED COMMUNITIES (RFC 4360).
pub const EXTENDED_COMMUNITIES: u8 = 16;
/// AS4_PATH (RFC 6793).
pub const AS4_PATH: u8 = 17;
/// AS4_AGGREGATOR (RFC 6793).
pub const AS4_AGGREGATOR: u8 = 18;
/// IPv6 Address Specific EXTENDED COMMUNITIES (RFC 5701).
pub const IPV6_EXTENDED_COMMUNITIES: u8 = 25;
/// AIGP (RFC 7311).
pub const AIGP: u8 = 26;
/// LARGE_COMMUNITY (RFC 8092).
pub const LARGE_COMMUNITIES: u8 = 32;
/// Only to Customer (RFC 9234).
pub const ONLY_TO_CUSTOMER: u8 = 35;
/// Prefix-SID (RFC 8669); checked, not interpreted.
pub const PREFIX_SID: u8 = 40;
/// ATTR_SET (RFC 6368); checked, not interpreted.
pub const ATTR_SET: u8 = 128;

/// The flag of an attribute that a speaker need not know.
pub const OPTIONAL: u8 = 0x80;
/// The flag of an attribute that is passed on.
pub const TRANSITIVE: u8 = 0x40;
/// The flag of an attribute that passed a speaker that did not know it.
pub const PARTIAL: u8 = 0x20;

/// The flag of an attribute whose length has two octets.
pub const EXTENDED_LENGTH: u8 = 0x10;

/// The flags of an attribute that also speakers pass on that do not know it.
const BOTH: u8 = OPTIONAL | TRANSITIVE;

/// Every type known here, with its name as its RFC writes it, and its optional and transitive flags.
const KNOWN: [(u8, &str, u8); 21] = [
    (ORIGIN, "ORIGIN", TRANSITIVE),
    (AS_PATH, "AS_PATH", TRANSITIVE),
    (NEXT_HOP, "NEXT_HOP", TRANSITIVE),
    (MED, "MULTI_EXIT_DISC", OPTIONAL),
    (LOCAL_PREF, "LOCAL_PREF", TRANSITIVE),
    (ATOMIC_AGGREGATE, "ATOMIC_AGGREGATE", TRANSITIVE),
    (AGGREGATOR, "AGGREGATOR", BOTH),
    (COMMUNITIES, "COMMUNITIES", BOTH),
    (ORIGINATOR_ID, "ORIGINATOR_ID", OPTIONAL),
    (CLUSTER_LIST, "CLUSTER_LIST", OPTIONAL),
    (MP_REACH_NLRI, "MP_REACH_NLRI", OPTIONAL),
    (MP_UNREACH_NLRI, "MP_UNREACH_NLRI", OPTIONAL),
    (EXTENDED_COMMUNITIES, "EXTENDED COMMUNITIES", BOTH),
    (AS4_PATH, "AS4_PATH", BOTH),
    (AS4_AGGREGATOR, "AS4_AGGREGATOR", BOTH),
    (IPV6_EXTENDED_COMMUNITIES, "IPv6 EXTENDED COMMUNITIES", BOTH),
    (AIGP, "AIGP", OPTIONAL),
    (LARGE_COMMUNITIES, "LARGE_COMMUNITY", BOTH),
    (ONLY_TO_CUSTOMER, "OTC", BOTH),
    (PREFIX_SID, "PREFIX_SID", BOTH),
    (ATTR_SET, "ATTR_SET", BOTH),
];

/// The flags by type code.
const FLAGS: [u8; 256] = {
    let mut by_code = [0; 256];
    let mut n = 0;
    while n < KNOWN.len() {
        let (code, _, flags) = KNOWN[n];
        by_code[code as usize] = flags;
        n += 1;
    }
    by_code
};

/// The name of an attribute type, as its RFC writes it; none if it has none here.
pub const fn name(code: u8) -> Option<&'static str> {
    let mut n = 0;
    while n < KNOWN.len() {
        let (known, name, _) = KNOWN[n];
        if known == code {
            return Some(name);
        }
        n += 1;
    }
    None
}

/// The optional and transitive flags of a type; 0 for types that are not known.
#[inline]
pub const fn flags(code: u8) -> u8 {
    FLAGS[code as usize]
}

/// Whether attributes of this type have a place of their own in owned attributes.
pub const fn is_typed(code: u8) -> bool {
    flags(code) != 0 && code != PREFIX_SID && code != ATTR_SET
}

//! The names of NOTIFICATION codes and subcodes, as their registry writes them.

/// The name of an error code (RFC 4271 section 4.5, RFC 7313, RFC 9687).
pub(crate) const fn code_name(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "Message Header Error",
        2 => "OPEN Message Error",
        3 => "UPDATE Message Error",
        4 => "Hold Timer Expired",
        5 => "Finite State Machine Error",
        6 => "Cease",
        7 => "ROUTE-REFRESH Message Error",
        8 => "Send Hold Timer Expired",
        _ => return None,
    })
}

/// The name of an error subcode other than 0.
pub(crate) const fn subcode_name(code: u8, subcode: u8) -> Option<&'static str> {
    match code {
        1 => header(subcode),
        2 => open(subcode),
        3 => update(subcode),
        5 => fsm(subcode),
        6 => cease(subcode),
        7 if subcode == 1 => Some("Invalid Message Length"),
        _ => None,
    }
}

const fn header(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        1 => "Connection Not Synchronized",
        2 => "Bad Message Length",
        3 => "Bad Message Type",
        _ => return None,
    })
}

const fn open(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        1 => "Unsupported Version Number",
        2 => "Bad Peer AS",
        3 => "Bad BGP Identifier",
        4 => "Unsupported Optional Parameter",
        5 => "Authentication Failure (deprecated)",
        6 => "Unacceptable Hold Time",
        7 => "Unsupported Capability",
        11 => "Role Mismatch",
        _ => return None,
    })
}

const fn update(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        1 => "Malformed Attribute List",
        2 => "Unrecognized Well-known Attribute",
        3 => "Missing Well-known Attribute",
        4 => "Attribute Flags Error",
        5 => "Attribute Length Error",
        6 => "Invalid ORIGIN Attribute",
        7 => "AS Routing Loop (deprecated)",
        8 => "Invalid NEXT_HOP Attribute",
        9 => "Optional Attribute Error",
        10 => "Invalid Network Field",
        11 => "Malformed AS_PATH",
        _ => return None,
    })
}

const fn fsm(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        1 => "Receive Unexpected Message in OpenSent State",
        2 => "Receive Unexpected Message in OpenConfirm State",
        3 => "Receive Unexpected Message in Established State",
        _ => return None,
    })
}

const fn cease(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        1 => "Maximum Number of Prefixes Reached",
        2 => "Administrative Shutdown",
        3 => "Peer De-configured",
        4 => "Administrative Reset",
        5 => "Connection Rejected",
        6 => "Other Configuration Change",
        7 => "Connection Collision Resolution",
        8 => "Out of Resources",
        9 => "Hard Reset",
        10 => "BFD Down",
        _ => return None,
    })
}

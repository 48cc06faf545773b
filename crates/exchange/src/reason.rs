//! Reasons that the rules catalogue does not number: they follow from BGP itself or from what the
//! network file says of an NVA. Numbers from 1000 on.

use routehub_types::RuleId;

/// The speaker's own ASN stands in the path (RFC 4271 section 9.1.2), at a speaker that is no
/// Route Server; there it is R-050.
pub const OWN_AS_IN_PATH: RuleId = RuleId(1000);
/// The next hop is the receiver itself (RFC 4271 section 5.1.3).
pub const NEXT_HOP_IS_RECEIVER: RuleId = RuleId(1001);
/// No `readvertises` rule of the NVA fits.
pub const NOT_READVERTISED: RuleId = RuleId(1002);
/// An iBGP route is not passed to an iBGP neighbour (RFC 4271 section 9.2.1).
pub const IBGP_TO_IBGP: RuleId = RuleId(1003);
/// The exchange table has no row for the pair.
pub const NO_ROW: RuleId = RuleId(1004);
/// Split horizon: the neighbour is the one the route came from (R-088 at a Route Server).
pub const FROM_THIS_NEIGHBOR: RuleId = RuleId(1005);
/// The speaker has sent or reflected the route itself (RFC 4456 section 8).
pub const REFLECTED: RuleId = RuleId(1006);

/// The session or connection is down.
pub const LINK_DOWN: RuleId = RuleId(1007);
/// An NVA announces the route to other neighbours only.
pub const ANNOUNCED_TO_OTHERS: RuleId = RuleId(1008);
/// Packets come back to where they were.
pub const FORWARDING_LOOP: RuleId = RuleId(1009);
/// Nothing of this address is known: nobody in the estate has it.
pub const UNKNOWN_NEXT_HOP: RuleId = RuleId(1010);
/// There is no route to the destination.
pub const NO_ROUTE: RuleId = RuleId(1011);

/// What a reason means, in one sentence; rules of the catalogue have theirs in the profile.
pub fn text(rule: RuleId) -> Option<&'static str> {
    Some(match rule {
        OWN_AS_IN_PATH => "the receiver's own ASN stands in the AS path",
        NEXT_HOP_IS_RECEIVER => "the next hop is the receiver itself",
        NOT_READVERTISED => "the NVA does not pass this route on to this neighbour",
        IBGP_TO_IBGP => "routes learned over iBGP are not passed on over iBGP",
        NO_ROW => "routes of this kind have no business at this neighbour",
        FROM_THIS_NEIGHBOR => "the route came from this neighbour",
        REFLECTED => "the receiver has sent or reflected the route itself",
        LINK_DOWN => "the session or connection is down",
        ANNOUNCED_TO_OTHERS => "the NVA announces the route to other neighbours only",
        FORWARDING_LOOP => "packets come back to where they were",
        UNKNOWN_NEXT_HOP => "the address belongs to nothing that is known",
        NO_ROUTE => "there is no route to the destination",
        _ => return None,
    })
}

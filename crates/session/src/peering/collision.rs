//! Two connections to one peer: which one stays (RFC 4271 section 6.8).

use routehub_types::{Asn, RouterId};
use routehub_wire::Open;

use crate::peering::{Machine, Peering};
use crate::slots::Slot;
use crate::{Direction, DownReason, FsmEvent, State};

impl Peering {
    /// Settles a collision when a good OPEN came on a connection; whether that connection stays.
    pub(crate) fn survives_collision(&mut self, slot: Slot, open: &Open) -> bool {
        let Some(loser) = self.collision_loser(slot, open) else {
            return true;
        };
        self.fire(
            Machine::At(loser),
            FsmEvent::OpenCollisionDump,
            Some(&DownReason::Collision),
        );
        loser != slot
    }

    fn collision_loser(&self, slot: Slot, open: &Open) -> Option<Slot> {
        let (new, old) = (self.connection(slot)?, self.connection(slot.other())?);
        let decided_by_id = match old.state {
            State::OpenConfirm => true,
            State::Established => self.config.collision_detect_established,
            // Its peer is not known yet: it is looked at again when its OPEN comes.
            _ => return None,
        };
        if !decided_by_id {
            return Some(slot);
        }
        if new.direction == old.direction {
            // The peer opens a second one only after it has lost the first, and so do we.
            return Some(slot.other());
        }
        let kept = self.kept_direction(open.router_id, open.asn);
        if new.direction == kept {
            Some(slot.other())
        } else {
            Some(slot)
        }
    }

    /// The connection that the speaker with the higher BGP identifier opened stays; with equal
    /// ones that of the higher ASN (RFC 6286 section 2.3).
    fn kept_direction(&self, peer_id: RouterId, peer_asn: Asn) -> Direction {
        let local = (self.config.local_router_id, self.config.local_asn);
        if local > (peer_id, peer_asn) {
            Direction::Outgoing
        } else {
            Direction::Incoming
        }
    }
}

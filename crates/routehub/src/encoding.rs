//! How messages to a peer are written, as the exchange needs to know it.

use routehub_exchange::{Encoding, rules};
use routehub_types::{Attrs, Family, FamilySet, RuleId};
use routehub_wire::{Context, EncodeError, Packer};

/// Header and lengths of an UPDATE, MP_REACH_NLRI without prefixes, and one prefix with a path
/// identifier, rounded up.
const FRAME: usize = 256;

/// What was agreed on with a peer for messages to it.
#[derive(Debug)]
pub(crate) struct PeerEncoding {
    pub(crate) context: Context,
    /// Whether the peer takes long-lived stale routes.
    pub(crate) long_lived: bool,
}

impl Encoding for PeerEncoding {
    fn key(&self) -> u32 {
        self.context.encode_key().to_bits().into()
    }

    fn room(&self, attrs: &Attrs, family: Family) -> Result<usize, RuleId> {
        let room = Packer::new(&self.context).room(attrs, family);
        room.map_err(|error| match error {
            EncodeError::NextHop { .. } => rules::NEXT_HOP_OF_FAMILY,
            EncodeError::FamilyNotInUse { .. } => rules::FAMILY_NOT_AGREED,
            _ => rules::MESSAGE_TOO_LONG,
        })
    }

    /// Half of a message: with two-octet ASNs a path of four-octet ones stands there once and a
    /// half times (RFC 6793 section 4.2.2).
    fn surely_fits(&self) -> usize {
        (self.context.max_len() - FRAME) / 2
    }

    fn add_path(&self) -> FamilySet {
        self.context.add_path_send
    }

    fn takes_long_lived(&self) -> bool {
        self.long_lived
    }
}

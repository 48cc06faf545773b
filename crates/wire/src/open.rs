//! The OPEN message.

use alloc::vec::Vec;

use routehub_types::{Asn, RouterId};

use crate::Capabilities;

/// The BGP version that this library speaks.
pub const VERSION: u8 = 4;

/// What a speaker says about itself to open a session (RFC 4271 section 4.2).
///
/// ```
/// use routehub_types::{Asn, RouterId};
/// use routehub_wire::{AfiSafi, Capability, Context, Message, Open, decode};
///
/// let open = Open {
///     asn: Asn(4_200_000_001),
///     hold_time: 180,
///     router_id: RouterId(0x0a00_0404),
///     capabilities: [
///         Capability::Multiprotocol(AfiSafi::IPV4),
///         Capability::FourOctetAs(Asn(4_200_000_001)),
///     ]
///     .into_iter()
///     .collect(),
/// };
/// let mut bytes = Vec::new();
/// open.encode(&mut bytes)?;
/// let Ok(Message::Open(read)) = decode(&bytes, &Context::default()) else {
///     panic!("an OPEN reads back as an OPEN");
/// };
/// assert_eq!(read, open);
/// # Ok::<(), routehub_wire::EncodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Open {
    /// The speaker's ASN: that of its four-octet AS capability if it has one (RFC 6793).
    pub asn: Asn,
    /// The hold time it proposes, in seconds: 0 (none) or at least 3.
    pub hold_time: u16,
    /// Its BGP identifier, not 0.
    pub router_id: RouterId,
    /// What it can do.
    pub capabilities: Capabilities,
}

impl Open {
    /// The ASN as the two-octet field carries it: AS_TRANS if it does not fit (RFC 6793).
    pub fn my_as(&self) -> u16 {
        let fits = u16::try_from(self.asn.0);
        // AS_TRANS is 23456.
        fits.unwrap_or(Asn::TRANS.0 as u16)
    }

    /// Appends the whole message: one capabilities parameter, in the extended encoding of
    /// RFC 9072 if it is longer than 253 octets.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`](crate::EncodeError::TooLong) if a capability does not fit its
    /// length field or the message does not fit 4,096 octets; then nothing is appended.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), crate::EncodeError> {
        crate::encode::open::encode(self, out)
    }
}

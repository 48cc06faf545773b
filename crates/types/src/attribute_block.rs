//! Path attributes in octets (RFC 4271 section 4.3): the one writer of an attribute set, and the
//! way back from what it wrote.
//!
//! [`write_message`] writes what a session of some kind may carry. [`write_canonical`] writes the
//! block by which a set is stored: its attributes in ascending order of type code with ASNs of
//! four octets, then what that encoding cannot hold. Most blocks received are of exactly these
//! bytes, so that one copy serves both to recognise a block and to keep the set. The canonical
//! block is injective: different sets have different blocks. [`read`] and [`value`] trust it;
//! whether octets of a peer are right is for `routehub-wire` to say.
//!
//! ```
//! use routehub_types::{Attrs, attribute_block, attribute_code};
//!
//! let attrs = Attrs { med: Some(5), ..Attrs::default() };
//! let mut block = Vec::new();
//! attribute_block::write_canonical(&attrs, &mut block);
//! assert_eq!(attribute_block::read(&block), attrs);
//! assert_eq!(attribute_block::value(&block, attribute_code::MED), Some(&[0, 0, 0, 5][..]));
//! ```

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{read, too_long, value};
pub use write::{Form, write_canonical, write_message, write_next_hop};

/// First octets of what follows the attributes of a canonical block; no flags octet of an
/// attribute looks like these.
mod tail {
    pub(super) const V6: u8 = 1;
    pub(super) const V6_LINK_LOCAL: u8 = 2;
    pub(super) const V4_LINK_LOCAL: u8 = 3;
    pub(super) const UNKNOWN: u8 = 4;
}

/// A two-octet length that says: four octets of length follow. No message is long enough for it.
const HUGE: u16 = u16::MAX;

//! Authentication of packets (RFC 5880 section 6.7.4): keyed and meticulous keyed SHA1. Those that
//! the RFC calls optional, a simple password and MD5, are refused by their type.

use core::fmt;

use sha1::{Digest, Sha1};

use crate::packet::{Datagram, LONGEST, MANDATORY};
use crate::{Discard, Received};

/// Octets of a key at most, and of a hash.
const KEY: usize = 20;

/// Octets of an authentication section with SHA1.
const SECTION: usize = LONGEST - MANDATORY;

/// Which numbers a packet may have after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationType {
    /// Keyed SHA1: a number may come again.
    KeyedSha1 = 4,
    /// Meticulous keyed SHA1: every packet has a number of its own.
    MeticulousKeyedSha1 = 5,
}

/// A key of a session, its ID, and how it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Authentication {
    kind: AuthenticationType,
    key_id: u8,
    key: [u8; KEY],
}

/// A key has no octet, or more than 20 (RFC 5880 section 6.7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key of {0} octets, where 1 to {KEY} are right")]
pub struct KeyLength(pub usize);

impl Authentication {
    /// A key.
    ///
    /// # Errors
    /// It has not 1 to 20 octets.
    pub fn new(kind: AuthenticationType, key_id: u8, key: &[u8]) -> Result<Self, KeyLength> {
        if !(1..=KEY).contains(&key.len()) {
            return Err(KeyLength(key.len()));
        }
        let mut padded = [0; KEY];
        for (place, octet) in padded.iter_mut().zip(key) {
            *place = *octet;
        }
        Ok(Self {
            kind,
            key_id,
            key: padded,
        })
    }

    /// Whether every packet has a number of its own.
    pub(crate) const fn is_meticulous(&self) -> bool {
        matches!(self.kind, AuthenticationType::MeticulousKeyedSha1)
    }

    /// The packet with an authentication section that has this number.
    pub(crate) fn sign(&self, packet: Datagram, number: u32) -> Datagram {
        let mut section = [0; SECTION];
        section[..4].copy_from_slice(&[self.kind as u8, SECTION as u8, self.key_id, 0]);
        section[4..8].copy_from_slice(&number.to_be_bytes());
        section[8..].copy_from_slice(&self.key);
        let keyed = packet.with_section(section);
        keyed.with_end(Sha1::digest(keyed.octets()).into())
    }

    /// Checks a packet in the order of RFC 5880 section 6.7.4; its number. `expected` says which
    /// numbers may come, if that is known. That the hash is checked also where it is not known is
    /// what the RFC means, though not what it says.
    pub(crate) fn verify(
        &self,
        received: &Received<'_>,
        expected: Option<Numbers>,
    ) -> Result<u32, Discard> {
        let section = received.authentication();
        let section = section.ok_or(Discard::AuthenticationMissing)?;
        let field = |at: usize| section.get(at).copied().unwrap_or_default();
        if field(0) != self.kind as u8 {
            return Err(Discard::AuthenticationType(field(0)));
        }
        let (length, octets) = (field(1), received.octets());
        let whole: Option<&[u8; SECTION]> = section.try_into().ok();
        let whole = whole.filter(|_| usize::from(length) == SECTION);
        // The ID stands before the length in the order of the RFC.
        if field(2) != self.key_id {
            return Err(Discard::KeyId(field(2)));
        }
        let whole = whole.ok_or(Discard::AuthenticationLength(length))?;
        let [_, _, _, _, a, b, c, d, hash @ ..] = whole;
        let number = u32::from_be_bytes([*a, *b, *c, *d]);
        if expected.is_some_and(|expected| !expected.contains(number)) {
            return Err(Discard::SequenceNumber(number));
        }
        let mut keyed = [0; LONGEST];
        let (before, place) = keyed.split_at_mut(LONGEST - KEY);
        place.copy_from_slice(&self.key);
        for (place, octet) in before.iter_mut().zip(octets) {
            *place = *octet;
        }
        if !is_same(&Sha1::digest(keyed).into(), hash) {
            return Err(Discard::Hash);
        }
        Ok(number)
    }
}

/// Whether two hashes are the same, in a time that does not tell how far they are.
fn is_same(a: &[u8; KEY], b: &[u8; KEY]) -> bool {
    let pairs = a.iter().zip(b);
    pairs.fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

impl fmt::Debug for Authentication {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication")
            .field("kind", &self.kind)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// A range of sequence numbers, which go round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) first: u32,
    pub(crate) width: u32,
}

impl Numbers {
    const fn contains(self, number: u32) -> bool {
        number.wrapping_sub(self.first) <= self.width
    }
}

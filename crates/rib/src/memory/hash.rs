//! One seeded hash function for every table.

use core::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use routehub_types::{Ipv4Prefix, Ipv6Prefix};

/// Hashes with a seed that peers do not know, so that they cannot aim at one bucket.
#[derive(Clone, Debug)]
pub(crate) struct Seeded(FixedState);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(FixedState::with_seed(seed))
    }

    pub(crate) fn bytes(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    pub(crate) fn v4(&self, prefix: Ipv4Prefix) -> u64 {
        let mut hasher = self.0.build_hasher();
        let key = u64::from(prefix.address().to_bits()) << 8 | u64::from(prefix.length());
        hasher.write_u64(key);
        hasher.finish()
    }

    pub(crate) fn v6(&self, prefix: Ipv6Prefix) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write_u128(prefix.address().to_bits());
        hasher.write_u8(prefix.length());
        hasher.finish()
    }
}

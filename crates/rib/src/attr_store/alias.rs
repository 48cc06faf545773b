//! Raw blocks that are not canonical, each with the set it means.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::{HashMap, HashTable};
use routehub_types::NextHop;

use crate::memory::Seeded;

/// How many raw blocks one set remembers: a peer that permutes attributes must not fill memory.
const PER_SET: usize = 4;

/// A block of path attributes as it was received, and what else decides its meaning.
///
/// The store does not read it: equal keys have to mean equal attribute sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawKey<'a> {
    /// How the block is to be read: size of ASNs, kind of peer; numbers of the caller's choice.
    pub ctx: u8,
    /// The next hop if it stands outside of the block (in MP_REACH_NLRI).
    pub next_hop: Option<NextHop>,
    /// The attributes without MP_REACH_NLRI and MP_UNREACH_NLRI.
    pub block: &'a [u8],
}

#[derive(Debug)]
struct Alias {
    set: u32,
    ctx: u8,
    next_hop: Option<NextHop>,
    block: Box<[u8]>,
}

/// The raw blocks remembered beside the canonical ones.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    by_block: HashTable<Alias>,
    /// The hashes of the aliases of a set.
    of_set: HashMap<u32, Vec<u64>, foldhash::fast::FixedState>,
}

impl Aliases {
    pub(super) fn find(&self, hash: &Seeded, raw: RawKey<'_>) -> Option<u32> {
        if self.by_block.is_empty() {
            return None;
        }
        let same = |alias: &Alias| {
            alias.ctx == raw.ctx && alias.next_hop == raw.next_hop && *alias.block == *raw.block
        };
        let alias = self.by_block.find(hash.bytes(raw.block), same)?;
        Some(alias.set)
    }

    /// Whether the block could be remembered.
    pub(super) fn insert(&mut self, hash: &Seeded, raw: RawKey<'_>, set: u32) -> bool {
        let hashes = self.of_set.entry(set).or_default();
        if hashes.len() >= PER_SET {
            return false;
        }
        let at = hash.bytes(raw.block);
        hashes.push(at);
        let alias = Alias {
            set,
            ctx: raw.ctx,
            next_hop: raw.next_hop,
            block: raw.block.into(),
        };
        self.by_block
            .insert_unique(at, alias, |alias| hash.bytes(&alias.block));
        true
    }

    /// Forgets the blocks of a set.
    pub(super) fn remove(&mut self, set: u32) {
        for hash in self.of_set.remove(&set).unwrap_or_default() {
            if let Ok(entry) = self.by_block.find_entry(hash, |alias| alias.set == set) {
                entry.remove();
            }
        }
    }
}

//! The attribute store: each attribute set once, named by an [`AttrId`].

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
use core::net::{IpAddr, Ipv4Addr};

use hashbrown::{HashMap, HashTable};
use routehub_types::{
    Asn, AttrId, Attrs, Community, NextHop, Origin, RouterId, attribute_block, attribute_code,
};

use crate::memory::{Seeded, Slab};

/// No context yet: the set was never received in the form of its canonical block.
const NO_CTX: u16 = u16::MAX;
/// Bit of the count of references: the set is in the list of those that nobody may use any more.
const IDLE: u32 = 1 << 31;
/// Bit of the count of references: other raw blocks mean this set too.
const ALIASED: u32 = 1 << 30;
/// The bits of the count itself.
const COUNT: u32 = ALIASED - 1;
/// How many raw blocks one set remembers: a peer that permutes attributes must not fill memory.
const PER_SET: usize = 4;
/// The LOCAL_PREF of a path that carries none.
const DEFAULT_LOCAL_PREF: u32 = 100;

/// Every attribute set of an engine, each stored once.
///
/// A set lives while slots refer to it: tables retain what they store. A set that nobody retains,
/// a new one too, lives on until the next [`collect`](Self::collect), so that an id can be passed
/// around within one turn without being counted.
///
/// ```
/// use routehub_rib::AttrStore;
/// use routehub_types::Attrs;
///
/// let mut store = AttrStore::new(1);
/// let attrs = Attrs { med: Some(5), ..Attrs::default() };
/// let id = store.intern(&attrs);
/// assert_eq!(store.intern(&attrs), id);
/// assert_eq!(store.attrs(id), attrs);
/// assert_eq!(store.key(id).med, 5);
///
/// let mut freed = Vec::new();
/// store.collect(|id| freed.push(id)); // nobody retained it
/// assert_eq!(freed, [id]);
/// ```
#[derive(Clone, Debug)]
pub struct AttrStore {
    // A set is 38 bytes and its block, each in an array of its own: most often counts alone are
    // read and written, and these are few enough to stay in the processor's cache.
    blocks: Slab<Box<[u8]>>,
    keys: Slab<DecisionKey>,
    /// How many slots refer to each set, and two bits.
    refs: Slab<u32>,
    /// The context in which each set's raw block is the canonical one.
    contexts: Slab<u16>,
    by_block: HashTable<u32>,
    aliases: Aliases,
    hash: Seeded,
    idle: Vec<u32>,
    free: Vec<u32>,
    /// How many sets there are with LLGR_STALE.
    long_lived_stale: u32,
    scratch: Vec<u8>,
}

impl AttrStore {
    /// An empty store; peers should not know the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            blocks: Slab::default(),
            keys: Slab::default(),
            refs: Slab::default(),
            contexts: Slab::default(),
            by_block: HashTable::new(),
            aliases: Aliases::default(),
            hash: Seeded::new(seed),
            idle: Vec::new(),
            free: Vec::new(),
            long_lived_stale: 0,
            scratch: Vec::new(),
        }
    }

    /// How many sets there are.
    pub fn len(&self) -> usize {
        self.by_block.len()
    }

    /// Whether there is no set.
    pub fn is_empty(&self) -> bool {
        self.by_block.is_empty()
    }

    /// The id of a set.
    pub fn intern(&mut self, attrs: &Attrs) -> AttrId {
        let mut block = mem::take(&mut self.scratch);
        block.clear();
        attribute_block::write_canonical(attrs, &mut block);
        let id = self.intern_block(&block, || DecisionKey::of(attrs));
        self.scratch = block;
        AttrId(id)
    }

    /// The id of the set that a raw block means; `parse` is asked only if the block is new.
    pub fn intern_raw(&mut self, raw: RawKey<'_>, parse: impl FnOnce() -> Attrs) -> AttrId {
        match self.find_raw(raw) {
            Some(id) => id,
            None => {
                let id = self.intern(&parse());
                self.remember_raw(raw, id);
                id
            }
        }
    }

    /// The id of the set that a raw block means, if the block was seen and the set lives.
    pub fn find_raw(&mut self, raw: RawKey<'_>) -> Option<AttrId> {
        self.find_canonical(raw)
            .filter(|id| self.contexts[*id] == u16::from(raw.ctx))
            .or_else(|| self.aliases.find(&self.hash, raw))
            .map(AttrId)
    }

    /// The set whose canonical block is this raw one, whatever the context.
    fn find_canonical(&mut self, raw: RawKey<'_>) -> Option<u32> {
        match raw.next_hop {
            None => self.find_block(self.hash.bytes(raw.block), raw.block),
            Some(NextHop {
                address: IpAddr::V4(outside),
                link_local: None,
            }) => {
                let id = self.find_block(self.hash.bytes(raw.block), raw.block)?;
                let inside = octets(&self.blocks[id], attribute_code::NEXT_HOP)?;
                (outside.octets() == inside).then_some(id)
            }
            Some(next_hop) => {
                let mut block = mem::take(&mut self.scratch);
                block.clear();
                block.extend_from_slice(raw.block);
                attribute_block::write_next_hop(&next_hop, &mut block);
                let found = self.find_block(self.hash.bytes(&block), &block);
                self.scratch = block;
                found
            }
        }
    }

    /// Notes that a raw block means a set.
    fn remember_raw(&mut self, raw: RawKey<'_>, id: AttrId) {
        let canonical = self.find_canonical(raw) == Some(id.0);
        let context = &mut self.contexts[id.0];
        if canonical && *context == NO_CTX {
            *context = u16::from(raw.ctx);
        } else if self.aliases.insert(&self.hash, raw, id.0) {
            self.refs[id.0] |= ALIASED;
        }
    }

    fn find_block(&self, hash: u64, block: &[u8]) -> Option<u32> {
        let same = |id: &u32| *self.blocks[*id] == *block;
        self.by_block.find(hash, same).copied()
    }

    fn intern_block(&mut self, block: &[u8], key: impl FnOnce() -> DecisionKey) -> u32 {
        let hash = self.hash.bytes(block);
        if let Some(id) = self.find_block(hash, block) {
            return id;
        }
        let key = key();
        self.long_lived_stale += u32::from(key.is_long_lived_stale());
        let id = match self.free.pop() {
            Some(id) => {
                self.blocks[id] = block.into();
                self.keys[id] = key;
                self.refs[id] = IDLE;
                self.contexts[id] = NO_CTX;
                id
            }
            None => {
                self.keys.push(key);
                self.refs.push(IDLE);
                self.contexts.push(NO_CTX);
                self.blocks.push(block.into())
            }
        };
        self.idle.push(id);
        let rehash = |id: &u32| self.hash.bytes(&self.blocks[*id]);
        self.by_block.insert_unique(hash, id, rehash);
        id
    }

    /// The attributes of a set, decoded from its block.
    ///
    /// # Panics
    /// If the id is of another store; for a freed id the answer is of no meaning.
    pub fn attrs(&self, id: AttrId) -> Attrs {
        attribute_block::read(&self.blocks[id.0])
    }

    /// Whether a set is equal to one of another store.
    ///
    /// # Panics
    /// If an id is not of its store.
    #[inline]
    pub fn is_same(&self, id: AttrId, other: &Self, other_id: AttrId) -> bool {
        self.blocks[id.0] == other.blocks[other_id.0]
    }

    /// How many octets the canonical block of a set has.
    ///
    /// # Panics
    /// If the id is of another store.
    #[inline]
    pub fn block_len(&self, id: AttrId) -> usize {
        self.blocks[id.0].len()
    }

    /// What the decision process compares of a set.
    ///
    /// # Panics
    /// If the id is of another store.
    #[inline]
    pub fn key(&self, id: AttrId) -> &DecisionKey {
        &self.keys[id.0]
    }

    /// Whether there is a set with LLGR_STALE: without one no path is long-lived stale.
    #[inline]
    pub(crate) const fn has_long_lived_stale(&self) -> bool {
        self.long_lived_stale > 0
    }

    /// The address of the next hop of a set, without the other attributes where it is IPv4.
    pub fn next_hop(&self, id: AttrId) -> IpAddr {
        match octets(&self.blocks[id.0], attribute_code::NEXT_HOP) {
            Some(octets) => IpAddr::V4(Ipv4Addr::from(octets)),
            None => self.attrs(id).next_hop.address,
        }
    }

    /// The ORIGINATOR_ID of a set.
    pub(crate) fn originator(&self, id: AttrId) -> Option<RouterId> {
        let id = octets(&self.blocks[id.0], attribute_code::ORIGINATOR_ID)?;
        Some(RouterId(u32::from_be_bytes(id)))
    }

    /// Reads of what is counted of a set, which puts it into the processor's cache.
    #[inline]
    pub(crate) fn prefetch(&self, id: AttrId) -> u32 {
        self.refs[id.0]
    }

    /// Reads of what is compared of a set, which puts it into the processor's cache.
    #[inline]
    pub(crate) fn prefetch_key(&self, id: AttrId) -> u32 {
        self.keys[id.0].med
    }

    /// Orders two sets by their content, so that no result depends on the order of arrival; only
    /// two derived paths of one source need it.
    pub(crate) fn compare(&self, set: AttrId, other: AttrId) -> core::cmp::Ordering {
        self.attrs(set).cmp(&self.attrs(other))
    }

    /// Counts one more slot that refers to a set.
    #[inline]
    pub fn retain(&mut self, id: AttrId) {
        self.refs[id.0] += 1;
    }

    /// Counts one more slot for each of two sets, which are the same most often.
    #[inline]
    pub(crate) fn retain_both(&mut self, set: AttrId, other: AttrId) {
        if set == other {
            self.refs[set.0] += 2;
        } else {
            self.retain(set);
            self.retain(other);
        }
    }

    /// Counts one slot less for each of two sets.
    #[inline]
    pub(crate) fn release_both(&mut self, set: AttrId, other: AttrId) {
        if set == other {
            self.refs[set.0] -= 1;
        } else {
            self.release(other);
        }
        self.release(set);
    }

    /// Counts one slot less; the set lives until [`collect`](Self::collect) at least.
    #[inline]
    pub fn release(&mut self, id: AttrId) {
        let refs = &mut self.refs[id.0];
        debug_assert!(*refs & COUNT > 0, "{id} released more often than retained");
        *refs -= 1;
        if *refs & (COUNT | IDLE) == 0 {
            *refs |= IDLE;
            self.idle.push(id.0);
        }
    }

    /// How many sets [`collect`](Self::collect) has to look at.
    pub fn idle_len(&self) -> usize {
        self.idle.len()
    }

    /// Frees the sets that no slot refers to and names each: what is kept by its id elsewhere has
    /// to go, for the id will be given to another set.
    pub fn collect(&mut self, mut freed: impl FnMut(AttrId)) {
        while let Some(id) = self.idle.pop() {
            let refs = &mut self.refs[id];
            *refs &= !IDLE;
            if *refs & COUNT > 0 {
                continue;
            }
            if mem::take(refs) & ALIASED != 0 {
                self.aliases.remove(id);
            }
            self.long_lived_stale -= u32::from(self.keys[id].is_long_lived_stale());
            let block = mem::take(&mut self.blocks[id]);
            let hash = self.hash.bytes(&block);
            if let Ok(entry) = self.by_block.find_entry(hash, |other| *other == id) {
                entry.remove();
            }
            self.free.push(id);
            freed(AttrId(id));
        }
        self.idle.shrink_to(64);
    }
}

/// The part of an attribute set that the decision process compares, in 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DecisionKey {
    /// LOCAL_PREF; 100 where there is none.
    pub local_pref: u32,
    /// MULTI_EXIT_DISC; 0 where there is none.
    pub med: u32,
    /// The neighbour AS of the path; 0 where it begins with a set or is empty.
    pub neighbor: Asn,
    /// The length of the AS path, at most 65,535 ([`AsPath::length`](routehub_types::AsPath)).
    pub path_length: u16,
    /// ORIGIN.
    pub origin: Origin,
    /// What else there is to know.
    marks: u8,
}

/// There is an ORIGINATOR_ID.
const REFLECTED: u8 = 1;
/// There is the community LLGR_STALE.
const LONG_LIVED_STALE: u8 = 2;

impl DecisionKey {
    /// The key of an attribute set.
    pub fn of(attrs: &Attrs) -> Self {
        let reflected = attrs.originator_id.is_some();
        let stale = attrs.communities.contains(&Community::LLGR_STALE);
        let mark = |is_set, mark| if is_set { mark } else { 0 };
        Self {
            local_pref: attrs.local_pref.unwrap_or(DEFAULT_LOCAL_PREF),
            med: attrs.med.unwrap_or(0),
            neighbor: attrs.as_path.neighbor().unwrap_or(Asn::ZERO),
            path_length: u16::try_from(attrs.as_path.length()).unwrap_or(u16::MAX),
            origin: attrs.origin,
            marks: mark(reflected, REFLECTED) | mark(stale, LONG_LIVED_STALE),
        }
    }

    /// Whether there is an ORIGINATOR_ID, which stands for the router id then (RFC 4456 section 9).
    pub const fn is_reflected(&self) -> bool {
        self.marks & REFLECTED != 0
    }

    /// Whether there is the community LLGR_STALE (RFC 9494).
    pub const fn is_long_lived_stale(&self) -> bool {
        self.marks & LONG_LIVED_STALE != 0
    }
}

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

/// A raw block that is not the canonical one of the set it means.
#[derive(Clone, Debug)]
struct Alias {
    set: u32,
    ctx: u8,
    next_hop: Option<NextHop>,
    block: Box<[u8]>,
}

/// The raw blocks remembered beside the canonical ones.
#[derive(Clone, Debug, Default)]
struct Aliases {
    by_block: HashTable<Alias>,
    /// The hashes of the aliases of a set.
    of_set: HashMap<u32, Vec<u64>, foldhash::fast::FixedState>,
}

impl Aliases {
    fn find(&self, hash: &Seeded, raw: RawKey<'_>) -> Option<u32> {
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
    fn insert(&mut self, hash: &Seeded, raw: RawKey<'_>, set: u32) -> bool {
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
    fn remove(&mut self, set: u32) {
        for hash in self.of_set.remove(&set).unwrap_or_default() {
            if let Ok(entry) = self.by_block.find_entry(hash, |alias| alias.set == set) {
                entry.remove();
            }
        }
    }
}

/// The value of an attribute of four octets in a canonical block.
fn octets(block: &[u8], code: u8) -> Option<[u8; 4]> {
    attribute_block::value(block, code)?.try_into().ok()
}

#[cfg(test)]
mod tests;

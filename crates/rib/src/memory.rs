//! How tables lie in memory: everything here speaks of cache lines, everything outside of BGP.
//!
//! A full table is far larger than the processor's caches, so what an operation costs is how many
//! lines it waits for, one after the other. Three rules follow: what is looked at together lies
//! together; look-ups are made for many prefixes at once, so that the waits overlap ([`prefetch`]);
//! and nothing is copied while a table grows.
//!
//! | what | where | bytes | why |
//! |---|---|---|---|
//! | prefix, first path, what the first export group sends | `Entry`, in the order of arrival | 32 (IPv4), 44 (IPv6) | one line answers "what is best, and who was sent it"; a prefix has one path most often |
//! | the other paths of a prefix | `Path`, a chain through one pool | 16 | a table without second paths pays nothing for them |
//! | path ids | columns beside entries and pool | 4 | only with add-path, and only the chunks that have some |
//! | which entry has a prefix | `Index`, lines of twelve entries | 8 to 15 | one line of 64 bytes, one wait; eight bits of the hash tell most others apart |
//! | which entries a source has a path in | `EntrySet`, one bit each | 1/8 at most | a lost source costs its own routes, not the table |
//! | which prefix lengths there are | `Lengths`, by area of the address space | a bit for a length and area | a longest match looks only for lengths that are there |
//!
//! Arrays grow by chunks (`Slab`): no peak while filling. A
//! `Path` packs where it stands into two octets: a code (best, equal, ineligible, lost at which
//! step) with three flags, and its place in the best set or why it is ineligible.
//!
//! Numbers are `u32`: entries and paths by their place in a slab, [`NONE`] for none.

mod entry;
mod entry_set;
mod index;
mod key;
mod lengths;
mod routes;
mod slab;

use alloc::vec::Vec;

pub(crate) use entry::{Imported, NO_SOURCE, NONE, Outcome, Path, Slot};
pub(crate) use entry_set::EntrySet;
pub use key::Prefixes;
pub(crate) use key::{Key, Seeded, sorted};
pub(crate) use lengths::Lengths;
pub(crate) use routes::{HEAD, Item, Routes};
pub(crate) use slab::{Column, Slab};

/// The item of a number in a list, which grows to have it.
#[inline]
pub(crate) fn grown<T: Default>(list: &mut Vec<T>, number: usize) -> &mut T {
    if list.len() <= number {
        list.resize_with(number + 1, T::default);
    }
    &mut list[number]
}

/// Reads these values, so that the lines they lie in come into the processor's cache: the reads
/// do not depend on each other, and their waits overlap.
#[inline]
pub(crate) fn prefetch(values: impl Iterator<Item = u32>) {
    core::hint::black_box(values.fold(0, |read, value| read ^ value));
}

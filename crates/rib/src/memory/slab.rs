//! Arrays that grow by chunks: nothing is copied as they grow, and little is spare.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

/// Items in one chunk.
const CHUNK: usize = 1 << SHIFT;
const SHIFT: u32 = 12;
const MASK: u32 = CHUNK as u32 - 1;

/// An array of items, numbered in the order of their addition.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub(crate) fn len(&self) -> u32 {
        match self.chunks.last() {
            None => 0,
            Some(last) => (((self.chunks.len() - 1) << SHIFT) + last.len()) as u32,
        }
    }

    /// Appends an item and says its number.
    pub(crate) fn push(&mut self, item: T) -> u32 {
        let number = self.len();
        if number & MASK == 0 {
            // The first chunk grows from nothing, so that a small table is a small one.
            let room = if number == 0 { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        if let Some(last) = self.chunks.last_mut() {
            last.push(item);
        }
        number
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.chunks
            .get((number >> SHIFT) as usize)?
            .get((number & MASK) as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, number: u32) -> &T {
        &self.chunks[(number >> SHIFT) as usize][(number & MASK) as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, number: u32) -> &mut T {
        &mut self.chunks[(number >> SHIFT) as usize][(number & MASK) as usize]
    }
}

/// A column beside a slab: one value per number, absent chunks cost nothing.
#[derive(Clone, Debug)]
pub(crate) struct Column<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T: Clone + Default> Column<T> {
    /// The value of a number; the default one where none was set.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> T {
        self.chunks
            .get((number >> SHIFT) as usize)
            .and_then(|chunk| chunk.get((number & MASK) as usize))
            .cloned()
            .unwrap_or_default()
    }

    /// The place of the value of a number.
    #[inline]
    pub(crate) fn slot(&mut self, number: u32) -> &mut T {
        let (chunk, at) = ((number >> SHIFT) as usize, (number & MASK) as usize);
        if self.chunks.get(chunk).is_none_or(|chunk| chunk.len() <= at) {
            self.grow(chunk, at);
        }
        &mut self.chunks[chunk][at]
    }

    #[cold]
    fn grow(&mut self, chunk: usize, at: usize) {
        if self.chunks.len() <= chunk {
            self.chunks.resize_with(chunk + 1, Vec::new);
        }
        let values = &mut self.chunks[chunk];
        if chunk > 0 && values.capacity() == 0 {
            values.reserve_exact(CHUNK);
        }
        let room = if chunk > 0 {
            CHUNK
        } else {
            (at + 1).next_power_of_two()
        };
        values.resize(room, T::default());
    }

    /// How many numbers have a place, including those that were never set.
    pub(crate) fn len(&self) -> u32 {
        match self.chunks.last() {
            None => 0,
            Some(last) => (((self.chunks.len() - 1) << SHIFT) + last.len()) as u32,
        }
    }
}

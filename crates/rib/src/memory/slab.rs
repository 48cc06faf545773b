//! Arrays that grow by chunks: nothing is copied as they grow, and little is spare.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

use super::grown;

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

    #[inline]
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Column<T>(Slab<T>);

impl<T: Clone + Default> Column<T> {
    /// The value of a number; the default one where none was set.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> T {
        self.0.get(number).cloned().unwrap_or_default()
    }

    /// The place of the value of a number.
    #[inline]
    pub(crate) fn slot(&mut self, number: u32) -> &mut T {
        if self.0.get(number).is_none() {
            self.grow(number);
        }
        &mut self.0[number]
    }

    #[cold]
    fn grow(&mut self, number: u32) {
        let (chunk, at) = ((number >> SHIFT) as usize, (number & MASK) as usize);
        let values = grown(&mut self.0.chunks, chunk);
        let room = match chunk {
            0 => (at + 1).next_power_of_two(),
            _ => CHUNK,
        };
        values.reserve_exact(room - values.len());
        values.resize(room, T::default());
    }

    /// How many numbers have a place, including those that were never set.
    pub(crate) fn len(&self) -> u32 {
        self.0.len()
    }
}

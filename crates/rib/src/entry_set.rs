//! A set of entry numbers: one bit each where they are dense, little where they are not.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Words of one block.
const WORDS: usize = 8;
/// Numbers that one block covers.
const BLOCK: u32 = 64 * WORDS as u32;

/// Numbers of entries, in ascending order.
#[derive(Clone, Debug, Default)]
pub(crate) struct EntrySet {
    blocks: Vec<Option<Box<[u64; WORDS]>>>,
}

impl EntrySet {
    pub(crate) fn insert(&mut self, number: u32) {
        let block = (number / BLOCK) as usize;
        if self.blocks.len() <= block {
            self.blocks.resize_with(block + 1, || None);
        }
        let words = self.blocks[block].get_or_insert_default();
        words[(number % BLOCK / 64) as usize] |= 1 << (number % 64);
    }

    pub(crate) fn remove(&mut self, number: u32) {
        if let Some(slot) = self.blocks.get_mut((number / BLOCK) as usize)
            && let Some(words) = slot
        {
            words[(number % BLOCK / 64) as usize] &= !(1 << (number % 64));
            if words.iter().all(|word| *word == 0) {
                *slot = None;
            }
        }
    }

    /// The first number that is at least `from`.
    pub(crate) fn next(&self, from: u32) -> Option<u32> {
        let mut from = from;
        loop {
            let block = self.blocks.get((from / BLOCK) as usize)?;
            let Some(words) = block else {
                from = (from / BLOCK + 1) * BLOCK;
                continue;
            };
            let word = words[(from % BLOCK / 64) as usize] >> (from % 64);
            if word != 0 {
                return Some(from + word.trailing_zeros());
            }
            from = (from / 64 + 1) * 64;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        core::iter::successors(self.next(0), |number| self.next(number + 1))
    }

    /// Gives back what an emptied set holds.
    pub(crate) fn shrink(&mut self) {
        while self.blocks.last().is_some_and(Option::is_none) {
            self.blocks.pop();
        }
        self.blocks.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_set_of_what_was_inserted_and_not_removed(
            steps in prop::collection::vec((any::<bool>(), prop_oneof![0..200u32, 0..40_000u32]), 0..200)
        ) {
            let (mut set, mut model) = (EntrySet::default(), BTreeSet::new());
            for (insert, number) in steps {
                if insert {
                    set.insert(number);
                    model.insert(number);
                } else {
                    set.remove(number);
                    model.remove(&number);
                }
            }
            prop_assert!(set.iter().eq(model.iter().copied()));
            set.shrink();
            prop_assert!(set.iter().eq(model.iter().copied()));
        }
    }
}

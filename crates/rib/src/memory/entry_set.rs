//! A set of entry numbers: one bit each, and less where they are very dense or far apart.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::grown;

/// Words of one block.
const WORDS: usize = 8;
/// Numbers that one block covers.
const BLOCK: u32 = 64 * WORDS as u32;

#[derive(Clone, Debug, Default)]
enum Block {
    #[default]
    Empty,
    /// One bit for each number.
    Some(Box<[u64; WORDS]>),
    /// All numbers, as in a source of a full table.
    Full,
}

/// Numbers of entries, in ascending order.
#[derive(Clone, Debug, Default)]
pub(crate) struct EntrySet {
    blocks: Vec<Block>,
}

impl EntrySet {
    pub(crate) fn insert(&mut self, number: u32) {
        let block = grown(&mut self.blocks, (number / BLOCK) as usize);
        let words = match block {
            Block::Full => return,
            Block::Some(words) => words,
            Block::Empty => {
                *block = Block::Some(Box::default());
                return self.insert(number);
            }
        };
        let word = &mut words[(number % BLOCK / 64) as usize];
        *word |= 1 << (number % 64);
        if *word == u64::MAX && words.iter().all(|word| *word == u64::MAX) {
            *block = Block::Full;
        }
    }

    pub(crate) fn remove(&mut self, number: u32) {
        let Some(block) = self.blocks.get_mut((number / BLOCK) as usize) else {
            return;
        };
        if matches!(block, Block::Full) {
            *block = Block::Some(Box::new([u64::MAX; WORDS]));
        }
        if let Block::Some(words) = block {
            let word = &mut words[(number % BLOCK / 64) as usize];
            *word &= !(1 << (number % 64));
            if *word == 0 && words.iter().all(|word| *word == 0) {
                *block = Block::Empty;
            }
        }
    }

    /// The first number that is at least `from`.
    pub(crate) fn next(&self, from: u32) -> Option<u32> {
        let mut from = from;
        loop {
            let words = match self.blocks.get((from / BLOCK) as usize)? {
                Block::Full => return Some(from),
                Block::Some(words) => words,
                Block::Empty => {
                    from = (from / BLOCK + 1) * BLOCK;
                    continue;
                }
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
        while matches!(self.blocks.last(), Some(Block::Empty)) {
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
            steps in prop::collection::vec((any::<bool>(), prop_oneof![0..200u32, 0..40_000u32]), 0..200),
            full in prop_oneof![Just(0..0u32), Just(0..2 * BLOCK), Just(40..3 * BLOCK - 1)],
        ) {
            let (mut set, mut model) = (EntrySet::default(), BTreeSet::new());
            for number in full {
                set.insert(number);
                model.insert(number);
            }
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

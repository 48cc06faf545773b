//! What was wrong with an UPDATE, for whoever has to find out why (RFC 7606 section 6).

use std::fmt;

use routehub::types::Prefix;
use routehub_wire::{Action, Announced, Fault, UpdateView};

use super::Listed;

/// Prefixes that are kept of an UPDATE.
const PREFIXES: usize = 256;
/// Octets that are kept of an UPDATE, and of what is at fault in it.
const OCTETS: usize = 4096;
/// Octets that a line of text shows.
const SHOWN: usize = 32;

/// An UPDATE of which RFC 7606 took something away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedUpdate {
    /// What became of it: routes withdrawn, attributes discarded, or nothing.
    pub action: Action,
    /// The prefixes that it announces, the first 256.
    pub prefixes: Vec<Prefix>,
    /// How many prefixes it announces.
    pub announced: usize,
    /// All that is wrong with it.
    pub faults: Vec<FaultReport>,
    /// Its octets, the first 4,096.
    pub octets: Vec<u8>,
    /// How many octets it has.
    pub length: usize,
}

/// One thing that is wrong with an UPDATE, and the octets that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultReport {
    /// Attribute, place, reason and what follows.
    pub fault: Fault,
    /// The attribute, or what follows the place of the fault: the first 4,096 octets.
    pub octets: Vec<u8>,
}

impl MalformedUpdate {
    /// What is wrong with an UPDATE; none if nothing is.
    #[cold]
    pub(crate) fn of(update: &UpdateView<'_>) -> Self {
        let announced = update.announced().flat_map(|Announced { nlri, .. }| nlri);
        let announced = announced.chain(update.treated_as_withdrawn());
        let all: Vec<Prefix> = announced.map(|nlri| nlri.prefix).collect();
        let faults = update.faults().into_iter().map(|fault| FaultReport {
            octets: first(update.octets_at_fault(&fault), OCTETS).to_vec(),
            fault,
        });
        Self {
            action: update.action(),
            announced: all.len(),
            faults: faults.collect(),
            octets: first(update.message(), OCTETS).to_vec(),
            length: update.message().len(),
            prefixes: all.into_iter().take(PREFIXES).collect(),
        }
    }
}

fn first(octets: &[u8], most: usize) -> &[u8] {
    octets.get(..most).unwrap_or(octets)
}

impl fmt::Display for MalformedUpdate {
    /// What became of it, of which prefixes, and each fault with its first octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed UPDATE: {}", self.action)?;
        if self.announced > 0 {
            let prefixes = Listed(&self.prefixes, self.announced);
            write!(f, ", it announces {prefixes}")?;
        }
        for FaultReport { fault, octets } in &self.faults {
            write!(f, "; {fault}")?;
            if octets.is_empty() {
                continue;
            }
            f.write_str(": ")?;
            let shown = first(octets, SHOWN);
            shown
                .iter()
                .try_for_each(|octet| write!(f, "{octet:02x}"))?;
            if octets.len() > SHOWN {
                write!(f, "... ({} octets)", octets.len())?;
            }
        }
        Ok(())
    }
}

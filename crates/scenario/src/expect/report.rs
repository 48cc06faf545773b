//! What differs, and how much was looked at.

use std::fmt;

use super::pattern::Note;

/// What came of comparing at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// `initial`, or the id of an event.
    pub at: String,
    /// How many hard rows were looked at.
    pub hard: usize,
    /// How many soft rows were looked at.
    pub soft: usize,
    /// What differs, in the order of the file; a row that a complete table has too much is one.
    pub differences: Vec<Difference>,
}

/// A row that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The table and whose it is.
    pub table: String,
    /// The row that was expected, as the file writes it.
    pub expected: String,
    /// What is there instead.
    pub instead: Vec<String>,
    /// No failure.
    pub soft: bool,
    /// Free text of the file.
    pub why: Option<String>,
    /// The line in the file, from 1; 0 where there is no file.
    pub line: usize,
}

impl Difference {
    /// A difference of a row that counts like this.
    pub(crate) fn of(note: &Note) -> Self {
        Self {
            soft: note.soft,
            why: note.why.clone(),
            line: note.line,
            ..Self::default()
        }
    }
}

impl Report {
    pub(crate) fn new(at: &str) -> Self {
        Self {
            at: at.to_owned(),
            hard: 0,
            soft: 0,
            differences: Vec::new(),
        }
    }

    /// Counts a row, and keeps what differs if it does not hold.
    pub(crate) fn count(
        &mut self,
        note: &Note,
        holds: bool,
        difference: impl FnOnce() -> Difference,
    ) {
        if note.soft {
            self.soft += 1;
        } else {
            self.hard += 1;
        }
        if !holds {
            self.differences.push(difference());
        }
    }

    /// How many differences are a failure.
    pub fn failures(&self) -> usize {
        self.differences
            .iter()
            .filter(|difference| !difference.soft)
            .count()
    }
}

impl fmt::Display for Report {
    /// Every difference, a few lines each; nothing if there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Rows shown of what is there instead.
        const SHOWN: usize = 8;
        for difference in &self.differences {
            let soft = if difference.soft { " (soft)" } else { "" };
            write!(f, "{}, {}", self.at, difference.table)?;
            if difference.line > 0 {
                write!(f, ", line {}", difference.line)?;
            }
            writeln!(f, "{soft}:")?;
            writeln!(f, "  expected  {}", difference.expected)?;
            if difference.instead.is_empty() {
                writeln!(f, "  there is  nothing like it")?;
            }
            for row in difference.instead.iter().take(SHOWN) {
                writeln!(f, "  there is  {row}")?;
            }
            if difference.instead.len() > SHOWN {
                writeln!(f, "  and {} more", difference.instead.len() - SHOWN)?;
            }
            if let Some(why) = &difference.why {
                writeln!(f, "  why       {why}")?;
            }
        }
        Ok(())
    }
}

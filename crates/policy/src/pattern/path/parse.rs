//! Reading path expressions.

use alloc::vec::Vec;
use core::str::FromStr;

use routehub_types::Asn;

use super::{Atom, Item, MAX_ITEMS, PathExpr, Times};

/// Text that is not a path expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePathExprError {
    /// Something that is no ASN, no `.` and no list, or a range that ends before it begins.
    #[error("byte {offset} of the path expression: expected an AS number, '.', or a [list]")]
    Item {
        /// Where in the text, in bytes.
        offset: usize,
    },
    /// A list that is not closed, or empty.
    #[error("byte {offset} of the path expression: the list is empty or not closed")]
    List {
        /// Where the list begins, in bytes.
        offset: usize,
    },
    /// More items than one expression may have.
    #[error("the path expression has more than {MAX_ITEMS} items")]
    TooLong,
}

impl FromStr for PathExpr {
    type Err = ParsePathExprError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let base = text.len() - text.trim_start().len();
        let inner = trimmed.strip_prefix('^').unwrap_or(trimmed);
        let from_start = inner.len() < trimmed.len();
        let body = inner.strip_suffix('$').unwrap_or(inner);
        let to_end = body.len() < inner.len();
        let mut reader = Reader {
            rest: body,
            offset: base + usize::from(from_start),
        };
        let mut items = Vec::new();
        while let Some(item) = reader.item()? {
            if items.len() == MAX_ITEMS {
                return Err(ParsePathExprError::TooLong);
            }
            items.push(item);
        }
        Ok(Self {
            from_start,
            to_end,
            items,
        })
    }
}

/// What is left of the text, and where it stands in the whole.
struct Reader<'a> {
    rest: &'a str,
    offset: usize,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.offset += bytes;
    }

    fn take(&mut self, mark: char) -> bool {
        let taken = self.rest.starts_with(mark);
        if taken {
            self.skip(mark.len_utf8());
        }
        taken
    }

    fn spaces(&mut self) {
        self.skip(self.rest.len() - self.rest.trim_start().len());
    }

    /// The digits and dots of an ASN.
    fn word(&mut self) -> &'a str {
        let is_part = |c: char| c.is_ascii_digit() || c == '.';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default();
        self.skip(end);
        word
    }

    fn asn(&mut self) -> Result<Asn, ParsePathExprError> {
        let offset = self.offset;
        let word = self.word();
        word.parse()
            .map_err(|_| ParsePathExprError::Item { offset })
    }

    fn item(&mut self) -> Result<Option<Item>, ParsePathExprError> {
        self.spaces();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let offset = self.offset;
        let atom = if self.take('.') {
            Atom::Any
        } else if self.take('[') {
            self.list(offset)?
        } else {
            Atom::One(self.asn()?)
        };
        let times = match () {
            () if self.take('*') => Times::Any,
            () if self.take('+') => Times::AtLeastOnce,
            () if self.take('?') => Times::AtMostOnce,
            () => Times::Once,
        };
        Ok(Some(Item { atom, times }))
    }

    /// The rest of a list that began at `start`.
    fn list(&mut self, start: usize) -> Result<Atom, ParsePathExprError> {
        let not = self.take('^');
        let mut list = Vec::new();
        loop {
            self.spaces();
            if self.rest.is_empty() {
                return Err(ParsePathExprError::List { offset: start });
            }
            if self.take(']') {
                break;
            }
            let offset = self.offset;
            let first = self.asn()?;
            let last = if self.take('-') { self.asn()? } else { first };
            if last < first {
                return Err(ParsePathExprError::Item { offset });
            }
            list.push((first, last));
        }
        match (list.is_empty(), not) {
            (true, _) => Err(ParsePathExprError::List { offset: start }),
            (false, true) => Ok(Atom::NotOf(list)),
            (false, false) => Ok(Atom::Of(list)),
        }
    }
}

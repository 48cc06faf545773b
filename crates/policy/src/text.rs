//! Words that the text forms of conditions and actions share.

use core::fmt::{self, Display};
use core::ops::RangeInclusive;

use crate::SourceClass;

/// Writes what a list is, and its items with spaces between them; `(none)` if there are none.
pub(crate) fn listed<T: Display>(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    list: &[T],
) -> fmt::Result {
    f.write_str(what)?;
    if list.is_empty() {
        return f.write_str(" (none)");
    }
    let mut separator = " ";
    for item in list {
        write!(f, "{separator}{item}")?;
        separator = ", ";
    }
    Ok(())
}

/// Writes what lies in a range.
pub(crate) fn ranged(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    range: &RangeInclusive<u32>,
) -> fmt::Result {
    match (*range.start(), *range.end()) {
        (first, last) if first == last => write!(f, "{what} {first}"),
        (first, u32::MAX) => write!(f, "{what} at least {first}"),
        (0, last) => write!(f, "{what} at most {last}"),
        (first, last) => write!(f, "{what} {first} to {last}"),
    }
}

impl Display for SourceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

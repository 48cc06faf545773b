//! Text forms: what those of conditions and actions share, and serde by way of them.

use core::fmt::{self, Display};
use core::ops::RangeInclusive;

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

#[cfg(feature = "serde")]
mod serde_text {
    use alloc::string::String;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use crate::{CommunityPattern, PathExpr};

    /// Serializes a type as its text form and reads it back from text.
    macro_rules! as_text {
        ($($type:ty),+) => {$(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = String::deserialize(deserializer)?;
                    text.parse().map_err(D::Error::custom)
                }
            }
        )+};
    }

    as_text!(CommunityPattern, PathExpr);
}

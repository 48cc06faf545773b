//! How many prefixes a piece of a file stands for, before they are counted out.

use crate::syntax::node::{Node, Value};

/// The prefixes of all routes in a value, as far as their number can be right.
pub(crate) fn prefix_count(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => total(items.iter().map(prefix_count)),
        Value::Map(entries) => {
            total(
                entries
                    .iter()
                    .map(|entry| match (entry.key.as_str(), &entry.value.value) {
                        ("prefix", _) => 1,
                        ("prefixes", Value::List(items)) => items.len(),
                        ("prefixes_from", _) => run_length(&entry.value),
                        _ => prefix_count(&entry.value),
                    }),
            )
        }
        _ => 0,
    }
}

/// The length of a run; one that is too long is refused when it is read.
fn run_length(run: &Node) -> usize {
    match run.field("count").map(|count| &count.value) {
        Some(Value::Integer(count @ 0..=1_000_000)) => usize::try_from(*count).unwrap_or_default(),
        _ => 0,
    }
}

fn total(counts: impl Iterator<Item = usize>) -> usize {
    counts.fold(0, usize::saturating_add)
}

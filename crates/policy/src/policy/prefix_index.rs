//! Which of many prefix conditions hold for a prefix, without looking at each.
//!
//! Every condition is turned into entries at nodes: a node is a prefix, an entry says "rule so
//! and so, if the route is inside this node and of such a length". Nodes are sorted, and each
//! knows the nearest node around it. Of all nodes that contain a route, the innermost is the
//! route's predecessor in that order or one that surrounds the predecessor: every prefix that
//! contains the route and sorts before the predecessor contains the predecessor too. So a lookup
//! is one binary search and a walk outwards, which passes at most one node for each length.

use alloc::vec::Vec;

use routehub_types::Prefix;

use crate::PrefixMatch;

/// An index from prefixes to numbered rules.
#[derive(Debug, Default)]
pub(crate) struct PrefixIndex {
    /// The nodes of IPv4, as numbers of the same order: what lookups search is close together.
    ipv4: Vec<u64>,
    /// All nodes, IPv4 first.
    nodes: Vec<Node>,
    entries: Vec<Entry>,
}

/// A node that a prefix was found in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeAt(u32);

#[derive(Debug)]
struct Node {
    prefix: Prefix,
    /// The nearest node that contains this one.
    around: Option<u32>,
    /// Its entries: from here to where those of the next node begin.
    first_entry: u32,
}

/// A rule that a route fits by its prefix, if its length is in range. Sorted by rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    rule: u32,
    min: u8,
    max: u8,
}

impl PrefixIndex {
    /// The index of conditions, each with the number of its rule.
    pub(crate) fn new<'a>(conditions: impl IntoIterator<Item = (u32, &'a PrefixMatch)>) -> Self {
        let mut all = Vec::new();
        for (rule, condition) in conditions {
            entries_of(rule, condition, &mut all);
        }
        all.sort_unstable();
        all.dedup();
        let mut index = Self {
            entries: Vec::with_capacity(all.len()),
            ..Self::default()
        };
        for (prefix, entry) in all {
            if index.nodes.last().is_none_or(|node| node.prefix != prefix) {
                let around = index.innermost(index.nodes.len(), prefix);
                let first_entry = index.entries.len() as u32;
                index.ipv4.extend(ipv4_key(prefix));
                index.nodes.push(Node {
                    prefix,
                    around,
                    first_entry,
                });
            }
            index.entries.push(entry);
        }
        index
    }

    /// The innermost node that contains a prefix.
    pub(crate) fn locate(&self, route: Prefix) -> Option<NodeAt> {
        let before = match ipv4_key(route) {
            Some(key) => self.ipv4.partition_point(|start| *start <= key),
            None => self.nodes.partition_point(|node| node.prefix <= route),
        };
        self.innermost(before, route).map(NodeAt)
    }

    /// The first rule not before `from` that fits a prefix of this length in that node.
    pub(crate) fn first_from(&self, from: u32, node: Option<NodeAt>, length: u8) -> Option<u32> {
        let mut at = node.map(|node| node.0);
        let mut first = None;
        while let Some(node) = at {
            let fits = |entry: &&Entry| entry.min <= length && length <= entry.max;
            let entries = self.entries_at(node);
            let start = entries.partition_point(|entry| entry.rule < from);
            let here = entries.get(start..).unwrap_or_default().iter().find(fits);
            first = match (first, here) {
                (Some(rule), Some(entry)) => Some(entry.rule.min(rule)),
                (first, here) => first.or(here.map(|entry| entry.rule)),
            };
            at = self.nodes.get(node as usize).and_then(|node| node.around);
        }
        first
    }

    /// Whether any rule fits the prefix.
    pub(crate) fn holds(&self, route: Prefix) -> bool {
        let found = self.first_from(0, self.locate(route), route.length());
        found.is_some()
    }

    /// The innermost node that contains a prefix which sorts behind the first `before` nodes.
    fn innermost(&self, before: usize, route: Prefix) -> Option<u32> {
        let mut at = before.checked_sub(1).map(|last| last as u32);
        while let Some(node) = at.and_then(|at| self.nodes.get(at as usize)) {
            if node.prefix.contains(route) {
                return at;
            }
            at = node.around;
        }
        None
    }

    fn entries_at(&self, node: u32) -> &[Entry] {
        let start = |node: usize| self.nodes.get(node).map(|node| node.first_entry as usize);
        let from = start(node as usize).unwrap_or(self.entries.len());
        let to = start(node as usize + 1).unwrap_or(self.entries.len());
        self.entries.get(from..to).unwrap_or_default()
    }
}

/// A number for each IPv4 prefix, in the order of prefixes.
fn ipv4_key(prefix: Prefix) -> Option<u64> {
    match prefix {
        Prefix::V4(prefix) => {
            Some(u64::from(prefix.address().to_bits()) << 8 | u64::from(prefix.length()))
        }
        Prefix::V6(_) => None,
    }
}

/// Puts the entries of one condition into `all`.
fn entries_of(rule: u32, condition: &PrefixMatch, all: &mut Vec<(Prefix, Entry)>) {
    let mut put = |prefix: Prefix, min: u8, max: u8| all.push((prefix, Entry { rule, min, max }));
    match *condition {
        PrefixMatch::Exact(prefix) => put(prefix, prefix.length(), prefix.length()),
        PrefixMatch::Within { prefix, min, max } => put(prefix, min, max),
        PrefixMatch::Covers(prefix) => {
            let lengths = 0..=prefix.length();
            let around = lengths.filter_map(|length| prefix.supernet(length));
            around.for_each(|prefix| put(prefix, prefix.length(), prefix.length()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    /// All rules that fit, in order.
    fn rules(index: &PrefixIndex, route: &str) -> Vec<u32> {
        let route = prefix(route);
        let node = index.locate(route);
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(rule) = index.first_from(from, node, route.length()) {
            found.push(rule);
            from = rule + 1;
        }
        assert_eq!(index.holds(route), !found.is_empty());
        found
    }

    #[test]
    fn nested_nodes_all_count_and_come_in_the_order_of_rules() {
        let conditions = [
            PrefixMatch::Exact(prefix("10.1.0.0/16")),
            PrefixMatch::or_longer(prefix("10.0.0.0/8")),
            PrefixMatch::or_longer(prefix("10.1.0.0/16")),
            PrefixMatch::length(routehub_types::Family::Ipv4, 17, 24),
            PrefixMatch::Covers(prefix("10.1.2.0/24")),
            PrefixMatch::or_longer(prefix("11.0.0.0/8")),
        ];
        let index = PrefixIndex::new((0..).zip(&conditions));
        assert_eq!(rules(&index, "10.1.0.0/16"), [0, 1, 2, 4]);
        assert_eq!(rules(&index, "10.1.2.0/24"), [1, 2, 3, 4]);
        assert_eq!(rules(&index, "10.1.2.128/25"), [1, 2]);
        assert_eq!(rules(&index, "10.9.0.0/16"), [1]);
        assert_eq!(rules(&index, "0.0.0.0/0"), [4]);
        assert_eq!(rules(&index, "172.16.0.0/20"), [3]);
        assert!(rules(&index, "::/0").is_empty());
    }

    #[test]
    fn a_neighbour_that_sorts_between_does_not_hide_what_surrounds_both() {
        let conditions = ["10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/24"]
            .map(|text| PrefixMatch::or_longer(prefix(text)));
        let index = PrefixIndex::new((0..).zip(&conditions));
        assert_eq!(rules(&index, "10.200.0.0/16"), [0]);
        assert_eq!(rules(&index, "10.0.7.0/24"), [0, 1]);
    }

    #[test]
    fn an_empty_index_fits_nothing() {
        assert!(!PrefixIndex::default().holds(prefix("0.0.0.0/0")));
    }
}

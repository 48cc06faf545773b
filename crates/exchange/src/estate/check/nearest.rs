//! The name that was probably meant.

/// The candidate nearest to `name`, if one is near enough to be what was meant.
pub fn nearest_name<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two names; letter case and the kind of dash do not count as one.
fn distance(one: &str, other: &str) -> usize {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    strsim::damerau_levenshtein(&plain(one), &plain(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["prefix", "prefixes", "next_hop", "asn"];

    #[test]
    fn a_slip_is_recognised() {
        assert_eq!(nearest_name("prefx", KEYS), Some("prefix"));
        assert_eq!(nearest_name("Next-Hop", KEYS), Some("next_hop"));
        assert_eq!(nearest_name("ans", KEYS), Some("asn"));
    }

    #[test]
    fn something_else_is_not() {
        assert_eq!(nearest_name("colour", KEYS), None);
        assert_eq!(nearest_name("", KEYS), None);
    }
}

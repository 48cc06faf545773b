//! Examples out of a network file: what stands between two comments.

use std::collections::BTreeMap;

/// How a line begins below which the example of an object stands, up to the next such line.
const MARK: &str = "#= ";

/// The example of each object, by its name, as far left as it goes.
pub(crate) fn of(text: &str) -> BTreeMap<String, String> {
    let mut examples: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    for line in text.lines() {
        if let Some(marked) = line.trim_start().strip_prefix(MARK) {
            names = marked.split(", ").filter(|name| *name != "-").collect();
            continue;
        }
        for name in &names {
            examples.entry((*name).to_owned()).or_default().push(line);
        }
    }
    let examples = examples.into_iter();
    examples
        .map(|(name, lines)| (name, shifted(&lines)))
        .collect()
}

/// Lines without the blanks that all of them begin with.
fn shifted(lines: &[&str]) -> String {
    let blanks = |line: &&str| line.len() - line.trim_start().len();
    let least = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(blanks);
    let least = least.min().unwrap_or(0);
    let shifted = lines
        .iter()
        .map(|line| line.get(least..).unwrap_or_default());
    shifted.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

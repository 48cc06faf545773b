//! Aligned columns.

use std::fmt::Write as _;

/// Writes a table: a title, a header and rows, columns as wide as their longest cell.
pub(crate) fn table(out: &mut String, title: &str, header: &[&str], rows: &[Vec<String>]) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n{title}");
    if rows.is_empty() {
        let _ = writeln!(out, "  (none)");
        return;
    }
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let cells = rows.iter().filter_map(|row| row.get(n));
            let longest = cells.map(|cell| cell.chars().count()).max();
            longest.unwrap_or_default().max(name.len())
        })
        .collect();
    let names: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    for row in [&names, &rule].into_iter().chain(rows) {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        let _ = writeln!(out, "  {}", line.join("  ").trim_end());
    }
}

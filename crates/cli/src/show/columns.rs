//! Aligned columns.

use std::fmt::Write as _;

use super::wrap::wrapped;

/// The least width of a column that is made narrower.
const NARROW: usize = 12;
/// What stands before a row, and between columns.
const MARGIN: usize = 2;

/// Writes a table: a title, a header and rows, columns as wide as their longest cell, or cells with
/// several lines where all are wider than the terminal.
pub(crate) fn table(
    out: &mut String,
    title: &str,
    header: &[&str],
    rows: &[Vec<String>],
    width: Option<usize>,
) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n{title}");
    if rows.is_empty() {
        let _ = writeln!(out, "  (none)");
        return;
    }
    let mut widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let cells = rows.iter().filter_map(|row| row.get(n));
            let longest = cells.map(|cell| cell.chars().count()).max();
            longest.unwrap_or_default().max(name.len())
        })
        .collect();
    if let Some(width) = width {
        narrow(&mut widths, width);
    }
    let names: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    for cells in [&names, &rule].into_iter().chain(rows) {
        row(out, cells, &widths);
    }
}

/// Makes the widest columns narrower until all fit.
fn narrow(widths: &mut [usize], width: usize) {
    let between = MARGIN * widths.len();
    while widths.iter().sum::<usize>() + between > width {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROW => *widest -= 1,
            _ => return,
        }
    }
}

/// Writes a row, with as many lines as its longest cell.
fn row(out: &mut String, cells: &[String], widths: &[usize]) {
    let cells = cells.iter().zip(widths);
    let cells: Vec<(Vec<String>, usize)> = cells
        .map(|(cell, width)| (wrapped(cell, *width), *width))
        .collect();
    let lines = cells.iter().map(|(lines, _)| lines.len()).max();
    for number in 0..lines.unwrap_or_default() {
        let parts = cells.iter().map(|(lines, width)| {
            let part = lines.get(number).map_or("", String::as_str);
            format!("{part:<width$}")
        });
        let line: Vec<String> = parts.collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {}", line.join("  ").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn a_wide_table_fits_the_terminal_and_a_narrow_one_stays() {
        let rows = vec![vec![
            "a".to_owned(),
            "10.0.0.0/8, 10.1.0.0/16, 10.2.0.0/16".to_owned(),
        ]];
        let mut wide = String::new();
        table(&mut wide, "T", &["Name", "Prefixes"], &rows, Some(30));
        assert_eq!(
            wide,
            "\nT\n  Name  Prefixes\n  ----  ----------------------\n  \
             a     10.0.0.0/8,\n        10.1.0.0/16,\n        10.2.0.0/16\n"
        );
        let mut plain = String::new();
        table(&mut plain, "T", &["Name", "Prefixes"], &rows, None);
        assert!(plain.ends_with("a     10.0.0.0/8, 10.1.0.0/16, 10.2.0.0/16\n"));
    }
}

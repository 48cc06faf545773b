//! Lines that are not wider than a terminal.

/// Cuts a text into lines of at most `width` characters, at blanks where there are some, else behind
/// a comma, a dash or a colon, else anywhere.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > width {
        let (head, after) = (&rest[..width], rest.get(width));
        let blank = match after {
            Some(' ') => Some(width),
            _ => head.iter().rposition(|c| *c == ' ').filter(|at| *at > 0),
        };
        let mark = head
            .iter()
            .rposition(|c| matches!(c, ',' | '-' | ':' | '/'));
        let end = blank.unwrap_or_else(|| mark.map_or(width, |at| at + 1));
        let next = rest.split_off(end);
        let line: String = rest.into_iter().collect();
        lines.push(line.trim_end().to_owned());
        rest = next.into_iter().skip_while(|c| *c == ' ').collect();
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest.into_iter().collect());
    }
    lines
}

/// A list of names, shortened with its count: `a, b and 7 more`.
pub(crate) fn shortened<T: ToString>(names: impl IntoIterator<Item = T>, width: usize) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    let all = names.join(", ");
    if all.chars().count() <= width {
        return all;
    }
    let mut text = String::new();
    let mut shown = 0;
    for name in &names {
        let longer = text.chars().count() + 2 + name.chars().count();
        // There is always one, and room for what is left.
        if shown > 0 && longer + " and 999 more".len() > width {
            break;
        }
        if shown > 0 {
            text.push_str(", ");
        }
        text.push_str(name);
        shown += 1;
    }
    match names.len() - shown {
        0 => text,
        left => format!("{text} and {left} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::{shortened, wrapped};

    #[test]
    fn lines_end_at_blanks_or_marks_and_nothing_is_lost() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("10.0.4.4,10.0.4.5", 12), ["10.0.4.4,", "10.0.4.5"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(wrapped(" x", 1), ["", "x"]);
    }

    #[test]
    fn long_lists_have_their_count() {
        assert_eq!(shortened(["a", "b"], 20), "a, b");
        let many: Vec<String> = (0..100).map(|n| format!("vm{n}")).collect();
        assert_eq!(shortened(&many, 25), "vm0, vm1 and 98 more");
        assert_eq!(
            shortened(["a very long name", "b"], 4),
            "a very long name and 1 more"
        );
    }
}

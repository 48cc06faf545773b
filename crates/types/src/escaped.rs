//! Text of files and peers on its way to a terminal or a log.

use core::fmt::{self, Display, Write as _};

/// Text in which nothing can drive a terminal, begin another line of a log, or change the order in
/// which it is read: control and bidirectional characters are written as escapes.
///
/// ```
/// use routehub_types::Escaped;
///
/// assert_eq!(Escaped::line("nva\u{1b}[2J\n").to_string(), r"nva\u{1b}[2J\n");
/// assert_eq!(Escaped::lines("two\nlines\u{7}").to_string(), "two\nlines\\u{7}");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<T> {
    text: T,
    keeps_lines: bool,
}

impl<T> Escaped<T> {
    /// Text that stays on one line.
    pub const fn line(text: T) -> Self {
        Self {
            text,
            keeps_lines: false,
        }
    }

    /// Text that may have several lines, and tabs in them.
    pub const fn lines(text: T) -> Self {
        Self {
            text,
            keeps_lines: true,
        }
    }
}

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keeps_lines = self.keeps_lines;
        write!(Escaping { f, keeps_lines }, "{}", self.text)
    }
}

/// Escapes what is written.
struct Escaping<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    keeps_lines: bool,
}

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let keeps_lines = self.keeps_lines;
        let is_plain = |c: char| match c {
            '\n' | '\t' => keeps_lines,
            c => is_seen(c),
        };
        let mut left = text;
        while let Some(at) = left.find(|c| !is_plain(c)) {
            let (plain, rest) = left.split_at(at);
            self.f.write_str(plain)?;
            let mut chars = rest.chars();
            if let Some(c) = chars.next() {
                write!(self.f, "{}", c.escape_default())?;
            }
            left = chars.as_str();
        }
        self.f.write_str(left)
    }
}

/// Whether a character can be seen and leaves the others as they are: neither a control character
/// nor a mark of direction.
///
/// ```
/// use routehub_types::is_seen;
///
/// assert!(is_seen('ä') && is_seen(' '));
/// assert!(!is_seen('\u{9b}') && !is_seen('\u{202e}') && !is_seen('\n'));
/// ```
pub const fn is_seen(c: char) -> bool {
    // Control characters are U+0000 to U+001F and U+007F to U+009F.
    !matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}') && !is_invisible(c)
}

/// Whether a character is none that is seen: marks of the direction of text, separators of lines
/// and paragraphs, what has no width.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn what_can_be_seen_stays_and_the_rest_is_escaped() {
        for plain in ["nva1", "größe 7", "a\\b", "日本"] {
            assert_eq!(Escaped::line(plain).to_string(), plain);
        }
        for (text, escaped) in [
            ("\u{9b}31m", r"\u{9b}31m"),
            ("a\u{202e}b", r"a\u{202e}b"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{7f}", r"\u{7f}"),
            ("", ""),
        ] {
            assert_eq!(Escaped::line(text).to_string(), escaped);
        }
        assert_eq!(Escaped::lines("a\tb\r\n").to_string(), "a\tb\\r\n");
    }
}

//! The text of a file: byte offsets to lines and columns, and how a place in it is shown.

use std::fmt;

use routehub::check::nearest_name;
use routehub::types::Escaped;

/// A piece of the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where it begins.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

/// A text with its lines.
pub(crate) struct Text<'a> {
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            lines: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// All of it.
    pub(crate) const fn source(&self) -> &'a str {
        self.text
    }

    /// What stands in a span.
    pub(crate) fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The line, from 1, of a byte offset.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|&start| start <= offset).max(1)
    }

    /// The byte offset of a line and column, both from 1.
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let Some(&start) = self.lines.get(line.saturating_sub(1)) else {
            return self.text.len();
        };
        let rest = self.text.get(start..).unwrap_or_default();
        let mut chars = rest.char_indices().skip(column.saturating_sub(1));
        chars.next().map_or(self.text.len(), |(at, _)| start + at)
    }

    /// A span as its line shows it; a span of several lines is underlined on its first.
    pub(crate) fn show(&self, span: Span) -> Excerpt {
        /// Characters shown before and after the beginning of a span in a long line.
        const REACH: usize = 100;
        let line = self.line(span.start);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..span.start.min(self.text.len()));
        let before = before.unwrap_or_default().trim_start_matches('\u{feff}');
        let chars_before = before.chars().count();
        let indent = chars_before.min(REACH);
        let rest = first_line(self.text.get(span.start..).unwrap_or_default());
        let marked = first_line(self.slice(span)).trim_end();
        let shown = before.chars().skip(chars_before - indent);
        let text: String = shown.chain(rest.chars().take(REACH)).collect();
        Excerpt {
            line,
            column: chars_before + 1,
            text: masked(&text, self.is_secret(line)),
            indent,
            length: marked.chars().take(REACH).count().max(1),
        }
    }
}

impl Text<'_> {
    /// Whether a line is the value of a password that stands on the line before.
    fn is_secret(&self, line: usize) -> bool {
        let before = line.checked_sub(2).and_then(|line| self.lines.get(line));
        let before = before.and_then(|start| self.text.get(*start..));
        let before = first_line(before.unwrap_or_default()).trim_end();
        let opens = before.trim_end_matches([' ', '|', '>', '-', '+']);
        opens.strip_suffix(':').is_some_and(|key| {
            let key = key.trim_end().trim_end_matches(['"', '\'']);
            let name = key.rsplit(|c: char| !is_of_key(c)).next();
            name.is_some_and(is_password)
        })
    }
}

/// Whether a key is that of a password, or was meant to be.
fn is_password(key: &str) -> bool {
    let other_words = ["pass", "passwd", "passphrase", "pwd", "secret", "key"];
    other_words.contains(&key) || nearest_name(key, ["password"]).is_some()
}

const fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A line in which passwords are not shown: the values of keys of that name, to the end of the line
/// unless more keys stand on it.
fn masked(line: &str, whole: bool) -> String {
    if whole {
        return line
            .chars()
            .map(|c| if c.is_whitespace() { c } else { '*' })
            .collect();
    }
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(colon) = rest.find(':') {
        let (before, value) = rest.split_at(colon + 1);
        let name = before[..colon].trim_end().trim_end_matches(['"', '\'']);
        let name = name.rsplit(|c: char| !is_of_key(c)).next();
        shown.push_str(before);
        rest = value;
        if name.is_some_and(is_password) {
            let end = end_of_value(value, line.contains('{'));
            let (secret, behind) = value.split_at(end);
            shown.extend(
                secret
                    .chars()
                    .map(|c| if c.is_whitespace() { c } else { '*' }),
            );
            rest = behind;
        }
    }
    shown + rest
}

/// Where the value at the beginning of a text ends; `flows` says that braces may end it.
fn end_of_value(text: &str, flows: bool) -> usize {
    let start = text.len() - text.trim_start().len();
    let value = &text[start..];
    let length = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].find(quote).map(|end| end + 2),
        _ if flows => value.find([',', '}', ']']),
        _ => None,
    };
    start + length.unwrap_or(value.len())
}

fn first_line(text: &str) -> &str {
    text.split(['\n', '\r']).next().unwrap_or_default()
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The line's text; a long line is cut around the place.
    pub text: String,
    /// How many characters of `text` stand before the place.
    pub indent: usize,
    /// How many characters to underline, at least one.
    pub length: usize,
}

impl Excerpt {
    pub(super) fn render(&self, f: &mut fmt::Formatter<'_>, file: &str) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        // Tabs stay tabs, so that the underline stands beneath what it means.
        let chars = self.text.chars().take(self.indent);
        let blank: String = chars.map(|c| if c == '\t' { c } else { ' ' }).collect();
        let file = Escaped::line(file);
        writeln!(f, "{margin}--> {file}:{}:{}", self.line, self.column)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", Escaped::lines(&self.text))?;
        writeln!(f, "{margin} | {blank}{}", "^".repeat(self.length))
    }
}

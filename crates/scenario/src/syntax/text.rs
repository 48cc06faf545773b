//! The text of a file: byte offsets to lines and columns, and how a place in it is shown.

use std::fmt;

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
        Excerpt {
            line,
            column: chars_before + 1,
            text: shown.chain(rest.chars().take(REACH)).collect(),
            indent,
            length: marked.chars().take(REACH).count().max(1),
        }
    }
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
        writeln!(f, "{margin}--> {file}:{}:{}", self.line, self.column)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", self.text)?;
        writeln!(f, "{margin} | {blank}{}", "^".repeat(self.length))
    }
}

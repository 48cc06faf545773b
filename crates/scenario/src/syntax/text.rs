//! The text of a file: byte offsets to lines and columns.

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

/// A line as diagnostics show it.
pub(crate) struct Shown {
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The line, cut where it is long.
    pub(crate) excerpt: String,
    /// How many characters of the excerpt stand before the span.
    pub(crate) indent: usize,
    /// How many characters to underline, at least one.
    pub(crate) length: usize,
}

impl<'a> Text<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            lines: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// What stands in a span.
    pub(crate) fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The line and column, both from 1, of a byte offset; columns count characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        let before = self.before(line, offset);
        (line, before.chars().count() + 1)
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

    /// The text of a line up to an offset in it, without a byte order mark.
    fn before(&self, line: usize, offset: usize) -> &'a str {
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..offset.min(self.text.len()));
        before.unwrap_or_default().trim_start_matches('\u{feff}')
    }

    /// A span as its line shows it; a span of several lines is underlined on its first.
    pub(crate) fn show(&self, span: Span) -> Shown {
        /// Characters shown before and after the beginning of a span in a long line.
        const REACH: usize = 100;
        let (line, column) = self.position(span.start);
        let before = self.before(line, span.start);
        let rest = self.text.get(span.start..).unwrap_or_default();
        let rest = rest.split(['\n', '\r']).next().unwrap_or_default();
        let mut chars = before.chars().rev().take(REACH).collect::<Vec<_>>();
        chars.reverse();
        let indent = chars.len();
        let marked = self
            .slice(span)
            .split(['\n', '\r'])
            .next()
            .unwrap_or_default();
        chars.extend(rest.chars().take(REACH));
        Shown {
            line,
            column,
            indent,
            length: marked.trim_end().chars().take(REACH).count().max(1),
            excerpt: chars.into_iter().collect(),
        }
    }
}

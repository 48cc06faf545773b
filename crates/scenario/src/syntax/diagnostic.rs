//! What is wrong with a file, and where.

use std::fmt;

use crate::syntax::text::{Span, Text};

/// A mistake in a network file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in a sentence.
    pub message: String,
    /// Where.
    pub at: Excerpt,
    /// What was probably meant, or what is allowed.
    pub help: Option<String>,
    /// The other place that is concerned, such as the first use of a name.
    pub related: Option<(String, Excerpt)>,
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
    pub(crate) fn new(text: &Text<'_>, span: Span) -> Self {
        let shown = text.show(span);
        Self {
            line: shown.line,
            column: shown.column,
            text: shown.excerpt,
            indent: shown.indent,
            length: shown.length,
        }
    }

    fn render(&self, f: &mut fmt::Formatter<'_>, file: &str) -> fmt::Result {
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

impl Diagnostic {
    /// The diagnostic as text of several lines, for a file of that name.
    pub fn render<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        Rendered {
            diagnostic: self,
            file,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.at.line, self.at.column, self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

impl std::error::Error for Diagnostic {}

struct Rendered<'a> {
    diagnostic: &'a Diagnostic,
    file: &'a str,
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = self.diagnostic;
        writeln!(f, "error: {}", one.message)?;
        one.at.render(f, self.file)?;
        if let Some((what, excerpt)) = &one.related {
            writeln!(f, "{what}:")?;
            excerpt.render(f, self.file)?;
        }
        one.help
            .iter()
            .try_for_each(|help| writeln!(f, "  = {help}"))
    }
}

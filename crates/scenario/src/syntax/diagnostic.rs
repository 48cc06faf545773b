//! What is wrong with a file, and where: a fault on the way from the text to data, before it has a
//! line, and the diagnostic that it becomes.

use std::fmt;
use std::ops::Deref;

use routehub::check::nearest_name;
use routehub::types::Escaped;
use serde::de;

use super::text::{Excerpt, Span, Text};

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

impl Diagnostic {
    /// The diagnostic as text of several lines, for a file of that name.
    pub fn render<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        Rendered {
            diagnostic: self,
            file,
        }
    }
}

/// A diagnostic as text of several lines, and the name of the file it is about.
struct Rendered<'a> {
    diagnostic: &'a Diagnostic,
    file: &'a str,
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { diagnostic, file } = self;
        writeln!(f, "error: {}", Escaped::line(&diagnostic.message))?;
        diagnostic.at.render(f, file)?;
        if let Some((what, excerpt)) = &diagnostic.related {
            writeln!(f, "{}:", Escaped::line(what))?;
            excerpt.render(f, file)?;
        }
        let mut help = diagnostic.help.iter();
        help.try_for_each(|help| writeln!(f, "  = {}", Escaped::line(help)))
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Excerpt { line, column, .. } = self.at;
        write!(f, "{line}:{column}: {}", Escaped::line(&self.message))?;
        let mut help = self.help.iter();
        help.try_for_each(|help| write!(f, "; {}", Escaped::line(help)))
    }
}

impl std::error::Error for Diagnostic {}

/// Everything that is wrong with a text, in its order; never empty. A slice in all but name.
#[derive(Clone, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Deref for Diagnostics {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.0
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Diagnostics {
    /// Writes a line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.iter().enumerate();
        all.into_iter().try_for_each(|(n, diagnostic)| {
            f.write_str(if n == 0 { "" } else { "\n" })?;
            diagnostic.fmt(f)
        })
    }
}

impl fmt::Debug for Diagnostics {
    /// The same: it is what a program prints whose `main` ends in this error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Diagnostics {}

/// A mistake and the piece of text it is about, as far as that is known yet.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message())]
pub(crate) struct Fault(Box<Detail>);

#[derive(Debug)]
struct Detail {
    /// The text at fault.
    span: Option<Span>,
    what: What,
    /// The keys that lead to the value at fault, innermost first.
    keys: Vec<&'static str>,
    /// The object at fault: `NVA nva1`.
    object: Option<String>,
    related: Option<(String, Span)>,
}

#[derive(Debug)]
enum What {
    UnknownKey {
        key: String,
        known: Vec<&'static str>,
        /// Keys whose objects have such a key.
        elsewhere: Vec<String>,
    },
    UnknownValue {
        value: String,
        known: &'static [&'static str],
    },
    MissingKey(&'static str),
    Other(String),
}

impl What {
    fn unknown_key(key: &str, known: Vec<&'static str>) -> Self {
        Self::UnknownKey {
            key: key.to_owned(),
            known,
            elsewhere: Vec::new(),
        }
    }
}

impl Fault {
    fn of(what: What) -> Self {
        Self(Box::new(Detail {
            span: None,
            what,
            keys: Vec::new(),
            object: None,
            related: None,
        }))
    }

    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self::of(What::Other(message.into())).within(span)
    }

    pub(crate) fn unknown_key(span: Span, key: &str, known: Vec<&'static str>) -> Self {
        Self::of(What::unknown_key(key, known)).within(span)
    }

    /// If a key is unknown: objects under these keys have such a key.
    pub(crate) fn known_under(mut self, keys: Vec<String>) -> Self {
        if let What::UnknownKey { elsewhere, .. } = &mut self.0.what {
            *elsewhere = keys;
        }
        self
    }

    /// The diagnostics of faults, in the order of the text.
    pub(crate) fn diagnostics(mut faults: Vec<Self>, text: &Text<'_>) -> Diagnostics {
        faults.sort_by_key(Self::start);
        let details = faults.into_iter().map(|fault| *fault.0);
        Diagnostics(details.map(|detail| detail.diagnostic(text)).collect())
    }

    /// If a key of this very mapping is unknown: it could also have these.
    pub(crate) fn also_known(mut self, keys: &[&'static str]) -> Self {
        let detail = &mut *self.0;
        match &mut detail.what {
            What::UnknownKey { known, .. } if detail.keys.is_empty() && detail.object.is_none() => {
                known.extend(keys);
            }
            _ => {}
        }
        self
    }

    /// Where the text at fault begins.
    pub(crate) fn start(&self) -> usize {
        self.0.span.unwrap_or_default().start
    }

    /// Whether the text at fault is known, and begins within another.
    pub(crate) fn is_within(&self, span: Span) -> bool {
        let within = |own: Span| (span.start..span.end).contains(&own.start);
        self.0.span.is_some_and(within)
    }

    /// A key is missing, not one too many or a value wrong.
    pub(crate) const fn is_missing_key(&self) -> bool {
        matches!(self.0.what, What::MissingKey(_))
    }

    /// With the other place that is concerned.
    pub(crate) fn related(mut self, what: impl Into<String>, span: Span) -> Self {
        self.0.related = Some((what.into(), span));
        self
    }

    /// The text at fault, unless it is known more exactly.
    pub(crate) fn within(mut self, span: Span) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    /// The fault is in the value of a key.
    pub(crate) fn under(mut self, key: &'static str) -> Self {
        self.0.keys.push(key);
        self
    }

    /// The fault is in an object. A key that is unknown or missing belongs to the innermost one,
    /// a value is told by the outermost.
    pub(crate) fn in_object(mut self, object: String) -> Self {
        let detail = &mut self.0;
        let is_about_key = matches!(detail.what, What::UnknownKey { .. } | What::MissingKey(_));
        if detail.keys.is_empty() || !is_about_key {
            detail.object = Some(object);
        }
        self
    }
}

impl Detail {
    fn diagnostic(self, text: &Text<'_>) -> Diagnostic {
        Diagnostic {
            message: self.message(),
            at: text.show(self.span.unwrap_or_default()),
            help: self.help(),
            related: self.related.map(|(what, span)| (what, text.show(span))),
        }
    }

    fn message(&self) -> String {
        match (&self.what, &self.object) {
            (What::UnknownKey { key, .. }, Some(object)) => {
                format!("unknown key `{key}` in {object}")
            }
            (What::UnknownKey { key, .. }, None) => format!("unknown key `{key}`"),
            (What::MissingKey(key), Some(object)) => format!("{object} lacks the key `{key}`"),
            (What::MissingKey(key), None) => format!("the key `{key}` is missing"),
            (What::UnknownValue { value, .. }, _) => {
                self.placed(&format!("`{value}` is not known here"))
            }
            (What::Other(message), _) => self.placed(message),
        }
    }

    fn placed(&self, message: &str) -> String {
        let mut text = String::new();
        if let Some(object) = &self.object {
            text = format!("{object}: ");
        }
        if !self.keys.is_empty() {
            let keys: Vec<&str> = self.keys.iter().rev().copied().collect();
            text = format!("{text}`{}`: ", keys.join("."));
        }
        text + message
    }

    fn help(&self) -> Option<String> {
        match &self.what {
            What::UnknownKey {
                key,
                known,
                elsewhere,
            } => Some(match nearest_name(key, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if !elsewhere.is_empty() => {
                    format!("`{key}` is a key of what is under {}", elsewhere.join(", "))
                }
                None => format!("known keys: {}", known.join(", ")),
            }),
            What::UnknownValue { value, known } => {
                let near = nearest_name(value, known.iter().copied());
                let near = near.map(|near| format!("did you mean `{near}`? "));
                let near = near.unwrap_or_default();
                Some(format!("{near}allowed: {}", known.join(", ")))
            }
            What::MissingKey(_) | What::Other(_) => None,
        }
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(What::Other(message.to_string()))
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::of(What::unknown_key(key, known.to_vec()))
    }

    fn unknown_variant(value: &str, known: &'static [&'static str]) -> Self {
        let value = value.to_owned();
        Self::of(What::UnknownValue { value, known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::of(What::MissingKey(key))
    }
}

//! Where answers go: the standard output, in colour and as wide as the terminal if it is one.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, Write};

use routehub_types::Escaped;
use serde::Serialize;

use crate::failure::Failure;

/// The colours of terminals that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A heading.
    Bold,
    /// What is of less weight.
    Faint,
    /// An error.
    Red,
    /// A warning.
    Yellow,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Faint => "2",
            Self::Red => "1;31",
            Self::Yellow => "33",
        }
    }
}

/// What an answer is written to. An error of writing is kept until [`Output::close`].
pub struct Output {
    target: Target,
    is_begun: bool,
    error: Option<io::Error>,
    width: Option<usize>,
    has_colour: bool,
}

enum Target {
    Process(BufWriter<io::Stdout>),
    Kept(Vec<u8>),
}

impl Output {
    /// The standard output: colour only on a terminal, and not if `NO_COLOR` is set.
    pub fn of_process() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let columns = || console::Term::stdout().size_checked();
        Self {
            target: Target::Process(BufWriter::new(io::stdout())),
            is_begun: false,
            error: None,
            width: columns()
                .filter(|_| is_terminal)
                .map(|(_, columns)| columns.into()),
            has_colour: is_terminal && !no_colour && !is_dumb,
        }
    }

    /// One that keeps the text.
    pub fn kept() -> Self {
        Self {
            target: Target::Kept(Vec::new()),
            is_begun: false,
            error: None,
            width: None,
            has_colour: false,
        }
    }

    /// What was kept.
    pub fn into_text(self) -> String {
        match self.target {
            Target::Process(_) => String::new(),
            Target::Kept(text) => String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// As wide as the terminal; none if it is no terminal, where lines are as long as they are.
    pub const fn width(&self) -> Option<usize> {
        self.width
    }

    /// Lines for people: names in them cannot drive a terminal.
    pub fn text(&mut self, text: impl Display) {
        let text = Escaped::lines(text).to_string();
        self.data(&text);
    }

    /// Text in a style, if there are colours; no line ends in it.
    pub fn styled(&mut self, style: Style, text: impl Display) {
        let text = Escaped::line(text);
        match self.has_colour {
            true => self.data(&format!("\u{1b}[{}m{text}\u{1b}[0m", style.code())),
            false => self.data(&text.to_string()),
        }
    }

    /// Text for programs, as it is.
    pub fn data(&mut self, text: &str) {
        // The error is kept.
        let _ = self.write_all(text.as_bytes());
    }

    /// An answer as text, or as JSON if that is asked for.
    ///
    /// # Errors
    /// [`Failure`] if there is no JSON for it.
    pub fn answer(
        &mut self,
        json: bool,
        data: &impl Serialize,
        text: impl Display,
    ) -> Result<(), Failure> {
        if !json {
            self.text(text);
            return Ok(());
        }
        let pretty = routehub_scenario::json::to_string_pretty(data);
        let pretty = pretty.map_err(|error| Failure::bad_input(error.to_string()))?;
        self.data(&pretty);
        self.data("\n");
        Ok(())
    }

    /// Writes what is left; a reader who has gone away, as `head` does, is no error.
    ///
    /// # Errors
    /// The first error of writing.
    pub fn close(mut self) -> io::Result<()> {
        // The error is kept.
        let _ = self.flush();
        match self.error {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Keeps the first error; nothing is written after it.
    fn keep<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            self.error.get_or_insert(error);
            kind.into()
        })
    }

    fn check(&self) -> io::Result<()> {
        match &self.error {
            Some(error) => Err(error.kind().into()),
            None => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.is_begun = true;
        let written = match &mut self.target {
            Target::Process(out) => out.write(octets),
            Target::Kept(text) => text.write(octets),
        };
        self.keep(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.check()?;
        let flushed = match &mut self.target {
            // Where nothing was written nothing is touched: a log that nobody reads may hold the
            // standard output for good.
            Target::Process(out) if self.is_begun => out.flush(),
            _ => Ok(()),
        };
        self.keep(flushed)
    }
}

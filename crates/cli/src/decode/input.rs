//! Lines that hold a message: hexadecimal digits, or JSON with what was negotiated.

use anyhow::{Context as _, Error, Result, bail, ensure};
use routehub_wire::Context;
use serde::Deserialize;
use serde_json::Value;

use super::examination::Examination;
use super::session::{CaseSession, ExaminedState};

/// A message and what it is decoded for.
pub(crate) struct Message {
    /// The caller's name for it.
    pub(crate) id: Value,
    /// Where it comes from, of an MRT file.
    pub(crate) source: Option<Value>,
    /// The octets from the marker on.
    pub(crate) bytes: Vec<u8>,
    /// What was negotiated.
    pub(crate) context: Context,
    /// The session that it is given to, where the line names a state.
    pub(crate) examination: Option<Examination>,
}

/// A line in JSON.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    message_hex: String,
    state: Option<String>,
    #[serde(default)]
    session: CaseSession,
}

/// The message of a line.
///
/// # Errors
/// Text that is neither hexadecimal nor a JSON object with a message.
pub(crate) fn message(line: &str) -> Result<Message> {
    if line.starts_with('{') {
        let line: Line = serde_json::from_str(line).context("not a JSON object with a message")?;
        return Ok(Message {
            bytes: octets(&line.message_hex).context("message_hex")?,
            context: line.session.context(),
            examination: line
                .state
                .map(|state| examination(&line.session, &state))
                .transpose()?,
            id: line.id,
            source: None,
        });
    }
    Ok(Message {
        id: Value::Null,
        source: None,
        bytes: octets(line)?,
        context: CaseSession::default().context(),
        examination: None,
    })
}

/// The receiver of a line's session, brought to a state.
fn examination(session: &CaseSession, state: &str) -> Result<Examination> {
    let state: ExaminedState = state.parse().map_err(Error::msg)?;
    Ok(Examination::of(session, state)?)
}

/// Octets from hexadecimal digits; blanks and colons between them are of no meaning.
fn octets(text: &str) -> Result<Vec<u8>> {
    let mut digits = Vec::new();
    for (at, c) in text.char_indices() {
        match c.to_digit(16) {
            Some(digit) => digits.push(digit as u8),
            None if c.is_ascii_whitespace() || c == ':' => {}
            None => bail!("character {}: {c:?} is no hexadecimal digit", at + 1),
        }
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    ensure!(rest.is_empty(), "an odd number of hexadecimal digits");
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

//! JSON that may be shown: in its texts nothing can drive a terminal, or change the order in which
//! they are read. Such characters are written as `\u009b`, which programs read as what they are.

use std::io;

use routehub::types::is_seen;
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// Writes a value on one line.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn to_string(value: &(impl Serialize + ?Sized)) -> serde_json::Result<String> {
    let mut octets = Vec::new();
    to_writer(&mut octets, value)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

/// Writes a value on one line to this.
///
/// # Errors
/// The value cannot be written as JSON, or not be written there.
pub fn to_writer(
    out: &mut (impl io::Write + ?Sized),
    value: &(impl Serialize + ?Sized),
) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Line))
}

/// Writes a value on several lines, for people to read.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn to_string_pretty(value: &(impl Serialize + ?Sized)) -> serde_json::Result<String> {
    let mut octets = Vec::new();
    let lines = Lines(PrettyFormatter::new());
    value.serialize(&mut Serializer::with_formatter(&mut octets, lines))?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

/// Writes values on several lines, part by part.
pub fn pretty_serializer<W: io::Write>(out: W) -> Serializer<W, impl Formatter> {
    Serializer::with_formatter(out, Lines(PrettyFormatter::new()))
}

/// Writes a part of a text that JSON itself has nothing to escape in.
fn escape<W: io::Write + ?Sized>(out: &mut W, part: &str) -> io::Result<()> {
    let mut left = part;
    while let Some(at) = left.find(|c| !is_seen(c)) {
        let (plain, rest) = left.split_at(at);
        out.write_all(plain.as_bytes())?;
        let mut chars = rest.chars();
        if let Some(c) = chars.next() {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        left = chars.as_str();
    }
    out.write_all(left.as_bytes())
}

/// Everything on one line.
struct Line;

impl Formatter for Line {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        part: &str,
    ) -> io::Result<()> {
        escape(out, part)
    }
}

/// Everything on a line of its own.
struct Lines(PrettyFormatter<'static>);

/// Methods that are those of the formatter inside.
macro_rules! inside {
    ($($method:ident($($name:ident: $type:ty)?);)*) => {$(
        fn $method<W: io::Write + ?Sized>(
            &mut self,
            out: &mut W,
            $($name: $type,)?
        ) -> io::Result<()> {
            self.0.$method(out $(, $name)?)
        }
    )*};
}

impl Formatter for Lines {
    inside! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        part: &str,
    ) -> io::Result<()> {
        escape(out, part)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_drives_a_terminal_is_escaped_and_read_back_as_it_was() {
        let value = json!({
            "a\u{9b}31m": ["\u{202e}x\u{2066}", "größe", "日本", "\u{7f}\u{1b}\n\"\\"],
            "empty": [{}, []],
        });
        for text in [to_string(&value), to_string_pretty(&value)] {
            let text = text.expect("JSON");
            assert!(text.chars().all(|c| c == '\n' || is_seen(c)), "{text}");
            assert!(
                text.contains(r"a\u009b31m") && text.contains(r"\u202ex\u2066"),
                "{text}"
            );
            assert!(text.contains("größe") && text.contains("日本"), "{text}");
            let back: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(back, value);
        }
        let plain = json!({"a": [1, true, null, {"b": "c"}]});
        assert_eq!(to_string(&plain).ok(), serde_json::to_string(&plain).ok());
        assert_eq!(
            to_string_pretty(&plain).ok(),
            serde_json::to_string_pretty(&plain).ok()
        );
    }
}

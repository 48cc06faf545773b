//! JSON as clients send it: templates come with remarks, and with keys that have no quotes.

use serde_json::Value;

use super::message::ArmError;

/// How deep values may lie in each other.
const DEPTH: usize = 64;

/// Reads the body of a request.
///
/// # Errors
/// [`ArmError`] if it is no JSON, also without remarks and with quotes around keys.
pub(super) fn read(body: &[u8]) -> Result<Value, ArmError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    let invalid = |why: String| {
        let message =
            format!("The request content was invalid and could not be deserialized: {why}.");
        ArmError::bad("InvalidRequestContent", message)
    };
    let text = std::str::from_utf8(body).map_err(|error| invalid(error.to_string()))?;
    let strict = serde_json::from_str(text);
    let value = strict.or_else(|error| {
        serde_json::from_str::<Value>(&strictly(text)).map_err(|_| invalid(error.to_string()))
    })?;
    match depth(&value) {
        deep if deep > DEPTH => Err(invalid(format!(
            "it is {deep} levels deep, {DEPTH} at most"
        ))),
        _ => Ok(value),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// The text without remarks, and with quotes around words that a colon follows.
fn strictly(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' => string_length(rest),
            '/' if rest.starts_with("//") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
                continue;
            }
            c if c.is_ascii_alphabetic() || c == '_' || c == '$' => {
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let is_key = rest[length..].trim_start().starts_with(':');
                if is_key {
                    out.push('"');
                    out.push_str(&rest[..length]);
                    out.push('"');
                    rest = &rest[length..];
                    continue;
                }
                length
            }
            c => c.len_utf8(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// The octets of the string that a text begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_template_is_read_as_az_sends_it() {
        let body = br#"{"properties": {"mode": "Incremental", template:{
            // what it makes
            "resources": [], /* no more */ "url": "https://x//y\"z"}}}"#;
        let value = read(body).unwrap();
        assert_eq!(value["properties"]["template"]["url"], r#"https://x//y"z"#);
        assert_eq!(read(b" \n").unwrap(), Value::Null);
        assert_eq!(
            read(br#"{"a": [true, null]}"#).unwrap(),
            json!({"a": [true, null]})
        );
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        for body in [
            "{",
            "x:",
            "\"",
            "{a b}",
            "/*",
            "{\"a\": \"\\",
            deep.as_str(),
        ] {
            let error = read(body.as_bytes()).unwrap_err();
            assert_eq!((error.status, error.code), (400, "InvalidRequestContent"));
        }
        assert_eq!(read(b"\xff").unwrap_err().status, 400);
    }
}

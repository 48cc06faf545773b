//! The text of a document: JSON as tools print it into files, with what they print around it.

use serde_json::Value;

/// A text that is not JSON.
#[derive(Debug, thiserror::Error)]
#[error("{name} is not JSON: {error}")]
pub struct TextError {
    /// What the text is called.
    pub name: String,
    /// What is wrong, and where.
    #[source]
    pub error: serde_json::Error,
}

/// Reads JSON: a byte order mark, also one of UTF-16 that was cut to octets, its NULs, and lines of remarks that
/// begin with `#` do not count.
///
/// # Errors
/// [`TextError`] if the rest is not JSON.
pub(crate) fn read(name: &str, text: &str) -> Result<Value, TextError> {
    let text: String = text
        .trim_start_matches(['\u{feff}', '\u{fffd}'])
        .chars()
        .filter(|c| *c != '\0')
        .collect();
    // A remark becomes an empty line, so that places in errors are those of the file.
    let lines = text.lines().map(|line| {
        let is_remark = line.trim_start().starts_with('#');
        if is_remark { "" } else { line }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    serde_json::from_str(&text).map_err(|error| TextError {
        name: name.to_owned(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_print_around_json_does_not_count() {
        let text = "\u{feff}# az network vnet list\r\n[\r\n# two\r\n1,\0 2]\r\n";
        let value = read("x.json", text).unwrap();
        assert_eq!(value, serde_json::json!([1, 2]));
    }

    #[test]
    fn an_error_names_the_text_and_the_line() {
        let error = read("vnets.json", "# remark\n[1,\n}").unwrap_err();
        assert!(error.to_string().starts_with("vnets.json"), "{error}");
        assert!(error.to_string().contains("line 3"), "{error}");
    }
}

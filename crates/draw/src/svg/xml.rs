//! XML text, with everything escaped that a name may hold.

/// XML as it is written.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// An element with text in it.
    pub(super) fn element(&mut self, name: &str, attributes: &str, text: &str) {
        let blank = if attributes.is_empty() { "" } else { " " };
        self.0.push_str(&format!("<{name}{blank}{attributes}>"));
        self.0.extend(text.chars().map(escaped));
        self.0.push_str(&format!("</{name}>\n"));
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}

/// A character as it may stand in a text; what XML does not allow at all is a replacement
/// character.
fn escaped(character: char) -> String {
    match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '\n' | '\t' => character.to_string(),
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
            char::REPLACEMENT_CHARACTER.to_string()
        }
        // They would turn the text around them.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER.to_string()
        }
        _ => character.to_string(),
    }
}

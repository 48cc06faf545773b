//! How much room a text takes, whatever font draws it, and how a long one is shortened.

/// How wide the printable ASCII characters of DejaVu Sans are, in hundredths of the font's size:
/// among the fonts that the picture asks for it is the widest.
const REGULAR: [u16; 95] = [
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75,
    79, 61, 79, 70, 64, 62, 74, 69, 99, 69, 62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36,
    64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/// The same of its bold face.
const BOLD: [u16; 95] = [
    35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70,
    70, 70, 70, 40, 40, 84, 84, 84, 59, 100, 78, 77, 74, 84, 69, 69, 83, 84, 38, 38, 78, 64, 100,
    84, 86, 74, 86, 78, 73, 69, 82, 78, 111, 78, 73, 73, 46, 37, 46, 84, 50, 50, 68, 72, 60, 72,
    68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60, 48, 72, 66, 93, 65, 66, 59, 72,
    37, 72, 84,
];

/// What any other character takes.
const OTHER: u16 = 112;

/// A face and size of the picture's font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Font {
    /// The size in pixels.
    pub(crate) size: i32,
    /// Whether it is bold.
    pub(crate) bold: bool,
}

impl Font {
    /// Of the title.
    pub(crate) const TITLE: Self = Self::new(20, true);
    /// Of names.
    pub(crate) const NAME: Self = Self::new(13, true);
    /// Of what is said of an object below its name, and of the legend.
    pub(crate) const DETAIL: Self = Self::new(11, false);
    /// Of the names of NICs.
    pub(crate) const SMALL: Self = Self::new(10, false);

    const fn new(size: i32, bold: bool) -> Self {
        Self { size, bold }
    }

    /// How wide a text is at most, in pixels.
    pub(crate) fn width(self, text: &str) -> i32 {
        text_width(text, self.size, self.bold)
    }

    /// The text if it is no wider than so much; else its beginning and its end, where names differ.
    pub(crate) fn shortened(self, text: &str, width: i32) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let characters: Vec<char> = text.chars().collect();
        // No character is narrower than two pixels.
        let most = usize::try_from(width / 2).unwrap_or_default() + 1;
        let mut kept = characters.len().min(most);
        loop {
            kept = kept.saturating_sub(1);
            let (front, back) = (kept.div_ceil(2), kept / 2);
            let start: String = characters.iter().take(front).collect();
            let end: String = characters[characters.len() - back..].iter().collect();
            let short = format!("{start}…{end}");
            if kept == 0 || self.width(&short) <= width {
                return short;
            }
        }
    }

    /// The text in lines that are no wider than so much, broken at blanks; a long word is
    /// shortened, and what is left after so many lines too.
    pub(crate) fn wrapped(self, text: &str, width: i32, lines: usize) -> Vec<String> {
        let mut wrapped: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let is_full = wrapped.len() >= lines;
            match wrapped.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                Some(line) if is_full => {
                    line.push_str(" …");
                    *line = self.shortened(line, width);
                    break;
                }
                _ => wrapped.push(self.shortened(word, width)),
            }
        }
        wrapped
    }
}

/// How wide a text is at most in a sans-serif font of this size, in pixels.
pub fn text_width(text: &str, size: i32, bold: bool) -> i32 {
    let table = if bold { &BOLD } else { &REGULAR };
    let widths = text.chars().map(|character| {
        let place = u32::from(character).checked_sub(32);
        let known = place.and_then(|place| table.get(place as usize));
        i32::from(known.copied().unwrap_or(OTHER))
    });
    let hundredths: i32 = widths.sum();
    (hundredths * size + 99) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        let font = Font::NAME;
        assert_eq!(font.shortened("hub", 100), "hub");
        let short = font.shortened("vnet-production-westeurope-017", 120);
        assert!(
            short.starts_with("vnet-p") && short.ends_with("017"),
            "{short}"
        );
        assert!(font.width(&short) <= 120);
        assert_eq!(font.shortened("abc", 1), "…");
    }

    #[test]
    fn a_text_is_broken_at_blanks_and_ends_with_dots_where_lines_end() {
        let font = Font::DETAIL;
        let lines = font.wrapped("a hub with two appliances and a spoke", 100, 2);
        assert_eq!(lines.len(), 2);
        assert!(
            lines.iter().all(|line| font.width(line) <= 100),
            "{lines:?}"
        );
        assert!(lines[1].contains('…'), "{lines:?}");
        assert_eq!(font.wrapped("", 100, 2), [""; 0]);
    }
}

//! Texts and how large the boxes around them are.

use crate::geometry::{GRID, Point, Rect, up};
use crate::scene::{Node, Scene};
use crate::text::Font;

/// The widest text of a box.
const WIDEST: i32 = 190;
/// The room between a text and the edge of its box.
const PAD: i32 = 8;

/// A line of text at its place.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// The middle of a centred text, else its beginning; the baseline.
    pub(crate) at: Point,
    pub(crate) text: String,
    pub(crate) font: Font,
    pub(crate) centered: bool,
}

impl Word {
    /// The room that it takes.
    pub(crate) fn rect(&self) -> Rect {
        let width = self.font.width(&self.text);
        let x = if self.centered {
            self.at.x - width / 2
        } else {
            self.at.x
        };
        let size = self.font.size;
        Rect::new(x, self.at.y - size, width, size + size / 3)
    }
}

/// Lines of text, one below the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words(pub(crate) Vec<Word>);

impl Words {
    /// Lines that begin below a point.
    pub(crate) fn at(point: Point, texts: &[(String, Font)]) -> Self {
        Self::lines(point, texts, false)
    }

    /// Lines in the middle of a box.
    pub(crate) fn centered(rect: Rect, texts: &[(String, Font)]) -> Self {
        let height: i32 = texts.iter().map(|(_, font)| line_height(*font)).sum();
        let top = rect.y + (rect.height - height) / 2;
        let x = rect.center().x;
        Self::lines(Point { x, y: top }, texts, true)
    }

    fn lines(point: Point, texts: &[(String, Font)], centered: bool) -> Self {
        let mut y = point.y;
        let words = texts.iter().map(|(text, font)| {
            let top = y;
            y += line_height(*font);
            Word {
                at: Point {
                    x: point.x,
                    y: top + font.size + 1,
                },
                text: text.clone(),
                font: *font,
                centered,
            }
        });
        Self(words.collect())
    }

    /// The title of a picture and the line below it.
    pub(crate) fn title(scene: &Scene, width: i32) -> Self {
        let mut words = Self::default();
        let mut y = 20;
        for (text, font) in [(&scene.title, Font::TITLE), (&scene.about, Font::NAME)] {
            let lines = font.wrapped(text, width, 3).into_iter();
            let lines: Vec<_> = lines.map(|line| (line, font)).collect();
            let x = super::MARGIN;
            words.0.extend(Self::at(Point { x, y }, &lines).0);
            y += size(&lines).1 + 6;
        }
        words
    }

    /// How high all lines are.
    pub(crate) fn height(&self) -> i32 {
        self.0.iter().map(|word| line_height(word.font)).sum()
    }

    /// The room of each line.
    pub(crate) fn rects(&self) -> impl Iterator<Item = Rect> + '_ {
        self.0.iter().map(Word::rect)
    }
}

/// How high a line of text is.
const fn line_height(font: Font) -> i32 {
    font.size + font.size / 3
}

/// What a box says: its name, and what is said below.
pub(super) fn said(node: &Node) -> Vec<(String, Font)> {
    let name = (Font::NAME.shortened(&node.name, WIDEST), Font::NAME);
    let details = node.details.iter().filter(|text| !text.is_empty());
    let details = details.map(|text| (Font::DETAIL.shortened(text, WIDEST), Font::DETAIL));
    std::iter::once(name).chain(details).collect()
}

/// The size of a text, without a border.
pub(super) fn size(texts: &[(String, Font)]) -> (i32, i32) {
    let widths = texts.iter().map(|(text, font)| font.width(text));
    let heights = texts.iter().map(|(_, font)| line_height(*font));
    (widths.max().unwrap_or_default(), heights.sum())
}

/// The size of the box of a node that has nothing inside.
pub(super) fn box_size(node: &Node) -> (i32, i32) {
    let (width, height) = size(&said(node));
    // Of even columns: its middle lies on the grid.
    let width = up((width + 2 * PAD).max(90));
    let width = if width % (2 * GRID) == 0 {
        width
    } else {
        width + GRID
    };
    (width, up(height + PAD))
}

/// The size of a NIC's box.
pub(super) fn pill_size(text: &str) -> (i32, i32) {
    (up(Font::SMALL.width(text) + 2 * PAD).max(40), 20)
}

/// A NIC's name as it fits in its box.
pub(super) fn pill_text(name: &str) -> String {
    Font::SMALL.shortened(name, 130)
}

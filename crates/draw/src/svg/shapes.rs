//! Boxes, texts and lines as elements.

use std::fmt::Write as _;

use super::xml::Xml;
use crate::geometry::{Point, Rect};
use crate::layout::Words;
use crate::text::Font;

/// How round the corners of lines are.
const ROUND: i32 = 5;

/// A box with round corners.
pub(super) fn rect(xml: &mut Xml, rect: Rect, round: i32) {
    let Rect {
        x,
        y,
        width,
        height,
    } = rect;
    let round = round.min(height / 2);
    xml.raw(&format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>\n"
    ));
}

/// Texts at their places.
pub(super) fn words(xml: &mut Xml, words: &Words) {
    for word in &words.0 {
        let size = match word.font {
            Font::TITLE => "title",
            Font::NAME => "name",
            Font::DETAIL => "detail",
            _ => "small",
        };
        let centered = if word.centered { " centered" } else { "" };
        let class = format!("{size}{centered}");
        let Point { x, y } = word.at;
        let attributes = format!("class=\"{class}\" x=\"{x}\" y=\"{y}\"");
        xml.element("text", &attributes, &word.text);
    }
}

/// A line with round corners.
pub(super) fn path(xml: &mut Xml, corners: &[Point], class: &str, more: &str, tip: &str) {
    let mut d = String::new();
    for (number, at) in corners.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| corners.get(before));
        let next = corners.get(number + 1);
        let (Some(before), Some(next)) = (before, next) else {
            let letter = if number == 0 { 'M' } else { 'L' };
            let _ = write!(d, "{letter}{} {}", at.x, at.y);
            continue;
        };
        let toward = |other: &Point| Point {
            x: at.x + (other.x - at.x).signum() * ROUND,
            y: at.y + (other.y - at.y).signum() * ROUND,
        };
        let (from, to) = (toward(before), toward(next));
        let _ = write!(
            d,
            "L{} {}Q{} {} {} {}",
            from.x, from.y, at.x, at.y, to.x, to.y
        );
    }
    xml.raw(&format!("<path class=\"{class}\" d=\"{d}\"{more}>"));
    xml.element("title", "", tip);
    xml.raw("</path>\n");
}

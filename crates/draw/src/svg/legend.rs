//! What the lines of a picture mean: those that are in it.

use super::shapes::words;
use super::xml::Xml;
use crate::geometry::Point;
use crate::layout::{Layout, Words};
use crate::scene::{Announced, JoinKind, Scene};
use crate::text::Font;

/// How long the sample of a line is.
const SAMPLE: i32 = 34;
/// How high a row is.
const ROW: i32 = 22;
/// The room at the edge.
const MARGIN: i32 = 30;

/// Samples of lines with their meaning, in rows.
#[derive(Debug)]
pub(super) struct Legend {
    /// Class, meaning, and where the sample begins, counted from the first row.
    samples: Vec<(&'static str, String, Point)>,
    rows: i32,
}

impl Legend {
    pub(super) fn of(scene: &Scene, layout: &Layout) -> Self {
        let mut legend = Self {
            samples: Vec::new(),
            rows: 1,
        };
        let mut x = MARGIN;
        for (class, meaning) in meanings(scene) {
            let meaning = Font::DETAIL.shortened(&meaning, layout.width - 2 * MARGIN - SAMPLE - 8);
            let width = SAMPLE + 8 + Font::DETAIL.width(&meaning);
            if x > MARGIN && x + width > layout.width - MARGIN {
                x = MARGIN;
                legend.rows += 1;
            }
            let y = (legend.rows - 1) * ROW;
            legend.samples.push((class, meaning, Point { x, y }));
            x += width + 24;
        }
        legend
    }

    /// How high it is with the room around it.
    pub(super) fn height(&self) -> i32 {
        match self.samples.len() {
            0 => MARGIN,
            _ => MARGIN + self.rows * ROW + 14,
        }
    }

    pub(super) fn draw(&self, xml: &mut Xml, layout: &Layout) {
        xml.raw("<g class=\"legend\">\n");
        for (class, meaning, at) in &self.samples {
            let y = layout.height + MARGIN + at.y;
            let right = at.x + SAMPLE;
            xml.raw(&format!(
                "<path class=\"line {class}\" d=\"M{} {}L{right} {}\"/>\n",
                at.x,
                y + 6,
                y + 6
            ));
            let corner = Point {
                x: right + 8,
                y: y - 2,
            };
            let text = [(meaning.clone(), Font::DETAIL)];
            words(xml, &Words::at(corner, &text));
        }
        xml.raw("</g>\n");
    }
}

/// The classes of lines that are in the picture, and what they mean.
fn meanings(scene: &Scene) -> Vec<(&'static str, String)> {
    let has = |kind: JoinKind| {
        let mut joins = scene.joins.iter();
        joins.any(|join| join.kind == kind && !join.down && join.announced == [None; 2])
    };
    let mut meanings: Vec<(&'static str, String)> = Vec::new();
    let kinds = [
        (JoinKind::Session, "session", "BGP session"),
        (JoinKind::Connection, "connection", "connection"),
        (
            JoinKind::Transit,
            "transit",
            "peering, the spoke uses the hub's gateways",
        ),
        (JoinKind::Plain, "plain", "peering without gateway transit"),
        (JoinKind::Backend, "backend", "backend of a load balancer"),
    ];
    for (kind, class, meaning) in kinds {
        if has(kind) {
            meanings.push((class, meaning.to_owned()));
        }
    }
    if let Some(prefix) = &scene.prefix {
        let announced = |what: Announced| {
            let mut joins = scene.joins.iter();
            joins.any(|join| join.announced.iter().flatten().max() == Some(&what))
        };
        if announced(Announced::Used) {
            meanings.push(("used", format!("{prefix} is announced, and used")));
        }
        if announced(Announced::Heard) {
            meanings.push(("heard", format!("{prefix} is announced, and not used")));
        }
    }
    if !scene.legs.is_empty() {
        meanings.push(("leg", "steps of the packet".to_owned()));
    }
    if scene.has_down() {
        meanings.push(("down", "down".to_owned()));
    }
    meanings
}

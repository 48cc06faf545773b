//! Where everything stands: boxes and texts first, then lines around them.

mod boxes;
mod columns;
mod lines;
mod network;
mod outside;

use crate::geometry::{GRID, Point, Rect, up};
use crate::scene::{Kind, NodeId, Scene};
use crate::text::Font;

pub(crate) use boxes::Words;
pub(crate) use lines::Drawn;

/// The room around everything.
const MARGIN: i32 = 30;
/// The least width of a picture.
const LEAST_WIDTH: i32 = 620;

/// A frame around the networks of a region.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) rect: Rect,
    pub(crate) label: Words,
}

/// A node at its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) rect: Rect,
    /// Its texts.
    pub(crate) words: Words,
}

/// A picture with all places known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) width: i32,
    /// Where the lowest box ends.
    pub(crate) height: i32,
    pub(crate) title: Words,
    pub(crate) frames: Vec<Frame>,
    /// By the places of the nodes; none: it is told of in the box of its network.
    pub(crate) nodes: Vec<Option<Placed>>,
    pub(crate) drawn: Drawn,
}

impl Layout {
    /// Finds a place for everything.
    pub(crate) fn of(scene: &Scene) -> Self {
        let mut layout = Self {
            nodes: vec![None; scene.nodes.len()],
            ..Self::default()
        };
        let mut columns = columns::Columns::of(scene);
        let inner = columns.width.max(LEAST_WIDTH - 2 * MARGIN);
        layout.title = Words::title(scene, inner);
        let top = up(MARGIN + layout.title.height() + 26);
        let outside = outside::Outside::of(scene, &columns, inner);
        let shift = MARGIN + (inner.max(outside.width) - columns.width) / 2 / GRID * GRID;
        let below = outside.place(&mut layout, top, shift);
        columns.place(&mut layout, below, shift);
        let rights = layout.rects().map(Rect::right);
        layout.width = rights.max().unwrap_or_default().max(MARGIN + inner) + MARGIN;
        let bottoms = layout.rects().map(Rect::bottom);
        layout.height = bottoms.max().unwrap_or(top);
        layout.drawn = lines::drawn(scene, &layout);
        layout
    }

    /// The box of a node.
    pub(crate) fn rect(&self, id: NodeId) -> Option<Rect> {
        Some(self.nodes[id.0].as_ref()?.rect)
    }

    /// The box of a node, or of the network that tells of it.
    fn rect_or_place(&self, scene: &Scene, id: NodeId) -> Option<Rect> {
        self.rect(id).or_else(|| self.rect(scene.place(id)))
    }

    fn rects(&self) -> impl Iterator<Item = Rect> {
        let nodes = self.nodes.iter().flatten().map(|placed| placed.rect);
        nodes.chain(self.frames.iter().map(|frame| frame.rect))
    }

    /// What no line may cross.
    fn obstacles(&self, scene: &Scene) -> Vec<Rect> {
        let mut rects: Vec<Rect> = self.title.rects().collect();
        for (placed, node) in self.nodes.iter().zip(&scene.nodes) {
            let Some(placed) = placed else { continue };
            match node.kind {
                // Lines may end inside a network, but not on its name.
                Kind::Vnet => rects.extend(placed.words.rects()),
                _ => rects.push(placed.rect),
            }
        }
        rects.extend(self.frames.iter().flat_map(|frame| frame.label.rects()));
        rects
    }
}

/// The text below a point, left-aligned.
fn at(point: Point, texts: &[(String, Font)]) -> Words {
    Words::at(point, texts)
}

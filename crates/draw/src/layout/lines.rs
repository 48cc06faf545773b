//! Every line of a picture, around the boxes.

use std::collections::BTreeMap;

use super::Layout;
use crate::geometry::Point;
use crate::router::{Router, Wanted};
use crate::scene::{JoinKind, Kind, NodeId, Scene};

/// A join with its corners.
#[derive(Clone, Debug)]
pub(crate) struct DrawnJoin {
    /// Its place among the joins of the scene.
    pub(crate) join: usize,
    pub(crate) corners: Vec<Point>,
}

/// A step of a packet with its corners.
#[derive(Clone, Debug)]
pub(crate) struct DrawnLeg {
    /// Its place among the legs of the scene.
    pub(crate) leg: usize,
    pub(crate) corners: Vec<Point>,
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawn {
    pub(crate) joins: Vec<DrawnJoin>,
    pub(crate) legs: Vec<DrawnLeg>,
}

/// Draws every line: short ones first, then those that leave a network, then steps of packets.
pub(super) fn drawn(scene: &Scene, layout: &Layout) -> Drawn {
    let mut pen = Pen {
        scene,
        layout,
        router: plane(scene, layout),
        lines: 0,
        trees: BTreeMap::new(),
    };
    let mut order: Vec<usize> = (0..scene.joins.len()).collect();
    order.sort_by_key(|place| {
        let join = &scene.joins[*place];
        let inside = scene.place(join.a) == scene.place(join.b);
        let rank = match join.kind {
            _ if inside => 0,
            JoinKind::Connection => 1,
            JoinKind::Transit => 2,
            JoinKind::Session | JoinKind::Backend => 3,
            JoinKind::Plain => 4,
        };
        (rank, pen.distance(join.a, join.b), *place)
    });
    let mut joins = Vec::new();
    for place in order {
        let join = &scene.joins[place];
        let hub = (join.kind == JoinKind::Transit).then_some(join.a);
        if let Some(corners) = pen.line(join.a, join.b, hub, true) {
            joins.push(DrawnJoin {
                join: place,
                corners,
            });
        }
    }
    let mut legs = Vec::new();
    for (place, leg) in scene.legs.iter().enumerate() {
        let known = joins.iter().find_map(|drawn| {
            let join = &scene.joins[drawn.join];
            let is_way = matches!(join.kind, JoinKind::Connection | JoinKind::Backend);
            match (join.a, join.b) {
                ends if is_way && ends == (leg.from, leg.to) => Some(drawn.corners.clone()),
                ends if is_way && ends == (leg.to, leg.from) => {
                    Some(drawn.corners.iter().rev().copied().collect())
                }
                _ => None,
            }
        });
        if let Some(corners) = known.or_else(|| pen.line(leg.from, leg.to, None, false)) {
            legs.push(DrawnLeg {
                leg: place,
                corners,
            });
        }
    }
    Drawn { joins, legs }
}

/// The plane with everything that lines go around.
fn plane(scene: &Scene, layout: &Layout) -> Router {
    let mut router = Router::new(layout.width, layout.height + super::MARGIN);
    for (id, node) in scene.all() {
        if let Some(rect) = layout.rect(id).filter(|_| node.kind == Kind::Vnet) {
            router.enter_network(rect, number(id));
        }
    }
    for frame in &layout.frames {
        router.enter_rim(frame.rect);
    }
    for rect in layout.obstacles(scene) {
        router.block(rect);
    }
    router
}

fn number(id: NodeId) -> u32 {
    u32::try_from(id.0 + 1).unwrap_or(u32::MAX)
}

struct Pen<'a> {
    scene: &'a Scene,
    layout: &'a Layout,
    router: Router,
    lines: u32,
    /// The lines of a hub to its spokes, with their number: they have a trunk in common.
    trees: BTreeMap<NodeId, (u32, Vec<Vec<Point>>)>,
}

impl Pen<'_> {
    /// Draws a line between two nodes; `hub` is that of a line with branches.
    fn line(
        &mut self,
        a: NodeId,
        b: NodeId,
        hub: Option<NodeId>,
        facing: bool,
    ) -> Option<Vec<Point>> {
        let from = self.layout.rect_or_place(self.scene, a)?;
        let to = self.layout.rect_or_place(self.scene, b)?;
        let known = hub.and_then(|hub| self.trees.remove(&hub));
        let (line, mut tree) = known.unwrap_or_else(|| {
            self.lines += 1;
            (self.lines, Vec::new())
        });
        // A line that ends at the edge of a network does not pass it.
        let inside = [a, b].map(|id| self.scene.node(id).vnet);
        let networks: Vec<u32> = inside.into_iter().flatten().map(number).collect();
        let wanted = Wanted {
            from,
            to,
            facing,
            networks: &networks,
            tree: hub.map(|_| (line, tree.as_slice())),
        };
        let corners = self.router.line(line, &wanted);
        if let Some(hub) = hub {
            tree.push(corners.clone());
            self.trees.insert(hub, (line, tree));
        }
        Some(corners)
    }

    /// How far two nodes are from each other.
    fn distance(&self, a: NodeId, b: NodeId) -> i32 {
        let middle = |id| {
            let rect = self.layout.rect_or_place(self.scene, id);
            rect.map(crate::geometry::Rect::center).unwrap_or_default()
        };
        let (a, b) = (middle(a), middle(b));
        (a.x - b.x).abs() + (a.y - b.y).abs()
    }
}

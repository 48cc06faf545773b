//! The inside of a network: gateways and NVAs in rows, the Route Server below them, then the name
//! of the network and its NICs.

use super::boxes::{Words, box_size, pill_size, pill_text, said, size};
use super::{Layout, Placed, at};
use crate::geometry::{Point, Rect, up};
use crate::scene::{Kind, NodeId, Scene, State};
use crate::text::Font;

/// The room between the edge of a network and what is in it.
const INSET: i32 = 20;
/// The room between chips side by side, in which lines run.
const BETWEEN: i32 = 40;
/// The room between rows of chips.
const ROWS: i32 = 40;
/// Up to so many chips stand in a row.
const IN_A_ROW: usize = 6;
/// Up to so many NICs are named; of more some, and how many there are.
const NICS: usize = 3;

/// A network with what is in it, its upper left corner at 0, 0.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) id: NodeId,
    pub(super) width: i32,
    pub(super) height: i32,
    chips: Vec<(NodeId, Rect)>,
    servers: Vec<(NodeId, Rect)>,
    nics: Vec<(NodeId, String, Rect)>,
    label: Point,
}

impl Network {
    pub(super) fn of(scene: &Scene, id: NodeId) -> Self {
        let mut network = Self {
            id,
            width: 0,
            height: 0,
            chips: Vec::new(),
            servers: Vec::new(),
            nics: Vec::new(),
            label: Point::default(),
        };
        let below = network.stand_devices(scene);
        network.stand_name(scene, below);
        network
    }

    /// Whether it holds gateways, NVAs or Route Servers.
    pub(super) fn has_devices(&self) -> bool {
        !self.chips.is_empty() || !self.servers.is_empty()
    }

    /// Places chips in rows and Route Servers below them; says where they end.
    fn stand_devices(&mut self, scene: &Scene) -> i32 {
        let devices = scene
            .inside(self.id)
            .filter(|(_, node)| node.kind.is_device());
        let (servers, mut chips): (Vec<_>, Vec<_>) =
            devices.partition(|(_, node)| node.kind == Kind::RouteServer);
        if servers.is_empty() && chips.is_empty() {
            return 0;
        }
        chips.sort_by_key(|(_, node)| node.kind);
        let rows = chips.len().div_ceil(IN_A_ROW).max(1);
        let in_a_row = chips.len().div_ceil(rows).max(1);
        let mut y = 30;
        let mut widest = 0;
        for row in chips.chunks(in_a_row) {
            let sizes: Vec<_> = row.iter().map(|(_, node)| box_size(node)).collect();
            let height = sizes.iter().map(|(_, height)| *height).max().unwrap_or(0);
            let mut x = 0;
            for ((id, _), (width, _)) in row.iter().zip(&sizes) {
                self.chips.push((*id, Rect::new(x, y, *width, height)));
                x += width + BETWEEN;
            }
            widest = widest.max(x - BETWEEN);
            y += height + ROWS;
        }
        for (id, node) in &servers {
            let (width, height) = box_size(node);
            widest = widest.max(width);
            self.servers.push((*id, Rect::new(0, y, width, height)));
            y += height + ROWS;
        }
        self.width = widest + 2 * INSET;
        y - ROWS + 20
    }

    /// Places the name of the network and its NICs below the devices.
    fn stand_name(&mut self, scene: &Scene, below: i32) {
        let (label_width, label_height) = size(&said(scene.node(self.id)));
        self.label = Point {
            x: 10,
            y: below + 6,
        };
        let widest = up(label_width + 20).max(self.width).max(100);
        let mut x = 10;
        let mut y = up(below + label_height + 10);
        for (id, text) in shown_nics(scene, self.id) {
            let (width, height) = pill_size(&text);
            if x > 10 && x + width + 10 > widest.max(200) {
                x = 10;
                y += height + 10;
            }
            self.nics.push((id, text, Rect::new(x, y, width, height)));
            x += width + 10;
        }
        let rights = self.nics.iter().map(|(_, _, rect)| rect.right() + 10);
        self.width = rights.max().unwrap_or(0).max(widest);
        let bottoms = self.nics.iter().map(|(_, _, rect)| rect.bottom() + 10);
        self.height = bottoms.max().unwrap_or(y);
    }

    /// Gives it another width, and places what is in it in the middle.
    pub(super) fn widen(&mut self, width: i32) {
        self.width = self.width.max(width);
        let inner = self.width - 2 * INSET;
        let mut rows: Vec<i32> = self.chips.iter().map(|(_, rect)| rect.y).collect();
        rows.dedup();
        let mut widest = 0;
        for row in rows {
            let chips = self.chips.iter_mut().filter(|(_, rect)| rect.y == row);
            let rights = chips.map(|(_, rect)| rect.right());
            let used = rights.max().unwrap_or(0);
            let shift = INSET + (inner - used) / 20 * 10;
            let chips = self.chips.iter_mut().filter(|(_, rect)| rect.y == row);
            for (_, rect) in chips {
                rect.x += shift;
            }
            widest = widest.max(used);
        }
        for (_, rect) in &mut self.servers {
            rect.width = rect.width.max(widest);
            rect.x = INSET + (inner - rect.width) / 20 * 10;
        }
    }

    /// Enters it in the layout at a place.
    pub(super) fn place(&self, scene: &Scene, layout: &mut Layout, x: i32, y: i32) {
        let rect = Rect::new(x, y, self.width, self.height);
        let label = Point {
            x: x + self.label.x,
            y: y + self.label.y,
        };
        layout.nodes[self.id.0] = Some(Placed {
            rect,
            words: at(label, &said(scene.node(self.id))),
        });
        for (id, rect) in self.chips.iter().chain(&self.servers) {
            let rect = rect.moved(x, y);
            let words = Words::centered(rect, &said(scene.node(*id)));
            layout.nodes[id.0] = Some(Placed { rect, words });
        }
        for (id, text, rect) in &self.nics {
            let rect = rect.moved(x, y);
            let words = Words::centered(rect, &[(text.clone(), Font::SMALL)]);
            layout.nodes[id.0] = Some(Placed { rect, words });
        }
    }

    /// Where the middle of a device is, counted from the left edge.
    pub(super) fn middle_of(&self, id: NodeId) -> Option<i32> {
        let mut all = self.chips.iter().chain(&self.servers);
        let (_, rect) = all.find(|(own, _)| *own == id)?;
        Some(rect.center().x)
    }
}

/// The NICs that are named, with their names: those on a way first. Of many the last says how many
/// more there are.
fn shown_nics(scene: &Scene, vnet: NodeId) -> Vec<(NodeId, String)> {
    let nics = scene
        .inside(vnet)
        .filter(|(_, node)| !node.kind.is_device());
    let mut nics: Vec<_> = nics.collect();
    let on_leg = |id: NodeId| scene.legs.iter().any(|leg| leg.from == id || leg.to == id);
    nics.sort_by_key(|(id, node)| (!on_leg(*id), node.state != State::Lost));
    let on_legs = nics.iter().filter(|(id, _)| on_leg(*id)).count();
    let most = NICS.max(on_legs);
    let named = if nics.len() > most {
        most.max(2) - 1
    } else {
        most
    };
    let named = named.max(on_legs);
    let left: usize = nics.iter().skip(named).map(|(_, node)| node.count).sum();
    let shown = nics.iter().take(named);
    let mut shown: Vec<_> = shown
        .map(|(id, node)| (*id, pill_text(&node.name)))
        .collect();
    if let Some((id, _)) = nics.get(named) {
        shown.push((*id, format!("and {left} more")));
    }
    shown
}

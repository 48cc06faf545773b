//! The picture as data: what stands where, what joins it, and what is in colour.

use serde::Serialize;

use crate::geometry::{Point, Rect};
use crate::layout::Layout;
use crate::scene::{Announced, JoinKind, Kind, NodeId, Scene, State};

/// What a picture shows, with its places: units are those of the SVG.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Outline {
    /// What it is titled.
    pub title: String,
    /// What is in colour or has failed, in a few words.
    pub about: String,
    /// The width of the picture.
    pub width: i32,
    /// Where the lowest box ends.
    pub height: i32,
    /// Every object; where there are more than can be seen, one box stands for many.
    pub boxes: Vec<OutlineBox>,
    /// What joins them.
    pub lines: Vec<OutlineLine>,
    /// The steps of a packet, in order.
    pub steps: Vec<OutlineStep>,
}

/// A box of a picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OutlineBox {
    /// What others name it by; a name alone may be that of several objects.
    pub id: usize,
    /// The name.
    pub name: String,
    /// What it is: `VNet`, `Route Server`, `VPN gateway` and so on.
    pub kind: &'static str,
    /// `as_usual`, `down`, `on_way` or `lost`.
    pub state: &'static str,
    /// What is said below its name.
    pub details: Vec<String>,
    /// What is told of it when somebody points at it.
    pub tip: String,
    /// The box of the network that it is in.
    pub vnet: Option<usize>,
    /// Of a network: its region.
    pub region: Option<String>,
    /// Of a network: the box of the one whose gateways and Route Server it uses.
    pub hub: Option<usize>,
    /// How many objects it stands for.
    pub count: usize,
    /// Where it stands; none: it is told of in the box of its network.
    pub place: Option<OutlinePlace>,
}

/// The place of a box, by its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutlinePlace {
    /// From the left.
    pub x: i32,
    /// From above.
    pub y: i32,
    /// How wide it is.
    pub width: i32,
    /// How high it is.
    pub height: i32,
}

/// A line between two boxes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OutlineLine {
    /// The box at one end.
    pub a: usize,
    /// The box at the other end.
    pub b: usize,
    /// `session`, `connection`, `backend`, `transit` or `plain`, which are peerings.
    pub kind: &'static str,
    /// `as_usual` or `down`.
    pub state: &'static str,
    /// What is told of it when somebody points at it.
    pub tip: String,
    /// What `a` announces of the route in colour: `used` by `b`, or `heard` only.
    pub announced_by_a: Option<&'static str>,
    /// What `b` announces of it.
    pub announced_by_b: Option<&'static str>,
    /// The corners of the line; empty where it is not drawn.
    pub corners: Vec<[i32; 2]>,
}

/// A step of a packet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OutlineStep {
    /// How many steps it is from the start, from 1.
    pub step: usize,
    /// The box it comes from.
    pub from: usize,
    /// The box it goes to.
    pub to: usize,
    /// The corners of its line; empty where it is not drawn.
    pub corners: Vec<[i32; 2]>,
}

impl Outline {
    pub(crate) fn of(scene: &Scene) -> Self {
        let layout = Layout::of(scene);
        let boxes = scene.all().map(|(id, _)| outline_box(scene, &layout, id));
        Self {
            title: scene.title.clone(),
            about: scene.about.clone(),
            width: layout.width,
            height: layout.height,
            boxes: boxes.collect(),
            lines: lines(scene, &layout),
            steps: steps(scene, &layout),
        }
    }
}

fn outline_box(scene: &Scene, layout: &Layout, id: NodeId) -> OutlineBox {
    let node = scene.node(id);
    let place = |Rect {
                     x,
                     y,
                     width,
                     height,
                 }| OutlinePlace {
        x,
        y,
        width,
        height,
    };
    OutlineBox {
        id: id.0,
        name: node.name.clone(),
        kind: Kind::word(node.kind),
        state: match node.state {
            State::Plain => "as_usual",
            State::Down => "down",
            State::OnWay => "on_way",
            State::Lost => "lost",
        },
        details: node.details.clone(),
        tip: node.tip.clone(),
        vnet: node.vnet.map(|id| id.0),
        region: node.region.clone(),
        hub: node.hub.map(|id| id.0),
        count: node.count,
        place: layout.rect(id).map(place),
    }
}

fn lines(scene: &Scene, layout: &Layout) -> Vec<OutlineLine> {
    let word = |announced: Announced| match announced {
        Announced::Heard => "heard",
        Announced::Used => "used",
    };
    let lines = scene.joins.iter().enumerate().map(|(place, join)| {
        let drawn = layout.drawn.joins.iter().find(|drawn| drawn.join == place);
        let [a, b] = join.announced;
        OutlineLine {
            a: join.a.0,
            b: join.b.0,
            kind: match join.kind {
                JoinKind::Session => "session",
                JoinKind::Connection => "connection",
                JoinKind::Backend => "backend",
                JoinKind::Transit => "transit",
                JoinKind::Plain => "plain",
            },
            state: if join.down { "down" } else { "as_usual" },
            tip: join.tip.clone(),
            announced_by_a: a.map(word),
            announced_by_b: b.map(word),
            corners: drawn
                .map(|drawn| corners(&drawn.corners))
                .unwrap_or_default(),
        }
    });
    lines.collect()
}

fn steps(scene: &Scene, layout: &Layout) -> Vec<OutlineStep> {
    let steps = scene.legs.iter().enumerate().map(|(place, leg)| {
        let drawn = layout.drawn.legs.iter().find(|drawn| drawn.leg == place);
        OutlineStep {
            step: leg.step,
            from: leg.from.0,
            to: leg.to.0,
            corners: drawn
                .map(|drawn| corners(&drawn.corners))
                .unwrap_or_default(),
        }
    });
    steps.collect()
}

fn corners(points: &[Point]) -> Vec<[i32; 2]> {
    points.iter().map(|point| [point.x, point.y]).collect()
}

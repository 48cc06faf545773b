//! The picture as SVG text.

mod legend;
mod shapes;
mod style;
mod xml;

use std::fmt::Write as _;

use crate::geometry::Point;
use crate::layout::{Layout, Placed};
use crate::scene::{Announced, Join, JoinKind, Kind, Node, Scene, State};
use legend::Legend;
use shapes::{path, rect, words};
use xml::Xml;

/// The whole document.
pub(crate) fn document(scene: &Scene) -> String {
    let layout = Layout::of(scene);
    let legend = Legend::of(scene, &layout);
    let (width, height) = (layout.width, layout.height + legend.height());
    let mut xml = Xml::default();
    xml.raw(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title description\">\n"
    ));
    xml.element("title", "id=\"title\"", title(scene));
    xml.element("desc", "id=\"description\"", &description(scene));
    xml.raw(style::STYLE);
    xml.raw(&format!(
        "<rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"
    ));
    words(&mut xml, &layout.title);
    for frame in &layout.frames {
        xml.raw("<g class=\"region\">\n");
        rect(&mut xml, frame.rect, 12);
        words(&mut xml, &frame.label);
        xml.raw("</g>\n");
    }
    networks(&mut xml, scene, &layout);
    lines(&mut xml, scene, &layout);
    nodes(&mut xml, scene, &layout, |kind| kind != Kind::Vnet);
    steps(&mut xml, scene, &layout);
    legend.draw(&mut xml, &layout);
    xml.raw("</svg>\n");
    xml.text()
}

fn title(scene: &Scene) -> &str {
    match scene.title.as_str() {
        "" => "A hub-and-spoke network",
        title => title,
    }
}

/// What the picture shows, for who cannot see it.
fn description(scene: &Scene) -> String {
    let mut said = String::new();
    if !scene.about.is_empty() {
        let _ = write!(said, "{}. ", scene.about);
    }
    let kinds = [
        (Kind::Vnet, "VNets"),
        (Kind::RouteServer, "Route Servers"),
        (Kind::Nva, "NVAs"),
        (Kind::VpnGateway, "VPN gateways"),
        (Kind::ExpressRouteGateway, "ExpressRoute gateways"),
        (Kind::Circuit, "circuits"),
        (Kind::Site, "sites"),
    ];
    let counts = kinds.iter().filter_map(|(kind, word)| {
        let nodes = scene.nodes.iter().filter(|node| node.kind == *kind);
        let count: usize = nodes.map(|node| node.count).sum();
        (count > 0).then(|| format!("{word}: {count}"))
    });
    said.push_str(&counts.collect::<Vec<_>>().join(", "));
    let down = scene.nodes.iter().filter(|node| node.state == State::Down);
    let down: Vec<&str> = down.map(|node| node.name.as_str()).collect();
    if !down.is_empty() {
        let _ = write!(said, ". Down: {}", down.join(", "));
    }
    let legs = scene.legs.iter().map(|leg| {
        let [from, to] = [leg.from, leg.to].map(|id| scene.node(id).name.as_str());
        format!("{}. {from} to {to}", leg.step)
    });
    let legs: Vec<String> = legs.collect();
    if !legs.is_empty() {
        let _ = write!(said, ". Steps: {}", legs.join("; "));
    }
    said
}

/// Boxes of networks, under the lines; their names.
fn networks(xml: &mut Xml, scene: &Scene, layout: &Layout) {
    nodes(xml, scene, layout, |kind| kind == Kind::Vnet);
}

fn nodes(xml: &mut Xml, scene: &Scene, layout: &Layout, is: impl Fn(Kind) -> bool) {
    for (placed, node) in layout.nodes.iter().zip(&scene.nodes) {
        if let Some(placed) = placed.as_ref().filter(|_| is(node.kind)) {
            draw_node(xml, node, placed);
        }
    }
}

fn draw_node(xml: &mut Xml, node: &Node, placed: &Placed) {
    let state = match node.state {
        State::Plain => "",
        State::Down => " down",
        State::OnWay => " on-way",
        State::Lost => " lost",
    };
    let class = node.kind.class();
    let many = if node.count > 1 { " many" } else { "" };
    xml.raw(&format!("<g class=\"node {class}{many}{state}\">\n"));
    xml.element("title", "", &node.tip);
    let round = match node.kind {
        Kind::Vnet => 8,
        Kind::Nic | Kind::PrivateEndpoint => 10,
        Kind::Internet | Kind::Circuit => 18,
        _ => 6,
    };
    if node.count > 1 {
        // Two more behind it: it stands for many.
        rect(xml, placed.rect.moved(6, 6), round);
        rect(xml, placed.rect.moved(3, 3), round);
    }
    rect(xml, placed.rect, round);
    words(xml, &placed.words);
    xml.raw("</g>\n");
}

/// The class of a join's line; those in colour are on top.
fn class(join: &Join) -> (bool, &'static str) {
    let announced = join.announced.iter().flatten().max();
    match (announced, join.kind) {
        (Some(Announced::Used), _) => (true, "line used"),
        (Some(Announced::Heard), _) => (true, "line heard"),
        (None, _) if join.down => (false, "line down"),
        (None, JoinKind::Session) => (false, "line session"),
        (None, JoinKind::Connection) => (false, "line connection"),
        (None, JoinKind::Backend) => (false, "line backend"),
        (None, JoinKind::Transit) => (false, "line transit"),
        (None, JoinKind::Plain) => (false, "line plain"),
    }
}

fn lines(xml: &mut Xml, scene: &Scene, layout: &Layout) {
    for colour in [false, true] {
        for drawn in &layout.drawn.joins {
            let join = &scene.joins[drawn.join];
            let (in_colour, class) = class(join);
            if in_colour != colour {
                continue;
            }
            let [a, b] = join.announced;
            let mut markers = String::new();
            let end = |at: Announced| match at {
                Announced::Used => "arrow",
                Announced::Heard => "arrow-heard",
            };
            if let Some(announced) = a {
                let _ = write!(markers, " marker-end=\"url(#{})\"", end(announced));
            }
            if let Some(announced) = b {
                let _ = write!(markers, " marker-start=\"url(#{})\"", end(announced));
            }
            path(xml, &drawn.corners, class, &markers, &join.tip);
        }
    }
    for drawn in &layout.drawn.legs {
        let leg = &scene.legs[drawn.leg];
        let [from, to] = [leg.from, leg.to].map(|id| &scene.node(id).name);
        let tip = format!("{}. {from} to {to}", leg.step);
        let markers = " marker-end=\"url(#arrow)\"";
        path(xml, &drawn.corners, "line leg", markers, &tip);
    }
}

/// The numbers of a packet's steps, in the middle of their lines.
fn steps(xml: &mut Xml, scene: &Scene, layout: &Layout) {
    for drawn in &layout.drawn.legs {
        let Some(Point { x, y }) = middle(&drawn.corners) else {
            continue;
        };
        let step = scene.legs[drawn.leg].step;
        xml.raw(&format!(
            "<g class=\"step\"><circle cx=\"{x}\" cy=\"{y}\" r=\"9\"/>\
             <text class=\"small centered\" x=\"{x}\" y=\"{}\">{step}</text></g>\n",
            y + 4
        ));
    }
}

/// The middle of the longest stretch of a line.
fn middle(corners: &[Point]) -> Option<Point> {
    let length = |pair: &[Point]| (pair[0].x - pair[1].x).abs() + (pair[0].y - pair[1].y).abs();
    let longest = corners.windows(2).max_by_key(|pair| length(pair))?;
    Some(Point {
        x: i32::midpoint(longest[0].x, longest[1].x),
        y: i32::midpoint(longest[0].y, longest[1].y),
    })
}

//! The picture as a Mermaid flowchart.

use std::fmt::Write as _;

use crate::scene::{Join, JoinKind, Kind, Node, NodeId, Scene, State};

/// Colours that are readable on light and dark pages.
const CLASSES: &str = "  classDef server fill:#d8ecff,stroke:#0969da,color:#1f2328
  classDef gateway fill:#efe5ff,stroke:#7a4fd0,color:#1f2328
  classDef nva fill:#ffe9d5,stroke:#c05a10,color:#1f2328
  classDef balancer fill:#fff4c2,stroke:#977300,color:#1f2328
  classDef nic fill:#ffffff,stroke:#9fb0c3,color:#1f2328
  classDef circuit fill:#d9f5e5,stroke:#1a7f4b,color:#1f2328
  classDef premises fill:#f0eee6,stroke:#7d765f,color:#1f2328
  classDef internet fill:#ffffff,stroke:#59636e,color:#1f2328
  classDef vnet fill:#f3f6fa,stroke:#9fb0c3,color:#1f2328
  classDef down fill:#eceef0,stroke:#a8b0b8,color:#848d97,stroke-dasharray:4 3
  classDef onway stroke:#c2187f,stroke-width:3px
  classDef lost fill:#ffd9d6,stroke:#c9170c,stroke-width:3px,color:#1f2328
";

/// The whole flowchart.
pub(crate) fn flowchart(scene: &Scene) -> String {
    let mut text = String::new();
    if !scene.title.is_empty() {
        let title = scene.title.replace(['\n', '\r'], " ").replace('"', "'");
        let _ = writeln!(text, "---\ntitle: \"{}\"\n---", title.replace('\\', "/"));
    }
    text.push_str("flowchart TB\n");
    for (id, node) in scene.all().filter(|(_, node)| node.kind.is_outside()) {
        let _ = writeln!(text, "  {}", declared(id, node));
    }
    for (id, node) in scene.all().filter(|(_, node)| node.kind == Kind::Vnet) {
        network(&mut text, scene, id, node);
    }
    let mut colours = Colours::default();
    for join in &scene.joins {
        colours.join(&mut text, join);
    }
    for leg in &scene.legs {
        let _ = writeln!(text, "  n{} == {} ==> n{}", leg.from.0, leg.step, leg.to.0);
        colours.way(true);
    }
    text.push_str(CLASSES);
    colours.write(&mut text);
    text
}

/// A network with what is in it.
fn network(text: &mut String, scene: &Scene, id: NodeId, node: &Node) {
    if scene.inside(id).next().is_none() {
        let _ = writeln!(text, "  {}", declared(id, node));
        return;
    }
    let _ = writeln!(text, "  subgraph n{}[\"{}\"]", id.0, label(node));
    for (id, node) in scene.inside(id) {
        let _ = writeln!(text, "    {}", declared(id, node));
    }
    text.push_str("  end\n");
    if let Some(class) = state_class(node) {
        let _ = writeln!(text, "  class n{} {class}", id.0);
    }
}

/// A node with its shape and class.
fn declared(id: NodeId, node: &Node) -> String {
    let (open, close) = match node.kind {
        Kind::Circuit | Kind::Internet | Kind::Nic | Kind::PrivateEndpoint => ("([", "])"),
        _ => ("[", "]"),
    };
    let class = match node.state {
        State::Down => "down",
        State::Lost => "lost",
        State::Plain | State::OnWay => node.kind.class(),
    };
    format!("n{}{open}\"{}\"{close}:::{class}", id.0, label(node))
}

const fn state_class(node: &Node) -> Option<&'static str> {
    match node.state {
        State::Plain => None,
        State::Down => Some("down"),
        State::OnWay => Some("onway"),
        State::Lost => Some("lost"),
    }
}

/// Name and details, a line each.
fn label(node: &Node) -> String {
    let name = format!("<b>{}</b>", escaped(&node.name));
    let details = node.details.iter().filter(|text| !text.is_empty());
    let lines = std::iter::once(name).chain(details.map(|text| escaped(text)));
    lines.collect::<Vec<_>>().join("<br/>")
}

/// Text as Mermaid takes it inside quotes: by the numbers of all that means something there.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            'a'..='z'
            | 'A'..='Z'
            | '0'..='9'
            | ' '
            | '.'
            | ','
            | ':'
            | '/'
            | '-'
            | '_'
            | '·'
            | '…'
            | '('
            | ')' => escaped.push(character),
            _ if character.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            _ if character.is_alphanumeric() => escaped.push(character),
            _ => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
        }
    }
    escaped
}

/// Which lines are in which colour; Mermaid knows lines by their number.
#[derive(Default)]
struct Colours {
    lines: usize,
    way: Vec<String>,
    down: Vec<String>,
}

impl Colours {
    fn join(&mut self, text: &mut String, join: &Join) {
        let (a, b) = (join.a.0, join.b.0);
        let way = join.announced.iter().flatten().max().is_some();
        let _ = match (join.announced, join.kind) {
            ([Some(_), Some(_)], _) => writeln!(text, "  n{a} <==> n{b}"),
            ([Some(_), None], _) => writeln!(text, "  n{a} ==> n{b}"),
            ([None, Some(_)], _) => writeln!(text, "  n{b} ==> n{a}"),
            (_, JoinKind::Session) => writeln!(text, "  n{a} -- BGP --- n{b}"),
            (_, JoinKind::Connection) => writeln!(text, "  n{a} === n{b}"),
            (_, JoinKind::Transit) => writeln!(text, "  n{a} --- n{b}"),
            (_, JoinKind::Plain | JoinKind::Backend) => writeln!(text, "  n{a} -.- n{b}"),
        };
        if join.down {
            self.down.push(self.lines.to_string());
        }
        self.way(way);
    }

    /// Counts a line.
    fn way(&mut self, is_on_way: bool) {
        if is_on_way {
            self.way.push(self.lines.to_string());
        }
        self.lines += 1;
    }

    fn write(&self, text: &mut String) {
        let styles = [
            (&self.down, "stroke:#b3bac1,stroke-dasharray:2 4"),
            (&self.way, "stroke:#c2187f,stroke-width:3px"),
        ];
        for (lines, style) in styles {
            if !lines.is_empty() {
                let _ = writeln!(text, "  linkStyle {} {style}", lines.join(","));
            }
        }
    }
}

//! An SVG as a reader sees it: boxes, texts, lines.

use std::fmt::Debug;

use routehub_draw::text_width;
use roxmltree::{Document, Node};

/// A rectangle by its edges.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rect {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

impl Rect {
    fn meets(self, other: Self) -> bool {
        let across = self.left < other.right && other.left < self.right;
        across && self.top < other.bottom && other.top < self.bottom
    }

    fn holds(self, other: Self) -> bool {
        let across = self.left <= other.left && other.right <= self.right;
        across && self.top <= other.top && other.bottom <= self.bottom
    }
}

/// A box with its texts.
#[derive(Debug)]
struct Boxed {
    class: String,
    rect: Rect,
    texts: Vec<(String, Rect)>,
}

/// An SVG that was read.
#[derive(Debug)]
pub(crate) struct Drawing {
    page: Rect,
    boxes: Vec<Boxed>,
    /// Texts outside of boxes.
    texts: Vec<(String, Rect)>,
    lines: Vec<Vec<(i32, i32)>>,
}

fn number<T: std::str::FromStr<Err: Debug>>(node: Node<'_, '_>, name: &str) -> T {
    let text = node
        .attribute(name)
        .unwrap_or_else(|| panic!("{name} of {node:?}"));
    text.parse().expect("a number")
}

fn rect(node: Node<'_, '_>) -> Rect {
    let (left, top) = (number::<i32>(node, "x"), number::<i32>(node, "y"));
    Rect {
        left,
        top,
        right: left + number::<i32>(node, "width"),
        bottom: top + number::<i32>(node, "height"),
    }
}

/// The room of a text.
fn text(node: Node<'_, '_>) -> (String, Rect) {
    let words = node.text().unwrap_or_default().to_owned();
    let class = node.attribute("class").expect("a class");
    let (size, bold) = match class.split(' ').next() {
        Some("title") => (20, true),
        Some("name") => (13, true),
        Some("detail") => (11, false),
        Some("small") => (10, false),
        other => panic!("{other:?}"),
    };
    let width = text_width(&words, size, bold);
    let (x, y) = (number::<i32>(node, "x"), number::<i32>(node, "y"));
    let left = if class.contains("centered") {
        x - width / 2
    } else {
        x
    };
    let rect = Rect {
        left,
        top: y - size,
        right: left + width,
        bottom: y + size / 4,
    };
    (words, rect)
}

/// The corners of a line.
fn corners(path: &str) -> Vec<(i32, i32)> {
    let path = path.replace(['M', 'L', 'Q'], " ");
    let numbers = path
        .split_whitespace()
        .map(|text| text.parse::<i32>().expect("a number"));
    let numbers: Vec<i32> = numbers.collect();
    numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

impl Drawing {
    pub(crate) fn read(svg: &str) -> Self {
        let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
        let root = document.root_element();
        let mut drawing = Self {
            page: Rect {
                left: 0,
                top: 0,
                right: number(root, "width"),
                bottom: number(root, "height"),
            },
            boxes: Vec::new(),
            texts: Vec::new(),
            lines: Vec::new(),
        };
        let named = |name: &'static str| root.children().find(move |node| node.has_tag_name(name));
        assert!(named("title").and_then(|node| node.text()).is_some());
        assert!(named("desc").is_some());
        drawing.enter(root);
        drawing
    }

    fn enter(&mut self, parent: Node<'_, '_>) {
        for node in parent.children() {
            let class = node.attribute("class").unwrap_or_default();
            match node.tag_name().name() {
                "g" if class.starts_with("node") => {
                    let named = |name: &'static str| {
                        node.children()
                            .filter(move |child| child.has_tag_name(name))
                    };
                    self.boxes.push(Boxed {
                        class: class.to_owned(),
                        rect: rect(named("rect").next_back().expect("a box")),
                        texts: named("text").map(text).collect(),
                    });
                }
                "g" if class == "step" => {}
                "g" => self.enter(node),
                "text" => self.texts.push(text(node)),
                "path" => self
                    .lines
                    .push(corners(node.attribute("d").expect("a way"))),
                _ => {}
            }
        }
    }

    /// Boxes whose class is, among others, this one.
    pub(crate) fn boxes_of(&self, class: &str) -> usize {
        let has = |boxed: &&Boxed| boxed.class.split(' ').any(|own| own == class);
        self.boxes.iter().filter(has).count()
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        let boxed = self.boxes.iter().flat_map(|boxed| &boxed.texts);
        self.texts
            .iter()
            .chain(boxed)
            .any(|(text, _)| text == words)
    }

    pub(crate) const fn width(&self) -> i32 {
        self.page.right
    }

    pub(crate) const fn height(&self) -> i32 {
        self.page.bottom
    }

    /// Every text is in its box, and on no other text, box or line; boxes lie beside each other or,
    /// in a network, inside of it.
    pub(crate) fn assert_readable(&self) {
        for boxed in &self.boxes {
            for (words, rect) in &boxed.texts {
                assert!(
                    boxed.rect.holds(*rect),
                    "{words:?} leaves its box {boxed:?}"
                );
            }
        }
        let all = self.boxes.iter().flat_map(|boxed| &boxed.texts);
        let texts: Vec<_> = self.texts.iter().chain(all).collect();
        for (place, (words, rect)) in texts.iter().enumerate() {
            assert!(self.page.holds(*rect), "{words:?} leaves the page");
            for (other, other_rect) in &texts[place + 1..] {
                assert!(!rect.meets(*other_rect), "{words:?} on {other:?}");
            }
        }
        self.assert_boxes();
        self.assert_lines(&texts);
    }

    fn assert_boxes(&self) {
        for (place, boxed) in self.boxes.iter().enumerate() {
            assert!(self.page.holds(boxed.rect), "{boxed:?} leaves the page");
            for other in &self.boxes[place + 1..] {
                let inside = [(boxed, other), (other, boxed)]
                    .into_iter()
                    .any(|(outer, inner)| {
                        outer.class.contains("vnet") && outer.rect.holds(inner.rect)
                    });
                assert!(
                    inside || !boxed.rect.meets(other.rect),
                    "{boxed:?} on {other:?}"
                );
            }
        }
    }

    fn assert_lines(&self, texts: &[&(String, Rect)]) {
        let stretches = self.lines.iter().flat_map(|line| line.windows(2));
        for pair in stretches {
            let ((x, y), (u, v)) = (pair[0], pair[1]);
            // As wide as the line is drawn.
            let stretch = Rect {
                left: x.min(u) - 1,
                top: y.min(v) - 1,
                right: x.max(u) + 1,
                bottom: y.max(v) + 1,
            };
            for (words, rect) in texts {
                assert!(!stretch.meets(*rect), "a line on {words:?}");
            }
            let inner = |rect: Rect| Rect {
                left: rect.left + 2,
                top: rect.top + 2,
                right: rect.right - 2,
                bottom: rect.bottom - 2,
            };
            let solid = self
                .boxes
                .iter()
                .filter(|boxed| !boxed.class.contains("vnet"));
            for boxed in solid {
                assert!(!stretch.meets(inner(boxed.rect)), "a line on {boxed:?}");
            }
        }
    }
}

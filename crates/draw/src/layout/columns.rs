//! Hubs side by side by region, and under each the networks that use its gateways.

use std::collections::BTreeMap;

use super::boxes::Words;
use super::network::Network;
use super::{Frame, Layout};
use crate::geometry::{Point, Rect};
use crate::scene::{JoinKind, Kind, NodeId, Scene};
use crate::text::Font;

/// The room between columns, in which lines run.
const BETWEEN: i32 = 60;
/// The room between a region's frame and what is in it.
const INSET: i32 = 30;
/// The room between spokes side by side and one below the other.
const SPOKES: i32 = 40;
/// The room between a hub and its spokes.
const UNDER_HUB: i32 = 60;
/// The room at the foot of a region's frame, for its name.
const FOOT: i32 = 40;
/// The width that a picture has if it can.
const USUAL: i32 = 1900;
/// What lies wider than this is broken into several rows where these are about as wide as a screen.
const WIDEST: i32 = 2500;

/// A hub and the networks under it, its upper left corner at 0, 0.
#[derive(Debug)]
struct Column {
    hub: Network,
    /// Each with its place.
    spokes: Vec<(Network, i32, i32)>,
    region: Option<String>,
    width: i32,
    height: i32,
}

/// All columns at their places, the upper left corner of all at 0, 0.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<(Column, i32, i32)>,
    frames: Vec<(String, Rect)>,
    pub(super) width: i32,
    /// How many lines lead from column to column or outside.
    lines: i32,
    /// How many lines lead outside.
    outside: i32,
    scene: Scene,
}

impl Columns {
    pub(super) fn of(scene: &Scene) -> Self {
        let mut columns = heads(scene);
        order(scene, &mut columns);
        let share = (USUAL / i32::try_from(columns.len().max(1)).unwrap_or(1)).max(200);
        let columns = columns
            .into_iter()
            .map(|(hub, under)| Column::of(scene, hub, &under, share))
            .collect();
        let mut all = Self {
            columns: Vec::new(),
            frames: Vec::new(),
            width: 0,
            lines: crossing(scene),
            outside: lines_outside(scene),
            scene: scene.clone(),
        };
        all.stand(columns);
        all
    }

    /// Gives each column its place: side by side, regions in frames, in several rows where needed.
    fn stand(&mut self, columns: Vec<Column>) {
        let between = BETWEEN + 10 * (self.lines / 4).min(4);
        let limit = widest_row(&columns, between);
        let mut row: Vec<(Column, i32)> = Vec::new();
        let mut y = 0;
        let mut columns = columns.into_iter().peekable();
        while let Some(first) = columns.next() {
            // A region is not broken where a row of its own has room for it.
            let mut chunk = vec![first];
            while let Some(next) =
                columns.next_if(|next| next.region.is_some() && next.region == chunk[0].region)
            {
                chunk.push(next);
            }
            let widths = chunk.iter().map(|column| column.width + between);
            let mut needed = widths.sum::<i32>() - between;
            for column in chunk {
                let margin = if column.region.is_some() { INSET } else { 0 };
                let mut x = match row.last() {
                    Some((last, x)) => x + last.width + gap(last, &column, between),
                    None => margin,
                };
                if x > margin && x + needed.max(column.width) + margin > limit {
                    y = self.end_row(std::mem::take(&mut row), y) + between;
                    x = margin;
                }
                needed = 0;
                row.push((column, x));
            }
        }
        self.end_row(row, y);
    }

    /// Places a row; says where it ends.
    fn end_row(&mut self, row: Vec<(Column, i32)>, y: i32) -> i32 {
        let framed = row.iter().any(|(column, _)| column.region.is_some());
        let top = if framed { y + INSET } else { y };
        let heights = row.iter().map(|(column, _)| column.height);
        let bottom = top + heights.max().unwrap_or(0);
        let mut frames: Vec<(Option<String>, i32, i32)> = Vec::new();
        for (column, x) in &row {
            let right = x + column.width;
            match frames.last_mut() {
                Some((region, _, end)) if *region == column.region => *end = right,
                _ => frames.push((column.region.clone(), *x, right)),
            }
        }
        let end = bottom + if framed { FOOT } else { 0 };
        for (region, from, to) in frames {
            self.width = self
                .width
                .max(to + if region.is_some() { INSET } else { 0 });
            let Some(region) = region else { continue };
            let rect = Rect::new(from - INSET, y, to - from + 2 * INSET, end - y);
            self.frames.push((region, rect));
        }
        let placed = row.into_iter().map(|(column, x)| (column, x, top));
        self.columns.extend(placed);
        end
    }

    /// Where the middle of a device or network is, counted from the left edge.
    pub(super) fn middle_of(&self, id: NodeId) -> Option<i32> {
        self.columns.iter().find_map(|(column, x, _)| {
            let spokes = column.spokes.iter().map(|(spoke, at, _)| (spoke, *at));
            let mut networks = std::iter::once((&column.hub, 0)).chain(spokes);
            networks.find_map(|(network, at)| {
                let own = (network.id == id).then_some(network.width / 2);
                Some(x + at + network.middle_of(id).or(own)?)
            })
        })
    }

    /// Enters everything in the layout below a line.
    pub(super) fn place(&mut self, layout: &mut Layout, below: i32, left: i32) {
        let below = below + 10 * (self.outside / 2 - 1).clamp(0, 12);
        for (region, rect) in &self.frames {
            let rect = rect.moved(left, below);
            let text = Font::NAME.shortened(region, rect.width - 20);
            let corner = Point {
                x: rect.x + 10,
                y: rect.bottom() - 25,
            };
            layout.frames.push(Frame {
                rect,
                label: Words::at(corner, &[(text, Font::NAME)]),
            });
        }
        for (column, x, y) in &self.columns {
            let (x, y) = (left + x, below + y);
            column.hub.place(&self.scene, layout, x, y);
            for (spoke, at, under) in &column.spokes {
                spoke.place(&self.scene, layout, x + at, y + under);
            }
        }
    }
}

impl Column {
    /// A hub and what is under it; `share` is how much of the picture's width it may have.
    fn of(scene: &Scene, hub: NodeId, under: &[NodeId], share: i32) -> Self {
        let mut hub = Network::of(scene, hub);
        let mut spokes: Vec<Network> = under.iter().map(|id| Network::of(scene, *id)).collect();
        spokes.sort_by_key(|spoke| !spoke.has_devices());
        let widest = spokes.iter().map(|spoke| spoke.width).max().unwrap_or(0);
        for spoke in &mut spokes {
            spoke.widen(if spoke.has_devices() {
                0
            } else {
                plain_width(under, scene)
            });
        }
        let tallest = spokes.iter().map(|spoke| spoke.height).max().unwrap_or(0);
        let room = hub.width.max(share);
        let fit = usize::try_from((room + SPOKES) / (widest + SPOKES).max(1)).unwrap_or(1);
        // About as wide as a screen.
        let across = screenful(spokes.len(), widest + SPOKES, tallest + SPOKES);
        let across = fit.min(across).max(1);
        let mut placed = Vec::new();
        let mut y = hub.height + UNDER_HUB;
        let mut width = hub.width;
        let mut spokes = spokes.into_iter().peekable();
        while spokes.peek().is_some() {
            let row: Vec<Network> = spokes.by_ref().take(across).collect();
            let height = row.iter().map(|spoke| spoke.height).max().unwrap_or(0);
            let mut x = 0;
            for mut spoke in row {
                if !spoke.has_devices() {
                    spoke.height = height;
                }
                let next = x + spoke.width + SPOKES;
                placed.push((spoke, x, y));
                x = next;
            }
            width = width.max(x - SPOKES);
            y += height + SPOKES;
        }
        let height = if placed.is_empty() {
            hub.height
        } else {
            y - SPOKES
        };
        hub.widen(width);
        let used = placed.iter().map(|(spoke, x, _)| x + spoke.width).max();
        let shift = (width - used.unwrap_or(0)) / 20 * 10;
        for (_, x, _) in &mut placed {
            *x += shift;
        }
        let region = scene.node(hub.id).region.clone();
        Self {
            hub,
            spokes: placed,
            region,
            width,
            height,
        }
    }
}

/// The room between two columns: the edges of frames lie between those of different regions.
fn gap(before: &Column, next: &Column, between: i32) -> i32 {
    let edges = [&before.region, &next.region].into_iter().flatten().count();
    let edges = if before.region == next.region {
        0
    } else {
        edges
    };
    between + INSET * i32::try_from(edges).unwrap_or(0)
}

/// How wide a row of columns may be, so that all rows together are about as wide as a screen.
fn widest_row(columns: &[Column], between: i32) -> i32 {
    let areas = columns
        .iter()
        .map(|column| i64::from(column.width + between) * i64::from(column.height + 2 * between));
    let screen = (areas.sum::<i64>() * 16 / 9).isqrt();
    let screen = i32::try_from(screen + screen / 4).unwrap_or(i32::MAX);
    screen.clamp(WIDEST, 2 * WIDEST)
}

/// The width of the widest network without devices: all such have it.
fn plain_width(under: &[NodeId], scene: &Scene) -> i32 {
    let networks = under.iter().map(|id| Network::of(scene, *id));
    let plain = networks.filter(|network| !network.has_devices());
    plain.map(|network| network.width).max().unwrap_or(0)
}

/// How many boxes of a size stand side by side where all together are about as wide as a screen.
fn screenful(count: usize, width: i32, height: i32) -> usize {
    let mut across = 1;
    let wide = |across: usize| {
        let rows = count.div_ceil(across);
        let [across, rows] = [across, rows].map(|n| i32::try_from(n).unwrap_or(i32::MAX));
        across.saturating_mul(width) * 2 >= rows.saturating_mul(height) * 3
    };
    while across < count && !wide(across) {
        across += 1;
    }
    across
}

/// Networks that stand at the head of a column, each with those under it: spokes under their hub,
/// and a network without devices under the only sort of network that it is peered with.
fn heads(scene: &Scene) -> Vec<(NodeId, Vec<NodeId>)> {
    let has_devices = |id: NodeId| scene.inside(id).any(|(_, node)| node.kind.is_device());
    let is_used = |id: NodeId| scene.nodes.iter().any(|node| node.hub == Some(id));
    let is_many = |id: NodeId| scene.node(id).count > 1 && scene.node(id).hub.is_none();
    let vnets = scene.all().filter(|(_, node)| node.kind == Kind::Vnet);
    let vnets: Vec<NodeId> = vnets.map(|(id, _)| id).collect();
    let mut heads: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    let mut spokes = Vec::new();
    for id in vnets {
        let is_head = |id: NodeId| has_devices(id) || is_used(id);
        let peered = || {
            let joins = scene
                .joins
                .iter()
                .filter(|join| join.kind == JoinKind::Plain);
            let mut others = joins.filter_map(|join| match (join.a, join.b) {
                (a, b) if a == id => Some(b),
                (a, b) if b == id => Some(a),
                _ => None,
            });
            others.find(|other| is_head(*other))
        };
        let above = match scene.node(id).hub {
            // A hub that uses another one's gateways is at its own place.
            Some(hub) => Some(hub).filter(|_| !is_used(id)),
            None if is_head(id) || is_many(id) => None,
            None => peered(),
        };
        match above.filter(|above| *above != id) {
            Some(above) => spokes.push((above, id)),
            None => {
                heads.insert(id, Vec::new());
            }
        }
    }
    for (above, id) in spokes {
        match heads.get_mut(&above) {
            Some(under) => under.push(id),
            None => {
                heads.entry(id).or_default();
            }
        }
    }
    heads.into_iter().collect()
}

/// Puts columns that are joined side by side, within their region.
fn order(scene: &Scene, columns: &mut [(NodeId, Vec<NodeId>)]) {
    const MOST: usize = 40;
    let mut regions: Vec<Option<&str>> = Vec::new();
    for (hub, _) in columns.iter() {
        let region = scene.node(*hub).region.as_deref();
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    let region_of = |hub: NodeId| {
        let region = scene.node(hub).region.as_deref();
        regions.iter().position(|known| *known == region)
    };
    columns.sort_by_key(|(hub, _)| region_of(*hub));
    if columns.len() > MOST {
        return;
    }
    let joined = joined_columns(scene, columns);
    let mut places: Vec<usize> = (0..columns.len()).collect();
    let length = |places: &[usize]| -> usize {
        let lengths = joined.iter().map(|(a, b)| places[*a].abs_diff(places[*b]));
        lengths.sum()
    };
    // As long as it helps, two columns of a region change places.
    loop {
        let mut best: Option<(usize, Vec<usize>)> = None;
        for a in 0..columns.len() {
            for b in a + 1..columns.len() {
                if region_of(columns[a].0) != region_of(columns[b].0) {
                    continue;
                }
                let mut other = places.clone();
                other.swap(a, b);
                let length = length(&other);
                if best.as_ref().is_none_or(|(least, _)| length < *least) {
                    best = Some((length, other));
                }
            }
        }
        match best {
            Some((least, other)) if least < length(&places) => places = other,
            _ => break,
        }
    }
    let mut old: Vec<_> = columns.iter().cloned().zip(places).collect();
    old.sort_by_key(|(_, place)| *place);
    for (column, (new, _)) in columns.iter_mut().zip(old) {
        *column = new;
    }
}

/// The pairs of columns that a line joins, by their places.
fn joined_columns(scene: &Scene, columns: &[(NodeId, Vec<NodeId>)]) -> Vec<(usize, usize)> {
    let mut column_of: BTreeMap<NodeId, usize> = BTreeMap::new();
    for (place, (hub, under)) in columns.iter().enumerate() {
        column_of.insert(*hub, place);
        column_of.extend(under.iter().map(|id| (*id, place)));
    }
    let joins = scene.joins.iter().filter_map(|join| {
        let ends = [join.a, join.b].map(|id| column_of.get(&scene.place(id)).copied());
        let [Some(a), Some(b)] = ends else {
            return None;
        };
        (a != b).then_some((a, b))
    });
    joins.collect()
}

/// How many lines lead from network to network, or outside.
fn crossing(scene: &Scene) -> i32 {
    let joins = scene.joins.iter().filter(|join| {
        join.kind != JoinKind::Transit && scene.place(join.a) != scene.place(join.b)
    });
    i32::try_from(joins.count() + scene.legs.len()).unwrap_or(i32::MAX)
}

/// How many lines lead outside.
fn lines_outside(scene: &Scene) -> i32 {
    let ends = scene.joins.iter().map(|join| (join.a, join.b));
    let ends = ends.chain(scene.legs.iter().map(|leg| (leg.from, leg.to)));
    let lines =
        ends.filter(|(a, b)| scene.node(*a).kind.is_outside() != scene.node(*b).kind.is_outside());
    i32::try_from(lines.count()).unwrap_or(i32::MAX)
}

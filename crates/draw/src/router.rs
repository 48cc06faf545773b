//! Lines between boxes: along the grid, around everything that stands in their way, with few bends,
//! few crossings, and none on top of another.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::geometry::{GRID, Point, Rect};

/// What a step along the grid costs.
const STEP: u32 = 10;
/// What a bend costs.
const BEND: u32 = 60;
/// What a crossing costs.
const CROSS: u32 = 70;
/// What a step on top of another line costs.
const SHARE: u32 = 400;
/// What a step inside a network costs that the line has nothing to do with.
const STRANGE: u32 = 150;
/// What it costs to begin or end where another line does.
const CROWD: u32 = 500;
/// What it costs to begin or end at a side that does not face the other box.
const SIDE: u32 = 150;
/// What a step along the edge of a network costs.
const RIM: u32 = 60;

/// A direction on the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Right,
    Down,
    Left,
}

impl Way {
    const ALL: [Self; 4] = [Self::Up, Self::Right, Self::Down, Self::Left];

    const fn step(self) -> (i32, i32) {
        match self {
            Self::Up => (0, -1),
            Self::Right => (1, 0),
            Self::Down => (0, 1),
            Self::Left => (-1, 0),
        }
    }

    const fn is_back_of(self, other: Self) -> bool {
        let ((x, y), (u, v)) = (self.step(), other.step());
        x + u == 0 && y + v == 0
    }

    /// 0 for lines from left to right, 1 for lines up and down.
    const fn axis(self) -> usize {
        match self {
            Self::Right | Self::Left => 0,
            Self::Up | Self::Down => 1,
        }
    }
}

/// Where lines may run, and where some do.
#[derive(Debug)]
pub(crate) struct Router {
    columns: i32,
    rows: i32,
    blocked: Vec<bool>,
    /// The network that a place is in, from 1.
    network: Vec<u32>,
    /// The line that a place is part of, from left to right and up and down, from 1.
    taken: [Vec<u32>; 2],
    /// Whether a place is on the edge of a network that runs from left to right, or up and down.
    rim: [Vec<bool>; 2],
    /// How many lines begin or end at a place.
    ends: Vec<u8>,
}

/// A line that is wanted: from one of some boxes to another box.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) from: Rect,
    pub(crate) to: Rect,
    /// Whether it should leave toward the other box and arrive from there.
    pub(crate) facing: bool,
    /// The networks that it may pass, by the numbers given to [`Router::enter_network`].
    pub(crate) networks: &'a [u32],
    /// A line with branches that this one may begin at, by its number and points.
    pub(crate) tree: Option<(u32, &'a [Vec<Point>])>,
}

impl Router {
    /// An empty plane of so many pixels.
    pub(crate) fn new(width: i32, height: i32) -> Self {
        let (columns, rows) = (width / GRID + 1, height / GRID + 1);
        let size = usize::try_from(columns.max(1).saturating_mul(rows.max(1))).unwrap_or(1);
        Self {
            columns,
            rows,
            blocked: vec![false; size],
            network: vec![0; size],
            taken: [vec![0; size], vec![0; size]],
            rim: [vec![false; size], vec![false; size]],
            ends: vec![0; size],
        }
    }

    /// Keeps lines off a box and its edge.
    pub(crate) fn block(&mut self, rect: Rect) {
        for place in self.inside(rect) {
            self.blocked[place] = true;
        }
    }

    /// Makes a box a network: only its own lines pass it willingly.
    pub(crate) fn enter_network(&mut self, rect: Rect, number: u32) {
        for place in self.inside(rect) {
            self.network[place] = number;
        }
        self.enter_rim(rect);
    }

    /// Keeps lines from running along the edge of a box.
    pub(crate) fn enter_rim(&mut self, rect: Rect) {
        let edges = [
            (0, Rect::new(rect.x, rect.y, rect.width, 0)),
            (0, Rect::new(rect.x, rect.bottom(), rect.width, 0)),
            (1, Rect::new(rect.x, rect.y, 0, rect.height)),
            (1, Rect::new(rect.right(), rect.y, 0, rect.height)),
        ];
        for (axis, edge) in edges {
            for place in self.inside(edge) {
                self.rim[axis][place] = true;
            }
        }
    }

    fn inside(&self, rect: Rect) -> Vec<usize> {
        let columns = rect.x.div_euclid(GRID)..=(rect.right() + GRID - 1).div_euclid(GRID);
        let rows = rect.y.div_euclid(GRID)..=(rect.bottom() + GRID - 1).div_euclid(GRID);
        let all = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
        all.filter_map(|(x, y)| self.place(x, y)).collect()
    }

    fn place(&self, x: i32, y: i32) -> Option<usize> {
        let is_inside = (0..self.columns).contains(&x) && (0..self.rows).contains(&y);
        usize::try_from(y * self.columns + x)
            .ok()
            .filter(|_| is_inside)
    }

    fn at(&self, place: usize) -> (i32, i32) {
        let place = i32::try_from(place).unwrap_or(0);
        (place % self.columns, place / self.columns)
    }

    /// The places on the edge of a box where lines may begin, the way out, and what it costs there.
    fn ports(&self, rect: Rect, facing: Option<Rect>) -> Vec<(usize, Way, u32)> {
        let middle = rect.center();
        // Not at a round corner, where there is room enough besides.
        let inset = |length: i32| if length >= 5 * GRID { 2 * GRID } else { GRID };
        let faces = facing.map(|other| faces(rect, other));
        let mut ports = Vec::new();
        let mut enter = |x: i32, y: i32, way: Way, off: i32| {
            let side = match &faces {
                Some(faces) if !faces.contains(&way) => SIDE,
                _ => 0,
            };
            let Some(place) = self.place(x / GRID, y / GRID) else {
                return;
            };
            let off = u32::try_from(off.abs()).unwrap_or(0);
            let cost = off + side + CROWD * u32::from(self.ends[place]);
            ports.push((place, way, cost));
        };
        let mut x = rect.x + inset(rect.width);
        while x <= rect.right() - inset(rect.width) {
            enter(x, rect.y, Way::Up, x - middle.x);
            enter(x, rect.bottom(), Way::Down, x - middle.x);
            x += GRID;
        }
        let mut y = rect.y + inset(rect.height);
        while y <= rect.bottom() - inset(rect.height) {
            enter(rect.x, y, Way::Left, y - middle.y);
            enter(rect.right(), y, Way::Right, y - middle.y);
            y += GRID;
        }
        ports
    }

    /// Draws a line with a number of its own (or that of the tree it belongs to): its corners.
    pub(crate) fn line(&mut self, number: u32, wanted: &Wanted<'_>) -> Vec<Point> {
        let found = self.search(number, wanted);
        let Some(places) = found else {
            return vec![wanted.from.center(), wanted.to.center()];
        };
        self.take(number, &places);
        let places: Vec<_> = places.iter().map(|place| self.at(*place)).collect();
        let corners = corners(&places);
        let points = corners.into_iter().map(|(x, y)| Point {
            x: x * GRID,
            y: y * GRID,
        });
        points.collect()
    }

    /// Writes down where a line runs.
    fn take(&mut self, number: u32, places: &[usize]) {
        for pair in places.windows(2) {
            let axis = usize::from(self.at(pair[0]).0 == self.at(pair[1]).0);
            for place in pair {
                self.taken[axis][*place] = number;
            }
        }
        for end in [places.first(), places.last()].into_iter().flatten() {
            self.ends[*end] = self.ends[*end].saturating_add(1);
        }
    }

    /// The places of the cheapest line.
    fn search(&self, number: u32, wanted: &Wanted<'_>) -> Option<Vec<usize>> {
        let mut search = Search {
            router: self,
            number,
            wanted,
            costs: vec![u32::MAX; self.blocked.len() * Way::ALL.len()],
            before: vec![EDGE; self.blocked.len() * Way::ALL.len()],
            open: BinaryHeap::new(),
        };
        search.begin();
        search.run()
    }
}

/// In the place of the state before: the line begins here, at the edge of its box.
const EDGE: u32 = u32::MAX;
/// The same: it begins here, at a tree.
const TREE: u32 = u32::MAX - 1;

/// The sides of a box that face another one.
fn faces(rect: Rect, other: Rect) -> Vec<Way> {
    let mut faces = Vec::new();
    if other.y >= rect.bottom() {
        faces.push(Way::Down);
    } else if other.bottom() <= rect.y {
        faces.push(Way::Up);
    } else if other.x >= rect.right() {
        faces.push(Way::Right);
    } else {
        faces.push(Way::Left);
    }
    faces
}

/// The search for one line: places with the way by which they were reached.
struct Search<'a> {
    router: &'a Router,
    number: u32,
    wanted: &'a Wanted<'a>,
    costs: Vec<u32>,
    before: Vec<u32>,
    open: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Search<'_> {
    fn begin(&mut self) {
        let facing = self.wanted.facing.then_some(self.wanted.to);
        // A tree has one trunk.
        let has_trunk = self.wanted.tree.is_some_and(|(_, lines)| !lines.is_empty());
        let trunk = if has_trunk { CROWD } else { 0 };
        for (place, way, cost) in self.router.ports(self.wanted.from, facing) {
            self.reach(place, way, cost + trunk, EDGE);
        }
        let Some((_, lines)) = self.wanted.tree else {
            return;
        };
        let mut places = Vec::new();
        for line in lines {
            for pair in line.windows(2) {
                let (mut at, to) = (pair[0], pair[1]);
                let (x, y) = ((to.x - at.x).signum(), (to.y - at.y).signum());
                while at != to {
                    // Not where the line begins: that is the edge of a box.
                    places.extend(self.router.place(at.x / GRID, at.y / GRID));
                    at.x += x * GRID;
                    at.y += y * GRID;
                }
            }
        }
        for place in places {
            if !self.router.blocked[place] && self.router.ends[place] == 0 {
                for way in Way::ALL {
                    self.reach(place, way, 0, TREE);
                }
            }
        }
    }

    fn reach(&mut self, place: usize, way: Way, cost: u32, before: u32) {
        let state = place * Way::ALL.len() + way as usize;
        if cost < self.costs[state] {
            self.costs[state] = cost;
            self.before[state] = before;
            let left = self.least_left(place);
            let state = u32::try_from(state).unwrap_or(u32::MAX);
            self.open.push(Reverse((cost + left, state)));
        }
    }

    /// What is left of the way at least.
    fn least_left(&self, place: usize) -> u32 {
        let (x, y) = self.router.at(place);
        let to = self.wanted.to;
        let off = |at: i32, from: i32, to: i32| (from - at).max(at - to).max(0);
        let x = off(x * GRID, to.x, to.right());
        let y = off(y * GRID, to.y, to.bottom());
        u32::try_from((x + y) / GRID).unwrap_or(0) * STEP
    }

    fn run(&mut self) -> Option<Vec<usize>> {
        let facing = self.wanted.facing.then_some(self.wanted.from);
        let ports = self.router.ports(self.wanted.to, facing);
        let mut doors = vec![None; self.router.blocked.len() * Way::ALL.len()];
        for (place, way, cost) in ports {
            doors[place * Way::ALL.len() + way as usize] = Some(cost);
        }
        // The end is a state of its own.
        let mut end: Option<(u32, usize, usize)> = None;
        while let Some(Reverse((guess, state))) = self.open.pop() {
            if end.is_some_and(|(cost, ..)| cost <= guess) {
                break;
            }
            let state = state as usize;
            let (place, from) = (state / Way::ALL.len(), Way::ALL[state % Way::ALL.len()]);
            let cost = self.costs[state];
            if cost + self.least_left(place) < guess {
                continue;
            }
            for way in Way::ALL {
                let is_start = self.before[state] == EDGE;
                if way.is_back_of(from) || is_start && way != from {
                    continue;
                }
                let (x, y) = self.router.at(place);
                let (right, down) = way.step();
                let Some(next) = self.router.place(x + right, y + down) else {
                    continue;
                };
                let bend = if way == from { 0 } else { BEND };
                let back = Way::ALL.into_iter().find(|back| back.is_back_of(way));
                let door = back.and_then(|back| doors[next * Way::ALL.len() + back as usize]);
                if let Some(door) = door {
                    let cost = cost + bend + STEP + door;
                    if end.is_none_or(|(least, ..)| cost < least) {
                        end = Some((cost, next, state));
                    }
                }
                if self.router.blocked[next] {
                    continue;
                }
                let cost = cost + bend + self.cost_of(place, next, way);
                let before = u32::try_from(state).unwrap_or(u32::MAX);
                self.reach(next, way, cost, before);
            }
        }
        let (_, last, mut state) = end?;
        let mut places = vec![last];
        loop {
            places.push(state / Way::ALL.len());
            match self.before[state] {
                EDGE | TREE => break,
                before => state = before as usize,
            }
        }
        places.reverse();
        Some(places)
    }

    /// What a step costs, a bend left out.
    fn cost_of(&self, place: usize, next: usize, way: Way) -> u32 {
        let router = self.router;
        let other = |taken: u32| taken != 0 && taken != self.number;
        let along = &router.taken[way.axis()];
        let across = &router.taken[1 - way.axis()];
        let mut cost = STEP;
        if other(along[next]) || other(along[place]) {
            cost += SHARE;
        }
        if other(across[next]) {
            cost += CROSS;
        }
        if router.rim[way.axis()][next] {
            cost += RIM;
        }
        let network = router.network[next];
        if network != 0 && !self.wanted.networks.contains(&network) {
            cost += STRANGE;
        }
        cost
    }
}

/// The places at which a line bends, and its ends.
fn corners(places: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut corners: Vec<(i32, i32)> = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| places.get(before));
        let straight = match (before, places.get(number + 1)) {
            (Some(before), Some(next)) => {
                (place.0 - before.0, place.1 - before.1) == (next.0 - place.0, next.1 - place.1)
            }
            _ => false,
        };
        if !straight {
            corners.push(*place);
        }
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(from: Rect, to: Rect) -> Wanted<'static> {
        Wanted {
            from,
            to,
            facing: false,
            networks: &[],
            tree: None,
        }
    }

    #[test]
    fn a_line_is_straight_where_it_can_be_and_goes_round_a_box() {
        let mut router = Router::new(400, 400);
        let (top, below) = (Rect::new(100, 50, 80, 40), Rect::new(100, 250, 80, 40));
        router.block(top);
        router.block(below);
        let straight = router.line(1, &wanted(top, below));
        assert_eq!(
            straight,
            [Point { x: 140, y: 90 }, Point { x: 140, y: 250 }]
        );
        router.block(Rect::new(60, 150, 200, 40));
        let round = router.line(2, &wanted(top, below));
        assert!(round.len() >= 4, "{round:?}");
        let in_the_way =
            |point: &Point| (60..=260).contains(&point.x) && (150..=190).contains(&point.y);
        assert!(!round.iter().any(in_the_way), "{round:?}");
    }

    #[test]
    fn two_lines_between_the_same_boxes_run_side_by_side() {
        let mut router = Router::new(300, 300);
        let (top, below) = (Rect::new(100, 50, 80, 40), Rect::new(100, 150, 80, 40));
        router.block(top);
        router.block(below);
        let first = router.line(1, &wanted(top, below));
        let second = router.line(2, &wanted(top, below));
        assert_ne!(first, second);
        assert_eq!(second.len(), 2, "{second:?}");
    }
}

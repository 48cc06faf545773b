//! Points and rectangles of the picture, in pixels, on a grid.

/// The distance of two lines of the grid. Boxes begin and end on it, lines run along it.
pub(crate) const GRID: i32 = 10;

/// The next line of the grid at or behind a place.
pub(crate) const fn up(place: i32) -> i32 {
    place.div_euclid(GRID) * GRID + if place.rem_euclid(GRID) == 0 { 0 } else { GRID }
}

/// A point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    pub(crate) x: i32,
    pub(crate) y: i32,
}

/// A rectangle by its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

impl Rect {
    pub(crate) const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    pub(crate) const fn right(self) -> i32 {
        self.x + self.width
    }

    pub(crate) const fn bottom(self) -> i32 {
        self.y + self.height
    }

    pub(crate) const fn center(self) -> Point {
        Point {
            x: self.x + self.width / 2,
            y: self.y + self.height / 2,
        }
    }

    /// The same elsewhere.
    #[must_use]
    pub(crate) const fn moved(self, x: i32, y: i32) -> Self {
        Self::new(self.x + x, self.y + y, self.width, self.height)
    }
}

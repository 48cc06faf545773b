//! Room for two: a session has at most two connections (RFC 4271 section 6.8).

/// One of the two places for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    First,
    Second,
}

impl Slot {
    pub(crate) const ALL: [Self; 2] = [Self::First, Self::Second];

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// One value per place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots<T> {
    first: T,
    second: T,
}

impl<T> Slots<T> {
    pub(crate) const fn at(&self, slot: Slot) -> &T {
        match slot {
            Slot::First => &self.first,
            Slot::Second => &self.second,
        }
    }

    pub(crate) const fn at_mut(&mut self, slot: Slot) -> &mut T {
        match slot {
            Slot::First => &mut self.first,
            Slot::Second => &mut self.second,
        }
    }
}

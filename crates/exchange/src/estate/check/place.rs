//! Where in the estate.

use std::fmt;

/// A list of the estate, or the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Virtual networks.
    Vnets,
    /// Peerings.
    Peerings,
    /// Route Servers.
    RouteServers,
    /// NVAs.
    Nvas,
    /// Gateways.
    Gateways,
    /// Circuits.
    Circuits,
    /// Sites.
    Sites,
    /// Route tables.
    RouteTables,
    /// NICs.
    Nics,
    /// Route maps.
    RouteMaps,
    /// Events.
    Events,
}

impl List {
    /// The name of the list: that of the field in [`Estate`](crate::Estate).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vnets => "vnets",
            Self::Peerings => "peerings",
            Self::RouteServers => "route_servers",
            Self::Nvas => "nvas",
            Self::Gateways => "gateways",
            Self::Circuits => "circuits",
            Self::Sites => "sites",
            Self::RouteTables => "route_tables",
            Self::Nics => "nics",
            Self::RouteMaps => "route_maps",
            Self::Events => "events",
        }
    }
}

/// A place in the estate: `nvas[3].sessions[0].route_server`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The list.
    pub list: List,
    /// The entry, from 0.
    pub index: usize,
    /// The way from the entry on.
    pub path: Vec<Step>,
}

impl Place {
    /// An entry of a list as a whole.
    pub const fn entry(list: List, index: usize) -> Self {
        Self {
            list,
            index,
            path: Vec::new(),
        }
    }

    /// A field of this place.
    #[must_use]
    pub fn key(mut self, key: &'static str) -> Self {
        self.path.push(Step::Key(key));
        self
    }

    /// An item of this place.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        self.path.push(Step::Item(index));
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.list.name(), self.index)?;
        self.path.iter().try_for_each(|step| match step {
            Step::Key(key) => write!(f, ".{key}"),
            Step::Item(index) => write!(f, "[{index}]"),
        })
    }
}

/// One step into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a field.
    Key(&'static str),
    /// Into an item of a list, from 0.
    Item(usize),
}

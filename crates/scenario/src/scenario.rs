//! A scenario as plain data.

use std::collections::BTreeMap;

use routehub::{CheckedEstate, Event, Profile};

use crate::expect::Expectation;
use crate::file::Live;

/// A network, what happens to it, and what should then be seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// What it is about.
    pub title: String,
    /// Where the facts come from.
    pub source: BTreeMap<String, String>,
    /// Remarks.
    pub notes: Vec<String>,
    /// The behaviour.
    pub profile: Profile,
    /// The network.
    pub estate: CheckedEstate,
    /// What happens, by id, in order.
    pub events: Vec<(String, Event)>,
    /// What should be seen, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// What the live server uses.
    pub live: Live,
}

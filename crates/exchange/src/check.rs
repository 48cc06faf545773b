//! What does not fit in an estate: names, references, addresses, peerings, connections, paths.
//!
//! The check says *where* in terms of the estate's lists and fields, so that whoever read the
//! estate from somewhere can point at the text it came from.

mod addresses;
mod error;
mod events;
mod names;
mod nearest;
mod peerings;
mod place;
mod speakers;

use std::collections::HashSet;

use crate::{Estate, Event};

pub use error::{EstateError, Kind, Problem};
pub use nearest::nearest_name;
pub use place::{List, Place, Step};

use names::Names;

impl Estate {
    /// Everything that does not fit, in the order of the estate; empty for a sound one.
    pub fn check(&self) -> Vec<EstateError> {
        self.check_run(&[])
    }

    /// Likewise, together with the events that are to happen: each is checked against the estate
    /// as it then is. A Route Server that an event adds may be named before that event.
    pub fn check_run(&self, events: &[(String, Event)]) -> Vec<EstateError> {
        let later = events::added_route_servers(events);
        let mut errors = Vec::new();
        let names = Names::new(self, &later, &mut errors);
        peerings::check(self, &names, &later, &mut errors);
        addresses::check(self, &mut errors);
        speakers::check(self, &names, &mut errors);
        names::check_fabric(self, &names, &mut errors);
        errors.sort_by_key(|error| error.place.clone());
        events::check(self, events, &names, &mut errors);
        errors
    }
}

/// Names seen so far, and which of them come twice.
#[derive(Default)]
struct Seen<'a>(HashSet<&'a str>);

impl<'a> Seen<'a> {
    fn is_new(&mut self, name: &'a str) -> bool {
        self.0.insert(name)
    }
}

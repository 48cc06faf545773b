//! What does not fit in an estate: names, references, addresses, peerings, connections, paths.
//!
//! The check says *where* in terms of the estate's lists and fields, so that whoever read the
//! estate from somewhere can point at the text it came from.

mod change;
mod error;
mod events;
mod names;
mod networks;
mod report;
mod speakers;

use std::fmt;
use std::ops::Deref;

use super::{Estate, Event};

pub use error::{EstateError, Kind, List, Place, Problem, Step};
pub use names::nearest_name;

use names::Names;
use networks::{InUse, Peered};

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
        let remotes = networks::with_gateways(self, &later);
        Peered::check(&names, &remotes, &mut errors);
        networks::check_fabric(&names, &mut errors);
        InUse::check(&names, &mut errors);
        speakers::check(&names, &mut errors);
        errors.sort_by_key(|error| error.place.clone());
        events::check(events, self, &later, &mut errors);
        errors
    }

    /// The estate after an event that describes it anew.
    ///
    /// # Errors
    /// [`EstateErrors`]: what does not fit afterwards and did before.
    pub(crate) fn changed(mut self, event: &Event) -> Result<CheckedEstate, EstateErrors> {
        let errors = self.change_checked(event);
        if errors.is_empty() {
            Ok(CheckedEstate(self))
        } else {
            Err(EstateErrors(errors))
        }
    }

    /// The estate as one in which everything fits, together with the events that are to happen.
    ///
    /// # Errors
    /// [`EstateErrors`]: everything that does not fit.
    pub fn checked(self, events: &[(String, Event)]) -> Result<CheckedEstate, EstateErrors> {
        let errors = self.check_run(events);
        if errors.is_empty() {
            Ok(CheckedEstate(self))
        } else {
            Err(EstateErrors(errors))
        }
    }
}

/// An estate in which everything fits: every name that stands in it is the name of something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckedEstate(Estate);

impl CheckedEstate {
    /// The estate, to be changed and checked anew.
    pub fn into_inner(self) -> Estate {
        self.0
    }
}

impl Deref for CheckedEstate {
    type Target = Estate;

    fn deref(&self) -> &Estate {
        &self.0
    }
}

impl TryFrom<Estate> for CheckedEstate {
    type Error = EstateErrors;

    fn try_from(estate: Estate) -> Result<Self, EstateErrors> {
        estate.checked(&[])
    }
}

/// Everything that does not fit in an estate, in its order; never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct EstateErrors(pub Vec<EstateError>);

impl std::error::Error for EstateErrors {}

impl fmt::Debug for EstateErrors {
    /// A line for each: it is what a program prints whose `main` ends in this error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for EstateErrors {
    /// Writes a line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.0.iter();
        if let Some(first) = errors.next() {
            first.fmt(f)?;
        }
        errors.try_for_each(|error| write!(f, "\n{error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::{Nva, NvaSession, Peering, RouteServer, Vnet};
    use routehub_types::Asn;
    use std::net::Ipv4Addr;

    fn vnet(name: &str, prefix: &str) -> Vnet {
        Vnet {
            name: name.into(),
            address_space: vec![prefix.parse().unwrap()],
            ..Vnet::default()
        }
    }

    /// A hub with a Route Server and an NVA, and a spoke.
    fn sound() -> Estate {
        let ips = [4, 5].map(|host| Ipv4Addr::new(10, 0, 6, host).into());
        let nva = Nva::new("nva", "hub", Ipv4Addr::new(10, 0, 4, 4), Asn(65001));
        Estate {
            vnets: vec![vnet("hub", "10.0.0.0/16"), vnet("spoke", "10.1.0.0/16")],
            peerings: vec![Peering::hub_and_spoke("hub", "spoke")],
            route_servers: vec![RouteServer {
                ips: Some(ips),
                ..RouteServer::new("rs", "hub")
            }],
            nvas: vec![Nva {
                sessions: vec![NvaSession::both("rs")],
                ..nva
            }],
            ..Estate::default()
        }
    }

    fn told(estate: &Estate) -> Vec<String> {
        estate.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sound_estate_has_nothing_wrong() {
        assert_eq!(told(&sound()), [""; 0]);
    }

    #[test]
    fn an_error_names_object_problem_and_place() {
        let mut estate = sound();
        estate.nvas[0].sessions[0].route_server = "sr".into();
        let told = told(&estate);
        assert_eq!(
            told,
            [
                "NVA `nva`: there is no Route Server `sr`; did you mean `rs`? \
                 (nvas[0].sessions[0].route_server)"
            ]
        );
    }

    #[test]
    fn everything_that_is_wrong_is_found_in_the_order_of_the_estate() {
        let mut estate = sound();
        estate.vnets[1] = vnet("spoke", "10.0.128.0/17");
        estate.nvas[0].ip = Ipv4Addr::new(10, 0, 6, 4).into();
        let places: Vec<String> = estate
            .check()
            .iter()
            .map(|error| error.place.to_string())
            .collect();
        assert_eq!(places, ["peerings[0]", "nvas[0].ip"]);
    }

    #[test]
    fn a_route_server_that_an_event_adds_may_be_named_before() {
        let mut estate = sound();
        estate.peerings[0].transit_if_any = false;
        let later = estate.route_servers.remove(0);
        assert_eq!(estate.check().len(), 2, "{:?}", told(&estate));
        let events = [("deployed".to_owned(), Event::AddRouteServer(later))];
        assert_eq!(estate.check_run(&events), []);
    }

    #[test]
    fn an_event_that_repeats_another_is_told() {
        let gone = Event::RemoveRouteServer {
            route_server: "rs".into(),
        };
        let events = [("one".to_owned(), gone.clone()), ("two".to_owned(), gone)];
        let errors = sound().check_run(&events);
        assert_eq!(errors.len(), 1);
        assert_eq!(
            errors[0].place,
            Place::entry(List::Events, 1).key("route_server")
        );
    }
}

//! Errors as they are found.

use super::error::{EstateError, Kind, Place, Problem};

/// An object that is checked: what errors call it, where it stands, and where errors go.
pub(super) struct Report<'a> {
    object: String,
    place: Place,
    errors: &'a mut Vec<EstateError>,
}

impl<'a> Report<'a> {
    /// On an entry of the list of its kind.
    pub(super) fn entry(
        kind: Kind,
        name: &str,
        index: usize,
        errors: &'a mut Vec<EstateError>,
    ) -> Self {
        let place = Place::entry(kind.list(), index);
        Self::new(format!("{kind} `{name}`"), place, errors)
    }

    pub(super) fn new(object: String, place: Place, errors: &'a mut Vec<EstateError>) -> Self {
        Self {
            object,
            place,
            errors,
        }
    }

    /// On the same object, at another place.
    pub(super) fn at(&mut self, place: Place) -> Report<'_> {
        Report::new(self.object.clone(), place, self.errors)
    }

    /// On what another object has there.
    pub(super) fn of(&mut self, object: String) -> Report<'_> {
        Report::new(object, self.place(), self.errors)
    }

    /// What errors call it.
    pub(super) fn object(&self) -> &str {
        &self.object
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// A field of it.
    pub(super) fn field(&self, key: &'static str) -> Place {
        self.place().key(key)
    }

    /// An item of a list that is a field of it.
    pub(super) fn item(&self, key: &'static str, index: usize) -> Place {
        self.field(key).item(index)
    }

    /// Notes a problem at a place, if there is one. Says whether all is well.
    pub(super) fn note(&mut self, place: Place, problem: impl Into<Option<Problem>>) -> bool {
        self.note_with(place, problem, None)
    }

    /// The same of a field of it.
    pub(super) fn note_field(
        &mut self,
        key: &'static str,
        problem: impl Into<Option<Problem>>,
    ) -> bool {
        self.note(self.field(key), problem)
    }

    /// Notes a problem that another place is concerned in.
    pub(super) fn note_with(
        &mut self,
        place: Place,
        problem: impl Into<Option<Problem>>,
        other: Option<Place>,
    ) -> bool {
        let problem = problem.into();
        let is_well = problem.is_none();
        self.errors.extend(problem.map(|problem| EstateError {
            place,
            object: self.object.clone(),
            problem,
            other,
        }));
        is_well
    }
}

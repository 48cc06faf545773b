//! Errors as they are found.

use super::{EstateError, Kind, List, Place, Problem};

/// An object that is checked: what errors call it, and where it stands.
pub(super) struct Subject {
    object: String,
    place: Place,
}

impl Subject {
    /// An entry of a list of the estate.
    pub(super) fn entry(kind: Kind, name: &str, list: List, index: usize) -> Self {
        Self::new(format!("{kind} `{name}`"), Place::entry(list, index))
    }

    pub(super) fn new(object: String, place: Place) -> Self {
        Self { object, place }
    }

    /// The same object, at another place.
    pub(super) fn at(&self, place: Place) -> Self {
        Self::new(self.object.clone(), place)
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

    /// What is wrong with it.
    pub(super) fn error(&self, place: Place, problem: Problem) -> EstateError {
        EstateError {
            place,
            object: self.object.clone(),
            problem,
            other: None,
        }
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Errors(pub(super) Vec<EstateError>);

impl Errors {
    /// Notes a problem, if there is one. Says whether all is well.
    pub(super) fn note(
        &mut self,
        subject: &Subject,
        place: Place,
        problem: impl Into<Option<Problem>>,
    ) -> bool {
        let problem = problem.into();
        let well = problem.is_none();
        self.0
            .extend(problem.map(|problem| subject.error(place, problem)));
        well
    }

    /// Notes a problem that another place is concerned in.
    pub(super) fn note_with(
        &mut self,
        subject: &Subject,
        place: Place,
        problem: Problem,
        other: &Place,
    ) {
        let mut error = subject.error(place, problem);
        error.other = Some(other.clone());
        self.0.push(error);
    }
}

//! Who is asked about: a name that nothing has is an error, never an empty table.

use super::table_id::{Subject, TableId, TableKind};
use crate::estate::{Estate, UnknownName};

impl Subject {
    /// An error unless an estate has such an object of that name.
    fn need(&self, estate: &Estate, name: &str) -> Result<(), UnknownName> {
        let names = (self.names)(estate);
        match names.contains(&name) {
            true => Ok(()),
            false => Err(UnknownName::among(self.word, name, names)),
        }
    }
}

impl TableKind {
    /// An error unless an estate has the objects that a table of this kind would be of.
    pub(super) fn need(
        self,
        estate: &Estate,
        owner: &str,
        peer: Option<&str>,
    ) -> Result<(), UnknownName> {
        let shape = self.shape();
        shape.owner.need(estate, owner)?;
        match shape.peer {
            Some(subject) => subject.need(estate, peer.unwrap_or_default()),
            None => Ok(()),
        }
    }
}

impl TableId {
    /// An error unless an estate has the objects that the table is of.
    ///
    /// # Errors
    /// [`UnknownName`]: the owner, or who is at the other end.
    pub fn check_names(&self, estate: &Estate) -> Result<(), UnknownName> {
        self.kind.need(estate, &self.owner, self.peer.as_deref())
    }
}

//! What an import does not know.

/// Something that an import does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What is not known, or left out, and of which object.
    pub what: String,
    /// Where to take it from, or what to do; none where there is nothing to do.
    pub remedy: Option<String>,
}

/// Remarks, each once.
#[derive(Debug, Default)]
pub(super) struct Remarks(Vec<Remark>);

impl Remarks {
    /// Notes what is not known, and where to take it from.
    pub(super) fn note(&mut self, what: impl Into<String>, remedy: Option<&str>) {
        let remark = Remark {
            what: what.into(),
            remedy: remedy.map(str::to_owned),
        };
        if !self.0.contains(&remark) {
            self.0.push(remark);
        }
    }

    /// All of them, in the order in which they were made.
    pub(super) fn into_list(self) -> Vec<Remark> {
        self.0
    }
}

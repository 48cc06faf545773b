//! Of which prefixes something is asked of a RIB.

use routehub_rib::{AdjIn, SourceId};
use routehub_types::Prefix;

use super::speaker_rib::RibView;

/// Of which prefixes something is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Only<'a> {
    /// Of all.
    All,
    /// Of these.
    These(&'a [Prefix]),
}

impl Only<'_> {
    /// What a source announced, in order.
    pub(crate) fn of(self, rib: RibView<'_>, source: SourceId) -> Vec<AdjIn> {
        match self {
            Self::All => rib.adj_in(source).collect(),
            Self::These(prefixes) => {
                let prefixes = prefixes.iter();
                prefixes
                    .flat_map(|prefix| rib.adj_in_for(source, *prefix))
                    .collect()
            }
        }
    }
}

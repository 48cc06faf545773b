//! What a policy knows of a route besides its attributes and its prefix.

use routehub_types::Asn;

/// A class of route sources, such as "customer" or "transit": whoever writes rules numbers them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct SourceClass(pub u8);

/// Where a route came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouteMeta {
    /// The class of its source.
    pub source: SourceClass,
    /// The AS of the peer that sent it; none for a route of one's own.
    pub neighbor: Option<Asn>,
}

impl RouteMeta {
    /// A route of a source class, from a peer of this AS.
    pub const fn new(source: SourceClass, neighbor: Asn) -> Self {
        Self {
            source,
            neighbor: Some(neighbor),
        }
    }
}

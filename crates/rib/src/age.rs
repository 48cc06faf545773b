//! How old a received path is: whether its source said it since it came up.

/// How old what a source holds is, the youngest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// The source announced it since it came up, and since it began to refresh its routes.
    #[default]
    Fresh,
    /// The source was lost, or began to refresh its routes, and has not announced it again (RFC 4724
    /// section 4.2, RFC 7313 section 4).
    Stale,
    /// The same, for longer than the source's restart may take (RFC 9494 section 4.2).
    LongLivedStale,
}

//! A switch that only profiles know as a word.

/// What NO_EXPORT does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoExport {
    /// It stops routes at eBGP sessions (RFC 1997).
    Rfc,
    /// Nothing.
    Ignore,
}

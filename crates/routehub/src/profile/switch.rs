//! What switches that are words can be.

pub use routehub_exchange::{
    OneInstanceNics, PrefixCountMode, ReflectBetweenNvas, UnreachableNextHop,
};

/// What NO_EXPORT does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoExport {
    /// It stops routes at eBGP sessions (RFC 1997).
    Rfc,
    /// Nothing.
    Ignore,
}

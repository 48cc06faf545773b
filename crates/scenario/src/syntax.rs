//! The text as a tree, the tree as data, and what is wrong with either.

pub(crate) mod diagnostic;
pub(crate) mod node;
pub(crate) mod text;
pub(crate) mod value_deserializer;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use text::Excerpt;

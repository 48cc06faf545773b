//! Patterns of values: communities, AS paths, prefixes.

mod community;
mod path;
mod prefix;

pub use community::{CommunityPattern, ParseCommunityPatternError};
pub use path::{ParsePathExprError, PathExpr};
pub use prefix::PrefixMatch;

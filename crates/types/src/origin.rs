//! The ORIGIN attribute.

use core::fmt;
use core::str::FromStr;

/// How the originating AS came by a route (RFC 4271 section 5.1.1); lower is preferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Origin {
    /// Interior to the originating AS.
    #[default]
    Igp,
    /// Learned by the EGP protocol.
    Egp,
    /// Learned by other means.
    Incomplete,
}

/// Text that is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin: expected igp, egp or incomplete")]
pub struct ParseOriginError;

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Igp => "igp",
            Self::Egp => "egp",
            Self::Incomplete => "incomplete",
        })
    }
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        [Self::Igp, Self::Egp, Self::Incomplete]
            .into_iter()
            .zip(["igp", "egp", "incomplete"])
            .find_map(|(origin, name)| name.eq_ignore_ascii_case(text).then_some(origin))
            .ok_or(ParseOriginError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn text_reads_back_in_any_case() {
        for origin in [Origin::Igp, Origin::Egp, Origin::Incomplete] {
            assert_eq!(origin.to_string().parse(), Ok(origin));
            assert_eq!(origin.to_string().to_uppercase().parse(), Ok(origin));
        }
        assert_eq!("i".parse::<Origin>(), Err(ParseOriginError));
    }

    #[test]
    fn igp_is_preferred_to_egp_to_incomplete() {
        assert!(Origin::Igp < Origin::Egp && Origin::Egp < Origin::Incomplete);
    }
}

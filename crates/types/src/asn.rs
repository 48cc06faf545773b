//! Autonomous system numbers.

use core::fmt;
use core::str::FromStr;

/// A four-octet autonomous system number (RFC 6793).
///
/// Prints as `asplain`; parses `asplain` (`65001`) and `asdot` (`1.10`, RFC 5396).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Asn(pub u32);

impl Asn {
    /// AS 0, which no speaker may use or send (RFC 7607).
    pub const ZERO: Self = Self(0);
    /// AS_TRANS, which stands for a four-octet ASN towards a two-octet speaker (RFC 6793).
    pub const TRANS: Self = Self(23456);

    /// Whether the number fits the two octets of the original AS_PATH encoding.
    pub const fn is_two_octet(self) -> bool {
        self.0 <= 0xffff
    }

    /// The number in two octets: AS_TRANS if it does not fit (RFC 6793 section 4.2.2).
    pub const fn two_octet(self) -> u16 {
        let Self(number) = if self.is_two_octet() {
            self
        } else {
            Self::TRANS
        };
        number as u16
    }

    /// Whether the number is of a range for private use (RFC 6996).
    pub const fn is_private(self) -> bool {
        matches!(self.0, 64_512..=65_534 | 4_200_000_000..=4_294_967_294)
    }

    /// Whether the number is of a range for documentation (RFC 5398).
    pub const fn is_documentation(self) -> bool {
        matches!(self.0, 64_496..=64_511 | 65_536..=65_551)
    }

    /// Whether the number is reserved: 0, AS_TRANS, or the last of either size (RFC 7300, 7607).
    pub const fn is_reserved(self) -> bool {
        matches!(self.0, 0 | 23_456 | 65_535 | 4_294_967_295)
    }
}

/// Text that is not an AS number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an AS number: expected 0..4294967295 or HIGH.LOW")]
pub struct ParseAsnError;

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Asn {
    type Err = ParseAsnError;

    fn from_str(text: &str) -> Result<Self, ParseAsnError> {
        let number = |digits: &str| decimal(digits).ok_or(ParseAsnError);
        match text.split_once('.') {
            None => number(text).map(Self),
            Some((high, low)) => match (number(high)?, number(low)?) {
                (high @ 0..=0xffff, low @ 0..=0xffff) => Ok(Self(high << 16 | low)),
                _ => Err(ParseAsnError),
            },
        }
    }
}

impl From<u32> for Asn {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

/// A decimal number of plain digits: unlike `str::parse`, no sign.
pub(crate) fn decimal<N: FromStr>(digits: &str) -> Option<N> {
    if digits.starts_with('+') {
        None
    } else {
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn asplain_and_asdot_name_the_same_number() {
        assert_eq!("65546".parse(), Ok(Asn(65546)));
        assert_eq!("1.10".parse(), Ok(Asn(65546)));
        assert_eq!(Asn(65546).to_string(), "65546");
    }

    #[test]
    fn text_that_is_no_asn_is_refused() {
        for text in [
            "",
            "-1",
            "+1",
            "4294967296",
            "1.65536",
            "1.",
            ".1",
            "1.2.3",
            "AS1",
            " 1",
        ] {
            assert_eq!(text.parse::<Asn>(), Err(ParseAsnError), "{text:?}");
        }
    }

    #[test]
    fn special_ranges_end_where_the_registry_says() {
        assert!(!Asn(64511).is_private() && Asn(64512).is_private());
        assert!(Asn(65534).is_private() && !Asn(65535).is_private());
        assert!(Asn(4_200_000_000).is_private() && !Asn(4_199_999_999).is_private());
        assert!(Asn(64496).is_documentation() && Asn(65551).is_documentation());
        assert!(Asn(65535).is_reserved() && Asn(0).is_reserved() && Asn::TRANS.is_reserved());
        assert!(Asn(65535).is_two_octet() && !Asn(65536).is_two_octet());
    }
}

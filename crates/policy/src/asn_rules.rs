//! Which ASNs a speaker may have, or may put into a path.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use routehub_types::{Asn, RuleId};

/// What IANA set a range of ASNs apart for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SpecialUse {
    /// Not for use.
    Reserved,
    /// Stands for a four-octet ASN towards a two-octet speaker.
    Trans,
    /// The AS112 project, which answers misdirected DNS queries.
    As112,
    /// Examples in documents.
    Documentation,
    /// Private networks.
    Private,
}

/// A range of ASNs with a special use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpecialAsns {
    /// The first ASN.
    pub first: Asn,
    /// The last ASN.
    pub last: Asn,
    /// What they are for.
    pub for_use: SpecialUse,
    /// The document that says so.
    pub source: &'static str,
}

const fn special(first: u32, last: u32, for_use: SpecialUse, source: &'static str) -> SpecialAsns {
    SpecialAsns {
        first: Asn(first),
        last: Asn(last),
        for_use,
        source,
    }
}

/// The IANA registry of special-purpose AS numbers, and the block that the registry of AS numbers
/// keeps reserved; ascending.
pub const SPECIAL_ASNS: [SpecialAsns; 10] = [
    special(0, 0, SpecialUse::Reserved, "RFC 7607"),
    special(112, 112, SpecialUse::As112, "RFC 7534"),
    special(23_456, 23_456, SpecialUse::Trans, "RFC 6793"),
    special(64_496, 64_511, SpecialUse::Documentation, "RFC 5398"),
    special(64_512, 65_534, SpecialUse::Private, "RFC 6996"),
    special(65_535, 65_535, SpecialUse::Reserved, "RFC 7300"),
    special(65_536, 65_551, SpecialUse::Documentation, "RFC 5398"),
    special(65_552, 131_071, SpecialUse::Reserved, "IANA AS numbers"),
    special(
        4_200_000_000,
        4_294_967_294,
        SpecialUse::Private,
        "RFC 6996",
    ),
    special(
        4_294_967_295,
        4_294_967_295,
        SpecialUse::Reserved,
        "RFC 7300",
    ),
];

/// The special use of an ASN, if it has one.
pub fn special_use(asn: Asn) -> Option<&'static SpecialAsns> {
    let at = SPECIAL_ASNS.partition_point(|range| range.last < asn);
    SPECIAL_ASNS.get(at).filter(|range| range.first <= asn)
}

/// A range of ASNs that somebody forbids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForbiddenAsns {
    /// The first ASN.
    pub first: Asn,
    /// The last ASN.
    pub last: Asn,
    /// The rule that forbids them.
    pub rule: RuleId,
    /// Who keeps them, in words that fit behind "AS 7 is": `reserved by IANA`.
    pub reason: Cow<'static, str>,
}

/// Which ASNs are refused; the default refuses none.
///
/// ```
/// use routehub_policy::{AsnRules, SpecialUse};
/// use routehub_types::{Asn, RuleId};
///
/// let rules = AsnRules {
///     special: vec![(SpecialUse::Documentation, RuleId(24))],
///     two_octet_only: Some(RuleId(24)),
///     ..AsnRules::default()
/// };
/// assert!(rules.check(Asn(65001)).is_ok());
/// let refusal = rules.check(Asn(64500)).unwrap_err();
/// assert_eq!(refusal.to_string(), "AS 64500 is kept for documentation, RFC 5398 (R-024)");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct AsnRules {
    /// Ranges that the caller forbids; looked at first.
    pub forbidden: Vec<ForbiddenAsns>,
    /// Special uses that are refused, and the rule that says so.
    pub special: Vec<(SpecialUse, RuleId)>,
    /// The rule that refuses what does not fit two octets, if one does; looked at last.
    pub two_octet_only: Option<RuleId>,
}

/// Why an ASN is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("AS {asn} is {reason} ({rule})")]
pub struct AsnRefusal {
    /// The ASN.
    pub asn: Asn,
    /// The rule that refuses it.
    pub rule: RuleId,
    /// What is wrong with it.
    pub reason: AsnRefusalReason,
}

/// What is wrong with an ASN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsnRefusalReason {
    /// The caller forbids it, with these words.
    Forbidden(Cow<'static, str>),
    /// It has a special use.
    Special(&'static SpecialAsns),
    /// It does not fit two octets.
    FourOctet,
}

impl AsnRules {
    /// Whether an ASN may be used.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn check(&self, asn: Asn) -> Result<(), AsnRefusal> {
        let refused = |rule, reason| Err(AsnRefusal { asn, rule, reason });
        let within = |range: &&ForbiddenAsns| range.first <= asn && asn <= range.last;
        if let Some(range) = self.forbidden.iter().find(within) {
            let reason = AsnRefusalReason::Forbidden(range.reason.clone());
            return refused(range.rule, reason);
        }
        if let Some(range) = special_use(asn)
            && let Some((_, rule)) = self
                .special
                .iter()
                .find(|(special, _)| *special == range.for_use)
        {
            return refused(*rule, AsnRefusalReason::Special(range));
        }
        match self.two_octet_only {
            Some(rule) if !asn.is_two_octet() => refused(rule, AsnRefusalReason::FourOctet),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for SpecialUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reserved => "reserved",
            Self::Trans => "AS_TRANS, which no speaker may have",
            Self::As112 => "kept for the AS112 project",
            Self::Documentation => "kept for documentation",
            Self::Private => "for private use",
        })
    }
}

impl fmt::Display for AsnRefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden(reason) => f.write_str(reason),
            Self::Special(range) => write!(f, "{}, {}", range.for_use, range.source),
            Self::FourOctet => f.write_str("too large for two octets"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_registry_ascends_without_overlap() {
        for pair in SPECIAL_ASNS.windows(2) {
            assert!(pair[0].last < pair[1].first, "{pair:?}");
        }
        assert!(SPECIAL_ASNS.iter().all(|range| range.first <= range.last));
    }

    #[test]
    fn every_border_of_the_registry_has_its_use_and_its_neighbours_not() {
        for range in SPECIAL_ASNS {
            assert_eq!(special_use(range.first), Some(&range));
            assert_eq!(special_use(range.last), Some(&range));
        }
        for ordinary in [1, 111, 113, 23_455, 23_457, 64_495, 131_072, 4_199_999_999] {
            assert_eq!(special_use(Asn(ordinary)), None, "{ordinary}");
        }
    }

    #[test]
    fn the_registry_agrees_with_the_vocabulary() {
        let edges = SPECIAL_ASNS
            .iter()
            .flat_map(|range| [range.first, range.last]);
        for asn in edges.chain([Asn(1), Asn(100_000), Asn(200_000)]) {
            let is = |wanted| special_use(asn).is_some_and(|range| range.for_use == wanted);
            assert_eq!(is(SpecialUse::Private), asn.is_private(), "{asn}");
            assert_eq!(
                is(SpecialUse::Documentation),
                asn.is_documentation(),
                "{asn}"
            );
        }
    }

    #[test]
    fn the_default_refuses_nothing() {
        for asn in [0, 23_456, 64_512, 65_535, 70_000, u32::MAX] {
            assert_eq!(AsnRules::default().check(Asn(asn)), Ok(()));
        }
    }

    #[test]
    fn the_callers_ranges_are_named_before_the_registry_and_the_registry_before_the_size() {
        let (own, iana, size) = (RuleId(1), RuleId(2), RuleId(3));
        let rules = AsnRules {
            forbidden: Vec::from([ForbiddenAsns {
                first: Asn(65_530),
                last: Asn(65_540),
                rule: own,
                reason: "ours".into(),
            }]),
            special: Vec::from([(SpecialUse::Documentation, iana)]),
            two_octet_only: Some(size),
        };
        let refused = |asn| rules.check(Asn(asn)).map_err(|refusal| refusal.rule);
        assert_eq!(refused(65_540), Err(own));
        assert_eq!(refused(65_541), Err(iana));
        assert_eq!(refused(65_552), Err(size));
        assert_eq!(refused(65_529), Ok(()), "private use is not refused here");
    }

    #[test]
    fn a_refusal_tells_number_reason_source_and_rule() {
        let rules = AsnRules {
            special: Vec::from([(SpecialUse::Trans, RuleId(7))]),
            ..AsnRules::default()
        };
        assert_eq!(
            rules.check(Asn::TRANS).unwrap_err().to_string(),
            "AS 23456 is AS_TRANS, which no speaker may have, RFC 6793 (R-007)"
        );
    }
}

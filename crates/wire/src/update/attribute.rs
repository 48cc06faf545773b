//! Path attributes, read in place.

use core::fmt;
use core::net::Ipv4Addr;

use routehub_types::{
    Aggregator, Asn, Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity, Origin,
    RouterId,
};

use super::{AsPathView, Values, check};
use crate::Context;
use crate::parse::{self, Element};
use routehub_types::attribute_code as code;

/// A path attribute as it stands in a message, in order or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawAttribute<'a> {
    /// The flags octet.
    pub flags: u8,
    /// The type code.
    pub code: u8,
    /// The value.
    pub value: &'a [u8],
    /// Where it starts, in octets from the start of the message.
    pub offset: usize,
}

impl RawAttribute<'_> {
    /// Where it ends, in octets from the start of the message.
    pub const fn end(&self) -> usize {
        let Self {
            flags, code, value, ..
        } = *self;
        let element = Element { flags, code, value };
        self.offset + element.header_len() + value.len()
    }
}

/// The path attributes as they stand in a message, up to the first that cannot be read.
#[derive(Clone, Debug)]
pub struct RawAttributes<'a> {
    left: &'a [u8],
    end: usize,
}

impl<'a> RawAttributes<'a> {
    /// The attributes of a field that ends at this octet of the message.
    pub(super) const fn new(left: &'a [u8], end: usize) -> Self {
        Self { left, end }
    }
}

impl<'a> Iterator for RawAttributes<'a> {
    type Item = RawAttribute<'a>;

    #[inline]
    fn next(&mut self) -> Option<RawAttribute<'a>> {
        let offset = self.end - self.left.len();
        let (rest, Element { flags, code, value }) = parse::attribute(self.left).ok()?;
        self.left = rest;
        Some(RawAttribute {
            flags,
            code,
            value,
            offset,
        })
    }
}

/// A path attribute of a message, typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// ORIGIN.
    Origin(Origin),
    /// AS_PATH.
    AsPath(AsPathView<'a>),
    /// NEXT_HOP, of the prefixes in the NLRI field.
    NextHop(Ipv4Addr),
    /// MULTI_EXIT_DISC.
    Med(u32),
    /// LOCAL_PREF.
    LocalPref(u32),
    /// ATOMIC_AGGREGATE.
    AtomicAggregate,
    /// AGGREGATOR.
    Aggregator(Aggregator),
    /// COMMUNITIES (RFC 1997).
    Communities(Values<'a, Community>),
    /// ORIGINATOR_ID (RFC 4456).
    OriginatorId(RouterId),
    /// CLUSTER_LIST (RFC 4456).
    ClusterList(Values<'a, RouterId>),
    /// EXTENDED COMMUNITIES (RFC 4360).
    ExtendedCommunities(Values<'a, ExtendedCommunity>),
    /// AS4_PATH (RFC 6793); owned attributes have it merged into AS_PATH.
    As4Path(AsPathView<'a>),
    /// AS4_AGGREGATOR (RFC 6793); owned attributes have it merged into AGGREGATOR.
    As4Aggregator(Aggregator),
    /// IPv6 Address Specific EXTENDED COMMUNITIES (RFC 5701).
    Ipv6ExtendedCommunities(Values<'a, Ipv6ExtendedCommunity>),
    /// The metric of AIGP (RFC 7311), where it is in use with this peer.
    Aigp(u64),
    /// LARGE_COMMUNITY (RFC 8092).
    LargeCommunities(Values<'a, LargeCommunity>),
    /// Only to Customer (RFC 9234).
    OnlyToCustomer(Asn),
    /// An attribute of a type that this library does not interpret.
    Unknown(RawAttribute<'a>),
}

impl fmt::Display for Attribute<'_> {
    /// Its name in the RFC that has it, and its value: `AS_PATH 65001 65010`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(origin) => write!(f, "ORIGIN {origin}"),
            Self::AsPath(path) => write!(f, "AS_PATH {path}"),
            Self::NextHop(address) => write!(f, "NEXT_HOP {address}"),
            Self::Med(value) => write!(f, "MULTI_EXIT_DISC {value}"),
            Self::LocalPref(value) => write!(f, "LOCAL_PREF {value}"),
            Self::AtomicAggregate => write!(f, "ATOMIC_AGGREGATE"),
            Self::Aggregator(Aggregator { asn, router }) => {
                write!(f, "AGGREGATOR {asn} {router}")
            }
            Self::Communities(values) => write!(f, "COMMUNITIES {values}"),
            Self::OriginatorId(router) => write!(f, "ORIGINATOR_ID {router}"),
            Self::ClusterList(values) => write!(f, "CLUSTER_LIST {values}"),
            Self::ExtendedCommunities(values) => write!(f, "EXTENDED COMMUNITIES {values}"),
            Self::As4Path(path) => write!(f, "AS4_PATH {path}"),
            Self::As4Aggregator(Aggregator { asn, router }) => {
                write!(f, "AS4_AGGREGATOR {asn} {router}")
            }
            Self::Ipv6ExtendedCommunities(values) => {
                write!(f, "IPv6 EXTENDED COMMUNITIES {values}")
            }
            Self::Aigp(metric) => write!(f, "AIGP {metric}"),
            Self::LargeCommunities(values) => write!(f, "LARGE_COMMUNITY {values}"),
            Self::OnlyToCustomer(asn) => write!(f, "OTC {asn}"),
            Self::Unknown(RawAttribute { code, value, .. }) => {
                write!(f, "type {code}, {} octets", value.len())
            }
        }
    }
}

/// The path attributes that count: each type once, none that is malformed or not for this peer.
///
/// MP_REACH_NLRI and MP_UNREACH_NLRI are left out; see
/// [`UpdateView::announced`](super::UpdateView::announced).
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    raw: RawAttributes<'a>,
    context: Context,
    has_nlri: bool,
    /// The types that have come, where the message has faults: then all is checked again.
    recheck: Option<super::scan::Seen>,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(
        raw: RawAttributes<'a>,
        context: Context,
        has_nlri: bool,
        faulty: bool,
    ) -> Self {
        Self {
            raw,
            context,
            has_nlri,
            recheck: faulty.then(Default::default),
        }
    }

    /// Whether an attribute of a message with faults counts.
    #[cold]
    fn counts(&mut self, element: &Element<'_>) -> bool {
        let code = element.code;
        let first = self.recheck.as_mut().is_none_or(|seen| seen.insert(code));
        first && check::attribute(element, &self.context, self.has_nlri).is_ok()
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Attribute<'a>> {
        loop {
            let offset = self.raw.end - self.raw.left.len();
            let (rest, element) = parse::attribute(self.raw.left).ok()?;
            self.raw.left = rest;
            let multi = matches!(element.code, code::MP_REACH_NLRI | code::MP_UNREACH_NLRI);
            if multi || self.recheck.is_some() && !self.counts(&element) {
                continue;
            }
            if let Some(attribute) = typed(&element, offset, &self.context) {
                return Some(attribute);
            }
        }
    }
}

/// Four octets as a number.
#[inline]
fn number(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

/// The aggregator of either width.
fn aggregator(value: &[u8]) -> Option<Aggregator> {
    let (asn, router) = match value {
        [a, b, router @ ..] if value.len() == 6 => {
            (u32::from(u16::from_be_bytes([*a, *b])), router)
        }
        [a, b, c, d, router @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]), router),
        _ => return None,
    };
    Some(Aggregator {
        asn: Asn(asn),
        router: RouterId(number(router)?),
    })
}

/// The value of an attribute that is in order and starts there; none if it is to be ignored.
#[inline(always)]
fn typed<'a>(element: &Element<'a>, offset: usize, context: &Context) -> Option<Attribute<'a>> {
    let Element { flags, code, value } = *element;
    Some(match code {
        code::ORIGIN => Attribute::Origin(Origin::from_code(*value.first()?)?),
        code::AS_PATH => Attribute::AsPath(AsPathView::new(value, context.four_octet_as)),
        code::NEXT_HOP => Attribute::NextHop(Ipv4Addr::from(number(value)?)),
        code::MED => Attribute::Med(number(value)?),
        code::LOCAL_PREF => Attribute::LocalPref(number(value)?),
        code::ATOMIC_AGGREGATE => Attribute::AtomicAggregate,
        code::AGGREGATOR => Attribute::Aggregator(aggregator(value)?),
        code::COMMUNITIES => Attribute::Communities(Values::new(value)),
        code::ORIGINATOR_ID => Attribute::OriginatorId(RouterId(number(value)?)),
        code::CLUSTER_LIST => Attribute::ClusterList(Values::new(value)),
        code::EXTENDED_COMMUNITIES => Attribute::ExtendedCommunities(Values::new(value)),
        code::AS4_PATH => Attribute::As4Path(AsPathView::new(value, true)),
        code::AS4_AGGREGATOR => Attribute::As4Aggregator(aggregator(value)?),
        code::IPV6_EXTENDED_COMMUNITIES => Attribute::Ipv6ExtendedCommunities(Values::new(value)),
        code::AIGP if !context.aigp => return None,
        code::AIGP => Attribute::Aigp(check::aigp(value).ok()??),
        code::LARGE_COMMUNITIES => Attribute::LargeCommunities(Values::new(value)),
        code::ONLY_TO_CUSTOMER => Attribute::OnlyToCustomer(Asn(number(value)?)),
        _ => Attribute::Unknown(RawAttribute {
            flags,
            code,
            value,
            offset,
        }),
    })
}

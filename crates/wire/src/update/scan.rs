//! The one pass that checks an UPDATE and finds its parts.

use routehub_types::Family;

use super::fault::{Action, Fault, Sink};
use super::{check, nlri};
use crate::parse::{self, Element, Fields, Parsed, Stop, be_u8, take};
use crate::{AfiSafi, Context, HEADER_LEN, Reason};
use routehub_types::attribute_code::{
    self as code, AS_PATH, MP_REACH_NLRI, MP_UNREACH_NLRI, NEXT_HOP, ORIGIN,
};

/// A part of a message, in octets from its start. A message is at most 65,535 octets long.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    /// The part of a message; empty if it does not lie in it.
    #[inline]
    pub(super) fn of(self, message: &[u8]) -> &[u8] {
        let range = usize::from(self.start)..usize::from(self.end);
        message.get(range).unwrap_or_default()
    }

    #[inline]
    pub(super) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Where the part ends.
    #[inline]
    pub(super) const fn end(self) -> usize {
        self.end as usize
    }

    #[inline]
    const fn new(start: usize, length: usize) -> Self {
        Self {
            start: start as u16,
            end: (start + length) as u16,
        }
    }
}

/// The routes of an MP attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Multi {
    pub(super) family: AfiSafi,
    /// Of an MP_REACH_NLRI.
    pub(super) next_hop: Span,
    pub(super) nlri: Span,
}

/// The parts of an UPDATE.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parts {
    pub(super) withdrawn: Span,
    pub(super) attributes: Span,
    pub(super) nlri: Span,
    /// The value of NEXT_HOP.
    pub(super) next_hop: Span,
    pub(super) reach: Option<Multi>,
    pub(super) unreach: Option<Multi>,
    pub(super) seen: Seen,
}

/// The attribute type codes that have come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Those below 64, which are nearly all.
    low: u64,
    high: [u64; 3],
}

impl Seen {
    /// Whether a code has come.
    #[inline]
    pub(super) const fn has(&self, code: u8) -> bool {
        let bit = 1 << (code & 63);
        match code >> 6 {
            0 => self.low & bit != 0,
            n => self.high[n as usize - 1] & bit != 0,
        }
    }

    /// Notes a code; whether it is new.
    #[inline]
    pub(super) const fn insert(&mut self, code: u8) -> bool {
        let bit = 1 << (code & 63);
        let word = match code >> 6 {
            0 => &mut self.low,
            n => &mut self.high[n as usize - 1],
        };
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

/// What a pass over one message needs everywhere.
struct Scan<'a, 's, S> {
    message: &'a [u8],
    context: &'s Context,
    sink: &'s mut S,
}

/// Checks a message whose header is in order, and finds its parts.
#[inline]
pub(super) fn scan<'s, S: Sink>(message: &[u8], context: &'s Context, sink: &'s mut S) -> Parts {
    let mut scan = Scan {
        message,
        context,
        sink,
    };
    let body = message.get(HEADER_LEN..).unwrap_or_default();
    match parse::fields(body) {
        Ok((_, fields)) => scan.body(&fields),
        Err(error) => {
            let Stop { at, reason } = Stop::of(&error, body);
            let reason = reason.unwrap_or(Reason::AttributesOverrun);
            let offset = message.len() - at.len();
            scan.fault(None, offset, reason, Action::Reset);
            Parts::default()
        }
    }
}

impl<S: Sink> Scan<'_, '_, S> {
    #[inline(always)]
    fn fault(&mut self, attribute: Option<u8>, offset: usize, reason: Reason, action: Action) {
        self.sink.fault(Fault {
            attribute,
            offset,
            reason,
            action,
        });
    }

    #[inline(always)]
    fn body(&mut self, fields: &Fields<'_>) -> Parts {
        let Fields {
            withdrawn,
            attributes,
            nlri,
        } = *fields;
        // The fields stand behind the header and the length fields.
        let start = HEADER_LEN + 2;
        let mut parts = Parts {
            withdrawn: Span::new(start, withdrawn.len()),
            attributes: Span::new(start + withdrawn.len() + 2, attributes.len()),
            nlri: Span::new(self.message.len() - nlri.len(), nlri.len()),
            ..Parts::default()
        };
        self.plain_nlri(withdrawn, start);
        self.attributes(attributes, &mut parts);
        self.plain_nlri(nlri, self.message.len() - nlri.len());
        self.as_a_whole(&parts);
        parts
    }

    /// IPv4 prefixes in one of the fields of RFC 4271.
    #[inline(always)]
    fn plain_nlri(&mut self, field: &[u8], start: usize) {
        let add_path = self.context.add_path_receive.contains(Family::Ipv4);
        if let Err((at, reason)) = nlri::check(field, Family::Ipv4, add_path) {
            let action = self.family_action(Family::Ipv4);
            self.fault(None, start + at, reason, action);
        }
    }

    /// What an error in the routes of a family asks for.
    const fn family_action(&self, family: Family) -> Action {
        if self.context.disable_family && self.context.families.contains(family) {
            Action::AfiSafiDisable
        } else {
            Action::Reset
        }
    }

    #[inline(always)]
    fn attributes(&mut self, field: &[u8], parts: &mut Parts) {
        // Where the field ends in the message: what is left tells where an attribute starts.
        let end = parts.attributes.end();
        let has_nlri = !parts.nlri.is_empty();
        let mut left = field;
        while !left.is_empty() {
            let offset = end - left.len();
            match parse::attribute(left) {
                Ok((rest, element)) => {
                    left = rest;
                    let code = element.code;
                    if !parts.seen.insert(code) {
                        self.again(code, offset);
                    } else if matches!(code, MP_REACH_NLRI | MP_UNREACH_NLRI) {
                        let multi = self.multi(&element, offset);
                        if code == MP_REACH_NLRI {
                            parts.reach = multi;
                        } else {
                            parts.unreach = multi;
                        }
                    } else if let Err((reason, action)) =
                        check::attribute(&element, self.context, has_nlri)
                    {
                        self.fault(Some(code), offset, reason, action);
                    } else if code == NEXT_HOP {
                        let start = offset + element.header_len();
                        parts.next_hop = Span::new(start, element.value.len());
                    }
                }
                Err(error) => {
                    let reason = Stop::of(&error, left).reason;
                    let reason = reason.unwrap_or(Reason::AttributeOverrun);
                    let code = left.get(1).copied();
                    return self.fault(code, offset, reason, Action::TreatAsWithdraw);
                }
            }
        }
    }

    /// An attribute that comes once more: the first one counts (RFC 7606 section 3 g).
    #[cold]
    fn again(&mut self, code: u8, offset: usize) {
        let (reason, action) = match code {
            MP_REACH_NLRI | MP_UNREACH_NLRI => (Reason::MpDuplicate, Action::Reset),
            _ => (Reason::AttributeDuplicate, Action::Accept),
        };
        self.fault(Some(code), offset, reason, action);
    }

    /// An MP attribute (RFC 4760, RFC 7606 sections 5.3 and 7.11).
    fn multi(&mut self, element: &Element<'_>, offset: usize) -> Option<Multi> {
        let Element { flags, code, value } = *element;
        let class = flags & (code::OPTIONAL | code::TRANSITIVE);
        let parsed = if code == MP_REACH_NLRI {
            mp_reach(value)
        } else {
            AfiSafi::read(value).map(|(rest, family)| (rest, (family, [].as_slice())))
        };
        let Ok((nlri, (family, next_hop))) = parsed else {
            let action = AfiSafi::read(value)
                .ok()
                .and_then(|(_, family)| family.family())
                .map_or(Action::Reset, |family| self.family_action(family));
            self.fault(Some(code), offset, Reason::AttributeLength, action);
            return None;
        };
        let start = offset + element.header_len();
        let end = start + value.len();
        // Behind the family and the length of the next hop.
        let multi = Multi {
            family,
            next_hop: Span::new(start + 4, next_hop.len()),
            nlri: Span::new(end - nlri.len(), nlri.len()),
        };
        let in_use = family
            .family()
            .filter(|family| self.context.families.contains(*family));
        if class != code::OPTIONAL {
            let action = in_use.map_or(Action::Reset, |family| self.family_action(family));
            self.fault(Some(code), offset, Reason::AttributeFlags, action);
        }
        if let Some(family) = in_use {
            self.multi_in_use(code, &multi, family, offset);
        }
        Some(multi)
    }

    /// Next hop and prefixes of an MP attribute that starts there.
    fn multi_in_use(&mut self, code: u8, multi: &Multi, family: Family, offset: usize) {
        let action = self.family_action(family);
        if code == MP_REACH_NLRI {
            let next_hop = multi.next_hop.of(self.message);
            match nlri::next_hop(next_hop, family, self.context) {
                None => return self.fault(Some(code), offset, Reason::NextHopLength, action),
                Some(next_hop) if !check::is_host(next_hop.address) => {
                    let action = Action::TreatAsWithdraw;
                    self.fault(Some(code), offset, Reason::NextHop, action);
                }
                Some(_) => {}
            }
        }
        let add_path = self.context.add_path_receive.contains(family);
        let nlri = multi.nlri.of(self.message);
        if let Err((at, reason)) = nlri::check(nlri, family, add_path) {
            let start = multi.nlri.end() - nlri.len();
            self.fault(Some(code), start + at, reason, action);
        }
    }

    /// What can only be said when all attributes have been seen.
    #[inline(always)]
    fn as_a_whole(&mut self, parts: &Parts) {
        let announces = parts.announces();
        if announces && !parts.has_mandatory() {
            self.missing(parts);
        }
        // Perhaps the prefixes were not found, so that nothing could be withdrawn (RFC 7606
        // section 5.2).
        if !announces && self.sink.strongest() == Action::TreatAsWithdraw {
            let offset = self.message.len();
            self.fault(None, offset, Reason::NothingToWithdraw, Action::Reset);
        }
    }

    /// Attributes that must come with announced prefixes (RFC 4271 section 6.3, RFC 4760).
    #[cold]
    fn missing(&mut self, parts: &Parts) {
        let offset = parts.withdrawn.end() + 2;
        for code in [ORIGIN, AS_PATH, NEXT_HOP] {
            let needed = code != NEXT_HOP || !parts.nlri.is_empty();
            if needed && !parts.seen.has(code) {
                let action = Action::TreatAsWithdraw;
                self.fault(Some(code), offset, Reason::AttributeMissing, action);
            }
        }
    }
}

/// Family and next hop of an MP_REACH_NLRI; the rest is its NLRI (RFC 4760 section 3).
fn mp_reach(value: &[u8]) -> Parsed<'_, (AfiSafi, &[u8])> {
    let (rest, family) = AfiSafi::read(value)?;
    let (rest, length) = be_u8(rest)?;
    let (rest, next_hop) = take(length)(rest)?;
    // A reserved octet, once a count of SNPAs; to be ignored.
    let (rest, _) = be_u8(rest)?;
    Ok((rest, (family, next_hop)))
}

impl Parts {
    /// Whether the message announces prefixes, of whatever family.
    #[inline]
    pub(super) const fn announces(&self) -> bool {
        let multi = match self.reach {
            Some(reach) => !reach.nlri.is_empty(),
            None => false,
        };
        multi || !self.nlri.is_empty()
    }

    /// Whether the attributes are there without which no prefix is announced; NEXT_HOP belongs to
    /// the NLRI field alone (RFC 4760).
    #[inline]
    const fn has_mandatory(&self) -> bool {
        let next_hop = self.nlri.is_empty() || self.seen.has(NEXT_HOP);
        next_hop && self.seen.has(ORIGIN) && self.seen.has(AS_PATH)
    }
}

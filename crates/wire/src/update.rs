//! UPDATE messages, read in place.

mod attribute;
mod check;
mod fault;
mod nlri;
mod owned;
mod scan;
mod values;

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use routehub_types::attribute_code::{self as code, MP_REACH_NLRI, MP_UNREACH_NLRI};
use routehub_types::{Family, FamilySet, NextHop, Nlri, Origin};

use crate::{AfiSafi, Context, Notification, Reason};
use fault::Strongest;
use scan::{Parts, Span};

pub use attribute::{Attribute, Attributes, RawAttribute, RawAttributes};
pub use fault::{Action, Fault, Outcome};
pub use nlri::{Announced, Nlris};
pub use owned::CheckedUpdates;
pub use values::{AsPathView, Asns, SegmentView, Segments, Values};

/// An UPDATE in its message: checked once, then read in place, without allocation.
///
/// What [`announced`](Self::announced), [`withdrawn`](Self::withdrawn) and
/// [`attributes`](Self::attributes) show is what counts after RFC 7606: after treat-as-withdraw
/// all prefixes are withdrawn, malformed attributes are not there, and a message that resets the
/// session shows no prefix. Apply what is withdrawn before what is announced: a prefix in both is
/// announced (RFC 4271 section 4.3).
///
/// ```
/// use routehub_wire::{Attribute, Context, Message, Outcome, decode};
///
/// let bytes = [
///     &[0xff; 16][..], &[0, 47, 2, 0, 0, 0, 20],
///     &[0x40, 1, 1, 0], // ORIGIN IGP
///     &[0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9], // AS_PATH 65001
///     &[0x40, 3, 4, 10, 0, 4, 4], // NEXT_HOP
///     &[24, 198, 51, 100],
/// ]
/// .concat();
/// let Message::Update(update) = decode(&bytes, &Context::default())? else {
///     panic!("an UPDATE");
/// };
/// assert_eq!(update.outcome(), Outcome::Accept);
/// for attribute in update.attributes() {
///     if let Attribute::AsPath(path) = attribute {
///         assert_eq!(path.to_string(), "65001");
///     }
/// }
/// for field in update.announced() {
///     assert_eq!(field.next_hop.to_string(), "10.0.4.4");
///     for nlri in field.nlri {
///         assert_eq!(nlri.to_string(), "198.51.100.0/24");
///     }
/// }
/// # Ok::<(), routehub_wire::DecodeError>(())
/// ```
#[derive(Clone)]
pub struct UpdateView<'a> {
    message: &'a [u8],
    context: Context,
    parts: Parts,
    verdict: Strongest,
}

impl<'a> UpdateView<'a> {
    /// Checks the UPDATE of a message whose header is in order.
    #[inline]
    pub(crate) fn new(message: &'a [u8], context: &Context) -> Self {
        let mut verdict = Strongest::default();
        let parts = scan::scan(message, context, &mut verdict);
        Self {
            message,
            context: *context,
            parts,
            verdict,
        }
    }

    /// The whole message.
    pub const fn message(&self) -> &'a [u8] {
        self.message
    }

    /// What the message was decoded for.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// What to do with the message.
    pub fn outcome(&self) -> Outcome {
        match self.action() {
            Action::Accept => Outcome::Accept,
            Action::AttributeDiscard => Outcome::AttributeDiscard,
            Action::TreatAsWithdraw => Outcome::TreatAsWithdraw,
            Action::AfiSafiDisable => Outcome::AfiSafiDisable(self.disabled()),
            Action::Reset => Outcome::Reset(self.reset()),
        }
    }

    /// What to do with the message, without what goes with it.
    ///
    /// Discarded attributes of a message that announces nothing concern no route: it is accepted.
    #[inline]
    pub const fn action(&self) -> Action {
        match self.verdict.action {
            Action::AttributeDiscard if !self.parts.announces() => Action::Accept,
            action => action,
        }
    }

    /// Whether nothing at all is wrong with the message.
    #[inline]
    pub const fn is_fault_free(&self) -> bool {
        !self.verdict.any
    }

    /// Everything that is wrong with the message, in its order.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.verdict.any {
            scan::scan(self.message, &self.context, &mut faults);
        }
        faults
    }

    /// The families whose routes cannot be read.
    #[cold]
    fn disabled(&self) -> FamilySet {
        let of_fault = |fault: &Fault| match fault.attribute {
            None => Some(Family::Ipv4),
            Some(MP_REACH_NLRI) => self.parts.reach?.family.family(),
            Some(MP_UNREACH_NLRI) => self.parts.unreach?.family.family(),
            Some(_) => None,
        };
        let faults = self.faults();
        let disabling = faults
            .iter()
            .filter(|fault| fault.action == Action::AfiSafiDisable);
        disabling.filter_map(of_fault).collect()
    }

    /// The NOTIFICATION for the fault that resets the session.
    #[cold]
    fn reset(&self) -> Notification {
        let faults = self.faults();
        let resets = |fault: &&Fault| {
            fault.action == Action::Reset && fault.reason != Reason::NothingToWithdraw
        };
        let withdraws = |fault: &&Fault| fault.action == Action::TreatAsWithdraw;
        let cause = faults.iter().find(resets);
        let Some(cause) = cause.or_else(|| faults.iter().find(withdraws)) else {
            return Notification::MALFORMED_ATTRIBUTE_LIST;
        };
        let mut raw = self.raw_attributes();
        let attribute = raw.find(|raw| Some(raw.code) == cause.attribute);
        let bytes = attribute.and_then(|raw| self.message.get(raw.offset..raw.end()));
        cause.notification(bytes.unwrap_or_default())
    }

    /// Whether routes of a family count: it is in use and they could be read.
    #[inline(always)]
    fn counts(&self, family: Family) -> bool {
        let readable = match self.verdict.action {
            Action::Reset => false,
            Action::AfiSafiDisable => !self.disabled().contains(family),
            _ => true,
        };
        readable && self.context.families.contains(family)
    }

    /// Prefixes of one field, if they count.
    #[inline(always)]
    fn nlri(&self, span: Span, family: Option<Family>) -> Option<Nlris<'a>> {
        let family = family.filter(|family| !span.is_empty() && self.counts(*family))?;
        let add_path = self.context.add_path_receive.contains(family);
        Some(Nlris::new(span.of(self.message), family, add_path))
    }

    /// Prefixes of the NLRI field and of MP_REACH_NLRI, if they count.
    #[inline(always)]
    fn reachable(&self) -> [Option<Nlris<'a>>; 2] {
        let plain = self.nlri(self.parts.nlri, Some(Family::Ipv4));
        let reach = self.parts.reach.as_ref();
        let multi = reach.and_then(|reach| self.nlri(reach.nlri, reach.family.family()));
        [plain, multi]
    }

    /// The prefixes that the sender can reach, by field: its IPv4 ones, then those of
    /// MP_REACH_NLRI. Nothing after treat-as-withdraw.
    #[inline(always)]
    pub fn announced(&self) -> impl Iterator<Item = Announced<'a>> + use<'a> {
        let [plain, multi] = if self.verdict.withdraw {
            [None; 2]
        } else {
            self.reachable()
        };
        let plain = plain.map(|nlri| Announced {
            next_hop: self.plain_next_hop(),
            nlri,
        });
        let multi = multi.map(|nlri| Announced {
            next_hop: self.multi_next_hop().unwrap_or_default(),
            nlri,
        });
        plain.into_iter().chain(multi)
    }

    /// The prefixes that the sender can no longer reach; after treat-as-withdraw also those that
    /// it announced.
    #[inline(always)]
    pub fn withdrawn(&self) -> impl Iterator<Item = Nlri> + use<'a> {
        self.said_withdrawn().chain(self.treated_as_withdrawn())
    }

    /// The prefixes that the sender itself says it can no longer reach.
    #[inline(always)]
    pub fn said_withdrawn(&self) -> impl Iterator<Item = Nlri> + use<'a> {
        let plain = self.nlri(self.parts.withdrawn, Some(Family::Ipv4));
        let unreach = self.parts.unreach.as_ref();
        let multi = unreach.and_then(|part| self.nlri(part.nlri, part.family.family()));
        plain.into_iter().chain(multi).flatten()
    }

    /// The prefixes that the sender announced and that count as withdrawn: those of
    /// treat-as-withdraw (RFC 7606 section 2).
    #[inline(always)]
    pub fn treated_as_withdrawn(&self) -> impl Iterator<Item = Nlri> + use<'a> {
        let [plain, multi] = if self.verdict.withdraw {
            self.reachable()
        } else {
            [None; 2]
        };
        plain.into_iter().chain(multi).flatten()
    }

    /// Whether what the message announces counts as withdrawn (RFC 7606 section 2).
    #[inline]
    pub const fn is_treated_as_withdraw(&self) -> bool {
        self.verdict.withdraw
    }

    /// The octets that a fault is about: the attribute, up to the end of all attributes where it
    /// cannot be told where it ends; of another part what follows the place of the fault in it.
    pub fn octets_at_fault(&self, fault: &Fault) -> &'a [u8] {
        let mut raw = self.raw_attributes();
        let attributes = self.parts.attributes.end();
        let end = match raw.find(|raw| raw.offset == fault.offset) {
            Some(raw) => raw.end(),
            None if fault.offset < attributes => attributes,
            None => self.message.len(),
        };
        let octets = self.message.get(fault.offset..end);
        // What is missing stands nowhere.
        let missing = fault.reason == Reason::AttributeMissing;
        octets.filter(|_| !missing).unwrap_or_default()
    }

    /// The families of routes in the message that are not in use, or not known.
    pub fn skipped(&self) -> impl Iterator<Item = AfiSafi> + use<'a> {
        let parts = &self.parts;
        let plain = !parts.nlri.is_empty() || !parts.withdrawn.is_empty();
        let plain = plain.then_some(AfiSafi::IPV4);
        let multi = |part: Option<scan::Multi>| part.map(|part| part.family);
        let families = self.context.families;
        let routed = move |family: Family| families.contains(family);
        let in_use = move |family: &AfiSafi| family.family().is_some_and(routed);
        [plain, multi(parts.reach), multi(parts.unreach)]
            .into_iter()
            .flatten()
            .filter(move |family| !in_use(family))
    }

    /// The family of which this is the End-of-RIB marker, if it is one (RFC 4724 section 2).
    pub fn end_of_rib(&self) -> Option<Family> {
        let parts = &self.parts;
        if self.verdict.any || !parts.withdrawn.is_empty() || !parts.nlri.is_empty() {
            return None;
        }
        if parts.attributes.is_empty() {
            return Some(Family::Ipv4);
        }
        let unreach = parts.unreach.filter(|part| part.nlri.is_empty())?;
        let alone = self.raw_attributes().count() == 1;
        unreach.family.family().filter(|_| alone)
    }

    /// The next hop for announced prefixes of a family; that of MP_REACH_NLRI for IPv4 prefixes
    /// only where the NLRI field is empty.
    pub fn next_hop(&self, family: Family) -> Option<NextHop> {
        let mut fields = self.announced();
        let field = fields.find(|field| field.family() == family)?;
        Some(field.next_hop)
    }

    /// The next hop of the NEXT_HOP attribute.
    #[inline]
    fn plain_next_hop(&self) -> NextHop {
        let octets = self.parts.next_hop.of(self.message);
        let octets = <[u8; 4]>::try_from(octets).unwrap_or_default();
        Ipv4Addr::from(octets).into()
    }

    /// The next hop of MP_REACH_NLRI.
    fn multi_next_hop(&self) -> Option<NextHop> {
        let reach = self.parts.reach.as_ref()?;
        nlri::next_hop(
            reach.next_hop.of(self.message),
            reach.family.family()?,
            &self.context,
        )
    }

    /// The path attributes as they stand in the message.
    #[inline]
    pub fn raw_attributes(&self) -> RawAttributes<'a> {
        let attributes = self.parts.attributes;
        RawAttributes::new(attributes.of(self.message), attributes.end())
    }

    /// The path attributes that count.
    #[inline]
    pub fn attributes(&self) -> Attributes<'a> {
        self.typed(self.raw_attributes())
    }

    /// Those of these attributes that count.
    #[inline]
    fn typed(&self, raw: RawAttributes<'a>) -> Attributes<'a> {
        let has_nlri = !self.parts.nlri.is_empty();
        Attributes::new(raw, self.context, has_nlri, self.verdict.any)
    }

    /// The first attribute of a type.
    #[inline]
    fn first(&self, code: u8) -> Option<RawAttribute<'a>> {
        if !self.parts.seen.has(code) {
            return None;
        }
        self.raw_attributes().find(|raw| raw.code == code)
    }

    /// The attribute of a type, if it counts.
    pub fn attribute(&self, code: u8) -> Option<Attribute<'a>> {
        let raw = self.first(code)?;
        let alone = self.message.get(raw.offset..raw.end())?;
        let alone = RawAttributes::new(alone, raw.end());
        self.typed(alone).next()
    }

    /// The value of one of the [raw attributes](Self::raw_attributes), if it counts: not where it
    /// is malformed or comes a second time, and not for MP attributes.
    pub fn interpret(&self, raw: &RawAttribute<'a>) -> Option<Attribute<'a>> {
        let first = self.first(raw.code)?.offset == raw.offset;
        let multi = matches!(raw.code, MP_REACH_NLRI | MP_UNREACH_NLRI);
        (first && !multi)
            .then(|| self.attribute(raw.code))
            .flatten()
    }

    /// The AS path as AS_PATH has it: AS4_PATH is not merged in.
    pub fn as_path(&self) -> Option<AsPathView<'a>> {
        match self.attribute(code::AS_PATH)? {
            Attribute::AsPath(path) => Some(path),
            _ => None,
        }
    }

    /// How the originating AS came by the routes.
    pub fn origin(&self) -> Option<Origin> {
        match self.attribute(code::ORIGIN)? {
            Attribute::Origin(origin) => Some(origin),
            _ => None,
        }
    }

    /// The path attributes without MP_REACH_NLRI and MP_UNREACH_NLRI, as octets: what a caller can
    /// use as a key for attributes that it has seen. Only for messages that are
    /// [free of faults](Self::is_fault_free); the next hop of MP_REACH_NLRI and the width of ASNs
    /// belong to the key too.
    ///
    /// Points into the message where the octets stand together, which is nearly always; else they
    /// are put together in `scratch`.
    pub fn attribute_block<'s>(&self, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        let field = self.parts.attributes.of(self.message);
        if self.parts.reach.is_none() && self.parts.unreach.is_none() {
            return field;
        }
        let mut runs = self.runs();
        match (runs.next(), runs.next()) {
            (None, _) => &[],
            (Some(only), None) => only,
            (Some(first), Some(second)) => {
                scratch.clear();
                for run in [first, second].into_iter().chain(runs) {
                    scratch.extend_from_slice(run);
                }
                scratch
            }
        }
    }

    /// The octets of neighbouring attributes that are no MP attributes, run by run.
    fn runs(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut left = self.parts.attributes.of(self.message);
        core::iter::from_fn(move || {
            let mut elements = RawAttributes::new(left, left.len());
            let is_multi =
                |raw: &RawAttribute<'_>| matches!(raw.code, MP_REACH_NLRI | MP_UNREACH_NLRI);
            let start = elements.find(|raw| !is_multi(raw))?.offset;
            let end = elements.find(is_multi).map_or(left.len(), |raw| raw.offset);
            let run = left.get(start..end)?;
            left = left.get(end..)?;
            Some(run)
        })
    }
}

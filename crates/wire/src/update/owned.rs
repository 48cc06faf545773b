//! What outlives a message: its attributes and routes in owned form, and checked messages as they
//! are handed from a session to another thread.

use alloc::vec::Vec;

use routehub_types::{
    Aggregator, AsPath, Asn, Attrs, RouteUpdate, Segment, SegmentKind, UnknownAttribute,
};

use super::fault::Strongest;
use super::scan::Parts;
use super::{Announced, AsPathView, Attribute, Outcome, RawAttribute, UpdateView};
use crate::{Context, Notification};
use routehub_types::attribute_code::{OPTIONAL, PARTIAL, TRANSITIVE};

impl UpdateView<'_> {
    /// The path attributes in owned form, for the first field of [`announced`](Self::announced):
    /// another field differs in its next hop.
    ///
    /// AS4_PATH and AS4_AGGREGATOR are merged in (RFC 6793 section 4.2.3). Unknown attributes
    /// stay if they are transitive, and are marked partial (RFC 4271 section 5).
    pub fn to_attrs(&self) -> Attrs {
        let mut attrs = Attrs::default();
        if let Some(Announced { next_hop, .. }) = self.announced().next() {
            attrs.next_hop = next_hop;
        }
        let mut four = FourOctet::default();
        for attribute in self.attributes() {
            take(&mut attrs, &mut four, attribute);
        }
        four.merge_into(&mut attrs);
        attrs
    }

    /// The routes in owned form: an update per field of [`announced`](Self::announced), the first
    /// with all that is withdrawn. Usually one; none if the message has no routes that count.
    ///
    /// # Errors
    /// The NOTIFICATION to send, where the message resets the session.
    pub fn to_updates(&self) -> Result<Vec<RouteUpdate>, Notification> {
        if let Outcome::Reset(notification) = self.outcome() {
            return Err(notification);
        }
        let withdrawn: Vec<_> = self.withdrawn().collect();
        let attrs = self.to_attrs();
        let announced = self.announced().map(|Announced { next_hop, nlri }| {
            let mut update = RouteUpdate {
                attrs: attrs.clone(),
                announced: nlri.collect(),
                ..RouteUpdate::default()
            };
            update.attrs.next_hop = next_hop;
            update
        });
        let mut updates: Vec<RouteUpdate> = announced.collect();
        match updates.first_mut() {
            Some(first) => first.withdrawn = withdrawn,
            None if withdrawn.is_empty() => {}
            None => updates.push(RouteUpdate {
                withdrawn,
                ..RouteUpdate::default()
            }),
        }
        Ok(updates)
    }
}

/// Puts an attribute into its place.
fn take<'a>(attrs: &mut Attrs, four: &mut FourOctet<'a>, attribute: Attribute<'a>) {
    match attribute {
        Attribute::Origin(origin) => attrs.origin = origin,
        Attribute::AsPath(path) => attrs.as_path = path.to_as_path(),
        // The next hop is that of the field announced, which may be another one.
        Attribute::NextHop(_) => {}
        Attribute::Med(med) => attrs.med = Some(med),
        Attribute::LocalPref(preference) => attrs.local_pref = Some(preference),
        Attribute::AtomicAggregate => attrs.atomic_aggregate = true,
        Attribute::Aggregator(aggregator) => attrs.aggregator = Some(aggregator),
        Attribute::Communities(list) => attrs.communities = list.collect(),
        Attribute::OriginatorId(id) => attrs.originator_id = Some(id),
        Attribute::ClusterList(list) => attrs.cluster_list = list.collect(),
        Attribute::ExtendedCommunities(list) => attrs.extended_communities = list.collect(),
        Attribute::As4Path(path) => four.path = Some(path),
        Attribute::As4Aggregator(aggregator) => four.aggregator = Some(aggregator),
        Attribute::Ipv6ExtendedCommunities(list) => {
            attrs.ipv6_extended_communities = list.collect();
        }
        Attribute::Aigp(metric) => attrs.aigp = Some(metric),
        Attribute::LargeCommunities(list) => attrs.large_communities = list.collect(),
        Attribute::OnlyToCustomer(asn) => attrs.only_to_customer = Some(asn),
        Attribute::Unknown(raw) => attrs.unknown.extend(unknown(&raw)),
    }
}

/// An unknown attribute if it is passed on.
fn unknown(raw: &RawAttribute<'_>) -> Option<UnknownAttribute> {
    (raw.flags & TRANSITIVE != 0).then(|| UnknownAttribute {
        flags: OPTIONAL | TRANSITIVE | PARTIAL,
        code: raw.code,
        value: raw.value.to_vec(),
    })
}

/// What a peer of two-octet ASNs passes on from speakers of four-octet ones (RFC 6793).
#[derive(Default)]
struct FourOctet<'a> {
    path: Option<AsPathView<'a>>,
    aggregator: Option<Aggregator>,
}

impl FourOctet<'_> {
    /// Merges as RFC 6793 section 4.2.3 says: an aggregator that is not AS_TRANS shows that a
    /// speaker of two-octet ASNs aggregated later, so that both attributes are out of date.
    fn merge_into(self, attrs: &mut Attrs) {
        if let (Some(four), Some(plain)) = (self.aggregator, attrs.aggregator) {
            if plain.asn != Asn::TRANS {
                return;
            }
            attrs.aggregator = Some(four);
        }
        if let Some(path) = self.path {
            attrs.as_path = merge(&attrs.as_path, &path.to_as_path());
        }
    }
}

/// The leading part of AS_PATH that AS4_PATH does not cover, in front of AS4_PATH.
fn merge(plain: &AsPath, four: &AsPath) -> AsPath {
    // AS4_PATH may not carry confederation segments (RFC 6793 section 6).
    let four = four.segments().iter();
    let four = AsPath::from_segments(four.filter(|segment| !segment.kind.is_confed()).cloned());
    let Some(mut lead) = plain.length().checked_sub(four.length()) else {
        return plain.clone();
    };
    let mut segments: Vec<Segment> = Vec::new();
    for segment in plain.segments() {
        // Confederation segments count nothing; they belong to what leads or touches it.
        let weight = segment.kind.length(segment.asns.len());
        if lead == 0 && weight > 0 {
            break;
        }
        let kind = segment.kind;
        if weight <= lead {
            segments.push(segment.clone());
            lead -= weight;
        } else {
            let asns = segment.asns.iter().take(lead).copied().collect();
            segments.push(Segment { kind, asns });
            lead = 0;
        }
    }
    append(&mut segments, four.segments());
    AsPath::from_segments(segments)
}

/// Appends segments; sequences that meet at the seam are one, where one segment has room.
fn append(segments: &mut Vec<Segment>, more: &[Segment]) {
    let mut more = more.iter();
    if let (Some(last), Some(next)) = (segments.last_mut(), more.as_slice().first())
        && last.kind == SegmentKind::Sequence
        && next.kind == SegmentKind::Sequence
        && last.asns.len() + next.asns.len() <= 255
    {
        last.asns.extend_from_slice(&next.asns);
        more.next();
    }
    segments.extend(more.cloned());
}

/// UPDATEs of one peer, one behind the other, with what their check found: reading them again
/// parses and checks nothing.
///
/// ```
/// use routehub_wire::{CheckedUpdates, Context, Message, decode};
///
/// let end_of_rib = [&[0xff; 16][..], &[0, 23, 2, 0, 0, 0, 0]].concat();
/// let mut updates = CheckedUpdates::default();
/// if let Message::Update(view) = decode(&end_of_rib, &Context::default())? {
///     updates.push(&view);
/// }
/// assert!(updates.iter().all(|view| view.end_of_rib().is_some()));
/// # Ok::<(), routehub_wire::DecodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CheckedUpdates {
    bytes: Vec<u8>,
    checked: Vec<Checked>,
}

/// What the check of an UPDATE found, and how long its message is.
#[derive(Clone, Debug)]
struct Checked {
    length: u16,
    context: Context,
    parts: Parts,
    verdict: Strongest,
}

impl CheckedUpdates {
    /// Appends a copy of an UPDATE.
    pub fn push(&mut self, update: &UpdateView<'_>) {
        self.bytes.extend_from_slice(update.message);
        self.checked.push(Checked {
            // A message is at most 65,535 octets long.
            length: update.message.len() as u16,
            context: update.context,
            parts: update.parts,
            verdict: update.verdict,
        });
    }

    /// Whether there is no UPDATE.
    pub fn is_empty(&self) -> bool {
        self.checked.is_empty()
    }

    /// The UPDATEs, in order.
    pub fn iter(&self) -> impl Iterator<Item = UpdateView<'_>> {
        let mut left = self.bytes.as_slice();
        self.checked.iter().map_while(move |checked| {
            let (message, rest) = left.split_at_checked(checked.length.into())?;
            left = rest;
            Some(UpdateView {
                message,
                context: checked.context,
                parts: checked.parts,
                verdict: checked.verdict,
            })
        })
    }
}

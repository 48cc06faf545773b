//! Laws that hold for any input; the property tests and the fuzz targets check the same ones.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::{Arbitrary, Result, Unstructured};
use routehub_types::{
    AsPath, Asn, Attrs, Family, FamilySet, NextHop, Nlri, PathId, RouteUpdate, Segment, SegmentKind,
};
use routehub_wire::{
    Attribute, Context, Message, Outcome, Packer, PeerKind, UpdateView, attribute_code, decode,
};

/// Any context in which both sides send the same way.
pub(crate) fn context(u: &mut Unstructured<'_>) -> Result<Context> {
    let families = FamilySet::arbitrary(u)?;
    let add_path = FamilySet::arbitrary(u)?;
    let kinds = [
        PeerKind::External,
        PeerKind::Internal,
        PeerKind::ConfedInternal,
        PeerKind::ConfedExternal,
    ];
    Ok(Context {
        four_octet_as: bool::arbitrary(u)?,
        extended_message: bool::arbitrary(u)?,
        enhanced_refresh: bool::arbitrary(u)?,
        families,
        add_path_receive: add_path,
        add_path_send: add_path,
        extended_next_hop: bool::arbitrary(u)?,
        peer: *u.choose(&kinds)?,
        first_as: None,
        reject_as_set: bool::arbitrary(u)?,
        aigp: bool::arbitrary(u)?,
        disable_family: bool::arbitrary(u)?,
    })
}

/// Any routes that a correct speaker may send in a context.
pub(crate) fn routes(u: &mut Unstructured<'_>, context: &Context) -> Result<RouteUpdate> {
    let mut update = RouteUpdate::arbitrary(u)?;
    for list in [&mut update.withdrawn, &mut update.announced] {
        list.retain(|nlri| context.families.contains(nlri.prefix.family()));
        for nlri in list.iter_mut() {
            let add_path = context.add_path_send.contains(nlri.prefix.family());
            nlri.path_id = add_path.then(|| nlri.path_id.unwrap_or(PathId(0)));
        }
        // Neither mixed with the other family nor in another order than that of the fields.
        list.sort_by_key(|nlri| nlri.prefix.family());
    }
    let attrs = std::mem::take(&mut update.attrs);
    update.attrs = sendable(attrs, context);
    let wanted = match update.attrs.next_hop.address {
        IpAddr::V4(_) => |family: Family, _: &Context| family == Family::Ipv4,
        IpAddr::V6(_) => {
            |family: Family, context: &Context| family == Family::Ipv6 || context.extended_next_hop
        }
    };
    update
        .announced
        .retain(|nlri| wanted(nlri.prefix.family(), context));
    Ok(update)
}

/// Attributes as they arrive in a context if they are sent: without what the peer may not see,
/// and without what is malformed.
fn sendable(mut attrs: Attrs, context: &Context) -> Attrs {
    attrs.next_hop = next_hop(attrs.next_hop);
    attrs.as_path = path(&attrs.as_path, context);
    if !context.peer.shares_local_pref() {
        attrs.local_pref = None;
    }
    if !context.peer.is_internal() {
        attrs.originator_id = None;
        attrs.cluster_list.clear();
    }
    attrs.aigp = attrs
        .aigp
        .filter(|metric| context.aigp && *metric != u64::MAX);
    attrs.aggregator = attrs
        .aggregator
        .filter(|aggregator| aggregator.asn != Asn::ZERO);
    let mut seen = BTreeSet::new();
    attrs.unknown.retain(|attribute| {
        let raw = attribute_code::name(attribute.code).is_none();
        raw && seen.insert(attribute.code)
    });
    for attribute in &mut attrs.unknown {
        attribute.flags =
            attribute_code::OPTIONAL | attribute_code::TRANSITIVE | attribute_code::PARTIAL;
    }
    attrs.unknown.sort_by_key(|attribute| attribute.code);
    attrs
}

/// The same next hop if it is a host, else one that is.
fn next_hop(next_hop: NextHop) -> NextHop {
    match next_hop.address {
        IpAddr::V4(address) if matches!(address.octets()[0], 0 | 127 | 224..) => {
            Ipv4Addr::new(10, 0, 4, 4).into()
        }
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) if address.to_bits() <= 1 || address.is_multicast() => NextHop {
            address: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
            ..next_hop
        },
        IpAddr::V6(_) => next_hop,
    }
}

/// The path without what makes it malformed in a context.
fn path(path: &AsPath, context: &Context) -> AsPath {
    let confed = context.peer.is_confed();
    let fits = |segment: &&Segment| match segment.kind {
        SegmentKind::Sequence => true,
        SegmentKind::Set => !context.reject_as_set,
        SegmentKind::ConfedSequence => confed,
        SegmentKind::ConfedSet => confed && !context.reject_as_set,
    };
    let mut segments: Vec<Segment> = path.segments().iter().filter(fits).cloned().collect();
    // Confederation segments stand in front (RFC 5065 section 4).
    segments.sort_by_key(|segment| !segment.kind.is_confed());
    if context.peer == PeerKind::ConfedExternal {
        let asns = vec![Asn(65001)];
        let kind = SegmentKind::ConfedSequence;
        segments.insert(0, Segment { kind, asns });
    }
    for segment in &mut segments {
        // A member AS of a confederation with two-octet speakers has a two-octet number (RFC 6793
        // section 7).
        let two_octet = segment.kind.is_confed() && !context.four_octet_as;
        for asn in &mut segment.asns {
            let number = if two_octet { asn.0 & 0xffff } else { asn.0 };
            asn.0 = number.max(1);
        }
    }
    AsPath::from_segments(segments)
}

/// The whole messages of a buffer.
fn messages<'a>(mut bytes: &'a [u8], context: &Context) -> Vec<&'a [u8]> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let length = routehub_wire::frame(bytes, context.max_len());
        let length = length.expect("a header in order").expect("a whole message");
        let (message, rest) = bytes.split_at(length);
        messages.push(message);
        bytes = rest;
    }
    messages
}

fn view<'a>(message: &'a [u8], context: &Context) -> UpdateView<'a> {
    match decode(message, context) {
        Ok(Message::Update(update)) => update,
        other => panic!("an UPDATE, not {other:?}"),
    }
}

/// What is sent arrives: all prefixes in order, with all attributes, in full messages.
pub(crate) fn round_trip(context: &Context, sent: &RouteUpdate) {
    let mut bytes = Vec::new();
    let mut packer = Packer::new(context);
    if packer.withdraw(&sent.withdrawn, &mut bytes).is_err() {
        return;
    }
    let announced = packer.announce(&sent.attrs, &sent.announced, &mut bytes);
    if announced.is_err() {
        return;
    }
    let mut withdrawn: Vec<Nlri> = Vec::new();
    let mut arrived: Vec<Nlri> = Vec::new();
    for message in messages(&bytes, context) {
        let update = view(message, context);
        assert_eq!(update.outcome(), Outcome::Accept, "{:?}", update.faults());
        assert!(update.is_fault_free());
        for part in update.to_updates().expect("no reset") {
            if !part.announced.is_empty() {
                assert_eq!(part.attrs, sent.attrs);
            }
            withdrawn.extend(part.withdrawn);
            arrived.extend(part.announced);
        }
    }
    assert_eq!(
        (withdrawn, arrived),
        (sent.withdrawn.clone(), sent.announced.clone())
    );
}

/// What the encoder makes of a message that is in order, it makes again of what it made.
pub(crate) fn stable(context: &Context, message: &[u8]) {
    let Ok(Message::Update(update)) = decode(message, context) else {
        return;
    };
    if !update.is_fault_free() || context.add_path_send != context.add_path_receive {
        return;
    }
    let encode = |update: &UpdateView<'_>| {
        let mut bytes = Vec::new();
        let mut packer = Packer::new(context);
        for part in update.to_updates().expect("no fault") {
            packer.withdraw(&part.withdrawn, &mut bytes)?;
            packer.announce(&part.attrs, &part.announced, &mut bytes)?;
        }
        Ok::<_, routehub_wire::EncodeError>(bytes)
    };
    let Ok(first) = encode(&update) else { return };
    let mut second = Vec::new();
    for message in messages(&first, context) {
        let again = view(message, context);
        assert!(again.is_fault_free(), "{:?}", again.faults());
        second.extend(encode(&again).expect("what was encoded can be"));
    }
    assert_eq!(first, second);
}

/// The view and the owned form of a message say the same.
pub(crate) fn view_equals_owned(context: &Context, message: &[u8]) {
    let Ok(Message::Update(update)) = decode(message, context) else {
        return;
    };
    let owned = update.to_updates().unwrap_or_default();
    let withdrawn: Vec<Nlri> = update.withdrawn().collect();
    let all = owned.iter().flat_map(|update| update.withdrawn.clone());
    assert_eq!(withdrawn, all.collect::<Vec<_>>());
    let fields: Vec<_> = update.announced().collect();
    let announcing = owned.iter().filter(|part| !part.announced.is_empty());
    for (field, part) in fields.iter().zip(announcing) {
        assert_eq!(field.next_hop, part.attrs.next_hop);
        assert_eq!(field.nlri.collect::<Vec<_>>(), part.announced);
        assert_eq!(fold(field.nlri), part.announced);
        attributes_equal(&update, &part.attrs);
    }
    assert_eq!(
        fields.len(),
        owned
            .iter()
            .filter(|part| !part.announced.is_empty())
            .count()
    );
}

/// The prefixes by way of `fold`, which has loops of its own.
fn fold(nlri: routehub_wire::Nlris<'_>) -> Vec<Nlri> {
    nlri.fold(Vec::new(), |mut list, route| {
        list.push(route);
        list
    })
}

/// Every attribute of the view stands in the owned ones, and nothing else does.
fn attributes_equal(update: &UpdateView<'_>, attrs: &Attrs) {
    let merged = !update.context().four_octet_as;
    let mut unknown = Vec::new();
    let mut rest = Attrs {
        next_hop: attrs.next_hop,
        ..Attrs::default()
    };
    for attribute in update.attributes() {
        match attribute {
            Attribute::Origin(origin) => rest.origin = origin,
            Attribute::AsPath(path) => {
                assert_eq!(path.asns().count(), path.to_as_path().asns().count());
                assert_eq!(path.length(), path.to_as_path().length());
                rest.as_path = path.to_as_path();
            }
            Attribute::NextHop(_) | Attribute::As4Path(_) | Attribute::As4Aggregator(_) => {}
            Attribute::Med(med) => rest.med = Some(med),
            Attribute::LocalPref(preference) => rest.local_pref = Some(preference),
            Attribute::AtomicAggregate => rest.atomic_aggregate = true,
            Attribute::Aggregator(aggregator) => rest.aggregator = Some(aggregator),
            Attribute::Communities(list) => rest.communities = list.collect(),
            Attribute::OriginatorId(id) => rest.originator_id = Some(id),
            Attribute::ClusterList(list) => rest.cluster_list = list.collect(),
            Attribute::ExtendedCommunities(list) => rest.extended_communities = list.collect(),
            Attribute::Ipv6ExtendedCommunities(list) => {
                rest.ipv6_extended_communities = list.collect();
            }
            Attribute::Aigp(metric) => rest.aigp = Some(metric),
            Attribute::LargeCommunities(list) => rest.large_communities = list.collect(),
            Attribute::OnlyToCustomer(asn) => rest.only_to_customer = Some(asn),
            Attribute::Unknown(raw) if raw.flags & attribute_code::TRANSITIVE != 0 => {
                unknown.push((raw.code, raw.value.to_vec()));
            }
            Attribute::Unknown(_) => {}
            other => panic!("a new attribute: {other:?}"),
        }
    }
    let kept = attrs
        .unknown
        .iter()
        .map(|attribute| (attribute.code, attribute.value.clone()));
    assert_eq!(unknown, kept.collect::<Vec<_>>());
    rest.unknown.clone_from(&attrs.unknown);
    if merged {
        // Merged from two attributes each.
        assert_eq!(rest.as_path.length(), attrs.as_path.length());
        rest.as_path.clone_from(&attrs.as_path);
        rest.aggregator = attrs.aggregator;
    }
    assert_eq!(&rest, attrs);
}

/// The octets of a message, put around any body.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let body = &body[..body.len().min(4000)];
    let mut bytes = vec![0xff; 16];
    bytes.extend((19 + body.len() as u16).to_be_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(body);
    bytes
}

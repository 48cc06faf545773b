//! What other codecs say.

use bytes::Bytes;
use netgauze_bgp_pkt::wire::deserializer::BgpParsingContext;
use netgauze_parse_utils::reader::SliceReader;
use netgauze_parse_utils::traits::ParseFromWithOneInput;

use crate::facts::{Facts, Width};

/// netgauze-bgp-pkt.
pub(crate) fn netgauze(message: &[u8], width: Width) -> Result<Facts, String> {
    use netgauze_bgp_pkt::path_attribute::{AsPath, MpReach, MpUnreach, PathAttributeValue};
    let mut context = BgpParsingContext::asn2_default();
    context.set_asn4(width == Width::Four);
    let mut reader = SliceReader::new(message);
    let parsed = netgauze_bgp_pkt::BgpMessage::parse(&mut reader, &mut context);
    let parsed = parsed.map_err(|error| error.to_string())?;
    let netgauze_bgp_pkt::BgpMessage::Update(update) = parsed else {
        return Err("no UPDATE".to_owned());
    };
    let four = |list: &[netgauze_bgp_pkt::nlri::Ipv4UnicastAddress]| -> Vec<String> {
        let nets = list.iter().map(|one| one.network().address().trunc());
        nets.map(|net| net.to_string()).collect()
    };
    let six = |list: &[netgauze_bgp_pkt::nlri::Ipv6UnicastAddress]| -> Vec<String> {
        let nets = list.iter().map(|one| one.network().address().trunc());
        nets.map(|net| net.to_string()).collect()
    };
    let mut facts = Facts {
        withdrawn: four(update.withdraw_routes()),
        announced: four(update.nlri()),
        ..Facts::default()
    };
    for attribute in update.path_attributes() {
        facts.types.push(match attribute.path_attribute_type() {
            Ok(code) => code as u8,
            Err(code) => code,
        });
        match attribute.value() {
            PathAttributeValue::MpReach(MpReach::Ipv4Unicast { nlri, .. }) => {
                facts.announced.extend(four(nlri));
            }
            PathAttributeValue::MpReach(MpReach::Ipv6Unicast { nlri, .. }) => {
                facts.announced.extend(six(nlri));
            }
            PathAttributeValue::MpUnreach(MpUnreach::Ipv4Unicast { nlri }) => {
                facts.withdrawn.extend(four(nlri));
            }
            PathAttributeValue::MpUnreach(MpUnreach::Ipv6Unicast { nlri }) => {
                facts.withdrawn.extend(six(nlri));
            }
            PathAttributeValue::AsPath(AsPath::As4PathSegments(segments)) => {
                let asns = segments.iter().flat_map(|one| one.as_numbers().to_vec());
                facts.path = asns.collect();
            }
            PathAttributeValue::AsPath(AsPath::As2PathSegments(segments)) => {
                let asns = segments.iter().flat_map(|one| one.as_numbers().to_vec());
                facts.path = asns.map(u32::from).collect();
            }
            PathAttributeValue::Communities(list) => {
                facts.communities = list
                    .communities()
                    .iter()
                    .map(netgauze_bgp_pkt::community::Community::value)
                    .collect();
            }
            PathAttributeValue::LargeCommunities(list) => {
                let parts = list.communities().iter();
                facts.large_communities = parts
                    .map(|one| [one.global_admin(), one.local_data1(), one.local_data2()])
                    .collect();
            }
            PathAttributeValue::MultiExitDiscriminator(med) => facts.med = Some(med.metric()),
            PathAttributeValue::LocalPreference(one) => facts.local_pref = Some(one.metric()),
            _ => {}
        }
    }
    facts.types.sort_unstable();
    Ok(facts)
}

/// bgpkit-parser.
pub(crate) fn bgpkit(message: &[u8], width: Width) -> Result<Facts, String> {
    use bgpkit_parser::models::{
        AsPathSegment, Asn, AsnLength, AttributeValue, BgpMessage, Community, NetworkPrefix,
    };
    let mut bytes = Bytes::copy_from_slice(message);
    let length = match width {
        Width::Two => AsnLength::Bits16,
        Width::Four => AsnLength::Bits32,
    };
    let parsed = bgpkit_parser::parser::bgp::parse_bgp_message(&mut bytes, false, &length);
    let BgpMessage::Update(update) = parsed.map_err(|error| error.to_string())? else {
        return Err("no UPDATE".to_owned());
    };
    let prefixes = |list: &[NetworkPrefix]| -> Vec<String> {
        list.iter()
            .map(|one| one.prefix.trunc().to_string())
            .collect()
    };
    let mut facts = Facts {
        withdrawn: prefixes(&update.withdrawn_prefixes),
        announced: prefixes(&update.announced_prefixes),
        ..Facts::default()
    };
    for attribute in &update.attributes {
        facts.types.push(attribute.attr_type().into());
        match attribute {
            AttributeValue::MpReachNlri(nlri) => facts.announced.extend(prefixes(&nlri.prefixes)),
            AttributeValue::MpUnreachNlri(nlri) => {
                facts.withdrawn.extend(prefixes(&nlri.prefixes));
            }
            AttributeValue::AsPath(path) => {
                let asns = path.segments.iter().flat_map(|segment| match segment {
                    AsPathSegment::AsSequence(asns)
                    | AsPathSegment::AsSet(asns)
                    | AsPathSegment::ConfedSequence(asns)
                    | AsPathSegment::ConfedSet(asns) => asns,
                });
                facts.path = asns.map(Asn::to_u32).collect();
            }
            AttributeValue::Communities(list) => {
                let values = list.iter().map(|one| match one {
                    Community::NoExport => 0xffff_ff01,
                    Community::NoAdvertise => 0xffff_ff02,
                    Community::NoExportSubConfed => 0xffff_ff03,
                    Community::Custom(asn, value) => asn.to_u32() << 16 | u32::from(*value),
                });
                facts.communities = values.collect();
            }
            AttributeValue::LargeCommunities(list) => {
                let parts = list.iter();
                facts.large_communities = parts
                    .map(|one| [one.global_admin, one.local_data[0], one.local_data[1]])
                    .collect();
            }
            AttributeValue::MultiExitDiscriminator(med) => facts.med = Some(*med),
            AttributeValue::LocalPreference(one) => facts.local_pref = Some(*one),
            _ => {}
        }
    }
    facts.types.sort_unstable();
    Ok(facts)
}

/// routecore.
pub(crate) fn routecore(message: &[u8], width: Width) -> Result<Facts, String> {
    use routecore::bgp::message::{SessionConfig, UpdateMessage};
    use routecore::bgp::nlri::afisafi::{IsPrefix, Nlri};
    let config = match width {
        Width::Two => SessionConfig::legacy(),
        Width::Four => SessionConfig::modern(),
    };
    let why = |error: routecore::bgp::ParseError| error.to_string();
    let update = UpdateMessage::from_octets(message, &config).map_err(why)?;
    let prefix = |nlri: Nlri<&[u8]>| match nlri {
        Nlri::Ipv4Unicast(one) => one.prefix().to_string(),
        Nlri::Ipv6Unicast(one) => one.prefix().to_string(),
        other => format!("{other:?}"),
    };
    let mut facts = Facts::default();
    // Its own order is MP attributes first.
    for nlri in update.conventional_withdrawals().map_err(why)? {
        facts.withdrawn.push(prefix(nlri.map_err(why)?));
    }
    for nlri in update.mp_withdrawals().map_err(why)?.into_iter().flatten() {
        facts.withdrawn.push(prefix(nlri.map_err(why)?));
    }
    for nlri in update.conventional_announcements().map_err(why)? {
        facts.announced.push(prefix(nlri.map_err(why)?));
    }
    for nlri in update
        .mp_announcements()
        .map_err(why)?
        .into_iter()
        .flatten()
    {
        facts.announced.push(prefix(nlri.map_err(why)?));
    }
    if let Some(path) = update.aspath().map_err(why)? {
        let asns = |segment: routecore::bgp::aspath::Segment<&[u8]>| -> Vec<u32> {
            segment.asns().map(u32::from).collect()
        };
        facts.path = path.segments().flat_map(asns).collect();
    }
    if let Some(list) = update.communities().map_err(why)? {
        facts.communities = list.map(|one| u32::from_be_bytes(one.to_raw())).collect();
    }
    if let Some(list) = update.large_communities().map_err(why)? {
        let parts = list.map(|one| {
            let raw = one.to_raw();
            let (parts, _) = raw.as_chunks::<4>();
            [0, 1, 2].map(|at| u32::from_be_bytes(parts[at]))
        });
        facts.large_communities = parts.collect();
    }
    facts.med = update.multi_exit_disc().map_err(why)?.map(|one| one.0);
    facts.local_pref = update.local_pref().map_err(why)?.map(|one| one.0);
    for attribute in update.path_attributes().map_err(why)? {
        facts.types.push(attribute.map_err(why)?.type_code());
    }
    facts.types.sort_unstable();
    Ok(facts)
}

//! Other codecs, each read as its own documentation says, summed as the bare walk does.

use bytes::Bytes;
use netgauze_bgp_pkt::wire::deserializer::BgpParsingContext;
use netgauze_parse_utils::reader::SliceReader;
use netgauze_parse_utils::traits::ParseFromWithOneInput;
use zettabgp::prelude::BgpMessage as _;

use crate::walk::{ipv4, ipv6};

/// What two speakers of four-octet ASNs agree on, as each codec has it.
pub(crate) struct Peers {
    netgauze: BgpParsingContext,
    zettabgp: zettabgp::BgpSessionParams,
    routecore: routecore::bgp::message::SessionConfig,
}

impl Peers {
    pub(crate) fn new() -> Self {
        let mut netgauze = BgpParsingContext::asn2_default();
        netgauze.set_asn4(true);
        let mut zettabgp = zettabgp::BgpSessionParams::new(
            65001,
            180,
            zettabgp::BgpTransportMode::IPv4,
            std::net::Ipv4Addr::new(10, 0, 0, 1),
            vec![
                zettabgp::BgpCapability::SafiIPv4u,
                zettabgp::BgpCapability::SafiIPv6u,
                zettabgp::BgpCapability::CapASN32(65001),
            ],
        );
        zettabgp.fuzzy_pathid = false;
        Self {
            netgauze,
            zettabgp,
            routecore: routecore::bgp::message::SessionConfig::modern(),
        }
    }

    /// The session of zettabgp.
    pub(crate) fn zettabgp_params(&self) -> zettabgp::BgpSessionParams {
        self.zettabgp.clone()
    }

    /// A message as netgauze-bgp-pkt has it.
    pub(crate) fn netgauze_message(
        &mut self,
        message: &[u8],
    ) -> Option<netgauze_bgp_pkt::BgpMessage> {
        let mut reader = SliceReader::new(message);
        netgauze_bgp_pkt::BgpMessage::parse(&mut reader, &mut self.netgauze).ok()
    }

    /// netgauze-bgp-pkt.
    pub(crate) fn netgauze(&mut self, message: &[u8]) -> Option<u64> {
        use netgauze_bgp_pkt::path_attribute::{
            As4PathSegment, AsPath, MpReach, MpUnreach, PathAttributeValue,
        };
        let parsed = self.netgauze_message(message)?;
        let netgauze_bgp_pkt::BgpMessage::Update(update) = parsed else {
            return None;
        };
        let four = |list: &[netgauze_bgp_pkt::nlri::Ipv4UnicastAddress]| {
            list.iter().fold(0u64, |sum, one| {
                let net = one.network().address();
                sum.wrapping_add(ipv4(net.network().to_bits(), net.prefix_len()))
            })
        };
        let six = |list: &[netgauze_bgp_pkt::nlri::Ipv6UnicastAddress]| {
            list.iter().fold(0u64, |sum, one| {
                let net = one.network().address();
                sum.wrapping_add(ipv6(net.network().to_bits(), net.prefix_len()))
            })
        };
        let mut sum = four(update.withdraw_routes()).wrapping_add(four(update.nlri()));
        for attribute in update.path_attributes() {
            let code = |attribute: &netgauze_bgp_pkt::path_attribute::PathAttribute| match attribute
                .path_attribute_type()
            {
                Ok(code) => code as u64,
                Err(code) => u64::from(code),
            };
            sum = sum.wrapping_add(match attribute.value() {
                PathAttributeValue::MpReach(MpReach::Ipv4Unicast { nlri, .. }) => four(nlri),
                PathAttributeValue::MpReach(MpReach::Ipv6Unicast { nlri, .. }) => six(nlri),
                PathAttributeValue::MpUnreach(MpUnreach::Ipv4Unicast { nlri }) => four(nlri),
                PathAttributeValue::MpUnreach(MpUnreach::Ipv6Unicast { nlri }) => six(nlri),
                PathAttributeValue::MpReach(_) | PathAttributeValue::MpUnreach(_) => 0,
                PathAttributeValue::AsPath(AsPath::As4PathSegments(segments)) => {
                    let asns = segments.iter().flat_map(As4PathSegment::as_numbers);
                    2 + asns.map(|asn| u64::from(*asn)).sum::<u64>()
                }
                PathAttributeValue::Communities(list) => {
                    let values = list.communities().iter().map(|one| u64::from(one.value()));
                    8 + values.sum::<u64>()
                }
                PathAttributeValue::LargeCommunities(list) => {
                    let parts = list.communities().iter().map(|one| {
                        u64::from(one.global_admin())
                            + u64::from(one.local_data1())
                            + u64::from(one.local_data2())
                    });
                    32 + parts.sum::<u64>()
                }
                _ => code(attribute),
            });
        }
        Some(sum)
    }

    /// rustbgpd-wire; without its RFC 7606 handling, which takes longer.
    pub(crate) fn rustbgpd(&mut self, message: &[u8]) -> Option<u64> {
        use rustbgpd_wire::{AsPathSegment, NlriEntry, PathAttribute, Prefix};
        let update = rustbgpd_update(message)?;
        let entries = |list: &[NlriEntry]| {
            list.iter().fold(0u64, |sum, one| {
                sum.wrapping_add(match one.prefix {
                    Prefix::V4(one) => ipv4(one.addr.to_bits(), one.len),
                    Prefix::V6(one) => ipv6(one.addr.to_bits(), one.len),
                })
            })
        };
        let mut sum = 0u64;
        for one in update.withdrawn.iter().chain(&update.announced) {
            sum = sum.wrapping_add(ipv4(one.prefix.addr.to_bits(), one.prefix.len));
        }
        for attribute in &update.attributes {
            sum = sum.wrapping_add(match attribute {
                PathAttribute::MpReachNlri(reach) => entries(&reach.announced),
                PathAttribute::MpUnreachNlri(unreach) => entries(&unreach.withdrawn),
                PathAttribute::AsPath(path) => {
                    let asns = path.segments.iter().flat_map(|segment| match segment {
                        AsPathSegment::AsSet(asns) | AsPathSegment::AsSequence(asns) => asns,
                    });
                    2 + asns.map(|asn| u64::from(*asn)).sum::<u64>()
                }
                PathAttribute::Communities(list) | PathAttribute::CommunitiesPartial(list) => {
                    8 + list.iter().map(|one| u64::from(*one)).sum::<u64>()
                }
                PathAttribute::LargeCommunities(list)
                | PathAttribute::LargeCommunitiesPartial(list) => {
                    let parts = list.iter().map(|one| {
                        u64::from(one.global_admin)
                            + u64::from(one.local_data1)
                            + u64::from(one.local_data2)
                    });
                    32 + parts.sum::<u64>()
                }
                other => u64::from(other.type_code()),
            });
        }
        Some(sum)
    }

    /// zettabgp.
    pub(crate) fn zettabgp(&mut self, message: &[u8]) -> Option<u64> {
        use zettabgp::prelude::{BgpASitem, BgpAddrs, BgpAttrItem};
        let (kind, length) = self.zettabgp.decode_message_head(message).ok()?;
        if kind != zettabgp::prelude::BgpMessageType::Update {
            return None;
        }
        let mut update = zettabgp::prelude::BgpUpdateMessage::new();
        let body = message.get(19..19 + length)?;
        update.decode_from(&self.zettabgp, body).ok()?;
        let addresses = |list: &BgpAddrs| match list {
            BgpAddrs::IPV4U(list) => list.iter().fold(0u64, |sum, one| {
                sum.wrapping_add(ipv4(one.addr.to_bits(), one.prefixlen))
            }),
            BgpAddrs::IPV6U(list) => list.iter().fold(0u64, |sum, one| {
                sum.wrapping_add(ipv6(one.addr.to_bits(), one.prefixlen))
            }),
            _ => 0,
        };
        let mut sum = addresses(&update.withdraws).wrapping_add(addresses(&update.updates));
        for attribute in &update.attrs {
            sum = sum.wrapping_add(match attribute {
                BgpAttrItem::MPUpdates(reach) => addresses(&reach.addrs),
                BgpAttrItem::MPWithdraws(unreach) => addresses(&unreach.addrs),
                BgpAttrItem::ASPath(path) => {
                    let asns = path.value.iter().map(|segment| match segment {
                        BgpASitem::Seq(asns) => asns
                            .value
                            .iter()
                            .map(|asn| u64::from(asn.value))
                            .sum::<u64>(),
                        BgpASitem::Set(asns) => asns
                            .value
                            .iter()
                            .map(|asn| u64::from(asn.value))
                            .sum::<u64>(),
                    });
                    2 + asns.sum::<u64>()
                }
                BgpAttrItem::CommunityList(list) => {
                    8 + list
                        .value
                        .iter()
                        .map(|one| u64::from(one.value))
                        .sum::<u64>()
                }
                BgpAttrItem::LargeCommunityList(list) => {
                    let parts = list
                        .value
                        .iter()
                        .map(|one| u64::from(one.ga) + u64::from(one.ldp1) + u64::from(one.ldp2));
                    32 + parts.sum::<u64>()
                }
                other => zettabgp_code(other),
            });
        }
        Some(sum)
    }

    /// routecore, whose attributes and prefixes are read in place too.
    pub(crate) fn routecore(&mut self, message: &[u8]) -> Option<u64> {
        use routecore::bgp::aspath::AsPath;
        use routecore::bgp::nlri::afisafi::{IsPrefix, Nlri};
        use routecore::bgp::path_attributes::WireformatPathAttribute;
        let update =
            routecore::bgp::message::UpdateMessage::from_octets(message, &self.routecore).ok()?;
        let mut sum = 0u64;
        let prefix = |nlri: &Nlri<&[u8]>| {
            let prefix = match nlri {
                Nlri::Ipv4Unicast(one) => one.prefix(),
                Nlri::Ipv6Unicast(one) => one.prefix(),
                _ => return 0,
            };
            match prefix.addr() {
                std::net::IpAddr::V4(address) => ipv4(address.to_bits(), prefix.len()),
                std::net::IpAddr::V6(address) => ipv6(address.to_bits(), prefix.len()),
            }
        };
        for nlri in update.withdrawals().ok()? {
            sum = sum.wrapping_add(prefix(&nlri.ok()?));
        }
        for nlri in update.announcements().ok()? {
            sum = sum.wrapping_add(prefix(&nlri.ok()?));
        }
        for attribute in update.path_attributes().ok()? {
            let attribute = attribute.ok()?;
            sum = sum.wrapping_add(match attribute {
                WireformatPathAttribute::MpReachNlri(_) => 0,
                WireformatPathAttribute::AsPath(value) => {
                    let value = value.value_into_parser();
                    let path = AsPath::new(value.peek_all(), true).ok()?;
                    let mut asns = 2;
                    for segment in path.segments() {
                        asns += segment
                            .asns()
                            .map(|asn| u64::from(asn.into_u32()))
                            .sum::<u64>();
                    }
                    asns
                }
                WireformatPathAttribute::StandardCommunities(_) => {
                    let list = update.communities().ok()??;
                    8 + list
                        .map(|one| u64::from(u32::from_be_bytes(one.to_raw())))
                        .sum::<u64>()
                }
                WireformatPathAttribute::LargeCommunities(_) => {
                    let list = update.large_communities().ok()??;
                    let parts = list.map(|one| {
                        let (numbers, _) = one.as_ref().as_chunks::<4>();
                        numbers
                            .iter()
                            .map(|one| u64::from(u32::from_be_bytes(*one)))
                            .sum::<u64>()
                    });
                    32 + parts.sum::<u64>()
                }
                other => match other.type_code() {
                    15 => 0,
                    code => u64::from(code),
                },
            });
        }
        Some(sum)
    }

    /// bgpkit-parser.
    pub(crate) fn bgpkit(&mut self, message: &[u8]) -> Option<u64> {
        use bgpkit_parser::models::{
            AsPathSegment, AsnLength, AttributeValue, BgpMessage, Community, NetworkPrefix,
        };
        let mut bytes = Bytes::copy_from_slice(message);
        let parsed =
            bgpkit_parser::parser::bgp::parse_bgp_message(&mut bytes, false, &AsnLength::Bits32);
        let Ok(BgpMessage::Update(update)) = parsed else {
            return None;
        };
        let prefixes = |list: &[NetworkPrefix]| {
            list.iter().fold(0u64, |sum, one| {
                sum.wrapping_add(match one.prefix {
                    ipnet::IpNet::V4(net) => ipv4(net.network().to_bits(), net.prefix_len()),
                    ipnet::IpNet::V6(net) => ipv6(net.network().to_bits(), net.prefix_len()),
                })
            })
        };
        let mut sum =
            prefixes(&update.withdrawn_prefixes).wrapping_add(prefixes(&update.announced_prefixes));
        for attribute in &update.attributes {
            sum = sum.wrapping_add(match attribute {
                AttributeValue::MpReachNlri(nlri) | AttributeValue::MpUnreachNlri(nlri) => {
                    prefixes(&nlri.prefixes)
                }
                AttributeValue::AsPath(path) => {
                    let asns = path.segments.iter().flat_map(|segment| match segment {
                        AsPathSegment::AsSequence(asns)
                        | AsPathSegment::AsSet(asns)
                        | AsPathSegment::ConfedSequence(asns)
                        | AsPathSegment::ConfedSet(asns) => asns,
                    });
                    2 + asns.map(|asn| u64::from(asn.to_u32())).sum::<u64>()
                }
                AttributeValue::Communities(list) => {
                    let values = list.iter().map(|one| match one {
                        Community::NoExport => 0xffff_ff01,
                        Community::NoAdvertise => 0xffff_ff02,
                        Community::NoExportSubConfed => 0xffff_ff03,
                        Community::Custom(asn, value) => {
                            u64::from(asn.to_u32()) << 16 | u64::from(*value)
                        }
                    });
                    8 + values.sum::<u64>()
                }
                AttributeValue::LargeCommunities(list) => {
                    let parts = list.iter().map(|one| {
                        let [one_part, other] = one.local_data;
                        u64::from(one.global_admin) + u64::from(one_part) + u64::from(other)
                    });
                    32 + parts.sum::<u64>()
                }
                other => u64::from(u8::from(other.attr_type())),
            });
        }
        Some(sum)
    }
}

/// An update as rustbgpd-wire has it.
pub(crate) fn rustbgpd_update(message: &[u8]) -> Option<rustbgpd_wire::ParsedUpdate> {
    let mut bytes = Bytes::copy_from_slice(message);
    match rustbgpd_wire::decode_message(&mut bytes, 4096).ok()? {
        rustbgpd_wire::Message::Update(update) => update.parse(true, false, &[]).ok(),
        _ => None,
    }
}

/// The type code of an attribute whose value is not summed.
fn zettabgp_code(attribute: &zettabgp::prelude::BgpAttrItem) -> u64 {
    use zettabgp::prelude::BgpAttrItem;
    match attribute {
        BgpAttrItem::Origin(_) => 1,
        BgpAttrItem::NextHop(_) => 3,
        BgpAttrItem::MED(_) => 4,
        BgpAttrItem::LocalPref(_) => 5,
        BgpAttrItem::AtomicAggregate(_) => 6,
        BgpAttrItem::AggregatorAS(_) => 7,
        BgpAttrItem::OriginatorID(_) => 9,
        BgpAttrItem::ClusterList(_) => 10,
        BgpAttrItem::ExtCommunityList(_) => 16,
        BgpAttrItem::PMSITunnel(_) => 22,
        BgpAttrItem::OTC(_) => 35,
        BgpAttrItem::AttrSet(_) => 128,
        BgpAttrItem::Unknown(one) => u64::from(one.params.typecode),
        _ => 0,
    }
}

//! What may happen to a table, and the few prefixes, attributes and sources it happens with.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use routehub_rib::{DecisionConfig, Source, Step};
use routehub_types::{AsPath, Asn, Attrs, Origin, Prefix, RouterId};

pub(crate) const SOURCES: usize = 5;

pub(crate) fn prefixes() -> Vec<Prefix> {
    let texts = [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.0/16",
        "10.0.1.0/24",
        "10.0.2.0/24",
        "192.168.0.0/16",
        "2001:db8::/32",
        "2001:db8:1::/48",
    ];
    texts.map(|text| text.parse().unwrap()).to_vec()
}

pub(crate) fn attribute_sets() -> Vec<Attrs> {
    let set = |path: &str, med, local_pref, origin| Attrs {
        med,
        local_pref,
        origin,
        ..Attrs::new(path.parse::<AsPath>().unwrap(), Ipv4Addr::new(192, 0, 2, 1))
    };
    vec![
        set("64500", None, None, Origin::Igp),
        set("64500 64501", Some(10), None, Origin::Igp),
        set("64500 64502", Some(5), None, Origin::Igp),
        set("64510 64501", Some(7), None, Origin::Igp),
        set("64510 64502", Some(3), None, Origin::Egp),
        set("64510", Some(3), Some(150), Origin::Incomplete),
        set("64520 {1,2}", None, Some(100), Origin::Igp),
        set("", Some(1), None, Origin::Igp),
    ]
}

pub(crate) fn configs() -> Vec<DecisionConfig> {
    vec![
        DecisionConfig::rfc4271(),
        DecisionConfig::new([Step::Rank, Step::AsPathLength], [Step::PeerAddress], 8),
        DecisionConfig::new(
            [Step::AsPathLength, Step::Rank, Step::TieBreak],
            [Step::PeerAddress],
            2,
        ),
        DecisionConfig::new([Step::Med, Step::LocalPref], [Step::RouterId], 3),
        DecisionConfig::new([Step::MedAlways], [], 1),
    ]
}

pub(crate) fn source(number: usize, variant: u8) -> Source {
    Source {
        rank: variant % 3,
        router_id: RouterId(variant.into()),
        peer_address: IpAddr::V4(Ipv4Addr::new(10, 0, variant % 4, number as u8)),
        peer_as: Asn(64500),
        external: !variant.is_multiple_of(2),
        cost: (variant / 3).into(),
        tie_break: (variant / 5).into(),
        ..Source::default()
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Withdraw the first prefixes and announce the second, with a set and perhaps a path id.
    Update(usize, Vec<usize>, Vec<usize>, usize, Option<u32>),
    Down(usize),
    MarkStale(usize),
    Sweep(usize),
    Source(usize, u8),
    Replace(usize, u8),
    Config(usize),
    Import(usize, u8),
    Export(usize, u8),
    Flush(usize, usize),
    Pull(usize, usize),
    Join(usize, Option<usize>),
    Leave(usize),
    Refresh(usize),
    Collect,
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let some = || prop::collection::vec(0..8usize, 0..5);
    let id = prop_oneof![4 => Just(None), 1 => (0..2u32).prop_map(Some)];
    prop_oneof![
        12 => (0..SOURCES, some(), some(), 0..8usize, id).prop_map(|(s, w, a, set, id)| Event::Update(s, w, a, set, id)),
        1 => (0..SOURCES).prop_map(Event::Down),
        1 => (0..SOURCES).prop_map(Event::MarkStale),
        1 => (0..SOURCES).prop_map(Event::Sweep),
        1 => (0..SOURCES, any::<u8>()).prop_map(|(s, v)| Event::Source(s, v)),
        1 => (0..SOURCES, any::<u8>()).prop_map(|(s, v)| Event::Replace(s, v)),
        1 => (0..5usize).prop_map(Event::Config),
        2 => (0..SOURCES, 0..6u8).prop_map(|(s, p)| Event::Import(s, p)),
        1 => (0..2usize, 0..4u8).prop_map(|(g, p)| Event::Export(g, p)),
        3 => (0..2usize, 1..6usize).prop_map(|(g, n)| Event::Flush(g, n)),
        4 => (0..4usize, 1..4usize).prop_map(|(m, n)| Event::Pull(m, n)),
        1 => (0..2usize, prop::option::of(0..SOURCES)).prop_map(|(g, s)| Event::Join(g, s)),
        1 => (0..4usize).prop_map(Event::Leave),
        1 => (0..4usize).prop_map(Event::Refresh),
        1 => Just(Event::Collect),
    ]
}

//! What may happen to a table, and the few prefixes, attributes and sources it happens with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use proptest::prelude::*;
use routehub_rib::{Age, DecisionConfig, LimitMode, RouteLimit, Source, Step};
use routehub_types::{AsPath, Asn, Attrs, Community, Family, FamilySet, Origin, Prefix, RouterId};

pub(crate) const SOURCES: usize = 5;
pub(crate) const GAP: Duration = Duration::from_secs(1);
pub(crate) const LONGEST: Duration = Duration::from_secs(3);

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
    let via = |next_hop: IpAddr, attrs: Attrs| Attrs {
        next_hop: next_hop.into(),
        ..attrs
    };
    let reflected = |id, attrs: Attrs| Attrs {
        originator_id: Some(RouterId(id)),
        ..attrs
    };
    vec![
        set("64500", None, None, Origin::Igp),
        set("64500 64501", Some(10), None, Origin::Igp),
        via(
            Ipv6Addr::LOCALHOST.into(),
            set("64500 64502", Some(5), None, Origin::Igp),
        ),
        reflected(9, set("64510 64501", Some(7), None, Origin::Igp)),
        via(
            Ipv4Addr::new(10, 9, 9, 9).into(),
            set("64510 64502", Some(3), None, Origin::Egp),
        ),
        set("64510", Some(3), Some(150), Origin::Incomplete),
        reflected(2, set("64520 {1,2}", None, Some(100), Origin::Igp)),
        set("", Some(1), None, Origin::Igp),
        Attrs {
            communities: vec![Community::LLGR_STALE],
            ..set("64500", None, None, Origin::Igp)
        },
    ]
}

pub(crate) fn configs() -> Vec<DecisionConfig> {
    vec![
        DecisionConfig::rfc4271(),
        DecisionConfig::new([Step::Rank, Step::AsPathLength], [Step::PeerAddress], 8),
        DecisionConfig::new(
            [Step::AsPathLength, Step::Rank, Step::TieBreak],
            [Step::NextHop, Step::PeerAddress],
            2,
        ),
        DecisionConfig::new([Step::Med, Step::LocalPref], [Step::RouterId], 3),
        DecisionConfig::new([Step::MedAlways], [], 1),
        DecisionConfig::new(
            [Step::LongLivedStale, Step::AsPathLength],
            [Step::PeerAddress],
            2,
        ),
        DecisionConfig::new([Step::Origin, Step::NextHop], [Step::RouterId], 1),
    ]
}

/// Ways of deciding in which history counts.
pub(crate) fn sticky_configs() -> Vec<DecisionConfig> {
    vec![
        DecisionConfig::new([Step::AsPathLength, Step::Current], [Step::PeerAddress], 1),
        DecisionConfig::new([Step::Rank, Step::Current], [Step::PeerAddress], 2),
        DecisionConfig::new([Step::Current, Step::Med], [Step::NextHop], 8),
        DecisionConfig::new(
            [Step::Failback, Step::Rank, Step::AsPathLength],
            [Step::PeerAddress],
            8,
        ),
        DecisionConfig::rfc4271(),
    ]
}

/// No limit, or one of the three modes with a number that a few updates exceed.
fn limit(variant: u8) -> Option<RouteLimit> {
    let mode = match variant / 64 {
        1 => LimitMode::PerMessage,
        2 => LimitMode::PerBatch {
            gap: GAP,
            longest: LONGEST,
        },
        3 => LimitMode::StrictRib,
        _ => return None,
    };
    let max = u32::from(variant % 7) + 3;
    Some(RouteLimit { max, mode })
}

pub(crate) fn source(number: usize, variant: u8) -> Source {
    let peer_address = match variant % 4 {
        3 => Ipv6Addr::LOCALHOST.into(),
        part => Ipv4Addr::new(10, 0, part, number as u8).into(),
    };
    Source {
        rank: variant % 3,
        long_lived: variant.is_multiple_of(2),
        router_id: RouterId(variant.into()),
        peer_address,
        peer_asn: Asn(64500),
        external: !variant.is_multiple_of(2),
        cost: (variant / 3).into(),
        tie_break: (variant / 5).into(),
        limit: limit(variant),
        ..Source::default()
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Withdraw the first prefixes and announce the second, with a set and perhaps a path id.
    Update(usize, Vec<usize>, Vec<usize>, usize, Option<u32>),
    Down(usize),
    MarkStale(usize, Family),
    MarkLongLivedStale(usize, Family),
    Sweep(usize, Family, Age),
    EndRun(usize),
    Wait(u16),
    Source(usize, u8),
    Replace(usize, u8),
    Config(usize),
    Import(usize, u8),
    Export(usize, u8),
    /// Remove a group and add it again, late and for other families.
    Group(usize, FamilySet),
    Flush(usize, usize),
    Pull(usize, usize),
    Join(usize, Option<usize>),
    Leave(usize),
    Refresh(usize, Family),
    Collect,
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let some = || prop::collection::vec(0..8usize, 0..5);
    let id = prop_oneof![4 => Just(None), 1 => (0..2u32).prop_map(Some)];
    let family = || prop_oneof![3 => Just(Family::Ipv4), 1 => Just(Family::Ipv6)];
    let families = prop_oneof![
        3 => Just(FamilySet::ALL),
        1 => Just(FamilySet::IPV4),
        1 => Just(FamilySet::IPV6),
    ];
    let age = prop_oneof![1 => Just(Age::Stale), 1 => Just(Age::LongLivedStale)];
    // Most sources have no limit, or they would be empty most of the time.
    let variant = || prop_oneof![3 => 0..64u8, 2 => any::<u8>()];
    let table = prop_oneof![
        12 => (0..SOURCES, some(), some(), 0..8usize, id).prop_map(|(s, w, a, set, id)| Event::Update(s, w, a, set, id)),
        1 => (0..SOURCES).prop_map(Event::Down),
        1 => (0..SOURCES, family()).prop_map(|(s, family)| Event::MarkStale(s, family)),
        1 => (0..SOURCES, family()).prop_map(|(s, family)| Event::MarkLongLivedStale(s, family)),
        1 => (0..SOURCES, family(), age).prop_map(|(s, family, age)| Event::Sweep(s, family, age)),
        1 => (0..SOURCES).prop_map(Event::EndRun),
        2 => (0..2000u16).prop_map(Event::Wait),
        1 => (0..SOURCES, variant()).prop_map(|(s, v)| Event::Source(s, v)),
        1 => (0..SOURCES, variant()).prop_map(|(s, v)| Event::Replace(s, v)),
        1 => (0..8usize).prop_map(Event::Config),
        2 => (0..SOURCES, 0..6u8).prop_map(|(s, p)| Event::Import(s, p)),
    ];
    let export = prop_oneof![
        1 => (0..2usize, 0..4u8).prop_map(|(g, p)| Event::Export(g, p)),
        1 => (0..2usize, families).prop_map(|(g, families)| Event::Group(g, families)),
        3 => (0..2usize, 1..6usize).prop_map(|(g, n)| Event::Flush(g, n)),
        4 => (0..4usize, 1..4usize).prop_map(|(m, n)| Event::Pull(m, n)),
        2 => (0..2usize, prop::option::of(0..SOURCES)).prop_map(|(g, s)| Event::Join(g, s)),
        1 => (0..4usize).prop_map(Event::Leave),
        1 => (0..4usize, family()).prop_map(|(m, family)| Event::Refresh(m, family)),
        1 => Just(Event::Collect),
    ];
    prop_oneof![22 => table, 14 => export]
}

/// Updates of one source with a limit, close together and further apart.
pub(crate) fn limited_event() -> impl Strategy<Value = Event> {
    let some = || prop::collection::vec(0..8usize, 0..4);
    prop_oneof![
        10 => (some(), some(), 0..8usize).prop_map(|(w, a, set)| Event::Update(0, w, a, set, None)),
        8 => (0..1100u16).prop_map(Event::Wait),
        1 => Just(Event::EndRun(0)),
        1 => Just(Event::Down(0)),
        1 => (64..=255u8).prop_map(|variant| Event::Source(0, variant)),
        1 => (0..6u8).prop_map(|policy| Event::Import(0, policy)),
    ]
}

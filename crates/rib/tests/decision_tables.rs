//! The decision tables in `decisions/`: every case in every order of arrival of its paths.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use routehub_rib::{
    Admission, AttrStore, DecisionConfig, GroupConfig, Rib, Source, SourceId, Standing, Step,
};
use routehub_types::{
    AsPath, Asn, Attrs, Nlri, Origin, Prefix, RouterId, Segment, SegmentKind, Update,
};

/// One path of a case.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    source: Source,
    attrs: Attrs,
    expected: Vec<String>,
}

#[derive(Clone, Debug)]
struct Case {
    name: String,
    config: DecisionConfig,
    paths: Vec<Line>,
}

fn step(name: &str) -> Step {
    let fits = |step: &&Step| format!("{step:?}").to_lowercase() == name.replace('_', "");
    *Step::ALL
        .iter()
        .find(fits)
        .unwrap_or_else(|| panic!("no step {name}"))
}

/// What a routing preference makes of a kind of source: rank and the decision process.
fn preference(mode: &str, kind: &str) -> u8 {
    match (mode, kind) {
        ("ExpressRoute" | "ASPath", "er") | ("VpnGateway", "vpn" | "nva") => 0,
        _ => 1,
    }
}

fn config_of(mode: &str) -> DecisionConfig {
    // The weight of an ExpressRoute connection stands in the cost, turned round; the number makes
    // every ExpressRoute connection different, so that no two of them are equal.
    let steps = match mode {
        "ASPath" => [Step::AsPathLength, Step::Rank, Step::Cost, Step::TieBreak],
        _ => [Step::Rank, Step::Cost, Step::AsPathLength, Step::TieBreak],
    };
    DecisionConfig::new(steps, [Step::PeerAddress], 8)
}

fn path_of(text: &str) -> AsPath {
    match text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
    {
        Some(set) => AsPath::from_segments([Segment {
            kind: SegmentKind::Set,
            asns: set.split(',').map(|asn| asn.parse().unwrap()).collect(),
        }]),
        None => AsPath::sequence(
            text.split(',')
                .filter(|asn| !asn.is_empty())
                .map(|asn| asn.parse::<Asn>().unwrap()),
        ),
    }
}

fn line(text: &str, mode: &str) -> Line {
    let (has, expected) = text
        .split_once("->")
        .unwrap_or_else(|| panic!("no outcome: {text}"));
    let mut words = has.split_whitespace();
    let name = words.next().unwrap().to_owned();
    let mut source = Source {
        external: true,
        ..Source::default()
    };
    let mut attrs = Attrs::new(AsPath::empty(), Ipv4Addr::new(192, 0, 2, 1));
    for word in words {
        let (key, value) = word
            .split_once('=')
            .unwrap_or_else(|| panic!("no value: {word}"));
        match key {
            "path" => attrs.as_path = path_of(value),
            "med" => attrs.med = Some(value.parse().unwrap()),
            "local_pref" => attrs.local_pref = Some(value.parse().unwrap()),
            "originator" => attrs.originator_id = Some(RouterId(value.parse().unwrap())),
            "origin" => attrs.origin = value.parse::<Origin>().unwrap(),
            "long_lived" => source.long_lived = value.parse().unwrap(),
            "community" => attrs.add_community(value.parse().unwrap()),
            "external" => source.external = value.parse().unwrap(),
            "cost" => source.cost = value.parse().unwrap(),
            "router_id" => source.router_id = RouterId(value.parse().unwrap()),
            "peer" => source.peer_address = value.parse::<IpAddr>().unwrap(),
            "kind" => {
                source.rank = preference(mode, value);
                if value == "er" && source.cost == 0 {
                    source.cost = u32::MAX;
                }
            }
            "weight" => source.cost = u32::MAX - value.parse::<u32>().unwrap(),
            "id" => source.tie_break = value.parse().unwrap(),
            other => panic!("no key {other}"),
        }
    }
    Line {
        name,
        source,
        attrs,
        expected: expected.split_whitespace().map(str::to_owned).collect(),
    }
}

fn parse(text: &str) -> Vec<Case> {
    let (mut steps, mut ties, mut max) = (Vec::new(), Vec::new(), 1);
    let (mut mode, mut cases) = (String::new(), Vec::<Case>::new());
    for text in text
        .lines()
        .filter(|text| !text.is_empty() && !text.starts_with('#'))
    {
        let list = |names: &str| names.split_whitespace().map(step).collect::<Vec<Step>>();
        match text.split_once(": ") {
            Some(("steps", names)) => steps = list(names),
            Some(("tie_breakers", names)) => ties = list(names),
            Some(("max_paths", number)) => max = number.parse().unwrap(),
            Some(("mode", name)) => name.clone_into(&mut mode),
            Some(("case", name)) => {
                let config = match mode.as_str() {
                    "" => DecisionConfig::new(steps.clone(), ties.clone(), max),
                    mode => config_of(mode),
                };
                cases.push(Case {
                    name: name.to_owned(),
                    config,
                    paths: Vec::new(),
                });
            }
            _ => cases.last_mut().unwrap().paths.push(line(text, &mode)),
        }
    }
    cases
}

/// Every order of `count` things if they are few, else the rotations.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count > 4 {
        return (0..count)
            .map(|first| (0..count).map(|n| (first + n) % count).collect())
            .collect();
    }
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..count)
                .filter(|n| !order.contains(n))
                .map(|n| [order.clone(), vec![n]].concat())
                .collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders
}

fn run(case: &Case, order: &[usize]) {
    let mut store = AttrStore::new(1);
    let mut rib = Rib::new(1, case.config.clone());
    let sources: Vec<SourceId> = case
        .paths
        .iter()
        .map(|path| rib.add_source(path.source.clone()).unwrap())
        .collect();
    let prefix: Prefix = "10.40.0.0/16".parse().unwrap();
    for n in order {
        let attrs = store.intern(&case.paths[*n].attrs);
        let update = Update {
            withdrawn: &[],
            attrs,
            announced: &[Nlri::from(prefix)],
        };
        rib.apply(
            &mut store,
            sources[*n],
            &update,
            |_, path| Admission::Accept(path.attrs),
            |_, _| {},
        );
    }
    let name = |id: SourceId| {
        let at = sources.iter().position(|one| *one == id).unwrap();
        case.paths[at].name.clone()
    };
    let mut found = BTreeMap::new();
    for view in rib.paths(&store, prefix) {
        let words = match view.standing {
            Standing::Best => vec!["best".to_owned()],
            Standing::Equal => vec!["equal".to_owned()],
            Standing::Lost { step, to } => vec![
                "lost".to_owned(),
                format!("{step:?}").to_lowercase(),
                name(to.source),
            ],
            other => panic!("{other:?}"),
        };
        found.insert(name(view.path.source), words);
    }
    let expected: BTreeMap<String, Vec<String>> = case
        .paths
        .iter()
        .map(|path| {
            let mut words = path.expected.clone();
            if let Some(step) = words.get_mut(1) {
                *step = step.replace('_', "");
            }
            (path.name.clone(), words)
        })
        .collect();
    assert_eq!(found, expected, "{}, arriving {order:?}", case.name);
}

fn run_all(text: &str, at_least: usize) {
    let cases = parse(text);
    assert!(cases.len() >= at_least, "{} cases", cases.len());
    for case in &cases {
        assert!(!case.paths.is_empty(), "{}", case.name);
        for order in orders(case.paths.len()) {
            run(case, &order);
        }
    }
}

#[test]
fn rfc_4271_section_9_1_2() {
    run_all(include_str!("decisions/rfc4271.txt"), 25);
}

#[test]
fn rfc_9494_section_4_3() {
    run_all(include_str!("decisions/rfc9494.txt"), 5);
}

#[test]
fn azure_route_server_r060_to_r072() {
    run_all(include_str!("decisions/azure.txt"), 23);
}

#[test]
fn r060_prefixes_of_different_length_never_compete() {
    let mut store = AttrStore::new(1);
    let mut rib = Rib::new(1, config_of("ExpressRoute"));
    let er = rib.add_source(Source::default()).unwrap();
    let vpn = rib
        .add_source(Source {
            rank: 1,
            ..Source::default()
        })
        .unwrap();
    for (source, prefix) in [(er, "10.0.0.0/16"), (vpn, "10.0.1.0/24")] {
        let attrs = store.intern(&Attrs::default());
        let prefix: Prefix = prefix.parse().unwrap();
        let update = Update {
            withdrawn: &[],
            attrs,
            announced: &[prefix.into()],
        };
        rib.apply(
            &mut store,
            source,
            &update,
            |_, path| Admission::Accept(path.attrs),
            |_, _| {},
        );
    }
    let via = |address: &str| rib.longest_match(address.parse().unwrap()).unwrap().1[0].source;
    assert_eq!((via("10.0.1.7"), via("10.0.2.7")), (vpn, er));
}

#[test]
fn r072_what_is_sent_follows_the_routing_preference_as_what_is_used_does() {
    let mut store = AttrStore::new(1);
    let mut rib = Rib::new(1, config_of("ExpressRoute"));
    let source = |mode, kind| Source {
        rank: preference(mode, kind),
        ..Source::default()
    };
    let er = rib.add_source(source("ExpressRoute", "er")).unwrap();
    let vpn = rib.add_source(source("ExpressRoute", "vpn")).unwrap();
    let group = rib.add_group(GroupConfig::default());
    let prefix: Prefix = "10.40.0.0/16".parse().unwrap();
    for (from, path) in [(er, "12076,65001"), (vpn, "65001")] {
        let attrs = store.intern(&Attrs::new(path_of(path), Ipv4Addr::new(192, 0, 2, 1)));
        let update = Update {
            withdrawn: &[],
            attrs,
            announced: &[prefix.into()],
        };
        rib.apply(
            &mut store,
            from,
            &update,
            |_, path| Admission::Accept(path.attrs),
            |_, _| {},
        );
    }
    for (mode, winner) in [("ExpressRoute", er), ("VpnGateway", vpn), ("ASPath", vpn)] {
        let sources = [(er, source(mode, "er")), (vpn, source(mode, "vpn"))];
        rib.reconfigure(&mut store, sources, Some(config_of(mode)), |_, _| {});
        rib.flush(&mut store, group, 10, |_, best| Ok(best.attrs));
        let sent = rib.sent(group, prefix).map(|(source, _)| source);
        let used: Vec<SourceId> = rib.best(prefix).iter().map(|one| one.source).collect();
        assert_eq!((sent, used), (Some(winner), vec![winner]), "{mode}");
    }
}

//! Estates too large to be seen at once: networks and sites that are alike become one box.

use std::collections::{BTreeMap, BTreeSet};

use super::{Announced, Join, JoinKind, Kind, Node, NodeId, Scene, State};

/// Up to so many networks are drawn each on its own.
const NETWORKS: usize = 60;
/// Up to so many sites and circuits are drawn each on its own.
const OUTSIDE: usize = 20;
/// From so many on, nodes that are alike are one box.
const ALIKE: usize = 3;
/// So many hubs of a region, sites or circuits stay on their own where there are too many.
const SHOWN: usize = 6;

/// The scene, with boxes that stand for many where there are too many.
pub(crate) fn grouped(scene: &Scene) -> Scene {
    type Step = fn(&Scene) -> Vec<Group>;
    let outside: [Step; 2] = [|scene| alike(scene, Kind::Site), rest_of_outside];
    let networks: [Step; 3] = [
        |scene| alike(scene, Kind::Vnet),
        rest_of_regions,
        rest_of_all,
    ];
    let mut scene = scene.clone();
    for step in outside {
        if count(&scene, Kind::is_outside) > OUTSIDE {
            scene = merged(&scene, &step(&scene));
        }
    }
    for step in networks {
        if count(&scene, |kind| kind == Kind::Vnet) > NETWORKS {
            scene = merged(&scene, &step(&scene));
        }
    }
    scene
}

/// How many boxes of some kinds are drawn.
fn count(scene: &Scene, is: impl Fn(Kind) -> bool) -> usize {
    scene.nodes.iter().filter(|node| is(node.kind)).count()
}

/// Nodes that are one box from here on, and that box.
type Group = (Vec<NodeId>, Node);

/// The networks and outside nodes that a packet passes: they stay on their own.
fn on_legs(scene: &Scene) -> BTreeSet<NodeId> {
    let legs = scene.legs.iter();
    legs.flat_map(|leg| [scene.place(leg.from), scene.place(leg.to)])
        .collect()
}

/// The networks that hold devices.
fn with_devices(scene: &Scene) -> BTreeSet<NodeId> {
    let nodes = scene.nodes.iter().filter(|node| node.kind.is_device());
    nodes.filter_map(|node| node.vnet).collect()
}

/// What nodes that are alike have in common.
type Likeness<'a> = (
    Kind,
    Option<NodeId>,
    Option<&'a str>,
    State,
    Vec<(NodeId, JoinKind, bool, [Option<Announced>; 2])>,
);

/// Networks without devices, or sites, that are joined to the same others.
fn alike(scene: &Scene, kind: Kind) -> Vec<Group> {
    let (passed, devices) = (on_legs(scene), with_devices(scene));
    let mut joins: BTreeMap<NodeId, Vec<_>> = BTreeMap::new();
    for join in &scene.joins {
        let [near, far] = join.announced;
        let mut enter = |id, other, announced| {
            let entry: &mut Vec<_> = joins.entry(id).or_default();
            entry.push((other, join.kind, join.down, announced));
        };
        enter(join.a, join.b, [near, far]);
        enter(join.b, join.a, [far, near]);
    }
    let mut likenesses: BTreeMap<Likeness<'_>, Vec<NodeId>> = BTreeMap::new();
    for (id, node) in scene.all() {
        if node.kind != kind || passed.contains(&id) || devices.contains(&id) {
            continue;
        }
        let mut joined = joins.remove(&id).unwrap_or_default();
        joined.sort_unstable();
        let region = node.region.as_deref();
        let likeness = (node.kind, node.hub, region, node.state, joined);
        likenesses.entry(likeness).or_default().push(id);
    }
    let groups = likenesses.into_values();
    let groups = groups.filter(|members| members.len() >= ALIKE);
    groups.map(|members| group(scene, members)).collect()
}

/// Sites and circuits beyond the first few.
fn rest_of_outside(scene: &Scene) -> Vec<Group> {
    let passed = on_legs(scene);
    let kinds = [Kind::Site, Kind::Circuit, Kind::Customer];
    let rests = kinds.map(|kind| {
        let nodes = scene.all().filter(|(_, node)| node.kind == kind);
        let free = nodes.filter(|(id, _)| !passed.contains(id));
        free.skip(SHOWN).map(|(id, _)| id).collect::<Vec<_>>()
    });
    let rests = rests.into_iter().filter(|rest| rest.len() >= ALIKE);
    rests.map(|members| group(scene, members)).collect()
}

/// The hubs of each region beyond the first few, with all that use them.
fn rest_of_regions(scene: &Scene) -> Vec<Group> {
    let mut regions: BTreeMap<Option<&str>, Vec<NodeId>> = BTreeMap::new();
    for (id, node) in hubs(scene) {
        regions.entry(node.region.as_deref()).or_default().push(id);
    }
    let rests = regions.into_values();
    let rests = rests.map(|hubs| hubs.into_iter().skip(SHOWN).collect::<Vec<_>>());
    let rests = rests.filter(|rest| rest.len() >= ALIKE);
    rests.map(|rest| hubs_with_spokes(scene, rest)).collect()
}

/// The hubs of all regions beyond the first few of all.
fn rest_of_all(scene: &Scene) -> Vec<Group> {
    let rest: Vec<NodeId> = hubs(scene).skip(2 * SHOWN).map(|(id, _)| id).collect();
    if rest.len() < ALIKE {
        return Vec::new();
    }
    vec![hubs_with_spokes(scene, rest)]
}

/// Networks that use no other's gateways; a packet passes neither them nor their spokes.
fn hubs(scene: &Scene) -> impl Iterator<Item = (NodeId, &Node)> {
    let passed = on_legs(scene);
    let hubs_passed: BTreeSet<NodeId> =
        passed.iter().filter_map(|id| scene.node(*id).hub).collect();
    let vnets = scene.all().filter(|(_, node)| node.kind == Kind::Vnet);
    let hubs = vnets.filter(|(_, node)| node.hub.is_none());
    hubs.filter(move |(id, _)| !passed.contains(id) && !hubs_passed.contains(id))
}

fn hubs_with_spokes(scene: &Scene, hubs: Vec<NodeId>) -> Group {
    let spokes = scene.all().filter(|(_, node)| {
        let hub = node.hub.filter(|_| node.kind == Kind::Vnet);
        hub.is_some_and(|hub| hubs.contains(&hub))
    });
    let spokes: Vec<NodeId> = spokes.map(|(id, _)| id).collect();
    group(scene, hubs.into_iter().chain(spokes).collect())
}

/// The box that stands for some nodes of a kind.
fn group(scene: &Scene, members: Vec<NodeId>) -> Group {
    let nodes: Vec<&Node> = members.iter().map(|id| scene.node(*id)).collect();
    let count: usize = nodes.iter().map(|node| node.count).sum();
    let (first, last) = (nodes.first(), nodes.last());
    let kind = first.map_or(Kind::Vnet, |node| node.kind);
    let hub = first.and_then(|node| node.hub);
    let all_same = |of: &dyn Fn(&Node) -> bool| nodes.iter().all(|node| of(node));
    let spokes = kind == Kind::Vnet && hub.is_some() && all_same(&|node| node.hub == hub);
    let word = match kind {
        Kind::Vnet if spokes => "spokes",
        Kind::Vnet => "VNets",
        Kind::Site => "sites",
        Kind::Circuit => "circuits",
        _ => "networks on-premises",
    };
    let names = |node: Option<&&Node>| node.map_or("", |node| node.name.as_str()).to_owned();
    let range = format!("{} … {}", names(first), names(last));
    let region = first.and_then(|node| node.region.clone());
    let region = region.filter(|region| all_same(&|node| node.region.as_ref() == Some(region)));
    let inside = scene
        .nodes
        .iter()
        .filter(|node| node.vnet.is_some_and(|vnet| members.contains(&vnet)));
    let (devices, nics): (Vec<&Node>, Vec<&Node>) = inside.partition(|node| node.kind.is_device());
    let mut details = vec![names(first), format!("to {}", names(last))];
    for (some, what) in [(devices.len(), "devices"), (nics.len(), "NICs")] {
        if some > 0 {
            details.push(format!("with {some} {what}"));
        }
    }
    let states = nodes.iter().map(|node| node.state);
    let state = states.clone().min().unwrap_or_default();
    let state = if states.clone().max() == Some(state) {
        state
    } else {
        State::Plain
    };
    let node = Node {
        kind,
        name: format!("{count} {word}"),
        details,
        tip: format!("{count} {word}: {range}"),
        vnet: None,
        region,
        hub: if spokes { hub } else { None },
        state,
        count,
    };
    (members, node)
}

/// The scene with groups in the place of their members, and of what is in these.
fn merged(scene: &Scene, groups: &[Group]) -> Scene {
    let mut place: Vec<Option<usize>> = vec![None; scene.nodes.len()];
    for (group, (members, _)) in groups.iter().enumerate() {
        for id in members {
            place[id.0] = Some(group);
        }
    }
    let group_of = |id: NodeId| place[id.0].or_else(|| place[scene.place(id).0]);
    let kept = scene.all().filter(|(id, _)| group_of(*id).is_none());
    let kept: Vec<NodeId> = kept.map(|(id, _)| id).collect();
    let renamed = |id: NodeId| match group_of(id) {
        Some(group) => NodeId(kept.len() + group),
        None => NodeId(kept.binary_search(&id).unwrap_or_default()),
    };
    let own = kept.iter().map(|id| scene.node(*id).clone());
    let mut nodes: Vec<Node> = own
        .chain(groups.iter().map(|(_, node)| node.clone()))
        .collect();
    for node in &mut nodes {
        node.vnet = node.vnet.map(renamed);
        node.hub = node.hub.map(renamed);
    }
    let legs = scene.legs.iter().cloned().map(|mut leg| {
        (leg.from, leg.to) = (renamed(leg.from), renamed(leg.to));
        leg
    });
    Scene {
        nodes,
        joins: joins(&scene.joins, renamed),
        legs: legs.collect(),
        ..scene.clone()
    }
}

/// The joins by the new names; those of the same two nodes are one.
fn joins(all: &[Join], renamed: impl Fn(NodeId) -> NodeId) -> Vec<Join> {
    let mut places: BTreeMap<(NodeId, NodeId, JoinKind), usize> = BTreeMap::new();
    let mut joins: Vec<(Join, usize)> = Vec::new();
    for join in all {
        let (a, b) = (renamed(join.a), renamed(join.b));
        if a == b {
            continue;
        }
        match places.get(&(a, b, join.kind)) {
            Some(place) => {
                let (known, count) = &mut joins[*place];
                known.down &= join.down;
                for (known, more) in known.announced.iter_mut().zip(join.announced) {
                    *known = (*known).max(more);
                }
                *count += 1;
            }
            None => {
                places.insert((a, b, join.kind), joins.len());
                joins.push((
                    Join {
                        a,
                        b,
                        ..join.clone()
                    },
                    1,
                ));
            }
        }
    }
    let joins = joins.into_iter().map(|(mut join, count)| {
        if count > 1 {
            join.tip.push_str(&format!(" (and {} more)", count - 1));
        }
        join
    });
    joins.collect()
}

//! What instances of a gateway or Route Server agree about, so that it is told once.

use routehub_exchange::PathStanding;

use super::{ExplainedPath, ExplainedRoute, Sent};

/// The paths of a route, with what is the same but for an instance's address as one: it keeps the
/// other next hops beside its own.
pub(super) fn told_once(paths: &[ExplainedPath]) -> Vec<ExplainedPath> {
    let mut told: Vec<(ExplainedPath, ExplainedPath)> = Vec::new();
    for path in paths {
        let alike = plain_path(path);
        match told.iter_mut().find(|(known, _)| *known == alike) {
            Some((_, known)) => unite_paths(known, path),
            None => told.push((alike, path.clone())),
        }
    }
    told.into_iter().map(|(_, path)| path).collect()
}

/// A path without what differs from instance to instance.
fn plain_path(path: &ExplainedPath) -> ExplainedPath {
    let mut plain = path.clone();
    plain.received.next_hop = None;
    plain.other_next_hops.clear();
    if let Some(imported) = &mut plain.imported {
        imported.next_hop = None;
    }
    // What is best of two of one neighbour is no difference between the two.
    let is_of_one = match &plain.standing {
        PathStanding::Best => true,
        PathStanding::Lost { to, .. } => to.is_some() && *to == plain.from,
        _ => false,
    };
    if is_of_one {
        plain.standing = PathStanding::Equal;
    }
    if let Some(Sent::PassedOn { routes, .. }) = &mut plain.sent {
        for route in routes {
            *route = plain_route(route);
        }
    }
    plain
}

fn plain_route(route: &ExplainedRoute) -> ExplainedRoute {
    let mut plain = route.clone();
    plain.instances.clear();
    plain.paths = told_once(&route.paths).iter().map(plain_path).collect();
    for neighbor in &mut plain.not_advertised {
        for route in &mut neighbor.routes {
            *route = plain_route(route);
        }
    }
    plain
}

/// Adds to a path what another one has of its own, which is the same otherwise.
fn unite_paths(path: &mut ExplainedPath, other: &ExplainedPath) {
    let hops = other.received.next_hop.iter().chain(&other.other_next_hops);
    for hop in hops {
        if path.received.next_hop != Some(*hop) && !path.other_next_hops.contains(hop) {
            path.other_next_hops.push(*hop);
        }
    }
    if let (Some(Sent::PassedOn { routes, .. }), Some(Sent::PassedOn { routes: others, .. })) =
        (&mut path.sent, &other.sent)
    {
        for (route, other) in routes.iter_mut().zip(others) {
            unite_routes(route, other);
        }
    }
}

fn unite_routes(route: &mut ExplainedRoute, other: &ExplainedRoute) {
    route.instances.extend(&other.instances);
    route.instances.sort_unstable();
    route.instances.dedup();
    route.paths = told_once(&route.paths);
    for (path, other) in route.paths.iter_mut().zip(told_once(&other.paths)) {
        unite_paths(path, &other);
    }
    for (neighbor, other) in route.not_advertised.iter_mut().zip(&other.not_advertised) {
        for (route, other) in neighbor.routes.iter_mut().zip(&other.routes) {
            unite_routes(route, other);
        }
    }
}

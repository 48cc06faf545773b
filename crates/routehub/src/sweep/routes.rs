//! Which routes of networks a failure changes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_diagnose::EventReport;
use routehub_exchange::Exchange;
use routehub_exchange::view::RibView;
use routehub_types::Prefix;

/// How many networks, and how many prefixes of them, are looked at.
const MOST_VNETS: usize = 16;
const MOST_PREFIXES: usize = 64;
/// How many prefixes the estate's tables may have for all of them to be looked at.
const FEW: usize = 2000;

/// A route that networks' machines have otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RouteChange {
    /// Where to.
    pub prefix: Prefix,
    /// The networks, by name.
    pub vnets: Vec<String>,
    /// The next hops before; none: there was no route.
    pub before: Option<Vec<IpAddr>>,
    /// The next hops now; none: there is no route.
    pub after: Option<Vec<IpAddr>>,
}

/// The routes of networks with NICs that are others, of the first prefixes and networks that
/// changed.
pub(super) fn route_changes(
    before: &Exchange,
    after: &Exchange,
    report: &EventReport,
) -> Vec<RouteChange> {
    let nics = before.estate().nics.iter();
    let with_nics: BTreeSet<&str> = nics.map(|nic| nic.vnet.as_str()).collect();
    let moved = report.moved.iter();
    let vnets = moved.chain(report.vnets.iter()).map(String::as_str);
    let mut seen = BTreeSet::new();
    let vnets = vnets.filter(|vnet| with_nics.contains(vnet) && seen.insert(*vnet));
    let changed = report.best_paths.iter().flat_map(|change| &change.prefixes);
    let changed: BTreeSet<Prefix> = changed.copied().collect();
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for vnet in vnets.take(MOST_VNETS) {
        let (Ok(was), Ok(is)) = (before.vnet_routes(vnet), after.vnet_routes(vnet)) else {
            continue;
        };
        let mut prefixes = changed.clone();
        if report.moved.iter().any(|moved| moved == vnet) && has_few_routes(before) {
            let all = was.all().chain(is.all());
            prefixes.extend(all.map(|route| route.prefix));
        }
        for prefix in prefixes.into_iter().take(MOST_PREFIXES) {
            let [was, is] = [&was, &is].map(|routes| {
                let route = routes.route(prefix);
                route.map(|route| route.next_hops)
            });
            if was != is {
                let vnets = found.entry((prefix, was, is)).or_default();
                vnets.push(vnet.to_owned());
            }
        }
    }
    let changes = found
        .into_iter()
        .map(|((prefix, before, after), vnets)| RouteChange {
            prefix,
            vnets,
            before,
            after,
        });
    changes.collect()
}

/// Whether all routes may be looked at for each failure.
fn has_few_routes(exchange: &Exchange) -> bool {
    let speakers = exchange.graph().speakers();
    let ribs = speakers.filter_map(|id| exchange.rib(id));
    ribs.map(RibView::len).sum::<usize>() < FEW
}

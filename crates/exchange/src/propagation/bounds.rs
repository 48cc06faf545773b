//! How many routes an event may give an object: what it may hold, and enough more to see what comes
//! of too many. An event of a line would cost gigabytes else.

use std::collections::BTreeSet;

use routehub_types::{Prefix, RuleId};

use super::Model;
use super::events::{EventError, meant};
use crate::estate::{Circuit, Event, Nva, Object, Routes, Site};
use crate::graph::AdjacencyId;
use crate::rules;

/// Routes that an event may give an object of which the profile limits none.
const UNLIMITED: usize = 100_000;

/// Routes that an event may give any object.
const LEAST: usize = 10_000;

/// What an object may hold, and the rule that says so.
type Limit = (Option<u32>, RuleId);

fn most(limit: Option<u32>) -> usize {
    limit.map_or(UNLIMITED, |limit| LEAST.max(2 * limit as usize))
}

fn total<'a>(routes: impl IntoIterator<Item = &'a Routes>) -> usize {
    let routes = routes.into_iter();
    routes.map(|routes| routes.prefixes.len()).sum()
}

fn of_nva(nva: &Nva) -> usize {
    let own = total(nva.originates.iter().map(|own| &own.routes));
    own + total(nva.advertises.iter().map(|sent| &sent.routes))
}

fn of_site(site: &Site) -> usize {
    total(&site.routes)
}

fn of_circuit(circuit: &Circuit) -> usize {
    let links = [&circuit.links.primary, &circuit.links.secondary];
    let links = links.into_iter().flatten().flat_map(|link| &link.routes);
    total(circuit.on_prem.iter().flat_map(|on_prem| &on_prem.routes)) + total(links)
}

impl Model {
    /// Refuses an event that gives an object more routes than a few times what it may hold.
    ///
    /// # Errors
    /// [`EventError::TooManyRoutes`]; nothing has changed.
    pub(crate) fn check_routes(&self, event: &Event) -> Result<(), EventError> {
        let parameters = self.deployment.parameters();
        let estate = self.deployment.estate();
        let of_peer: Limit = (parameters.max_routes_per_peer, rules::ROUTE_LIMIT);
        let (name, now, routes, (limit, rule)) = match event {
            Event::Advertise {
                nva,
                routes,
                to,
                instance,
            } => {
                let sessions = self.peerings(&meant(nva, to, *instance))?;
                let held = sessions
                    .into_iter()
                    .map(|from| self.static_count(from, routes));
                (nva, 0, held.max().unwrap_or_default(), of_peer)
            }
            Event::Set(object) | Event::Add(object) => match &**object {
                Object::Nva(nva) => {
                    let now = estate.nvas.iter().find(|now| now.name == nva.name);
                    (&nva.name, now.map_or(0, of_nva), of_nva(nva), of_peer)
                }
                Object::Site(site) => {
                    let now = estate.sites.iter().find(|now| now.name == site.name);
                    let limit = (parameters.max_routes_from_site, rules::ROUTES_FROM_SITE);
                    (&site.name, now.map_or(0, of_site), of_site(site), limit)
                }
                Object::Circuit(circuit) => {
                    let now = estate.circuits.iter().find(|now| now.name == circuit.name);
                    let limit = parameters.max_routes_from_premium_circuit;
                    let limit = (limit, rules::ROUTES_FROM_CIRCUIT);
                    let now = now.map_or(0, of_circuit);
                    (&circuit.name, now, of_circuit(circuit), limit)
                }
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        // What a file gave an object it may keep.
        let most = most(limit).max(now);
        if routes <= most {
            return Ok(());
        }
        Err(EventError::TooManyRoutes {
            object: name.clone(),
            routes,
            most,
            limit: limit.map(|limit| (limit, rule)),
        })
    }

    /// How many static routes an NVA sends when it announces these as well.
    fn static_count(&self, from_nva: AdjacencyId, routes: &[Routes]) -> usize {
        let held = self.static_routes.prefixes(from_nva);
        let (known, new) = (held.len(), total(routes));
        if known + new <= LEAST {
            return known + new;
        }
        let new = routes.iter().flat_map(|routes| &routes.prefixes);
        let new: BTreeSet<&Prefix> = new.filter(|prefix| !held.contains_key(prefix)).collect();
        known + new.len()
    }
}

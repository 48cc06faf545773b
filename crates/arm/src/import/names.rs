//! Short names: those of the resources, made different where two of a kind have one.

use std::collections::{BTreeMap, BTreeSet};

use crate::documents::Documents;
use crate::resource::{Fields, ResourceId};

/// The kinds that share names: each list of an estate, and its speakers together.
const GROUPS: &[&[&str]] = &[
    &["virtualNetworks"],
    &["routeTables"],
    &["networkInterfaces"],
    &["privateEndpoints"],
    &[
        "virtualHubs",
        "virtualNetworkGateways",
        "expressRouteCircuits",
        "localNetworkGateways",
    ],
];

/// The names of resources in the network file.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    by_id: BTreeMap<ResourceId, String>,
    /// Those of speakers.
    speakers: BTreeSet<String>,
}

impl Names {
    /// The names of all resources.
    pub(super) fn of(documents: &Documents) -> Self {
        let mut names = Self::default();
        for kinds in GROUPS {
            let mut taken = BTreeSet::new();
            let resources = kinds.iter().flat_map(|kind| documents.of_kind(kind));
            let resources: Vec<(&ResourceId, Fields<'_>)> = resources.collect();
            let own = |id: &ResourceId, fields: Fields<'_>| {
                fields.text("name").unwrap_or(id.last()).to_owned()
            };
            for (id, fields) in &resources {
                let name = own(id, *fields);
                let mut others = resources.iter().filter(|(other, _)| other != id);
                let twice =
                    others.any(|(other, fields)| own(other, *fields).eq_ignore_ascii_case(&name));
                let name = if twice {
                    format!("{}-{name}", id.group())
                } else {
                    name
                };
                let name = free(&name, &mut taken);
                names.by_id.insert((*id).clone(), name);
            }
            if kinds.len() > 1 {
                names.speakers = taken;
            }
        }
        names
    }

    /// The name of a resource: of one that no document has, the last part of its id.
    pub(super) fn name(&self, id: &ResourceId) -> String {
        let known = self.by_id.get(id).cloned();
        known.unwrap_or_else(|| id.last().to_owned())
    }

    /// A name for a speaker that is no resource.
    pub(super) fn speaker(&mut self, wanted: &str) -> String {
        free(wanted, &mut self.speakers)
    }
}

/// A name that nobody has, taken by that.
fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{wanted}-{n}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    let name = names.find(|name| !taken.contains(&name.to_ascii_lowercase()));
    let name = name.unwrap_or_default();
    taken.insert(name.to_ascii_lowercase());
    name
}

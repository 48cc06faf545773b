//! Short names: those of the resources, made different where two of a kind have one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_types::Asn;

use crate::documents::Documents;
use crate::resource::{Fields, ResourceId};

/// The kinds that share names: each list of an estate, and its speakers together.
const GROUPS: &[&[&str]] = &[
    &["virtualNetworks"],
    &["routeTables"],
    &["networkInterfaces"],
    &["privateEndpoints"],
    &["loadBalancers"],
    &[
        "virtualHubs",
        "virtualNetworkGateways",
        "expressRouteCircuits",
        "localNetworkGateways",
    ],
];

/// The names of resources in the network file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    by_id: BTreeMap<ResourceId, String>,
    /// NVAs are no resources: they are known by address and ASN.
    nvas: BTreeMap<(IpAddr, Asn), String>,
    /// Those of speakers.
    speakers: BTreeSet<String>,
    /// What NVAs were called before.
    nvas_before: BTreeMap<(IpAddr, Asn), String>,
}

impl Names {
    /// The names of all resources; those that had a name before keep it.
    pub(super) fn of(documents: &Documents, before: &Self) -> Self {
        let mut names = Self {
            nvas_before: before.nvas.clone(),
            ..Self::default()
        };
        for kinds in GROUPS {
            let resources = kinds.iter().flat_map(|kind| documents.of_kind(kind));
            let resources: Vec<(&ResourceId, Fields<'_>)> = resources.collect();
            let mut taken = BTreeSet::new();
            if kinds.len() > 1 {
                taken.extend(names.nvas_before.values().cloned());
            }
            for (id, _) in &resources {
                if let Some(name) = before.by_id.get(id) {
                    taken.insert(name.clone());
                    names.by_id.insert((*id).clone(), name.clone());
                }
            }
            let mut count: BTreeMap<&str, usize> = BTreeMap::new();
            for (id, fields) in &resources {
                *count.entry(own(id, *fields)).or_default() += 1;
            }
            for (id, fields) in &resources {
                if names.by_id.contains_key(id) {
                    continue;
                }
                let name = own(id, *fields);
                let name = match count.get(name) {
                    Some(2..) => format!("{}-{name}", id.group()),
                    _ => name.to_owned(),
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
    pub(crate) fn name(&self, id: &ResourceId) -> String {
        let known = self.by_id.get(id).cloned();
        known.unwrap_or_else(|| id.last().to_owned())
    }

    /// Whether a document has a resource.
    pub(crate) fn knows(&self, id: &ResourceId) -> bool {
        self.by_id.contains_key(id)
    }

    /// The name of an NVA: the one it had, or the one wanted if nobody has it.
    pub(super) fn nva(&mut self, ip: IpAddr, asn: Asn, wanted: &str) -> String {
        let before = self.nvas_before.get(&(ip, asn)).cloned();
        let name = before.unwrap_or_else(|| free(wanted, &mut self.speakers));
        self.nvas.insert((ip, asn), name.clone());
        name
    }
}

/// What a resource calls itself.
fn own<'a>(id: &'a ResourceId, fields: Fields<'a>) -> &'a str {
    fields.text("name").unwrap_or(id.last())
}

/// A name that nobody has, taken by that.
fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{wanted}-{n}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    let name = names.find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}

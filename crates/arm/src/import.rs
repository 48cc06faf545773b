//! From documents to an estate.

mod balancers;
mod dumps;
mod gateways;
mod machines;
mod names;
mod networks;
mod peerings;
mod places;
mod remarks;
mod route_maps;
mod route_servers;
mod tags;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use routehub_exchange::Estate;
use routehub_scenario::{LivePeer, NetworkText};

use crate::documents::Documents;
use dumps::Dumps;
pub use dumps::Effective;
use gateways::Gateways;
pub(crate) use names::Names;
use networks::Networks;
use peerings::Peerings;
pub use remarks::Remark;
use remarks::Remarks;
use route_maps::RouteMaps;
use route_servers::RouteServers;
use tags::Tags;
pub(crate) use tags::{OBJECTS, PEERINGS, PREFIX};

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    /// The network. [`Estate::check`] says what in it does not fit together.
    pub estate: Estate,
    /// Effective routes that Azure printed: what the model's have to equal.
    pub effective: Vec<Effective>,
    /// What the documents do not say, or say and routehub has no place for, in the order of the
    /// objects.
    pub remarks: Vec<Remark>,
    /// How real routers are run live, by name, as tags say it.
    pub live: BTreeMap<String, LivePeer>,
    /// Socket addresses to listen on in place of those of instances, as tags say it.
    pub listen: BTreeMap<IpAddr, SocketAddr>,
    /// Tags that do not say what they should; remarks too.
    pub wrong_tags: Vec<String>,
}

impl Documents {
    /// Makes a network of all documents.
    pub fn import(&self) -> Import {
        self.import_named(&Names::default()).0
    }

    /// The same; resources that had a name keep it.
    pub(crate) fn import_named(&self, before: &Names) -> (Import, Names) {
        let mut names = Names::of(self, before);
        let mut estate = Estate::default();
        let mut remarks = Remarks::default();
        let mut effective = Vec::new();
        let (own, known) = (&mut estate, &mut remarks);
        Networks::import(self, &names, own, known);
        Peerings::import(self, &names, own, known);
        RouteMaps::import(self, own, known);
        RouteServers::import(self, &mut names, own, known);
        balancers::import(self, &names, own, known);
        Gateways::import(self, &names, own, known);
        Dumps::import(self, own, known, &mut effective);
        let tagged = Tags::import(self, &names, own, known);
        look_for_gaps(own, known, &tagged.live);
        for (document, what) in &self.unknown {
            let what = format!("{document}: {what} is not a resource of Azure, and left out");
            remarks.note(what, None);
        }
        let import = Import {
            estate,
            live: tagged.live,
            effective,
            remarks: remarks.into_list(),
            listen: tagged.listen,
            wrong_tags: tagged.wrong,
        };
        (import, names)
    }
}

impl Import {
    /// The network file: what is not known stands in comments at its top, and what Azure printed in
    /// `expect`.
    pub fn network_file(&self, title: &str, profile: &str) -> String {
        let mut comments = vec!["Made from Azure's resource documents.".to_owned()];
        for remark in &self.remarks {
            comments.push(format!("- {}", remark.what));
            let remedy = remark.remedy.iter();
            comments.extend(remedy.map(|remedy| format!("    from: {remedy}")));
        }
        let effective = self.effective.iter();
        let effective: Vec<_> = effective
            .map(|effective| (effective.nic.clone(), effective.rows.clone()))
            .collect();
        NetworkText {
            title,
            profile,
            comments: &comments,
            estate: &self.estate,
            effective: &effective,
        }
        .text()
    }
}

/// What nothing said of the objects that there are.
fn look_for_gaps(estate: &Estate, remarks: &mut Remarks, live: &BTreeMap<String, LivePeer>) {
    let is_live = |name: &str| live.get(name).is_some_and(|peer| peer.live);
    let mut gaps = Vec::new();
    for nva in &estate.nvas {
        if nva.advertises.is_empty() && nva.originates.is_empty() && !is_live(&nva.name) {
            let server = nva.sessions.first().map(|session| &*session.route_server);
            gaps.push((
                format!("what NVA {} announces is not known", nva.name),
                format!(
                    "az network routeserver peering list-learned-routes --routeserver {} \
                         --name ... -o json, or its originates and readvertises by hand",
                    server.unwrap_or("...")
                ),
            ));
        }
    }
    for site in estate.sites.iter().filter(|site| site.asn.is_some()) {
        if site.routes.is_empty() {
            gaps.push((
                format!("what site {} announces is not known", site.name),
                "az network vnet-gateway list-learned-routes -o json".to_owned(),
            ));
        }
    }
    for circuit in &estate.circuits {
        if circuit
            .on_prem
            .as_ref()
            .is_none_or(|on_prem| on_prem.routes.is_empty())
        {
            gaps.push((
                format!(
                    "what circuit {}'s customer announces is not known",
                    circuit.name
                ),
                "az network vnet-gateway list-learned-routes of its gateway, or az network \
                     express-route list-route-tables --path primary --peering-name \
                     AzurePrivatePeering"
                    .to_owned(),
            ));
        }
    }
    for (what, remedy) in gaps {
        remarks.note(what, Some(&remedy));
    }
}

//! From documents to an estate.

mod dumps;
mod gateways;
mod names;
mod networks;
mod peerings;
mod route_maps;
mod route_servers;

use routehub_exchange::{EffectiveRow, Estate};
use routehub_scenario::NetworkText;

use crate::documents::Documents;
use names::Names;

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
}

/// The effective routes of a NIC, as Azure printed them.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// The NIC.
    pub nic: String,
    /// The name of the document.
    pub document: String,
    /// The rows.
    pub rows: Vec<EffectiveRow>,
}

/// Something that an import does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What is not known, or left out, and of which object.
    pub what: String,
    /// Where to take it from, or what to do; none where there is nothing to do.
    pub remedy: Option<String>,
}

impl Documents {
    /// Makes a network of all documents.
    pub fn import(&self) -> Import {
        let mut importer = Importer {
            documents: self,
            names: Names::of(self),
            import: Import::default(),
        };
        importer.networks();
        importer.peerings();
        importer.route_maps();
        importer.route_servers();
        importer.gateways();
        importer.dumps();
        importer.look_for_gaps();
        for (document, what) in &self.unknown {
            let what = format!("{document}: {what} is not a resource of Azure, and left out");
            importer.remark(what, None);
        }
        importer.import
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

/// An import at work.
struct Importer<'a> {
    documents: &'a Documents,
    names: Names,
    import: Import,
}

impl Importer<'_> {
    fn remark(&mut self, what: impl Into<String>, remedy: Option<&str>) {
        let remark = Remark {
            what: what.into(),
            remedy: remedy.map(str::to_owned),
        };
        if !self.import.remarks.contains(&remark) {
            self.import.remarks.push(remark);
        }
    }

    /// What nothing said of the objects that there are.
    fn look_for_gaps(&mut self) {
        let estate = &self.import.estate;
        let mut gaps = Vec::new();
        for nva in &estate.nvas {
            if nva.advertises.is_empty() && nva.originates.is_empty() {
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
            self.remark(what, Some(&remedy));
        }
    }
}

//! From documents to an estate.

mod balancers;
mod dumps;
mod gaps;
mod gateways;
mod machines;
mod names;
mod networks;
mod peerings;
mod places;
mod remarks;
mod route_maps;
mod route_servers;
mod tagged;
mod tags;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use routehub_exchange::Estate;
use routehub_scenario::{LivePeer, NetworkText};

use crate::documents::Documents;
pub use dumps::Effective;
pub(crate) use names::Names;
pub use remarks::Remark;
use remarks::Remarks;
use tagged::Tagged;
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
        let mut importer = Importer::new(self, before);
        importer.networks();
        importer.peerings();
        importer.route_maps();
        importer.route_servers();
        importer.balancers();
        importer.gateways();
        importer.dumps();
        importer.tags();
        importer.gaps();
        importer.finish()
    }
}

/// An import at work: the documents, what their resources are called, and what has come of them so
/// far. The files beside this one have a step each, of what it takes the parts that it makes of.
struct Importer<'a> {
    documents: &'a Documents,
    names: Names,
    estate: Estate,
    remarks: Remarks,
    effective: Vec<Effective>,
    tagged: Tagged,
}

impl<'a> Importer<'a> {
    /// Nothing of these documents yet; resources that had a name keep it.
    fn new(documents: &'a Documents, before: &Names) -> Self {
        Self {
            documents,
            names: Names::of(documents, before),
            estate: Estate::default(),
            remarks: Remarks::default(),
            effective: Vec::new(),
            tagged: Tagged::default(),
        }
    }

    /// What came of it.
    fn finish(mut self) -> (Import, Names) {
        for (document, what) in &self.documents.unknown {
            let what = format!("{document}: {what} is not a resource of Azure, and left out");
            self.remarks.note(what, None);
        }
        let import = Import {
            estate: self.estate,
            live: self.tagged.live,
            effective: self.effective,
            remarks: self.remarks.into_list(),
            listen: self.tagged.listen,
            wrong_tags: self.tagged.wrong,
        };
        (import, self.names)
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

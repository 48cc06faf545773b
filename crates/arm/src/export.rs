//! From an estate to documents: Azure's resources as REST has them, with tags for what they have no
//! place for. What is imported from them is the same estate.

mod attached;
mod differences;
mod fabric;
mod ids;
mod servers;

use routehub_exchange::Estate;
use serde_json::Value;

use attached::attached;
use differences::tag_differences;
use fabric::fabric;
pub(crate) use ids::GROUP;
use ids::Ids;
use servers::servers;

/// Azure's resource documents of an estate. What they have no place for stands in tags
/// `routehub_KEY`, by the keys of the network file.
///
/// ```
/// use routehub_arm::{Documents, export};
/// use routehub_exchange::estate::{Estate, Vnet};
///
/// let vnet = Vnet {
///     name: "hub".into(),
///     address_space: vec!["10.0.0.0/16".parse()?],
///     ..Vnet::default()
/// };
/// let estate = Estate { vnets: vec![vnet], ..Estate::default() };
/// let documents = export(&estate);
/// assert_eq!(documents[0]["type"], "Microsoft.Network/virtualNetworks");
///
/// let mut again = Documents::new();
/// again.add("documents", &serde_json::Value::from(documents).to_string())?;
/// assert_eq!(again.import().estate, estate);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export(estate: &Estate) -> Vec<Value> {
    let mut ids = Ids::default();
    let mut documents = fabric(estate, &mut ids);
    documents.extend(servers(estate, &mut ids));
    documents.extend(attached(estate, &mut ids));
    tag_differences(estate, &mut ids, &mut documents);
    documents
}

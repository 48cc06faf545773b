//! Azure's resource documents, as Azure's own tools print them, read as a network of routehub.
//!
//! [`Documents`] takes texts of any of these, mixed in any order: `az network ... list` and `show`
//! with `-o json`, REST and Resource Graph answers, `terraform show -json`; and dumps of learned
//! and effective routes. [`Documents::import`] makes an estate of them, and says what no dump
//! can know and where to take it from; [`Import::network_file`] writes it as a network file.
//!
//! [`Endpoint`] answers the requests of Azure's own clients, such as `az`: the documents that they
//! write are an estate that runs, and the routes that they ask for are those of it. There is no IO
//! here.
//!
//! ```
//! use routehub_arm::Documents;
//!
//! let mut documents = Documents::new();
//! documents.add("vnets.json", r#"[{
//!     "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub",
//!     "name": "hub", "location": "westeurope",
//!     "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
//!     "subnets": [{"name": "RouteServerSubnet", "addressPrefix": "10.0.1.0/27"}]
//! }]"#)?;
//! let import = documents.import();
//! assert_eq!(import.estate.vnets[0].name, "hub");
//! assert!(import.estate.check().is_empty());
//! # Ok::<(), routehub_arm::TextError>(())
//! ```

#![forbid(unsafe_code)]

mod documents;
mod endpoint;
mod export;
mod import;
mod resource;
mod template;
mod terraform;
mod text;

pub use documents::{Documents, Dump, DumpedRoutes, LearnedRow};
pub use endpoint::{
    Change, Cloud, Credential, Endpoint, Outcome, Pace, Question, Request, Response, TENANT,
};
pub use export::export;
pub use import::{Effective, Import, Remark};
pub use resource::SUBSCRIPTION;
pub use text::TextError;

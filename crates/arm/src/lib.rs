#![doc = include_str!("../README.md")]
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

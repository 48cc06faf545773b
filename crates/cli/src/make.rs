//! What is made of a network, or for one: pictures, network files, their schema; and the pages of
//! this program.

mod draw;
mod import;
mod init;
mod pages;
mod profiles;

pub use draw::Draw;
pub use import::Import;
pub use init::{Init, NETWORK, Schema};
pub use pages::{Completions, Man};
pub use profiles::Profiles;

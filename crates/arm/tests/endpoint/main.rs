//! The endpoint of Azure's resource manager, with the network that its documents describe.

mod azure;
mod pace;
mod requests;

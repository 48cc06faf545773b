//! Writing messages.

pub(crate) mod attributes;
pub(crate) mod capability;
pub(crate) mod nlri;
pub(crate) mod open;
pub(crate) mod packer;

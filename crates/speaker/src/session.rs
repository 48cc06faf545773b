//! One BGP session: its task, its TCP connections, and the listeners that accept them.

pub(crate) mod command;
pub(crate) mod connection;
pub(crate) mod io;
pub(crate) mod listener;
pub(crate) mod signatures;
pub(crate) mod task;

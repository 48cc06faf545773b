//! One BGP session: its task, its TCP connections, and the listeners that accept them.

pub(crate) mod connection;
pub(crate) mod io;
pub(crate) mod listener;
pub(crate) mod report;
pub(crate) mod select;
pub(crate) mod task;

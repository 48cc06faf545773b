//! Real daemons as neighbours of a live server, over loopback addresses.

mod bird;
mod lab;
mod routes;

//! BFD beside sessions with BIRD and FRR: failures that nobody tells of are found in time, and no
//! others.

mod busy;
mod frr;
mod interop;
mod ipv6;
mod lab;
mod silent;

//! The routes of networks where they are used: in the Linux kernel, in memory, as lines of JSON.

mod bgp;
mod crash;
mod failover;
mod kernel;
mod netns;
mod server;
mod streams;
mod topology;
mod traffic;
mod watch;

//! What a live server shows and takes over HTTP, and what a reload of its network does, as its
//! users meet it.

mod bfd;
mod client;
mod events;
mod health;
mod lab;
mod last_words;
mod limits;
mod metrics;
mod nothing_silent;
mod open;
mod operator;
mod oscillation;
mod protection;
mod readers;
mod reload;
mod router;
mod tables;

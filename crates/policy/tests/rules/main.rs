//! Rules of the catalogue that a policy decides, each in a test named after it, with the numbers
//! that a caller would give.

mod admission;
mod coverage;
mod export;
mod given;
mod maps;
mod refusals;
mod route_maps;
mod speakers;

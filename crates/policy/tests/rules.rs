//! Rules of the catalogue that a policy decides, each in a test named after it, with the numbers
//! that a caller would give.

#[path = "r/admission.rs"]
mod admission;
#[path = "r/export.rs"]
mod export;
#[path = "r/given.rs"]
mod given;
#[path = "r/maps.rs"]
mod maps;
#[path = "r/refusals.rs"]
mod refusals;
#[path = "r/route_maps.rs"]
mod route_maps;
#[path = "r/speakers.rs"]
mod speakers;

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod geometry;
mod layout;
mod mermaid;
mod outline;
mod picture;
mod router;
mod scene;
mod svg;
mod text;

pub use outline::{Outline, OutlineBox, OutlineLine, OutlinePlace, OutlineStep};
pub use picture::{NoSuchRoute, Picture};
pub use text::text_width;

//! What the benchmarks share.

pub mod estates;
// The source is that of the tests' kit, which only tests may depend on.
#[path = "../../tests/kit/src/mesh.rs"]
pub mod mesh;
pub mod tables;

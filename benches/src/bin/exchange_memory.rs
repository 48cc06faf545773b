//! What a large estate costs in memory, with 500 networks and with one, by counting every
//! allocation.
//!
//! `cargo run --release -p routehub-benches --bin exchange_memory`; exits 1 if a target is missed.

use std::process::ExitCode;

use allocation_counter::measure;
use routehub_benches::estates::{large, network};

/// The bytes that a network of so many virtual networks keeps, its estate included, and the most
/// it needed while it was built.
fn bytes(vnets: u32) -> (i64, u64) {
    let estate = large(vnets);
    let mut kept = None;
    let built = measure(|| kept = Some(network(estate)));
    drop(kept);
    (built.bytes_current, built.bytes_max)
}

fn main() -> ExitCode {
    let ((one, one_peak), (many, many_peak)) = (bytes(1), bytes(500));
    let ratio = many as f64 / one as f64;
    println!("1 network:    {one:>12} bytes, {one_peak} at most while it was built");
    println!("500 networks: {many:>12} bytes, {many_peak} at most while it was built");
    println!("ratio {ratio:.3}, target 1.5");
    if ratio <= 1.5 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

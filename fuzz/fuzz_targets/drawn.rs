//! Values of a property's strategies, drawn as the fuzzer's octets say.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The value that the octets stand for, if the strategy has one. They seed the numbers that it is
/// drawn from: given as these numbers themselves they run out, and a strategy that draws again
/// until a value fits would never end.
pub(crate) fn from<S: Strategy>(octets: &[u8], strategy: S) -> Option<S::Value> {
    let mut seed = [0; 32];
    for (n, octet) in octets.iter().enumerate() {
        let place: &mut u8 = &mut seed[n % 32];
        *place = place.rotate_left(3) ^ octet;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let tree = strategy.new_tree(&mut runner).ok()?;
    Some(tree.current())
}

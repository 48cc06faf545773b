//! Values of a property's strategies, drawn from the fuzzer's octets.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The value that the octets stand for; none if they do not suffice.
pub(crate) fn from<S: Strategy>(octets: &[u8], strategy: S) -> Option<S::Value> {
    let rng = TestRng::from_seed(RngAlgorithm::PassThrough, octets);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let tree = strategy.new_tree(&mut runner).ok()?;
    Some(tree.current())
}

//! What the kernel counts.

/// A number that the kernel keeps in this network namespace, such as `TCPMD5Failure`.
///
/// # Panics
/// If it does not count that.
pub fn kernel_count(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/net/netstat").expect("counters");
    let mut lines = text.lines();
    while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
        let mut pairs = names.split(' ').zip(values.split(' '));
        if let Some((_, value)) = pairs.find(|(known, _)| *known == name) {
            return value.parse().expect("a number");
        }
    }
    panic!("the kernel does not count {name}");
}

//! Segments that the kernel dropped because of their TCP-MD5 signature (RFC 2385): all that it tells
//! of a wrong key.

use std::io;
use std::time::Duration;

use crate::event::{EventKind, EventSender};

/// Where the kernel counts, for the network namespace of the thread that reads it.
const COUNTERS: &str = "/proc/thread-self/net/netstat";

/// How often the counters are read.
const INTERVAL: Duration = Duration::from_secs(2);

/// How many segments were dropped since the system started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signatures {
    pub(crate) wrong: u64,
    pub(crate) missing: u64,
    pub(crate) unexpected: u64,
}

impl Signatures {
    /// What is counted now.
    pub(crate) fn read() -> io::Result<Self> {
        Ok(Self::parse(&std::fs::read_to_string(COUNTERS)?))
    }

    /// Reads the pairs of lines of names and numbers that the kernel writes.
    fn parse(text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let count = |wanted: &str| {
            let mut pairs = lines.chunks_exact(2).flat_map(|pair| {
                let names = pair[0].split_whitespace();
                names.zip(pair[1].split_whitespace())
            });
            let found = pairs.find(|(name, _)| *name == wanted);
            found.and_then(|(_, count)| count.parse().ok()).unwrap_or(0)
        };
        Self {
            wrong: count("TCPMD5Failure"),
            missing: count("TCPMD5NotFound"),
            unexpected: count("TCPMD5Unexpected"),
        }
    }

    /// The counts, each with its reason.
    #[cfg(feature = "http")]
    pub(crate) const fn by_reason(self) -> [(&'static str, u64); 3] {
        [
            ("wrong", self.wrong),
            ("missing", self.missing),
            ("unexpected", self.unexpected),
        ]
    }

    /// What is counted here and was not counted there.
    const fn since(self, before: Self) -> Self {
        Self {
            wrong: self.wrong.saturating_sub(before.wrong),
            missing: self.missing.saturating_sub(before.missing),
            unexpected: self.unexpected.saturating_sub(before.unexpected),
        }
    }
}

/// Tells of segments that are dropped from now on, for ever; nothing where the system does not
/// count them.
pub(crate) async fn watch(events: EventSender) {
    let Ok(mut before) = Signatures::read() else {
        return;
    };
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Ok(now) = Signatures::read() else { return };
        let Signatures {
            wrong,
            missing,
            unexpected,
        } = now.since(before);
        before = now;
        if wrong + missing + unexpected > 0 {
            events.publish(
                None,
                EventKind::SignaturesRefused {
                    wrong,
                    missing,
                    unexpected,
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_by_their_names() {
        let text = "TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure Other\n\
                    TcpExt: 7 3 1 12 9\n\
                    IpExt: InNoRoutes TCPMD5Failure\nIpExt: 1 99\n";
        let read = Signatures::parse(text);
        let wanted = Signatures {
            wrong: 12,
            missing: 3,
            unexpected: 1,
        };
        assert_eq!(read, wanted);
        assert_eq!(Signatures::parse("TcpExt: A B\n"), Signatures::default());
        assert_eq!(read.since(wanted), Signatures::default());
    }
}

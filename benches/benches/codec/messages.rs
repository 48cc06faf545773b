//! The messages that are measured: made up ones of two shapes, and recorded ones.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use routehub_types::{AsPath, Asn, Attrs, Community, Nlri, Prefix};
use routehub_wire::{Context, MAX_LEN, MessageType, Packer, frame};

/// A generator of numbers with a fixed seed (SplitMix64), so that every run measures the same.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A prefix length as often as the default-free zone has it, in percent.
    fn length(&mut self) -> u8 {
        const SHARES: [(u8, u64); 10] = [
            (24, 60),
            (22, 11),
            (23, 10),
            (20, 5),
            (21, 5),
            (19, 3),
            (18, 2),
            (16, 2),
            (17, 1),
            (15, 1),
        ];
        let mut left = self.below(100);
        for (length, share) in SHARES {
            if left < share {
                return length;
            }
            left -= share;
        }
        24
    }

    fn nlri(&mut self) -> Nlri {
        let bits = (1 << 24) + self.below(0xdf00_0000 - (1 << 24)) as u32;
        let length = self.length();
        let mask = u32::MAX << (32 - u32::from(length));
        let prefix = Prefix::new(std::net::Ipv4Addr::from_bits(bits & mask).into(), length);
        prefix.expect("masked").into()
    }
}

/// The attributes of a route: a path of 2 to 6 ASes, mostly 4, a MED, and 2 to 4 communities.
pub(crate) fn attrs(seed: u64) -> Attrs {
    let mut numbers = Numbers(seed);
    let hops = 2 + (numbers.below(3) + numbers.below(3)) as usize;
    let path = AsPath::sequence((0..hops).map(|_| Asn(1 + numbers.below(400_000) as u32)));
    let next_hop = std::net::Ipv4Addr::new(10, 0, 0, 1 + numbers.below(200) as u8);
    let communities = 2 + numbers.below(3);
    let communities = (0..communities).map(|_| Community(numbers.next() as u32 | 1));
    Attrs {
        communities: communities.collect(),
        med: Some(numbers.below(1000) as u32),
        ..Attrs::new(path, next_hop)
    }
}

/// Prefixes of the lengths that the default-free zone has.
pub(crate) fn prefixes(seed: u64, count: usize) -> Vec<Nlri> {
    let mut numbers = Numbers(seed);
    (0..count).map(|_| numbers.nlri()).collect()
}

/// Messages that announce so many prefixes each.
pub(crate) fn made(messages: u64, prefixes_each: usize) -> Vec<Vec<u8>> {
    let mut packer = Packer::new(&Context::default());
    let one = |seed: u64| {
        let mut bytes = Vec::new();
        let prefixes = prefixes(seed + 1_000_000, prefixes_each);
        let written = packer.announce(&attrs(seed), &prefixes, &mut bytes);
        assert_eq!(written, Ok(1));
        bytes
    };
    (0..messages).map(one).collect()
}

/// The UPDATEs of a recorded file of the folder that `ROUTEHUB_CORPORA` names; none if it names
/// none.
pub(crate) fn recorded(name: &str) -> Option<Vec<Vec<u8>>> {
    let folder = PathBuf::from(std::env::var_os("ROUTEHUB_CORPORA")?);
    let path = folder.join(name);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut stream = Vec::new();
    let read = flate2::read::GzDecoder::new(file).read_to_end(&mut stream);
    read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut left = stream.as_slice();
    let mut messages = Vec::new();
    while let Ok(Some(length)) = frame(left, MAX_LEN) {
        let (message, rest) = left.split_at(length);
        if message[18] == MessageType::Update.code() {
            messages.push(message.to_vec());
        }
        left = rest;
    }
    assert!(left.is_empty(), "{}: not all messages", path.display());
    Some(messages)
}

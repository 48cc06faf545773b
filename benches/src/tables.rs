//! Routing tables to measure with: recorded prefixes where there are any, else prefixes of the
//! same shape; and attribute sets of the size that a full table has.

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use routehub_types::{AsPath, Asn, Attrs, Community, Family, NextHop, Origin, Prefix};

/// Names the folder of recorded data.
pub const CORPORA: &str = "ROUTEHUB_CORPORA";

/// A source of numbers that are the same in every run (xorshift*).
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The numbers of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound
    }

    /// Puts items in a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n as u64 + 1) as usize);
        }
    }
}

/// A table's prefixes, and where they come from.
#[derive(Clone, Debug)]
pub struct Table {
    /// Different prefixes, in a random order.
    pub prefixes: Vec<Prefix>,
    /// A sentence about their origin.
    pub origin: String,
}

/// The prefixes of a full table of May 2026, recorded ones if `ROUTEHUB_CORPORA` names the folder
/// of `ris20260511-v4-prefixes.txt.gz` and its like.
///
/// # Panics
/// If the folder is named and the file cannot be read.
pub fn full_table(family: Family) -> Table {
    let (file, count) = match family {
        Family::Ipv4 => ("ris20260511-v4-prefixes.txt.gz", 1_042_325),
        Family::Ipv6 => ("ris20260511-v6-prefixes.txt.gz", 246_175),
    };
    let (mut prefixes, origin) = match env::var_os(CORPORA) {
        Some(folder) => {
            let path = PathBuf::from(folder).join(file);
            let origin = format!("recorded, {file}");
            (read(&path), origin)
        }
        None => {
            let origin = format!("generated in the shape of a full table, {CORPORA} is not set");
            (generate(family, count), origin)
        }
    };
    Numbers::new(7).shuffle(&mut prefixes);
    Table { prefixes, origin }
}

fn read(path: &PathBuf) -> Vec<Prefix> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    let parse = |line: std::io::Result<String>| {
        let line = line.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        line.parse()
            .unwrap_or_else(|error| panic!("{}: {line}: {error}", path.display()))
    };
    lines.map(parse).collect()
}

/// Prefix lengths with their shares in a full table, in thousandths.
const LENGTHS_V4: [(u8, u64); 10] = [
    (24, 605),
    (23, 105),
    (22, 110),
    (21, 50),
    (20, 45),
    (19, 25),
    (18, 15),
    (17, 10),
    (16, 25),
    (15, 10),
];
const LENGTHS_V6: [(u8, u64); 6] = [
    (48, 480),
    (32, 120),
    (44, 130),
    (40, 130),
    (36, 70),
    (46, 70),
];

fn generate(family: Family, count: usize) -> Vec<Prefix> {
    let mut numbers = Numbers::new(11);
    let lengths: &[(u8, u64)] = match family {
        Family::Ipv4 => &LENGTHS_V4,
        Family::Ipv6 => &LENGTHS_V6,
    };
    let mut prefixes = Vec::with_capacity(count + count / 8);
    while prefixes.len() < count {
        while prefixes.len() < count + count / 16 {
            let mut at = numbers.below(1000);
            let length = lengths.iter().find_map(|(length, share)| {
                let here = at < *share;
                at = at.wrapping_sub(*share);
                here.then_some(*length)
            });
            let bits = numbers.below(1 << 53);
            let address = match family {
                Family::Ipv4 => {
                    IpAddr::V4(Ipv4Addr::from_bits((1 << 24) + bits as u32 % 0xdf00_0000))
                }
                Family::Ipv6 => {
                    let bits = 0x2000 << 112 | u128::from(bits) << 72;
                    IpAddr::V6(Ipv6Addr::from_bits(bits))
                }
            };
            let host = Prefix::host(address);
            prefixes.extend(host.supernet(length.unwrap_or(24)));
        }
        prefixes.sort_unstable();
        prefixes.dedup();
    }
    numbers.shuffle(&mut prefixes);
    prefixes.truncate(count);
    prefixes
}

/// Different attribute sets as a peer with a full table sends them: AS paths of 1 to 9 ASNs, 4.3
/// on average, none to twelve communities, sometimes a MED or large communities.
pub fn attribute_sets(count: usize, seed: u64) -> Vec<Attrs> {
    let mut numbers = Numbers::new(seed);
    (0..count as u32)
        .map(|n| attribute_set(&mut numbers, n))
        .collect()
}

fn attribute_set(numbers: &mut Numbers, n: u32) -> Attrs {
    let hops = [1, 2, 3, 3, 4, 4, 4, 5, 5, 6, 7, 9][numbers.below(12) as usize];
    let mut path: Vec<Asn> = (1..hops)
        .map(|_| Asn(1000 + numbers.below(60_000) as u32))
        .collect();
    // The last one makes the set different from all others.
    path.push(Asn(100_000 + n));
    let communities = [0, 0, 1, 2, 2, 3, 4, 5, 6, 8, 10, 12][numbers.below(12) as usize];
    let mut communities: Vec<Community> = (0..communities)
        .map(|_| Community(numbers.below(1 << 32) as u32))
        .collect();
    communities.sort_unstable();
    Attrs {
        origin: [Origin::Igp, Origin::Igp, Origin::Igp, Origin::Incomplete]
            [numbers.below(4) as usize],
        med: (numbers.below(4) == 0).then(|| numbers.below(1000) as u32),
        next_hop: NextHop::from(Ipv4Addr::new(10, 0, 0, 1)),
        communities,
        ..Attrs::new(AsPath::sequence(path), Ipv4Addr::new(10, 0, 0, 1))
    }
}

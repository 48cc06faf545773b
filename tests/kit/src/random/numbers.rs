//! What everything random is drawn from, and the prefixes, communities and routes of it.

use routehub_exchange::estate::Routes;
use routehub_types::{Asn, Community, Prefix};

/// The numbers that everything is drawn from; 0 when they are used up.
pub struct Numbers(std::vec::IntoIter<u16>);

impl Numbers {
    /// These numbers, in this order.
    pub fn new(numbers: Vec<u16>) -> Self {
        Self(numbers.into_iter())
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % n
    }

    /// Yes once in `n` times, and never at the end of the list.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// Any of a list, if it is not empty.
    pub fn any_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        (!all.is_empty()).then(|| self.one_of(all))
    }

    /// Any of a list that is not empty.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

const PREFIXES: [&str; 13] = [
    "192.168.1.0/24",
    "192.168.0.0/16",
    "192.168.2.0/24",
    "172.16.0.0/12",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "10.100.1.0/24",
    "10.1.0.0/16",
    "10.0.6.0/27",
    "10.101.0.0/16",
    "2001:db8:9::/48",
    "::/0",
    "2001:db8:0:7::/64",
];

pub(super) fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

pub(super) fn any_prefix(numbers: &mut Numbers) -> Prefix {
    prefix(PREFIXES[numbers.below(PREFIXES.len())])
}

fn community(numbers: &mut Numbers) -> Community {
    let all = [
        "65001:7",
        "65517:65517",
        "65535:65282",
        "65535:65281",
        "65001:8",
        "65518:65518",
    ];
    all[numbers.below(all.len())].parse().unwrap()
}

/// Routes; `asn` is what a path that is given begins with, none: where it begins is free.
pub(super) fn routes(numbers: &mut Numbers, asn: Option<Asn>) -> Routes {
    let mut drawn = Routes {
        prefixes: vec![any_prefix(numbers)],
        ..Routes::default()
    };
    if numbers.once_in(3) {
        drawn.prefixes.push(any_prefix(numbers));
    }
    if numbers.once_in(3) {
        let others = [65001, 65101, 12076, 65515, 3320].map(Asn);
        let mut path: Vec<Asn> = asn.into_iter().collect();
        for _ in 0..numbers.below(3) {
            path.push(*numbers.one_of(&others));
        }
        drawn.as_path = Some(path);
    }
    if numbers.once_in(4) {
        drawn.communities.push(community(numbers));
    }
    if numbers.once_in(6) {
        drawn.med = Some(numbers.below(3) as u32);
    }
    drawn
}

//! Writing prefixes.

use alloc::vec::Vec;

use routehub_types::{Family, Nlri, Prefix};

/// Octets of one prefix on the wire.
#[inline]
const fn len(nlri: &Nlri, add_path: bool) -> usize {
    let path_id = if add_path { 4 } else { 0 };
    path_id + 1 + (nlri.prefix.length() as usize).div_ceil(8)
}

/// How many of the first prefixes fit a room, and their octets.
#[inline]
pub(super) fn fit(prefixes: &[Nlri], add_path: bool, room: usize) -> (usize, usize) {
    let mut octets = 0;
    for (count, nlri) in prefixes.iter().enumerate() {
        let with = octets + len(nlri, add_path);
        if with > room {
            return (count, octets);
        }
        octets = with;
    }
    (prefixes.len(), octets)
}

/// How many of the first prefixes are of the family of the first one.
#[inline]
pub(super) fn run(prefixes: &[Nlri], family: Family) -> usize {
    let other = |nlri: &Nlri| nlri.prefix.family() != family;
    prefixes.iter().position(other).unwrap_or(prefixes.len())
}

/// Appends prefixes.
#[inline]
pub(super) fn encode(prefixes: &[Nlri], add_path: bool, out: &mut Vec<u8>) {
    for nlri in prefixes {
        if add_path {
            let id = nlri.path_id.unwrap_or_default();
            out.extend_from_slice(&id.0.to_be_bytes());
        }
        let length = nlri.prefix.length();
        let used = usize::from(length).div_ceil(8);
        out.push(length);
        match nlri.prefix {
            Prefix::V4(prefix) => append(out, prefix.address().octets(), used),
            Prefix::V6(prefix) => append(out, prefix.address().octets(), used),
        }
    }
}

/// Appends the first octets of an address: all of them, cut afterwards, because a copy of fixed
/// size is much faster than one of variable size.
#[inline]
fn append<const N: usize>(out: &mut Vec<u8>, octets: [u8; N], used: usize) {
    let end = out.len() + used;
    out.extend_from_slice(&octets);
    out.truncate(end);
}

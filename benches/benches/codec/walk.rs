//! The bare walk: the least work that reads an UPDATE as a whole. It checks nothing but bounds.
//!
//! It sums the type code of every attribute but the MP ones, every ASN, every standard and large
//! community, and every prefix with its length. Each codec must come to the same sum.

/// What a prefix adds.
pub(crate) fn ipv4(bits: u32, length: u8) -> u64 {
    u64::from(bits) + u64::from(length)
}

/// What a prefix adds.
pub(crate) fn ipv6(bits: u128, length: u8) -> u64 {
    ((bits >> 64) as u64)
        .wrapping_add(bits as u64)
        .wrapping_add(u64::from(length))
}

/// The sum of a message with ASNs of four octets; none if it is cut short.
pub(crate) fn walk(message: &[u8]) -> Option<u64> {
    let mut left = message.get(19..)?;
    let mut sum = 0u64;
    let withdrawn = field(&mut left)?;
    let mut attributes = field(&mut left)?;
    sum = sum.wrapping_add(ipv4_prefixes(withdrawn)?);
    sum = sum.wrapping_add(ipv4_prefixes(left)?);
    while !attributes.is_empty() {
        let [flags, code, rest @ ..] = attributes else {
            return None;
        };
        let (length, rest) = if flags & 0x10 != 0 {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        } else {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        };
        let (value, rest) = rest.split_at_checked(length)?;
        attributes = rest;
        sum = sum.wrapping_add(match code {
            2 => 2 + as_path(value)?,
            8 | 32 => u64::from(*code) + numbers(value),
            14 => {
                let next_hop = usize::from(*value.get(3)?);
                prefixes(value.first_chunk()?, value.get(5 + next_hop..)?)?
            }
            15 => prefixes(value.first_chunk()?, value.get(3..)?)?,
            code => u64::from(*code),
        });
    }
    Some(sum)
}

/// A field with two octets of length.
fn field<'a>(left: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = left.split_first_chunk::<2>()?;
    let (field, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *left = rest;
    Some(field)
}

fn as_path(mut value: &[u8]) -> Option<u64> {
    let mut sum = 0;
    while let [_, count, rest @ ..] = value {
        let (asns, rest) = rest.split_at_checked(usize::from(*count) * 4)?;
        sum += numbers(asns);
        value = rest;
    }
    Some(sum)
}

fn numbers(value: &[u8]) -> u64 {
    let (numbers, _) = value.as_chunks::<4>();
    numbers
        .iter()
        .map(|one| u64::from(u32::from_be_bytes(*one)))
        .sum()
}

fn prefixes(family: &[u8; 3], nlri: &[u8]) -> Option<u64> {
    match family {
        [0, 1, 1] => ipv4_prefixes(nlri),
        [0, 2, 1] => ipv6_prefixes(nlri),
        _ => Some(0),
    }
}

/// One load of four octets and a mask for each prefix.
fn ipv4_prefixes(mut left: &[u8]) -> Option<u64> {
    let mut sum = 0u64;
    while let [length, rest @ ..] = left {
        let octets = usize::from(*length).div_ceil(8);
        let bits = match rest.first_chunk::<4>() {
            Some(octets) => u32::from_be_bytes(*octets),
            None => last::<4>(rest).map(u32::from_be_bytes)?,
        };
        let mask = u32::MAX
            .checked_shl(32u32.checked_sub(u32::from(*length))?)
            .unwrap_or(0);
        sum = sum.wrapping_add(ipv4(bits & mask, *length));
        left = rest.get(octets..)?;
    }
    Some(sum)
}

fn ipv6_prefixes(mut left: &[u8]) -> Option<u64> {
    let mut sum = 0u64;
    while let [length, rest @ ..] = left {
        let octets = usize::from(*length).div_ceil(8);
        let bits = match rest.first_chunk::<16>() {
            Some(octets) => u128::from_be_bytes(*octets),
            None => last::<16>(rest).map(u128::from_be_bytes)?,
        };
        let mask = u128::MAX
            .checked_shl(128u32.checked_sub(u32::from(*length))?)
            .unwrap_or(0);
        sum = sum.wrapping_add(ipv6(bits & mask, *length));
        left = rest.get(octets..)?;
    }
    Some(sum)
}

/// The octets that are left, filled up with zeros.
fn last<const N: usize>(rest: &[u8]) -> Option<[u8; N]> {
    let mut octets = [0; N];
    octets.get_mut(..rest.len())?.copy_from_slice(rest);
    Some(octets)
}

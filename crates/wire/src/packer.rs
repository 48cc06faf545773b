//! Packing routes into as few UPDATEs as they fit.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use routehub_types::{Attrs, Family, NextHop, Nlri};

mod attributes;
mod nlri;

use crate::frame::{HEADER_LEN, MARKER, MessageType};
use crate::parse::update::EXTENDED_LENGTH;
use crate::update::code::{MP_REACH_NLRI, MP_UNREACH_NLRI, OPTIONAL};
use crate::{AfiSafi, Context, EncodeError};

/// Header and both length fields of an UPDATE.
const FIXED: usize = HEADER_LEN + 4;
/// Flags, type and the longer length of an attribute.
const ATTRIBUTE_HEADER: usize = 4;

/// Writes UPDATEs that are as full as they can be.
///
/// IPv4 prefixes with an IPv4 next hop stand in the fields of RFC 4271, all others in
/// MP_REACH_NLRI and MP_UNREACH_NLRI, which come first (RFC 7606 section 5.1).
///
/// ```
/// use routehub_types::{Attrs, Nlri, Prefix};
/// use routehub_wire::{Context, Packer};
///
/// let attrs = Attrs::new("65001 65100".parse()?, "10.0.4.4".parse::<std::net::Ipv4Addr>()?);
/// let prefixes: Vec<Nlri> = (0..2000u32)
///     .map(|n| Prefix::new((0x0a00_0000 + (n << 8)).to_be_bytes().into(), 24))
///     .collect::<Result<Vec<_>, _>>()?
///     .into_iter()
///     .map(Nlri::from)
///     .collect();
/// let mut bytes = Vec::new();
/// let messages = Packer::new(&Context::default()).announce(&attrs, &prefixes, &mut bytes)?;
/// assert_eq!(messages, 2); // 1,009 prefixes of 4 octets fit the first
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Packer {
    context: Context,
    /// The attributes behind an MP attribute, kept from call to call for its memory.
    scratch: Vec<u8>,
}

impl Packer {
    /// A packer for what was agreed on with a peer.
    pub const fn new(context: &Context) -> Self {
        Self {
            context: *context,
            scratch: Vec::new(),
        }
    }

    /// What the packer writes for.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Appends messages that announce prefixes with one set of attributes, and says how many.
    ///
    /// Prefixes of both families may be mixed, but each change of family starts a message. Without
    /// add-path their path identifiers are left out.
    ///
    /// # Errors
    /// [`EncodeError`]; then nothing is appended.
    pub fn announce(
        &mut self,
        attrs: &Attrs,
        prefixes: &[Nlri],
        out: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        let start = out.len();
        let announced = self.by_family(prefixes, |packer, family, run| {
            match (family, attrs.next_hop.address) {
                (Family::Ipv4, IpAddr::V4(next_hop)) => packer.plain(attrs, next_hop, run, out),
                _ => packer.multi(attrs, family, run, out),
            }
        });
        announced.inspect_err(|_| out.truncate(start))
    }

    /// Appends messages that withdraw prefixes, and says how many.
    ///
    /// # Errors
    /// [`EncodeError`]; then nothing is appended.
    pub fn withdraw(&mut self, prefixes: &[Nlri], out: &mut Vec<u8>) -> Result<usize, EncodeError> {
        let start = out.len();
        let withdrawn = self.by_family(prefixes, |packer, family, run| match family {
            Family::Ipv4 => packer.plain_withdraw(run, out),
            Family::Ipv6 => packer.multi_withdraw(family, run, out),
        });
        withdrawn.inspect_err(|_| out.truncate(start))
    }

    /// Cuts prefixes into runs of one family, and sums what is written for them.
    fn by_family(
        &mut self,
        mut prefixes: &[Nlri],
        mut write: impl FnMut(&mut Self, Family, &[Nlri]) -> Result<usize, EncodeError>,
    ) -> Result<usize, EncodeError> {
        let mut messages = 0;
        while let Some(first) = prefixes.first() {
            let family = first.prefix.family();
            if !self.context.families.contains(family) {
                return Err(EncodeError::FamilyNotInUse { family });
            }
            let (run, rest) = prefixes.split_at(nlri::run(prefixes, family));
            messages += write(self, family, run)?;
            prefixes = rest;
        }
        Ok(messages)
    }

    fn adds_path(&self, family: Family) -> bool {
        self.context.add_path_send.contains(family)
    }

    /// How many of the next prefixes go into a message with so many other octets, and their
    /// octets; at least one.
    fn fit(
        &self,
        prefixes: &[Nlri],
        family: Family,
        others: usize,
    ) -> Result<(usize, usize), EncodeError> {
        let max = self.context.max_len();
        let room = max.saturating_sub(others);
        let add_path = self.adds_path(family);
        match nlri::fit(prefixes, add_path, room) {
            (0, _) => {
                let first = prefixes.get(..1).unwrap_or_default();
                let (_, octets) = nlri::fit(first, add_path, usize::MAX);
                let length = others + octets;
                Err(EncodeError::TooLong { length, max })
            }
            fits => Ok(fits),
        }
    }

    /// IPv4 prefixes in the NLRI field.
    fn plain(
        &self,
        attrs: &Attrs,
        next_hop: Ipv4Addr,
        mut prefixes: &[Nlri],
        out: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        let first = out.len();
        header(out);
        out.extend_from_slice(&[0; 4]);
        attributes::encode(attrs, &self.context, Some(next_hop), out)?;
        let head = out.len() - first;
        let length = u16::try_from(head - FIXED).unwrap_or(u16::MAX);
        patch(out, first + FIXED - 2, length);
        let mut messages = 0;
        let mut start = first;
        loop {
            let (count, octets) = self.fit(prefixes, Family::Ipv4, head)?;
            let (now, rest) = prefixes.split_at(count);
            nlri::encode(now, self.adds_path(Family::Ipv4), out);
            patch_length(out, start, head + octets);
            messages += 1;
            if rest.is_empty() {
                return Ok(messages);
            }
            prefixes = rest;
            start = out.len();
            out.extend_from_within(first..first + head);
        }
    }

    /// Prefixes in MP_REACH_NLRI, in front of the other attributes.
    fn multi(
        &mut self,
        attrs: &Attrs,
        family: Family,
        mut prefixes: &[Nlri],
        out: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        let mut scratch = core::mem::take(&mut self.scratch);
        scratch.clear();
        let encoded = attributes::encode(attrs, &self.context, None, &mut scratch);
        let mut messages = 0;
        let mut write = || {
            let (next_hop, length) = self.next_hop(attrs.next_hop, family)?;
            let next_hop = next_hop.get(..length).unwrap_or_default();
            while !prefixes.is_empty() {
                let fixed = 5 + length;
                let others = FIXED + ATTRIBUTE_HEADER + fixed + scratch.len();
                let (count, octets) = self.fit(prefixes, family, others)?;
                let (now, rest) = prefixes.split_at(count);
                let start = out.len();
                header(out);
                out.extend_from_slice(&[0; 4]);
                multi_header(MP_REACH_NLRI, family, fixed + octets, out);
                out.push(length as u8);
                out.extend_from_slice(next_hop);
                out.push(0);
                nlri::encode(now, self.adds_path(family), out);
                out.extend_from_slice(&scratch);
                finish(out, start);
                messages += 1;
                prefixes = rest;
            }
            Ok(messages)
        };
        let written = encoded.and_then(|()| write());
        self.scratch = scratch;
        written
    }

    /// The octets of a next hop that may go with prefixes of a family in MP_REACH_NLRI.
    fn next_hop(
        &self,
        next_hop: NextHop,
        family: Family,
    ) -> Result<([u8; 32], usize), EncodeError> {
        let IpAddr::V6(address) = next_hop.address else {
            return Err(EncodeError::NextHop { family });
        };
        if family == Family::Ipv4 && !self.context.extended_next_hop {
            return Err(EncodeError::NextHop { family });
        }
        let mut octets = [0; 32];
        let (global, link_local) = octets.split_at_mut(16);
        global.copy_from_slice(&address.octets());
        let length = match next_hop.link_local {
            Some(address) => {
                link_local.copy_from_slice(&address.octets());
                32
            }
            None => 16,
        };
        Ok((octets, length))
    }

    /// IPv4 prefixes in the withdrawn routes field.
    fn plain_withdraw(
        &self,
        mut prefixes: &[Nlri],
        out: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        let mut messages = 0;
        while !prefixes.is_empty() {
            let (count, octets) = self.fit(prefixes, Family::Ipv4, FIXED)?;
            let (now, rest) = prefixes.split_at(count);
            let start = out.len();
            header(out);
            let length = u16::try_from(octets).unwrap_or(u16::MAX);
            out.extend_from_slice(&length.to_be_bytes());
            nlri::encode(now, self.adds_path(Family::Ipv4), out);
            out.extend_from_slice(&[0; 2]);
            patch_length(out, start, FIXED + octets);
            messages += 1;
            prefixes = rest;
        }
        Ok(messages)
    }

    /// Prefixes in MP_UNREACH_NLRI.
    fn multi_withdraw(
        &self,
        family: Family,
        mut prefixes: &[Nlri],
        out: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        let mut messages = 0;
        while !prefixes.is_empty() {
            let others = FIXED + ATTRIBUTE_HEADER + 3;
            let (count, octets) = self.fit(prefixes, family, others)?;
            let (now, rest) = prefixes.split_at(count);
            let start = out.len();
            header(out);
            out.extend_from_slice(&[0; 4]);
            multi_header(MP_UNREACH_NLRI, family, 3 + octets, out);
            nlri::encode(now, self.adds_path(family), out);
            finish(out, start);
            messages += 1;
            prefixes = rest;
        }
        Ok(messages)
    }
}

/// Appends the header of an UPDATE, its length to be patched.
#[inline]
fn header(out: &mut Vec<u8>) {
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&[0, 0, MessageType::Update.code()]);
}

/// Appends flags, type, length and family of an MP attribute; its length fits, as the message
/// that it is in does.
fn multi_header(code: u8, family: Family, length: usize, out: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(length) => out.extend_from_slice(&[OPTIONAL, code, length]),
        Err(_) => {
            out.extend_from_slice(&[OPTIONAL | EXTENDED_LENGTH, code]);
            let length = u16::try_from(length).unwrap_or(u16::MAX);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
    AfiSafi::from(family).write(out);
}

/// Patches the lengths of a message that starts there and has attributes alone.
fn finish(out: &mut [u8], start: usize) {
    let length = out.len() - start;
    let attributes = u16::try_from(length - FIXED).unwrap_or(u16::MAX);
    patch(out, start + FIXED - 2, attributes);
    patch_length(out, start, length);
}

/// Patches the length of a message that starts there; it is at most 65,535 octets long.
fn patch_length(out: &mut [u8], start: usize, length: usize) {
    patch(
        out,
        start + MARKER.len(),
        u16::try_from(length).unwrap_or(u16::MAX),
    );
}

#[inline]
fn patch(out: &mut [u8], at: usize, number: u16) {
    if let Some(field) = out.get_mut(at..at + 2) {
        field.copy_from_slice(&number.to_be_bytes());
    }
}

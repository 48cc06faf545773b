//! Packing routes into as few UPDATEs as they fit.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use routehub_types::attribute_block::{self, Form};
use routehub_types::attribute_code::{
    EXTENDED_LENGTH, MP_REACH_NLRI, MP_UNREACH_NLRI, OPTIONAL, is_typed,
};
use routehub_types::{Attrs, Family, NextHop, Nlri, Prefix};

use crate::header::{HEADER_LEN, MARKER, MessageType};
use crate::{AfiSafi, Context, EncodeError};

/// Header and both length fields of an UPDATE.
const FIXED: usize = HEADER_LEN + 4;
/// Octets of a path identifier (RFC 7911 section 3).
const PATH_ID: usize = 4;
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
    /// What stands around the prefixes of an MP attribute, kept from call to call for its memory.
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
                _ => packer.multi_announce(attrs, family, run, out),
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
            Family::Ipv6 => packer.multi(MP_UNREACH_NLRI, family, [&[]; 2], run, out),
        });
        withdrawn.inspect_err(|_| out.truncate(start))
    }

    /// How many octets of prefixes there is room for in a message that announces routes of a
    /// family with these attributes, path identifiers not counted: [`announce`](Self::announce)
    /// fails for a prefix that takes more.
    ///
    /// # Errors
    /// [`EncodeError`]: no message can announce such a route.
    pub fn room(&mut self, attrs: &Attrs, family: Family) -> Result<usize, EncodeError> {
        if !self.context.families.contains(family) {
            return Err(EncodeError::FamilyNotInUse { family });
        }
        let others = match (family, attrs.next_hop.address) {
            (Family::Ipv4, IpAddr::V4(next_hop)) => {
                self.scratch.clear();
                attributes(attrs, &self.context, Some(next_hop), &mut self.scratch)?;
                FIXED + self.scratch.len()
            }
            _ => {
                let behind = self.put_around(attrs, family)?;
                let (behind, before) = self.scratch.split_at(behind);
                others(before, behind)
            }
        };
        let path_id = if self.adds_path(family) { PATH_ID } else { 0 };
        let max = self.context.max_len();
        max.checked_sub(others + path_id)
            .ok_or(EncodeError::TooLong {
                length: others + path_id,
                max,
            })
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
            let other = |nlri: &Nlri| nlri.prefix.family() != family;
            let length = prefixes.iter().position(other).unwrap_or(prefixes.len());
            let (run, rest) = prefixes.split_at(length);
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
        match fit(prefixes, add_path, room) {
            (0, _) => {
                let first = prefixes.get(..1).unwrap_or_default();
                let (_, octets) = fit(first, add_path, usize::MAX);
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
        MessageType::Update.write_header(0, out);
        out.extend_from_slice(&[0; 4]);
        attributes(attrs, &self.context, Some(next_hop), out)?;
        let head = out.len() - first;
        patch(out, first + FIXED - 2, head - FIXED);
        let mut messages = 0;
        let mut start = first;
        loop {
            let (count, octets) = self.fit(prefixes, Family::Ipv4, head)?;
            let (now, rest) = prefixes.split_at(count);
            encode(now, self.adds_path(Family::Ipv4), out);
            patch(out, start + MARKER.len(), head + octets);
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
    fn multi_announce(
        &mut self,
        attrs: &Attrs,
        family: Family,
        prefixes: &[Nlri],
        out: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        let behind = self.put_around(attrs, family)?;
        let (behind, before) = self.scratch.split_at(behind);
        self.multi(MP_REACH_NLRI, family, [before, behind], prefixes, out)
    }

    /// Writes what stands around the prefixes of MP_REACH_NLRI: the other attributes, which come
    /// behind them, then the next hop, which comes before them. Says where the latter starts.
    fn put_around(&mut self, attrs: &Attrs, family: Family) -> Result<usize, EncodeError> {
        self.scratch.clear();
        attributes(attrs, &self.context, None, &mut self.scratch)?;
        let behind = self.scratch.len();
        next_hop(attrs.next_hop, family, &self.context, &mut self.scratch)?;
        Ok(behind)
    }

    /// Prefixes in an MP attribute, with what stands before them in it and behind it.
    fn multi(
        &self,
        code: u8,
        family: Family,
        [before, behind]: [&[u8]; 2],
        mut prefixes: &[Nlri],
        out: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        let fixed = 3 + before.len();
        let others = others(before, behind);
        let mut messages = 0;
        while !prefixes.is_empty() {
            let (count, octets) = self.fit(prefixes, family, others)?;
            let (now, rest) = prefixes.split_at(count);
            let start = out.len();
            MessageType::Update.write_header(0, out);
            out.extend_from_slice(&[0; 4]);
            multi_header(code, family, fixed + octets, out);
            out.extend_from_slice(before);
            encode(now, self.adds_path(family), out);
            out.extend_from_slice(behind);
            let length = out.len() - start;
            patch(out, start + FIXED - 2, length - FIXED);
            patch(out, start + MARKER.len(), length);
            messages += 1;
            prefixes = rest;
        }
        Ok(messages)
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
            // At most 65,535: what fits.
            MessageType::Update.write_header((FIXED + octets) as u16, out);
            out.extend_from_slice(&(octets as u16).to_be_bytes());
            encode(now, self.adds_path(Family::Ipv4), out);
            out.extend_from_slice(&[0; 2]);
            messages += 1;
            prefixes = rest;
        }
        Ok(messages)
    }
}

/// Appends the attributes of a set; with NEXT_HOP only where the prefixes are in the NLRI field.
///
/// What a peer of this kind may not see is left out: LOCAL_PREF outside the AS or confederation,
/// ORIGINATOR_ID and CLUSTER_LIST outside the AS, AIGP where it is not in use.
fn attributes(
    attrs: &Attrs,
    context: &Context,
    next_hop: Option<Ipv4Addr>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut unknown = attrs.unknown.iter().map(|attribute| attribute.code);
    if let Some(code) = unknown.find(|code| is_typed(*code)) {
        return Err(EncodeError::KnownAttribute { code });
    }
    let form = Form {
        four_octet_as: context.four_octet_as,
        local_pref: context.peer.shares_local_pref(),
        reflection: context.peer.is_internal(),
        aigp: context.aigp,
    };
    let start = out.len();
    attribute_block::write_message(attrs, form, next_hop, out);
    let block = &out[start..];
    if block.len() > usize::from(u16::MAX)
        && let Some(code) = attribute_block::too_long(block)
    {
        return Err(EncodeError::AttributeTooLong { code });
    }
    Ok(())
}

/// Appends a next hop that may go with prefixes of a family, as MP_REACH_NLRI has it: its
/// length, its octets, and the reserved octet (RFC 4760 section 3, RFC 2545 section 3).
fn next_hop(
    next_hop: NextHop,
    family: Family,
    context: &Context,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let NextHop {
        address: IpAddr::V6(address),
        link_local,
    } = next_hop
    else {
        return Err(EncodeError::NextHop { family });
    };
    if family == Family::Ipv4 && !context.extended_next_hop {
        return Err(EncodeError::NextHop { family });
    }
    out.push(if link_local.is_some() { 32 } else { 16 });
    out.extend_from_slice(&address.octets());
    if let Some(address) = link_local {
        out.extend_from_slice(&address.octets());
    }
    out.push(0);
    Ok(())
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

/// Patches a length, which is at most 65,535.
#[inline]
fn patch(out: &mut [u8], at: usize, length: usize) {
    if let Some(field) = out.get_mut(at..at + 2) {
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        field.copy_from_slice(&length.to_be_bytes());
    }
}

/// The octets around the prefixes of a message with an MP attribute.
const fn others(before: &[u8], behind: &[u8]) -> usize {
    // The attribute starts with its family.
    FIXED + ATTRIBUTE_HEADER + 3 + before.len() + behind.len()
}

/// Octets of one prefix on the wire.
#[inline]
const fn len(nlri: &Nlri, add_path: bool) -> usize {
    let path_id = if add_path { PATH_ID } else { 0 };
    path_id + 1 + (nlri.prefix.length() as usize).div_ceil(8)
}

/// How many of the first prefixes fit a room, and their octets.
#[inline]
fn fit(prefixes: &[Nlri], add_path: bool, room: usize) -> (usize, usize) {
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

/// Appends prefixes.
#[inline]
fn encode(prefixes: &[Nlri], add_path: bool, out: &mut Vec<u8>) {
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

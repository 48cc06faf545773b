//! Parsers of capability values.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16, be_u24, be_u32};

use routehub_types::Asn;

use super::{Parsed, stop};
use crate::capability::code;
use crate::{AddPathMode, AfiSafi, Capability, GracefulRestart, LongLivedFamily, Reason, Role};

/// The capability of a code and a value.
///
/// Where its RFC defines no error for a value that is not as it should be, the capability is
/// ignored: kept as unknown.
///
/// # Errors
/// A length that makes the OPEN unreadable: multiprotocol and four-octet AS.
pub(crate) fn capability(code: u8, value: &[u8]) -> Result<Capability, Reason> {
    let parsed = match code {
        code::MULTIPROTOCOL => return exactly(value, multiprotocol),
        code::FOUR_OCTET_AS => return exactly(value, four_octet_as),
        code::ROUTE_REFRESH if value.is_empty() => Some(Capability::RouteRefresh),
        code::EXTENDED_MESSAGE if value.is_empty() => Some(Capability::ExtendedMessage),
        code::ENHANCED_ROUTE_REFRESH if value.is_empty() => Some(Capability::EnhancedRouteRefresh),
        code::EXTENDED_NEXT_HOP => exactly(value, extended_next_hop).ok(),
        code::ROLE => exactly(value, role).ok(),
        code::GRACEFUL_RESTART => exactly(value, graceful_restart).ok(),
        code::ADD_PATH => exactly(value, add_path).ok(),
        code::LONG_LIVED_GRACEFUL_RESTART => exactly(value, long_lived).ok(),
        code::FQDN => exactly(value, fqdn).ok(),
        code::SOFTWARE_VERSION => exactly(value, software_version).ok(),
        _ => None,
    };
    Ok(parsed.unwrap_or_else(|| Capability::Unknown {
        code,
        value: value.to_vec(),
    }))
}

/// The result of a parser that must use the whole value.
fn exactly<'a, T>(value: &'a [u8], parser: fn(&'a [u8]) -> Parsed<'a, T>) -> Result<T, Reason> {
    match parser(value) {
        Ok(([], parsed)) => Ok(parsed),
        _ => Err(Reason::CapabilityLength),
    }
}

/// As many elements as the value holds; a value is at most 255 octets long.
fn all<'a, T>(mut input: &'a [u8], one: fn(&'a [u8]) -> Parsed<'a, T>) -> Parsed<'a, Vec<T>> {
    let mut elements = Vec::new();
    while !input.is_empty() {
        let (rest, element) = one(input)?;
        elements.push(element);
        input = rest;
    }
    Ok((input, elements))
}

fn afi_safi(input: &[u8]) -> Parsed<'_, AfiSafi> {
    let (input, afi) = be_u16(input)?;
    let (input, safi) = be_u8(input)?;
    Ok((input, AfiSafi { afi, safi }))
}

/// AFI, a reserved octet, SAFI (RFC 4760 section 8).
fn multiprotocol(input: &[u8]) -> Parsed<'_, Capability> {
    let (input, afi) = be_u16(input)?;
    let (input, _) = be_u8(input)?;
    let (input, safi) = be_u8(input)?;
    Ok((input, Capability::Multiprotocol(AfiSafi { afi, safi })))
}

fn four_octet_as(input: &[u8]) -> Parsed<'_, Capability> {
    let (input, asn) = be_u32(input)?;
    Ok((input, Capability::FourOctetAs(Asn(asn))))
}

/// AFI, a two-octet SAFI, AFI of the next hop (RFC 8950 section 4).
fn extended_next_hop(input: &[u8]) -> Parsed<'_, Capability> {
    let element = |input| {
        let (input, afi) = be_u16(input)?;
        let (rest, safi) = be_u16(input)?;
        let Ok(safi) = u8::try_from(safi) else {
            return stop(input, Reason::CapabilityLength);
        };
        let (rest, next_hop) = be_u16(rest)?;
        Ok((rest, (AfiSafi { afi, safi }, next_hop)))
    };
    let (input, pairs) = all(input, element)?;
    Ok((input, Capability::ExtendedNextHop(pairs)))
}

fn role(input: &[u8]) -> Parsed<'_, Capability> {
    let (rest, code) = be_u8(input)?;
    match Role::from_code(code) {
        Some(role) => Ok((rest, Capability::Role(role))),
        None => stop(input, Reason::CapabilityLength),
    }
}

/// Flags and a 12-bit time, then families (RFC 4724 section 3).
fn graceful_restart(input: &[u8]) -> Parsed<'_, Capability> {
    let (input, head) = be_u16(input)?;
    let family = |input| {
        let (input, family) = afi_safi(input)?;
        let (input, flags) = be_u8(input)?;
        Ok((input, (family, flags & 0x80 != 0)))
    };
    let (input, families) = all(input, family)?;
    let restart = GracefulRestart {
        restarting: head & 0x8000 != 0,
        notification: head & 0x4000 != 0,
        time: head & 0x0fff,
        families,
    };
    Ok((input, Capability::GracefulRestart(restart)))
}

/// Families with a direction; an unknown direction spoils the capability (RFC 7911 section 4).
fn add_path(input: &[u8]) -> Parsed<'_, Capability> {
    let element = |input| {
        let (input, family) = afi_safi(input)?;
        let (rest, mode) = be_u8(input)?;
        let mode = match mode {
            1 => AddPathMode::Receive,
            2 => AddPathMode::Send,
            3 => AddPathMode::Both,
            _ => return stop(input, Reason::CapabilityLength),
        };
        Ok((rest, (family, mode)))
    };
    let (input, families) = all(input, element)?;
    Ok((input, Capability::AddPath(families)))
}

/// Families with flags and a 24-bit time (RFC 9494 section 4.1).
fn long_lived(input: &[u8]) -> Parsed<'_, Capability> {
    let element = |input| {
        let (input, family) = afi_safi(input)?;
        let (input, flags) = be_u8(input)?;
        let (input, stale_time) = be_u24(input)?;
        let element = LongLivedFamily {
            family,
            forwarding: flags & 0x80 != 0,
            stale_time,
        };
        Ok((input, element))
    };
    let (input, families) = all(input, element)?;
    Ok((input, Capability::LongLivedGracefulRestart(families)))
}

/// Text with an octet of length before it.
fn text(input: &[u8]) -> Parsed<'_, String> {
    let (input, length) = be_u8(input)?;
    let (input, text) = take(length)(input)?;
    match core::str::from_utf8(text) {
        Ok(text) => Ok((input, text.to_string())),
        Err(_) => stop(text, Reason::CapabilityLength),
    }
}

fn fqdn(input: &[u8]) -> Parsed<'_, Capability> {
    let (input, host) = text(input)?;
    let (input, domain) = text(input)?;
    Ok((input, Capability::Fqdn { host, domain }))
}

/// Text with an octet of length; an empty one says nothing.
fn software_version(input: &[u8]) -> Parsed<'_, Capability> {
    let (input, version) = text(input)?;
    if version.is_empty() {
        return stop(input, Reason::CapabilityLength);
    }
    Ok((input, Capability::SoftwareVersion(version)))
}

//! Writing capabilities.

use alloc::vec::Vec;

use crate::{AddPathMode, AfiSafi, Capability, EncodeError};

/// Appends code, length and value of a capability.
pub(super) fn encode(capability: &Capability, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    out.push(capability.code());
    let at = out.len();
    out.push(0);
    value(capability, out)?;
    let length = out.len() - at - 1;
    let octet = u8::try_from(length).map_err(|_| too_long(length))?;
    if let Some(field) = out.get_mut(at) {
        *field = octet;
    }
    Ok(())
}

fn too_long(length: usize) -> EncodeError {
    EncodeError::TooLong {
        length,
        max: usize::from(u8::MAX),
    }
}

fn value(capability: &Capability, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match capability {
        Capability::Multiprotocol(AfiSafi { afi, safi }) => {
            out.extend_from_slice(&afi.to_be_bytes());
            out.extend_from_slice(&[0, *safi]);
        }
        Capability::RouteRefresh
        | Capability::ExtendedMessage
        | Capability::EnhancedRouteRefresh => {}
        Capability::ExtendedNextHop(pairs) => {
            for (AfiSafi { afi, safi }, next_hop) in pairs {
                out.extend_from_slice(&afi.to_be_bytes());
                out.extend_from_slice(&[0, *safi]);
                out.extend_from_slice(&next_hop.to_be_bytes());
            }
        }
        Capability::Role(role) => out.push(role.code()),
        Capability::GracefulRestart(restart) => {
            let flags = u16::from(restart.restarting) << 15 | u16::from(restart.notification) << 14;
            out.extend_from_slice(&(flags | restart.time.min(0x0fff)).to_be_bytes());
            for (family, forwarding) in &restart.families {
                afi_safi(*family, out);
                out.push(u8::from(*forwarding) << 7);
            }
        }
        Capability::FourOctetAs(asn) => out.extend_from_slice(&asn.0.to_be_bytes()),
        Capability::AddPath(families) => {
            for (family, mode) in families {
                afi_safi(*family, out);
                out.push(match mode {
                    AddPathMode::Receive => 1,
                    AddPathMode::Send => 2,
                    AddPathMode::Both => 3,
                });
            }
        }
        Capability::LongLivedGracefulRestart(families) => {
            for one in families {
                afi_safi(one.family, out);
                let flags = u32::from(one.forwarding) << 31;
                let fields = flags | one.stale_time.min(0x00ff_ffff);
                out.extend_from_slice(&fields.to_be_bytes());
            }
        }
        Capability::Fqdn { host, domain } => {
            text(host, out)?;
            text(domain, out)?;
        }
        Capability::SoftwareVersion(version) => text(version, out)?,
        Capability::Unknown { value, .. } => out.extend_from_slice(value),
    }
    Ok(())
}

fn afi_safi(family: AfiSafi, out: &mut Vec<u8>) {
    out.extend_from_slice(&family.afi.to_be_bytes());
    out.push(family.safi);
}

/// Appends text with an octet of length before it.
fn text(text: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let length = u8::try_from(text.len()).map_err(|_| too_long(text.len()))?;
    out.push(length);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

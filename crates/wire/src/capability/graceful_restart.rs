//! Graceful restart, and long-lived graceful restart (RFC 4724, RFC 8538, RFC 9494).

use alloc::vec::Vec;

use crate::AfiSafi;
use crate::parse::{Parsed, all, be_u8, be_u16, be_u24};

/// The graceful restart capability (RFC 4724 section 3, RFC 8538 section 2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GracefulRestart {
    /// The R bit: the speaker has restarted and wants the peer not to wait for its End-of-RIB.
    pub restarting: bool,
    /// The N bit: graceful restart also after a NOTIFICATION and an expired hold timer.
    pub notification: bool,
    /// Seconds, at most 4,095, within which the speaker expects to be back after a restart.
    pub time: u16,
    /// The families covered, and whether forwarding was preserved through the restart.
    pub families: Vec<(AfiSafi, bool)>,
}

/// A family of the long-lived graceful restart capability (RFC 9494 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LongLivedFamily {
    /// The family covered.
    pub family: AfiSafi,
    /// The F bit: forwarding was preserved through the restart.
    pub forwarding: bool,
    /// Seconds, at most 16,777,215, for which stale routes may be kept.
    pub stale_time: u32,
}

impl GracefulRestart {
    /// Flags and a 12-bit time, then families (RFC 4724 section 3).
    pub(super) fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (input, head) = be_u16(input)?;
        let (input, families) = all(input, |input| {
            let (input, family) = AfiSafi::read(input)?;
            let (input, flags) = be_u8(input)?;
            Ok((input, (family, flags & 0x80 != 0)))
        })?;
        let restart = Self {
            restarting: head & 0x8000 != 0,
            notification: head & 0x4000 != 0,
            time: head & 0x0fff,
            families,
        };
        Ok((input, restart))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let flags = u16::from(self.restarting) << 15 | u16::from(self.notification) << 14;
        out.extend_from_slice(&(flags | self.time.min(0x0fff)).to_be_bytes());
        for (family, forwarding) in &self.families {
            family.write(out);
            out.push(u8::from(*forwarding) << 7);
        }
    }
}

impl LongLivedFamily {
    /// A family with flags and a 24-bit time (RFC 9494 section 4.1).
    pub(super) fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (input, family) = AfiSafi::read(input)?;
        let (input, flags) = be_u8(input)?;
        let (input, stale_time) = be_u24(input)?;
        let element = Self {
            family,
            forwarding: flags & 0x80 != 0,
            stale_time,
        };
        Ok((input, element))
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        self.family.write(out);
        let flags = u32::from(self.forwarding) << 31;
        let fields = flags | self.stale_time.min(0x00ff_ffff);
        out.extend_from_slice(&fields.to_be_bytes());
    }
}

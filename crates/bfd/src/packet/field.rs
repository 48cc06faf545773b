//! Fields of a control packet that have names.

use core::fmt;
use core::num::NonZeroU32;

/// The state of a session (RFC 5880 section 4.1, field Sta).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Held down by an operator; says nothing of the path (RFC 5880 section 6.2).
    AdminDown = 0,
    /// Down, or new.
    Down = 1,
    /// The remote system is heard, and does not know yet that it is.
    Init = 2,
    /// Packets pass both ways.
    Up = 3,
}

impl State {
    /// The state with this code: the lower two bits count.
    pub const fn from_code(code: u8) -> Self {
        match code & 3 {
            0 => Self::AdminDown,
            1 => Self::Down,
            2 => Self::Init,
            _ => Self::Up,
        }
    }

    /// Its code.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AdminDown => "AdminDown",
            Self::Down => "Down",
            Self::Init => "Init",
            Self::Up => "Up",
        })
    }
}

/// Why a system last changed the state of its session (RFC 5880 section 4.1, field Diag).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Diagnostic {
    /// There is nothing to say.
    #[default]
    None,
    /// Nothing was received for the detection time.
    ControlDetectionTimeExpired,
    /// Echo packets did not come back.
    EchoFunctionFailed,
    /// The remote system said that the session is down.
    NeighborSignaledSessionDown,
    /// The forwarding plane was reset.
    ForwardingPlaneReset,
    /// The path failed, by what another part of the system says.
    PathDown,
    /// A path behind this one failed.
    ConcatenatedPathDown,
    /// An operator holds the session down.
    AdministrativelyDown,
    /// A path behind this one failed, in the other direction.
    ReverseConcatenatedPathDown,
    /// A code, of 9 to 31, that RFC 5880 does not assign.
    Unassigned(u8),
}

impl Diagnostic {
    /// The diagnostic with this code: the lower five bits count.
    pub const fn from_code(code: u8) -> Self {
        match code & 31 {
            0 => Self::None,
            1 => Self::ControlDetectionTimeExpired,
            2 => Self::EchoFunctionFailed,
            3 => Self::NeighborSignaledSessionDown,
            4 => Self::ForwardingPlaneReset,
            5 => Self::PathDown,
            6 => Self::ConcatenatedPathDown,
            7 => Self::AdministrativelyDown,
            8 => Self::ReverseConcatenatedPathDown,
            code => Self::Unassigned(code),
        }
    }

    /// Its code; of one that is not assigned the lower five bits.
    pub const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::ControlDetectionTimeExpired => 1,
            Self::EchoFunctionFailed => 2,
            Self::NeighborSignaledSessionDown => 3,
            Self::ForwardingPlaneReset => 4,
            Self::PathDown => 5,
            Self::ConcatenatedPathDown => 6,
            Self::AdministrativelyDown => 7,
            Self::ReverseConcatenatedPathDown => 8,
            Self::Unassigned(code) => code & 31,
        }
    }
}

impl fmt::Display for Diagnostic {
    /// In the words of RFC 5880.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "No Diagnostic",
            Self::ControlDetectionTimeExpired => "Control Detection Time Expired",
            Self::EchoFunctionFailed => "Echo Function Failed",
            Self::NeighborSignaledSessionDown => "Neighbor Signaled Session Down",
            Self::ForwardingPlaneReset => "Forwarding Plane Reset",
            Self::PathDown => "Path Down",
            Self::ConcatenatedPathDown => "Concatenated Path Down",
            Self::AdministrativelyDown => "Administratively Down",
            Self::ReverseConcatenatedPathDown => "Reverse Concatenated Path Down",
            Self::Unassigned(code) => return write!(f, "Unassigned Diagnostic {code}"),
        })
    }
}

/// The number by which a system tells its sessions apart; never zero (RFC 5880 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Discriminator(NonZeroU32);

impl Discriminator {
    /// This number, unless it is zero.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn value(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Discriminator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

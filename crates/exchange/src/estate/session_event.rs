//! What an operator may do to sessions: begin them anew, ask and tell all again, stop them and have
//! them go on.

use super::CircuitLink;

#[cfg(feature = "file")]
use super::forms;

/// Sessions with an NVA, a site or the customer of a circuit: all, or those with one of our
/// speakers, with one instance of it, or over one link of the circuit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "sessions with a peer"),
    schemars(rename = "PeerSessions")
)]
pub struct PeerSessions {
    /// The NVA, site or circuit at the other end.
    pub peer: String,
    /// Only those with this Route Server or gateway.
    #[cfg_attr(feature = "file", serde(default))]
    pub to: Option<String>,
    /// Only those with this instance of it.
    #[cfg_attr(
        feature = "file",
        serde(default, deserialize_with = "forms::instance"),
        schemars(with = "Option<forms::InstanceNumber>")
    )]
    pub instance: Option<u8>,
    /// Only that over this link of the circuit.
    #[cfg_attr(feature = "file", serde(default))]
    pub link: Option<CircuitLink>,
}

/// Sessions that end, and what their peers are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "end of sessions"),
    schemars(rename = "SessionEnd")
)]
pub struct SessionEnd {
    /// The NVA, site or circuit at the other end.
    pub peer: String,
    /// Only those with this Route Server or gateway.
    #[cfg_attr(feature = "file", serde(default))]
    pub to: Option<String>,
    /// Only those with this instance of it.
    #[cfg_attr(
        feature = "file",
        serde(default, deserialize_with = "forms::instance"),
        schemars(with = "Option<forms::InstanceNumber>")
    )]
    pub instance: Option<u8>,
    /// Only that over this link of the circuit.
    #[cfg_attr(feature = "file", serde(default))]
    pub link: Option<CircuitLink>,
    /// What a real router is told in its NOTIFICATION (RFC 9003).
    #[cfg_attr(feature = "file", serde(default))]
    pub text: Option<String>,
}

impl SessionEnd {
    /// The sessions that it means.
    pub fn sessions(&self) -> PeerSessions {
        PeerSessions {
            peer: self.peer.clone(),
            to: self.to.clone(),
            instance: self.instance,
            link: self.link,
        }
    }
}

/// Sessions whose routes are told again while they go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "soft clear"),
    schemars(rename = "SoftClear")
)]
pub struct SoftClear {
    /// The NVA, site or circuit at the other end.
    pub peer: String,
    /// Only those with this Route Server or gateway.
    #[cfg_attr(feature = "file", serde(default))]
    pub to: Option<String>,
    /// Only those with this instance of it.
    #[cfg_attr(
        feature = "file",
        serde(default, deserialize_with = "forms::instance"),
        schemars(with = "Option<forms::InstanceNumber>")
    )]
    pub instance: Option<u8>,
    /// Only that over this link of the circuit.
    #[cfg_attr(feature = "file", serde(default))]
    pub link: Option<CircuitLink>,
    /// Whose routes.
    #[cfg_attr(feature = "file", serde(default))]
    pub direction: ClearDirection,
}

impl SoftClear {
    /// The sessions that it means.
    pub fn sessions(&self) -> PeerSessions {
        PeerSessions {
            peer: self.peer.clone(),
            to: self.to.clone(),
            instance: self.instance,
            link: self.link,
        }
    }
}

/// Whose routes a soft clear is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum ClearDirection {
    /// The peer's: it is asked for them (RFC 2918), and import looks at those that are there again.
    In,
    /// Ours: all are sent again.
    Out,
    /// Both.
    #[default]
    Both,
}

impl ClearDirection {
    /// Whether the peer's routes are meant.
    pub const fn is_in(self) -> bool {
        matches!(self, Self::In | Self::Both)
    }

    /// Whether ours are meant.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Out | Self::Both)
    }
}

//! What the sessions of a real router are asked for beside BGP: the model only tells of it, unless
//! it says what becomes of routes.

use std::num::NonZeroU8;

/// How the network file says that a speaker's sessions are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    /// A real router plays the speaker: without one there is no session to protect or to watch.
    pub live: bool,
    /// What is asked for, in the order of the file format.
    pub asked: Vec<SessionOption>,
    /// How many routes a plain route server takes from it, and what happens beyond.
    pub maximum_prefix: Option<MaximumPrefix>,
    /// The part that a plain route server plays towards it (RFC 9234).
    pub role: Option<SessionRole>,
    /// How many paths of a prefix a plain route server sends to it, if it takes several.
    pub most_paths: NonZeroU8,
}

impl SessionOptions {
    /// Whether something is asked for.
    pub fn asks_for(&self, option: SessionOption) -> bool {
        self.asked.contains(&option)
    }

    /// How many paths of a prefix are sent where nothing is said.
    pub const MOST_PATHS: NonZeroU8 = match NonZeroU8::new(8) {
        Some(number) => number,
        None => NonZeroU8::MIN,
    };
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            live: false,
            asked: Vec::new(),
            maximum_prefix: None,
            role: None,
            most_paths: Self::MOST_PATHS,
        }
    }
}

/// Something that a live session may have and a Route Server of Azure has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionOption {
    /// A TCP-MD5 key (RFC 2385, R-036).
    Password,
    /// GTSM: only packets sent with TTL 255 are believed (RFC 5082, R-030).
    TtlSecurity,
    /// BFD beside the session (RFC 5880, R-037).
    Bfd,
    /// A route limit of its own.
    MaximumPrefix,
    /// Routes stay while the peer restarts (RFC 4724).
    GracefulRestart,
    /// And for long where it does not come back in time (RFC 9494).
    LongLivedGracefulRestart,
    /// Begin and end of a refresh are marked (RFC 7313).
    EnhancedRefresh,
    /// Messages of up to 65,535 octets (RFC 8654).
    ExtendedMessages,
    /// A role towards the peer (RFC 9234).
    Role,
    /// Several paths of a prefix (RFC 7911).
    AddPaths,
}

impl SessionOption {
    /// Its key in the network file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::TtlSecurity => "ttl_security",
            Self::Bfd => "bfd",
            Self::MaximumPrefix => "maximum_prefix",
            Self::GracefulRestart => "graceful_restart",
            Self::LongLivedGracefulRestart => "long_lived_graceful_restart",
            Self::EnhancedRefresh => "enhanced_refresh",
            Self::ExtendedMessages => "extended_messages",
            Self::Role => "role",
            Self::AddPaths => "add_paths",
        }
    }
}

/// How many routes of a peer are taken, and what happens beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "maximum prefix"),
    schemars(rename = "MaximumPrefix")
)]
pub struct MaximumPrefix {
    /// The most routes that it may have.
    pub limit: std::num::NonZeroU32,
    /// What happens beyond.
    #[cfg_attr(feature = "file", serde(default))]
    pub action: OverLimit,
    /// After how many seconds a session that ended begins anew, with the action `restart`.
    #[cfg_attr(feature = "file", serde(default = "restart_after"))]
    pub restart_after: u32,
}

impl MaximumPrefix {
    /// After how many seconds a session begins anew where nothing is said.
    pub const RESTART_AFTER: u32 = 60;

    /// Whether a session ends whose peer announces more.
    pub const fn ends_session(&self) -> bool {
        matches!(self.action, OverLimit::Restart | OverLimit::Shutdown)
    }
}

#[cfg(feature = "file")]
const fn restart_after() -> u32 {
    MaximumPrefix::RESTART_AFTER
}

/// What happens when a peer announces more routes than it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum OverLimit {
    /// It is told to the operator, and nothing else.
    Warn,
    /// Further prefixes are refused; the session goes on.
    Discard,
    /// The session ends with Cease, maximum number of prefixes reached, and begins anew after a
    /// while.
    #[default]
    Restart,
    /// It ends so, and is not held until it is enabled.
    Shutdown,
}

/// A part that a speaker plays towards its peer (RFC 9234 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum SessionRole {
    /// It sells transit to the peer.
    Provider,
    /// A route server, of which the peer is a client.
    Rs,
    /// A client of the peer, which is a route server.
    RsClient,
    /// It buys transit from the peer.
    Customer,
    /// Each passes only its own and its customers' routes to the other.
    Peer,
}

/// Whether several paths of a prefix are exchanged with a peer (RFC 7911).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum AddPaths {
    /// They are sent to it.
    Send,
    /// They are taken from it.
    Receive,
    /// Both.
    Both,
}

//! What the sessions of a real router are asked for beside BGP: the model only tells of it.

/// How the network file says that a speaker's sessions are run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionOptions {
    /// A real router plays the speaker: without one there is no session to protect or to watch.
    pub live: bool,
    /// What is asked for, in the order of the file format.
    pub asked: Vec<SessionOption>,
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
}

impl SessionOption {
    /// Its key in the network file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::TtlSecurity => "ttl_security",
            Self::Bfd => "bfd",
        }
    }
}

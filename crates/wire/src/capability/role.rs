//! The role of a speaker (RFC 9234).

/// The part that a speaker plays towards its peer (RFC 9234 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Role {
    /// Sells transit to the peer.
    Provider,
    /// A route server, of which the peer is a client.
    RouteServer,
    /// A client of the peer, which is a route server.
    RouteServerClient,
    /// Buys transit from the peer.
    Customer,
    /// Exchanges own and customer routes with the peer.
    Peer,
}

impl Role {
    /// The role of a number, if it is assigned.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Provider,
            1 => Self::RouteServer,
            2 => Self::RouteServerClient,
            3 => Self::Customer,
            4 => Self::Peer,
            _ => return None,
        })
    }

    /// The number of the role.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The role that the peer must have (RFC 9234 section 4.2).
    #[must_use]
    pub const fn counterpart(self) -> Self {
        match self {
            Self::Provider => Self::Customer,
            Self::RouteServer => Self::RouteServerClient,
            Self::RouteServerClient => Self::RouteServer,
            Self::Customer => Self::Provider,
            Self::Peer => Self::Peer,
        }
    }
}

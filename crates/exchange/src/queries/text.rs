//! Rows of tables, each as a line of text.

use std::fmt::{self, Display, Formatter};

use super::table_id::{RouteRow, SessionRow};
use crate::fabric::{EffectiveRow, NextHopType, RouteSource, RouteState};

/// Writes values between a text before and one between two of them; nothing if there are none.
fn listed<T: Display>(
    f: &mut Formatter<'_>,
    before: &str,
    values: impl IntoIterator<Item = T>,
    between: &str,
) -> fmt::Result {
    for (place, value) in values.into_iter().enumerate() {
        let before = if place == 0 { before } else { between };
        write!(f, "{before}{value}")?;
    }
    Ok(())
}

impl Display for EffectiveRow {
    /// Writes `10.250.0.0/16 by 10.1.2.4 VirtualNetworkGateway (VirtualNetworkGateway)`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        listed(f, "", &self.prefixes, " ")?;
        listed(f, " by ", &self.next_hops, ", ")?;
        write!(f, " {} ({})", self.next_hop_type, self.source)?;
        match self.state {
            RouteState::Invalid => write!(f, " {}", self.state),
            RouteState::Active => Ok(()),
        }
    }
}

impl Display for RouteRow {
    /// Writes `10.250.0.0/16 by 10.1.2.4, AS path 65001, from 10.1.2.4`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.prefix)?;
        listed(f, " by ", self.next_hop, "")?;
        if !self.as_path.is_empty() {
            write!(f, ", AS path {}", self.as_path)?;
        }
        listed(f, ", communities ", &self.communities, " ")?;
        listed(f, ", from ", self.source_peer, "")?;
        if let Some(stale) = self.stale {
            write!(f, ", {stale}")?;
        }
        match self.refused {
            Some(rule) => write!(f, ", refused ({rule})"),
            None => Ok(()),
        }
    }
}

impl Display for SessionRow {
    /// Writes `instance 0 Established, 2 routes`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            instance,
            state,
            routes,
            ..
        } = self;
        write!(f, "instance {instance} {state:?}, {routes} routes")
    }
}

/// These print as Azure's tools write them.
macro_rules! as_named {
    ($($name:ty),+) => {$(
        impl Display for $name {
            /// In Azure's words.
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    )+};
}

as_named!(NextHopType, RouteSource, RouteState);

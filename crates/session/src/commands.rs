//! What the layers above tell an established session to send.

use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::{Family, FamilySet, Instant};
use routehub_wire::{HEADER_LEN, MessageType, Notification, RefreshKind, RouteRefresh};

use crate::{DownReason, Session};

/// The session is not established, so there is nobody to send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEstablished;

impl core::fmt::Display for NotEstablished {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the session is not established")
    }
}

impl core::error::Error for NotEstablished {}

/// What became of a request for the peer's routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshRequest {
    /// The peer was asked for its routes of these families.
    Sent(FamilySet),
    /// The peer cannot be asked: the session was reset, and the peer sends all its routes when it
    /// is established again.
    Reset,
}

impl Session {
    /// Sends UPDATEs that are encoded for [`Negotiated::send`](crate::Negotiated::send), one or more whole messages, packed
    /// once for all sessions that share its key.
    ///
    /// # Errors
    /// The session is not established.
    pub fn send_encoded(&mut self, now: Instant, messages: Bytes) -> Result<(), NotEstablished> {
        let peering = &mut self.peering;
        peering.advance(now);
        let slot = peering.established().ok_or(NotEstablished)?;
        let mut rest: &[u8] = &messages;
        while let Some([.., high, low, _]) = rest.first_chunk::<HEADER_LEN>() {
            let length = usize::from(u16::from_be_bytes([*high, *low])).max(HEADER_LEN);
            peering.counters.sent.count(MessageType::Update, length);
            rest = rest.get(length..).unwrap_or_default();
        }
        peering.give_out(slot, messages);
        peering.restart_keepalive(slot);
        Ok(())
    }

    /// Sends a ROUTE-REFRESH: a request for the peer's routes of a family (RFC 2918), or the begin
    /// or end of sending ours again (RFC 7313), which must not come before the End-of-RIB of a
    /// session with graceful restart. What the peer does not understand, or a family that is not
    /// in use, is not sent; whether it was is the answer.
    ///
    /// # Errors
    /// The session is not established.
    pub fn send_route_refresh(
        &mut self,
        now: Instant,
        family: Family,
        kind: RefreshKind,
    ) -> Result<bool, NotEstablished> {
        let peering = &mut self.peering;
        peering.advance(now);
        let slot = peering.established().ok_or(NotEstablished)?;
        let agreed = peering
            .connection(slot)
            .and_then(|connection| connection.negotiated.as_ref());
        let understood = agreed.is_some_and(|negotiated| {
            let kind_known = match kind {
                RefreshKind::Request => negotiated.route_refresh,
                RefreshKind::Begin | RefreshKind::End => negotiated.enhanced_refresh,
                RefreshKind::Other(_) => false,
            };
            kind_known && negotiated.families.contains(family)
        });
        if understood {
            let mut bytes = Vec::new();
            RouteRefresh::new(family, kind).encode(&mut bytes);
            peering.send(slot, MessageType::RouteRefresh, Bytes::from(bytes));
        }
        Ok(understood)
    }

    /// Asks for all routes of the peer again; a peer without the route refresh capability is reset
    ///
    ///
    /// # Errors
    /// The session is not established.
    pub fn request_refresh(&mut self, now: Instant) -> Result<RefreshRequest, NotEstablished> {
        self.peering.advance(now);
        let agreed = self.negotiated().ok_or(NotEstablished)?;
        if !agreed.route_refresh {
            let reason = Notification::ADMINISTRATIVE_RESET;
            self.end(now, &DownReason::NoRouteRefresh(reason));
            return Ok(RefreshRequest::Reset);
        }
        let families = agreed.families;
        for family in families.iter() {
            self.send_route_refresh(now, family, RefreshKind::Request)?;
        }
        Ok(RefreshRequest::Sent(families))
    }
}

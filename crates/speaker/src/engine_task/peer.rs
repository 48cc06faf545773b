//! The engine task's side of one session.

use bytes::Bytes;
use routehub::types::{Family, FamilySet};
use routehub_wire::Notification;

use super::outbound::{Capacity, OutboundSender};

/// Octets after which a chunk is full.
const CHUNK: usize = 1 << 16;

/// A session as the engine task sees it: by default not established.
#[derive(Debug, Default)]
pub(super) struct Peer {
    outbound: Option<OutboundSender>,
    /// Whether the engine has messages for it.
    pending: bool,
    /// Whether it has no capacity until it reports so.
    full: bool,
    /// Families whose End-of-RIB has not come.
    eor_pending: FamilySet,
}

impl Peer {
    pub(super) fn new(outbound: OutboundSender, families: FamilySet) -> Self {
        Self {
            outbound: Some(outbound),
            eor_pending: families,
            ..Self::default()
        }
    }

    /// The same session under another engine, which reports anew what it has for it.
    pub(super) fn reset_pending(&mut self) {
        (self.pending, self.full) = (false, false);
    }

    /// Whether messages can be sent to it.
    pub(super) const fn is_established(&self) -> bool {
        self.outbound.is_some()
    }

    /// Whether it has no capacity until it reports so.
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    /// Whether the engine has messages for it.
    pub(super) const fn is_pending(&self) -> bool {
        self.pending
    }

    /// The engine has messages for it; whether that is new.
    pub(super) fn mark_pending(&mut self) -> bool {
        self.is_established() && !std::mem::replace(&mut self.pending, true)
    }

    /// The End-of-RIB of a family has come; whether it was the last one.
    pub(super) fn eor_received(&mut self, family: Family) -> bool {
        self.eor_pending = self.eor_pending.without(family);
        self.eor_pending.is_empty()
    }

    /// Has the session send a ROUTE-REFRESH request.
    pub(super) fn request_refresh(&self) {
        if let Some(outbound) = &self.outbound {
            outbound.request_refresh();
        }
    }

    /// Has the session end with this NOTIFICATION.
    pub(super) fn tear_down(&mut self, why: Notification) {
        if let Some(outbound) = &mut self.outbound {
            outbound.tear_down(why);
        }
    }

    /// Sends what `pull` gives as far as the session has capacity; whether it took anything.
    pub(super) fn send(&mut self, mut pull: impl FnMut() -> Option<Bytes>) -> bool {
        self.full = false;
        let mut sent = false;
        while self.pending {
            let capacity = self.outbound.as_ref().map(OutboundSender::capacity);
            let permit = match capacity {
                Some(Capacity::Available(permit)) => permit,
                Some(Capacity::Full) => {
                    self.full = true;
                    break;
                }
                Some(Capacity::Closed) | None => {
                    self.pending = false;
                    break;
                }
            };
            let mut chunk = Vec::new();
            let mut octets = 0;
            while octets < CHUNK {
                let Some(bytes) = pull() else {
                    self.pending = false;
                    break;
                };
                octets += bytes.len();
                chunk.push(bytes);
            }
            if !chunk.is_empty() {
                sent = true;
                permit.send(chunk);
            }
        }
        sent
    }
}

//! Messages that leave.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use routehub_wire::{KEEPALIVE, MessageType, Notification, Open};

use crate::negotiation::offered_hold_time;
use crate::peering::Peering;
use crate::slots::Slot;
use crate::{DownReason, LastError, Output, State};

impl Peering {
    pub(crate) fn send_open(&mut self, slot: Slot) {
        let open = Open {
            asn: self.config.local_asn,
            hold_time: offered_hold_time(&self.config),
            router_id: self.config.local_router_id,
            capabilities: self.config.capabilities.clone(),
        };
        let mut bytes = Vec::new();
        // It fits: the configuration was tried when the session was made.
        if open.encode(&mut bytes).is_ok() {
            self.send(slot, MessageType::Open, Bytes::from(bytes));
        }
    }

    pub(crate) fn send_keepalive(&mut self, slot: Slot) {
        self.send(slot, MessageType::Keepalive, Bytes::from_static(&KEEPALIVE));
        self.restart_keepalive(slot);
    }

    pub(crate) fn restart_keepalive(&mut self, slot: Slot) {
        let agreed = self
            .connection(slot)
            .and_then(|connection| connection.negotiated.as_ref());
        let time = agreed.map_or(Duration::ZERO, |n| n.keepalive);
        // Never more than one a second (RFC 4271 section 4.4).
        let interval = self.random.jittered(time).max(Duration::from_secs(1));
        let due = (!time.is_zero()).then(|| self.now + interval);
        if let Some(connection) = self.connection_mut(slot) {
            connection.keepalive = due;
        }
    }

    pub(crate) fn send_notification(&mut self, slot: Slot, reason: Option<&DownReason>) {
        let error = reason.and_then(DownReason::notification);
        let error = error.unwrap_or(Notification::FSM_ERROR);
        let Some(connection) = self.connection_mut(slot) else {
            return;
        };
        let agreed = connection.negotiated.as_ref();
        let graceful = agreed
            .and_then(|n| n.graceful_restart)
            .is_some_and(|restart| restart.notification);
        // What is meant to last ends graceful restart too (RFC 8538 section 5.1).
        let lasting = error.code == Notification::HARD_RESET.code && matches!(error.subcode, 1..=3);
        let error = if graceful && lasting {
            error.into_hard_reset()
        } else {
            error
        };
        let mut bytes = Vec::new();
        error.encode(&mut bytes);
        connection.notified = Some(error.clone());
        self.send(slot, MessageType::Notification, Bytes::from(bytes));
        self.last_sent = Some(LastError {
            at: self.now,
            notification: error,
        });
    }

    /// Gives out bytes that are one message of this type.
    pub(crate) fn send(&mut self, slot: Slot, kind: MessageType, bytes: Bytes) {
        self.counters.sent.count(kind, bytes.len());
        self.give_out(slot, bytes);
    }

    /// Gives out bytes that are counted already.
    pub(crate) fn give_out(&mut self, slot: Slot, bytes: Bytes) {
        let send_hold = self.send_hold_time(slot).map(|time| self.now + time);
        if let Some(connection) = self.connections.at_mut(slot) {
            connection.unwritten += bytes.len() as u64;
            if connection.send_hold.is_none() && connection.state == State::Established {
                connection.send_hold = send_hold;
            }
            self.queue.push_back(Output::Send(connection.id, bytes));
        }
    }
}

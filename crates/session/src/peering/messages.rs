//! Messages: what those that are received mean in the state of their connection, and those that
//! leave.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use routehub_types::FamilySet;
use routehub_wire::{
    Action as WireAction, Capability, Context, DecodeError, KEEPALIVE, Message, MessageType,
    Notification, Open, Outcome, RefreshKind, RouteRefresh, UpdateView, decode,
};

use crate::connection::{Connection, Slot};
use crate::negotiation::{negotiate, our_open};
use crate::peering::{Machine, Peering};
use crate::{
    Direction, DownReason, Event, FsmEvent, LastError, Output, RunEnd, SessionConfig, State,
    SweepReason,
};

impl Peering {
    /// How messages of a connection are read.
    pub(crate) fn receive_context(&self, slot: Slot) -> Context {
        self.connections.agreed(slot).map_or_else(
            || Context {
                families: FamilySet::EMPTY,
                peer: self.config.peer,
                ..Context::default()
            },
            |negotiated| negotiated.receive,
        )
    }

    /// A message is wrong.
    pub(crate) fn message_error(&mut self, slot: Slot, event: FsmEvent, error: DecodeError) {
        let reason = DownReason::MessageError(error);
        self.fire(Machine::At(slot), event, Some(&reason));
    }

    /// A whole message other than an UPDATE of an established session came.
    pub(crate) fn message(&mut self, slot: Slot, kind: MessageType, bytes: &[u8]) {
        let Some(state) = self.connections.at(slot).map(|connection| connection.state) else {
            return;
        };
        let unexpected = DownReason::UnexpectedMessage {
            state,
            message: kind,
        };
        let event = match (kind, state) {
            (MessageType::Open, State::Established) => FsmEvent::BgpOpen,
            (MessageType::Keepalive, _) => FsmEvent::KeepAliveMsg,
            (MessageType::Update, _) => FsmEvent::UpdateMsg,
            (MessageType::RouteRefresh, state) if state != State::Established => {
                FsmEvent::RouteRefreshMsg
            }
            (MessageType::Open | MessageType::Notification | MessageType::RouteRefresh, _) => {
                return match decode(bytes, &self.receive_context(slot)) {
                    Ok(Message::Open(open)) => self.open(slot, state, &open, &unexpected),
                    Ok(Message::Notification(received)) => self.notification(slot, received),
                    Ok(Message::RouteRefresh(refresh)) => self.route_refresh(slot, refresh),
                    Ok(_) => {}
                    Err(error) if kind == MessageType::Open => {
                        self.message_error(slot, FsmEvent::BgpOpenMsgErr, error);
                    }
                    Err(error) => self.message_error(slot, FsmEvent::BgpHeaderErr, error),
                };
            }
        };
        self.fire(Machine::At(slot), event, Some(&unexpected));
    }

    /// An UPDATE of the established session came; whether it is to be passed on.
    pub(crate) fn update(&mut self, slot: Slot, view: &UpdateView<'_>) -> bool {
        match view.action() {
            WireAction::Reset => {
                self.update_error(slot, view);
                return false;
            }
            WireAction::TreatAsWithdraw => self.counters.treated_as_withdraw += 1,
            WireAction::AttributeDiscard => self.counters.attribute_discards += 1,
            WireAction::Accept | WireAction::AfiSafiDisable => {}
        }
        self.fire(Machine::At(slot), FsmEvent::UpdateMsg, None);
        let Some(family) = view.end_of_rib() else {
            let gap = self.config.timers.run_gap;
            self.run.go_on(gap.map(|gap| self.received_at + gap));
            return true;
        };
        if view.context().families.contains(family) {
            self.counters.end_of_rib += 1;
            // A refreshing peer may mark an end between the routes that it sends again.
            let first = self.stale.complete(family);
            self.emit(Event::EndOfRib(family));
            if self.stale.retained().contains(family) {
                self.sweep_retained(FamilySet::EMPTY.with(family), SweepReason::EndOfRib);
            }
            if first || self.config.timers.run_gap.is_none() {
                self.end_run(RunEnd::EndOfRib);
            }
        } else {
            self.counters.ignored.end_of_rib_family += 1;
        }
        false
    }

    #[cold]
    fn update_error(&mut self, slot: Slot, view: &UpdateView<'_>) {
        let notification = match view.outcome() {
            Outcome::Reset(notification) => notification,
            _ => Notification::MALFORMED_ATTRIBUTE_LIST,
        };
        let reason = DownReason::UpdateError {
            notification,
            faults: view.faults(),
        };
        self.fire(Machine::At(slot), FsmEvent::UpdateMsgErr, Some(&reason));
    }

    fn open(&mut self, slot: Slot, state: State, open: &Open, unexpected: &DownReason) {
        let event = match state {
            State::OpenSent => FsmEvent::BgpOpen,
            State::Connect | State::Active => FsmEvent::BgpOpenWithDelayOpenTimerRunning,
            _ => {
                self.fire(Machine::At(slot), FsmEvent::BgpOpen, Some(unexpected));
                return;
            }
        };
        let negotiated = match negotiate(&self.config, open) {
            Ok(negotiated) => negotiated,
            Err(rejection) => {
                let reason = DownReason::OpenRejected(rejection);
                self.fire(Machine::At(slot), FsmEvent::BgpOpenMsgErr, Some(&reason));
                return;
            }
        };
        if !self.survives_collision(slot, open) {
            return;
        }
        if let Some(connection) = self.connections.at_mut(slot) {
            connection.negotiated = Some(negotiated);
        }
        self.fire(Machine::At(slot), event, None);
    }

    fn notification(&mut self, slot: Slot, received: Notification) {
        let version = Notification::UNSUPPORTED_VERSION;
        let event = if (received.code, received.subcode) == (version.code, version.subcode) {
            FsmEvent::NotifMsgVerErr
        } else {
            FsmEvent::NotifMsg
        };
        self.last_received = Some(LastError {
            at: self.now,
            notification: received.clone(),
        });
        let reason = DownReason::NotificationReceived(received);
        self.fire(Machine::At(slot), event, Some(&reason));
    }

    /// RFC 2918 section 4, RFC 7313 section 4.
    fn route_refresh(&mut self, slot: Slot, refresh: RouteRefresh) {
        self.fire(Machine::At(slot), FsmEvent::RouteRefreshMsg, None);
        let context = self.receive_context(slot);
        let offered = &self.config.capabilities;
        let ignored = &mut self.counters.ignored;
        if !offered.contains(&Capability::RouteRefresh) {
            ignored.refresh_not_offered += 1;
            return;
        }
        let in_use = refresh.family.family();
        let Some(family) = in_use.filter(|family| context.families.contains(*family)) else {
            ignored.refresh_family += 1;
            return;
        };
        match refresh.kind {
            RefreshKind::Request => self.emit(Event::RefreshRequested(family)),
            RefreshKind::Begin if context.enhanced_refresh => {
                let agreed = self.connections.agreed(slot);
                let restarts = agreed.is_some_and(|agreed| agreed.graceful_restart.is_some());
                if restarts && !self.stale.is_complete(family) {
                    ignored.refresh_begin_before_end_of_rib += 1;
                    return;
                }
                let until = self.now + self.config.timers.stale;
                self.stale.refresh_begins(family, until);
                self.emit(Event::MarkStale(family));
            }
            RefreshKind::End if context.enhanced_refresh => {
                if self.stale.refresh_ends(family) {
                    self.emit(Event::SweepStale(family, SweepReason::EndOfRefresh));
                } else {
                    ignored.refresh_end_without_begin += 1;
                }
            }
            RefreshKind::Begin | RefreshKind::End | RefreshKind::Other(_) => {
                ignored.refresh_subtype += 1;
            }
        }
    }
    /// Settles a collision when a good OPEN came on a connection; whether that connection stays.
    fn survives_collision(&mut self, slot: Slot, open: &Open) -> bool {
        let other = slot.other();
        let (Some(new), Some(old)) = (self.connections.at(slot), self.connections.at(other)) else {
            return true;
        };
        let loser = match newer_survives(&self.config, new, old, open) {
            None => return true,
            Some(true) => other,
            Some(false) => slot,
        };
        let reason = DownReason::Collision;
        self.fire(
            Machine::At(loser),
            FsmEvent::OpenCollisionDump,
            Some(&reason),
        );
        loser != slot
    }

    pub(super) fn send_open(&mut self, slot: Slot) {
        let mut bytes = Vec::new();
        // It fits: the configuration was tried when the session was made.
        if our_open(&self.config).encode(&mut bytes).is_ok() {
            self.send(slot, MessageType::Open, Bytes::from(bytes));
        }
    }

    pub(super) fn send_keepalive(&mut self, slot: Slot) {
        self.send(slot, MessageType::Keepalive, Bytes::from_static(&KEEPALIVE));
        self.restart_keepalive(slot);
    }

    pub(crate) fn restart_keepalive(&mut self, slot: Slot) {
        let agreed = self.connections.agreed(slot);
        let time = agreed.map_or(Duration::ZERO, |n| n.keepalive);
        // Never more than one a second (RFC 4271 section 4.4).
        let interval = self.random.jittered(time).max(Duration::from_secs(1));
        let due = (!time.is_zero()).then(|| self.now + interval);
        if let Some(connection) = self.connections.at_mut(slot) {
            connection.set_keepalive(due);
        }
    }

    pub(super) fn send_notification(&mut self, slot: Slot, reason: Option<&DownReason>) {
        let error = reason.and_then(DownReason::notification);
        let error = error.unwrap_or(Notification::FSM_ERROR);
        let Some(connection) = self.connections.at_mut(slot) else {
            return;
        };
        let error = connection.notify(error);
        let mut bytes = Vec::new();
        error.encode(&mut bytes);
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
        if let Some(connection) = self.connections.at_mut(slot) {
            connection.sent(bytes.len(), self.now, self.config.timers.send_hold);
            self.queue.push_back(Output::Send(connection.id, bytes));
        }
    }
}

/// Whether the connection on which an OPEN came survives the other one (RFC 4271 section 6.8);
/// none: both do, for now.
fn newer_survives(
    config: &SessionConfig,
    new: &Connection,
    old: &Connection,
    open: &Open,
) -> Option<bool> {
    let decided_by_id = match old.state {
        State::OpenConfirm => true,
        State::Established => config.collision_detect_established,
        // Its peer is not known yet: it is looked at again when its OPEN comes.
        _ => return None,
    };
    // The connection that the speaker with the higher BGP identifier opened stays; with equal ones
    // that of the higher ASN (RFC 6286 section 2.3).
    let we_keep = (config.local_router_id, config.local_asn) > (open.router_id, open.asn);
    let is_ours = new.direction == Direction::Outgoing;
    // The peer opens a second one only after it has lost the first, and so do we.
    let replaces = new.direction == old.direction;
    Some(decided_by_id && (replaces || is_ours == we_keep))
}

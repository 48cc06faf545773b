//! What a message that was received means in the state of its connection.

use routehub_types::FamilySet;
use routehub_wire::{
    Action as WireAction, Capability, Context, DecodeError, Message, MessageType, Notification,
    Open, Outcome, RefreshKind, RouteRefresh, UpdateView, decode,
};

use crate::negotiation::negotiate;
use crate::peering::{Machine, Peering};
use crate::slots::Slot;
use crate::{DownReason, Event, FsmEvent, LastError, RunEnd, State};

impl Peering {
    /// How messages of a connection are read.
    pub(crate) fn receive_context(&self, slot: Slot) -> Context {
        let agreed = self
            .connection(slot)
            .and_then(|connection| connection.negotiated.as_ref());
        agreed.map_or_else(
            || Context {
                families: FamilySet::EMPTY,
                peer: self.config.peer,
                ..Context::default()
            },
            |negotiated| negotiated.receive,
        )
    }

    /// A message header is wrong.
    pub(crate) fn header_error(&mut self, slot: Slot, error: DecodeError) {
        let reason = DownReason::MessageError(error);
        self.fire(Machine::At(slot), FsmEvent::BgpHeaderErr, Some(&reason));
    }

    /// A whole message other than an UPDATE of an established session came.
    pub(crate) fn message(&mut self, slot: Slot, kind: MessageType, bytes: &[u8]) {
        let Some(state) = self.connection(slot).map(|connection| connection.state) else {
            return;
        };
        let unexpected = DownReason::UnexpectedMessage {
            state,
            message: kind,
        };
        match (kind, state) {
            (MessageType::Open, State::Established) => {
                self.fire(Machine::At(slot), FsmEvent::BgpOpen, Some(&unexpected));
            }
            (MessageType::Keepalive, _) => {
                self.fire(Machine::At(slot), FsmEvent::KeepAliveMsg, Some(&unexpected));
            }
            (MessageType::Update, _) => {
                self.fire(Machine::At(slot), FsmEvent::UpdateMsg, Some(&unexpected));
            }
            (MessageType::RouteRefresh, state) if state != State::Established => {
                self.fire(
                    Machine::At(slot),
                    FsmEvent::RouteRefreshMsg,
                    Some(&unexpected),
                );
            }
            (MessageType::Open | MessageType::Notification | MessageType::RouteRefresh, _) => {
                match decode(bytes, &self.receive_context(slot)) {
                    Ok(Message::Open(open)) => self.open(slot, state, &open, &unexpected),
                    Ok(Message::Notification(received)) => self.notification(slot, received),
                    Ok(Message::RouteRefresh(refresh)) => self.route_refresh(slot, refresh),
                    Ok(_) => {}
                    Err(error) => self.body_error(slot, kind, error),
                }
            }
        }
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
            self.continue_run();
            return true;
        };
        if view.context().families.contains(family) {
            self.counters.end_of_rib += 1;
            // A refreshing peer may mark an end between the routes that it sends again.
            let first = !self.stale.complete.contains(family);
            self.complete(family);
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

    /// The body of a message is wrong.
    pub(crate) fn body_error(&mut self, slot: Slot, kind: MessageType, error: DecodeError) {
        let event = match kind {
            MessageType::Open => FsmEvent::BgpOpenMsgErr,
            MessageType::Update => FsmEvent::UpdateMsgErr,
            _ => FsmEvent::BgpHeaderErr,
        };
        let reason = DownReason::MessageError(error);
        self.fire(Machine::At(slot), event, Some(&reason));
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
        if let Some(connection) = self.connection_mut(slot) {
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
            RefreshKind::Begin if context.enhanced_refresh => self.refresh_begins(slot, family),
            RefreshKind::End if context.enhanced_refresh => self.refresh_ends(family),
            RefreshKind::Begin | RefreshKind::End | RefreshKind::Other(_) => {
                ignored.refresh_subtype += 1;
            }
        }
    }
}

//! Reading the catalogue, and what the codec says to a case.

use routehub_types::{Asn, FamilySet};
use routehub_wire::{
    Context, Message, Notification, Outcome, PeerKind, RouteRefresh, UpdateView, decode, frame,
};
use serde_json::Value;

/// A case of the catalogue.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) message: Vec<u8>,
    pub(crate) context: Context,
    pub(crate) expected: Value,
}

/// What a codec does with a message, in the words of the catalogue.
#[derive(Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) action: String,
    pub(crate) notification: Option<Notification>,
}

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let text = include_str!("../data/cases.json");
    let cases: Vec<Value> = serde_json::from_str(text).expect("the catalogue is JSON");
    cases.iter().map(Case::read).collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

impl Case {
    fn read(case: &Value) -> Self {
        let session = &case["session"];
        let on = |name: &str| session[name].as_bool().expect("a boolean");
        let families = if on("ipv6_unicast") {
            FamilySet::ALL
        } else {
            FamilySet::IPV4
        };
        let add_path = if on("add_path") {
            FamilySet::IPV4
        } else {
            FamilySet::EMPTY
        };
        let external = session["peer_type"] == "ebgp";
        let peer_as = session["peer_as"].as_u64().expect("an ASN") as u32;
        let context = Context {
            four_octet_as: on("four_octet_as"),
            extended_message: on("extended_message"),
            enhanced_refresh: on("enhanced_route_refresh"),
            families,
            add_path_receive: add_path,
            add_path_send: add_path,
            peer: if external {
                PeerKind::External
            } else {
                PeerKind::Internal
            },
            first_as: external.then_some(Asn(peer_as)),
            ..Context::default()
        };
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        Self {
            id: text(&case["id"]),
            message: octets(&text(&case["message_hex"])),
            context,
            expected: case["expected"].clone(),
        }
    }

    /// What the codec does with the message.
    pub(crate) fn decide(&self) -> Decision {
        let length = match frame(&self.message, self.context.max_len()) {
            Ok(Some(length)) => length,
            Ok(None) => return Decision::action("incomplete"),
            Err(error) => return Decision::notification(error.notification),
        };
        match decode(&self.message[..length], &self.context) {
            Err(error) => Decision::notification(error.notification),
            Ok(Message::Update(update)) => Decision::of(update.outcome()),
            Ok(Message::RouteRefresh(refresh)) => self.refresh(&refresh),
            Ok(_) => Decision::action("accept"),
        }
    }

    fn refresh(&self, refresh: &RouteRefresh) -> Decision {
        Decision::action(match refresh.applies_to(&self.context) {
            Some(_) => "accept",
            None => "ignore_message",
        })
    }

    /// Whether this is the decision that the catalogue names first, also where the RFC leaves a
    /// choice; data only where the RFC fixes it.
    pub(crate) fn expects(&self, decision: &Decision) -> bool {
        matches(&self.expected, decision)
    }

    /// The routes that the message leaves, `+` announced with the path or `-` withdrawn.
    pub(crate) fn routes(&self) -> Vec<String> {
        match decode(&self.message, &self.context) {
            Ok(Message::Update(update)) => routes(&update),
            _ => Vec::new(),
        }
    }
}

/// The routes of an update, `+` announced with the path or `-` withdrawn.
fn routes(update: &UpdateView<'_>) -> Vec<String> {
    let mut routes = Vec::new();
    for one in update.to_updates() {
        routes.extend(one.withdrawn.iter().map(|nlri| format!("-{nlri}")));
        let path = &one.attrs.as_path;
        let announced = one.announced.iter();
        routes.extend(announced.map(|nlri| format!("+{nlri} path {path}")));
    }
    routes
}

/// Whether a decision is the one that an expectation describes.
fn matches(expected: &Value, decision: &Decision) -> bool {
    let action = match expected["action"].as_str() {
        // This speaker resets.
        Some("session_reset_or_afi_safi_disable") => "notification",
        Some(action) => action,
        None => return false,
    };
    let data = expected["data_hex"].as_str().filter(|hex| !hex.is_empty());
    action == decision.action
        && decision.notification.as_ref().is_none_or(|sent| {
            expected["code"] == sent.code
                && expected["subcode"] == sent.subcode
                && data.is_none_or(|hex| octets(hex) == sent.data)
        })
}

impl Decision {
    pub(crate) fn action(action: &str) -> Self {
        Self {
            action: action.to_owned(),
            notification: None,
        }
    }

    fn notification(notification: Notification) -> Self {
        Self {
            action: "notification".to_owned(),
            notification: Some(notification),
        }
    }

    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accept => Self::action("accept"),
            Outcome::AttributeDiscard => Self::action("attribute_discard"),
            Outcome::TreatAsWithdraw => Self::action("treat_as_withdraw"),
            Outcome::AfiSafiDisable(_) => Self::action("afi_safi_disable"),
            Outcome::Reset(notification) => Self::notification(notification),
        }
    }
}

//! What is said about a message.

mod body;
mod tree;

use routehub_wire::{
    Action, DecodeError, Fault, Message as Decoded, Notification, Outcome, UpdateView,
    attribute_code, decode, frame,
};
use serde::Serialize;
use serde_json::Value;

use super::examination::Treatment;
use super::input::Message;

/// What a correct speaker does with a message, and what is in it.
#[derive(Serialize)]
pub(crate) struct Report {
    #[serde(skip_serializing_if = "Value::is_null")]
    id: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    notification: Option<Sent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<Vec<Found>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<tree::Object>,
}

/// A NOTIFICATION to send.
#[derive(Serialize)]
struct Sent {
    code: u8,
    subcode: u8,
    data_hex: String,
    /// The codes in words.
    notification: String,
}

/// One thing that is wrong.
#[derive(Serialize)]
struct Found {
    /// The attribute type code.
    attribute: Option<u8>,
    /// The attribute type in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    /// Octets from the start of the message.
    offset: usize,
    reason: String,
    action: &'static str,
}

/// Octets as hexadecimal digits.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

impl From<Notification> for Sent {
    fn from(notification: Notification) -> Self {
        let bare = Notification::new(notification.code, notification.subcode);
        Self {
            code: notification.code,
            subcode: notification.subcode,
            data_hex: hex(&notification.data),
            notification: bare.to_string(),
        }
    }
}

impl From<&Fault> for Found {
    fn from(fault: &Fault) -> Self {
        Self {
            attribute: fault.attribute,
            name: fault.attribute.and_then(attribute_code::name),
            offset: fault.offset,
            reason: fault.reason.to_string(),
            action: word(fault.action),
        }
    }
}

/// An action in the words of the catalogue of odd messages.
const fn word(action: Action) -> &'static str {
    match action {
        Action::Accept => "accept",
        Action::AttributeDiscard => "attribute_discard",
        Action::TreatAsWithdraw => "treat_as_withdraw",
        Action::AfiSafiDisable => "afi_safi_disable",
        Action::Reset => "notification",
    }
}

/// What is said about a message.
pub(crate) fn report(input: &Message) -> Report {
    let mut report = Report {
        id: input.id.clone(),
        source: input.source.clone(),
        error: None,
        action: None,
        notification: None,
        faults: None,
        message: None,
    };
    let length = match frame(&input.bytes, input.context.max_len()) {
        Ok(Some(length)) => length,
        Ok(None) => {
            let octets = input.bytes.len();
            report.error = Some(format!("{octets} octets are not a whole message"));
            return report;
        }
        Err(error) => {
            report.refuse(error);
            report.examine(input);
            return report;
        }
    };
    let (message, rest) = input.bytes.split_at(length);
    if !rest.is_empty() {
        let octets = rest.len();
        report.error = Some(format!("{octets} octets behind the end of the message"));
    }
    match decode(message, &input.context) {
        Ok(decoded) => report.describe(&decoded, input),
        Err(error) => report.refuse(error),
    }
    report.examine(input);
    report
}

impl Report {
    /// A message that cannot be used.
    fn refuse(&mut self, error: DecodeError) {
        self.action = Some(word(Action::Reset));
        self.faults = Some(vec![Found {
            attribute: None,
            name: None,
            offset: error.offset,
            reason: error.reason.to_string(),
            action: word(Action::Reset),
        }]);
        self.notification = Some(Notification::from(error).into());
    }

    /// A message that can be read.
    fn describe(&mut self, decoded: &Decoded<'_>, input: &Message) {
        self.action = Some(word(Action::Accept));
        self.message = Some(body::describe(decoded));
        self.faults = Some(Vec::new());
        match decoded {
            Decoded::Update(update) => self.judge(update),
            Decoded::RouteRefresh(refresh) if refresh.applies_to(&input.context).is_none() => {
                self.action = Some("ignore_message");
            }
            _ => {}
        }
    }

    /// What a session in the state of the line does with the message: the last word.
    fn examine(&mut self, input: &Message) {
        let Some(examination) = &input.examination else {
            return;
        };
        let treatment = match examination.examine(&input.bytes) {
            Ok(treatment) => treatment,
            Err(error) => {
                self.error = Some(error.to_string());
                return;
            }
        };
        self.notification = None;
        self.action = Some(match treatment {
            Treatment::Accept => "accept",
            Treatment::AttributeDiscard => "attribute_discard",
            Treatment::TreatAsWithdraw => "treat_as_withdraw",
            Treatment::IgnoreRoute(_) => "ignore_route",
            Treatment::IgnoreMessage => "ignore_message",
            Treatment::Notification(sent) => {
                self.notification = Some(sent.into());
                "notification"
            }
            Treatment::Close => "close_without_notification",
        });
    }

    /// What follows from the faults of an UPDATE.
    fn judge(&mut self, update: &UpdateView<'_>) {
        self.action = Some(word(update.action()));
        self.faults = Some(update.faults().iter().map(Found::from).collect());
        if let Outcome::Reset(notification) = update.outcome() {
            self.notification = Some(notification.into());
        }
    }
}

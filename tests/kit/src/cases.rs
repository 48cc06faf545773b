//! The catalogue of malformed and odd messages, and what the RFCs say that a speaker does.

mod session;

use std::str::FromStr;

use routehub_wire::Notification;
use serde::{Deserialize, Deserializer};

pub use session::{CaseSession, UnknownRole};

/// The catalogue as it stands in its file: a JSON array of cases.
pub const CATALOGUE: &str = include_str!("../data/cases.json");

/// A case of the catalogue.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// The state of the session that the message is given to.
    pub state: ExaminedState,
    /// The message, from its marker on.
    #[serde(rename = "message_hex", deserialize_with = "from_hex")]
    pub message: Vec<u8>,
    /// Who speaks, and what was negotiated.
    pub session: CaseSession,
    /// What the RFCs say.
    pub expected: Expected,
}

/// All cases.
///
/// # Panics
/// If the catalogue is none.
pub fn all() -> Vec<Case> {
    serde_json::from_str(CATALOGUE).expect("a catalogue of cases")
}

/// The octets that pairs of hexadecimal digits stand for.
///
/// # Panics
/// If something else stands there.
pub fn octets(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    String::deserialize(deserializer).map(|hex| octets(&hex))
}

/// The state that a session is brought to before it is given the message.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ExaminedState {
    /// The message comes in place of the peer's OPEN.
    OpenSent,
    /// It comes after a good OPEN.
    OpenConfirm,
    /// It comes after OPEN, KEEPALIVE, some routes and an End-of-RIB.
    #[default]
    Established,
}

impl FromStr for ExaminedState {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "open_sent" => Ok(Self::OpenSent),
            "open_confirm" => Ok(Self::OpenConfirm),
            "established" => Ok(Self::Established),
            other => Err(format!(
                "state {other:?} is not known: expected open_sent, open_confirm or established"
            )),
        }
    }
}

/// What a speaker does with a message, in the words of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Such as `accept` or `notification`.
    pub action: String,
    /// The NOTIFICATION, if it sends one.
    pub notification: Option<Notification>,
}

impl Decision {
    /// One without a NOTIFICATION.
    pub fn action(action: &str) -> Self {
        Self {
            action: action.to_owned(),
            notification: None,
        }
    }

    /// The end of the session with a NOTIFICATION.
    pub fn notification(notification: Notification) -> Self {
        Self {
            action: "notification".to_owned(),
            notification: Some(notification),
        }
    }
}

/// What the RFCs say of a case.
#[derive(Clone, Debug, Deserialize)]
pub struct Expected {
    /// What the catalogue names first.
    #[serde(flatten)]
    first: Answer,
    /// Whether the RFCs leave no choice.
    strict: bool,
    #[serde(default)]
    also_acceptable: Vec<Answer>,
}

/// A decision that is right.
#[derive(Clone, Debug, Deserialize)]
struct Answer {
    action: String,
    code: Option<u8>,
    subcode: Option<u8>,
    /// Where the RFC fixes the data of the NOTIFICATION.
    #[serde(default)]
    data_hex: String,
}

impl Expected {
    /// The action that the catalogue names first.
    pub fn action(&self) -> &str {
        match self.first.action.as_str() {
            // This speaker resets.
            "session_reset_or_afi_safi_disable" => "notification",
            action => action,
        }
    }

    /// Whether this is the decision that the catalogue names first, also where the RFC leaves a
    /// choice; data only where the RFC fixes it.
    pub fn is(&self, decision: &Decision) -> bool {
        self.action() == decision.action && self.first.has_notification_of(decision)
    }

    /// Whether this is that decision or, where the RFCs leave a choice, another of the catalogue.
    pub fn admits(&self, decision: &Decision) -> bool {
        let also = self.also_acceptable.iter().filter(|_| !self.strict);
        self.is(decision)
            || also.into_iter().any(|answer| {
                answer.action == decision.action && answer.has_notification_of(decision)
            })
    }
}

impl Answer {
    fn has_notification_of(&self, decision: &Decision) -> bool {
        decision.notification.as_ref().is_none_or(|sent| {
            self.code == Some(sent.code)
                && self.subcode == Some(sent.subcode)
                && (self.data_hex.is_empty() || octets(&self.data_hex) == sent.data)
        })
    }
}

//! The catalogue of malformed and odd messages: who speaks, what was said before, and what the RFCs
//! say that a speaker does.

use std::fmt;

use routehub_wire::Notification;
use serde::{Deserialize, Deserializer};

pub use crate::session::{CaseSession, ExaminedState, UnknownRole};

/// The catalogue as it stands in its files, JSON arrays of cases: those of the RFCs, and what came
/// from the field.
pub const CATALOGUE: [&str; 2] = [
    include_str!("../data/cases.json"),
    include_str!("../data/field.json"),
];

/// A case of the catalogue.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// What is odd about the message.
    pub title: String,
    /// What the message is about, such as `open`.
    pub category: String,
    /// Where the RFCs say what is right.
    pub reference: String,
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
    let file = |text: &str| serde_json::from_str::<Vec<Case>>(text).expect("a file of cases");
    CATALOGUE.into_iter().flat_map(file).collect()
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

    /// The data of the NOTIFICATION, where the RFC fixes it.
    pub fn data(&self) -> Option<Vec<u8>> {
        let hex = &self.first.data_hex;
        (!hex.is_empty()).then(|| octets(hex))
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

impl fmt::Display for Expected {
    /// What the RFCs say, with each alternative where they leave a choice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        for answer in self.also_acceptable.iter().filter(|_| !self.strict) {
            write!(f, ", or {answer}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action.as_str() {
            "treat_as_withdraw" => "treat-as-withdraw",
            "session_reset_or_afi_safi_disable" => "notification",
            action => action,
        };
        f.write_str(&action.replace('_', " "))?;
        match (self.code, self.subcode) {
            (Some(code), Some(subcode)) => write!(f, " {code}/{subcode}"),
            _ => Ok(()),
        }
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

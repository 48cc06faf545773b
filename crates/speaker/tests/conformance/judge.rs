//! What can be seen of a speaker that was sent a message, and whether that is right.

use std::fmt;
use std::str::FromStr;

use routehub_testkit::cases::{Case, Decision, ExaminedState, octets};
use routehub_testkit::examination::{Examination, Treatment};
use routehub_wire::Notification;
use serde::{Deserialize, Serialize};

/// The prefix that most messages are about.
pub(crate) const PREFIX: &str = "198.51.100.0/24";

/// What is seen of a speaker that was sent a message.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Seen {
    /// It ended the session with a NOTIFICATION.
    Notification(Notification),
    /// It ended the session without one.
    Closed,
    /// It took the OPEN, and answered with a KEEPALIVE.
    Opened,
    /// The session goes on, and it has the route of the message.
    Taken,
    /// The same, without an attribute of the message.
    WithoutAttribute,
    /// The session goes on, and it has no route to the prefix any more.
    Gone,
    /// The session goes on, with the routes that there were.
    NoEffect,
    /// Nothing came back, and what is sent next has no effect either.
    Silent,
    /// The daemon crashed.
    Crashed,
    /// It does not offer the capability that the case needs.
    NotOffered,
}

/// Each without a NOTIFICATION, and its words.
const WORDS: [(Seen, &str); 9] = [
    (Seen::Closed, "closed"),
    (Seen::Opened, "accepted"),
    (Seen::Taken, "route taken"),
    (Seen::WithoutAttribute, "route taken without the attribute"),
    (Seen::Gone, "route gone"),
    (Seen::NoEffect, "no effect"),
    (Seen::Silent, "silent"),
    (Seen::Crashed, "crashed"),
    (Seen::NotOffered, "not offered"),
];

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Notification(sent) = self {
            return write!(f, "{}/{}", sent.code, sent.subcode);
        }
        let words = WORDS.iter().find(|(seen, _)| seen == self);
        f.write_str(words.map_or("", |(_, words)| words))
    }
}

impl From<Seen> for String {
    fn from(seen: Seen) -> Self {
        let data = match &seen {
            Seen::Notification(sent) if !sent.data.is_empty() => {
                let hex = sent.data.iter().map(|octet| format!("{octet:02x}"));
                format!(" {}", hex.collect::<String>())
            }
            _ => String::new(),
        };
        format!("{seen}{data}")
    }
}

impl TryFrom<String> for Seen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Seen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((seen, _)) = WORDS.iter().find(|(_, words)| *words == text) {
            return Ok(seen.clone());
        }
        let wrong = || format!("{text:?} is nothing that can be seen");
        let (numbers, data) = text.split_once(' ').unwrap_or((text, ""));
        let (code, subcode) = numbers.split_once('/').ok_or_else(wrong)?;
        Ok(Self::Notification(Notification {
            code: code.parse().map_err(|_| wrong())?,
            subcode: subcode.parse().map_err(|_| wrong())?,
            data: octets(data),
        }))
    }
}

/// Whether a message announces the prefix at its end, where routes stand.
fn announces(case: &Case) -> bool {
    case.message.ends_with(&[24, 198, 51, 100])
}

/// What this library's session, admission and Adj-RIB-In do with a message.
///
/// # Panics
/// If the case cannot be examined.
pub(crate) fn ours(case: &Case) -> Seen {
    let examination = Examination::of(&case.session, case.state).expect("a role");
    let treatment = examination.examine(&case.message).expect("an outcome");
    match treatment {
        Treatment::Notification(sent) => Seen::Notification(sent),
        Treatment::Close => Seen::Closed,
        Treatment::IgnoreMessage => Seen::NoEffect,
        Treatment::TreatAsWithdraw | Treatment::IgnoreRoute(_) => Seen::Gone,
        _ if case.state == ExaminedState::OpenSent => Seen::Opened,
        Treatment::AttributeDiscard => Seen::WithoutAttribute,
        Treatment::Accept if announces(case) => Seen::Taken,
        Treatment::Accept => Seen::NoEffect,
    }
}

/// Whether what was seen is what the RFCs say; none where the case could not be played.
pub(crate) fn is_right(case: &Case, seen: &Seen) -> Option<bool> {
    let actions: &[&str] = match seen {
        Seen::Notification(sent) => {
            let decision = Decision::notification(sent.clone());
            return Some(case.expected.admits(&decision));
        }
        Seen::Closed => &["close_without_notification"],
        Seen::Opened => &["accept"],
        // Nobody sees from outside what it has become of an attribute.
        Seen::Taken => &["accept", "attribute_discard"],
        Seen::WithoutAttribute => &["attribute_discard"],
        Seen::Gone => &["treat_as_withdraw", "ignore_route"],
        Seen::NoEffect if announces(case) => &["ignore_message"],
        Seen::NoEffect => &["accept", "ignore_message", "attribute_discard"],
        Seen::Silent | Seen::Crashed => &[],
        Seen::NotOffered => return None,
    };
    let mut actions = actions.iter();
    Some(actions.any(|action| case.expected.admits(&Decision::action(action))))
}

/// Whether only the data of a NOTIFICATION is not what the RFCs say.
pub(crate) fn differs_in_data_alone(case: &Case, seen: &Seen) -> bool {
    let Seen::Notification(sent) = seen else {
        return false;
    };
    case.expected.data().is_some_and(|data| {
        let with_data = Notification {
            data,
            ..sent.clone()
        };
        case.expected.admits(&Decision::notification(with_data))
    })
}

//! The NOTIFICATION message.

use alloc::vec::Vec;
use core::fmt;

use crate::header::{HEADER_LEN, MAX_LEN, MessageType};

/// An error that ends a session (RFC 4271 section 4.5), or in a Cease the reason for ending it.
///
/// Every code and subcode has a constant without data:
///
/// ```
/// use routehub_wire::Notification;
///
/// let down = Notification::ADMINISTRATIVE_SHUTDOWN.with_text("moving to the new fabric");
/// assert_eq!(
///     down.to_string(),
///     r#"6/2 Cease, Administrative Shutdown: "moving to the new fabric""#
/// );
/// assert_eq!(
///     Notification::BAD_PEER_AS.to_string(),
///     "2/2 OPEN Message Error, Bad Peer AS"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Notification {
    /// The error code.
    pub code: u8,
    /// The error subcode; 0 is unspecific.
    pub subcode: u8,
    /// What the code and subcode define, for the peer's diagnosis.
    pub data: Vec<u8>,
}

/// Code of errors in a message header.
const HEADER: u8 = 1;
/// Code of errors in an OPEN.
const OPEN: u8 = 2;
/// Code of errors in an UPDATE.
const UPDATE: u8 = 3;
/// Code of an expired hold timer.
const HOLD_TIMER: u8 = 4;
/// Code of messages that do not fit the state.
const FSM: u8 = 5;
/// Code of a session that is ended for no error in the protocol.
const CEASE: u8 = 6;
/// Code of errors in a ROUTE-REFRESH.
const ROUTE_REFRESH: u8 = 7;
/// Code of an expired send hold timer.
const SEND_HOLD_TIMER: u8 = 8;

/// The longest shutdown communication, in octets (RFC 9003 section 2).
const TEXT_MAX: usize = 255;

/// The names of the codes from 1 on, as their registry writes them (RFC 4271 section 4.5, RFC 7313,
/// RFC 9687).
const CODES: [&str; 8] = [
    "Message Header Error",
    "OPEN Message Error",
    "UPDATE Message Error",
    "Hold Timer Expired",
    "Finite State Machine Error",
    "Cease",
    "ROUTE-REFRESH Message Error",
    "Send Hold Timer Expired",
];

/// Writes a constant per code and subcode, and the list of the subcodes' names.
macro_rules! notifications {
    ($($(#[$doc:meta])+ $name:ident = $code:ident, $subcode:literal $(, $text:literal)?;)+) => {
        impl Notification {
            $($(#[$doc])+ pub const $name: Self = Self::new($code, $subcode);)+
        }

        /// Codes and subcodes with the names of the subcodes, as their registry writes them.
        const SUBCODES: &[(u8, u8, &str)] = &[
            $($(($code, $subcode, $text),)?)+
            (OPEN, 5, "Authentication Failure (deprecated)"),
            (UPDATE, 7, "AS Routing Loop (deprecated)"),
        ];
    };
}

notifications! {
    /// The marker is not all ones (RFC 4271 section 6.1).
    CONNECTION_NOT_SYNCHRONIZED = HEADER, 1, "Connection Not Synchronized";
    /// The message cannot have this length; data: the length field (RFC 4271 section 6.1).
    BAD_MESSAGE_LENGTH = HEADER, 2, "Bad Message Length";
    /// The message type is unknown; data: the type (RFC 4271 section 6.1).
    BAD_MESSAGE_TYPE = HEADER, 3, "Bad Message Type";
    /// An OPEN that cannot be read (RFC 4271 section 6.2).
    OPEN_UNSPECIFIC = OPEN, 0;
    /// Another BGP version; data: the nearest supported one, two octets (RFC 4271 section 6.2).
    UNSUPPORTED_VERSION = OPEN, 1, "Unsupported Version Number";
    /// The peer has another ASN than configured, or two, or 0 (RFC 4271 section 6.2, RFC 7607).
    BAD_PEER_AS = OPEN, 2, "Bad Peer AS";
    /// The BGP identifier is 0, or this speaker's (RFC 6286 section 2.2).
    BAD_BGP_IDENTIFIER = OPEN, 3, "Bad BGP Identifier";
    /// An unknown optional parameter (RFC 4271 section 6.2).
    UNSUPPORTED_OPTIONAL_PARAMETER = OPEN, 4, "Unsupported Optional Parameter";
    /// A hold time of one or two seconds, or one that is not acceptable (RFC 4271 section 6.2).
    UNACCEPTABLE_HOLD_TIME = OPEN, 6, "Unacceptable Hold Time";
    /// A capability is missing; data: its encoding (RFC 5492 section 3).
    UNSUPPORTED_CAPABILITY = OPEN, 7, "Unsupported Capability";
    /// The BGP roles do not fit each other (RFC 9234 section 4.2).
    ROLE_MISMATCH = OPEN, 11, "Role Mismatch";
    /// The lists of an UPDATE do not fit it (RFC 4271 section 6.3).
    MALFORMED_ATTRIBUTE_LIST = UPDATE, 1, "Malformed Attribute List";
    /// A well-known attribute of unknown type; data: the attribute (RFC 4271 section 6.3).
    UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE = UPDATE, 2, "Unrecognized Well-known Attribute";
    /// A mandatory attribute is missing; data: its type (RFC 4271 section 6.3).
    MISSING_WELL_KNOWN_ATTRIBUTE = UPDATE, 3, "Missing Well-known Attribute";
    /// Wrong flags; data: the attribute (RFC 4271 section 6.3).
    ATTRIBUTE_FLAGS_ERROR = UPDATE, 4, "Attribute Flags Error";
    /// Wrong length; data: the attribute (RFC 4271 section 6.3).
    ATTRIBUTE_LENGTH_ERROR = UPDATE, 5, "Attribute Length Error";
    /// An unknown ORIGIN; data: the attribute (RFC 4271 section 6.3).
    INVALID_ORIGIN = UPDATE, 6, "Invalid ORIGIN Attribute";
    /// A NEXT_HOP that is no host address; data: the attribute (RFC 4271 section 6.3).
    INVALID_NEXT_HOP = UPDATE, 8, "Invalid NEXT_HOP Attribute";
    /// Wrong contents of an optional attribute; data: the attribute (RFC 4271 section 6.3).
    OPTIONAL_ATTRIBUTE_ERROR = UPDATE, 9, "Optional Attribute Error";
    /// Prefixes that cannot be read (RFC 4271 section 6.3).
    INVALID_NETWORK_FIELD = UPDATE, 10, "Invalid Network Field";
    /// A wrong AS_PATH (RFC 4271 section 6.3).
    MALFORMED_AS_PATH = UPDATE, 11, "Malformed AS_PATH";
    /// Nothing came for the hold time (RFC 4271 section 6.5).
    HOLD_TIMER_EXPIRED = HOLD_TIMER, 0;
    /// A message that does not fit the state (RFC 4271 section 6.6).
    FSM_ERROR = FSM, 0;
    /// A message that does not fit OpenSent; data: its type (RFC 6608).
    UNEXPECTED_IN_OPEN_SENT = FSM, 1, "Receive Unexpected Message in OpenSent State";
    /// A message that does not fit OpenConfirm; data: its type (RFC 6608).
    UNEXPECTED_IN_OPEN_CONFIRM = FSM, 2, "Receive Unexpected Message in OpenConfirm State";
    /// A message that does not fit Established; data: its type (RFC 6608).
    UNEXPECTED_IN_ESTABLISHED = FSM, 3, "Receive Unexpected Message in Established State";
    /// The peer announced more prefixes than allowed (RFC 4486).
    MAXIMUM_PREFIXES = CEASE, 1, "Maximum Number of Prefixes Reached";
    /// The session is switched off by an operator (RFC 9003).
    ADMINISTRATIVE_SHUTDOWN = CEASE, 2, "Administrative Shutdown";
    /// The peer is no longer configured (RFC 4486).
    PEER_DECONFIGURED = CEASE, 3, "Peer De-configured";
    /// The session is restarted by an operator (RFC 9003).
    ADMINISTRATIVE_RESET = CEASE, 4, "Administrative Reset";
    /// The peer is not welcome (RFC 4486).
    CONNECTION_REJECTED = CEASE, 5, "Connection Rejected";
    /// The configuration changed in another way (RFC 4486).
    CONFIGURATION_CHANGE = CEASE, 6, "Other Configuration Change";
    /// The other one of two connections is kept (RFC 4486).
    COLLISION_RESOLUTION = CEASE, 7, "Connection Collision Resolution";
    /// A speaker that runs out of something (RFC 4486).
    OUT_OF_RESOURCES = CEASE, 8, "Out of Resources";
    /// A hard reset; data: the code, subcode and data that it is for (RFC 8538 section 3).
    HARD_RESET = CEASE, 9, "Hard Reset";
    /// BFD found the path to be down (RFC 9384).
    BFD_DOWN = CEASE, 10, "BFD Down";
    /// A BoRR or EoRR of a wrong length; data: the message (RFC 7313 section 5).
    INVALID_REFRESH_LENGTH = ROUTE_REFRESH, 1, "Invalid Message Length";
    /// The peer took nothing for the send hold time (RFC 9687).
    SEND_HOLD_TIMER_EXPIRED = SEND_HOLD_TIMER, 0;
}

impl Notification {
    /// The error of these codes, without data.
    pub const fn new(code: u8, subcode: u8) -> Self {
        Self {
            code,
            subcode,
            data: Vec::new(),
        }
    }

    /// The same error with this data.
    #[must_use]
    pub fn with_data(self, data: Vec<u8>) -> Self {
        Self { data, ..self }
    }

    /// The same with a text for the peer's operators, cut after 255 octets (RFC 9003).
    #[must_use]
    pub fn with_text(self, text: &str) -> Self {
        let end = text.floor_char_boundary(TEXT_MAX);
        let text = text.as_bytes().get(..end).unwrap_or_default();
        // At most 255: the cut above.
        let mut data = Vec::from([text.len() as u8]);
        data.extend_from_slice(text);
        Self { data, ..self }
    }

    /// The text that a shutdown or reset carries for operators (RFC 9003): none if there is none,
    /// if it is too long for the message or is not UTF-8. Not escaped.
    pub fn text(&self) -> Option<&str> {
        let shutdown = self.code == CEASE && matches!(self.subcode, 2 | 4);
        let (length, text) = self.data.split_first().filter(|_| shutdown)?;
        let text = text.get(..usize::from(*length))?;
        core::str::from_utf8(text)
            .ok()
            .filter(|text| !text.is_empty())
    }

    /// This error as a hard reset, which ends graceful restart as well (RFC 8538 section 3).
    #[must_use]
    pub fn into_hard_reset(self) -> Self {
        let mut data = Vec::from([self.code, self.subcode]);
        data.extend(self.data);
        Self::HARD_RESET.with_data(data)
    }

    /// Whether this is a hard reset (RFC 8538 section 3).
    pub fn is_hard_reset(&self) -> bool {
        (self.code, self.subcode) == (Self::HARD_RESET.code, Self::HARD_RESET.subcode)
    }

    /// The error that a hard reset is for, if it names one (RFC 8538 section 3).
    pub fn hard_reset_cause(&self) -> Option<Self> {
        let cause = || Self::from_body(&self.data);
        self.is_hard_reset().then(cause).flatten()
    }

    /// What the code means, in the words of its registry; none if it is not assigned.
    pub fn code_name(&self) -> Option<&'static str> {
        CODES.get(usize::from(self.code).checked_sub(1)?).copied()
    }

    /// What the subcode means, in the words of its registry; none for 0 and what is not assigned.
    pub fn subcode_name(&self) -> Option<&'static str> {
        let mut names = SUBCODES.iter();
        let (_, _, name) =
            names.find(|(code, subcode, _)| (*code, *subcode) == (self.code, self.subcode))?;
        Some(name)
    }

    /// Appends the whole message; data beyond 4,096 octets is cut off.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let room = MAX_LEN - HEADER_LEN - 2;
        let data = self.data.get(..room).unwrap_or(&self.data);
        // At most 4,096: the cut above.
        let length = (HEADER_LEN + 2 + data.len()) as u16;
        MessageType::Notification.write_header(length, out);
        out.extend_from_slice(&[self.code, self.subcode]);
        out.extend_from_slice(data);
    }

    /// The error in the body of a message.
    pub(crate) fn from_body(body: &[u8]) -> Option<Self> {
        match body {
            [code, subcode, data @ ..] => Some(Self {
                code: *code,
                subcode: *subcode,
                data: data.to_vec(),
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Notification {
    /// Codes, names, and the text or data; nothing in it can drive a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} ", self.code, self.subcode)?;
        f.write_str(self.code_name().unwrap_or("unassigned code"))?;
        match (self.subcode_name(), self.subcode) {
            (Some(name), _) => write!(f, ", {name}")?,
            (None, 0) => {}
            (None, _) if self.code_name().is_none() => {}
            (None, _) => f.write_str(", unassigned subcode")?,
        }
        if let Some(cause) = self.hard_reset_cause() {
            return write!(f, " ({cause})");
        }
        match self.text() {
            Some(text) => write!(f, ": {text:?}"),
            None if self.data.is_empty() => Ok(()),
            None => {
                f.write_str(", data ")?;
                self.data
                    .iter()
                    .try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

impl core::error::Error for Notification {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};
    use std::vec;

    #[test]
    fn text_is_cut_at_a_character() {
        let long: String = "é".repeat(200);
        let down = Notification::ADMINISTRATIVE_SHUTDOWN.with_text(&long);
        assert_eq!(down.data.len(), 255);
        assert_eq!(down.text().map(|text| text.chars().count()), Some(127));
    }

    #[test]
    fn text_that_overruns_or_is_not_utf8_is_shown_as_octets() {
        let overrun = Notification::ADMINISTRATIVE_SHUTDOWN.with_data(vec![200, b'a']);
        assert_eq!(overrun.text(), None);
        assert_eq!(
            overrun.to_string(),
            "6/2 Cease, Administrative Shutdown, data c861"
        );
        let bad = Notification::ADMINISTRATIVE_RESET.with_data(vec![2, 0xc3, 0x28]);
        assert_eq!(bad.text(), None);
    }

    #[test]
    fn text_cannot_drive_a_terminal() {
        let down = Notification::ADMINISTRATIVE_SHUTDOWN.with_text("\u{1b}[2J\n");
        assert_eq!(
            down.to_string(),
            r#"6/2 Cease, Administrative Shutdown: "\u{1b}[2J\n""#
        );
    }

    #[test]
    fn a_hard_reset_keeps_its_cause() {
        let hard = Notification::HOLD_TIMER_EXPIRED.into_hard_reset();
        assert_eq!(hard.data, [4, 0]);
        assert_eq!(
            hard.hard_reset_cause(),
            Some(Notification::HOLD_TIMER_EXPIRED)
        );
        assert_eq!(
            hard.to_string(),
            "6/9 Cease, Hard Reset (4/0 Hold Timer Expired)"
        );
        assert_eq!(Notification::HARD_RESET.hard_reset_cause(), None);
    }

    #[test]
    fn codes_that_are_not_assigned_are_shown_as_numbers() {
        assert_eq!(
            Notification::new(99, 99).to_string(),
            "99/99 unassigned code"
        );
        assert_eq!(
            Notification::new(6, 99).to_string(),
            "6/99 Cease, unassigned subcode"
        );
    }

    #[test]
    fn data_beyond_the_longest_message_is_cut() {
        let mut bytes = Vec::new();
        Notification::OPEN_UNSPECIFIC
            .with_data(vec![0; 70_000])
            .encode(&mut bytes);
        assert_eq!(bytes.len(), 4096);
        assert_eq!(bytes[16..18], [0x10, 0]);
    }
}

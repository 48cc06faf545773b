//! A NOTIFICATION, and octets, as JSON shows them.

use std::time::Duration;

use routehub_wire::Notification;
use serde::Serialize;

/// A NOTIFICATION: codes, their names, data and text (RFC 4271 section 4.5, RFC 9003).
#[derive(Serialize)]
pub(super) struct NotificationBody {
    code: u8,
    subcode: u8,
    /// The words of the registry.
    name: String,
    data_hex: String,
    /// The text for operators, if it carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_ago: Option<f64>,
}

impl NotificationBody {
    /// One that was sent or received so long ago.
    pub(super) fn of_before((ago, notification): &(Duration, Notification)) -> Self {
        Self {
            seconds_ago: Some(ago.as_secs_f64()),
            ..Self::from(notification)
        }
    }
}

impl From<&Notification> for NotificationBody {
    fn from(notification: &Notification) -> Self {
        let names = [notification.code_name(), notification.subcode_name()];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let cause = notification.hard_reset_cause();
        let text = cause.as_ref().unwrap_or(notification).text();
        Self {
            code: notification.code,
            subcode: notification.subcode,
            name: names.join(", "),
            data_hex: hex(&notification.data),
            text: text.map(str::to_owned),
            seconds_ago: None,
        }
    }
}

/// Octets as hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

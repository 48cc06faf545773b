//! What programs want to know of an event besides its text.

use routehub::estate::OverLimit;
use routehub::types::Prefix;
use routehub_bfd::{Diagnostic, Hops};
use routehub_session::DownReason;
use routehub_wire::attribute_code;
use serde_json::{Map, Value, json};

use super::super::notification::{NotificationBody, hex};
use crate::bfd::BfdChange;
use crate::event::{EventKind, MalformedUpdate};

/// Prefixes that a line names.
const NAMED: usize = 256;

/// What is to be known of an event, by name.
pub(super) fn detail(event: &EventKind) -> Map<String, Value> {
    let value = match event {
        EventKind::Learned { routes } | EventKind::NotKept { routes } => {
            json!({ "routes": routes })
        }
        EventKind::Down(reason) | EventKind::AttemptFailed(reason) => ended(reason),
        EventKind::Bfd(change) => bfd(change),
        EventKind::Unsendable { prefixes } => {
            json!({ "prefixes": names(prefixes), "count": prefixes.len() })
        }
        EventKind::BeyondMaximum { action, exceeded } => json!({
            "action": match action {
                OverLimit::Discard => "discard",
                _ => "warn",
            },
            "held": exceeded.held,
            "announced": exceeded.announced,
            "limit": exceeded.max,
        }),
        EventKind::Paused(Some(time)) => json!({ "seconds": time.as_secs_f64() }),
        EventKind::Retained(families) => json!({ "families": families }),
        EventKind::LongLivedStale(family, time) => {
            json!({ "family": family, "seconds": time.as_secs_f64() })
        }
        EventKind::Swept(family, reason) => json!({ "family": family, "reason": reason }),
        EventKind::LimitExceeded(Some(numbers)) => json!({
            "held": numbers.held,
            "announced": numbers.announced,
            "limit": numbers.max,
        }),
        EventKind::Malformed(update) => malformed(update),
        EventKind::HeldBack(time) => json!({ "seconds": time.as_secs_f64() }),
        EventKind::Refused {
            local,
            remote,
            why,
            refused,
        } => json!({
            "remote": remote,
            "listens_on": local,
            "why": why.to_string(),
            "refused": refused,
        }),
        EventKind::SignaturesRefused {
            wrong,
            missing,
            unexpected,
        } => json!({ "wrong": wrong, "missing": missing, "unexpected": unexpected }),
        EventKind::PeerAdded(prefix) | EventKind::PeerRemoved(prefix) => {
            json!({ "prefix": prefix.to_string() })
        }
        EventKind::Sink { sink, .. } => json!({ "sink": sink }),
        EventKind::SinkRestored { sink, put_back } => {
            json!({ "sink": sink, "put_back": put_back })
        }
        _ => Value::Null,
    };
    match value {
        Value::Object(named) => named,
        _ => Map::new(),
    }
}

/// Why a session or connection ended: what was told, and by whom.
fn ended(reason: &DownReason) -> Value {
    match reason {
        DownReason::NotificationReceived(received) => {
            json!({ "notification_received": NotificationBody::from(received) })
        }
        reason => match reason.notification() {
            Some(sent) => json!({ "notification_sent": NotificationBody::from(&sent) }),
            None => Value::Null,
        },
    }
}

fn bfd(change: &BfdChange) -> Value {
    let BfdChange { hops, change } = change;
    let diagnostic = |diagnostic: Diagnostic| json!({ "code": diagnostic.code(), "name": diagnostic.to_string() });
    json!({
        "hops": match hops {
            Hops::Single => "single",
            Hops::Multiple => "multiple",
        },
        "from": change.from.to_string(),
        "to": change.to.to_string(),
        "diagnostic": diagnostic(change.diagnostic),
        "remote_state": change.remote_state.to_string(),
        "remote_diagnostic": diagnostic(change.remote_diagnostic),
    })
}

fn malformed(update: &MalformedUpdate) -> Value {
    let faults = update.faults.iter().map(|report| {
        let fault = &report.fault;
        json!({
            "attribute": fault.attribute,
            "name": fault.attribute.and_then(attribute_code::name),
            "offset": fault.offset,
            "reason": fault.reason.to_string(),
            "action": fault.action.to_string(),
            "octets": hex(&report.octets),
        })
    });
    json!({
        "action": update.action.to_string(),
        "prefixes": names(&update.prefixes),
        "count": update.announced,
        "faults": faults.collect::<Vec<_>>(),
        "message": hex(&update.octets),
        "message_length": update.length,
    })
}

fn names(prefixes: &[Prefix]) -> Vec<String> {
    let named = prefixes.iter().take(NAMED);
    named.map(ToString::to_string).collect()
}

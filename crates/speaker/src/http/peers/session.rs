//! The session of a peer as JSON: state, capabilities, NOTIFICATIONs, counters.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use routehub::Staleness;
use routehub::types::{Family, FamilySet};
use routehub_session::{Counters, Negotiated};
use routehub_wire::{Capabilities, Capability};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::notification::NotificationBody;
use crate::{Neighbor, RetainedFamily, SessionReport};

#[derive(Serialize)]
pub(super) struct SessionBody {
    listens_on: SocketAddr,
    connects_from: Vec<IpAddr>,
    uptime_seconds: Option<f64>,
    in_state_seconds: f64,
    /// For how long every connection is refused after failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_back_seconds: Option<f64>,
    /// Families whose routes stay although the session was lost, and for how long.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    retained: Vec<RetainedBody>,
    hold_time: Option<u64>,
    router_id: Option<String>,
    families: Vec<String>,
    capabilities: CapabilitiesBody,
    counters: Counters,
    last_down: Option<LastDown>,
    last_notification_sent: Option<NotificationBody>,
    last_notification_received: Option<NotificationBody>,
}

/// Routes of a family that stay: as what, and in how many seconds that ends.
#[derive(Serialize)]
struct RetainedBody {
    family: Family,
    state: Staleness,
    seconds_left: f64,
}

/// What each side offers, and what comes of it.
#[derive(Serialize)]
struct CapabilitiesBody {
    offered: Vec<CapabilityBody>,
    /// While the session is established.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<Vec<CapabilityBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreed: Option<Value>,
}

/// A capability: its code (IANA, "Capability Codes"), its name, and what it says.
#[derive(Serialize)]
struct CapabilityBody {
    code: u8,
    name: String,
    #[serde(skip_serializing_if = "Value::is_null")]
    value: Value,
}

#[derive(Serialize)]
struct LastDown {
    seconds_ago: f64,
    why: String,
}

impl From<&RetainedFamily> for RetainedBody {
    fn from(retained: &RetainedFamily) -> Self {
        Self {
            family: retained.family,
            state: match retained.long_lived {
                true => Staleness::LongLivedStale,
                false => Staleness::Stale,
            },
            seconds_left: retained.left.as_secs_f64(),
        }
    }
}

impl From<&Capability> for CapabilityBody {
    fn from(capability: &Capability) -> Self {
        let (name, value) = match serde_json::to_value(capability) {
            Ok(Value::String(name)) => (name, Value::Null),
            Ok(Value::Object(named)) => named.into_iter().next().unwrap_or_default(),
            _ => Default::default(),
        };
        Self {
            code: capability.code(),
            name,
            value,
        }
    }
}

fn list(capabilities: &Capabilities) -> Vec<CapabilityBody> {
    capabilities.iter().map(CapabilityBody::from).collect()
}

fn names(families: FamilySet) -> Vec<String> {
    families.iter().map(|family| family.to_string()).collect()
}

/// What two OPENs amount to.
fn agreed(agreed: &Negotiated) -> Value {
    let (send, receive) = (&agreed.send, &agreed.receive);
    json!({
        "families": names(agreed.families),
        "four_octet_as": receive.four_octet_as,
        "route_refresh": agreed.route_refresh,
        "enhanced_route_refresh": agreed.enhanced_refresh,
        "extended_messages": {
            "send": send.extended_message,
            "receive": receive.extended_message,
        },
        "add_path": {
            "send": names(send.add_path_send),
            "receive": names(receive.add_path_receive),
        },
        "extended_next_hop": send.extended_next_hop,
        "peer_role": agreed.peer_role,
        "graceful_restart": agreed.graceful_restart,
        "takes_long_lived_stale": agreed.takes_long_lived,
    })
}

impl From<(Arc<Neighbor>, SessionReport)> for SessionBody {
    fn from((neighbor, session): (Arc<Neighbor>, SessionReport)) -> Self {
        let both = session.agreed.as_deref();
        Self {
            listens_on: neighbor.local,
            connects_from: neighbor.remote.clone(),
            uptime_seconds: session.uptime.map(|uptime| uptime.as_secs_f64()),
            in_state_seconds: session.in_state.as_secs_f64(),
            held_back_seconds: session.held_back.map(|left| left.as_secs_f64()),
            retained: session.retained.iter().map(RetainedBody::from).collect(),
            hold_time: both.map(|agreed| agreed.hold_time.as_secs()),
            router_id: both.map(|agreed| agreed.peer_router_id.to_string()),
            families: both.map_or_else(Vec::new, |agreed| names(agreed.families)),
            capabilities: CapabilitiesBody {
                offered: list(&session.offered),
                received: both.map(|agreed| list(&agreed.peer_capabilities)),
                agreed: both.map(agreed),
            },
            counters: session.counters,
            last_down: session.last_down.map(|(ago, why)| LastDown {
                seconds_ago: ago.as_secs_f64(),
                why: why.to_string(),
            }),
            last_notification_sent: session.last_sent.as_ref().map(NotificationBody::of_before),
            last_notification_received: session
                .last_received
                .as_ref()
                .map(NotificationBody::of_before),
        }
    }
}

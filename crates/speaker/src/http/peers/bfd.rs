//! BFD beside a peer's session as JSON: state, discriminators, timers, counters.

use std::net::IpAddr;

use routehub::rules;
use routehub_bfd::{Diagnostic, Hops, State};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{BfdReport, Neighbor};

/// What BFD is beside a session.
#[derive(Serialize)]
pub(super) struct BfdBody {
    /// The state of the session that got furthest; `off` where the profile has no BFD.
    state: String,
    /// Why it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    sessions: Vec<BfdSessionBody>,
}

#[derive(Serialize)]
struct BfdSessionBody {
    hops: &'static str,
    local: IpAddr,
    remote: IpAddr,
    state: String,
    in_state_seconds: f64,
    diagnostic: DiagnosticBody,
    local_discriminator: u32,
    remote_discriminator: Option<u32>,
    remote_state: String,
    remote_diagnostic: DiagnosticBody,
    transmit_interval_ms: f64,
    detection_time_ms: Option<f64>,
    counters: BfdCounters,
    last_down: Option<LastDown>,
}

/// A diagnostic: its code and its name (RFC 5880 section 4.1).
#[derive(Serialize)]
struct DiagnosticBody {
    code: u8,
    name: String,
}

#[derive(Serialize)]
struct BfdCounters {
    sent: u64,
    send_errors: u64,
    received: u64,
    discarded: Map<String, Value>,
    ups: u64,
    downs: u64,
}

#[derive(Serialize)]
struct LastDown {
    seconds_ago: f64,
    diagnostic: DiagnosticBody,
}

impl From<Diagnostic> for DiagnosticBody {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            code: diagnostic.code(),
            name: diagnostic.to_string(),
        }
    }
}

impl BfdBody {
    /// What there is to say of a neighbour's BFD, if its file asks for any.
    pub(super) fn new(neighbor: &Neighbor, reports: &[BfdReport]) -> Option<Self> {
        if neighbor.lacks_bfd() {
            let rule = rules::NO_BFD;
            let why = "in Azure there is no BFD here: `profile: open` has it";
            return Some(Self {
                state: "off".to_owned(),
                why: Some(format!("{why} ({rule})")),
                sessions: Vec::new(),
            });
        }
        neighbor.bfd()?;
        let furthest = reports.iter().map(|report| report.state).max();
        Some(Self {
            state: furthest.unwrap_or(State::Down).to_string(),
            why: None,
            sessions: reports.iter().map(BfdSessionBody::from).collect(),
        })
    }
}

impl From<&BfdReport> for BfdSessionBody {
    fn from(report: &BfdReport) -> Self {
        let counters = &report.counters;
        let discarded = counters.discarded.iter();
        let millis = |micros: u128| micros as f64 / 1000.0;
        Self {
            hops: match report.hops {
                Hops::Single => "single",
                Hops::Multiple => "multiple",
            },
            local: report.local,
            remote: report.remote,
            state: report.state.to_string(),
            in_state_seconds: report.in_state.as_secs_f64(),
            diagnostic: report.diagnostic.into(),
            local_discriminator: report.local_discriminator,
            remote_discriminator: report.remote_discriminator,
            remote_state: report.remote_state.to_string(),
            remote_diagnostic: report.remote_diagnostic.into(),
            transmit_interval_ms: millis(report.transmit_interval.duration().as_micros()),
            detection_time_ms: report.detection_time.map(|time| millis(time.as_micros())),
            counters: BfdCounters {
                sent: counters.sent,
                send_errors: report.send_errors,
                received: counters.received,
                discarded: discarded
                    .map(|(reason, count)| (reason.to_owned(), count.into()))
                    .collect(),
                ups: counters.ups,
                downs: counters.downs,
            },
            last_down: report.last_down.map(|(ago, diagnostic)| LastDown {
                seconds_ago: ago.as_secs_f64(),
                diagnostic: diagnostic.into(),
            }),
        }
    }
}

//! Events: what happens from here on, line by line, and what a client has happen.

mod detail;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use routehub::estate::CircuitLink;
use routehub_scenario::parse_events;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::app::App;
use super::body::{self, endless};
use super::error::Refusal;
use crate::event::{EventKind, ServerEvent};
use detail::detail;

/// After how long of silence a sign of life is sent.
const ALIVE: Duration = Duration::from_secs(10);

/// How lines are sent.
#[derive(Clone, Copy)]
enum Form {
    /// Server-sent events.
    Events,
    /// Lines of JSON.
    Lines,
}

impl Form {
    fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get_all(header::ACCEPT).into_iter();
        let mut types = accept.filter_map(|value| value.to_str().ok());
        if types.any(|types| types.contains("text/event-stream")) {
            Self::Events
        } else {
            Self::Lines
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// Lines as they are sent.
    fn frame(self, lines: Bytes) -> Bytes {
        let Self::Events = self else { return lines };
        let text = String::from_utf8_lossy(&lines);
        let framed = text.lines().map(|line| format!("data: {line}\n\n"));
        framed.collect::<String>().into()
    }

    /// Nothing, but a sign of life.
    const fn blank(self) -> Bytes {
        match self {
            Self::Events => Bytes::from_static(b": alive\n\n"),
            Self::Lines => Bytes::from_static(b"\n"),
        }
    }
}

/// An event as a line.
#[derive(Serialize)]
struct Line<'a> {
    /// Milliseconds since 1970.
    unix_ms: u64,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<std::net::IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit_link: Option<CircuitLink>,
    /// What else there is to know, by kind.
    #[serde(flatten)]
    detail: Map<String, Value>,
    text: String,
}

/// Everything that happens.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let events = app.server().watch();
    let line = |event: ServerEvent| line(&event_line(&event));
    stream(&app, &headers, events, line)
}

/// Every change of the networks' routes.
pub(super) async fn changes(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Some(changes) = app.changes() else {
        let error = "this server does not follow the changes of routes";
        return Err(Refusal::new(StatusCode::NOT_FOUND, error));
    };
    stream(&app, &headers, changes.subscribe(), |lines| lines)
}

/// Applies the events of the body, in order.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    app.authorize(&headers)?;
    let body = body.map_err(|error| Refusal::new(error.status(), error.body_text()))?;
    let text = String::from_utf8(body.into());
    let text = text.map_err(|error| Refusal::bad(format!("the body is not UTF-8: {error}")))?;
    let context = |engine: &routehub::Engine| {
        let exchange = engine.exchange();
        (exchange.estate().clone(), exchange.parameters().ipv6)
    };
    let (estate, ipv6) = app.ask(context).await?;
    let parsed = tokio::task::spawn_blocking(move || parse_events(&text, &estate, ipv6));
    let parsed = parsed
        .await
        .map_err(|_| Refusal::bad("the events could not be read"))?;
    let events = parsed.map_err(Refusal::diagnosed)?;
    let mut applied = Vec::new();
    for (id, event) in events {
        if let Err(error) = app.server().apply(event).await? {
            let error = format!("event `{id}`: {error}; applied before it: {applied:?}");
            return Err(Refusal::new(StatusCode::CONFLICT, error));
        }
        app.server().publish(EventKind::Happened(id.clone()));
        applied.push(id);
    }
    body::json(&json!({ "applied": applied }))
}

fn stream<T: Clone + Send + 'static>(
    app: &App,
    headers: &HeaderMap,
    source: Receiver<T>,
    line: impl Fn(T) -> Bytes + Send + 'static,
) -> Result<Response, Refusal> {
    let permit = app.stream_permit()?;
    let form = Form::of(headers);
    let state = (source, permit, line);
    let lines = futures_util::stream::unfold(state, move |(mut source, permit, line)| async move {
        let next = tokio::time::timeout(ALIVE, source.recv()).await;
        let lines = match next {
            Err(_) => form.blank(),
            Ok(Ok(event)) => form.frame(line(event)),
            Ok(Err(RecvError::Lagged(lost))) => form.frame(lagged(lost)),
            Ok(Err(RecvError::Closed)) => return None,
        };
        Some((lines, (source, permit, line)))
    });
    Ok(endless(form.kind(), lines))
}

fn line(value: &impl Serialize) -> Bytes {
    // Texts and numbers serialize.
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

fn lagged(lost: u64) -> Bytes {
    line(&json!({"event": "lost", "lines": lost}))
}

fn event_line(event: &ServerEvent) -> Line<'_> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let link = event.neighbor.as_ref().map(|neighbor| &neighbor.link);
    Line {
        unix_ms: since.unwrap_or_default().as_millis() as u64,
        event: match event.kind {
            EventKind::Established { .. } => "established",
            EventKind::Learned { .. } => "learned",
            EventKind::Down(_) => "down",
            EventKind::AttemptFailed(_) => "attempt_failed",
            EventKind::Bfd(_) => "bfd",
            EventKind::Unsendable { .. } => "unsendable",
            EventKind::LimitExceeded(_) => "limit_exceeded",
            EventKind::Malformed(_) => "malformed",
            EventKind::HeldBack(_) => "held_back",
            EventKind::SignaturesRefused { .. } => "signatures_refused",
            EventKind::Refused { .. } => "refused",
            EventKind::Sink { .. } => "sink",
            EventKind::Happened(_) => "happened",
            EventKind::Reloaded(_) => "reloaded",
            EventKind::Failed(_) => "failed",
        },
        peer: link.and_then(|link| link.remote_addresses.first().copied()),
        name: link.map(|link| link.remote.as_str()),
        local: link.map(|link| link.local.as_str()),
        instance: link.and_then(|link| link.instance),
        circuit_link: link.and_then(|link| link.circuit_link),
        detail: detail(&event.kind),
        text: event.to_string(),
    }
}

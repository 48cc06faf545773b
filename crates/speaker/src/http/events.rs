//! Events: what happens from here on, line by line, and what a client has happen.

mod detail;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use routehub::estate::CircuitLink;
use routehub_scenario::parse_events;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::app::App;
use super::body::{self, endless};
use super::error::Refusal;
use crate::event::{EventKind, ServerEvent};
use detail::detail;

/// Events that a stream is told of in a second at most.
pub const RATE: u64 = 500;

/// How long the body of a request may take.
const BODY: Duration = Duration::from_secs(10);

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
    stream(&app, &headers, events, RATE, line)
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
    // Every change counts here; one that is too slow is told what it lost.
    let all = u64::MAX;
    stream(&app, &headers, changes.subscribe(), all, |lines| lines)
}

/// Applies the events of the body, in order.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Refusal> {
    let body = tokio::time::timeout(BODY, Bytes::from_request(request, &()));
    let late = || {
        let error = format!("the body was not there within {} s", BODY.as_secs());
        Refusal::new(StatusCode::REQUEST_TIMEOUT, error)
    };
    let body = body.await.map_err(|_| late())?;
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

/// Lines of a stream, as many as it may have.
struct Source<T, F> {
    source: Receiver<T>,
    line: F,
    form: Form,
    /// Lines of a second at most.
    rate: u64,
    second: Instant,
    in_second: u64,
    /// Lines that were lost, until that is told.
    untold: u64,
    lost: Arc<AtomicU64>,
    _permit: OwnedSemaphorePermit,
}

impl<T: Clone, F: Fn(T) -> Bytes> Source<T, F> {
    /// The next lines; none when the server has ended.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            match tokio::time::timeout(ALIVE, self.source.recv()).await {
                Ok(Ok(event)) => {
                    if !self.is_within_rate() {
                        self.lose(1);
                        continue;
                    }
                    let lines = self.form.frame((self.line)(event));
                    let told = self.tell_lost();
                    return Some(told.map_or(lines.clone(), |told| [told, lines].concat().into()));
                }
                Ok(Err(RecvError::Lagged(lost))) => {
                    self.lose(lost);
                    return self.tell_lost();
                }
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => return Some(self.tell_lost().unwrap_or(self.form.blank())),
            }
        }
    }

    fn lose(&mut self, lines: u64) {
        self.untold += lines;
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }

    /// Tells how many lines were lost, if some were.
    fn tell_lost(&mut self) -> Option<Bytes> {
        let lines = std::mem::take(&mut self.untold);
        let told = || line(&json!({"event": "lost", "lines": lines}));
        (lines > 0).then(|| self.form.frame(told()))
    }

    fn is_within_rate(&mut self) -> bool {
        if self.second.elapsed() >= Duration::from_secs(1) {
            (self.second, self.in_second) = (Instant::now(), 0);
        }
        self.in_second += 1;
        self.in_second <= self.rate
    }
}

fn stream<T: Clone + Send + 'static>(
    app: &App,
    headers: &HeaderMap,
    source: Receiver<T>,
    rate: u64,
    line: impl Fn(T) -> Bytes + Send + 'static,
) -> Result<Response, Refusal> {
    let form = Form::of(headers);
    let source = Source {
        source,
        line,
        form,
        rate,
        second: Instant::now(),
        in_second: 0,
        untold: 0,
        lost: Arc::clone(app.lost()),
        _permit: app.stream_permit()?,
    };
    let lines = futures_util::stream::unfold(source, |mut source| async move {
        let lines = source.next().await?;
        Some((lines, source))
    });
    Ok(endless(form.kind(), lines))
}

fn line(value: &impl Serialize) -> Bytes {
    // Texts and numbers serialize.
    let mut text = routehub_scenario::json::to_string(value).unwrap_or_default();
    text.push('\n');
    text.into()
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as u64
}

/// An event as JSON, such as a line of the stream `GET /v1/events` has it.
pub fn event_json(event: &ServerEvent) -> String {
    // Texts and numbers serialize.
    routehub_scenario::json::to_string(&event_line(event)).unwrap_or_default()
}

/// What somebody says as JSON, beside lines of [`event_json`].
pub fn said_json(text: &str) -> String {
    let said = json!({"unix_ms": unix_ms(), "event": "said", "text": text});
    routehub_scenario::json::to_string(&said).unwrap_or_default()
}

fn event_line(event: &ServerEvent) -> Line<'_> {
    let link = event.neighbor.as_ref().map(|neighbor| &neighbor.link);
    Line {
        unix_ms: unix_ms(),
        event: event.kind.name(),
        peer: link.and_then(|link| link.remote_addresses.first().copied()),
        name: link.map(|link| link.remote.as_str()),
        local: link.map(|link| link.local.as_str()),
        instance: link.and_then(|link| link.instance),
        circuit_link: link.and_then(|link| link.circuit_link),
        detail: detail(&event.kind),
        text: event.to_string(),
    }
}

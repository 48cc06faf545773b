//! How each part of the server is.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::app::App;
use super::body;
use super::error::Refusal;

/// How long the engine task may take to show that it works.
const HEALTHY: Duration = Duration::from_secs(5);

/// How the server is.
#[derive(Serialize)]
struct HealthBody {
    status: Status,
    /// What is wrong, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Ill,
}

/// A part of the server.
#[derive(Serialize)]
struct Part {
    part: String,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Part {
    fn new(part: impl Into<String>, why: Option<String>) -> Self {
        Self {
            part: part.into(),
            status: if why.is_some() {
                Status::Ill
            } else {
                Status::Ok
            },
            why,
        }
    }
}

/// Whether the engine task answers, every sink takes what it is told, and somebody reads the log.
/// A log that nobody reads loses lines and nothing else: the server is well.
pub(super) async fn health(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let answer = tokio::time::timeout(HEALTHY, app.server().ask(|_| ())).await;
    let routes = match answer {
        Err(_) => Some("the thread of the routes has not answered for 5 s".to_owned()),
        Ok(Err(stopped)) => Some(stopped.to_string()),
        Ok(Ok(())) => None,
    };
    let mut parts = vec![Part::new("routes", routes)];
    let sinks = app.server().sinks().into_iter();
    parts.extend(sinks.map(|sink| Part::new(format!("sink {}", sink.name), sink.ill)));
    let ill = parts.iter().filter(|part| part.status == Status::Ill);
    let errors = ill.filter_map(|part| Some(format!("{}: {}", part.part, part.why.as_ref()?)));
    let errors: Vec<String> = errors.collect();
    if let Some(log) = app.log() {
        let stuck = log.stuck_for().map(|time| {
            let dropped = log.counts().dropped;
            format!(
                "nobody reads it for {} s, {dropped} lines dropped",
                time.as_secs()
            )
        });
        parts.push(Part::new("log", stuck));
    }
    let (status, code) = match errors.is_empty() {
        true => (Status::Ok, StatusCode::OK),
        false => (Status::Ill, StatusCode::SERVICE_UNAVAILABLE),
    };
    let health = HealthBody {
        status,
        error: (!errors.is_empty()).then(|| errors.join("; ")),
        parts,
    };
    let text = body::text(&health)?;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((code, kind, text).into_response())
}

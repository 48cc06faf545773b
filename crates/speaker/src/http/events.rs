//! Events that a client posts.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use routehub_scenario::parse_events;
use serde_json::json;

use super::app::App;
use super::body;
use super::error::Refusal;
use crate::event::EventKind;

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

//! Events that a client lets happen.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use routehub_scenario::parse_events;
use serde::Serialize;

use super::App;
use super::body::json;
use super::error::Refusal;
use crate::event::EventKind;

#[derive(Serialize)]
struct Applied {
    applied: Vec<String>,
}

/// Lets the events of the body happen, one after the other.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    may(&app, &headers)?;
    let body = body.map_err(|error| Refusal::new(error.status(), error.body_text()))?;
    let text = String::from_utf8(body.into());
    let text = text.map_err(|error| Refusal::bad(format!("the body is not UTF-8: {error}")))?;
    let known = |engine: &routehub::Engine| {
        let exchange = engine.exchange();
        (exchange.estate().clone(), exchange.parameters().ipv6)
    };
    let (estate, ipv6) = app.ask(known).await?;
    let parsed = tokio::task::spawn_blocking(move || parse_events(&text, &estate, ipv6));
    let parsed = parsed
        .await
        .map_err(|_| Refusal::bad("the events could not be read"))?;
    let events = parsed.map_err(Refusal::diagnosed)?;
    let mut applied = Vec::new();
    for (id, event) in events {
        if let Err(error) = app.server.apply(event).await? {
            let error = format!("event `{id}`: {error}; applied before it: {applied:?}");
            return Err(Refusal::new(StatusCode::CONFLICT, error));
        }
        app.server.publish(EventKind::Happened(id.clone()));
        applied.push(id);
    }
    json(&Applied { applied })
}

/// Whether a client may let events happen.
fn may(app: &App, headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(header::ORIGIN) {
        let error = "web pages cannot have events happen: the request has an `Origin`";
        return Err(Refusal::new(StatusCode::FORBIDDEN, error));
    }
    let Some(token) = &app.token else {
        let error = "events need a token on an address that is not a loopback address, and this \
                     server has none: start it with a token file";
        let refused = Refusal::new(StatusCode::FORBIDDEN, error);
        return if app.loopback { Ok(()) } else { Err(refused) };
    };
    let refuse = |error: &str| Refusal::new(StatusCode::UNAUTHORIZED, error);
    let given = headers.get(header::AUTHORIZATION);
    let given = given.ok_or_else(|| {
        refuse("events need a token: send `Authorization: Bearer` and what the token file holds")
    })?;
    let scheme = given.as_bytes().split_at_checked(7);
    let bearer = scheme.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
    let (_, secret) = bearer
        .ok_or_else(|| refuse("the `Authorization` of a request is `Bearer` and the token"))?;
    if token.is(secret.trim_ascii()) {
        Ok(())
    } else {
        Err(refuse("this is not the token"))
    }
}

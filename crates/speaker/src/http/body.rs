//! Answers of any size: made away from the tasks of the sessions, sent piece by piece.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::error::Refusal;

/// How long the whole of an answer may take to be sent.
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// Octets of a piece.
const PIECE: usize = 1 << 16;

/// What is left to send, and the permit that is held until all is sent.
struct Sending {
    rest: Bytes,
    deadline: Instant,
    _permit: OwnedSemaphorePermit,
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if Instant::now() > self.deadline {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// A table as JSON, made on a thread of its own; it keeps the permit until it has been sent.
pub(super) async fn table<T: Serialize>(
    permit: OwnedSemaphorePermit,
    make: impl FnOnce() -> T + Send + 'static,
) -> Result<Response, Refusal> {
    Ok(sent(permit, made(make).await?))
}

/// A table as JSON, made on a thread of its own.
pub(super) async fn made<T: Serialize>(
    make: impl FnOnce() -> T + Send + 'static,
) -> Result<Bytes, Refusal> {
    let text = tokio::task::spawn_blocking(move || text(&make()));
    Ok(text.await.map_err(|_| unmade())??.into())
}

/// An answer that keeps the permit until it has been sent.
pub(super) fn sent(permit: OwnedSemaphorePermit, text: Bytes) -> Response {
    let body = Body::new(Sending {
        rest: text,
        deadline: Instant::now() + LONGEST,
        _permit: permit,
    });
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, body).into_response()
}

/// A small answer as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<Response, Refusal> {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, text(value)?).into_response())
}

/// A value as a line of JSON.
pub(super) fn text(value: &impl Serialize) -> Result<String, Refusal> {
    let mut text = routehub_scenario::json::to_string(value).map_err(|_| unmade())?;
    text.push('\n');
    Ok(text)
}

fn unmade() -> Refusal {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Refusal::new(status, "the answer could not be written")
}

/// An answer that goes on until the client has enough.
pub(super) fn endless(
    kind: &'static str,
    lines: impl futures_util::Stream<Item = Bytes> + Send + 'static,
) -> Response {
    use futures_util::StreamExt as _;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let body = Body::from_stream(lines.map(Ok::<_, Infallible>));
    (Extension(Endless), headers, body).into_response()
}

/// Marks an answer that goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endless;

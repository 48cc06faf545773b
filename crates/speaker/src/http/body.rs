//! Answers of any size: made away from the tasks of the sessions, sent piece by piece.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

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
const LONGEST: Duration = Duration::from_secs(300);

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
    let text = tokio::task::spawn_blocking(move || text(&make()));
    let text = text.await.map_err(|_| unmade())??;
    let body = Body::new(Sending {
        rest: text.into(),
        deadline: Instant::now() + LONGEST,
        _permit: permit,
    });
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, body).into_response())
}

/// A small answer as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<Response, Refusal> {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, text(value)?).into_response())
}

fn text(value: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    let mut text = serde_json::to_vec(value).map_err(|_| unmade())?;
    text.push(b'\n');
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
    (headers, body).into_response()
}

//! Answers of any size: written away from the tasks of the sessions, and sent while they are written.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut as _, Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

use super::connections::{Turn, Turns};
use super::error::Refusal;

/// How long the whole of an answer may take to be sent.
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// Octets of a piece; of an answer no more than two are in memory.
const PIECE: usize = 1 << 16;

/// A piece of an answer.
struct Piece {
    octets: Bytes,
    is_last: bool,
}

/// What arrives to be sent after the first piece.
struct Sending {
    first: Option<Bytes>,
    rest: mpsc::Receiver<io::Result<Piece>>,
    is_whole: bool,
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        Poll::Ready(match ready!(self.rest.poll_recv(context)) {
            Some(Ok(piece)) => {
                self.is_whole = piece.is_last;
                Some(Ok(Frame::data(piece.octets)))
            }
            Some(Err(error)) => Some(Err(error)),
            None if self.is_whole => None,
            // Who writes has ended in the middle.
            None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
        })
    }
}

/// An answer that a client has to take in time; the time in which the server writes does not count.
pub(super) struct Paced {
    body: Body,
    turns: Turns,
    /// How long the client has had something to take.
    taken: Duration,
    given: Option<Instant>,
}

impl Paced {
    /// An answer on a connection.
    pub(super) fn answer(body: Body, turns: Turns) -> Body {
        turns.set(Turn::Take(Instant::now() + LONGEST));
        Body::new(Self {
            body,
            turns,
            taken: Duration::ZERO,
            given: None,
        })
    }
}

impl http_body::Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let now = Instant::now();
        if let Some(given) = self.given.take() {
            self.taken += now - given;
        }
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.given = Some(now);
            let left = LONGEST.saturating_sub(self.taken);
            self.turns.set(Turn::Take(now + left));
        } else {
            self.turns.set(Turn::Server);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whose turn it is to write a piece: answers that are written at once would take the processors
/// from the sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Pen(Arc<Mutex<()>>);

impl Pen {
    fn lock(&self) -> MutexGuard<'_, ()> {
        // Nothing is behind it that could be half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> Writing<'_> {
        let pen = RefCell::new(Some(self.lock()));
        Writing { of: self, pen }
    }
}

/// The turn of an answer that is written.
pub(super) struct Writing<'a> {
    of: &'a Pen,
    pen: RefCell<Option<MutexGuard<'a, ()>>>,
}

impl Writing<'_> {
    /// Lets others write while this waits for something.
    pub(super) fn pause<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.pen.take();
        let waited = wait();
        self.pen.replace(Some(self.of.lock()));
        waited
    }
}

/// Takes what is written, and has it sent piece by piece.
struct Pieces<'a, 'p> {
    piece: BytesMut,
    to: &'a mpsc::Sender<io::Result<Piece>>,
    turn: &'a Writing<'p>,
}

impl Pieces<'_, '_> {
    /// Has a piece sent, once the client has taken those before.
    fn send(&mut self, is_last: bool) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, BytesMut::with_capacity(PIECE));
        let octets = piece.freeze();
        let piece = Piece { octets, is_last };
        let sent = self.turn.pause(|| self.to.blocking_send(Ok(piece)));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl io::Write for Pieces<'_, '_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            self.send(false)?;
        }
        let length = octets.len().min(PIECE - self.piece.len());
        self.piece.put_slice(&octets[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An answer in JSON, written by a thread of its own while it is sent, which keeps the permit. What
/// fits in a piece is sent with its length.
pub(super) async fn written(
    permit: OwnedSemaphorePermit,
    pen: Pen,
    write: impl FnOnce(&Writing<'_>, &mut dyn io::Write) -> io::Result<()> + Send + 'static,
) -> Result<Response, Refusal> {
    let (to, mut pieces) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let turn = pen.turn();
        let mut out = Pieces {
            piece: BytesMut::with_capacity(PIECE),
            to: &to,
            turn: &turn,
        };
        let written = write(&turn, &mut out).and_then(|()| out.send(true));
        if let Err(error) = written {
            // What was sent ends in the middle, and shall not look whole. The client may be gone.
            let _ = turn.pause(|| to.blocking_send(Err(error)));
        }
    });
    let first = pieces.recv().await;
    let first = first.ok_or_else(unmade)?.map_err(|_| unmade())?;
    let body = match first.is_last {
        true => Body::from(first.octets),
        false => Body::new(Sending {
            first: Some(first.octets),
            rest: pieces,
            is_whole: false,
        }),
    };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, body).into_response())
}

/// Writes a value as a line of JSON.
pub(super) fn write_line(out: &mut dyn io::Write, value: &impl Serialize) -> io::Result<()> {
    routehub_scenario::json::to_writer(out, value)?;
    out.write_all(b"\n")
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::to_bytes;
    use tokio::sync::Semaphore;

    use super::*;

    async fn answer(
        octets: usize,
        end: io::Result<()>,
    ) -> Result<Result<Bytes, axum::Error>, Refusal> {
        let permit = Arc::new(Semaphore::new(1)).acquire_owned().await;
        let write = move |_: &Writing<'_>, out: &mut dyn io::Write| {
            out.write_all(&vec![b'x'; octets])?;
            end
        };
        let response = written(permit.expect("a permit"), Pen::default(), write).await?;
        Ok(to_bytes(response.into_body(), usize::MAX).await)
    }

    #[tokio::test]
    async fn an_answer_of_any_length_is_whole_or_ends_with_an_error() {
        let broken = || Err(io::Error::other("the rest is missing"));
        for octets in [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE, 1_000_000] {
            let whole = answer(octets, Ok(())).await.expect("an answer");
            assert_eq!(whole.expect("whole").len(), octets);
            // What has not begun to be sent is refused.
            match answer(octets, broken()).await {
                Ok(body) => assert!(octets > PIECE && body.is_err(), "{octets}"),
                Err(_) => assert!(octets <= PIECE, "{octets}"),
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_goes_ends_its_answer_and_others_are_written_meanwhile() {
        let permits = Arc::new(Semaphore::new(2));
        let pen = Pen::default();
        let long = |_: &Writing<'_>, out: &mut dyn io::Write| out.write_all(&[b'x'; 20 * PIECE]);
        let permit = || Arc::clone(&permits).acquire_owned();
        let stuck = written(permit().await.expect("a permit"), pen.clone(), long).await;
        let other = written(permit().await.expect("a permit"), pen, long).await;
        let other = to_bytes(other.expect("an answer").into_body(), usize::MAX).await;
        assert_eq!(other.expect("whole").len(), 20 * PIECE);
        drop(stuck);
        let both = permits.acquire_many(2).await;
        assert!(both.is_ok());
    }

    /// The next octets of a body.
    async fn next(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
        let frame = std::future::poll_fn(|context| {
            http_body::Body::poll_frame(Pin::new(&mut *body), context)
        });
        let frame = frame.await?;
        Some(frame.map(|frame| frame.into_data().expect("octets")))
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_in_which_the_server_writes_does_not_count() {
        let turns = Turns::default();
        let (to, rest) = mpsc::channel(1);
        let sending = Sending {
            first: Some(Bytes::from_static(b"a")),
            rest,
            is_whole: false,
        };
        let mut body = Paced::answer(Body::new(sending), turns.clone());
        assert_eq!(
            next(&mut body).await.expect("a piece").expect("octets"),
            "a"
        );
        // The client takes its time.
        tokio::time::sleep(Duration::from_secs(100)).await;
        let writes = async {
            tokio::time::sleep(Duration::from_secs(1000)).await;
            assert!(matches!(turns.now(), Turn::Server), "{:?}", turns.now());
            let octets = Bytes::from_static(b"b");
            let piece = Piece {
                octets,
                is_last: false,
            };
            assert!(to.send(Ok(piece)).await.is_ok());
        };
        let (taken, ()) = tokio::join!(next(&mut body), writes);
        assert_eq!(taken.expect("a piece").expect("octets"), "b");
        let left = Duration::from_secs(20);
        let Turn::Take(until) = turns.now() else {
            panic!("{:?}", turns.now());
        };
        assert_eq!(until - Instant::now(), left);
        // Whoever writes has ended without the last piece.
        drop(to);
        assert!(next(&mut body).await.expect("an end").is_err());
    }
}

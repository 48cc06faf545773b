//! What every request is answered from, and how much of it at once.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use routehub::{Engine, Exchange};
use serde::Serialize;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use super::body;
use super::error::Refusal;
use crate::Server;
use crate::sink::{JsonSink, Sink};

/// Tables that are made or sent at once; further ones wait.
pub const TABLES: usize = 4;
/// Streams at once; further ones are refused.
pub const STREAMS: usize = 32;

/// How long a query may wait for its turn and its answer.
const QUERY: Duration = Duration::from_secs(30);

/// The state of the HTTP server.
pub(super) struct App {
    server: Arc<Server>,
    token: Option<Token>,
    /// Whether it listens on a loopback address.
    loopback: bool,
    changes: Option<Changes>,
    /// The engine task answers one query at a time.
    query: Arc<Semaphore>,
    tables: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl App {
    pub(super) fn new(
        server: Arc<Server>,
        token: Option<Token>,
        loopback: bool,
        changes: Option<Changes>,
    ) -> Self {
        Self {
            server,
            token,
            loopback,
            changes,
            query: Arc::new(Semaphore::new(1)),
            tables: Arc::new(Semaphore::new(TABLES)),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) const fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }

    /// Reads from the engine, after other queries.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let answer = async {
            let turn = Arc::clone(&self.query).acquire_owned().await;
            let query = move |engine: &Engine| {
                let answer = query(engine);
                // Only now it is the turn of the next, even if nobody waits for this any more.
                drop(turn);
                answer
            };
            Ok(self.server.ask(query).await?)
        };
        let answer = tokio::time::timeout(QUERY, answer).await;
        answer.map_err(|_| Refusal::busy("the routes are busy: there was no answer in 30 s"))?
    }

    /// A permit to make and send a table.
    pub(super) async fn table_permit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let permit = Arc::clone(&self.tables).acquire_owned();
        let permit = tokio::time::timeout(QUERY, permit).await;
        let permit = permit.ok().and_then(Result::ok);
        permit.ok_or_else(|| Refusal::busy("too many tables are being sent"))
    }

    /// A table that the engine task reads and another thread shapes.
    pub(super) async fn table<R: Send + 'static, T: Serialize>(
        &self,
        read: impl FnOnce(&Exchange) -> Result<R, Refusal> + Send + 'static,
        shape: impl FnOnce(R) -> T + Send + 'static,
    ) -> Result<Response, Refusal> {
        let permit = self.table_permit().await?;
        let rows = self.ask(move |engine| read(engine.exchange())).await??;
        body::table(permit, move || shape(rows)).await
    }

    /// A permit to send a stream.
    pub(super) fn stream_permit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let permit = Arc::clone(&self.streams).try_acquire_owned();
        permit.map_err(|_| Refusal::busy("too many streams are open"))
    }

    /// Whether a client may post events.
    pub(super) fn authorize(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let forbidden = |error| Err(Refusal::new(StatusCode::FORBIDDEN, error));
        let unauthorized = |error| Refusal::new(StatusCode::UNAUTHORIZED, error);
        if headers.contains_key(header::ORIGIN) {
            return forbidden("web pages cannot have events happen: the request has an `Origin`");
        }
        let Some(token) = &self.token else {
            if self.loopback {
                return Ok(());
            }
            return forbidden(
                "events need a token on an address that is not a loopback address, and this \
                 server has none: start it with a token file",
            );
        };
        let given = headers.get(header::AUTHORIZATION).ok_or_else(|| {
            unauthorized(
                "events need a token: send `Authorization: Bearer` and what the token file holds",
            )
        })?;
        let scheme = given.as_bytes().split_at_checked(7);
        let bearer = scheme.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
        let Some((_, secret)) = bearer else {
            let error = "the `Authorization` of a request is `Bearer` and the token";
            return Err(unauthorized(error));
        };
        if token.is(secret.trim_ascii()) {
            Ok(())
        } else {
            Err(unauthorized("this is not the token"))
        }
    }
}

/// The bearer token that `POST` needs.
pub struct Token(Vec<u8>);

/// Why a token cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// There is nothing in it, or something that no header can hold.
    #[error("a token is one line of visible characters without blanks, and not empty")]
    Unfit,
}

impl Token {
    /// This secret; blanks and line ends around it do not count.
    ///
    /// # Errors
    /// [`TokenError::Unfit`].
    pub fn new(secret: &str) -> Result<Self, TokenError> {
        let secret = secret.trim();
        let fits = !secret.is_empty() && secret.bytes().all(|octet| octet.is_ascii_graphic());
        let token = fits.then(|| Self(secret.into()));
        token.ok_or(TokenError::Unfit)
    }

    /// The secret in a file.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn read(file: &Path) -> Result<Self, TokenError> {
        Self::new(&std::fs::read_to_string(file)?)
    }

    /// Whether this is the secret; how long that takes does not tell how much of it is right.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        self.0.ct_eq(given).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Batches that are kept for a slow stream; the oldest are lost first.
const BATCHES: usize = 64;

/// The way of changed routes from the engine to streams.
///
/// Give its [`sink`](Self::sink) to the server and itself to the
/// [`Http`](super::Http::with_changes).
#[derive(Clone)]
pub struct Changes(broadcast::Sender<Bytes>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(BATCHES))
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes")
    }
}

impl Changes {
    /// The sink that receives the changes.
    pub fn sink(&self) -> Box<dyn Sink> {
        Box::new(JsonSink::new(self.clone()))
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Bytes> {
        self.0.subscribe()
    }
}

/// Takes the lines of a batch at once.
impl io::Write for Changes {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.0.receiver_count() > 0 {
            // The last receiver may be gone.
            let _ = self.0.send(Bytes::copy_from_slice(lines));
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_line_without_what_surrounds_it_and_nothing_else_is() {
        let token = Token::new(" s3cret-of-mine\n").expect("a token");
        assert!(token.is(b"s3cret-of-mine"));
        for other in ["", "s3cret-of-min", "s3cret-of-mine ", "S3cret-of-mine"] {
            assert!(!token.is(other.as_bytes()), "{other:?}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn what_no_header_can_hold_is_no_token() {
        for unfit in ["", " \n", "two words", "two\nlines", "gr\u{fc}n"] {
            assert!(Token::new(unfit).is_err(), "{unfit:?}");
        }
    }
}

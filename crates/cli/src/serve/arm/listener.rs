//! HTTPS: connections in, requests to the endpoint.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use routehub_arm::Request;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::certificate::Certificate;
use super::gate::Gate;

/// Connections at once; further ones wait.
const CONNECTIONS: usize = 64;
/// How long a handshake, the head of a request or its body may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Octets of a request's body at most.
const BODY_SIZE: usize = 4 << 20;
/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket that answers HTTPS.
pub(super) struct Listener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    certificate: PathBuf,
}

impl Listener {
    /// Listens on an address.
    pub(super) async fn bind(address: SocketAddr, certificate: &Certificate) -> Result<Self> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address} for --arm"))?;
        Ok(Self {
            listener,
            acceptor: certificate.config()?.into(),
            certificate: certificate.file.clone(),
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// The file with its certificate.
    pub(super) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Answers requests, for ever.
    pub(super) async fn serve(self, gate: Arc<Gate>) {
        let app = Router::new().fallback(answer).with_state(gate);
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&slots).acquire_owned().await {
            let Ok((stream, _)) = self.listener.accept().await else {
                sleep(PAUSE).await;
                continue;
            };
            let (acceptor, app) = (self.acceptor.clone(), app.clone());
            connections.spawn(async move {
                serve_connection(stream, acceptor, app).await;
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
    }
}

async fn serve_connection(stream: TcpStream, acceptor: TlsAcceptor, app: Router) {
    // A connection on which this fails is broken, which reading from it will tell.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await else {
        return;
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    // The client may have gone.
    let _ = connection.await;
}

/// Answers a request.
async fn answer(State(gate): State<Arc<Gate>>, request: axum::http::Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = match timeout(PATIENCE, to_bytes(body, BODY_SIZE)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let request = Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        authorization: text(&parts.headers, &header::AUTHORIZATION),
        if_match: text(&parts.headers, &header::IF_MATCH),
        body: &body,
        at: gate.now(),
    };
    let answer = gate.answer(&request).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match answer.body {
        Some(body) => {
            let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
            (status, kind, body.to_string()).into_response()
        }
        None => status.into_response(),
    };
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

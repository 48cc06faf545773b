//! Answers to requests that cannot be answered.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use routehub::UnknownName;
use routehub_scenario::Diagnostics;
use serde::Serialize;

use super::connections::Ends;
use crate::Stopped;

/// Why a request is not answered.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    error: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diagnostics: Vec<BodyDiagnostic>,
}

/// What is wrong in the body of a request, and where.
#[derive(Debug, Serialize)]
struct BodyDiagnostic {
    line: usize,
    column: usize,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            diagnostics: Vec::new(),
        }
    }

    /// Whether nothing has the name that was asked for.
    pub(super) fn is_unknown(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// What is wrong, in words.
    pub(super) fn error(&self) -> &str {
        &self.error
    }

    pub(super) fn bad(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    pub(super) fn busy(error: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }

    /// Nothing of a kind has this name; others have these.
    pub(super) fn unknown<'a>(
        kind: &str,
        name: &str,
        known: impl Iterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>,
    ) -> Self {
        /// Names that are listed at most.
        const MOST: usize = 20;
        let known: Vec<&str> = known.map(AsRef::as_ref).collect();
        let mut error = format!("there is no {kind} `{name}`; there ");
        match known.as_slice() {
            [] => error.push_str("is none"),
            all => {
                let shown = all.get(..MOST).unwrap_or(all);
                error.push_str(if all.len() == 1 { "is " } else { "are " });
                error.push_str(&shown.join(", "));
                if shown.len() < all.len() {
                    error.push_str(&format!(" and {} more", all.len() - shown.len()));
                }
            }
        }
        Self::new(StatusCode::NOT_FOUND, error)
    }

    /// A body with errors.
    pub(super) fn diagnosed(diagnostics: Diagnostics) -> Self {
        let first = diagnostics.first().map(ToString::to_string);
        let diagnostics = diagnostics.into_iter().map(|diagnostic| BodyDiagnostic {
            line: diagnostic.at.line,
            column: diagnostic.at.column,
            message: diagnostic.message,
            help: diagnostic.help,
        });
        Self {
            diagnostics: diagnostics.collect(),
            ..Self::bad(first.unwrap_or_default())
        }
    }
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        Self::busy(&stopped.to_string())
    }
}

impl From<UnknownName> for Refusal {
    /// What was there when a table was begun, and is no longer.
    fn from(unknown: UnknownName) -> Self {
        Self::new(StatusCode::NOT_FOUND, unknown.to_string())
    }
}

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Self {
        Self::bad(rejection.body_text())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // Texts and numbers serialize.
        let text = routehub_scenario::json::to_string(&self).unwrap_or_default() + "\n";
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, kind, text).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = header::HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// There is nothing at this path.
pub(super) async fn no_such_path(uri: Uri) -> Refusal {
    let error = format!("there is nothing at {}; / says what there is", uri.path());
    Refusal::new(StatusCode::NOT_FOUND, error)
}

/// There is something at this path, but not for this method.
pub(super) async fn no_such_method(method: Method, uri: Uri) -> Refusal {
    let error = format!(
        "{} does not take {method}; / says what there is",
        uri.path()
    );
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, error)
}

/// There are too many connections for all that could be asked on them.
pub(super) async fn too_many_connections(Extension(ends): Extension<Ends>) -> Response {
    let error = format!(
        "too many connections are open, or too many from {}: this one answers only /healthz and \
         /metrics",
        ends.client
    );
    let mut response = Refusal::busy(&error).into_response();
    let close = header::HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

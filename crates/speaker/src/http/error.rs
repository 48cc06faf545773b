//! Answers to requests that cannot be answered.

use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use routehub_scenario::Diagnostic;
use serde::Serialize;

use crate::Stopped;

/// Why a request is not answered.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: String,
    diagnostics: Vec<Told>,
}

/// What is wrong in a text, and where.
#[derive(Debug, Serialize)]
struct Told {
    line: usize,
    column: usize,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Serialize)]
struct Shown<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    diagnostics: &'a [Told],
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            diagnostics: Vec::new(),
        }
    }

    pub(crate) fn bad(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// Nothing of a kind has this name; others have these.
    pub(crate) fn unknown<'a>(
        kind: &str,
        name: &str,
        known: impl Iterator<Item = &'a String>,
    ) -> Self {
        /// Names that are listed at most.
        const MOST: usize = 20;
        let known: Vec<&str> = known.map(String::as_str).collect();
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

    /// A text that is wrong.
    pub(crate) fn diagnosed(wrong: Vec<Diagnostic>) -> Self {
        let first = wrong.first().map(ToString::to_string).unwrap_or_default();
        let told = wrong.into_iter().map(|one| Told {
            line: one.at.line,
            column: one.at.column,
            message: one.message,
            help: one.help,
        });
        Self {
            diagnostics: told.collect(),
            ..Self::bad(first)
        }
    }
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, stopped.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let shown = Shown {
            error: &self.error,
            diagnostics: &self.diagnostics,
        };
        // Texts and numbers serialize.
        let text = serde_json::to_string(&shown).unwrap_or_default() + "\n";
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
pub(crate) async fn no_such_path(uri: Uri) -> Refusal {
    let error = format!("there is nothing at {}; / says what there is", uri.path());
    Refusal::new(StatusCode::NOT_FOUND, error)
}

/// There is something at this path, but not for this method.
pub(crate) async fn no_such_method(method: Method, uri: Uri) -> Refusal {
    let error = format!(
        "{} does not take {method}; / says what there is",
        uri.path()
    );
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, error)
}

//! Requests and answers, without the connection that they come over.

use routehub_types::Instant;
use serde_json::{Value, json};

/// A request to Azure's resource manager.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path, as it stands in the request: percent-encoded.
    pub path: &'a str,
    /// What stands behind `?`.
    pub query: &'a str,
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The header `If-Match`.
    pub if_match: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// When it comes, by the clock of whoever holds the endpoint.
    pub at: Instant,
}

impl Request<'_> {
    /// A parameter of the query, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| decoded(key).eq_ignore_ascii_case(name))?;
        Some(decoded(value))
    }
}

/// A text without percent-encoding; what is not UTF-8 then is replaced.
pub(super) fn decoded(text: &str) -> String {
    let digit = |octet: Option<&u8>| char::from(*octet?).to_digit(16);
    let octets = text.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(octet) = octets.get(at) {
        let pair = (digit(octets.get(at + 1)), digit(octets.get(at + 2)));
        match (octet, pair) {
            (b'%', (Some(high), Some(low))) => {
                // Two digits make an octet.
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                at += 1;
            }
            _ => {
                out.push(*octet);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers besides the type and length of the body.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON.
    pub body: Option<Value>,
}

impl Response {
    /// 200 with a body.
    pub(super) fn ok(body: Value) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    /// A status alone.
    pub(super) const fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }
}

/// Why a request is refused, as Azure's resource manager says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ArmError {
    /// The status.
    pub status: u16,
    /// Azure's code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl ArmError {
    /// 400 with a code.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// A resource that is not there.
    pub(super) fn not_found(id: &str) -> Self {
        let path = id.split_once("/providers/").map_or(id, |(_, path)| path);
        let group = id.split("/resourceGroups/").nth(1).unwrap_or_default();
        let group = group.split('/').next().unwrap_or_default();
        let message =
            format!("The Resource '{path}' under resource group '{group}' was not found.");
        Self::new(404, "ResourceNotFound", message)
    }
}

impl From<ArmError> for Response {
    fn from(error: ArmError) -> Self {
        Self {
            status: error.status,
            headers: Vec::new(),
            body: Some(json!({"error": {"code": error.code, "message": error.message}})),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_decoded_and_nonsense_stays() {
        assert_eq!(decoded("a%20b%2Fc+d"), "a b/c d");
        assert_eq!(decoded("%"), "%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
        assert_eq!(decoded("%ff"), "\u{fffd}");
        let request = Request {
            query: "api-version=2024-05-01&Peer=10.0.0.4&x",
            ..Request::default()
        };
        assert_eq!(request.parameter("peer").as_deref(), Some("10.0.0.4"));
        assert_eq!(request.parameter("x"), None);
    }
}

//! What is looked at of every request before anything else: whom it is for, and who sends it.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Version, header, uri::Authority};

use super::connections::Ends;
use super::error::Refusal;
use super::token::Token;

/// The tokens and names that requests need.
pub(super) struct Guard {
    token: Option<Token>,
    read_token: Option<Token>,
    /// Whether the server listens on a loopback address.
    loopback: bool,
    hosts: BTreeSet<String>,
}

impl Guard {
    /// With a token, events need it.
    pub(super) const fn new(token: Option<Token>, loopback: bool) -> Self {
        Self {
            token,
            read_token: None,
            loopback,
            hosts: BTreeSet::new(),
        }
    }

    /// Reading needs this token, or that for events.
    pub(super) fn set_read_token(&mut self, token: Token) {
        self.read_token = Some(token);
    }

    /// These names are ours.
    pub(super) fn add_hosts(&mut self, names: BTreeSet<String>) {
        let names = names.into_iter();
        self.hosts
            .extend(names.map(|name| name.to_ascii_lowercase()));
    }

    /// Whether a request may be answered.
    pub(super) fn admit(&self, request: &Request, ends: Ends) -> Result<(), Refusal> {
        self.check_host(request, ends.local)?;
        let is_read = [Method::GET, Method::HEAD].contains(request.method());
        match request.uri().path() {
            "/healthz" if is_read => Ok(()),
            _ if is_read => self.authorize_reading(request.headers()),
            _ => self.authorize(request.headers()),
        }
    }

    /// A name that leads here without our knowing may stand for another place in the eyes of a
    /// browser: its pages could read everything (DNS rebinding). RFC 9110 section 15.5.20.
    fn check_host(&self, request: &Request, local: SocketAddr) -> Result<(), Refusal> {
        let refusal = |error: String| Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, error));
        let mut named = request.headers().get_all(header::HOST).into_iter();
        let (first, more) = (named.next(), named.next());
        if more.is_some() {
            return Err(Refusal::bad("the request has more than one `Host`"));
        }
        let Some(first) = first else {
            return match request.version() {
                Version::HTTP_09 | Version::HTTP_10 => Ok(()),
                _ => Err(Refusal::bad("the request has no `Host`")),
            };
        };
        let text = String::from_utf8_lossy(first.as_bytes()).into_owned();
        let authorities = [
            text.parse::<Authority>().ok(),
            request.uri().authority().cloned(),
        ];
        let [Some(host), absolute] = authorities else {
            return Err(Refusal::bad(format!(
                "`Host` is {text:?}, which is no host"
            )));
        };
        for authority in [Some(host), absolute].into_iter().flatten() {
            if !self.is_ours(authority.host(), local.ip()) {
                let host = authority.host();
                return refusal(format!(
                    "this server is not {host:?}: it answers to {}, and to names that are given \
                     at its start (--http-host)",
                    local.ip().to_canonical()
                ));
            }
        }
        Ok(())
    }

    fn is_ours(&self, host: &str, local: IpAddr) -> bool {
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let local = local.to_canonical();
        match bare.unwrap_or(host).parse::<IpAddr>() {
            Ok(address) => address.to_canonical() == local || self.hosts.contains(host),
            Err(_) => host == "localhost" && local.is_loopback() || self.hosts.contains(host),
        }
    }

    /// Whether a client may read.
    fn authorize_reading(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(read_token) = &self.read_token else {
            return Ok(());
        };
        let needed = "reading needs a token: send `Authorization: Bearer` and what the file of \
                      the read token holds";
        let secret = bearer(headers, needed)?;
        // Both are compared, whichever it is.
        let is_other = self.token.as_ref().is_some_and(|token| token.is(secret));
        match read_token.is(secret) | is_other {
            true => Ok(()),
            false => Err(unauthorized("this is not the token")),
        }
    }

    /// Whether a client may have events happen.
    fn authorize(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let forbidden = |error: &str| Err(Refusal::new(StatusCode::FORBIDDEN, error));
        if headers.contains_key(header::ORIGIN) {
            return forbidden("web pages cannot have events happen: the request has an `Origin`");
        }
        let Some(token) = &self.token else {
            if self.read_token.is_some() {
                return forbidden(
                    "reading needs a token here, and so do events: this server has none for them, \
                     start it with a token file",
                );
            }
            if self.loopback {
                return Ok(());
            }
            return forbidden(
                "events need a token on an address that is not a loopback address, and this \
                 server has none: start it with a token file",
            );
        };
        let needed =
            "events need a token: send `Authorization: Bearer` and what the token file holds";
        match token.is(bearer(headers, needed)?) {
            true => Ok(()),
            false => Err(unauthorized("this is not the token")),
        }
    }
}

fn unauthorized(error: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, error)
}

/// The secret that a request carries.
fn bearer<'a>(headers: &'a HeaderMap, needed: &str) -> Result<&'a [u8], Refusal> {
    let given = headers.get(header::AUTHORIZATION);
    let given = given.ok_or_else(|| unauthorized(needed))?;
    let scheme = given.as_bytes().split_at_checked(7);
    let bearer = scheme.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
    let secret = bearer.map(|(_, secret)| secret.trim_ascii());
    secret.ok_or_else(|| unauthorized("the `Authorization` of a request is `Bearer` and the token"))
}

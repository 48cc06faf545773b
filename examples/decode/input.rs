//! Lines that hold a message: hexadecimal digits, or JSON with what was negotiated.

use anyhow::{Context as _, Result, bail, ensure};
use routehub_types::{Asn, FamilySet};
use routehub_wire::{Context, PeerKind};
use serde::Deserialize;
use serde_json::Value;

/// A message and what it is decoded for.
pub(crate) struct Message {
    /// The caller's name for it.
    pub(crate) id: Value,
    /// Where it comes from, of an MRT file.
    pub(crate) source: Option<Value>,
    /// The octets from the marker on.
    pub(crate) bytes: Vec<u8>,
    /// What was negotiated.
    pub(crate) context: Context,
}

/// A line in JSON.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    message_hex: String,
    #[serde(default)]
    session: Session,
}

/// What was negotiated and who speaks; the default is that of a plain hexadecimal line.
#[derive(Deserialize)]
#[serde(default)]
struct Session {
    four_octet_as: bool,
    add_path: bool,
    extended_message: bool,
    enhanced_route_refresh: bool,
    ipv6_unicast: bool,
    peer_type: PeerType,
    peer_as: Option<u32>,
}

/// How the peer stands to the receiver.
#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum PeerType {
    Ebgp,
    Ibgp,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            four_octet_as: true,
            add_path: false,
            extended_message: false,
            enhanced_route_refresh: false,
            ipv6_unicast: true,
            peer_type: PeerType::Ebgp,
            peer_as: None,
        }
    }
}

impl Session {
    fn context(&self) -> Context {
        let families = if self.ipv6_unicast {
            FamilySet::ALL
        } else {
            FamilySet::IPV4
        };
        let external = self.peer_type == PeerType::Ebgp;
        let add_path = if self.add_path {
            families
        } else {
            FamilySet::EMPTY
        };
        Context {
            four_octet_as: self.four_octet_as,
            extended_message: self.extended_message,
            enhanced_refresh: self.enhanced_route_refresh,
            families,
            add_path_receive: add_path,
            add_path_send: add_path,
            peer: if external {
                PeerKind::External
            } else {
                PeerKind::Internal
            },
            first_as: self.peer_as.filter(|_| external).map(Asn),
            ..Context::default()
        }
    }
}

/// The message of a line.
///
/// # Errors
/// Text that is neither hexadecimal nor a JSON object with a message.
pub(crate) fn message(line: &str) -> Result<Message> {
    if line.starts_with('{') {
        let line: Line = serde_json::from_str(line).context("not a JSON object with a message")?;
        return Ok(Message {
            bytes: octets(&line.message_hex).context("message_hex")?,
            context: line.session.context(),
            id: line.id,
            source: None,
        });
    }
    Ok(Message {
        id: Value::Null,
        source: None,
        bytes: octets(line)?,
        context: Session::default().context(),
    })
}

/// Octets from hexadecimal digits; blanks and colons between them are of no meaning.
fn octets(text: &str) -> Result<Vec<u8>> {
    let mut digits = Vec::new();
    for (at, c) in text.char_indices() {
        match c.to_digit(16) {
            Some(digit) => digits.push(digit as u8),
            None if c.is_ascii_whitespace() || c == ':' => {}
            None => bail!("character {}: {c:?} is no hexadecimal digit", at + 1),
        }
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    ensure!(rest.is_empty(), "an odd number of hexadecimal digits");
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

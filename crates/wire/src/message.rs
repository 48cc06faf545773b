//! Whole messages.

use alloc::vec::Vec;

use crate::frame::{HEADER_LEN, MARKER, MessageType, header_fields};
use crate::refresh::{RefreshKind, RouteRefresh};
use crate::{AfiSafi, Context, DecodeError, Notification, Open, Reason, UpdateView};

/// The bytes of a KEEPALIVE, which is a header alone (RFC 4271 section 4.4).
pub const KEEPALIVE: [u8; HEADER_LEN] = {
    let mut bytes = [0xff; HEADER_LEN];
    bytes[16] = 0;
    bytes[17] = HEADER_LEN as u8;
    bytes[18] = MessageType::Keepalive.code();
    bytes
};

/// A BGP message: UPDATEs in place, the small rest in owned form.
#[derive(Clone, Debug)]
pub enum Message<'a> {
    /// Opens a session.
    Open(Open),
    /// Announces and withdraws routes.
    Update(UpdateView<'a>),
    /// Names an error and ends the session.
    Notification(Notification),
    /// Keeps the session alive.
    Keepalive,
    /// Asks for routes to be sent again.
    RouteRefresh(RouteRefresh),
}

impl Message<'_> {
    /// The type of the message.
    pub const fn kind(&self) -> MessageType {
        match self {
            Self::Open(_) => MessageType::Open,
            Self::Update(_) => MessageType::Update,
            Self::Notification(_) => MessageType::Notification,
            Self::Keepalive => MessageType::Keepalive,
            Self::RouteRefresh(_) => MessageType::RouteRefresh,
        }
    }
}

/// Decodes one whole message, as [`frame`](crate::frame) cuts it from a stream.
///
/// An UPDATE is never an error here: what is wrong with it stands in its
/// [outcome](UpdateView::outcome), which may be to reset the session.
///
/// # Errors
/// A header or a body of another type that cannot be used, with the NOTIFICATION to send. A
/// message that is longer or shorter than its header says has a bad length.
#[inline]
pub fn decode<'a>(message: &'a [u8], context: &Context) -> Result<Message<'a>, DecodeError> {
    let (kind, length) = match message.first_chunk::<HEADER_LEN>() {
        Some(header) => header_fields(header, context.max_len())?,
        None => return Err(bad_length(message)),
    };
    if length != message.len() {
        return Err(bad_length(message));
    }
    if kind == MessageType::Update {
        return Ok(Message::Update(UpdateView::new(message, context)));
    }
    decode_other(kind, message, context)
}

/// Decodes a message that is no UPDATE.
fn decode_other<'a>(
    kind: MessageType,
    message: &'a [u8],
    context: &Context,
) -> Result<Message<'a>, DecodeError> {
    match kind {
        MessageType::Open => Open::read(message).map(Message::Open),
        MessageType::Update => Ok(Message::Update(UpdateView::new(message, context))),
        MessageType::Notification => {
            let body = message.get(HEADER_LEN..).unwrap_or_default();
            let notification = Notification::from_body(body);
            notification
                .map(Message::Notification)
                .ok_or_else(|| bad_length(message))
        }
        MessageType::Keepalive => Ok(Message::Keepalive),
        MessageType::RouteRefresh => route_refresh(message, context).map(Message::RouteRefresh),
    }
}

fn bad_length(message: &[u8]) -> DecodeError {
    let field = message.get(16..18).unwrap_or_default();
    let error = Notification::BAD_MESSAGE_LENGTH.with_data(field.to_vec());
    DecodeError::new(Reason::MessageLength, 16, error)
}

/// A ROUTE-REFRESH; without enhanced refresh its subtype octet is of no meaning (RFC 2918).
fn route_refresh(message: &[u8], context: &Context) -> Result<RouteRefresh, DecodeError> {
    let body = message.get(HEADER_LEN..).unwrap_or_default();
    let subtype = |octet: u8| if context.enhanced_refresh { octet } else { 0 };
    match body {
        [high, low, octet, safi] => Ok(RouteRefresh {
            family: AfiSafi {
                afi: u16::from_be_bytes([*high, *low]),
                safi: *safi,
            },
            kind: RefreshKind::from_subtype(subtype(*octet)),
        }),
        [_, _, octet, ..] if matches!(subtype(*octet), 1 | 2) => {
            let error = Notification::INVALID_REFRESH_LENGTH.with_data(message.to_vec());
            Err(DecodeError::new(Reason::RefreshLength, 16, error))
        }
        _ => Err(bad_length(message)),
    }
}

/// Appends the End-of-RIB marker of a family (RFC 4724 section 2).
pub fn encode_end_of_rib(family: routehub_types::Family, out: &mut Vec<u8>) {
    let family = AfiSafi::from(family);
    let body: &[u8] = match family {
        AfiSafi::IPV4 => &[0, 23, 2, 0, 0, 0, 0],
        AfiSafi { safi, .. } => {
            let [high, low] = family.afi.to_be_bytes();
            &[0, 29, 2, 0, 0, 0, 6, 0x80, 15, 3, high, low, safi]
        }
    };
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(body);
}

//! Whole messages: cut from a byte stream, decoded; those that are a few octets alone.

use alloc::vec::Vec;

use routehub_types::Family;

use crate::header::{HEADER_LEN, MARKER, MessageType};
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

/// The length of the first message in a byte stream, or none if it is not there as a whole.
///
/// `max_len` is the longest message that may come: [`MAX_LEN`](crate::MAX_LEN), or
/// [`MAX_EXTENDED_LEN`](crate::MAX_EXTENDED_LEN) where this speaker advertised the capability
/// (RFC 8654 section 4).
///
/// ```
/// use routehub_wire::{KEEPALIVE, MAX_LEN, frame};
///
/// let stream = [&KEEPALIVE[..], &KEEPALIVE[..7]].concat();
/// assert_eq!(frame(&stream, MAX_LEN)?, Some(19));
/// assert_eq!(frame(&stream[19..], MAX_LEN)?, None);
/// # Ok::<(), routehub_wire::DecodeError>(())
/// ```
///
/// # Errors
/// A wrong marker, a length that messages of this type cannot have, or an unknown type (RFC 4271
/// section 6.1), as soon as the header is there.
pub fn frame(buf: &[u8], max_len: usize) -> Result<Option<usize>, DecodeError> {
    let Some(header) = buf.first_chunk::<HEADER_LEN>() else {
        return Ok(None);
    };
    let (_, length) = header_fields(header, max_len)?;
    Ok((buf.len() >= length).then_some(length))
}

/// The type and length that a header states, checked.
#[inline]
pub(crate) fn header_fields(
    header: &[u8; HEADER_LEN],
    max_len: usize,
) -> Result<(MessageType, usize), DecodeError> {
    let [marker @ .., high, low, code] = header;
    if *marker != MARKER {
        let offset = marker.iter().position(|octet| *octet != 0xff);
        let error = Notification::CONNECTION_NOT_SYNCHRONIZED;
        return Err(DecodeError::new(Reason::Marker, offset.unwrap_or(0), error));
    }
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length < HEADER_LEN || length > max_len {
        return Err(bad_length(header));
    }
    let Some(kind) = MessageType::from_code(*code) else {
        let error = Notification::BAD_MESSAGE_TYPE.with_data([*code].to_vec());
        return Err(DecodeError::new(Reason::MessageType, 18, error));
    };
    if !kind.lengths(max_len).contains(&length) {
        return Err(bad_length(header));
    }
    Ok((kind, length))
}

/// Decodes one whole message, as [`frame`] cuts it from a stream.
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
            let notification = Notification::from_body(body).map(Message::Notification);
            notification.ok_or_else(|| bad_length(message))
        }
        MessageType::Keepalive => Ok(Message::Keepalive),
        MessageType::RouteRefresh => {
            RouteRefresh::read(message, context).map(Message::RouteRefresh)
        }
    }
}

fn bad_length(message: &[u8]) -> DecodeError {
    let field = message.get(16..18).unwrap_or_default();
    let error = Notification::BAD_MESSAGE_LENGTH.with_data(field.to_vec());
    DecodeError::new(Reason::MessageLength, 16, error)
}

/// Appends the End-of-RIB marker of a family (RFC 4724 section 2).
pub fn encode_end_of_rib(family: Family, out: &mut Vec<u8>) {
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

/// What a ROUTE-REFRESH is for (RFC 7313 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RefreshKind {
    /// Asks for the routes to be sent again (RFC 2918).
    Request,
    /// BoRR: the routes are about to be sent again.
    Begin,
    /// EoRR: the routes have been sent again.
    End,
    /// Of a subtype that is not assigned: to be ignored.
    Other(u8),
}

/// A request to send the routes of a family again, or the begin or end of doing so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RouteRefresh {
    /// The family, known or not.
    pub family: AfiSafi,
    /// What the message is for.
    pub kind: RefreshKind,
}

impl RouteRefresh {
    /// A message for a family that this library routes.
    pub fn new(family: Family, kind: RefreshKind) -> Self {
        Self {
            family: family.into(),
            kind,
        }
    }

    /// The family that the message is about; none if the message is to be ignored: another family
    /// than those in use (RFC 2918 section 4), or a subtype without a meaning (RFC 7313 section 5).
    pub fn applies_to(&self, context: &Context) -> Option<Family> {
        let family = self.family.family()?;
        let known = !matches!(self.kind, RefreshKind::Other(_));
        (known && context.families.contains(family)).then_some(family)
    }

    /// Appends the whole message.
    pub fn encode(&self, out: &mut Vec<u8>) {
        MessageType::RouteRefresh.write_header(23, out);
        out.extend_from_slice(&self.family.afi.to_be_bytes());
        out.extend_from_slice(&[self.kind.subtype(), self.family.safi]);
    }

    /// The body of a message; without enhanced refresh its subtype octet is of no meaning (RFC 2918).
    fn read(message: &[u8], context: &Context) -> Result<Self, DecodeError> {
        let body = message.get(HEADER_LEN..).unwrap_or_default();
        let subtype = |octet: u8| if context.enhanced_refresh { octet } else { 0 };
        match body {
            [high, low, octet, safi] => Ok(Self {
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
            // A subtype that is not assigned is ignored, whatever follows it (RFC 7313 section 5).
            [high, low, octet, rest @ ..] if subtype(*octet) != 0 => Ok(Self {
                family: AfiSafi {
                    afi: u16::from_be_bytes([*high, *low]),
                    safi: rest.first().copied().unwrap_or_default(),
                },
                kind: RefreshKind::from_subtype(*octet),
            }),
            _ => Err(bad_length(message)),
        }
    }
}

impl RefreshKind {
    /// The message subtype of RFC 7313.
    pub const fn subtype(self) -> u8 {
        match self {
            Self::Request => 0,
            Self::Begin => 1,
            Self::End => 2,
            Self::Other(subtype) => subtype,
        }
    }

    /// The kind of a subtype.
    pub const fn from_subtype(subtype: u8) -> Self {
        match subtype {
            0 => Self::Request,
            1 => Self::Begin,
            2 => Self::End,
            other => Self::Other(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MAX_EXTENDED_LEN, MAX_LEN};
    use std::vec;
    use std::vec::Vec;

    fn header(length: u16, code: u8) -> Vec<u8> {
        let mut bytes = MARKER.to_vec();
        bytes.extend(length.to_be_bytes());
        bytes.push(code);
        bytes
    }

    fn refusal(length: u16, code: u8, max_len: usize) -> (u8, u8, Vec<u8>) {
        let error = frame(&header(length, code), max_len).unwrap_err();
        let Notification {
            code,
            subcode,
            data,
        } = error.notification().clone();
        (code, subcode, data)
    }

    #[test]
    fn a_stream_is_cut_message_by_message() {
        let stream = [header(19, 4), header(23, 2), vec![0; 3]].concat();
        assert_eq!(frame(&stream, MAX_LEN), Ok(Some(19)));
        assert_eq!(frame(&stream[19..], MAX_LEN), Ok(None));
        assert_eq!(frame(&stream[..18], MAX_LEN), Ok(None));
        assert_eq!(frame(&[], MAX_LEN), Ok(None));
    }

    #[test]
    fn a_wrong_marker_is_named_by_its_first_wrong_octet() {
        let mut bytes = header(19, 4);
        bytes[5] = 0;
        let error = frame(&bytes, MAX_LEN).unwrap_err();
        assert_eq!(error.offset, 5);
        assert_eq!(
            (error.notification().code, error.notification().subcode),
            (1, 1)
        );
    }

    #[test]
    fn lengths_are_bounded_by_type_and_by_agreement() {
        for (length, code, max_len) in [
            (18u16, 4, MAX_LEN),
            (20, 4, MAX_LEN),
            (28, 1, MAX_LEN),
            (22, 2, MAX_LEN),
            (20, 3, MAX_LEN),
            (4097, 2, MAX_LEN),
            (4097, 1, MAX_EXTENDED_LEN),
            (4097, 4, MAX_EXTENDED_LEN),
        ] {
            let data = length.to_be_bytes().to_vec();
            assert_eq!(refusal(length, code, max_len), (1, 2, data), "{length}");
        }
        assert_eq!(frame(&header(65535, 2), MAX_EXTENDED_LEN), Ok(None));
    }

    #[test]
    fn an_unknown_type_is_sent_back() {
        assert_eq!(refusal(19, 0, MAX_LEN), (1, 3, vec![0]));
        assert_eq!(refusal(19, 6, MAX_LEN), (1, 3, vec![6]));
    }
}

//! The message header: finding whole messages in a byte stream.

use crate::{DecodeError, Notification, Reason};

mod header;

pub(crate) use header::MARKER;
pub use header::{HEADER_LEN, MAX_EXTENDED_LEN, MAX_LEN, MessageType};

/// The length of the first message in a byte stream, or none if it is not there as a whole.
///
/// `max_len` is the longest message that may come: [`MAX_LEN`], or [`MAX_EXTENDED_LEN`] where this
/// speaker advertised the capability (RFC 8654 section 4).
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
    let field = [*high, *low];
    let length = usize::from(u16::from_be_bytes(field));
    let bad_length = || {
        let error = Notification::BAD_MESSAGE_LENGTH.with_data(field.to_vec());
        DecodeError::new(Reason::MessageLength, 16, error)
    };
    if length < HEADER_LEN || length > max_len {
        return Err(bad_length());
    }
    let Some(kind) = MessageType::from_code(*code) else {
        let error = Notification::BAD_MESSAGE_TYPE.with_data([*code].to_vec());
        return Err(DecodeError::new(Reason::MessageType, 18, error));
    };
    if !kind.lengths(max_len).contains(&length) {
        return Err(bad_length());
    }
    Ok((kind, length))
}

#[cfg(test)]
mod tests {
    use super::*;
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
        } = error.notification;
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
            (error.notification.code, error.notification.subcode),
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

//! The bytes of a connection that are not read yet.

use alloc::vec::Vec;
use core::ops::Range;

use routehub_types::Instant;
use routehub_wire::{DecodeError, frame};

/// A buffer that gives out whole messages in place.
///
/// Memory is kept and used again; what was read is dropped when more is pushed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReceiveBuffer {
    bytes: Vec<u8>,
    read: usize,
    received_at: Instant,
}

impl ReceiveBuffer {
    pub(crate) fn push(&mut self, now: Instant, bytes: &[u8]) {
        if self.read > 0 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
        self.received_at = now;
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.read = 0;
    }

    /// When the last bytes came.
    pub(crate) const fn received_at(&self) -> Instant {
        self.received_at
    }

    fn unread(&self) -> &[u8] {
        self.bytes.get(self.read..).unwrap_or_default()
    }

    /// Whether there is a message, or a header that is wrong.
    pub(crate) fn has_message(&self, max_len: usize) -> bool {
        !matches!(frame(self.unread(), max_len), Ok(None))
    }

    /// Takes the next whole message, if there is one; its bytes stay until more is pushed.
    pub(crate) fn next(&mut self, max_len: usize) -> Result<Option<Range<usize>>, DecodeError> {
        let Some(length) = frame(self.unread(), max_len)? else {
            return Ok(None);
        };
        let start = self.read;
        self.read += length;
        Ok(Some(start..self.read))
    }

    /// The bytes of a message that [`next`](Self::next) took.
    pub(crate) fn message(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }
}

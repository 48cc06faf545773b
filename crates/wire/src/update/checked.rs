//! UPDATEs that are checked, in owned form: what is handed from a session to another thread.

use alloc::vec::Vec;

use super::UpdateView;
use super::fault::Strongest;
use super::scan::Parts;
use crate::Context;

/// UPDATEs of one peer, one behind the other, with what their check found: reading them again
/// parses and checks nothing.
///
/// ```
/// use routehub_wire::{CheckedUpdates, Context, Message, decode};
///
/// let end_of_rib = [&[0xff; 16][..], &[0, 23, 2, 0, 0, 0, 0]].concat();
/// let mut updates = CheckedUpdates::default();
/// if let Message::Update(view) = decode(&end_of_rib, &Context::default())? {
///     updates.push(&view);
/// }
/// assert!(updates.iter().all(|view| view.end_of_rib().is_some()));
/// # Ok::<(), routehub_wire::DecodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CheckedUpdates {
    bytes: Vec<u8>,
    checked: Vec<Checked>,
}

/// What the check of an UPDATE found, and how long its message is.
#[derive(Clone, Debug)]
struct Checked {
    length: u16,
    context: Context,
    parts: Parts,
    verdict: Strongest,
}

impl CheckedUpdates {
    /// Appends a copy of an UPDATE.
    pub fn push(&mut self, update: &UpdateView<'_>) {
        self.bytes.extend_from_slice(update.message);
        self.checked.push(Checked {
            // A message is at most 65,535 octets long.
            length: update.message.len() as u16,
            context: update.context,
            parts: update.parts,
            verdict: update.verdict,
        });
    }

    /// Whether there is no UPDATE.
    pub fn is_empty(&self) -> bool {
        self.checked.is_empty()
    }

    /// The UPDATEs, in order.
    pub fn iter(&self) -> impl Iterator<Item = UpdateView<'_>> {
        let mut left = self.bytes.as_slice();
        self.checked.iter().map_while(move |checked| {
            let (message, rest) = left.split_at_checked(checked.length.into())?;
            left = rest;
            Some(UpdateView {
                message,
                context: checked.context,
                parts: checked.parts,
                verdict: checked.verdict,
            })
        })
    }
}

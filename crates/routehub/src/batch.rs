//! The routes of one UPDATE on their way from a session into the engine.

use routehub_rib::RawKey;
use routehub_types::{Attrs, Nlri};
use routehub_wire::{Announced, Context, Outcome, PeerKind, UpdateView};

/// The attributes of a batch: as received, so that a set seen before costs no parsing, or owned.
pub enum BatchAttrs<'a> {
    /// A raw block that is free of faults, and how to read it if it is new.
    Raw {
        /// The block and what else decides its meaning.
        key: RawKey<'a>,
        /// Reads it.
        parse: &'a dyn Fn() -> Attrs,
    },
    /// Attributes in owned form.
    Owned(&'a Attrs),
    /// None: the batch withdraws only.
    None,
}

/// One UPDATE's attribute set and its prefixes.
pub struct RouteBatch<'a> {
    /// Prefixes that the sender no longer reaches.
    pub withdrawn: &'a [Nlri],
    /// The attributes of what is announced.
    pub attrs: BatchAttrs<'a>,
    /// Prefixes that the sender reaches.
    pub announced: &'a [Nlri],
}

/// Memory that reading UPDATEs uses again and again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    withdrawn: Vec<Nlri>,
    announced: Vec<Nlri>,
    block: Vec<u8>,
}

impl Scratch {
    /// Hands out the routes of an UPDATE: one batch, or one for each family. What RFC 7606 treats
    /// as withdrawn is withdrawn.
    ///
    /// Stops where `take` says no.
    pub(crate) fn batches(
        &mut self,
        view: &UpdateView<'_>,
        context: &Context,
        mut take: impl FnMut(RouteBatch<'_>) -> bool,
    ) {
        let Self {
            withdrawn,
            announced,
            block,
        } = self;
        withdrawn.clear();
        view.withdrawn().for_each(|nlri| withdrawn.extend(nlri));
        if matches!(view.outcome(), Outcome::TreatAsWithdraw) {
            view.announced()
                .for_each(|field| withdrawn.extend(field.nlri));
        } else {
            for field in view.announced() {
                announced.clear();
                announced.extend(field.nlri);
                let go_on = with_attrs(view, context, &field, block, |attrs| {
                    take(RouteBatch {
                        withdrawn,
                        attrs,
                        announced,
                    })
                });
                if !go_on {
                    return;
                }
                withdrawn.clear();
            }
        }
        if !withdrawn.is_empty() {
            take(RouteBatch {
                withdrawn,
                attrs: BatchAttrs::None,
                announced: &[],
            });
        }
    }
}

/// The attributes of one field of an UPDATE.
fn with_attrs<T>(
    view: &UpdateView<'_>,
    context: &Context,
    field: &Announced<'_>,
    block: &mut Vec<u8>,
    then: impl FnOnce(BatchAttrs<'_>) -> T,
) -> T {
    let parse = || Attrs {
        next_hop: field.next_hop,
        ..view.to_attrs()
    };
    if !view.is_fault_free() {
        return then(BatchAttrs::Owned(&parse()));
    }
    let key = RawKey {
        ctx: u8::from(context.four_octet_as) << 2 | peer_number(context.peer),
        next_hop: Some(field.next_hop),
        block: view.attribute_block(block),
    };
    then(BatchAttrs::Raw { key, parse: &parse })
}

/// A number for each kind of peer: how the peer stands decides which attributes count.
const fn peer_number(peer: PeerKind) -> u8 {
    peer as u8
}

//! The routes of an UPDATE on their way from a session into the exchange.

use routehub_exchange::{Exchange, LinkId, NotConverged, rules};
use routehub_rib::RawKey;
use routehub_types::{AttrId, Attrs, Instant, Nlri, Update};
use routehub_wire::{Announced, UpdateView};

/// Reads the prefixes of UPDATEs, into memory that is used again and again.
#[derive(Debug, Default)]
pub(crate) struct UpdateReader {
    withdrawn: Vec<Nlri>,
    announced: Vec<Nlri>,
    block: Vec<u8>,
}

impl UpdateReader {
    /// Has an exchange receive the routes of an UPDATE, field by field. Says no if the peer
    /// announced more than it may; what follows is left out then.
    pub(crate) fn deliver(
        &mut self,
        view: &UpdateView<'_>,
        now: Instant,
        link: LinkId,
        exchange: &mut Exchange,
    ) -> Result<bool, NotConverged> {
        self.withdrawn.clear();
        if view.is_treated_as_withdraw() {
            self.refuse(view, link, exchange)?;
        }
        view.said_withdrawn()
            .for_each(|nlri| self.withdrawn.push(nlri));
        for field in view.announced() {
            self.announced.clear();
            self.announced.extend(field.nlri);
            let update = Update {
                attrs: intern(view, &field, &mut self.block, exchange),
                withdrawn: &self.withdrawn,
                announced: &self.announced,
            };
            if !exchange.receive(now, link, &update)? {
                return Ok(false);
            }
            self.withdrawn.clear();
        }
        if self.withdrawn.is_empty() {
            return Ok(true);
        }
        let update = Update {
            withdrawn: &self.withdrawn,
            ..Update::default()
        };
        exchange.receive(now, link, &update)
    }

    /// Has an exchange keep what a malformed UPDATE announces as refused, with the attributes that
    /// can be read; it counts as withdrawn (RFC 7606 section 2).
    #[cold]
    fn refuse(
        &mut self,
        view: &UpdateView<'_>,
        link: LinkId,
        exchange: &mut Exchange,
    ) -> Result<(), NotConverged> {
        self.announced.clear();
        view.treated_as_withdrawn()
            .for_each(|nlri| self.announced.push(nlri));
        let update = Update {
            attrs: exchange.intern(&view.to_attrs()),
            withdrawn: &[],
            announced: &self.announced,
        };
        exchange.refuse(link, &update, rules::MALFORMED_UPDATE)
    }
}

/// The id of the attributes of one field; a block that was seen before is not parsed again.
fn intern(
    view: &UpdateView<'_>,
    field: &Announced<'_>,
    block: &mut Vec<u8>,
    exchange: &mut Exchange,
) -> AttrId {
    let parse = || Attrs {
        next_hop: field.next_hop,
        ..view.to_attrs()
    };
    if !view.is_fault_free() {
        return exchange.intern(&parse());
    }
    let context = view.context();
    let key = RawKey {
        // How the peer stands decides which attributes count.
        ctx: u8::from(context.four_octet_as) << 2 | context.peer as u8,
        next_hop: Some(field.next_hop),
        block: view.attribute_block(block),
    };
    exchange.intern_raw(key, parse)
}

//! What a message to a real peer can hold: a route that fits none is kept back like one that a
//! policy refuses (RFC 4271 section 9.1.3, RFC 8654 section 4).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use routehub_rib::{AttrStore, Withheld};
use routehub_types::{AttrId, Attrs, Family, FamilySet, Prefix, RuleId};

use crate::graph::UNKNOWN_ADDRESS;
use crate::rules;

/// How messages to a real peer are written, which its session agreed on with it.
pub trait Encoding: fmt::Debug + Send + Sync {
    /// A number that is the same for peers whose messages are the same octets.
    fn key(&self) -> u32;

    /// How many octets of prefixes there is room for in a message that announces routes of a
    /// family with these attributes.
    ///
    /// # Errors
    /// The rule by which no message can announce such a route.
    fn room(&self, attrs: &Attrs, family: Family) -> Result<usize, RuleId>;

    /// The longest block of attributes, as the attribute store counts octets, with which any
    /// prefix fits: what is not longer need not be asked for.
    fn surely_fits(&self) -> usize;

    /// Families in which the peer takes several paths of a prefix (RFC 7911).
    fn add_path(&self) -> FamilySet {
        FamilySet::EMPTY
    }

    /// Whether the peer takes long-lived stale routes (RFC 9494 section 4.3).
    fn takes_long_lived(&self) -> bool {
        false
    }
}

/// What fits the messages to one peer. What was found last is kept, as routes come in runs that
/// share their attributes.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    encoding: Arc<dyn Encoding>,
    /// Our address, the next hop of routes that have none.
    own: Option<IpAddr>,
    last: Option<(AttrId, Family, Result<usize, RuleId>)>,
}

impl Fit {
    pub(super) fn new(encoding: Arc<dyn Encoding>, own: Option<IpAddr>) -> Self {
        Self {
            encoding,
            own,
            last: None,
        }
    }

    /// Whether the peer takes long-lived stale routes.
    pub(super) fn takes_long_lived(&self) -> bool {
        self.encoding.takes_long_lived()
    }

    /// Whether a message can announce a prefix with these attributes.
    ///
    /// # Errors
    /// The rule by which none can.
    pub(super) fn check(&self, mut attrs: Attrs, prefix: Prefix) -> Result<(), RuleId> {
        attrs.next_hop.address = self.next_hop(attrs.next_hop.address);
        fits(self.encoding.room(&attrs, prefix.family()), prefix)
    }

    /// The same for a set of the store.
    pub(super) fn check_set(
        &mut self,
        store: &AttrStore,
        id: AttrId,
        prefix: Prefix,
    ) -> Result<(), RuleId> {
        let family = prefix.family();
        let room = match self.last {
            Some((set, of, room)) if (set, of) == (id, family) => room,
            _ => {
                let room = self.room_for(store, id, family);
                self.last = Some((id, family, room));
                room
            }
        };
        fits(room, prefix)
    }

    fn room_for(&self, store: &AttrStore, id: AttrId, family: Family) -> Result<usize, RuleId> {
        let next_hop = self.next_hop(store.next_hop(id));
        let is_usual = next_hop.is_ipv4() == (family == Family::Ipv4);
        if is_usual && store.block_len(id) <= self.encoding.surely_fits() {
            return Ok(usize::MAX);
        }
        let mut attrs = store.attrs(id);
        attrs.next_hop.address = next_hop;
        self.encoding.room(&attrs, family)
    }

    fn next_hop(&self, address: IpAddr) -> IpAddr {
        let own = self.own.filter(|_| address == UNKNOWN_ADDRESS);
        own.unwrap_or(address)
    }

    /// Sets may be others under their ids from here on.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}

fn fits(room: Result<usize, RuleId>, prefix: Prefix) -> Result<(), RuleId> {
    let octets = 1 + usize::from(prefix.length()).div_ceil(8);
    match room? {
        room if octets <= room => Ok(()),
        _ => Err(rules::MESSAGE_TOO_LONG),
    }
}

/// What an export group is told of a route that is kept back by this rule.
pub(super) const fn withheld(rule: RuleId) -> Withheld {
    if is_unsendable(rule) {
        Withheld::Unsendable(rule)
    } else {
        Withheld::Refused(rule)
    }
}

/// Whether a rule keeps routes back because no message can hold them.
pub(crate) const fn is_unsendable(rule: RuleId) -> bool {
    matches!(rule, rules::MESSAGE_TOO_LONG | rules::NEXT_HOP_OF_FAMILY)
}

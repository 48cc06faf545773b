//! What passes over a link: what its sender has to tell becomes what its receiver holds.
//!
//! The model sends no octets. But a route limit may count messages, so that what one UPDATE
//! of 4,096 octets has room for (RFC 4271 section 4.3) is known.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use routehub_rib::LimitExceeded;
use routehub_types::attribute_block::{self, Form};
use routehub_types::{AttrId, Attrs, Nlri, Prefix, RuleId, Update};

use super::Model;
use crate::graph::{AdjacencyId, LinkId};
use crate::parameters::PrefixCountMode;
use crate::rules;

/// An UPDATE without attributes and prefixes: header and two lengths.
const FRAME: usize = 23;
/// The longest message without extended messages.
const LONGEST: usize = 4096;

/// Announced prefixes by their attributes.
pub(super) type Announced = BTreeMap<AttrId, Vec<Nlri>>;

impl Model {
    /// Tells the receiver what became of these prefixes at the sender. Where there is a set of
    /// prefixes that wait, those with a longer path than the receiver holds are only withdrawn and
    /// wait, and those that wait already are not announced.
    pub(super) fn advertise(
        &mut self,
        adjacency: AdjacencyId,
        prefixes: &[Prefix],
        waiting: Option<&mut BTreeSet<Prefix>>,
    ) {
        let is_up = self.deployment.graph().link(adjacency.link).is_up();
        if !is_up || !self.ribs.passes_routes(adjacency) {
            return;
        }
        if self.outbound(adjacency).rewrites_prefixes() {
            self.note_unbounded();
            return self.synchronize(adjacency);
        }
        let sent = prefixes.iter();
        let sent = sent.map(|prefix| (*prefix, self.sent_id(adjacency, *prefix)));
        let sent: Vec<_> = sent.collect();
        self.send_difference(adjacency, sent, waiting);
    }

    /// Sends what differs between what the sender sends now and what the receiver holds.
    fn send_difference(
        &mut self,
        adjacency: AdjacencyId,
        sent: impl IntoIterator<Item = (Prefix, Option<AttrId>)>,
        mut waiting: Option<&mut BTreeSet<Prefix>>,
    ) {
        let length = |attrs| self.ribs.store().key(attrs).path_length;
        let inbound = self.ribs.inbound(adjacency);
        let mut announced = Announced::new();
        let mut withdrawn = Vec::new();
        for (prefix, sent) in sent {
            let held = inbound.and_then(|(rib, source)| rib.received_from(source, prefix));
            match sent {
                Some(attrs) if held != sent => {
                    let is_longer = |held| length(attrs) > length(held);
                    match (&mut waiting, held) {
                        (Some(waiting), Some(held)) if is_longer(held) => {
                            waiting.insert(prefix);
                            withdrawn.push(Nlri::from(prefix));
                            continue;
                        }
                        (Some(waiting), None) if waiting.contains(&prefix) => continue,
                        _ => {}
                    }
                    announced.entry(attrs).or_default().push(Nlri::from(prefix));
                }
                None if held.is_some() => withdrawn.push(Nlri::from(prefix)),
                _ => {}
            }
        }
        self.send(adjacency, &withdrawn, announced);
    }

    /// What the sender sends for a prefix, under which it has it.
    fn sent_id(&mut self, adjacency: AdjacencyId, prefix: Prefix) -> Option<AttrId> {
        match self.outbound(adjacency).originated_for(prefix) {
            Some(own) => Some(self.ribs.intern(&own.ok()?)),
            None => self.ribs.propagated_id(adjacency, prefix).ok(),
        }
    }

    /// Everything that the sender sends, as ids of attribute sets, in order.
    fn sent_ids(&mut self, adjacency: AdjacencyId) -> Vec<(Prefix, AttrId)> {
        let outbound = self.outbound(adjacency);
        if outbound.rewrites_prefixes() || !outbound.link().is_up() {
            let routes = outbound.routes().into_iter();
            return routes
                .map(|(prefix, attrs)| (prefix, self.ribs.intern(&attrs)))
                .collect();
        }
        let originated = outbound.all_originated();
        let mut sent = self.ribs.propagated_ids(adjacency);
        if originated.is_empty() {
            return sent;
        }
        sent.retain(|(prefix, _)| !originated.contains_key(prefix));
        for (prefix, attrs) in originated {
            sent.extend(attrs.map(|attrs| (prefix, self.ribs.intern(&attrs))));
        }
        // Two runs that are in order each: a stable sort merges them.
        sent.sort_by_key(|(prefix, _)| *prefix);
        sent
    }

    /// Everything that is sent to a real router under prefixes that a route map may have given it,
    /// and the prefixes that no message to it can hold.
    pub(crate) fn rewritten(
        &mut self,
        to_peer: AdjacencyId,
    ) -> (BTreeMap<Prefix, AttrId>, Vec<Prefix>) {
        let outbound = self.outbound(to_peer);
        if !outbound.link().is_up() {
            return Default::default();
        }
        let (routes, unsendable) = outbound.routes_and_unsendable();
        let routes = routes.into_iter();
        let sent = routes.map(|(prefix, attrs)| (prefix, self.ribs.intern(&attrs)));
        (sent.collect(), unsendable)
    }

    /// Makes the receiver hold exactly what the sender sends now. What a real router sends only
    /// that router can say.
    pub(super) fn synchronize(&mut self, adjacency: AdjacencyId) {
        let link = self.deployment.graph().link(adjacency.link);
        if link.live && link.our_side() != Some(adjacency.sender) {
            return;
        }
        if self.ribs.source(adjacency).is_none() {
            return;
        }
        let sent = self.sent_ids(adjacency);
        let inbound = self.ribs.inbound(adjacency).into_iter();
        let held = inbound.flat_map(|(rib, source)| rib.received(source));
        let (withdrawn, announced) = difference(held, sent);
        self.send(adjacency, &withdrawn, announced);
    }

    /// Synchronizes both directions of a link.
    pub(super) fn synchronize_link(&mut self, link: LinkId) {
        for adjacency in link.adjacencies() {
            self.synchronize(adjacency);
        }
    }

    /// Sends everything that is sent again, as a route refresh asks for (RFC 2918).
    pub(super) fn send_again(&mut self, adjacency: AdjacencyId) {
        if !self.is_pending() && self.takes_again(adjacency) {
            return;
        }
        let mut announced = Announced::new();
        for (prefix, attrs) in self.sent_ids(adjacency) {
            announced.entry(attrs).or_default().push(prefix.into());
        }
        self.send(adjacency, &[], announced);
    }

    /// Whether nothing comes of it if the receiver is sent again what it holds from the sender: no
    /// limit is exceeded, and nothing was refused that may be taken now.
    fn takes_again(&self, id: AdjacencyId) -> bool {
        let Some((rib, source)) = self.ribs.inbound(id) else {
            return true;
        };
        let counts = rib.counts(source);
        let all = counts.counted() + counts.rejected + counts.unusable;
        let limit = rib.source_data(source).and_then(|data| data.limit);
        let fits = limit.is_none_or(|limit| counts.counted().saturating_add(all) <= limit.max);
        let refused = counts.rejected + counts.unusable + counts.not_kept + counts.stale;
        refused == 0 && fits && !rib.is_in_run(source)
    }

    /// Sends one run of updates, by way of the receiver's import policy.
    pub(super) fn send(
        &mut self,
        adjacency: AdjacencyId,
        withdrawn: &[Nlri],
        announced: Announced,
    ) {
        let withdrawals = (!withdrawn.is_empty()).then(|| (AttrId::default(), Vec::new()));
        let mut withdrawn = Some(withdrawn);
        for (attrs, announced) in withdrawals.into_iter().chain(announced) {
            let messages = match self.deployment.parameters().prefix_count_mode {
                PrefixCountMode::PerMessage if !announced.is_empty() => {
                    messages(&self.ribs.store().attrs(attrs), &announced)
                }
                _ => vec![announced.as_slice()],
            };
            for announced in messages {
                let update = Update {
                    withdrawn: withdrawn.take().unwrap_or_default(),
                    attrs,
                    announced,
                };
                if !self.receive(adjacency, &update) {
                    return;
                }
            }
        }
        self.ribs.end_run(adjacency);
    }

    /// Has the receiver take in one UPDATE. Says no if the route limit ended the session.
    pub(crate) fn receive(&mut self, adjacency: AdjacencyId, update: &Update<'_>) -> bool {
        let counted = self.ribs.count(adjacency, update.announced, self.now);
        if let Err(exceeded) = counted {
            self.end_by_limit(adjacency.link, exceeded);
            return false;
        }
        match self.beyond_maximum(adjacency, update) {
            Some((fitting, beyond)) => {
                let within = Update {
                    announced: &fitting,
                    ..*update
                };
                self.restore(adjacency, &within);
                let beyond = Update {
                    withdrawn: &[],
                    announced: &beyond,
                    ..*update
                };
                self.refuse(adjacency, &beyond, rules::MAXIMUM_PREFIX);
            }
            None => self.restore(adjacency, update),
        }
        true
    }

    /// The same for routes that were counted against the sender's limit before.
    pub(crate) fn restore(&mut self, adjacency: AdjacencyId, update: &Update<'_>) {
        let receiver = self.deployment.graph().receiver_id(adjacency);
        let listened = self.journal.is_kept() || self.has_listeners(receiver);
        let parameters = self.deployment.parameters();
        let changed = self.ribs.receive(adjacency, parameters, update, listened);
        if let Some(footprint) = &mut self.footprint {
            footprint.note_told(adjacency.link, update);
        }
        self.touch(update);
        self.note_changed(changed);
    }

    /// Has the receiver keep routes that a real router announced as refused for good by a rule;
    /// what it held of them is withdrawn.
    pub(crate) fn refuse(&mut self, adjacency: AdjacencyId, update: &Update<'_>, rule: RuleId) {
        let changed = self.ribs.refuse(adjacency, update, rule);
        self.touch(update);
        self.note_changed(changed);
    }

    /// Something was told of the prefixes of an UPDATE.
    fn touch(&mut self, update: &Update<'_>) {
        let nlri = update.withdrawn.iter().chain(update.announced);
        let prefixes = nlri.map(|nlri| nlri.prefix);
        if !self.resting.is_empty() {
            // Also where what is best stays best: what rests may be what it was made of.
            self.wake(&prefixes.clone().collect::<Vec<_>>());
        }
        self.touched.note(prefixes);
    }

    /// A session sent more routes than it may: it ends with Cease, maximum number of prefixes
    /// reached.
    pub(crate) fn end_by_limit(&mut self, link: LinkId, exceeded: LimitExceeded) {
        self.touched.note_all();
        self.note_unbounded();
        self.exceeded.insert(link, exceeded);
        self.deployment.change_link(link, |link| {
            link.notification = Some((6, 1));
            link.down.limit = Some(rules::ROUTE_LIMIT);
        });
        self.journal.note_link(link);
        self.withdraw_all(link);
    }
}

/// What has to be withdrawn and announced, so that who holds the first holds the second. Both are
/// in order; of several paths to a prefix that are held the first counts.
fn difference(
    held: impl Iterator<Item = (Prefix, AttrId)>,
    sent: Vec<(Prefix, AttrId)>,
) -> (Vec<Nlri>, Announced) {
    let (mut withdrawn, mut announced) = (Vec::new(), Announced::new());
    let mut held = held.peekable();
    let mut announce = |(prefix, attrs): (Prefix, AttrId)| {
        announced.entry(attrs).or_default().push(prefix.into());
    };
    for (prefix, attrs) in sent {
        let mut same = None;
        while let Some((at, known)) = held.next_if(|(at, _)| *at <= prefix) {
            if at == prefix {
                same = same.or(Some(known));
            } else {
                withdrawn.push(at.into());
            }
        }
        if same != Some(attrs) {
            announce((prefix, attrs));
        }
    }
    withdrawn.extend(held.map(|(prefix, _)| Nlri::from(prefix)));
    (withdrawn, announced)
}

/// Cuts prefixes that share an attribute set into those of one UPDATE each.
fn messages<'a>(attrs: &Attrs, mut nlri: &'a [Nlri]) -> Vec<&'a [Nlri]> {
    let form = Form {
        four_octet_as: true,
        local_pref: true,
        reflection: false,
        aigp: false,
    };
    let mut block = Vec::new();
    attribute_block::write_message(attrs, form, Some(Ipv4Addr::UNSPECIFIED), &mut block);
    let room = LONGEST.saturating_sub(FRAME + block.len());
    let mut all = Vec::new();
    while !nlri.is_empty() {
        let mut left = room;
        let fits = nlri.iter().take_while(|route| {
            let octets = 1 + usize::from(route.prefix.length().div_ceil(8));
            let fits = octets <= left;
            left = left.saturating_sub(octets);
            fits
        });
        let (message, rest) = nlri.split_at(fits.count().max(1));
        all.push(message);
        nlri = rest;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::consecutive_prefixes;
    use routehub_types::AsPath;

    fn counts(path: &str, base: &str, count: u32) -> Vec<usize> {
        let path: AsPath = path.parse().unwrap();
        let attrs = Attrs::new(path, Ipv4Addr::new(10, 0, 4, 4));
        let base = base.parse().unwrap();
        let nlri: Vec<Nlri> = consecutive_prefixes(base, count).map(Nlri::from).collect();
        messages(&attrs, &nlri)
            .iter()
            .map(|message| message.len())
            .collect()
    }

    #[test]
    fn an_update_holds_what_fits_4096_octets() {
        // 4,096 - 23 - (4 + 9 + 7) = 4,053 octets: 810 prefixes of 5, 1,013 of 4.
        assert_eq!(counts("65001", "10.0.0.0/32", 2001), [810, 810, 381]);
        assert_eq!(counts("65001", "10.0.0.0/24", 2001), [1013, 988]);
        assert_eq!(counts("65001 65002", "10.0.0.0/32", 810), [809, 1]);
        assert_eq!(counts("65001", "10.0.0.0/24", 0), [0; 0]);
    }
}

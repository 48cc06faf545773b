//! Circuits are two links: what both say is said once, in the name of the circuit; where they
//! differ each speaks for itself.

use routehub_exchange::Exchange;
use routehub_exchange::view::{CircuitLink, LinkId, Outbound, RibView, SpeakerId, UNKNOWN_ADDRESS};
use routehub_rib::PathView;
use routehub_types::NextHop;

use super::{Advertisement, ExplainedPath, ExplainedRoute, NotAdvertised, PathStanding, Sent};

/// What can be said of each link of a circuit.
pub(super) trait PerLink: Clone + PartialEq {
    /// Takes out what differs from link to link anyway: next hops.
    fn forget_next_hops(&mut self);
}

/// The same without what differs from link to link anyway.
pub(super) fn without_next_hops<T: PerLink>(said: &T) -> T {
    let mut said = said.clone();
    said.forget_next_hops();
    said
}

/// What is said of something: of the two links of a circuit once, where both are the same, else
/// with their names. Nothing of the second of two that are the same.
///
/// `say` is told whether to name the links.
pub(super) fn said_once<T: PerLink, S: Copy>(
    of: S,
    twin: Option<(CircuitLink, S)>,
    say: impl Fn(bool, S) -> Option<T>,
) -> Option<T> {
    let said = say(false, of);
    let Some((link, twin)) = twin else {
        return said;
    };
    let other = say(false, twin);
    let same = said.as_ref().map(without_next_hops) == other.as_ref().map(without_next_hops);
    match link {
        _ if !same => say(true, of),
        CircuitLink::Primary => said,
        CircuitLink::Secondary => None,
    }
}

/// The link of a circuit that a speaker is an end of, and the speaker at that end of the other.
pub(super) fn twin_speaker(exchange: &Exchange, id: SpeakerId) -> Option<(CircuitLink, SpeakerId)> {
    let speaker = exchange.speaker(id);
    let link = speaker.circuit_link()?;
    let (graph, other) = (exchange.graph(), link.other());
    let twin = match speaker.is_edge() {
        true => graph.edge(&speaker.name, other),
        false => graph.customer_edge(&speaker.name, other),
    };
    Some((link, twin?))
}

/// The link of a speaker with the other edge of the circuit whose edge is its neighbour by a link.
pub(super) fn twin_of_neighbor(exchange: &Exchange, id: SpeakerId, link: LinkId) -> Option<LinkId> {
    let is_end = exchange.speaker(id).circuit_link().is_some();
    let twin = exchange.graph().twin_link(link);
    twin.filter(|_| !is_end)
}

/// What the twin of an adjacency of a speaker carries, and by which link of the circuit the first
/// goes.
pub(super) fn twin_outbound<'a>(
    exchange: &'a Exchange,
    id: SpeakerId,
    outbound: Outbound<'a>,
) -> Option<(CircuitLink, Outbound<'a>)> {
    let ends = [outbound.sender(), outbound.receiver()];
    let twin = twin_of_neighbor(exchange, id, outbound.link_id())?;
    let near = exchange.graph().link(twin).side_of(id)?;
    let sender = if outbound.sender() == id {
        near
    } else {
        near.other()
    };
    let mut links = ends.iter().map(|id| exchange.speaker(*id).circuit_link());
    let of = links.find_map(|link| link)?;
    Some((of, exchange.outbound(twin, sender)))
}

/// Whether the two links of a circuit announce a prefix with other attributes than their next hops,
/// or only one of them does.
pub(super) fn announce_differently(
    rib: RibView<'_>,
    path: &PathView,
    other: Option<&PathView>,
) -> bool {
    let received = |path: &PathView| {
        let mut attrs = rib.attrs(path.received?);
        attrs.next_hop = NextHop::from(UNKNOWN_ADDRESS);
        Some(attrs)
    };
    other.map(received) != Some(received(path))
}

impl PerLink for ExplainedPath {
    fn forget_next_hops(&mut self) {
        self.received.next_hop = None;
        if let Some(imported) = &mut self.imported {
            imported.next_hop = None;
        }
        if self.standing == PathStanding::Equal {
            self.standing = PathStanding::Best;
        }
        if let Some(Sent::PassedOn { routes, .. }) = &mut self.sent {
            routes.iter_mut().for_each(PerLink::forget_next_hops);
        }
    }
}

impl PerLink for ExplainedRoute {
    fn forget_next_hops(&mut self) {
        self.paths.iter_mut().for_each(PerLink::forget_next_hops);
        self.not_advertised
            .iter_mut()
            .for_each(PerLink::forget_next_hops);
        self.advertisements
            .iter_mut()
            .for_each(PerLink::forget_next_hops);
    }
}

impl PerLink for NotAdvertised {
    fn forget_next_hops(&mut self) {
        self.routes.iter_mut().for_each(PerLink::forget_next_hops);
    }
}

impl PerLink for Advertisement {
    fn forget_next_hops(&mut self) {
        if let Self::Sent { attributes, .. } = self {
            attributes.next_hop = None;
        }
    }
}

//! The way of a packet as steps between nodes.

use routehub::Exchange;
use routehub::{INTERNET, Place, Trace, TraceEnd, TraceHop};

use super::{Kind, Leg, Node, NodeId, Scene, State};

/// What a trace calls the customer of a circuit, behind the circuit's name.
const CUSTOMER: &str = " on-premises";

/// Enters the way of a packet in the scene. Ends that have no node get one: an address in a network,
/// the internet.
pub(crate) fn mark_trace(scene: &mut Scene, exchange: &Exchange, trace: &Trace) {
    let arrives = if trace.arrives() {
        "arrives"
    } else {
        "does not arrive"
    };
    scene.about = format!("a packet from {} to {}: {arrives}", trace.from, trace.to);
    let mut way = Way {
        scene,
        exchange,
        seen: Vec::new(),
    };
    way.walk(&trace.way, None, 0);
    if let Some(lost) = first_lost(&trace.way) {
        scene.about.push_str(&format!(": {lost}"));
    }
}

/// Where a packet is lost first, and why.
fn first_lost(hop: &TraceHop) -> Option<String> {
    match &hop.end {
        Some(TraceEnd::Dropped(_) | TraceEnd::Loop(_)) => {
            Some(format!("at {}: {}", hop.at, told(&hop.end)))
        }
        Some(TraceEnd::Elsewhere { to }) => Some(format!("it arrives at {to} instead")),
        _ => hop.next.iter().find_map(first_lost),
    }
}

struct Way<'a> {
    scene: &'a mut Scene,
    exchange: &'a Exchange,
    /// Hops whose ways on are in the scene.
    seen: Vec<NodeId>,
}

impl Way<'_> {
    /// Enters a hop and what comes behind it, `step` steps from the start.
    fn walk(&mut self, hop: &TraceHop, from: Option<NodeId>, step: usize) {
        let here = self.hop(&hop.at).or(from);
        let Some(here) = here else { return };
        let step = self.step(from, here, step);
        match &hop.end {
            Some(TraceEnd::Delivered { to }) => {
                if let Some(end) = self.place(to, here) {
                    self.step(Some(here), end, step);
                }
            }
            Some(TraceEnd::Elsewhere { to }) => {
                let end = self.place(to, here).unwrap_or(here);
                self.step(Some(here), end, step);
                self.scene.nodes[end.0].state = State::Lost;
            }
            Some(TraceEnd::Dropped(_) | TraceEnd::Loop(_)) => {
                self.scene.nodes[here.0].state = State::Lost;
                let told = format!("\nlost here: {}", told(&hop.end));
                self.scene.nodes[here.0].tip.push_str(&told);
            }
            Some(TraceEnd::AsAbove) => {}
            None if self.seen.contains(&here) => {}
            None => {
                self.seen.push(here);
                for next in &hop.next {
                    self.walk(next, Some(here), step);
                }
            }
        }
    }

    /// Enters a step, unless it leads nowhere or is there; says how many steps there are now.
    fn step(&mut self, from: Option<NodeId>, to: NodeId, step: usize) -> usize {
        let node = &mut self.scene.nodes[to.0];
        if matches!(node.state, State::Plain | State::Down) {
            node.state = State::OnWay;
        }
        let Some(from) = from.filter(|from| *from != to) else {
            return step;
        };
        let legs = &mut self.scene.legs;
        if !legs.iter().any(|leg| (leg.from, leg.to) == (from, to)) {
            legs.push(Leg {
                from,
                to,
                step: step + 1,
            });
        }
        step + 1
    }

    /// The node of a hop.
    fn hop(&mut self, at: &str) -> Option<NodeId> {
        if at == INTERNET {
            return Some(self.internet());
        }
        let of = |is: &dyn Fn(Kind) -> bool| self.scene.named(at, is);
        let customer = at.strip_suffix(CUSTOMER);
        of(&|kind| kind == Kind::Nic)
            .or_else(|| of(&|kind| kind.is_device() && kind != Kind::RouteServer))
            .or_else(|| of(&|kind| matches!(kind, Kind::Circuit | Kind::Site)))
            .or_else(|| self.scene.named(customer?, |kind| kind == Kind::Customer))
            .or_else(|| of(&|kind| matches!(kind, Kind::PrivateEndpoint | Kind::Vnet)))
            .or_else(|| self.address(at))
    }

    /// The node of where a packet arrives, seen from its last hop; none if it is that.
    fn place(&mut self, place: &Place, here: NodeId) -> Option<NodeId> {
        if place.is_called("the internet") || place.is_called("the service endpoint") {
            return Some(self.internet());
        }
        if place.is_called(&self.scene.node(here).name) {
            return None;
        }
        let of = |is: &dyn Fn(Kind) -> bool| {
            let mut all = self.scene.all();
            let found = all.find(|(_, node)| is(node.kind) && place.is_called(&node.name));
            found.map(|(id, _)| id)
        };
        of(&|kind| matches!(kind, Kind::Nic | Kind::PrivateEndpoint) || kind.is_device())
            .or_else(|| of(&|kind| matches!(kind, Kind::Site | Kind::Customer)))
            .or_else(|| of(&|kind| kind == Kind::Vnet))
    }

    fn internet(&mut self) -> NodeId {
        let known = self.scene.named(INTERNET, |kind| kind == Kind::Internet);
        known.unwrap_or_else(|| self.add(Kind::Internet, INTERNET, None))
    }

    /// The node of an address that somebody asked for, in its network.
    fn address(&mut self, text: &str) -> Option<NodeId> {
        let address = text.parse().ok()?;
        let topology = self.exchange.topology();
        let mut vnets = topology.vnets();
        let place = vnets.position(|vnet| {
            let mut space = topology.space(vnet).iter();
            space.any(|prefix| prefix.contains_address(address))
        })?;
        Some(self.add(Kind::Nic, text, Some(NodeId(place))))
    }

    fn add(&mut self, kind: Kind, name: &str, vnet: Option<NodeId>) -> NodeId {
        self.scene.nodes.push(Node {
            kind,
            name: name.to_owned(),
            details: Vec::new(),
            tip: format!("{} {name}", kind.word()),
            vnet,
            region: None,
            hub: None,
            state: State::Plain,
            count: 1,
        });
        NodeId(self.scene.nodes.len() - 1)
    }
}

/// Why a way ends.
fn told(end: &Option<TraceEnd>) -> String {
    match end {
        Some(TraceEnd::Dropped(because)) => format!("dropped, {}", because.told()),
        Some(TraceEnd::Loop(because)) => format!("loop, {}", because.told()),
        _ => String::new(),
    }
}

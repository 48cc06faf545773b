//! What NVAs, gateways, circuits, sites and customers do with a packet, by the routes they hold.

use routehub_exchange::estate::Nic;
use routehub_exchange::rules;
use routehub_exchange::view::{GATEWAY_SUBNET, LinkKind, Origin, SpeakerId, SpeakerKind};
use routehub_types::Prefix;

use super::ends::{is_private, leads_to_internet};
use super::forwarding::Device;
use super::hop::TraceHop;
use super::interface::{Decision, parted};
use super::packet::{Packet, dropped, ended, no_route};
use super::place::{Place, Spot};

/// What an NVA learned to the address, over BGP.
struct Learned {
    prefix: Prefix,
    /// The direct neighbour it came from; none: it came from a Route Server, and packets go by the
    /// interface.
    neighbor: Option<SpeakerId>,
}

impl Packet<'_, '_> {
    /// An NVA forwards by its own tables, the longest match first: by its direct neighbours what it
    /// learned of them, by its interface what the routes there or a Route Server lead to. Behind it
    /// are the networks that it announces itself, where nothing longer leads elsewhere. Of a
    /// default route nothing is behind an NVA but the internet, by its interface.
    pub(super) fn at_nva(&mut self, id: SpeakerId, nva: usize, at: &str) -> TraceHop {
        let exchange = self.exchange;
        if exchange.is_nva_down(id) {
            return ended(at, dropped(rules::NVA_DOWN, ""));
        }
        let speaker = exchange.speaker(id);
        if let Some(vnet) = speaker.vnet
            && speaker.addresses.contains(&self.address)
        {
            return ended(at, self.delivered(self.place_in(vnet)));
        }
        let own = self.forwarding.own_around(id, self.address);
        let own = own.filter(|own| !leads_to_internet(*own));
        let learned = self.learned_by(id);
        let nic = self.interface_of_nva(nva);
        let Some(view) = exchange.fabric().nic(&nic) else {
            return no_route(at);
        };
        let decision = self.decision(view, &nic);
        let leads = |decision: &&Decision| !decision.leads_nowhere();
        let by_interface = decision.as_ref().filter(leads);
        let own_length = own.map(Prefix::length);
        let is_local = by_interface.is_some_and(|decision| {
            decision.is_local() && Some(decision.prefix.length()) >= own_length
        });
        let interface = by_interface.map(|decision| decision.prefix.length());
        let told = learned.as_ref().map(|learned| learned.prefix.length());
        if let Some(Learned {
            prefix,
            neighbor: Some(neighbor),
        }) = learned
            && told > own_length
            && (told > interface || (told == interface && !is_local))
        {
            let way = self.at_device(Device::Speaker(neighbor), Some(prefix));
            return parted(at, prefix, &[], vec![way]);
        }
        match (own, decision) {
            (Some(own), _) if !is_local && interface.max(told) <= own_length => {
                let behind = format!("the network behind {at}");
                let place = Place::new(Spot::Other, behind, [at.to_owned()]);
                TraceHop::ending(at, Some(own), "", self.delivered(place))
            }
            (_, Some(decision)) => self.by_row(at, view, &decision),
            (_, None) => no_route(at),
        }
    }

    /// The best of what an NVA learned to the address.
    fn learned_by(&mut self, nva: SpeakerId) -> Option<Learned> {
        let exchange = self.exchange;
        let Some(rib) = exchange.rib(nva) else {
            let heard = self.forwarding.heard_around(nva, self.address);
            let best = heard.first()?;
            return Some(Learned {
                prefix: best.prefix,
                neighbor: best.is_direct.then_some(best.from),
            });
        };
        let (prefix, best) = rib.longest_match(self.address)?;
        let neighbor = match rib.origin(best.source) {
            Origin::Link(link) => {
                let link = exchange.graph().link(link);
                let is_direct = link.kind == LinkKind::NvaToNeighbor;
                link.peer_of(nva).filter(|_| is_direct)
            }
            _ => None,
        };
        Some(Learned { prefix, neighbor })
    }

    /// At an instance of a gateway: its RIB says whether a connection leads on, or the networks;
    /// there the routes of GatewaySubnet decide, which a Route Server programs too.
    pub(super) fn at_gateway(&mut self, id: SpeakerId, gateway: usize, at: &str) -> TraceHop {
        let exchange = self.exchange;
        if let Some(pool) = self.clients_of(id) {
            let clients = format!("point-to-site clients of {at}");
            let place = Place::new(Spot::Other, clients, [at.to_owned()]);
            return TraceHop::ending(at, Some(pool), "", self.delivered(place));
        }
        if let Some(hop) = self.by_default_site(id, at) {
            return hop;
        }
        let origins = self.best_origins(id).map(|(_, origins)| origins);
        let outward = |origin: &Origin| match origin {
            Origin::Link(link) => {
                exchange.graph().link(*link).kind != LinkKind::GatewayToRouteServer
            }
            _ => false,
        };
        if origins.as_ref().is_some_and(|all| all.iter().all(outward)) {
            return self.by_rib(id, at);
        }
        let gateway = &exchange.estate().gateways[gateway];
        let subnet = exchange.estate().subnet(&gateway.vnet, GATEWAY_SUBNET);
        let nic = Nic {
            name: gateway.name.clone(),
            vnet: gateway.vnet.clone(),
            subnet: subnet.map(|subnet| subnet.name.clone()),
            ip: exchange.speaker(id).addresses.first().copied(),
            ..Nic::default()
        };
        let Some(view) = exchange.fabric().nic(&nic) else {
            return no_route(at);
        };
        match self.decision(view, &nic) {
            // A gateway leads nothing to the internet but by its connections.
            Some(decision) if !decision.leads_to_internet() => {
                let is_known = origins.is_some() || decision.is_local() || decision.is_of_user();
                if is_known {
                    self.by_row(at, view, &decision)
                } else {
                    no_route(at)
                }
            }
            _ => no_route(at),
        }
    }

    /// By the neighbours that the best routes in the RIB of a gateway or a circuit's edge came
    /// from.
    pub(super) fn by_rib(&mut self, id: SpeakerId, at: &str) -> TraceHop {
        let exchange = self.exchange;
        let Some((prefix, origins)) = self.best_origins(id) else {
            return no_route(at);
        };
        let mut peers = Vec::new();
        for origin in origins {
            if let Origin::Link(link) = origin
                && let Some(peer) = exchange.graph().link(link).peer_of(id)
                && !peers.contains(&peer)
            {
                peers.push(peer);
            }
        }
        let ways = peers.into_iter();
        let ways = ways.map(|peer| self.at_device(Device::Speaker(peer), Some(prefix)));
        let ways = ways.collect();
        parted(at, prefix, &[], ways)
    }

    /// The longest prefix around the address in the RIB of a speaker, and where its best routes
    /// come from.
    pub(super) fn best_origins(&self, id: SpeakerId) -> Option<(Prefix, Vec<Origin>)> {
        let rib = self.exchange.rib(id)?;
        let (prefix, _) = rib.longest_match(self.address)?;
        let best = rib.best(prefix);
        let origins = best.iter().map(|path| rib.origin(path.source));
        Some((prefix, origins.collect()))
    }

    /// The pool of a gateway's point-to-site clients that the address is of, where no longer
    /// prefix of its RIB leads elsewhere.
    pub(super) fn clients_of(&self, id: SpeakerId) -> Option<Prefix> {
        let gateway = self.exchange.speaker(id).gateway()?;
        let gateway = self.exchange.estate().gateways.get(gateway)?;
        let pools = gateway.p2s_pools.iter();
        let around = pools.filter(|pool| pool.contains_address(self.address));
        let pool = *around.max_by_key(|pool| pool.length())?;
        let known = self.exchange.rib(id)?.longest_match(self.address);
        let is_longer = known.is_some_and(|(prefix, _)| prefix.length() > pool.length());
        (!is_longer).then_some(pool)
    }

    /// At a site or a customer's edge: it has what it announces, and sends by its neighbours what
    /// they told it of longer prefixes. `by` is the prefix that led here.
    pub(super) fn on_premises(&mut self, id: SpeakerId, at: &str, by: Option<Prefix>) -> TraceHop {
        let own = self.forwarding.own_around(id, self.address);
        let own = own.into_iter().chain(by);
        let own = own.max_by_key(|prefix| prefix.length());
        let heard = self.forwarding.heard_around(id, self.address);
        let told = heard.first().map(|route| route.prefix);
        if let Some(told) = told.filter(|told| own.is_none_or(|own| told.length() > own.length())) {
            let ways = heard.iter();
            let ways = ways.map(|route| self.at_device(Device::Speaker(route.from), Some(told)));
            let ways = ways.collect();
            return parted(at, told, &[], ways);
        }
        match own {
            Some(own) => ended(at, self.delivered(self.behind_premises(id, at, own))),
            None => self.by_tunnels(id, at),
        }
    }

    /// What of an address is on-premises; behind a default route it is the internet.
    fn behind_premises(&self, id: SpeakerId, at: &str, own: Prefix) -> Place {
        let kind = self.exchange.speaker(id).kind;
        let text = match kind {
            SpeakerKind::Site { .. } => format!("site {at}"),
            _ => at.to_owned(),
        };
        let name = self.exchange.speaker(id).name.clone();
        if leads_to_internet(own) && !is_private(self.address) {
            let text = format!("{text}, behind it the internet");
            return Place::new(Spot::Internet, text, ["internet".to_owned(), name]);
        }
        let here = self.exchange.graph().same_premises(id);
        let first = here.first().copied().unwrap_or(id);
        Place::new(Spot::OnPremises(first), text, [name])
    }

    /// A site without BGP sends what is not its own into its tunnels.
    fn by_tunnels(&mut self, id: SpeakerId, at: &str) -> TraceHop {
        let graph = self.exchange.graph();
        let links = graph.links_of(id).iter().map(|link| graph.link(*link));
        let tunnels =
            links.filter(|link| matches!(link.kind, LinkKind::StaticSite(_)) && link.is_up());
        let gateways: Vec<SpeakerId> = tunnels.filter_map(|link| link.peer_of(id)).collect();
        if gateways.is_empty() || self.exchange.speaker(id).asn.is_some() {
            return no_route(at);
        }
        let ways = gateways.into_iter();
        let ways = ways.map(|gateway| self.at_device(Device::Speaker(gateway), None));
        let ways = ways.collect();
        TraceHop::parting(at, None, "its tunnels", ways)
    }
}

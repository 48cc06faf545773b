//! What a VPN gateway does with packets that no route of its own leads on: its default site gets
//! them.

use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::rules;
use routehub_exchange::view::{Link, SpeakerId, SpeakerKind};
use routehub_types::Prefix;

use super::forwarding::Device;
use super::hop::TraceHop;
use super::packet::{Packet, dropped};

impl Packet<'_, '_> {
    /// At a gateway with a default site, unless a longer route leads on: the instance that has the
    /// tunnel sends the packet to the site, another one to that instance.
    pub(super) fn by_default_site(&mut self, id: SpeakerId, at: &str) -> Option<TraceHop> {
        let exchange = self.exchange;
        let speaker = exchange.speaker(id);
        let SpeakerKind::Gateway { gateway, .. } = speaker.kind else {
            return None;
        };
        let gateway = exchange.estate().gateways.get(gateway)?;
        let site = exchange
            .graph()
            .first_named(gateway.default_site.as_ref()?)?;
        let known = self.best_origins(id);
        if self.address.is_ipv6() || known.is_some_and(|(prefix, ..)| !prefix.is_default()) {
            return None;
        }
        let graph = exchange.graph();
        let links = |instance: SpeakerId| {
            let links = graph.links_of(instance).iter().map(|id| graph.link(*id));
            links.filter(move |link| link.peer_of(instance) == Some(site))
        };
        let holds = |instance: &SpeakerId| links(*instance).any(Link::is_up);
        let instances = graph.named(&gateway.name);
        // A site without prefixes and BGP has a tunnel and no link.
        let is_bare = instances.iter().all(|id| links(*id).next().is_none());
        let next = if is_bare || holds(&id) {
            Some(site)
        } else {
            instances.iter().copied().find(holds)
        };
        let default = Prefix::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0).ok()?;
        Some(match next {
            Some(next) => TraceHop {
                at: at.to_owned(),
                stateful: false,
                balances: false,
                instance: None,
                prefix: Some(default),
                source: None,
                by: "its default site".to_owned(),
                next: vec![self.at_device(Device::Speaker(next), Some(default))],
                end: None,
            },
            None => {
                let end = dropped(
                    rules::LINK_DOWN,
                    format!("default site {}", graph.speaker(site)),
                );
                TraceHop::ending(at, Some(default), "its default site", end)
            }
        })
    }
}

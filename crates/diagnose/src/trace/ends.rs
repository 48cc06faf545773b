//! The ends of a trace: who is meant by a name or an address, and at which address.

use std::fmt;
use std::net::IpAddr;

use routehub_exchange::Exchange;
use routehub_exchange::check::nearest_name;
use routehub_exchange::estate::{Estate, Nic};
use routehub_exchange::view::{SpeakerId, SpeakerKind, VnetId};
use routehub_types::Prefix;

use super::assumed::address_at;
use super::forwarding::Forwarding;
use super::own::{own_around, own_prefixes};
use super::place::Spot;

/// The name of the internet as an end of a trace.
pub const INTERNET: &str = "internet";

/// What cannot be an end of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceError {
    /// Nothing has this name.
    NoSuchEnd {
        /// The name.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// It has no address that packets could go to.
    NoAddress {
        /// Its name.
        name: String,
    },
    /// No packet starts from this address: it belongs to nobody.
    Nobody {
        /// The address.
        address: IpAddr,
    },
}

impl std::error::Error for TraceError {}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchEnd { name, nearest } => {
                write!(
                    f,
                    "`{name}` is neither a NIC, NVA, site or circuit nor an address or `{INTERNET}`"
                )?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
            Self::NoAddress { name } => write!(f, "`{name}` announces no prefix to send to"),
            Self::Nobody { address } => write!(f, "nobody in the file has the address {address}"),
        }
    }
}

/// Where packets start from.
#[derive(Clone, Debug)]
pub(super) enum Start {
    /// An interface, of the estate or one that its network could have.
    Interface(Nic),
    /// An NVA, a site, a customer's edge; the gateway of point-to-site clients.
    Speaker(SpeakerId),
    /// The internet.
    Internet,
}

/// Where packets are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) address: IpAddr,
    /// What has to be there; none: whoever has the address.
    pub(super) spot: Option<Spot>,
}

/// Every name that is an end of a trace, in the order of the estate.
pub(super) fn named_ends(estate: &Estate) -> impl Iterator<Item = &str> {
    let circuits = estate
        .circuits
        .iter()
        .filter(|circuit| circuit.on_prem.is_some());
    let nics = estate.nics.iter().map(|nic| &nic.name);
    let speakers = (estate.nvas.iter().map(|nva| &nva.name))
        .chain(estate.sites.iter().map(|site| &site.name))
        .chain(circuits.map(|circuit| &circuit.name));
    nics.chain(speakers).map(String::as_str)
}

fn no_such_end(estate: &Estate, name: &str) -> TraceError {
    let known = named_ends(estate).chain([INTERNET]);
    TraceError::NoSuchEnd {
        name: name.to_owned(),
        nearest: nearest_name(name, known).map(str::to_owned),
    }
}

/// The NVA, site or customer's edge of a name.
fn speaker_named(exchange: &Exchange, name: &str) -> Option<SpeakerId> {
    let mut named = exchange.graph().named(name).iter().copied();
    named.find(|id| {
        let kind = exchange.speaker(*id).kind;
        matches!(
            kind,
            SpeakerKind::Nva { .. } | SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. }
        )
    })
}

/// Where packets from a name or an address start.
///
/// # Errors
/// [`TraceError`] if it is neither.
pub(super) fn start(forwarding: &Forwarding<'_>, text: &str) -> Result<Start, TraceError> {
    let exchange = forwarding.exchange;
    if let Some(nic) = exchange.estate().nics.iter().find(|nic| nic.name == text) {
        return Ok(Start::Interface(nic.clone()));
    }
    if let Some(id) = speaker_named(exchange, text) {
        return Ok(Start::Speaker(id));
    }
    if text == INTERNET {
        return Ok(Start::Internet);
    }
    match text.parse() {
        Ok(address) => start_at(exchange, address).ok_or(TraceError::Nobody { address }),
        Err(_) => Err(no_such_end(exchange.estate(), text)),
    }
}

/// Where packets from an address start: whoever has it, or has announced it.
fn start_at(exchange: &Exchange, address: IpAddr) -> Option<Start> {
    let (estate, topology) = (exchange.estate(), exchange.topology());
    let around = |space: &[Prefix]| space.iter().any(|prefix| prefix.contains_address(address));
    let holds = |vnet: &VnetId| around(topology.space(*vnet));
    if let Some(vnet) = topology.vnets().find(holds) {
        let vnet = topology.name(vnet);
        let here = |of: &str, ip: IpAddr| of == vnet && ip == address;
        if let Some(nva) = estate.nvas.iter().find(|nva| here(&nva.vnet, nva.ip)) {
            return Some(Start::Speaker(speaker_named(exchange, &nva.name)?));
        }
        let mut nics = estate.nics.iter();
        let known = nics.find(|nic| nic.ip.is_some_and(|ip| here(&nic.vnet, ip)));
        return Some(Start::Interface(known.cloned().unwrap_or_else(|| Nic {
            name: address.to_string(),
            vnet: vnet.to_owned(),
            ip: Some(address),
            ..Nic::default()
        })));
    }
    let graph = exchange.graph();
    let gateways = graph.speakers().filter_map(|id| {
        let gateway = estate.gateways.get(exchange.speaker(id).gateway()?)?;
        around(&gateway.p2s_pools).then_some(Start::Speaker(id))
    });
    gateways
        .into_iter()
        .next()
        .or_else(|| announcer(exchange, address))
        .or_else(|| (!is_private(address)).then_some(Start::Internet))
}

/// The NVA, site or customer's edge with the longest prefix of its own around an address; a default
/// route is nobody's own.
fn announcer(exchange: &Exchange, address: IpAddr) -> Option<Start> {
    let around = exchange.graph().speakers().filter_map(|id| {
        let own = own_around(exchange, id, address)?;
        (!leads_to_internet(own)).then_some((own.length(), id))
    });
    let (_, id) = around.min_by_key(|(length, id)| (u8::MAX - length, *id))?;
    Some(Start::Speaker(id))
}

/// Where packets to a name or an address go.
///
/// # Errors
/// [`TraceError`] if it is neither, or has no address.
pub(super) fn target(forwarding: &Forwarding<'_>, text: &str) -> Result<Target, TraceError> {
    let exchange = forwarding.exchange;
    let (estate, topology) = (exchange.estate(), exchange.topology());
    let in_network = |vnet: &str, address: IpAddr| Target {
        address,
        spot: topology.vnet(vnet).map(Spot::Network),
    };
    let no_address = || TraceError::NoAddress {
        name: text.to_owned(),
    };
    if let Some(nic) = estate.nics.iter().find(|nic| nic.name == text) {
        let address = forwarding.address_of(nic).ok_or_else(no_address)?;
        return Ok(in_network(&nic.vnet, address));
    }
    if let Some(id) = speaker_named(exchange, text) {
        return match exchange.speaker(id).kind {
            SpeakerKind::Nva { nva } => {
                let nva = &estate.nvas[nva];
                Ok(in_network(&nva.vnet, nva.ip))
            }
            kind => Ok(Target {
                address: address_on_premises(estate, kind).ok_or_else(no_address)?,
                spot: Some(Spot::OnPremises(id)),
            }),
        };
    }
    let mut endpoints = estate.private_endpoints.iter();
    if let Some(endpoint) = endpoints.find(|endpoint| endpoint.name == text) {
        return Ok(in_network(&endpoint.vnet, endpoint.ip));
    }
    let mut balancers = estate.load_balancers.iter();
    if let Some(balancer) = balancers.find(|balancer| balancer.name == text) {
        return Ok(in_network(&balancer.vnet, balancer.frontend));
    }
    if text == INTERNET {
        return Ok(Target {
            address: public_address(exchange),
            spot: Some(Spot::Internet),
        });
    }
    let address = text.parse().map_err(|_| no_such_end(estate, text))?;
    Ok(Target {
        address,
        spot: None,
    })
}

/// An address of a site or a customer's network: in the first prefix that leads to it alone.
fn address_on_premises(estate: &Estate, kind: SpeakerKind) -> Option<IpAddr> {
    let mut own = own_prefixes(estate, kind).filter(|prefix| !leads_to_internet(*prefix));
    let prefix = own.next()?;
    Some(address_at(prefix, 1).unwrap_or_else(|| prefix.address()))
}

/// An address of the internet that nobody in the estate has more than a default route to.
fn public_address(exchange: &Exchange) -> IpAddr {
    let known = [
        [8, 8, 8, 8],
        [1, 1, 1, 1],
        [9, 9, 9, 9],
        [208, 67, 222, 222],
    ];
    let mut known = known.map(IpAddr::from).into_iter();
    let topology = exchange.topology();
    let is_free = |address: &IpAddr| {
        let mut vnets = topology.vnets();
        let in_vnet = vnets.any(|vnet| {
            let mut space = topology.space(vnet).iter();
            space.any(|prefix| prefix.contains_address(*address))
        });
        !in_vnet && announcer(exchange, *address).is_none()
    };
    known.find(is_free).unwrap_or_else(|| [8, 8, 8, 8].into())
}

/// Whether of a prefix nothing but the internet is behind: a default route, or half of it.
pub(super) const fn leads_to_internet(prefix: Prefix) -> bool {
    prefix.length() <= 1
}

/// Whether the internet has no route to an address.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let shared = (address.to_bits() >> 22) == (u32::from_be_bytes([100, 64, 0, 0]) >> 22);
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || shared
        }
        IpAddr::V6(address) => {
            address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_loopback()
                || address.is_unspecified()
        }
    }
}

//! Messages as bytes, built by hand.

use routehub_types::{Asn, Family, RouterId};
use routehub_wire::{
    AfiSafi, Capabilities, Capability, KEEPALIVE, Notification, Open, RefreshKind, RouteRefresh,
};

use super::{LOCAL, PEER};

/// A message of a type with a body.
pub fn message(code: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff; 16];
    bytes.extend(((body.len() + 19) as u16).to_be_bytes());
    bytes.push(code);
    bytes.extend(body);
    bytes
}

/// The OPEN of a speaker with the usual capabilities.
pub fn open(asn: Asn, router_id: RouterId) -> Open {
    let capabilities = [
        Capability::Multiprotocol(AfiSafi::IPV4),
        Capability::Multiprotocol(AfiSafi::IPV6),
        Capability::RouteRefresh,
        Capability::FourOctetAs(asn),
    ];
    Open {
        asn,
        hold_time: 180,
        router_id,
        capabilities: capabilities.into_iter().collect(),
    }
}

/// The OPEN of the peer.
pub fn peer_open() -> Open {
    open(PEER.0, PEER.1)
}

/// The OPEN of the peer with more capabilities.
pub fn peer_open_with(more: impl IntoIterator<Item = Capability>) -> Open {
    let usual = peer_open();
    let Capabilities(mut all) = usual.capabilities.clone();
    all.extend(more);
    Open {
        capabilities: Capabilities(all),
        ..usual
    }
}

/// Our own OPEN, as the peer could send it by mistake.
pub fn local_open() -> Open {
    open(LOCAL.0, LOCAL.1)
}

pub fn bytes_of(open: &Open) -> Vec<u8> {
    let mut bytes = Vec::new();
    open.encode(&mut bytes).expect("an OPEN that fits");
    bytes
}

pub fn keepalive() -> Vec<u8> {
    KEEPALIVE.to_vec()
}

pub fn notification(notification: &Notification) -> Vec<u8> {
    let mut bytes = Vec::new();
    notification.encode(&mut bytes);
    bytes
}

pub fn route_refresh(family: Family, kind: RefreshKind) -> Vec<u8> {
    let mut bytes = Vec::new();
    RouteRefresh::new(family, kind).encode(&mut bytes);
    bytes
}

/// An UPDATE of AS 65001 that announces 10.N.0.0/16 prefixes.
pub fn update(prefixes: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 20];
    body.extend([0x40, 1, 1, 0]);
    body.extend([0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9]);
    body.extend([0x40, 3, 4, 10, 0, 4, 4]);
    for octet in prefixes {
        body.extend([16, 10, octet]);
    }
    message(2, &body)
}

/// An UPDATE that treats its route as withdrawn: an ORIGIN that does not exist.
pub fn update_treat_as_withdraw() -> Vec<u8> {
    let mut bytes = update([9]);
    bytes[26] = 7;
    bytes
}

/// An UPDATE whose lists do not fit: it ends the session with 3/1.
pub fn update_malformed() -> Vec<u8> {
    message(2, &[0xff, 0xff, 0, 0])
}

/// The End-of-RIB marker of IPv4.
pub fn end_of_rib() -> Vec<u8> {
    message(2, &[0, 0, 0, 0])
}

/// The End-of-RIB marker of IPv6.
pub fn end_of_rib_ipv6() -> Vec<u8> {
    message(2, &[0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1])
}

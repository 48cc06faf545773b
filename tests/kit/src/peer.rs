//! A peer that is played message by message.

use std::net::{Ipv4Addr, SocketAddr};

use routehub::types::{Asn, Attrs, Nlri, Prefix, RouterId};
use routehub_wire::{
    AfiSafi, Capability, Context, KEEPALIVE, MAX_LEN, Message, Open, Packer, decode, frame,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::wait::{PATIENCE, until};

/// A connection to a server.
#[derive(Debug)]
pub struct Peer {
    /// The connection.
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Peer {
    /// Connects from an address; none while it is refused.
    pub async fn connect(from: Ipv4Addr, to: SocketAddr) -> Option<Self> {
        let socket = TcpSocket::new_v4().expect("a socket");
        let own = SocketAddr::new(from.into(), 0);
        socket.bind(own).expect("an address");
        let stream = socket.connect(to).await.ok()?;
        Some(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Connects and establishes a session with an OPEN of this ASN.
    pub async fn establish(from: Ipv4Addr, to: SocketAddr, asn: u32) -> Self {
        let attempt = || async {
            let mut peer = Self::connect(from, to).await?;
            peer.try_establish(&open(from, asn)).await?;
            Some(peer)
        };
        let peer = until(&format!("{from} peers with {to}"), attempt, Option::is_some).await;
        peer.expect("a session")
    }

    /// Exchanges OPENs and KEEPALIVEs; none if the other end does not want to.
    async fn try_establish(&mut self, open: &Open) -> Option<()> {
        let mut bytes = Vec::new();
        open.encode(&mut bytes).expect("an OPEN");
        bytes.extend(KEEPALIVE);
        self.send(&bytes).await?;
        for expected in [OPEN_TYPE, KEEPALIVE_TYPE] {
            let message = self.next().await?;
            (message.get(18) == Some(&expected)).then_some(())?;
        }
        Some(())
    }

    /// Sends octets; none if the connection is broken.
    pub async fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).await.ok()
    }

    /// The next message; none at the end of the stream, however it came.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(length) = frame(&self.buffer, MAX_LEN).expect("a message") {
                return Some(self.buffer.drain(..length).collect());
            }
            let read = self.stream.read_buf(&mut self.buffer);
            let read = tokio::time::timeout(PATIENCE, read).await;
            if matches!(read.expect("octets or an end"), Ok(0) | Err(_)) {
                return None;
            }
        }
    }

    /// The NOTIFICATION that ends the stream, if one does.
    pub async fn last_words(&mut self) -> Option<Vec<u8>> {
        let mut last = None;
        while let Some(message) = self.next().await {
            assert_eq!(last, None, "something follows a NOTIFICATION");
            last = (message.get(18) == Some(&NOTIFICATION_TYPE)).then_some(message);
        }
        last
    }
}

/// The type of an OPEN (RFC 4271 section 4.1).
pub const OPEN_TYPE: u8 = 1;
/// The type of a NOTIFICATION.
pub const NOTIFICATION_TYPE: u8 = 3;
/// The type of a KEEPALIVE.
pub const KEEPALIVE_TYPE: u8 = 4;

/// The OPEN of a plain peer.
pub fn open(address: Ipv4Addr, asn: u32) -> Open {
    let capabilities = [
        Capability::Multiprotocol(AfiSafi::IPV4),
        Capability::RouteRefresh,
        Capability::FourOctetAs(Asn(asn)),
    ];
    Open {
        asn: Asn(asn),
        hold_time: 180,
        router_id: RouterId::from(address),
        capabilities: capabilities.into_iter().collect(),
    }
}

/// UPDATEs with which an external peer announces prefixes of its own.
pub fn announcement(next_hop: Ipv4Addr, asn: u32, prefixes: &[Prefix]) -> Vec<u8> {
    let mut attrs = Attrs {
        next_hop: std::net::IpAddr::from(next_hop).into(),
        ..Attrs::default()
    };
    attrs.as_path.prepend(Asn(asn), 1);
    encode(&Context::default(), &attrs, prefixes)
}

/// UPDATEs with these attributes, as the context has them.
pub fn encode(context: &Context, attrs: &Attrs, prefixes: &[Prefix]) -> Vec<u8> {
    let nlri: Vec<Nlri> = prefixes.iter().map(|prefix| (*prefix).into()).collect();
    let mut bytes = Vec::new();
    let packed = Packer::new(context).announce(attrs, &nlri, &mut bytes);
    packed.expect("UPDATEs");
    bytes
}

/// The prefixes that a message announces.
pub fn announced(message: &[u8]) -> Vec<Prefix> {
    match decode(message, &Context::default()) {
        Ok(Message::Update(view)) => {
            let routes = view.announced().flat_map(|section| section.nlri);
            routes.map(|route| route.prefix).collect()
        }
        _ => Vec::new(),
    }
}

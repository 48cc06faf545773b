//! An NVA that is played octet by octet, so that it is known to the microsecond when it is gone.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use routehub::types::{Asn, RouterId};
use routehub_testkit::namespace::Namespace;
use routehub_testkit::wait::PATIENCE;
use routehub_wire::{
    AfiSafi, Capability, Context, KEEPALIVE, MAX_LEN, Message, Open, decode, frame,
};

/// A session that is established.
pub(crate) struct Speaker {
    stream: TcpStream,
    address: Ipv4Addr,
    asn: u16,
}

impl Speaker {
    /// Connects from an address of a namespace, and waits until the session is established.
    pub(crate) fn connect(place: &Namespace, address: Ipv4Addr, asn: u16, to: Ipv4Addr) -> Self {
        let stream = place.run(|| Ok(open(address, SocketAddr::from((to, 179)))?));
        let stream = stream.expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_nodelay(true).expect("an option");
        let mut speaker = Self {
            stream,
            address,
            asn,
        };
        let capabilities = [
            Capability::FourOctetAs(Asn(asn.into())),
            Capability::Multiprotocol(AfiSafi::IPV4),
        ];
        let open = Open {
            asn: Asn(asn.into()),
            hold_time: 90,
            router_id: RouterId::from(address),
            capabilities: capabilities.into_iter().collect(),
        };
        let mut octets = Vec::new();
        open.encode(&mut octets).expect("an OPEN");
        octets.extend(KEEPALIVE);
        speaker.stream.write_all(&octets).expect("an open stream");
        speaker.read_until_keepalive();
        speaker
    }

    fn read_until_keepalive(&mut self) {
        let mut buffer = Vec::new();
        loop {
            while let Some(length) = frame(&buffer, MAX_LEN).expect("a message") {
                let message: Vec<u8> = buffer.drain(..length).collect();
                match decode(&message, &Context::default()).expect("a message") {
                    Message::Keepalive => return,
                    Message::Notification(why) => panic!("{why}"),
                    _ => {}
                }
            }
            let mut octets = [0; 4096];
            let length = self.stream.read(&mut octets).expect("octets");
            assert!(length > 0, "closed");
            buffer.extend_from_slice(&octets[..length]);
        }
    }

    /// Announces prefixes, given as they stand in an UPDATE, and then that this is all.
    pub(crate) fn announce<const N: usize>(&mut self, prefixes: &[[u8; N]]) {
        let [high, low] = self.asn.to_be_bytes();
        let mut attributes = vec![0x40, 1, 1, 0];
        attributes.extend([0x40, 2, 6, 2, 1, 0, 0, high, low]);
        attributes.extend([0x40, 3, 4]);
        attributes.extend(self.address.octets());
        let update = |prefixes: &[[u8; N]]| {
            let mut update = vec![0, 0, 0, attributes.len() as u8];
            update.extend(&attributes);
            update.extend(prefixes.concat());
            update
        };
        // A thousand of four octets fit a message.
        let updates = prefixes.chunks(1000).map(update);
        for body in updates.chain([vec![0; 4]]) {
            let mut message = vec![0xff; 16];
            message.extend((19 + body.len() as u16).to_be_bytes());
            message.push(2);
            message.extend(body);
            self.stream.write_all(&message).expect("an open stream");
        }
    }
}

fn open(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let opened = runtime?.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        socket.connect(to).await?.into_std()
    });
    let stream = opened?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

//! Who is at the far end of a connection: what it says of itself in its OPEN, which is read before
//! there is a session.

use std::io;
use std::time::Duration;

use routehub::types::Asn;
use routehub_wire::{Context, MAX_LEN, Message, Notification, decode, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::event::DynamicConnection;

/// How long a router has to send its OPEN.
const OPEN: Duration = Duration::from_secs(10);

/// How long a NOTIFICATION may take to be written.
const TELL: Duration = Duration::from_secs(1);

/// Reads up to the end of the OPEN; gives all that was read and the ASN that it names.
///
/// # Errors
/// Why there is none.
pub(super) async fn read(stream: &mut TcpStream) -> Result<(Vec<u8>, Asn), DynamicConnection> {
    let read = tokio::time::timeout(OPEN, read_open(stream)).await;
    read.unwrap_or(Err(DynamicConnection::Silent))
}

async fn read_open(stream: &mut TcpStream) -> Result<(Vec<u8>, Asn), DynamicConnection> {
    let mut bytes = Vec::new();
    loop {
        let mut octets = [0; 512];
        match stream.read(&mut octets).await {
            Ok(0) | Err(_) => return Err(DynamicConnection::Closed),
            Ok(length) => bytes.extend_from_slice(octets.get(..length).unwrap_or_default()),
        }
        if let Some(asn) = named_asn(&bytes).map_err(DynamicConnection::NoOpen)? {
            return Ok((bytes, asn));
        }
    }
}

/// The ASN that an OPEN names; none while it is not whole.
fn named_asn(bytes: &[u8]) -> Result<Option<Asn>, Notification> {
    let Some(length) = frame(bytes, MAX_LEN)? else {
        return Ok(None);
    };
    let message = bytes.get(..length).unwrap_or_default();
    match decode(message, &Context::default())? {
        Message::Open(open) => Ok(Some(open.asn)),
        _ => Err(Notification::UNEXPECTED_IN_OPEN_SENT),
    }
}

/// Tells the far end why it is refused, and closes.
pub(super) async fn refuse(mut stream: TcpStream, why: &Notification) {
    let mut message = Vec::new();
    why.encode(&mut message);
    let tell = async {
        stream.write_all(&message).await?;
        stream.shutdown().await?;
        // A connection with octets that nobody read would be reset, and the NOTIFICATION lost.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
        io::Result::Ok(())
    };
    // The connection is closed in any case.
    let _ = tokio::time::timeout(TELL, tell).await;
}

#[cfg(test)]
mod tests {
    use routehub::types::RouterId;
    use routehub_wire::{Capability, Open};

    use super::*;

    fn open(asn: u32) -> Vec<u8> {
        let open = Open {
            asn: Asn(asn),
            hold_time: 90,
            router_id: RouterId(1),
            capabilities: [Capability::FourOctetAs(Asn(asn))].into_iter().collect(),
        };
        let mut bytes = Vec::new();
        open.encode(&mut bytes).expect("it fits");
        bytes
    }

    #[test]
    fn an_open_names_its_asn_once_it_is_whole() {
        let bytes = open(4_200_000_001);
        for length in 0..bytes.len() {
            assert_eq!(named_asn(&bytes[..length]), Ok(None), "{length}");
        }
        assert_eq!(named_asn(&bytes), Ok(Some(Asn(4_200_000_001))));
        let more = [&bytes[..], &[0xff; 7]].concat();
        assert_eq!(named_asn(&more), Ok(Some(Asn(4_200_000_001))));
    }

    #[test]
    fn what_is_no_open_is_told_why() {
        let mut keepalive = vec![0xff; 16];
        keepalive.extend([0, 19, 4]);
        let told = named_asn(&keepalive);
        assert_eq!(told, Err(Notification::UNEXPECTED_IN_OPEN_SENT));
        let told = named_asn(b"GET / HTTP/1.1\r\nHost: here\r\n");
        let sent = told.expect_err("it is no BGP");
        assert_eq!((sent.code, sent.subcode), (1, 1));
        let mut version = open(65001);
        version[19] = 5;
        let sent = named_asn(&version).expect_err("it is no version 4");
        assert_eq!((sent.code, sent.subcode), (2, 1));
    }
}

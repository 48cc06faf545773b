//! MRT files (RFC 6396, RFC 8050): recorded messages, and table dumps as the UPDATEs they stand for.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use routehub_types::FamilySet;
use routehub_wire::{Context, attribute_code};
use serde_json::{Value, json};

use super::input::Message;

/// A record as it stands in the file.
pub(crate) struct Record {
    /// Where it starts in the file, in octets.
    pub(crate) offset: u64,
    seconds: u32,
    kind: u16,
    subtype: u16,
    body: Vec<u8>,
}

/// Octets of a record's header.
const HEADER: usize = 12;
/// The largest record that is read; table dumps have records of some thousand octets.
const RECORD_MAX: u32 = 16 << 20;

/// The next record; none at the end of the file.
pub(crate) fn record(file: &mut (impl Read + ?Sized), at: &mut u64) -> io::Result<Option<Record>> {
    let mut header = [0; HEADER];
    let mut used = 0;
    while used < HEADER {
        match file.read(&mut header[used..])? {
            0 if used == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => used += more,
        }
    }
    let mut fields = Cursor(&header);
    let read = (|| Some((fields.u32()?, fields.u16()?, fields.u16()?, fields.u32()?)))();
    let (seconds, kind, subtype, length) = read.unwrap_or_default();
    if length > RECORD_MAX {
        let reason = format!("octet {at}: no MRT record is {length} octets long");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let mut body = vec![0; length as usize];
    file.read_exact(&mut body)?;
    let offset = *at;
    *at += HEADER as u64 + u64::from(length);
    Ok(Some(Record {
        offset,
        seconds,
        kind,
        subtype,
        body,
    }))
}

/// What is left of a record.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn asn(&mut self, four_octet: bool) -> Option<u32> {
        if four_octet {
            self.u32()
        } else {
            self.u16().map(u32::from)
        }
    }

    fn address(&mut self, ipv6: bool) -> Option<IpAddr> {
        if ipv6 {
            self.array()
                .map(|octets| Ipv6Addr::from_octets(octets).into())
        } else {
            self.array()
                .map(|octets| Ipv4Addr::from_octets(octets).into())
        }
    }
}

/// A message, or why there is none.
pub(crate) type Entry = Result<Message, String>;

/// Reads records in their order: a table dump names its peers first.
#[derive(Default)]
pub(crate) struct Reader {
    peers: Vec<(IpAddr, u32)>,
}

impl Reader {
    /// The messages of a record: one of BGP4MP, one per path of a table dump.
    pub(crate) fn entries(&mut self, record: &Record) -> Vec<Entry> {
        let mut body = Cursor(&record.body);
        let cut = || vec![Err("the record is cut short".to_owned())];
        match (record.kind, record.subtype) {
            (13, 1) => match self.peer_index(&mut body) {
                Some(()) => Vec::new(),
                None => cut(),
            },
            (13, 2 | 4 | 8 | 10) => self.rib(record, &mut body).unwrap_or_else(cut),
            (16 | 17, 1 | 4 | 6 | 7 | 8..=11) => match message(record, &mut body) {
                Some(message) => vec![Ok(message)],
                None => cut(),
            },
            // State changes hold no message.
            (16 | 17, 0 | 5) => Vec::new(),
            (kind, subtype) => vec![Err(format!("MRT type {kind} subtype {subtype}"))],
        }
    }

    /// PEER_INDEX_TABLE (RFC 6396 section 4.3.1).
    fn peer_index(&mut self, body: &mut Cursor<'_>) -> Option<()> {
        body.u32()?;
        let name = body.u16()?;
        body.take(usize::from(name))?;
        let count = body.u16()?;
        self.peers.clear();
        for _ in 0..count {
            let kind = body.u8()?;
            body.u32()?;
            let address = body.address(kind & 1 != 0)?;
            self.peers.push((address, body.asn(kind & 2 != 0)?));
        }
        Some(())
    }

    /// A RIB record (RFC 6396 section 4.3.2, RFC 8050 section 4): a prefix and its paths.
    fn rib(&self, record: &Record, body: &mut Cursor<'_>) -> Option<Vec<Entry>> {
        let ipv6 = matches!(record.subtype, 4 | 10);
        let add_path = matches!(record.subtype, 8 | 10);
        body.u32()?;
        let bits = *body.0.first()?;
        let prefix = body.take(1 + usize::from(bits).div_ceil(8))?;
        let mut entries = Vec::new();
        for _ in 0..body.u16()? {
            let peer = body.u16()?;
            body.u32()?;
            let path_id = if add_path {
                body.array::<4>()?.to_vec()
            } else {
                Vec::new()
            };
            let length = body.u16()?;
            let attributes = body.take(usize::from(length))?;
            let nlri = [&path_id, prefix].concat();
            let (address, asn) = *self.peers.get(usize::from(peer))?;
            entries.push(match update(attributes, &nlri, ipv6) {
                Some(bytes) => Ok(Message {
                    id: Value::Null,
                    source: Some(source(record, address, asn)),
                    context: context(bytes.len(), true, add_path),
                    examination: None,
                    bytes,
                }),
                None => Err("the path has attributes that do not make an UPDATE".to_owned()),
            });
        }
        Some(entries)
    }
}

/// Where a message comes from.
fn source(record: &Record, peer: IpAddr, asn: u32) -> Value {
    json!({ "time": record.seconds, "peer": peer, "peer_as": asn })
}

/// What a recorded message is decoded for: both families, and a message as long as it is.
fn context(length: usize, four_octet_as: bool, add_path: bool) -> Context {
    Context {
        four_octet_as,
        extended_message: length > routehub_wire::MAX_LEN,
        add_path_receive: if add_path {
            FamilySet::ALL
        } else {
            FamilySet::EMPTY
        },
        ..Context::default()
    }
}

/// BGP4MP and BGP4MP_ET messages (RFC 6396 section 4.4, RFC 8050 section 3).
fn message(record: &Record, body: &mut Cursor<'_>) -> Option<Message> {
    if record.kind == 17 {
        // Microseconds.
        body.u32()?;
    }
    let four_octet = matches!(record.subtype, 4 | 7 | 9 | 11);
    let add_path = matches!(record.subtype, 8..=11);
    let peer_as = body.asn(four_octet)?;
    body.asn(four_octet)?;
    body.u16()?;
    let ipv6 = body.u16()? == 2;
    let peer = body.address(ipv6)?;
    body.address(ipv6)?;
    Some(Message {
        id: Value::Null,
        source: Some(source(record, peer, peer_as)),
        context: context(body.0.len(), four_octet, add_path),
        examination: None,
        bytes: body.0.to_vec(),
    })
}

/// The UPDATE that announces a prefix with the attributes of a table dump, in which MP_REACH_NLRI
/// is the next hop alone (RFC 6396 section 4.3.4).
fn update(attributes: &[u8], nlri: &[u8], ipv6: bool) -> Option<Vec<u8>> {
    let mut written = Vec::new();
    let mut left = Cursor(attributes);
    while !left.0.is_empty() {
        let start = left.0;
        let (flags, code) = (left.u8()?, left.u8()?);
        let length = if flags & 0x10 != 0 {
            left.u16()?
        } else {
            u16::from(left.u8()?)
        };
        let value = left.take(usize::from(length))?;
        match value {
            // Some writers keep the whole attribute, which starts with its address family.
            [next_hop_len, next_hop @ ..]
                if ipv6
                    && code == attribute_code::MP_REACH_NLRI
                    && usize::from(*next_hop_len) == next_hop.len() =>
            {
                let value = [&[0, 2, 1][..], value, &[0], nlri].concat();
                let length = u16::try_from(value.len()).ok()?.to_be_bytes();
                written.extend([0x90, code, length[0], length[1]]);
                written.extend(value);
            }
            _ => written.extend_from_slice(start.get(..start.len() - left.0.len())?),
        }
    }
    let plain = if ipv6 { &[] } else { nlri };
    let total = u16::try_from(23 + written.len() + plain.len()).ok()?;
    let mut bytes = vec![0xff; 16];
    bytes.extend(total.to_be_bytes());
    bytes.extend([2, 0, 0]);
    bytes.extend(u16::try_from(written.len()).ok()?.to_be_bytes());
    bytes.extend(written);
    bytes.extend_from_slice(plain);
    Some(bytes)
}

//! The sockets of BFD: one to receive for each address and port, one to send for each session.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::socket::sockopt::{Ipv4RecvTtl, Ipv6RecvHopLimit};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use routehub_bfd::{Arrival, Datagram, Hops, Path};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// The longest datagram that is read: longer than any packet.
const LONGEST: usize = 128;

/// What packets are marked with, so that networks do not hold them back: CS6 (RFC 4594 section 3.1).
const NETWORK_CONTROL: u32 = 0xc0;

/// What is received at an address of ours.
#[derive(Debug)]
pub(super) struct ReceiveSocket {
    local: IpAddr,
    hops: Hops,
    socket: UdpSocket,
}

/// What is sent for a session.
#[derive(Debug)]
pub(super) struct SendSocket {
    to: SocketAddr,
    socket: UdpSocket,
}

/// Room for what is received.
pub(super) struct ReceiveBuffer {
    octets: [u8; LONGEST],
    control: Vec<u8>,
}

impl ReceiveBuffer {
    pub(super) fn new() -> Self {
        Self {
            octets: [0; LONGEST],
            control: nix::cmsg_space!(i32, i32),
        }
    }
}

/// An address that BFD cannot receive at, or send from.
#[derive(Debug, thiserror::Error)]
#[error("{address}: {error}")]
pub(crate) struct SocketError {
    /// The address.
    pub(crate) address: SocketAddr,
    /// Why not.
    pub(crate) error: io::Error,
}

/// A UDP socket at an address.
fn udp_socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

impl ReceiveSocket {
    /// A socket at the port of such sessions.
    pub(super) fn bind(local: IpAddr, hops: Hops) -> Result<Self, SocketError> {
        let address = SocketAddr::new(local, hops.port());
        let bind = || -> io::Result<UdpSocket> {
            let socket = udp_socket(address)?;
            match local {
                IpAddr::V4(_) => setsockopt(&socket, Ipv4RecvTtl, &true)?,
                IpAddr::V6(_) => setsockopt(&socket, Ipv6RecvHopLimit, &true)?,
            }
            socket.bind(&SockAddr::from(address))?;
            Ok(socket.into())
        };
        let socket = bind().map_err(|error| SocketError { address, error })?;
        Ok(Self {
            local,
            hops,
            socket,
        })
    }

    /// What it receives, and where.
    pub(super) const fn key(&self) -> (IpAddr, Hops) {
        (self.local, self.hops)
    }

    /// The next datagram that has arrived, if there is one.
    pub(super) fn receive<'a>(
        &self,
        buffer: &'a mut ReceiveBuffer,
    ) -> io::Result<Option<(Arrival, &'a [u8])>> {
        let ReceiveBuffer { octets, control } = buffer;
        let mut slices = [IoSliceMut::new(octets)];
        let socket = self.socket.as_raw_fd();
        let message =
            recvmsg::<SockaddrStorage>(socket, &mut slices, Some(control), MsgFlags::MSG_DONTWAIT);
        let message = match message {
            Ok(message) => message,
            Err(Errno::EAGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut ttl = None;
        for control in message.cmsgs()? {
            match control {
                ControlMessageOwned::Ipv4Ttl(hops) | ControlMessageOwned::Ipv6HopLimit(hops) => {
                    ttl = u8::try_from(hops).ok();
                }
                _ => {}
            }
        }
        let remote = message.address.and_then(|address| ip_of(&address));
        let length = message.bytes;
        let remote = remote.ok_or(io::ErrorKind::InvalidData)?;
        let path = Path {
            hops: self.hops,
            local: self.local,
            remote,
        };
        // A TTL that the system does not tell is one from far away.
        let ttl = ttl.unwrap_or_default();
        let payload = octets.get(..length).unwrap_or_default();
        Ok(Some((Arrival { path, ttl }, payload)))
    }
}

fn ip_of(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
}

impl AsFd for ReceiveSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl SendSocket {
    /// A socket with a port that no other session has, looked for from some place on.
    pub(super) fn bind(path: &Path, from: u64) -> Result<Self, SocketError> {
        let bind = || -> io::Result<UdpSocket> {
            let socket = udp_socket(SocketAddr::new(path.local, 0))?;
            mark(&socket, path.local)?;
            bind_source(&socket, path.local, from)?;
            Ok(socket.into())
        };
        let address = SocketAddr::new(path.local, 0);
        let socket = bind().map_err(|error| SocketError { address, error })?;
        Ok(Self {
            to: SocketAddr::new(path.remote, path.hops.port()),
            socket,
        })
    }

    /// Sends a packet; says no if the system does not take it.
    pub(super) fn send(&self, datagram: &Datagram) -> bool {
        self.socket.send_to(datagram.octets(), self.to).is_ok()
    }
}

/// Sets the TTL and the class of what is sent.
fn mark(socket: &Socket, local: IpAddr) -> io::Result<()> {
    let ttl = Hops::TTL.into();
    match local {
        IpAddr::V4(_) => {
            socket.set_ttl_v4(ttl)?;
            socket.set_tos_v4(NETWORK_CONTROL)
        }
        IpAddr::V6(_) => {
            socket.set_unicast_hops_v6(ttl)?;
            socket.set_tclass_v6(NETWORK_CONTROL)
        }
    }
}

/// Binds to the first free port that a session may send from.
fn bind_source(socket: &Socket, local: IpAddr, from: u64) -> io::Result<()> {
    let (first, last) = Hops::SOURCE_PORTS.into_inner();
    let count = u64::from(last - first) + 1;
    for at in 0..count {
        // Below `count`.
        let port = first + (from.wrapping_add(at) % count) as u16;
        let address = SocketAddr::new(local, port);
        match socket.bind(&SockAddr::from(address)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            result => return result,
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

//! Socket options that the standard library and tokio do not offer: TCP-MD5 (RFC 2385), the TTL
//! of sent and the least TTL of received packets (GTSM, RFC 5082), and the user timeout (RFC 5482).
//!
//! An option that the system refuses is an error.
//!
//! The only unsafe code of the project: `setsockopt` with a value that lives through the call.
#![allow(unsafe_code)]

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use libc::{
    c_int, c_uint, c_void, in_addr, in6_addr, sa_family_t, sockaddr_in, sockaddr_in6, socklen_t,
};

/// The longest TCP-MD5 key, in octets: the limit of Linux.
pub(crate) const MAX_KEY: usize = 80;

/// The TTL that GTSM sends and requires.
const GTSM_TTL: c_int = 255;

/// The argument of `TCP_MD5SIG`, `struct tcp_md5sig` of `linux/tcp.h`.
#[repr(C)]
struct Md5Signature {
    /// A `sockaddr_storage`: 128 octets, aligned as a long.
    address: Storage,
    flags: u8,
    prefix_length: u8,
    key_length: u16,
    interface: c_int,
    key: [u8; MAX_KEY],
}

/// An address in the room of a `sockaddr_storage`.
#[repr(C, align(8))]
union Storage {
    v4: sockaddr_in,
    v6: sockaddr_in6,
    room: [u8; 128],
}

impl Storage {
    fn new(address: IpAddr) -> Self {
        let mut storage = Self { room: [0; 128] };
        match address {
            IpAddr::V4(address) => {
                storage.v4 = sockaddr_in {
                    sin_family: libc::AF_INET as sa_family_t,
                    sin_port: 0,
                    sin_addr: in_addr {
                        s_addr: u32::from_ne_bytes(address.octets()),
                    },
                    sin_zero: [0; 8],
                };
            }
            IpAddr::V6(address) => {
                storage.v6 = sockaddr_in6 {
                    sin6_family: libc::AF_INET6 as sa_family_t,
                    sin6_port: 0,
                    sin6_flowinfo: 0,
                    sin6_addr: in6_addr {
                        s6_addr: address.octets(),
                    },
                    sin6_scope_id: 0,
                };
            }
        }
        storage
    }
}

/// Sets `TCP_MD5SIG`, the key that segments to and from a peer are signed with: on a listening
/// socket for accepted connections, on another before it connects.
/// A key that is too long is an error.
pub(crate) fn set_md5_key(socket: BorrowedFd<'_>, peer: IpAddr, key: &str) -> io::Result<()> {
    let mut octets = [0; MAX_KEY];
    let room = octets.get_mut(..key.len());
    let room = room.ok_or(io::Error::from(io::ErrorKind::InvalidInput))?;
    room.copy_from_slice(key.as_bytes());
    let signature = Md5Signature {
        address: Storage::new(peer),
        flags: 0,
        prefix_length: 0,
        key_length: key.len() as u16,
        interface: 0,
        key: octets,
    };
    set(socket, libc::IPPROTO_TCP, libc::TCP_MD5SIG, &signature)
}

/// Removes the TCP-MD5 key of a peer, if there is one.
pub(crate) fn remove_md5_key(socket: BorrowedFd<'_>, peer: IpAddr) -> io::Result<()> {
    // A key without octets is none.
    match set_md5_key(socket, peer, "") {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        result => result,
    }
}

/// Sets `IP_TTL` to 255, as GTSM sends.
pub(crate) fn set_ttl_max(socket: BorrowedFd<'_>, peer: IpAddr) -> io::Result<()> {
    let (level, option) = match peer {
        IpAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_TTL),
        IpAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS),
    };
    set(socket, level, option, &GTSM_TTL)
}

/// Sets `IP_MINTTL` to 255, as GTSM requires: packets from beyond this link are dropped.
pub(crate) fn set_min_ttl(socket: BorrowedFd<'_>, family: IpAddr) -> io::Result<()> {
    min_ttl(socket, family, GTSM_TTL)
}

/// Sets `IP_MINTTL` to 0: packets are accepted from any distance.
pub(crate) fn clear_min_ttl(socket: BorrowedFd<'_>, family: IpAddr) -> io::Result<()> {
    min_ttl(socket, family, 0)
}

fn min_ttl(socket: BorrowedFd<'_>, family: IpAddr, least: c_int) -> io::Result<()> {
    let (level, option) = match family {
        IpAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_MINTTL),
        IpAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_MINHOPCOUNT),
    };
    set(socket, level, option, &least)
}

/// Sets `TCP_USER_TIMEOUT`: the connection ends if sent data, or a probe of a closed window, is not
/// acknowledged for so long.
pub(crate) fn set_user_timeout(socket: BorrowedFd<'_>, time: Duration) -> io::Result<()> {
    let milliseconds = c_uint::try_from(time.as_millis()).unwrap_or(c_uint::MAX);
    set(
        socket,
        libc::IPPROTO_TCP,
        libc::TCP_USER_TIMEOUT,
        &milliseconds,
    )
}

fn set<T>(socket: BorrowedFd<'_>, level: c_int, option: c_int, value: &T) -> io::Result<()> {
    let pointer: *const c_void = std::ptr::from_ref(value).cast();
    let length = size_of::<T>() as socklen_t;
    // SAFETY: the descriptor is open as long as it is borrowed, `pointer` leads to `length` octets
    // that are initialized and outlive the call, and the kernel only reads them.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, pointer, length) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_laid_out_as_the_kernel_reads_it() {
        assert_eq!(size_of::<Storage>(), size_of::<libc::sockaddr_storage>());
        assert_eq!(std::mem::offset_of!(Md5Signature, key_length), 130);
        assert_eq!(std::mem::offset_of!(Md5Signature, key), 136);
        assert_eq!(size_of::<Md5Signature>(), 216);
    }

    #[test]
    fn a_connection_has_the_user_timeout_it_was_given() {
        use std::os::fd::AsFd;
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
        set_user_timeout(socket.as_fd(), Duration::from_secs(540)).expect("a user timeout");
        let (mut value, mut length) = (0 as c_uint, size_of::<c_uint>() as socklen_t);
        let pointer: *mut c_void = std::ptr::from_mut(&mut value).cast();
        let fd = socket.as_raw_fd();
        // SAFETY: `pointer` leads to `length` octets that outlive the call.
        let result = unsafe {
            libc::getsockopt(
                fd,
                libc::IPPROTO_TCP,
                libc::TCP_USER_TIMEOUT,
                pointer,
                &raw mut length,
            )
        };
        assert_eq!((result, value), (0, 540_000));
    }
}

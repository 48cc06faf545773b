//! Socket options that the standard library and tokio do not offer: TCP-MD5 (RFC 2385), the time
//! to live of sent and believed packets (GTSM, RFC 5082), and the user timeout (RFC 5482).
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

/// The time to live that GTSM sends with and believes.
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

/// Has segments to and from a peer signed with a key: on a listening socket for those who connect,
/// on another before it connects.
///
/// # Errors
/// The key is too long, or the system refuses.
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

/// Has segments to and from a peer signed no longer; nothing happens if they were not.
///
/// # Errors
/// The system refuses.
pub(crate) fn remove_md5_key(socket: BorrowedFd<'_>, peer: IpAddr) -> io::Result<()> {
    // A key without octets is none.
    match set_md5_key(socket, peer, "") {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        result => result,
    }
}

/// Has packets sent with the time to live that GTSM asks for.
///
/// # Errors
/// The system refuses.
pub(crate) fn send_far(socket: BorrowedFd<'_>, peer: IpAddr) -> io::Result<()> {
    let (level, option) = match peer {
        IpAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_TTL),
        IpAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS),
    };
    set(socket, level, option, &GTSM_TTL)
}

/// Has packets believed only that were sent on this link, with the time to live that GTSM asks
/// for.
///
/// # Errors
/// The system refuses.
pub(crate) fn believe_near(socket: BorrowedFd<'_>, peer: IpAddr) -> io::Result<()> {
    believe_from(socket, peer, GTSM_TTL)
}

/// Has packets of this family believed from however far they come.
///
/// # Errors
/// The system refuses.
pub(crate) fn believe_all(socket: BorrowedFd<'_>, family: IpAddr) -> io::Result<()> {
    believe_from(socket, family, 0)
}

fn believe_from(socket: BorrowedFd<'_>, family: IpAddr, least: c_int) -> io::Result<()> {
    let (level, option) = match family {
        IpAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_MINTTL),
        IpAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_MINHOPCOUNT),
    };
    set(socket, level, option, &least)
}

/// Has a connection end if what is sent, or asked whether there is room again, is not acknowledged
/// for so long (`TCP_USER_TIMEOUT`).
///
/// # Errors
/// The system refuses.
pub(crate) fn give_up_after(socket: BorrowedFd<'_>, time: Duration) -> io::Result<()> {
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
        give_up_after(socket.as_fd(), Duration::from_secs(540)).expect("a user timeout");
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

//! Socket options that the standard library and tokio do not offer: TCP-MD5 (RFC 2385), the TTL
//! of sent and the least TTL of received packets (GTSM, RFC 5082), and the user timeout (RFC 5482).
//! And the priority of a thread, which they do not offer either.
//!
//! An option that the system refuses is an error.
//!
//! The only unsafe code of the project: calls of the system with values that live through the call.
#![allow(unsafe_code)]

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use libc::{c_int, c_void, socklen_t};
use routehub::types::Prefix;
use socket2::{SockAddr, SockAddrStorage, SockRef};

/// The longest TCP-MD5 key, in octets: the limit of Linux.
pub(crate) const MAX_KEY: usize = 80;

/// `TCP_SAVE_SYN` and `TCP_SAVED_SYN` of `linux/tcp.h`.
const TCP_SAVE_SYN: c_int = 27;
const TCP_SAVED_SYN: c_int = 28;

/// `TCP_MD5SIG_EXT` of `linux/tcp.h`, and the flag that has it look at the prefix length.
const TCP_MD5SIG_EXT: c_int = 32;
const TCP_MD5SIG_FLAG_PREFIX: u8 = 1;

/// The TTL that GTSM sends and requires.
pub(crate) const GTSM_TTL: u8 = 255;

/// The argument of `TCP_MD5SIG`, `struct tcp_md5sig` of `linux/tcp.h`.
#[repr(C)]
struct Md5Signature {
    address: SockAddrStorage,
    flags: u8,
    prefix_length: u8,
    key_length: u16,
    interface: c_int,
    key: [u8; MAX_KEY],
}

/// Sets `TCP_MD5SIG`, the key that segments to and from a peer are signed with: on a listening
/// socket for accepted connections, on another before it connects.
/// A key that is too long is an error.
pub(crate) fn set_md5_key(socket: BorrowedFd<'_>, peer: IpAddr, key: &str) -> io::Result<()> {
    let signature = Md5Signature::new(peer, key)?;
    set(socket, libc::IPPROTO_TCP, libc::TCP_MD5SIG, &signature)
}

/// The same with all peers of a prefix (`TCP_MD5SIG_EXT`); a peer with a key of its own has that.
pub(crate) fn set_md5_key_of_prefix(
    socket: BorrowedFd<'_>,
    prefix: Prefix,
    key: &str,
) -> io::Result<()> {
    let signature = Md5Signature {
        flags: TCP_MD5SIG_FLAG_PREFIX,
        prefix_length: prefix.length(),
        ..Md5Signature::new(prefix.address(), key)?
    };
    set(socket, libc::IPPROTO_TCP, TCP_MD5SIG_EXT, &signature)
}

/// Removes the TCP-MD5 key of a prefix, if there is one.
pub(crate) fn remove_md5_key_of_prefix(socket: BorrowedFd<'_>, prefix: Prefix) -> io::Result<()> {
    match set_md5_key_of_prefix(socket, prefix, "") {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        result => result,
    }
}

impl Md5Signature {
    /// The key of one peer.
    fn new(peer: IpAddr, key: &str) -> io::Result<Self> {
        let mut octets = [0; MAX_KEY];
        let room = octets.get_mut(..key.len());
        let room = room.ok_or(io::Error::from(io::ErrorKind::InvalidInput))?;
        room.copy_from_slice(key.as_bytes());
        Ok(Self {
            address: SockAddr::from(SocketAddr::new(peer, 0)).as_storage(),
            flags: 0,
            prefix_length: 0,
            key_length: key.len() as u16,
            interface: 0,
            key: octets,
        })
    }
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
    let (socket, ttl) = (SockRef::from(&socket), GTSM_TTL.into());
    match peer {
        IpAddr::V4(_) => socket.set_ttl_v4(ttl),
        IpAddr::V6(_) => socket.set_unicast_hops_v6(ttl),
    }
}

/// Sets `IP_MINTTL`: packets that arrive with a lesser TTL are dropped. GTSM requires 255, which
/// nothing beyond this link can have; with 0 they are accepted from any distance.
pub(crate) fn set_min_ttl(socket: BorrowedFd<'_>, family: IpAddr, least: u8) -> io::Result<()> {
    let (level, option) = match family {
        IpAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_MINTTL),
        IpAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_MINHOPCOUNT),
    };
    set(socket, level, option, &c_int::from(least))
}

/// Sets `TCP_SAVE_SYN` on a listening socket: accepted connections tell how their SYN came.
pub(crate) fn save_syn(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::IPPROTO_TCP, TCP_SAVE_SYN, &1_i32)
}

/// The TTL, or hop limit, that the SYN of an accepted connection arrived with: `TCP_SAVED_SYN`,
/// which the kernel gives once. None if it was not saved.
pub(crate) fn ttl_of_syn(socket: BorrowedFd<'_>) -> io::Result<Option<u8>> {
    let mut headers = [0_u8; 512];
    let mut length = headers.len() as socklen_t;
    let pointer: *mut c_void = headers.as_mut_ptr().cast();
    // SAFETY: the descriptor is open as long as it is borrowed, and `pointer` leads to `length`
    // octets that the kernel may write, of which it writes no more than it says in `length`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            TCP_SAVED_SYN,
            pointer,
            &raw mut length,
        )
    };
    match result {
        0 => Ok(ttl(headers.get(..length as usize).unwrap_or_default())),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The TTL, or hop limit, of an IP header.
fn ttl(header: &[u8]) -> Option<u8> {
    let at = match header.first()? >> 4 {
        4 => 8,
        6 => 7,
        _ => return None,
    };
    header.get(at).copied()
}

/// Sets `TCP_USER_TIMEOUT`: the connection ends if sent data, or a probe of a closed window, is not
/// acknowledged for so long.
pub(crate) fn set_user_timeout(socket: BorrowedFd<'_>, time: Duration) -> io::Result<()> {
    SockRef::from(&socket).set_tcp_user_timeout(Some(time))
}

/// Has this thread run before those of any usual priority (`SCHED_RR`); where that is not allowed,
/// gives it the highest of those.
///
/// # Errors
/// Neither is allowed.
pub(crate) fn raise_thread_priority() -> io::Result<()> {
    let priority = libc::sched_param { sched_priority: 1 };
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // SAFETY: 0 is this thread, and `priority` is initialized, outlives the call and is only read.
    if unsafe { libc::sched_setscheduler(0, policy, &raw const priority) } == 0 {
        return Ok(());
    }
    // SAFETY: nothing is passed but numbers; 0 is this thread.
    match unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -20) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
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
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn the_signature_is_laid_out_as_the_kernel_reads_it() {
        assert_eq!(size_of::<SockAddrStorage>(), 128);
        assert_eq!(std::mem::offset_of!(Md5Signature, key_length), 130);
        assert_eq!(std::mem::offset_of!(Md5Signature, key), 136);
        assert_eq!(size_of::<Md5Signature>(), 216);
    }

    #[test]
    fn a_connection_has_the_user_timeout_it_was_given() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
        let given = Duration::from_secs(540);
        set_user_timeout(socket.as_fd(), given).expect("a user timeout");
        let timeout = SockRef::from(&socket).tcp_user_timeout();
        assert_eq!(timeout.expect("a user timeout"), Some(given));
    }
}

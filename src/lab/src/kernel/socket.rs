//! The sockets of clients and listeners, and what clients read from them.

use std::fmt;
use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc::{linger, sock_extended_err, sockaddr_in6};
use nix::sys::socket::{
    AddressFamily, Backlog, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType,
    SockaddrStorage, bind, connect, getsockopt, listen, recv, recvmsg, send, setsockopt, socket,
    sockopt,
};

use super::KernelError;
use super::probe::{Ask, Outcome, Probe};

/// A client's socket, and the outcome where it is known at once.
pub(super) struct Client {
    pub(super) socket: OwnedFd,
    pub(super) outcome: Option<Outcome>,
}

impl Client {
    /// Opens a probe's socket in the namespace of the calling thread, and sends its first packet.
    pub(super) fn open(probe: &Probe) -> Result<Client, KernelError> {
        let socket = bound(probe).map_err(|errno| {
            let (from, port) = (probe.from, probe.port);
            KernelError::system(&format!("send from {from} port {port}"), errno)
        })?;
        let mut client = Client { socket, outcome: None };
        let to = SockaddrStorage::from(SocketAddr::new(probe.to, port(probe.ask).unwrap_or(0)));
        match connect(client.socket.as_raw_fd(), &to) {
            Ok(()) | Err(Errno::EINPROGRESS) => client.send(probe),
            Err(errno) => client.outcome = Some(seen(errno)),
        }
        Ok(client)
    }

    /// Sends the datagram or echo request, once more where it has been sent; TCP does so itself.
    pub(super) fn send(&mut self, probe: &Probe) {
        let packet: &[u8] = match (probe.ask, probe.to) {
            (Ask::Tcp(_), _) => return,
            (Ask::Udp(_), _) => b"?",
            (Ask::Echo, IpAddr::V4(_)) => &[8, 0, 0, 0, 0, 0, 0, 1],
            (Ask::Echo, IpAddr::V6(_)) => &[128, 0, 0, 0, 0, 0, 0, 1],
        };
        match send(self.socket.as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL) {
            Ok(_) | Err(Errno::EAGAIN | Errno::ENOBUFS) => {}
            Err(errno) => self.outcome = Some(seen(errno)),
        }
    }

    /// What has come, now that something has, or that it could be written to.
    pub(super) fn read(&self, ask: Ask, writable: bool) -> Option<Outcome> {
        match getsockopt(&self.socket, sockopt::SocketError) {
            Ok(0) => {}
            Ok(error) => return Some(seen(Errno::from_raw(error))),
            Err(errno) => return Some(seen(errno)),
        }
        if let Ask::Tcp(_) = ask {
            let connected = writable.then_some(Outcome::Connected);
            return self.soft_error().map(seen).or(connected);
        }
        match recv(self.socket.as_raw_fd(), &mut [0; 64], MsgFlags::MSG_DONTWAIT) {
            Ok(_) => Some(Outcome::Connected),
            Err(Errno::EAGAIN) => None,
            Err(errno) => Some(seen(errno)),
        }
    }

    /// An ICMP error that arrived while the connecting system call still held the socket, which is
    /// usual where all hops are in one machine: the client is told after the next SYN, a second
    /// later, but its queue of errors has it at once.
    fn soft_error(&self) -> Option<Errno> {
        let mut byte = [0];
        let mut into = [IoSliceMut::new(&mut byte)];
        let mut space = nix::cmsg_space!(sock_extended_err, sockaddr_in6);
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let socket = self.socket.as_raw_fd();
        let message =
            recvmsg::<SockaddrStorage>(socket, &mut into, Some(&mut space), flags).ok()?;
        message.cmsgs().ok()?.find_map(|part| match part {
            ControlMessageOwned::Ipv4RecvErr(error, _)
            | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                Some(Errno::from_raw(error.ee_errno as i32))
            }
            _ => None,
        })
    }
}

fn bound(probe: &Probe) -> Result<OwnedFd, Errno> {
    let (kind, protocol) = match (probe.ask, probe.from) {
        (Ask::Tcp(_), _) => (SockType::Stream, None),
        (Ask::Udp(_), _) => (SockType::Datagram, None),
        (Ask::Echo, IpAddr::V4(_)) => (SockType::Datagram, Some(SockProtocol::Icmp)),
        (Ask::Echo, IpAddr::V6(_)) => (SockType::Datagram, Some(SockProtocol::IcmpV6)),
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(family(probe.from), kind, flags, protocol)?;
    if let Ask::Tcp(_) = probe.ask {
        setsockopt(&socket, sockopt::ReuseAddr, &true)?;
        // Closing leaves nothing behind.
        setsockopt(&socket, sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 })?;
        match probe.from {
            IpAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?,
            IpAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?,
        }
    }
    let from = SocketAddr::new(probe.from, probe.port);
    bind(socket.as_raw_fd(), &SockaddrStorage::from(from))?;
    Ok(socket)
}

fn family(address: IpAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

fn port(ask: Ask) -> Option<u16> {
    match ask {
        Ask::Tcp(port) | Ask::Udp(port) => Some(port),
        Ask::Echo => None,
    }
}

fn seen(errno: Errno) -> Outcome {
    match errno {
        Errno::ECONNREFUSED => Outcome::Refused,
        Errno::EHOSTUNREACH => Outcome::NoRouteToHost,
        Errno::ENETUNREACH => Outcome::NetworkUnreachable,
        Errno::EACCES | Errno::EPERM => Outcome::PermissionDenied,
        Errno::ETIMEDOUT => Outcome::TimedOut,
        other => Outcome::Other(other as i32),
    }
}

/// How long a port may be held that has been given back.
const HELD: Duration = Duration::from_secs(2);

/// What a listener listens for, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ear {
    address: IpAddr,
    tcp: bool,
    port: u16,
}

impl fmt::Display for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.tcp { "tcp" } else { "udp" };
        write!(f, "{} {protocol} port {}", self.address, self.port)
    }
}

impl Ear {
    /// The listener that a probe needs; none for an echo, which the kernel answers.
    pub(super) fn of(address: IpAddr, ask: Ask) -> Option<Ear> {
        Some(Ear { address, tcp: matches!(ask, Ask::Tcp(_)), port: port(ask)? })
    }
}

/// A listener: the kernel takes its connections; datagrams it answers itself.
pub(super) struct Listener {
    pub(super) ear: Ear,
    pub(super) socket: OwnedFd,
}

impl Listener {
    /// Opens one in the namespace of the calling thread.
    pub(super) fn open(ear: Ear) -> Result<Listener, KernelError> {
        let start = Instant::now();
        let socket = loop {
            match listening(&ear) {
                // The listener of an earlier batch: another thread has just started a program, and
                // until that runs it holds what was open here.
                Err(Errno::EADDRINUSE) if start.elapsed() < HELD => sleep(HELD / 1000),
                done => break done,
            }
        };
        let failed = |errno| KernelError::system(&format!("listen at {ear}"), errno);
        let socket = socket.map_err(failed)?;
        Ok(Listener { ear, socket })
    }

    /// Whether somebody has to answer for it.
    pub(super) fn answers(&self) -> bool {
        !self.ear.tcp
    }

    /// Sends back what has come.
    pub(super) fn answer(&self) {
        use nix::sys::socket::{recvfrom, sendto};

        let mut datagram = [0; 64];
        // An answer that cannot be sent is one that the client does not get.
        while let Ok((length, Some(client))) =
            recvfrom::<SockaddrStorage>(self.socket.as_raw_fd(), &mut datagram)
        {
            let datagram = datagram.get(..length).unwrap_or_default();
            let _ = sendto(self.socket.as_raw_fd(), datagram, &client, MsgFlags::MSG_DONTWAIT);
        }
    }
}

fn listening(ear: &Ear) -> Result<OwnedFd, Errno> {
    let kind = if ear.tcp { SockType::Stream } else { SockType::Datagram };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(family(ear.address), kind, flags, None)?;
    if ear.tcp {
        setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(ear.address, ear.port)))?;
    if ear.tcp {
        listen(&socket, Backlog::MAXCONN)?;
    }
    Ok(socket)
}

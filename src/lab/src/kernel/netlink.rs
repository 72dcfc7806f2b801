//! The language of the kernel's own requests, as far as the lab speaks it: links, addresses,
//! routes, and the log of dropped packets. A tool would have to be started for each namespace.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send,
    setsockopt, socket, sockopt,
};

const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
/// For requests that make something: fail where it exists.
pub(super) const NEW: u16 = 0x600;

/// The kind of a message that says whether a request went well.
const ANSWER: u16 = 2;

/// Bytes of a message's header.
pub(super) const HEADER: usize = 16;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request(Vec<u8>);

impl Request {
    /// A request of a kind, with the structure that the kind begins with.
    pub(super) fn new(kind: u16, flags: u16, fixed: &[&[u8]]) -> Request {
        let mut request = Request(vec![0; 4]);
        request.0.extend(kind.to_ne_bytes());
        request.0.extend((REQUEST | flags).to_ne_bytes());
        request.0.extend([0; 8]);
        request.extend(fixed);
        request
    }

    /// Adds bytes as they are.
    pub(super) fn extend(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.0.extend(*part);
        }
    }

    /// Adds an attribute.
    pub(super) fn with(mut self, kind: u16, value: &[u8]) -> Request {
        self.0.extend((value.len() as u16 + 4).to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// Adds an attribute that holds others.
    pub(super) fn with_nested(
        mut self,
        kind: u16,
        inside: impl FnOnce(Request) -> Request,
    ) -> Request {
        let start = self.0.len();
        self.0.extend([0; 2]);
        self.0.extend(kind.to_ne_bytes());
        let mut whole = inside(self);
        let length = (whole.0.len() - start) as u16;
        whole.put(start, &length.to_ne_bytes());
        whole
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        for (byte, place) in bytes.iter().zip(self.0.iter_mut().skip(at)) {
            *place = *byte;
        }
    }

    /// Its bytes, with its number and length; a last one asks for an answer even where all is well.
    fn numbered(mut self, number: u32, last: bool) -> Vec<u8> {
        let length = self.0.len() as u32;
        self.put(0, &length.to_ne_bytes());
        self.put(8, &number.to_ne_bytes());
        if last && let Some(flags) = self.0.get_mut(6..8).and_then(|at| at.as_mut_array()) {
            *flags = (u16::from_ne_bytes(*flags) | ACKNOWLEDGE).to_ne_bytes();
        }
        self.0
    }
}

/// A socket to the kernel, in the namespace where it was opened.
#[derive(Debug)]
pub(super) struct Netlink {
    socket: OwnedFd,
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Netlink {
    /// Opens one in the namespace of the calling thread.
    pub(super) fn open(protocol: SockProtocol) -> Result<Netlink, Errno> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        Ok(Netlink { socket })
    }

    /// Lets many bytes of unread messages wait.
    pub(super) fn widen(&self, bytes: usize) -> Result<(), Errno> {
        // Only root of the machine may have more than the usual buffer.
        setsockopt(&self.socket, sockopt::RcvBufForce, &bytes)
            .or_else(|_| setsockopt(&self.socket, sockopt::RcvBuf, &bytes))
    }

    /// Sends requests and waits until the last one is done: the place of the first that failed,
    /// and why.
    pub(super) fn ask(&self, requests: Vec<Request>) -> Result<(), (usize, Errno)> {
        let count = requests.len();
        let mut bytes = Vec::new();
        let mut sent = 0;
        for (place, request) in requests.into_iter().enumerate() {
            // A full buffer is sent, and what failed of it is read: few answers wait at a time.
            let last = place + 1 == count || place % 64 == 63;
            bytes.extend(request.numbered(place as u32, last));
            if last {
                send(self.socket.as_raw_fd(), &bytes, MsgFlags::empty())
                    .map_err(|errno| (sent, errno))?;
                self.answers(place)?;
                bytes.clear();
                sent = place + 1;
            }
        }
        Ok(())
    }

    /// Sends a question and gives the message that answers it.
    pub(super) fn get(&self, request: Request) -> Result<Vec<u8>, Errno> {
        send(self.socket.as_raw_fd(), &request.numbered(0, false), MsgFlags::empty())?;
        let mut buffer = [0; 16384];
        let length = self.receive(&mut buffer, false)?;
        let message = Messages(buffer.get(..length).unwrap_or_default()).next();
        let message = message.ok_or(Errno::EBADMSG)?;
        match word(message, HEADER) {
            Some(error) if kind(message) == Some(ANSWER) => {
                Err(Errno::from_raw((error as i32).wrapping_neg()))
            }
            _ => Ok(message.to_vec()),
        }
    }

    fn answers(&self, last: usize) -> Result<(), (usize, Errno)> {
        let mut failed = None;
        let mut buffer = [0; 16384];
        loop {
            let length = self.receive(&mut buffer, false).map_err(|errno| (last, errno))?;
            for message in Messages(buffer.get(..length).unwrap_or_default()) {
                let number = word(message, 8).unwrap_or_default() as usize;
                if let Some(error) = word(message, HEADER).filter(|_| kind(message) == Some(ANSWER))
                    && error != 0
                {
                    let errno = Errno::from_raw((error as i32).wrapping_neg());
                    failed.get_or_insert((number, errno));
                }
                if number == last {
                    return failed.map_or(Ok(()), Err);
                }
            }
        }
    }

    /// Reads what has come, or (where it may) waits for something.
    pub(super) fn receive(&self, buffer: &mut [u8], at_once: bool) -> Result<usize, Errno> {
        let flags = if at_once { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
        loop {
            match recv(self.socket.as_raw_fd(), buffer, flags) {
                Err(Errno::EINTR) => {}
                done => return done,
            }
        }
    }
}

/// The kind of a message.
pub(super) fn kind(message: &[u8]) -> Option<u16> {
    Some(u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?))
}

fn word(message: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(message.get(at..at + 4)?.try_into().ok()?))
}

/// The messages in a buffer, each with its header.
pub(super) struct Messages<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length = (word(self.0, 0)? as usize).max(HEADER);
        let message = self.0.get(..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    }
}

/// The attributes of a message: kind and value.
pub(super) struct Attributes<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let length = usize::from(u16::from_ne_bytes(self.0.get(..2)?.try_into().ok()?)).max(4);
        let kind = u16::from_ne_bytes(self.0.get(2..4)?.try_into().ok()?);
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

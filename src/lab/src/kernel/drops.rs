//! Dropped packets, told by the kernel: every line that drops writes the packet to a log group of
//! its namespace (NFLOG), with its site as prefix, and a socket there reads it at once. So do lines
//! that let packets pass and have a site.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::socket::SockProtocol;

use super::KernelError;
use super::netlink::{Attributes, HEADER, Messages, Netlink, Request, kind};
use super::packet::Packet;
use super::plan::SiteId;

/// The log group that rulesets write to.
pub(super) const GROUP: u16 = 1;

/// What a line writes beside the packet that it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) site: SiteId,
    pub(super) fate: Fate,
}

/// What becomes of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes on.
    Passes,
    /// It ends.
    Ends,
    /// It ends, and its sender is told.
    Answered,
}

impl Fate {
    const LETTERS: [(Self, &str); 3] =
        [(Self::Passes, "a"), (Self::Ends, "d"), (Self::Answered, "r")];
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = Fate::LETTERS.iter().find(|(fate, _)| *fate == self.fate);
        write!(f, "{}{}", letter.map_or("", |(_, letter)| letter), self.site.0)
    }
}

impl Mark {
    fn read(text: &[u8]) -> Option<Mark> {
        let text = str::from_utf8(text).ok()?.trim_end_matches('\0');
        let letter = text.get(..1)?;
        let (fate, _) = *Fate::LETTERS.iter().find(|(_, own)| *own == letter)?;
        Some(Mark { site: SiteId(text.get(1..)?.parse().ok()?), fate })
    }
}

/// The reader of one namespace's log group.
#[derive(Debug)]
pub(super) struct DropLog {
    socket: Netlink,
}

impl AsFd for DropLog {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl DropLog {
    /// Reads the group of the calling thread's namespace from now on.
    pub(super) fn open() -> Result<DropLog, KernelError> {
        DropLog::bound().map_err(|errno| KernelError::system("read the log of drops", errno))
    }

    fn bound() -> Result<DropLog, Errno> {
        let socket = Netlink::open(SockProtocol::NetlinkNetFilter)?;
        socket.widen(BUFFER)?;
        socket.ask(vec![everything()]).map_err(|(_, errno)| errno)?;
        Ok(DropLog { socket })
    }

    /// Reads what has been dropped since the last time, and calls `tell` for each packet.
    pub(super) fn read(&self, mut tell: impl FnMut(Mark, Packet)) -> Result<(), KernelError> {
        let mut buffer = [0; 8192];
        loop {
            match self.socket.receive(&mut buffer, true) {
                Ok(length) => {
                    for message in Messages(buffer.get(..length).unwrap_or_default()) {
                        if let Some((mark, packet)) = taken(message) {
                            tell(mark, packet);
                        }
                    }
                }
                Err(Errno::EAGAIN) => return Ok(()),
                Err(errno) => return Err(KernelError::system("read the log of drops", errno)),
            }
        }
    }
}

/// Bytes of unread messages that may wait; one takes about a thousand.
const BUFFER: usize = 4 << 20;

/// Asks for every packet of the group, at once, with its headers.
fn everything() -> Request {
    const CONFIGURE: u16 = SUBSYSTEM << 8 | 1;
    const COMMAND: u16 = 1;
    const BIND: u8 = 1;
    const MODE: u16 = 2;
    const COPY_PACKET: u8 = 2;
    const COPIED: u32 = 160;
    const BUFFER_SIZE: u16 = 3;
    const THRESHOLD: u16 = 5;

    let [a, b, c, d] = COPIED.to_be_bytes();
    Request::new(CONFIGURE, 0, &[&[0, 0], &GROUP.to_be_bytes()])
        .with(COMMAND, &[BIND])
        .with(MODE, &[a, b, c, d, COPY_PACKET, 0])
        .with(BUFFER_SIZE, &512_u32.to_be_bytes())
        .with(THRESHOLD, &1_u32.to_be_bytes())
}

/// The log's number among the parts of netfilter.
const SUBSYSTEM: u16 = 4;

/// What one message of the log tells.
fn taken(message: &[u8]) -> Option<(Mark, Packet)> {
    const LOGGED: u16 = SUBSYSTEM << 8;
    const PAYLOAD: u16 = 9;
    const PREFIX: u16 = 10;

    if kind(message)? != LOGGED {
        return None;
    }
    let (mut mark, mut packet) = (None, None);
    for (kind, value) in Attributes(message.get(HEADER + 4..)?) {
        match kind {
            PAYLOAD => packet = Packet::read(value),
            PREFIX => mark = Mark::read(value),
            _ => {}
        }
    }
    Some((mark?, packet?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        for mark in [
            Mark { site: SiteId(0), fate: Fate::Ends },
            Mark { site: SiteId(7), fate: Fate::Passes },
            Mark { site: SiteId(4_000_000_000), fate: Fate::Answered },
        ] {
            assert_eq!(Mark::read(format!("{mark}\0").as_bytes()), Some(mark));
        }
        for foreign in ["", "\0", "d", "x7", "d-7", "d7 "] {
            assert_eq!(Mark::read(foreign.as_bytes()), None, "{foreign:?}");
        }
    }

    #[test]
    fn a_garbled_message_tells_nothing() {
        let mut message = vec![60, 0, 0, 0, 0, 4];
        message.resize(20, 0);
        // An attribute that is longer than its message.
        message.extend([200, 0, 9, 0, 0x45]);
        assert_eq!(taken(&message), None);
        assert_eq!(Messages(&message).next(), None);
        assert_eq!(taken(&[]), None);
    }
}

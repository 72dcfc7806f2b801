//! The wires, addresses and routes of a plan.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::SockProtocol;

use super::KernelError;
use super::netlink::{Attributes, HEADER, NEW, Netlink, Request};
use super::plan::{KernelRoute, Plan, Selector, Space, SpaceId, Wire};
use super::space::Namespace;

/// Both ends of every wire have this address, so that nobody needs to ask for it.
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// Devices by space and name, and the number that each gets in its space.
pub(super) type Devices<'a> = BTreeMap<(SpaceId, &'a str), i32>;

/// Numbers the devices of a plan, the spaces' own `lo` among them.
pub(super) fn number(plan: &Plan) -> Devices<'_> {
    let mut devices: Devices<'_> =
        (0..plan.spaces.len()).map(|space| ((SpaceId(space), "lo"), 1)).collect();
    let ends = plan.wires.iter().flat_map(|wire| &wire.ends);
    for (number, (space, device)) in (2..).zip(ends) {
        devices.insert((*space, device), number);
    }
    devices
}

/// Requests that are made together, each with what to say when it fails.
#[derive(Default)]
struct Requests<'a> {
    requests: Vec<Request>,
    /// What each request makes.
    made: Vec<Made<'a>>,
}

#[derive(Clone, Copy)]
enum Made<'a> {
    Wire(&'a Wire),
    Up(&'a str),
    Address(&'a str, IpAddr),
    Route(&'a KernelRoute),
    Selector(&'a Selector),
}

impl<'a> Requests<'a> {
    fn push(&mut self, made: Made<'a>, request: Request) {
        self.requests.push(request);
        self.made.push(made);
    }

    /// Makes them all, in the namespace of the calling thread.
    fn make(self) -> Result<(), KernelError> {
        let socket = Netlink::open(SockProtocol::NetlinkRoute)
            .map_err(|errno| KernelError::system("ask the kernel for links", errno))?;
        socket.ask(self.requests).map_err(|(place, errno)| {
            let made = self.made.get(place).map_or("something".to_owned(), Made::to_string);
            KernelError::System { action: format!("make {made}"), errno }
        })
    }
}

impl std::fmt::Display for Made<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Made::Wire(Wire { ends: [(_, near), (_, far)] }) => write!(f, "wire {near}-{far}"),
            Made::Up(device) => write!(f, "{device} go up"),
            Made::Address(device, address) => write!(f, "address {address} at {device}"),
            Made::Route(KernelRoute { table, to, device }) => {
                write!(f, "route {to} to {device} in table {table}")
            }
            Made::Selector(selector) => write!(f, "{selector:?}"),
        }
    }
}

/// Makes the wires, from any namespace; their ends are down.
pub(super) fn wires(
    plan: &Plan,
    spaces: &[Namespace],
    devices: &Devices<'_>,
) -> Result<(), KernelError> {
    const LINK: u16 = 16;
    const INFO: u16 = 18;
    const KIND: u16 = 1;
    const DATA: u16 = 2;
    const PEER: u16 = 1;

    let mut requests = Requests::default();
    for wire in &plan.wires {
        let [near, far] = wire.ends.each_ref().map(|(space, device)| {
            let number = devices.get(&(*space, device)).copied().unwrap_or_default();
            (link(number, 0), device, spaces.get(space.0))
        });
        let described = |request: Request, device: &str, space: Option<&Namespace>| {
            const ADDRESS: u16 = 1;
            const NAME: u16 = 3;
            const NAMESPACE: u16 = 28;
            const QUEUES: [u16; 2] = [31, 32];

            let fd = space.map_or(-1, |space| space.as_raw_fd());
            let [send, receive] = QUEUES;
            request
                .with(NAME, &zero_ended(device))
                .with(ADDRESS, &MAC)
                .with(NAMESPACE, &fd.to_ne_bytes())
                .with(send, &1_u32.to_ne_bytes())
                .with(receive, &1_u32.to_ne_bytes())
        };
        let request = described(Request::new(LINK, NEW, &[&near.0]), near.1, near.2);
        let request = request.with_nested(INFO, |info| {
            info.with(KIND, b"veth").with_nested(DATA, |data| {
                data.with_nested(PEER, |mut peer| {
                    peer.extend(&[&far.0]);
                    described(peer, far.1, far.2)
                })
            })
        });
        requests.push(Made::Wire(wire), request);
    }
    requests.make()
}

/// Brings up the devices of a space, from inside.
pub(super) fn bring_up(space: SpaceId, devices: &Devices<'_>) -> Result<(), KernelError> {
    const LINK: u16 = 16;

    let mut requests = Requests::default();
    for ((_, device), number) in of(space, devices) {
        let flags = if *device == "lo" { libc::IFF_UP } else { libc::IFF_UP | libc::IFF_NOARP };
        requests.push(Made::Up(device), Request::new(LINK, 0, &[&link(*number, flags)]));
    }
    requests.make()
}

/// Waits until the devices of a space carry packets, from inside. That the other end of a wire has
/// come up is told to a device by a worker of the kernel, in its own time; until then it drops.
pub(super) fn settle(space: SpaceId, devices: &Devices<'_>) -> Result<(), KernelError> {
    let socket = Netlink::open(SockProtocol::NetlinkRoute)
        .map_err(|errno| KernelError::system("ask the kernel for links", errno))?;
    let start = Instant::now();
    for ((_, device), number) in of(space, devices) {
        if *device == "lo" {
            continue;
        }
        let failed = |errno| KernelError::system(&format!("bring up {device}"), errno);
        while !carries(&socket, *number).map_err(failed)? {
            if start.elapsed() > Duration::from_secs(5) {
                return Err(failed(Errno::ETIMEDOUT));
            }
            sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

/// Whether a device is up at both ends and has left the queue that drops.
fn carries(socket: &Netlink, device: i32) -> Result<bool, Errno> {
    const GET: u16 = 18;
    const QUEUE: u16 = 6;
    const STATE: u16 = 16;
    const UP: u8 = 6;
    const EXTENT: u16 = 29;
    const WITHOUT_STATISTICS: u32 = 8;

    let request =
        Request::new(GET, 0, &[&link(device, 0)]).with(EXTENT, &WITHOUT_STATISTICS.to_ne_bytes());
    let message = socket.get(request)?;
    let (mut queue, mut state) = (false, false);
    for (kind, value) in Attributes(message.get(HEADER + 16..).unwrap_or_default()) {
        match kind {
            QUEUE => queue = !value.starts_with(b"noop\0"),
            STATE => state = value == [UP],
            _ => {}
        }
    }
    Ok(queue && state)
}

/// The devices of a space.
fn of<'a>(
    space: SpaceId,
    devices: &'a Devices<'a>,
) -> impl Iterator<Item = (&'a (SpaceId, &'a str), &'a i32)> {
    devices.range((space, "")..(SpaceId(space.0 + 1), ""))
}

/// Gives a space its addresses and routes, from inside, when its wires are up at both ends.
pub(super) fn furnish(
    id: SpaceId,
    space: &Space,
    devices: &Devices<'_>,
) -> Result<(), KernelError> {
    let mut requests = Requests::default();
    let number = |device: &str| devices.get(&(id, device)).copied().unwrap_or_default();
    for (device, address) in &space.addresses {
        let device_number = number(device);
        requests.push(Made::Address(device, *address), address_at(*address, device_number));
        if address.is_ipv6() {
            // The kernel delivers to a new IPv6 address when a worker gets round to it; until then
            // packets to it would be passed on.
            requests.push(Made::Address(device, *address), delivery(*address, device_number));
        }
    }
    for route in &space.routes {
        requests.push(Made::Route(route), route_to(route, number(&route.device)));
    }
    for (selector, priority) in space.selectors.iter().zip(1000..) {
        for ipv6 in [false, true] {
            if selector.source.is_none_or(|source| source.addr().is_ipv6() == ipv6) {
                requests.push(Made::Selector(selector), select(selector, priority, ipv6));
            }
        }
    }
    requests.make()
}

/// The structure that requests about links begin with.
fn link(number: i32, flags: i32) -> [u8; 16] {
    let mut bytes = [0; 16];
    let parts = [number.to_ne_bytes(), flags.to_ne_bytes(), flags.to_ne_bytes()];
    for (place, byte) in bytes.iter_mut().skip(4).zip(parts.as_flattened()) {
        *place = *byte;
    }
    bytes
}

fn address_at(address: IpAddr, device: i32) -> Request {
    const MAKE: u16 = 20;
    const ADDRESS: u16 = 1;
    const LOCAL: u16 = 2;
    const NO_DUPLICATE_DETECTION: u8 = 2;

    let (family, bytes) = spelled(address);
    let length = bytes.len() as u8 * 8;
    let fixed = [family, length, NO_DUPLICATE_DETECTION, 0];
    Request::new(MAKE, NEW, &[&fixed, &device.to_ne_bytes()])
        .with(LOCAL, &bytes)
        .with(ADDRESS, &bytes)
}

fn route_to(route: &KernelRoute, device: i32) -> Request {
    const UNICAST: u8 = 1;

    routed(route.to, UNICAST, route.table, device)
}

/// What the kernel takes as its own.
fn delivery(address: IpAddr, device: i32) -> Request {
    const LOCAL: u8 = 2;
    const LOCAL_TABLE: u32 = 255;

    routed(IpNet::from(address), LOCAL, LOCAL_TABLE, device)
}

fn routed(to: IpNet, kind: u8, table: u32, device: i32) -> Request {
    const MAKE: u16 = 24;
    const TO: u16 = 1;
    const DEVICE: u16 = 4;
    const TABLE: u16 = 15;
    const STATIC: u8 = 4;
    const SCOPE_LINK: u8 = 253;

    let (family, bytes) = spelled(to.network());
    let fixed = [family, to.prefix_len(), 0, 0, 0, STATIC, SCOPE_LINK, kind];
    Request::new(MAKE, NEW, &[&fixed, &[0; 4]])
        .with(TO, &bytes)
        .with(DEVICE, &device.to_ne_bytes())
        .with(TABLE, &table.to_ne_bytes())
}

fn select(selector: &Selector, priority: u32, ipv6: bool) -> Request {
    const MAKE: u16 = 32;
    const SOURCE: u16 = 2;
    const DEVICE: u16 = 3;
    const PRIORITY: u16 = 6;
    const TABLE: u16 = 15;
    const TO_TABLE: u8 = 1;

    let family = if ipv6 { libc::AF_INET6 } else { libc::AF_INET } as u8;
    let length = selector.source.map_or(0, |source| source.prefix_len());
    let fixed = [family, 0, length, 0, 0, 0, 0, TO_TABLE];
    let mut request = Request::new(MAKE, NEW, &[&fixed, &[0; 4]])
        .with(PRIORITY, &priority.to_ne_bytes())
        .with(TABLE, &selector.table.to_ne_bytes());
    if let Some(source) = selector.source {
        request = request.with(SOURCE, &spelled(source.network()).1);
    }
    if let Some(device) = &selector.device {
        request = request.with(DEVICE, &zero_ended(device));
    }
    request
}

fn spelled(address: IpAddr) -> (u8, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (libc::AF_INET as u8, address.octets().to_vec()),
        IpAddr::V6(address) => (libc::AF_INET6 as u8, address.octets().to_vec()),
    }
}

fn zero_ended(name: &str) -> Vec<u8> {
    name.bytes().chain([0]).collect()
}

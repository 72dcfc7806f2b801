//! One header: from where, to where, and what.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::service::Service;

/// The header of one packet as filters see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// The source address.
    pub source: IpAddr,
    /// The destination address; of the source's family, or the flow is in no set.
    pub destination: IpAddr,
    /// The protocol with its ports or its type and code.
    pub service: Service,
}

impl Flow {
    /// The header that answers it: addresses swapped, and `Service::reply`.
    pub fn reply(&self) -> Option<Flow> {
        let service = self.service.reply()?;
        Some(Flow { source: self.destination, destination: self.source, service })
    }
}

/// `tcp 10.0.0.5:40000 → 10.0.1.7:443`, `icmp type 8 code 0 10.0.0.5 → 10.0.1.7`.
impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.service {
            Service::Ports { protocol, source, destination } => {
                let from = SocketAddr::new(self.source, source);
                let to = SocketAddr::new(self.destination, destination);
                write!(f, "{protocol} {from} → {to}")
            }
            service => write!(f, "{service} {} → {}", self.source, self.destination),
        }
    }
}

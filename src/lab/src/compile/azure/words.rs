//! Rules in the words of nft.

use ipnet::IpNet;

use super::documents::Resource;
use crate::compile::Unsupported;

/// One side of a rule.
pub(super) enum Peers {
    Any,
    Of(Vec<IpNet>),
    /// AZ-31: public addresses outside these.
    Internet {
        but: Vec<IpNet>,
    },
}

/// What no host of the internet has (IANA's registries of special purposes).
const NOT_PUBLIC: [&str; 11] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

impl Peers {
    pub(super) fn of(prefixes: Vec<IpNet>) -> Self {
        Self::Of(prefixes)
    }

    /// What has to hold of an address of one family; nothing where no such address is meant.
    fn conditions(&self, ipv4: bool, field: &str) -> Option<Vec<String>> {
        let word = if ipv4 { "ip" } else { "ip6" };
        // A set of nft has no two elements that overlap.
        let joined = |prefixes: &[IpNet]| {
            let own = prefixes.iter().filter(|net| net.addr().is_ipv4() == ipv4);
            IpNet::aggregate(&own.copied().collect())
        };
        let chosen = |prefixes: &[IpNet]| {
            let own: Vec<String> = joined(prefixes).iter().map(ToString::to_string).collect();
            (!own.is_empty()).then(|| format!("{{ {} }}", own.join(", ")))
        };
        match self {
            Self::Any => Some(Vec::new()),
            Self::Of(prefixes) if joined(prefixes).iter().any(|net| net.prefix_len() == 0) => {
                Some(Vec::new())
            }
            Self::Of(prefixes) => Some(vec![format!("{word} {field} {}", chosen(prefixes)?)]),
            Self::Internet { but } if ipv4 => {
                let special = NOT_PUBLIC.iter().filter_map(|text| text.parse().ok());
                let not: Vec<IpNet> = special.chain(but.iter().copied()).collect();
                Some(vec![format!("ip {field} != {}", chosen(&not)?)])
            }
            Self::Internet { but } => {
                let not = chosen(but).map(|own| format!("ip6 {field} != {own}"));
                Some([Some(format!("ip6 {field} 2000::/3")), not].into_iter().flatten().collect())
            }
        }
    }
}

/// The lines of a rule: one for each family, or one for both where it asks for no address.
pub(super) fn matches(source: &Peers, destination: &Peers, service: &Service) -> Vec<String> {
    if let (Peers::Any, Peers::Any, false) = (source, destination, service.ipv4_alone) {
        return vec![service.text.clone()];
    }
    let mut lines = Vec::new();
    for (ipv4, family) in [(true, "meta nfproto ipv4"), (false, "meta nfproto ipv6")] {
        let from = source.conditions(ipv4, "saddr");
        let to = destination.conditions(ipv4, "daddr");
        let (Some(from), Some(to)) = (from, to) else { continue };
        if service.ipv4_alone && !ipv4 {
            continue;
        }
        let words = [family.to_owned()].into_iter().chain(from).chain(to);
        let words: Vec<String> = words.chain([service.text.clone()]).collect();
        lines.push(words.join(" ").trim_end().to_owned());
    }
    lines
}

/// What of a packet's protocol and ports a rule asks for.
pub(super) struct Service {
    text: String,
    /// ICMP is asked of IPv4 alone: whether a rule means ICMPv6 too, Azure does not say.
    ipv4_alone: bool,
}

pub(super) fn any_service() -> Service {
    Service { text: String::new(), ipv4_alone: false }
}

/// AZ-15.
pub(super) fn service(rule: &Resource<'_>) -> Result<Service, Unsupported> {
    let refuse = |why: String| Unsupported::new(rule.text("id").unwrap_or("?"), why);
    let protocol = rule.text("protocol").unwrap_or_default().to_lowercase();
    let ports = [("source", "sport"), ("destination", "dport")].map(|(side, field)| {
        let texts = rule.both(&format!("{side}PortRange"), &format!("{side}PortRanges"));
        port_words(field, &texts).map_err(&refuse)
    });
    let [source, destination] = ports;
    let ports = format!("{}{}", source?, destination?);
    let text = match (protocol.as_str(), ports.as_str()) {
        ("*", "") => return Ok(any_service()),
        // Of protocols without ports Azure says nothing; nobody asks about them then.
        ("*", ports) => format!("meta l4proto {{ tcp, udp }}{ports}"),
        ("esp", "") => "meta l4proto esp".to_owned(),
        ("tcp" | "udp", ports) => format!("meta l4proto {protocol}{ports}"),
        ("icmp", "") => {
            return Ok(Service { text: "meta l4proto icmp".to_owned(), ipv4_alone: true });
        }
        _ => return Err(refuse(format!("the protocol `{protocol}` with its ports"))),
    };
    Ok(Service { text, ipv4_alone: false })
}

/// ` th dport { … }`, or nothing for all ports.
fn port_words(field: &str, texts: &[&str]) -> Result<String, String> {
    let mut ranges = Vec::new();
    for text in texts {
        if matches!(*text, "*" | "0-65535") {
            return Ok(String::new());
        }
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        let port = |text: &str| text.parse::<u16>().map_err(|_| format!("`{text}` is no port"));
        ranges.push((port(low)?, port(high)?));
    }
    if ranges.is_empty() {
        return Err("ports are not told".to_owned());
    }
    // A set of nft has no two elements that overlap.
    ranges.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::new();
    for (low, high) in ranges {
        match joined.last_mut() {
            Some((_, end)) if u32::from(low) <= u32::from(*end) + 1 => *end = high.max(*end),
            _ => joined.push((low, high)),
        }
    }
    let joined: Vec<String> = joined.iter().map(|(low, high)| format!("{low}-{high}")).collect();
    Ok(format!(" th {field} {{ {} }}", joined.join(", ")))
}

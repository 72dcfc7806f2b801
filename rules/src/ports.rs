//! Services by their ports: what usually listens there, and how bad it is when anybody can knock.
//!
//! The numbers are those of the IANA registry and of the vendors; which of them are high-risk is
//! the list of Security Hub EC2.19 and of the CIS benchmarks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use cloudfw_core::{PortSet, Protocol, ProtocolSet, ServiceSet};

use crate::Settings;
use crate::Severity::{self, Critical, High};

/// What kind of service it is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// It administers machines.
    Admin,
    /// It keeps data.
    Data,
    /// It has a history of being attacked, or speaks in clear.
    HighRisk,
    /// Nothing above, and the user has not said that it may be open.
    Unlisted,
    /// The user says that it may be open: web ports, unless the settings say otherwise.
    Web,
    /// ICMP and ICMPv6.
    Icmp,
}

/// A service and its usual ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// The first and the last port.
    pub range: (u16, u16),
    /// TCP or UDP.
    pub protocol: Protocol,
    /// What people call it.
    pub name: &'static str,
    /// What kind of service it is.
    pub category: Category,
    /// How bad it is when all of the internet reaches it.
    pub severity: Severity,
    /// The controls of the catalogue that are about it.
    pub controls: &'static [&'static str],
}

impl Port {
    /// The service, from any port.
    pub fn services(&self) -> ServiceSet {
        let (low, high) = self.range;
        ServiceSet::ports(self.protocol, PortSet::full(), PortSet::range(low, high))
    }
}

const fn row(
    protocol: Protocol,
    range: (u16, u16),
    name: &'static str,
    category: Category,
    severity: Severity,
    controls: &'static [&'static str],
) -> Port {
    Port { range, protocol, name, category, severity, controls }
}

const fn admin(range: (u16, u16), name: &'static str, controls: &'static [&'static str]) -> Port {
    row(Protocol::TCP, range, name, Category::Admin, Critical, controls)
}

const fn data(range: (u16, u16), name: &'static str, controls: &'static [&'static str]) -> Port {
    row(Protocol::TCP, range, name, Category::Data, Critical, controls)
}

const fn risky(
    range: (u16, u16),
    name: &'static str,
    severity: Severity,
    controls: &'static [&'static str],
) -> Port {
    row(Protocol::TCP, range, name, Category::HighRisk, severity, controls)
}

const fn over_udp(port: Port) -> Port {
    Port { protocol: Protocol::UDP, ..port }
}

const fn named(protocol: Protocol, range: (u16, u16), name: &'static str) -> Port {
    row(protocol, range, name, Category::Unlisted, High, &[])
}

/// The table, by category and then by control.
pub static PORTS: &[Port] = &[
    admin((22, 22), "SSH", &["CFW-EXP-001", "CFW-EXP-005"]),
    admin((3389, 3389), "RDP", &["CFW-EXP-002", "CFW-EXP-005"]),
    over_udp(admin((3389, 3389), "RDP", &["CFW-EXP-002"])),
    admin((512, 514), "rexec, rlogin, rsh", &[]),
    over_udp(admin((623, 623), "IPMI", &[])),
    admin((2375, 2376), "Docker", &[]),
    admin((5900, 5909), "VNC", &[]),
    admin((5985, 5986), "WinRM", &[]),
    admin((6443, 6443), "Kubernetes API", &[]),
    admin((10250, 10250), "kubelet", &[]),
    data((3306, 3306), "MySQL", &["CFW-EXP-010", "CFW-EXP-005"]),
    data((33060, 33060), "MySQL X", &["CFW-EXP-010"]),
    data((5432, 5432), "PostgreSQL", &["CFW-EXP-011", "CFW-EXP-005"]),
    data((1433, 1434), "SQL Server", &["CFW-EXP-012", "CFW-EXP-005"]),
    over_udp(data((1434, 1434), "SQL Server", &["CFW-EXP-012"])),
    data((1521, 1521), "Oracle", &["CFW-EXP-013"]),
    data((2483, 2484), "Oracle", &["CFW-EXP-013"]),
    data((27017, 27019), "MongoDB", &["CFW-EXP-014"]),
    data((6379, 6379), "Redis", &["CFW-EXP-015"]),
    data((11211, 11211), "Memcached", &["CFW-EXP-016"]),
    over_udp(data((11211, 11211), "Memcached", &["CFW-EXP-016"])),
    data((9200, 9200), "Elasticsearch", &["CFW-EXP-017", "CFW-EXP-005"]),
    data((9300, 9300), "Elasticsearch", &["CFW-EXP-017", "CFW-EXP-005"]),
    data((5601, 5601), "Kibana", &["CFW-EXP-017", "CFW-EXP-005"]),
    data((9092, 9092), "Kafka", &["CFW-EXP-018"]),
    data((7000, 7001), "Cassandra", &["CFW-EXP-019"]),
    data((7199, 7199), "Cassandra", &["CFW-EXP-019"]),
    data((8888, 8888), "Cassandra", &["CFW-EXP-019", "CFW-EXP-005"]),
    data((9042, 9042), "Cassandra", &["CFW-EXP-019"]),
    data((9160, 9160), "Cassandra", &["CFW-EXP-019"]),
    data((2181, 2181), "ZooKeeper", &[]),
    data((2379, 2380), "etcd", &[]),
    data((5439, 5439), "Redshift", &[]),
    data((5984, 5984), "CouchDB", &[]),
    data((7687, 7687), "Neo4j", &[]),
    data((8086, 8086), "InfluxDB", &[]),
    data((8123, 8123), "ClickHouse", &[]),
    data((50000, 50000), "Db2", &[]),
    risky((20, 21), "FTP", Critical, &["CFW-EXP-020", "CFW-EXP-005"]),
    risky((23, 23), "Telnet", Critical, &["CFW-EXP-021", "CFW-EXP-005"]),
    risky((139, 139), "NetBIOS", Critical, &["CFW-EXP-022"]),
    over_udp(risky((137, 138), "NetBIOS", Critical, &["CFW-EXP-022"])),
    risky((445, 445), "SMB", Critical, &["CFW-EXP-022", "CFW-EXP-005"]),
    risky((389, 389), "LDAP", High, &["CFW-EXP-023"]),
    over_udp(risky((389, 389), "LDAP", High, &["CFW-EXP-023"])),
    risky((636, 636), "LDAPS", High, &["CFW-EXP-023"]),
    risky((3268, 3269), "Global Catalog", High, &["CFW-EXP-023"]),
    risky((88, 88), "Kerberos", High, &["CFW-EXP-024"]),
    over_udp(risky((88, 88), "Kerberos", High, &["CFW-EXP-024"])),
    risky((464, 464), "Kerberos", High, &["CFW-EXP-024"]),
    over_udp(risky((464, 464), "Kerberos", High, &["CFW-EXP-024"])),
    risky((749, 750), "Kerberos", High, &["CFW-EXP-024"]),
    risky((25, 25), "SMTP", High, &["CFW-EXP-005"]),
    risky((110, 110), "POP3", High, &["CFW-EXP-005"]),
    risky((135, 135), "RPC", High, &["CFW-EXP-005"]),
    risky((143, 143), "IMAP", High, &["CFW-EXP-005"]),
    risky((3000, 3000), "web frameworks", High, &["CFW-EXP-005"]),
    risky((4333, 4333), "mSQL", High, &["CFW-EXP-005"]),
    risky((5000, 5000), "web frameworks", High, &["CFW-EXP-005"]),
    risky((5500, 5500), "VNC listener", High, &["CFW-EXP-005"]),
    risky((8080, 8080), "HTTP proxy", High, &["CFW-EXP-005"]),
    risky((8088, 8088), "HTTP alternative", High, &["CFW-EXP-005"]),
    over_udp(risky((69, 69), "TFTP", High, &[])),
    risky((111, 111), "rpcbind", High, &[]),
    over_udp(risky((111, 111), "rpcbind", High, &[])),
    over_udp(risky((161, 162), "SNMP", High, &[])),
    risky((873, 873), "rsync", High, &[]),
    over_udp(risky((1900, 1900), "SSDP", High, &[])),
    risky((2049, 2049), "NFS", High, &[]),
    over_udp(risky((2049, 2049), "NFS", High, &[])),
    named(Protocol::TCP, (53, 53), "DNS"),
    named(Protocol::UDP, (53, 53), "DNS"),
    named(Protocol::TCP, (80, 80), "HTTP"),
    named(Protocol::UDP, (123, 123), "NTP"),
    named(Protocol::TCP, (443, 443), "HTTPS"),
    named(Protocol::UDP, (443, 443), "QUIC"),
    named(Protocol::TCP, (465, 465), "SMTPS"),
    named(Protocol::UDP, (500, 500), "IKE"),
    named(Protocol::TCP, (587, 587), "mail submission"),
    named(Protocol::TCP, (993, 993), "IMAPS"),
    named(Protocol::TCP, (995, 995), "POP3S"),
    named(Protocol::UDP, (1194, 1194), "OpenVPN"),
    named(Protocol::UDP, (4500, 4500), "IPsec NAT traversal"),
    named(Protocol::TCP, (8443, 8443), "HTTPS alternative"),
    named(Protocol::UDP, (51820, 51820), "WireGuard"),
];

static SETS: LazyLock<Vec<(&'static Port, ServiceSet)>> =
    LazyLock::new(|| PORTS.iter().map(|port| (port, port.services())).collect());

static LISTED: LazyLock<ServiceSet> = LazyLock::new(|| {
    let listed = SETS.iter().filter(|(port, _)| port.category < Category::Unlisted);
    listed.fold(all_icmp(), |all, (_, services)| all.union(services))
});

/// What administers machines or keeps data.
static GUARDED: LazyLock<ServiceSet> = LazyLock::new(|| {
    let guarded = SETS.iter().filter(|(port, _)| port.category <= Category::Data);
    guarded.fold(ServiceSet::empty(), |all, (_, services)| all.union(services))
});

fn all_icmp() -> ServiceSet {
    ServiceSet::all_of_protocols(ProtocolSet::ICMP)
}

/// The rows that a set of services meets.
pub fn met(services: &ServiceSet) -> impl Iterator<Item = &'static Port> {
    SETS.iter().filter(|(_, row)| row.intersects(services)).map(|(port, _)| *port)
}

/// The services that the user says may be open. Administrative and data ports cannot be: whoever
/// accepts one says why, in an ignore.
pub fn authorised(settings: &Settings) -> ServiceSet {
    let tcp = ServiceSet::tcp(settings.authorised_tcp.clone());
    tcp.union(&ServiceSet::udp(settings.authorised_udp.clone())).difference(&GUARDED)
}

/// Whether these are all TCP ports, or more. Port 0 cannot be dialled.
pub fn is_everything(services: &ServiceSet) -> bool {
    ServiceSet::tcp(PortSet::range(1, u16::MAX)).is_subset(services)
}

/// The services of a category, as far as the settings leave them in it.
pub fn services_of(category: Category, settings: &Settings) -> ServiceSet {
    let authorised = authorised(settings);
    let own = SETS.iter().filter(|(port, _)| port.category == category);
    match category {
        Category::Web => authorised,
        Category::Icmp => all_icmp(),
        Category::Unlisted => LISTED.complement().difference(&authorised),
        Category::Admin | Category::Data | Category::HighRisk => {
            ServiceSet::union_of(own.map(|(_, services)| services)).difference(&authorised)
        }
    }
}

/// The categories that a set of services meets.
pub fn categories(services: &ServiceSet, settings: &Settings) -> BTreeSet<Category> {
    let authorised = authorised(settings);
    let rest = services.difference(&authorised);
    let mut categories: BTreeSet<Category> = met(&rest).map(|port| port.category).collect();
    categories.remove(&Category::Unlisted);
    if !rest.is_subset(&LISTED) {
        categories.insert(Category::Unlisted);
    }
    if services.intersects(&authorised) {
        categories.insert(Category::Web);
    }
    if services.intersects(&all_icmp()) {
        categories.insert(Category::Icmp);
    }
    categories
}

/// How bad it is when all of the internet reaches these services.
pub fn severity(services: &ServiceSet, settings: &Settings) -> Severity {
    let rest = services.difference(&authorised(settings));
    let listed = met(&rest).map(|port| port.severity).max();
    let other = categories(services, settings).into_iter().map(|category| match category {
        Category::Unlisted => High,
        Category::Icmp => Severity::Low,
        _ => Severity::Info,
    });
    listed.into_iter().chain(other).max().unwrap_or(Severity::Info)
}

/// The controls of the catalogue that open services violate, whoever they are open to.
pub fn controls(services: &ServiceSet, settings: &Settings) -> BTreeSet<&'static str> {
    let authorised = authorised(settings);
    let rest = services.difference(&authorised);
    let mut controls: BTreeSet<&'static str> =
        met(&rest).flat_map(|port| port.controls).copied().collect();
    let opens = |services: &ServiceSet| rest.intersects(services);
    if is_everything(services) {
        controls.insert("CFW-EXP-003");
    }
    if opens(&all_icmp().complement()) {
        controls.insert("CFW-EXP-004");
    }
    if opens(&ServiceSet::all_of(Protocol::UDP)) {
        controls.insert("CFW-EXP-025");
    }
    if services.intersects(&authorised) {
        controls.insert("CFW-EXP-026");
    }
    if opens(&all_icmp()) {
        controls.insert("CFW-EXP-031");
    }
    controls
}

/// So many parts are written out, the rest is counted.
const MOST_WRITTEN: usize = 8;

/// The services in words, each with what usually listens there: `22 (SSH), 3389 (RDP)`,
/// `53/udp (DNS)`, `20-30 (FTP, SSH, Telnet, …)`, `every port and protocol`.
pub fn in_words(services: &ServiceSet) -> String {
    let services = services.map_source_ports(&PortSet::full());
    if services.is_full() {
        return "every port and protocol".to_owned();
    }
    let mut parts = port_parts(&services);
    let rest = services.difference(&ServiceSet::all_of_protocols(ProtocolSet::WITH_PORTS));
    if rest.protocols().count() > MOST_WRITTEN {
        parts.push("protocols without ports".to_owned());
    } else if !rest.is_empty() {
        parts.push(rest.to_string());
    }
    let left = parts.len().saturating_sub(MOST_WRITTEN);
    parts.truncate(MOST_WRITTEN);
    let mut words = parts.join(", ");
    if left > 0 {
        let _ = write!(words, " and {left} more");
    }
    words
}

fn port_parts(services: &ServiceSet) -> Vec<String> {
    let mut parts = Vec::new();
    for protocol in services.protocols().filter(|protocol| protocol.has_ports()) {
        let own = services.intersection(&ServiceSet::all_of(protocol));
        let ports = own.destination_ports();
        if ports.is_full() {
            parts.push(format!("every {} port", protocol.to_string().to_uppercase()));
            continue;
        }
        parts.extend(ports.ranges().iter().map(|range| port_part(protocol, *range)));
    }
    parts
}

fn port_part(protocol: Protocol, (low, high): (u16, u16)) -> String {
    let mut part = if low == high { low.to_string() } else { format!("{low}-{high}") };
    if protocol != Protocol::TCP {
        let _ = write!(part, "/{protocol}");
    }
    let ports = ServiceSet::ports(protocol, PortSet::full(), PortSet::range(low, high));
    let mut names: Vec<&str> = Vec::new();
    for port in met(&ports) {
        if !names.contains(&port.name) {
            names.push(port.name);
        }
    }
    if names.is_empty() {
        return part;
    }
    let more = if names.len() > 3 { ", …" } else { "" };
    names.truncate(3);
    let _ = write!(part, " ({}{more})", names.join(", "));
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity::{Info, Low};

    fn of(text: &str) -> ServiceSet {
        text.split('+')
            .map(|one| one.parse::<ServiceSet>().unwrap())
            .fold(ServiceSet::empty(), |all, one| all.union(&one))
    }

    fn categories_of(text: &str) -> Vec<Category> {
        categories(&of(text), &Settings::default()).into_iter().collect()
    }

    #[test]
    fn each_service_has_its_category() {
        assert_eq!(categories_of("22"), [Category::Admin]);
        assert_eq!(categories_of("5432"), [Category::Data]);
        assert_eq!(categories_of("445"), [Category::HighRisk]);
        assert_eq!(categories_of("8443"), [Category::Unlisted]);
        assert_eq!(categories_of("53/udp"), [Category::Unlisted]);
        assert_eq!(categories_of("80,443"), [Category::Web]);
        assert_eq!(categories_of("443/udp"), [Category::Unlisted]);
        assert_eq!(categories_of("icmp/8"), [Category::Icmp]);
        assert_eq!(categories_of("esp"), [Category::Unlisted]);
        assert_eq!(categories_of("22-443").len(), 4);
        assert_eq!(categories_of("any").len(), 6);
    }

    #[test]
    fn what_the_user_authorises_is_of_no_other_category() {
        let authorised_tcp = PortSet::from_ranges([(22, 22), (5432, 5432), (8080, 8080)]);
        let settings = Settings { authorised_tcp, ..Settings::default() };
        let categories = |text: &str| -> Vec<Category> {
            categories(&of(text), &settings).into_iter().collect()
        };
        assert_eq!(categories("8080"), [Category::Web]);
        assert_eq!(severity(&of("8080"), &settings), Info);
        assert_eq!(controls(&of("8080"), &settings), BTreeSet::from(["CFW-EXP-026"]));
        assert_eq!(categories("22"), [Category::Admin], "nobody authorises SSH in passing");
        assert_eq!(categories("5432"), [Category::Data]);
        assert_eq!(severity(&of("22"), &settings), Critical);
        assert_eq!(severity(&of("443"), &settings), High);
    }

    #[test]
    fn the_worst_service_counts() {
        let severity = |text| severity(&of(text), &Settings::default());
        assert_eq!(severity("22"), Critical);
        assert_eq!(severity("11211/udp"), Critical);
        assert_eq!(severity("389"), High);
        assert_eq!(severity("23"), Critical);
        assert_eq!(severity("9999"), High);
        assert_eq!(severity("icmp"), Low);
        assert_eq!(severity("443"), Info);
        assert_eq!(severity("443+icmp"), Low);
        assert_eq!(severity("80-88"), High);
        assert_eq!(super::severity(&ServiceSet::empty(), &Settings::default()), Info);
    }

    #[test]
    fn controls_are_those_of_all_services() {
        let controls = |text| controls(&of(text), &Settings::default());
        let set = |controls: &[&'static str]| controls.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(controls("22"), set(&["CFW-EXP-001", "CFW-EXP-004", "CFW-EXP-005"]));
        assert_eq!(controls("1521"), set(&["CFW-EXP-004", "CFW-EXP-013"]));
        assert_eq!(controls("9999/udp"), set(&["CFW-EXP-004", "CFW-EXP-025"]));
        assert_eq!(controls("80"), set(&["CFW-EXP-026"]));
        assert_eq!(controls("icmp"), set(&["CFW-EXP-031"]));
        let all = controls("any");
        for control in ["CFW-EXP-001", "CFW-EXP-003", "CFW-EXP-019", "CFW-EXP-025"] {
            assert!(all.contains(control), "{control}");
        }
        assert!(controls("tcp").contains("CFW-EXP-003"));
        assert!(controls("1-65535").contains("CFW-EXP-003"));
        assert!(!controls("1-65534").contains("CFW-EXP-003"));
    }

    #[test]
    fn services_are_named() {
        let words = |text| in_words(&of(text));
        assert_eq!(words("22,3389"), "22 (SSH), 3389 (RDP)");
        assert_eq!(words("53/udp"), "53/udp (DNS)");
        assert_eq!(words("any"), "every port and protocol");
        assert_eq!(words("tcp"), "every TCP port");
        assert_eq!(words("7777"), "7777");
        assert_eq!(words("20-30"), "20-30 (SSH, FTP, Telnet, …)");
        assert_eq!(words("21-23"), "21-23 (SSH, FTP, Telnet)");
        assert_eq!(words("1-19"), "1-19");
        assert_eq!(words("icmp/8+443"), "443 (HTTPS), icmp type 8");
        assert_eq!(words("1,3,5,7,9,11,13,15,17"), "1, 3, 5, 7, 9, 11, 13, 15 and 1 more");
        assert_eq!(words("gre+esp"), "gre, esp");
        let eight = (60..68).map(|number| format!("proto/{number}")).collect::<Vec<_>>();
        assert_eq!(words(&eight.join("+")), eight.join(", "));
        let all_but_ports = ServiceSet::all_of_protocols(ProtocolSet::OTHER);
        assert_eq!(in_words(&all_but_ports), "protocols without ports");
        let from_dns = ServiceSet::ports(Protocol::TCP, PortSet::single(53), PortSet::single(22));
        assert_eq!(in_words(&from_dns), "22 (SSH)");
    }

    #[test]
    fn ports_of_the_table_are_in_order_and_named_once() {
        for port in PORTS {
            assert!(port.range.0 <= port.range.1, "{}", port.name);
            let twins = PORTS.iter().filter(|twin| {
                twin.protocol == port.protocol && twin.services().intersects(&port.services())
            });
            assert_eq!(twins.count(), 1, "{}", port.name);
        }
    }
}

//! Whether all this can be done here, and how to do it without being root.

use std::env;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cloudfw_core::Leg;
use nix::errno::Errno;

use super::KernelError;
use super::plan::{
    Act, Cause, Chain, ChainKind, Hook, KernelRoute, Line, MAIN_TABLE, Plan, Site, SiteId, Space,
    SpaceId, Wire,
};
use super::probe::{Ask, Observed, Outcome, Probe};
use super::raise::Raised;
use super::space::{Namespace, apart};

/// Whether plans can be raised here; if not, why, in one line. Found out once, by doing it.
///
/// # Errors
/// What a user can be told after `skipped: `.
pub fn availability() -> Result<(), String> {
    static FOUND: OnceLock<Result<(), String>> = OnceLock::new();
    FOUND.get_or_init(|| rehearse().map_err(|error| in_one_line(&error))).clone()
}

/// Where this process may not make network namespaces: runs it again, from the start, as root of
/// a user namespace of its own. Comes back where that is not needed, and where it is refused;
/// [`availability`] then tells.
pub fn enter_user_namespace() {
    const ENTERED: &str = "CLOUDFW_LAB_ENTERED";

    if env::var_os(ENTERED).is_some() || may_make_namespaces() || !may_enter() {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let mut again = Command::new("unshare");
    again.args(["-Urn", "--"]).arg(program).args(env::args_os().skip(1)).env(ENTERED, "1");
    // It comes back only where it fails.
    let _: io::Error = again.exec();
}

fn may_make_namespaces() -> bool {
    apart::<Namespace>(vec![Box::new(Namespace::make)]).is_ok()
}

fn may_enter() -> bool {
    let mut trial = Command::new("unshare");
    trial.args(["-Urn", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|status| status.success())
}

fn in_one_line(error: &Failure) -> String {
    let text = error.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    let advice = advice(error).map_or(String::new(), |advice| format!(": {advice}"));
    format!("packets cannot be sent between namespaces here: {}{advice}", words.join(" "))
}

/// What to do about it.
fn advice(error: &Failure) -> Option<&'static str> {
    let Failure::Kernel(error) = error else { return None };
    let mut error = error;
    while let KernelError::Within { error: inner, .. } = error {
        error = inner;
    }
    match error {
        KernelError::Tool { tool: "nft", error } if error.kind() == ErrorKind::NotFound => {
            Some("install nftables")
        }
        KernelError::System { errno: Errno::EPERM | Errno::EACCES, .. } => Some(
            "run it as root, or allow user namespaces, so that `unshare -Urn true` (util-linux) \
             works: sysctl kernel.unprivileged_userns_clone=1 or \
             kernel.apparmor_restrict_unprivileged_userns=0, whichever there is",
        ),
        KernelError::System { errno: Errno::ENOSPC, .. } => {
            Some("allow more namespaces: sysctl user.max_net_namespaces")
        }
        KernelError::File { error, .. } if error.kind() == ErrorKind::ReadOnlyFilesystem => {
            Some("in a container, run that with a writable /proc/sys (`--privileged`)")
        }
        KernelError::Refused { tool: "nft", .. } => {
            Some("the kernel needs nf_tables with connection tracking, logging and NAT")
        }
        _ => None,
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error("a probe of {ask:?} at {to} came to {observed:?}")]
    Unlike { ask: Ask, to: IpAddr, observed: Observed },
}

/// Two namespaces, a wire, a stateful filter with a dropping line, and a probe of each kind.
fn rehearse() -> Result<(), Failure> {
    let addresses: [[IpAddr; 2]; 2] = [
        [Ipv4Addr::new(10, 0, 0, 1).into(), Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1).into()],
        [Ipv4Addr::new(10, 0, 0, 2).into(), Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2).into()],
    ];
    let mut raised = Raised::raise(&rehearsal(addresses))?;
    let mut probes = Vec::new();
    for (from, to) in addresses[0].into_iter().zip(addresses[1]) {
        for ask in [Ask::Tcp(22), Ask::Tcp(23), Ask::Udp(53), Ask::Echo] {
            let port = 40_000 + probes.len() as u16;
            let listener = Some((SpaceId(1), to));
            probes.push(Probe { source: SpaceId(0), from, port, to, ask, listener });
        }
    }
    for (probe, observed) in probes.iter().zip(raised.send(&probes)?) {
        let expected = if probe.ask == Ask::Tcp(23) {
            let dropped = vec![(SiteId(0), Leg::Forward)];
            Observed { outcome: Outcome::TimedOut, dropped }
        } else {
            Observed { outcome: Outcome::Connected, dropped: Vec::new() }
        };
        if observed != expected {
            return Err(Failure::Unlike { ask: probe.ask, to: probe.to, observed });
        }
    }
    Ok(())
}

fn rehearsal(addresses: [[IpAddr; 2]; 2]) -> Plan {
    let device = || "eth0".to_owned();
    let [here, there] = addresses.map(|addresses| addresses.map(|address| (device(), address)));
    let everywhere = ["0.0.0.0/0", "::/0"].map(|to| to.parse().ok());
    let routes: Vec<_> = everywhere
        .into_iter()
        .flatten()
        .map(|to| KernelRoute { table: MAIN_TABLE, to, device: device() })
        .collect();
    let line = |matches: &str, act| Line { matches: matches.to_owned(), act };
    let filter = Chain {
        name: "filter_in".to_owned(),
        hook: Some((Hook::Prerouting, 0)),
        kind: ChainKind::Filter,
        lines: vec![
            line("ct state established", Act::Accept),
            line("tcp dport 23", Act::Drop(SiteId(0))),
        ],
    };
    let site = Site {
        cause: Cause::Stateful,
        at: "rehearsal".to_owned(),
        list: String::new(),
        direction: None,
        rule: String::new(),
    };
    Plan {
        spaces: vec![
            Space {
                name: "client".to_owned(),
                addresses: here.to_vec(),
                routes: routes.clone(),
                ..Space::default()
            },
            Space {
                name: "server".to_owned(),
                addresses: there.to_vec(),
                routes,
                chains: vec![filter],
                ..Space::default()
            },
        ],
        wires: vec![Wire { ends: [(SpaceId(0), device()), (SpaceId(1), device())] }],
        sites: vec![site],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: KernelError) -> String {
        in_one_line(&error.within(3, "client").into())
    }

    #[test]
    fn what_is_missing_is_told_in_one_line_with_what_to_do() {
        let absent = io::Error::from(ErrorKind::NotFound);
        assert_eq!(
            told(KernelError::Tool { tool: "nft", error: absent }),
            "packets cannot be sent between namespaces here: space 3 (client): cannot run `nft`: \
             entity not found: install nftables"
        );
        let refused = told(KernelError::system("make a network namespace", Errno::EPERM));
        assert!(refused.contains("`unshare -Urn true`"), "{refused}");
        let said = "line 1\nno such file".to_owned();
        let refused = told(KernelError::Refused { tool: "nft", said });
        assert!(refused.contains("line 1 no such file: the kernel needs nf_tables"), "{refused}");
    }
}

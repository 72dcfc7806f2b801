//! Network namespaces without names: a file descriptor holds each, and when the process ends, in
//! whatever way, the kernel takes them away.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::getegid;
use std::os::fd::{AsRawFd, RawFd};

use super::KernelError;

/// A namespace.
#[derive(Debug)]
pub(super) struct Namespace {
    held: File,
}

impl Namespace {
    /// Makes one, and leaves the calling thread in it.
    pub(super) fn make() -> Result<Namespace, KernelError> {
        unshare(CloneFlags::CLONE_NEWNET)
            .map_err(|errno| KernelError::system("make a network namespace", errno))?;
        let held = File::open("/proc/thread-self/ns/net")
            .map_err(|error| KernelError::file("/proc/thread-self/ns/net", error))?;
        set_up()?;
        Ok(Namespace { held })
    }

    /// Puts the calling thread into it, and whatever that thread opens or spawns. Only for threads
    /// of [`apart`], which end in no namespace of the caller's.
    pub(super) fn enter(&self) -> Result<(), KernelError> {
        setns(&self.held, CloneFlags::CLONE_NEWNET)
            .map_err(|errno| KernelError::system("enter a network namespace", errno))
    }
}

impl AsRawFd for Namespace {
    fn as_raw_fd(&self) -> RawFd {
        self.held.as_raw_fd()
    }
}

/// What a thread of its own does.
pub(super) type Task<'a, T> = Box<dyn FnOnce() -> Result<T, KernelError> + Send + 'a>;

/// Runs the tasks at the same time, each on a thread of its own, so that the caller's threads
/// stay in the namespace where they are.
pub(super) fn apart<T: Send>(tasks: Vec<Task<'_, T>>) -> Result<Vec<T>, KernelError> {
    thread::scope(|scope| {
        let threads: Vec<_> = tasks.into_iter().map(|task| scope.spawn(task)).collect();
        let ends: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
        ends.into_iter().map(|end| end.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// Runs a tool in the namespace of the calling thread, with its instructions as standard input.
pub(super) fn run(tool: &'static str, arguments: &[&str], input: &str) -> Result<(), KernelError> {
    let failed = |error| KernelError::Tool { tool, error };
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A tool that stops reading says why on standard error.
        match pipe.write_all(input.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(failed(error)),
            _ => {}
        }
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(KernelError::Refused { tool, said })
}

/// Settings that every namespace has before it has devices: those inherit them. None of these
/// reaches beyond the namespace.
fn set_up() -> Result<(), KernelError> {
    let group = getegid();
    write("net/ipv4/ping_group_range", &format!("{group} {group}"))?;
    for (name, value) in SETTINGS {
        write(name, value)?;
    }
    // Older kernels have no mask here.
    write_where_it_is("net/ipv6/icmp/ratemask", "\n")
}

/// Makes the namespace of the calling thread follow connections from their first packet only: one
/// from the middle opens none. The setting is there when something tracks connections.
pub(super) fn track_from_the_start() -> Result<(), KernelError> {
    write_where_it_is("net/netfilter/nf_conntrack_tcp_loose", "0")
}

const SETTINGS: [(&str, &str); 15] = [
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv6/conf/all/forwarding", "1"),
    ("net/ipv6/conf/default/forwarding", "1"),
    // Replies may come by other ways than the packets that they answer.
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/accept_local", "1"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv6/conf/default/accept_redirects", "0"),
    // Errors are answers here, and answers are counted.
    ("net/ipv4/icmp_ratelimit", "0"),
    ("net/ipv4/icmp_ratemask", "0"),
    ("net/ipv6/icmp/ratelimit", "0"),
    // Addresses work at once, and nothing is sent that nobody asked for.
    ("net/ipv6/conf/default/accept_dad", "0"),
    ("net/ipv6/conf/default/dad_transmits", "0"),
    ("net/ipv6/conf/default/addr_gen_mode", "1"),
];

fn write(name: &str, value: &str) -> Result<(), KernelError> {
    let path = Path::new("/proc/sys").join(name);
    fs::write(&path, value).map_err(|error| KernelError::file(&path.to_string_lossy(), error))
}

fn write_where_it_is(name: &str, value: &str) -> Result<(), KernelError> {
    match write(name, value) {
        Err(KernelError::File { error, .. }) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

//! From a plan to namespaces that packets can be sent through.

use std::collections::BTreeSet;
use std::thread;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::KernelError;
use super::drops::DropLog;
use super::links;
use super::plan::{Act, Plan, Space, SpaceId};
use super::ruleset::ruleset;
use super::space::{Namespace, Task, apart, run, track_from_the_start};

/// Threads that load rulesets: `nft` is started for each namespace.
const FILTERING: usize = 2;

/// A plan that stands. Nothing of it has a name: it goes away with this value, or with the
/// process.
#[derive(Debug)]
pub struct Raised {
    pub(super) spaces: Vec<Namespace>,
    /// Where the spaces that can drop packets tell of them.
    pub(super) logs: Vec<DropLog>,
}

impl Raised {
    /// Makes the namespaces of a plan, their wires and their rulesets.
    ///
    /// # Errors
    /// When the plan contradicts itself, or namespaces cannot be made here.
    pub fn raise(plan: &Plan) -> Result<Raised, KernelError> {
        check(plan)?;
        allow_descriptors();
        let spaces = make_spaces(plan.spaces.len())?;
        let filtering = |share| -> Result<Vec<DropLog>, KernelError> {
            let spaces = plan.spaces.iter().zip(&spaces).enumerate();
            let mine = spaces.skip(share).step_by(FILTERING);
            let logs = mine.map(|(id, (space, namespace))| {
                filter(space, namespace).map_err(|error| error.within(id, &space.name))
            });
            Ok(logs.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        };
        let linking = || -> Result<Vec<DropLog>, KernelError> {
            let devices = links::number(plan);
            if let Some(first) = spaces.first() {
                first.enter()?;
                links::wires(plan, &spaces, &devices)?;
            }
            each(plan, &spaces, |id, _| links::bring_up(id, &devices))?;
            each(plan, &spaces, |id, space| {
                links::settle(id, &devices)?;
                links::furnish(id, space, &devices)
            })?;
            Ok(Vec::new())
        };
        let mut tasks: Vec<Task<'_, Vec<DropLog>>> = vec![Box::new(linking)];
        for share in 0..FILTERING {
            tasks.push(Box::new(move || filtering(share)));
        }
        let logs = apart(tasks)?.into_iter().flatten().collect();
        Ok(Raised { spaces, logs })
    }
}

impl Raised {
    /// Puts the calling thread into a space.
    pub(super) fn enter(&self, space: SpaceId) -> Result<(), KernelError> {
        match self.spaces.get(space.0) {
            Some(namespace) => namespace.enter(),
            None => Err(KernelError::Plan(format!("there is no space {}", space.0))),
        }
    }
}

/// Makes empty namespaces, on as many threads as there are processors, up to four.
fn make_spaces(count: usize) -> Result<Vec<Namespace>, KernelError> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(4);
    let share = count.div_ceil(threads);
    let mut tasks: Vec<Task<'_, Vec<Namespace>>> = Vec::new();
    for thread in 0..threads {
        let mine = count.saturating_sub(thread * share).min(share);
        tasks.push(Box::new(move || (0..mine).map(|_| Namespace::make()).collect()));
    }
    Ok(apart(tasks)?.into_iter().flatten().collect())
}

/// Loads the ruleset of a space, and reads from then on what it drops.
fn filter(space: &Space, namespace: &Namespace) -> Result<Option<DropLog>, KernelError> {
    let rules = ruleset(space);
    if rules.is_empty() {
        return Ok(None);
    }
    namespace.enter()?;
    let log = if drops(space) { Some(DropLog::open()?) } else { None };
    run("nft", &["-f", "-"], &rules)?;
    track_from_the_start()?;
    Ok(log)
}

fn each(
    plan: &Plan,
    spaces: &[Namespace],
    task: impl Fn(SpaceId, &Space) -> Result<(), KernelError>,
) -> Result<(), KernelError> {
    for (id, (space, namespace)) in plan.spaces.iter().zip(spaces).enumerate() {
        namespace
            .enter()
            .and_then(|()| task(SpaceId(id), space))
            .map_err(|error| error.within(id, &space.name))?;
    }
    Ok(())
}

fn drops(space: &Space) -> bool {
    let mut lines = space.chains.iter().flat_map(|chain| &chain.lines);
    lines.any(|line| matches!(line.act, Act::AcceptAt(_) | Act::Drop(_) | Act::Reject(..)))
}

/// Lets this process have as many open files as it may: every namespace and every probe is one.
fn allow_descriptors() {
    // Where it cannot be, what needs them says so.
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// What the tools would only refuse with a puzzling message, or not at all.
fn check(plan: &Plan) -> Result<(), KernelError> {
    let mut devices = BTreeSet::new();
    for (space, device) in plan.wires.iter().flat_map(|wire| &wire.ends) {
        let Some(name) = plan.spaces.get(space.0).map(|space| &space.name) else {
            return Err(KernelError::Plan(format!("wire `{device}` ends in no space")));
        };
        if device.is_empty() || device.len() > 15 || device == "lo" {
            return Err(KernelError::Plan(format!("`{device}` in {name} is no name of a device")));
        }
        if !devices.insert((space, device)) {
            return Err(KernelError::Plan(format!("{name} has two devices `{device}`")));
        }
    }
    for (id, space) in plan.spaces.iter().enumerate() {
        let id = SpaceId(id);
        let known = |device: &String| device == "lo" || devices.contains(&(&id, device));
        let addresses = space.addresses.iter().map(|(device, _)| device);
        let routes = space.routes.iter().map(|route| &route.device);
        if let Some(device) = addresses.chain(routes).find(|device| !known(device)) {
            return Err(KernelError::Plan(format!("{} has no device `{device}`", space.name)));
        }
        for line in space.chains.iter().flat_map(|chain| &chain.lines) {
            if let Act::AcceptAt(site) | Act::Drop(site) | Act::Reject(site, _) = line.act
                && plan.sites.get(site.0 as usize).is_none()
            {
                let name = &space.name;
                return Err(KernelError::Plan(format!("a line in {name} has no site {}", site.0)));
            }
        }
    }
    Ok(())
}

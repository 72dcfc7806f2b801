//! Plans that stand beside each other, many probes, and what is wrong with some.

use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use Ask::{Echo, Tcp, Udp};
use Leg::{Forward, Return};
use Outcome::{Connected, Refused, TimedOut};
use cloudfw_core::Leg;
use cloudfw_lab::kernel::Raised;
use cloudfw_lab::kernel::plan::{Act, MAIN_TABLE, Plan, SpaceId};
use cloudfw_lab::kernel::probe::{Ask, Outcome, Probe};

use crate::plans::*;
use crate::{INSIDE, available, unshares};

/// Several batches of one plan, each with hundreds of probes of which half are lost.
#[test]
fn hundreds_of_probes_at_once_take_no_time() {
    if !available() {
        return;
    }
    let mut raised = Raised::raise(&line(vec![forward(&[
        ("tcp sport 1002", drop_at(1)),
        ("udp dport 1002", drop_at(2)),
    ])]))
    .unwrap();
    for batch in 0..3 {
        let cases: Vec<Case> = (0..50)
            .flat_map(|_| {
                [
                    both(case, Tcp(1001), Connected, &[]),
                    both(case, Tcp(1002), TimedOut, &[(1, Return)]),
                    both(case, Udp(1002), TimedOut, &[(2, Forward)]),
                    both(case, Echo, Connected, &[]),
                ]
            })
            .flatten()
            .collect();
        let mut probes = probes(&cases);
        for probe in &mut probes {
            probe.port += batch * 1000;
        }
        let start = Instant::now();
        let observed = raised.send(&probes).unwrap();
        let taken = start.elapsed();
        println!("{} probes in {taken:?}", probes.len());
        compare(&cases, &observed);
        assert!(taken < Duration::from_secs(3), "a time-out was waited for: {taken:?}");
    }
}

#[test]
fn two_plans_at_once_do_not_disturb_each_other() {
    if !available() {
        return;
    }
    let raise_and_send = |open: bool| {
        let lines = if open { Vec::new() } else { vec![("meta l4proto tcp", drop_at(1))] };
        let plan = line(vec![forward(&lines)]);
        for _ in 0..5 {
            let cases = if open {
                both(case, Tcp(22), Connected, &[])
            } else {
                both(case, Tcp(22), TimedOut, &[(1, Forward)])
            };
            check(&plan, &cases);
        }
    };
    thread::scope(|scope| {
        for open in [true, false, true] {
            scope.spawn(move || raise_and_send(open));
        }
    });
}

#[test]
fn the_caller_stays_in_its_namespace() {
    if !available() {
        return;
    }
    let mine = || fs::read_link("/proc/thread-self/ns/net").unwrap();
    let before = mine();
    let mut raised = Raised::raise(&line(Vec::new())).unwrap();
    raised.send(&probes(&both(case, Tcp(22), Connected, &[]))).unwrap();
    assert_eq!(mine(), before);
}

#[test]
fn what_contradicts_itself_is_an_error_with_its_place() {
    if !available() {
        return;
    }
    let broken = |change: fn(&mut Plan)| {
        let mut plan = line(Vec::new());
        change(&mut plan);
        Raised::raise(&plan).map(|_| ()).unwrap_err().to_string()
    };
    let nowhere = broken(|plan| plan.wires.push(wire((ROUTER, "x"), (SpaceId(9), "y"))));
    assert_eq!(nowhere, "wire `y` ends in no space");
    let twice = broken(|plan| plan.wires.push(wire((ROUTER, "left"), (SERVER, "y"))));
    assert_eq!(twice, "router has two devices `left`");
    let long = broken(|plan| plan.wires.push(wire((ROUTER, "a-name-of-16-byte"), (SERVER, "y"))));
    assert_eq!(long, "`a-name-of-16-byte` in router is no name of a device");
    let lost = broken(|plan| plan.spaces[0].routes.push(route(MAIN_TABLE, "10.7.0.0/16", "eth7")));
    assert_eq!(lost, "client has no device `eth7`");
    let again = broken(|plan| plan.spaces[0].routes.push(route(MAIN_TABLE, "0.0.0.0/0", "eth0")));
    assert_eq!(
        again,
        "space 0 (client): cannot make route 0.0.0.0/0 to eth0 in table 254: \
         EEXIST: File exists"
    );
    let siteless = broken(|plan| plan.spaces[0].chains = vec![forward(&[("", drop_at(10))])]);
    assert_eq!(siteless, "a line in client has no site 10");
    let misspelt = broken(|plan| plan.spaces[2].chains = vec![forward(&[("tpc", Act::Accept)])]);
    assert!(misspelt.starts_with("space 2 (server): `nft` refuses: "), "{misspelt}");
}

#[test]
fn a_probe_that_cannot_be_sent_is_an_error() {
    if !available() {
        return;
    }
    let mut raised = Raised::raise(&line(Vec::new())).unwrap();
    let [good, other] = both(case, Tcp(22), Connected, &[]);
    let [mut probe, twin]: [Probe; 2] = probes(&[good, other]).try_into().unwrap();
    let mut wrong = |change: fn(&mut Probe)| {
        let mut changed = probe.clone();
        change(&mut changed);
        raised.send(&[changed, twin.clone()]).unwrap_err().to_string()
    };
    assert_eq!(wrong(|probe| probe.port = 40_001), "two probes have Tcp port 40001");
    assert_eq!(wrong(|probe| probe.source = SpaceId(7)), "there is no space 7");
    assert_eq!(
        wrong(|probe| probe.from = "10.0.1.6".parse().unwrap()),
        "cannot send from 10.0.1.6 port 40000: \
         EADDRNOTAVAIL: Cannot assign requested address"
    );
    probe.listener = None;
    assert_eq!(raised.send(&[probe]).unwrap()[0].outcome, Refused);
}

/// Runs these tests again as root of a user namespace, where namespaces are made without being
/// root of the machine.
#[test]
fn all_this_works_without_root() {
    if env::var_os(INSIDE).is_some() {
        return;
    }
    if !unshares() {
        // Where root cannot do it either, the other tests say so.
        println!("skipped: `unshare -Urn` does not work here");
        return;
    }
    let program = env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["-Urn", "--"])
        .arg(program)
        .args(["--test-threads", "2"])
        .env(INSIDE, "1")
        .env("CLOUDFW_REQUIRE", "lab")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

//! The doctor: what on this machine would spoil a measurement, and how to fix it.
//!
//! Each check is a pure function of [`SystemInfo`] and [`Requirements`]. Where a fact is absent,
//! there is no finding. `bad` makes figures wrong or a run impossible; `warn` makes them doubtful.

use std::fmt;

use serde::Serialize;

use crate::system::info::SystemInfo;
use crate::system::limits::{self, BACKLOG, BUSY_SHARE, CLIENT_BYTES, Requirements};

/// CPU time used by other programs, percent of all CPUs. A trial's verdict has the same limit.
const BUSY_PERCENT: f64 = BUSY_SHARE * 100.0;
const VERY_BUSY_PERCENT: f64 = 50.0;
/// CPU time taken by the hypervisor, percent of all CPUs. A trial's verdict has a higher limit, as
/// a little is usual over a whole trial.
const STEAL_PERCENT: f64 = 2.0;
const MUCH_STEAL_PERCENT: f64 = 10.0;
/// Load average of the last minute, as a share of the CPUs.
const LOADED_SHARE: f64 = 0.5;
/// Memory of both processes before the first client, with a reserve for the rest of the system.
const BASE_BYTES: u64 = 256 << 20;
/// Swap in use below this is harmless.
const SWAP_BYTES: u64 = 64 << 20;
/// Clocks that are read without a system call. Each delivery reads the clock twice.
const QUICK_CLOCKS: [&str; 5] = [
    "tsc",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
    "riscv_clocksource",
];
/// The kernel's default of how late a timer may be (prctl(2), PR_SET_TIMERSLACK).
const TIMER_SLACK_NS: u64 = 50_000;
/// Ports in TIME_WAIT, as a share of the local ports.
const RESTING_SHARE: f64 = 0.25;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    Warn,
    Bad,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Bad => "bad",
        })
    }
}

/// One fact of this machine, with its weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub level: Level,
    pub name: &'static str,
    #[serde(rename = "text")]
    pub what: String,
    /// What to do; empty where nothing is wrong.
    pub fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4}  {}: {}", self.level, self.name, self.what)?;
        match &*self.fix {
            "" => Ok(()),
            fix => write!(f, " → {fix}"),
        }
    }
}

/// All checks, the most important to fix first.
pub fn findings(info: &SystemInfo, requirements: &Requirements) -> Vec<Finding> {
    let checks: [fn(&SystemInfo, &Requirements) -> Option<Finding>; 17] = [
        build,
        cores,
        quota,
        busy,
        steal,
        load_average,
        virtual_machine,
        open_files,
        memory,
        swap,
        clock_source,
        timer_slack,
        governor,
        boost,
        backlog,
        local_ports,
        resting_ports,
    ];
    checks
        .iter()
        .filter_map(|check| check(info, requirements))
        .collect()
}

/// The names of the findings that are not ok.
pub fn doubts(info: &SystemInfo, requirements: &Requirements) -> Vec<String> {
    let findings = findings(info, requirements);
    let doubtful = findings.iter().filter(|finding| finding.level > Level::Ok);
    doubtful.map(|finding| finding.name.to_owned()).collect()
}

/// Doubts in one line; none if there are none.
pub fn hint(doubts: &[String]) -> Option<String> {
    let doubt = match doubts.len() {
        0 => return None,
        1 => "1 doubt".to_owned(),
        several => format!("{several} doubts"),
    };
    let names = doubts.join(", ");
    Some(format!(
        "doctor: {doubt} about this machine: {names}; see wslab doctor"
    ))
}

/// A finding; `fix` is dropped where nothing is wrong.
fn find(name: &'static str, level: Level, what: String, fix: &str) -> Finding {
    let fix = match level {
        Level::Ok => String::new(),
        Level::Warn | Level::Bad => fix.to_owned(),
    };
    Finding {
        level,
        name,
        what,
        fix,
    }
}

/// `level` if something is wrong.
fn if_so(is: bool, level: Level) -> Level {
    if is { level } else { Level::Ok }
}

/// `Warn` above `warn`, `Bad` above `bad`.
fn beyond(value: f64, warn: f64, bad: f64) -> Level {
    if_so(value > warn, Level::Warn).max(if_so(value > bad, Level::Bad))
}

fn build(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let (level, what) = match info.profile {
        "debug" => (
            Level::Bad,
            "wslab was built without optimisation".to_owned(),
        ),
        "release" | "" => (Level::Ok, "wslab is optimised".to_owned()),
        other => {
            let what = format!("the profile {other} takes more CPU time than release");
            (Level::Warn, what)
        }
    };
    let fix = "build it with --release";
    Some(find("build", level, what, fix))
}

fn cores(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let cpus = info.cpus?;
    let level = if_so(cpus < 2, Level::Bad);
    let what = match cpus {
        1 => "one; server and load take it from each other".to_owned(),
        _ => format!("{cpus}; --pin keeps server and load apart"),
    };
    let fix = "give this machine more, or put the server on another one (--target)";
    Some(find("cores", level, what, fix))
}

fn quota(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let quota = info.cpu_quota?;
    let what = format!("this control group may use {quota:.1} CPUs, and stands still beyond that");
    let fix = "run outside the container, or without its CPU limit";
    Some(find("cpu-quota", Level::Warn, what, fix))
}

fn busy(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let activity = info.activity.as_ref()?;
    let busy = activity.busy_percent;
    let level = beyond(busy, BUSY_PERCENT, VERY_BUSY_PERCENT);
    let top = activity.top.as_ref().map_or(String::new(), |top| {
        format!(
            ", most of it {} (pid {}, {:.0} % of a core)",
            top.0, top.1, top.2
        )
    });
    let what = format!("{busy:.0} % of all cores used right now{top}");
    Some(find(
        "busy",
        level,
        what,
        "end what else runs here, or wait for it",
    ))
}

fn steal(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let steal = info.activity.as_ref()?.steal_percent?;
    let level = beyond(steal, STEAL_PERCENT, MUCH_STEAL_PERCENT);
    let what = format!("{steal:.1} % of all cores' time taken by the hypervisor right now");
    let fix = "measure when its neighbours rest, or on a machine of your own";
    Some(find("steal", level, what, fix))
}

fn load_average(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let (load, cpus) = (info.load_average?, info.cpus?);
    let level = if_so(load > LOADED_SHARE * cpus as f64, Level::Warn);
    let what = format!("{load:.2} over the last minute, on {cpus} cores");
    let fix = "end what else runs here; after a run of ours, wait a minute";
    Some(find("load-average", level, what, fix))
}

fn virtual_machine(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let (level, what) = match info.virtual_machine? {
        true => (Level::Warn, "yes: others may take its cores at any time"),
        false => (Level::Ok, "no"),
    };
    let fix = "compare within one run, with --repeats 5; for absolute figures use real hardware";
    Some(find("virtual-machine", level, what.to_owned(), fix))
}

fn open_files(info: &SystemInfo, requirements: &Requirements) -> Option<Finding> {
    let limit = info.open_files?;
    let most = limits::connections_per_process(info);
    let level = if_so(requirements.clients > most, Level::Bad);
    let what = match limit {
        u64::MAX => "without limit".to_owned(),
        _ => format!("{limit} in a descriptor table: at most {most} clients"),
    };
    let fix = "raise the hard limit: ulimit -Hn, LimitNOFILE=, /etc/security/limits.conf";
    Some(find("open-files", level, what, fix))
}

fn memory(info: &SystemInfo, requirements: &Requirements) -> Option<Finding> {
    let free = info.memory_available_bytes?;
    let needed = BASE_BYTES + requirements.clients * CLIENT_BYTES;
    let level = if_so(needed > free, Level::Bad);
    let (free_mib, needed_mib, clients) = (free >> 20, needed >> 20, requirements.clients);
    let what = format!("{free_mib} MiB available; {clients} clients may need {needed_mib} MiB");
    let fix = "run fewer clients, or end what else holds memory";
    Some(find("memory", level, what, fix))
}

fn swap(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let used = info.swap_used_bytes?;
    let level = if_so(used > SWAP_BYTES, Level::Warn);
    let what = format!("{} MiB in use", used >> 20);
    Some(find("swap", level, what, "swapoff -a, if memory suffices"))
}

fn clock_source(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let source = info.clock_source.as_deref()?;
    let quick = QUICK_CLOCKS.contains(&source);
    let what = match quick {
        true => format!("{source}, read without entering the kernel"),
        false => format!("{source}: each look at it enters the kernel and takes 1 µs or more"),
    };
    let fix = "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource";
    Some(find("clock-source", if_so(!quick, Level::Bad), what, fix))
}

fn timer_slack(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let slack_ns = info.timer_slack_ns?;
    let level = if_so(slack_ns > TIMER_SLACK_NS, Level::Warn);
    let what = format!("timers may be {} µs late", slack_ns / 1_000);
    let fix =
        "start from a service with TimerSlackNSec=50us, or echo 50000 > /proc/$$/timerslack_ns";
    Some(find("timer-slack", level, what, fix))
}

fn governor(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let governor = info.governor.clone()?;
    let level = if_so(governor != "performance", Level::Warn);
    let fix = "cpupower frequency-set -g performance";
    Some(find("cpu-governor", level, governor, fix))
}

fn boost(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let boost = info.boost.as_ref()?;
    let (level, what) = match boost.on {
        true => (Level::Warn, "on: the frequency follows heat and load"),
        false => (Level::Ok, "off"),
    };
    Some(find("cpu-boost", level, what.to_owned(), boost.off_by))
}

fn backlog(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let most = info.somaxconn?;
    let level = if_so(most < BACKLOG as u64, Level::Warn);
    let what = format!("{most} connections may wait to be accepted; our server asks for {BACKLOG}");
    let fix = "sysctl -w net.core.somaxconn=4096";
    Some(find("somaxconn", level, what, fix))
}

fn local_ports(info: &SystemInfo, requirements: &Requirements) -> Option<Finding> {
    info.local_ports?;
    let ports = limits::local_ports(info);
    let level = if_so(
        requirements.one_address && requirements.clients > ports,
        Level::Warn,
    );
    let what = format!("{ports}: at most so many connections to a server elsewhere");
    let fix = "sysctl -w net.ipv4.ip_local_port_range='1024 65535'";
    Some(find("local-ports", level, what, fix))
}

/// A closed connection holds its port for a minute, unless the kernel may use it again.
fn resting_ports(info: &SystemInfo, _: &Requirements) -> Option<Finding> {
    let name = "time-wait";
    if info.tcp_tw_reuse == Some(0) {
        let what = "no port of a closed connection is used again for a minute".to_owned();
        return Some(find(
            name,
            Level::Warn,
            what,
            "sysctl -w net.ipv4.tcp_tw_reuse=2",
        ));
    }
    let (_, resting) = (info.local_ports?, info.time_wait?);
    let many = resting as f64 > limits::local_ports(info) as f64 * RESTING_SHARE;
    let what = format!("{resting} closed connections still hold their ports");
    Some(find(name, if_so(many, Level::Warn), what, "wait a minute"))
}

#[cfg(test)]
mod tests;

//! The doctor: what on this machine would spoil a measurement, and how to mend it.
//!
//! Each check is a pure function of the machine's [`SystemInfo`]; where a fact is absent there is no
//! finding. `bad` is what makes figures wrong or a run impossible, `warn` what makes them doubtful.

use std::fmt;

use crate::lab::verdict::BUSY_SHARE;
use crate::server::BACKLOG;
use crate::system::info::SystemInfo;
use crate::system::process;

/// Of all CPUs' time, taken by others: where the verdict of a trial draws the line as well.
const BUSY_PERCENT: f64 = BUSY_SHARE * 100.0;
const VERY_BUSY_PERCENT: f64 = 50.0;
/// The same for time that the hypervisor takes. The verdict waits for more: over a whole trial a
/// little is usual, but somebody who asks should hear of it.
const STEAL_PERCENT: f64 = 2.0;
const MUCH_STEAL_PERCENT: f64 = 10.0;
/// Of the CPUs, wanted by others over the last minute.
const LOADED_SHARE: f64 = 0.5;
/// What a client takes at the most: in the server, in the load, and in the kernel for both ends.
const CLIENT_BYTES: u64 = 48 << 10;
/// What both processes take before the first client, and the rest of the system beside them.
const BASE_BYTES: u64 = 256 << 20;
/// Less than this swapped out once is nothing that anybody waits for.
const SWAP_BYTES: u64 = 64 << 20;
/// Clocks that are read without entering the kernel; each delivery reads the clock twice.
const QUICK_CLOCKS: [&str; 5] = [
    "tsc",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
    "riscv_clocksource",
];
/// How late a timer may be by the kernel's default (prctl(2), PR_SET_TIMERSLACK).
const TIMER_SLACK_NS: u64 = 50_000;
/// Of the local ports, at rest.
const RESTING_SHARE: f64 = 0.25;

/// What is to be measured.
#[derive(Clone, Copy, Debug)]
pub struct Requirements {
    pub clients: u64,
    /// Whether the clients share this host's ports to reach another host.
    pub remote: bool,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// One thing about this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    pub name: &'static str,
    pub what: String,
    /// What to do; empty where nothing is wrong.
    pub mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4}  {}: {}", self.level, self.name, self.what)?;
        match &*self.mend {
            "" => Ok(()),
            mend => write!(f, " → {mend}"),
        }
    }
}

/// Everything that the facts say, in the order in which it is worth mending.
pub fn findings(facts: &SystemInfo, needs: Requirements) -> Vec<Finding> {
    let checks: [fn(&SystemInfo, Requirements) -> Option<Finding>; 17] = [
        |facts, _| Some(build(facts)),
        |facts, _| cores(facts),
        |facts, _| quota(facts),
        |facts, _| busy(facts),
        |facts, _| steal(facts),
        |facts, _| load_average(facts),
        |facts, _| virtual_machine(facts),
        open_files,
        memory,
        |facts, _| swap(facts),
        |facts, _| clock_source(facts),
        |facts, _| timer_slack(facts),
        |facts, _| governor(facts),
        |facts, _| boost(facts),
        |facts, _| backlog(facts),
        local_ports,
        |facts, _| resting_ports(facts),
    ];
    checks
        .iter()
        .filter_map(|check| check(facts, needs))
        .collect()
}

/// The names of whatever is not ok, from a quick look.
pub fn doubts(needs: Requirements) -> Vec<String> {
    let findings = findings(&SystemInfo::look(), needs);
    let doubtful = findings.iter().filter(|finding| finding.level > Level::Ok);
    doubtful.map(|finding| finding.name.to_owned()).collect()
}

/// Doubts in one line.
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

/// A finding whose advice counts only if something is wrong.
fn find(name: &'static str, level: Level, what: String, mend: &str) -> Finding {
    let mend = match level {
        Level::Ok => String::new(),
        Level::Warn | Level::Bad => mend.to_owned(),
    };
    Finding {
        level,
        name,
        what,
        mend,
    }
}

/// `level` if something `is` wrong.
fn if_so(is: bool, level: Level) -> Level {
    if is { level } else { Level::Ok }
}

/// Wrong beyond `warn`, and very wrong beyond `bad`.
fn beyond(value: f64, warn: f64, bad: f64) -> Level {
    if_so(value > warn, Level::Warn).max(if_so(value > bad, Level::Bad))
}

fn build(facts: &SystemInfo) -> Finding {
    let (level, what) = match facts.debug_build {
        true => (Level::Bad, "wslab was built without optimisation"),
        false => (Level::Ok, "wslab is optimised"),
    };
    find("build", level, what.to_owned(), "build it with --release")
}

fn cores(facts: &SystemInfo) -> Option<Finding> {
    let cpus = facts.cpus?;
    let level = if_so(cpus < 2, Level::Bad);
    let what = match cpus {
        1 => "one; server and load take it from each other".to_owned(),
        _ => format!("{cpus}; --pin keeps server and load apart"),
    };
    let mend = "give this machine more, or put the server on another one (--target)";
    Some(find("cores", level, what, mend))
}

fn quota(facts: &SystemInfo) -> Option<Finding> {
    let quota = facts.cpu_quota?;
    let what = format!("this control group may use {quota:.1} CPUs, and stands still beyond that");
    let mend = "run outside the container, or without its CPU limit";
    Some(find("cpu-quota", Level::Warn, what, mend))
}

fn busy(facts: &SystemInfo) -> Option<Finding> {
    let activity = facts.activity.as_ref()?;
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

fn steal(facts: &SystemInfo) -> Option<Finding> {
    let steal = facts.activity.as_ref()?.steal_percent;
    let level = beyond(steal, STEAL_PERCENT, MUCH_STEAL_PERCENT);
    let what = format!("{steal:.1} % of all cores' time taken by the hypervisor right now");
    let mend = "measure when its neighbours rest, or on a machine of your own";
    Some(find("steal", level, what, mend))
}

fn load_average(facts: &SystemInfo) -> Option<Finding> {
    let (load, cpus) = (facts.load_average?, facts.cpus?);
    let level = if_so(load > LOADED_SHARE * cpus as f64, Level::Warn);
    let what = format!("{load:.2} over the last minute, on {cpus} cores");
    let mend = "end what else runs here; after a run of ours, wait a minute";
    Some(find("load-average", level, what, mend))
}

fn virtual_machine(facts: &SystemInfo) -> Option<Finding> {
    let (level, what) = match facts.virtual_machine? {
        true => (Level::Warn, "yes: others may take its cores at any time"),
        false => (Level::Ok, "no"),
    };
    let mend = "compare within one run, with --repeats 5; for absolute figures use real hardware";
    Some(find("virtual-machine", level, what.to_owned(), mend))
}

fn open_files(facts: &SystemInfo, needs: Requirements) -> Option<Finding> {
    let limit = facts.open_files?;
    let most = limit.saturating_sub(process::SPARE_DESCRIPTORS);
    let level = if_so(needs.clients > most, Level::Bad);
    let what = match limit {
        u64::MAX => "without limit".to_owned(),
        _ => format!("{limit} in a process: at most {most} clients"),
    };
    let mend = "raise the hard limit: ulimit -Hn, LimitNOFILE=, /etc/security/limits.conf";
    Some(find("open-files", level, what, mend))
}

fn memory(facts: &SystemInfo, needs: Requirements) -> Option<Finding> {
    let free = facts.memory_available_bytes?;
    let needed = BASE_BYTES + needs.clients * CLIENT_BYTES;
    let level = if_so(needed > free, Level::Bad);
    let (free_mib, needed_mib, clients) = (free >> 20, needed >> 20, needs.clients);
    let what = format!("{free_mib} MiB available; {clients} clients may need {needed_mib} MiB");
    let mend = "run fewer clients, or end what else holds memory";
    Some(find("memory", level, what, mend))
}

fn swap(facts: &SystemInfo) -> Option<Finding> {
    let used = facts.swap_used_bytes?;
    let level = if_so(used > SWAP_BYTES, Level::Warn);
    let what = format!("{} MiB in use", used >> 20);
    Some(find("swap", level, what, "swapoff -a, if memory suffices"))
}

fn clock_source(facts: &SystemInfo) -> Option<Finding> {
    let source = facts.clock_source.as_deref()?;
    let quick = QUICK_CLOCKS.contains(&source);
    let what = match quick {
        true => format!("{source}, read without entering the kernel"),
        false => format!("{source}: each look at it enters the kernel and takes 1 µs or more"),
    };
    let mend = "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource";
    Some(find("clock-source", if_so(!quick, Level::Bad), what, mend))
}

fn timer_slack(facts: &SystemInfo) -> Option<Finding> {
    let slack_ns = facts.timer_slack_ns?;
    let level = if_so(slack_ns > TIMER_SLACK_NS, Level::Warn);
    let what = format!("timers may be {} µs late", slack_ns / 1_000);
    let mend =
        "start from a service with TimerSlackNSec=50us, or echo 50000 > /proc/$$/timerslack_ns";
    Some(find("timer-slack", level, what, mend))
}

fn governor(facts: &SystemInfo) -> Option<Finding> {
    let governor = facts.governor.clone()?;
    let level = if_so(governor != "performance", Level::Warn);
    let mend = "cpupower frequency-set -g performance";
    Some(find("cpu-governor", level, governor, mend))
}

fn boost(facts: &SystemInfo) -> Option<Finding> {
    let boost = facts.boost.as_ref()?;
    let (level, what) = match boost.on {
        true => (Level::Warn, "on: the frequency follows heat and load"),
        false => (Level::Ok, "off"),
    };
    Some(find("cpu-boost", level, what.to_owned(), boost.off_by))
}

fn backlog(facts: &SystemInfo) -> Option<Finding> {
    let most = facts.somaxconn?;
    let level = if_so(most < BACKLOG as u64, Level::Warn);
    let what = format!("{most} connections may wait to be accepted; our server asks for {BACKLOG}");
    let mend = "sysctl -w net.core.somaxconn=4096";
    Some(find("somaxconn", level, what, mend))
}

fn local_ports(facts: &SystemInfo, needs: Requirements) -> Option<Finding> {
    let (first, last) = facts.local_ports?;
    let ports = (last + 1).saturating_sub(first);
    let level = if_so(needs.remote && needs.clients > ports, Level::Warn);
    let what = format!("{ports}: at most so many connections to a server elsewhere");
    let mend = "sysctl -w net.ipv4.ip_local_port_range='1024 65535'";
    Some(find("local-ports", level, what, mend))
}

/// Connections that were closed keep their ports for a minute, unless these may be used again.
fn resting_ports(facts: &SystemInfo) -> Option<Finding> {
    let name = "time-wait";
    if facts.tcp_tw_reuse == Some(0) {
        let what = "no port of a closed connection is used again for a minute".to_owned();
        return Some(find(
            name,
            Level::Warn,
            what,
            "sysctl -w net.ipv4.tcp_tw_reuse=2",
        ));
    }
    let ((first, last), resting) = (facts.local_ports?, facts.time_wait?);
    let many = resting as f64 > (last + 1).saturating_sub(first) as f64 * RESTING_SHARE;
    let what = format!("{resting} closed connections still hold their ports");
    Some(find(name, if_so(many, Level::Warn), what, "wait a minute"))
}

#[cfg(test)]
mod tests;

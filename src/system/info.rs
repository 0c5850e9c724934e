//! What this machine says of itself: the only place that reads it from /proc and /sys.
//!
//! Whatever a kernel, a container or a virtual machine does not show is absent, never an error.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use procfs::CurrentSI;

use crate::system::process;

/// The settings that switch a processor's boost, whether 1 means on, and the command for off.
const BOOST: [(&str, &str, &str); 2] = [
    (
        "sys/devices/system/cpu/cpufreq/boost",
        "1",
        "echo 0 > /sys/devices/system/cpu/cpufreq/boost",
    ),
    (
        "sys/devices/system/cpu/intel_pstate/no_turbo",
        "0",
        "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo",
    ),
];

/// What matters to a measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemInfo {
    pub debug_build: bool,
    /// Open files of one process, once it has raised its soft limit.
    pub open_files: Option<u64>,
    /// First and last port of outgoing connections.
    pub local_ports: Option<(u64, u64)>,
    pub somaxconn: Option<u64>,
    pub tcp_tw_reuse: Option<u64>,
    /// The first one of all CPUs' that is not `performance`, else that.
    pub governor: Option<String>,
    pub boost: Option<Boost>,
    /// CPUs that this process may use.
    pub cpus: Option<usize>,
    /// The control group's bound on them.
    pub cpu_quota: Option<f64>,
    /// Processes that ran or wanted to, on average over a minute.
    pub load_average: Option<f64>,
    pub virtual_machine: Option<bool>,
    pub memory_available_bytes: Option<u64>,
    pub swap_used_bytes: Option<u64>,
    pub clock_source: Option<String>,
    pub timer_slack_ns: Option<u64>,
    pub time_wait: Option<u64>,
    /// Only if somebody waited for it.
    pub activity: Option<Activity>,
}

/// Whether the processor may run faster than its nominal frequency, and how to switch that off.
#[derive(Clone, Debug, PartialEq)]
pub struct Boost {
    pub on: bool,
    pub off_by: &'static str,
}

/// What went on here during a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Time that all CPUs worked; percent of all.
    pub busy_percent: f64,
    /// Time that the hypervisor took; percent of all.
    pub steal_percent: f64,
    /// The process that worked most, if any did: its name, its id, and percent of one CPU.
    pub top: Option<(String, i32, f64)>,
}

impl SystemInfo {
    /// Looks around, at once.
    pub fn look() -> Self {
        let mut facts = SystemInfo::read(&SystemFiles(Path::new("/")));
        facts.debug_build = cfg!(debug_assertions);
        facts.open_files = Some(process::raise_descriptor_limit());
        facts.cpus = std::thread::available_parallelism().ok().map(usize::from);
        facts
    }

    /// Looks around, and on for as long as `sample` takes.
    pub fn watch(sample: Duration) -> Self {
        let before = Sample::take();
        std::thread::sleep(sample);
        let after = Sample::take();
        SystemInfo {
            activity: before
                .zip(after)
                .map(|(before, after)| after.since(&before)),
            ..SystemInfo::look()
        }
    }

    /// What the files tell.
    fn read(files: &SystemFiles<'_>) -> Self {
        let memory = |key| {
            let kib = files.field("proc/meminfo", key, ':')?;
            let kib: u64 = kib.trim_end_matches("kB").trim().parse().ok()?;
            Some(kib << 10)
        };
        let governors = files.governors();
        let slow = governors.iter().find(|governor| *governor != "performance");
        SystemInfo {
            local_ports: files.local_ports(),
            somaxconn: files.number("proc/sys/net/core/somaxconn"),
            tcp_tw_reuse: files.number("proc/sys/net/ipv4/tcp_tw_reuse"),
            governor: slow.or(governors.first()).cloned(),
            boost: BOOST.iter().find_map(|&(path, on, off_by)| {
                let on = files.line(path)? == on;
                Some(Boost { on, off_by })
            }),
            cpu_quota: files.cpu_quota(),
            load_average: files.load_average().map(|[minute, ..]| minute),
            virtual_machine: files.virtual_machine(),
            memory_available_bytes: memory("MemAvailable"),
            swap_used_bytes: memory("SwapTotal")
                .zip(memory("SwapFree"))
                .map(|(total, free)| total.saturating_sub(free)),
            clock_source: files
                .line("sys/devices/system/clocksource/clocksource0/current_clocksource"),
            timer_slack_ns: files.number("proc/self/timerslack_ns"),
            time_wait: files.time_wait(),
            ..SystemInfo::default()
        }
    }
}

/// The files of this machine, or of a made-up one.
pub struct SystemFiles<'a>(pub &'a Path);

impl SystemFiles<'_> {
    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.0.join(path)).ok()
    }

    /// The first line of a file.
    pub fn line(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        Some(text.lines().next()?.trim().replace('\t', " "))
    }

    /// The value of the first line `key<separator>value` of a file, without quotes.
    pub fn field(&self, path: &str, key: &str, separator: char) -> Option<String> {
        self.text(path)?.lines().find_map(|line| {
            let (name, value) = line.split_once(separator)?;
            (name.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
        })
    }

    /// A file that is one number.
    pub fn number(&self, path: &str) -> Option<u64> {
        self.line(path)?.parse().ok()
    }

    /// Over one minute, five and fifteen (proc(5), /proc/loadavg).
    pub fn load_average(&self) -> Option<[f64; 3]> {
        let line = self.line("proc/loadavg")?;
        let mut averages = line.split(' ').map_while(|word| word.parse().ok());
        Some([averages.next()?, averages.next()?, averages.next()?])
    }

    /// Whether a hypervisor is below: the processor's flag where there are flags (x86).
    pub fn virtual_machine(&self) -> Option<bool> {
        let flags = self.field("proc/cpuinfo", "flags", ':')?;
        Some(flags.split(' ').any(|flag| flag == "hypervisor"))
    }

    /// First and last port of outgoing connections (ip(7), ip_local_port_range).
    pub fn local_ports(&self) -> Option<(u64, u64)> {
        let line = self.line("proc/sys/net/ipv4/ip_local_port_range")?;
        let (first, last) = line.split_once(' ')?;
        Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
    }

    fn governors(&self) -> Vec<String> {
        let folder = self.0.join("sys/devices/system/cpu");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let governor = |entry: fs::DirEntry| {
            let text = fs::read_to_string(entry.path().join("cpufreq/scaling_governor")).ok()?;
            Some(text.trim().to_owned())
        };
        entries.filter_map(governor).collect()
    }

    /// The quota over its period, as a container sees it (cgroup v2, cpu.max); none is `max`.
    fn cpu_quota(&self) -> Option<f64> {
        let line = self.line("sys/fs/cgroup/cpu.max")?;
        let (quota, period) = line.split_once(' ')?;
        Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
    }

    /// Closed connections whose ports rest (proc(5), /proc/net/sockstat: `TCP: … tw 12 …`).
    fn time_wait(&self) -> Option<u64> {
        let tcp = self.field("proc/net/sockstat", "TCP", ':')?;
        let mut words = tcp.split(' ').skip_while(|word| *word != "tw");
        words.nth(1)?.parse().ok()
    }
}

/// CPU time so far, in ticks.
struct Sample {
    cpus: usize,
    all: u64,
    busy: u64,
    steal: u64,
    /// By id: name and time.
    processes: HashMap<i32, (String, u64)>,
}

impl Sample {
    fn take() -> Option<Self> {
        let stat = procfs::KernelStats::current().ok()?;
        let total = stat.total;
        let or_0 = |ticks: Option<u64>| ticks.unwrap_or(0);
        let busy = total.user + total.nice + total.system + or_0(total.irq) + or_0(total.softirq);
        let (steal, idle) = (or_0(total.steal), total.idle + or_0(total.iowait));
        let all = procfs::process::all_processes().ok()?;
        // Threads of the kernel count, and so do not the processes that end meanwhile.
        let processes = all.filter_map(|process| process.ok()?.stat().ok());
        Some(Sample {
            cpus: stat.cpu_time.len(),
            all: busy + steal + idle,
            busy,
            steal,
            processes: processes
                .map(|stat| (stat.pid, (stat.comm, stat.utime + stat.stime)))
                .collect(),
        })
    }

    fn since(&self, earlier: &Sample) -> Activity {
        let all = self.all.saturating_sub(earlier.all).max(1) as f64;
        let percent = |now: u64, before: u64| now.saturating_sub(before) as f64 / all * 100.0;
        let used = self.processes.iter().map(|(pid, (name, now))| {
            let before = earlier
                .processes
                .get(pid)
                .map_or(*now, |(_, before)| *before);
            (percent(*now, before) * self.cpus as f64, *pid, name)
        });
        let top = used
            .filter(|(percent, ..)| *percent > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        Activity {
            busy_percent: percent(self.busy, earlier.busy),
            steal_percent: percent(self.steal, earlier.steal),
            top: top.map(|(percent, pid, name)| (name.clone(), pid, percent)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_kernels_write_them() {
        let root = std::env::temp_dir().join(format!("wslab-machine-{}", std::process::id()));
        for (path, text) in [
            (
                "proc/cpuinfo",
                "processor\t: 0\nflags\t\t: fpu hypervisor lm\n",
            ),
            ("proc/loadavg", "1.03 0.90 0.88 4/93 25804\n"),
            (
                "proc/meminfo",
                "MemTotal: 9 kB\nMemAvailable:   4 kB\nSwapTotal: 3 kB\nSwapFree: 1 kB\n",
            ),
            (
                "proc/net/sockstat",
                "sockets: used 12\nTCP: inuse 1 orphan 0 tw 77 alloc 1 mem 302\n",
            ),
            ("proc/self/timerslack_ns", "50000\n"),
            ("proc/sys/net/core/somaxconn", "4096\n"),
            ("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"),
            ("proc/sys/net/ipv4/tcp_tw_reuse", "2\n"),
            (
                "sys/devices/system/clocksource/clocksource0/current_clocksource",
                "tsc\n",
            ),
            (
                "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
                "performance\n",
            ),
            (
                "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor",
                "powersave\n",
            ),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
            ("sys/fs/cgroup/cpu.max", "150000 100000\n"),
        ] {
            let file = root.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let facts = SystemInfo::read(&SystemFiles(&root));
        fs::remove_dir_all(&root).unwrap();
        let expected = SystemInfo {
            local_ports: Some((32_768, 60_999)),
            somaxconn: Some(4_096),
            tcp_tw_reuse: Some(2),
            governor: Some("powersave".to_owned()),
            boost: Some(Boost {
                on: true,
                off_by: BOOST[1].2,
            }),
            cpu_quota: Some(1.5),
            load_average: Some(1.03),
            virtual_machine: Some(true),
            memory_available_bytes: Some(4_096),
            swap_used_bytes: Some(2_048),
            clock_source: Some("tsc".to_owned()),
            timer_slack_ns: Some(50_000),
            time_wait: Some(77),
            ..SystemInfo::default()
        };
        assert_eq!(facts, expected);
        let nothing = SystemInfo::read(&SystemFiles(Path::new("/nowhere")));
        assert_eq!(nothing, SystemInfo::default(), "absent, not an error");
    }

    #[test]
    fn a_sample_tells_what_was_busy_and_who() {
        let sample = |all, busy, steal, processes: &[(i32, u64)]| Sample {
            cpus: 2,
            all,
            busy,
            steal,
            processes: processes
                .iter()
                .map(|&(pid, ticks)| (pid, (format!("p{pid}"), ticks)))
                .collect(),
        };
        let before = sample(1_000, 100, 10, &[(1, 50), (2, 7)]);
        let after = sample(1_200, 200, 14, &[(1, 60), (2, 87), (3, 900)]);
        let activity = after.since(&before);
        assert_eq!((activity.busy_percent, activity.steal_percent), (50.0, 2.0));
        // 80 of 100 ticks that a CPU had; of a process that is new, nothing is known.
        assert_eq!(activity.top, Some(("p2".to_owned(), 2, 80.0)));
        assert_eq!(after.since(&after).top, None);
    }
}

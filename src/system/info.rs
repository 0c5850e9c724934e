//! The facts of this machine that matter to a measurement.

use std::time::Duration;

use crate::runtime::descriptor_table;
use crate::system::activity::{Activity, Sample};
use crate::system::files::{Boost, SystemFiles};
use crate::system::process;

/// The build profile of this program: `release`, `quick` or `debug`.
pub const PROFILE: &str = if cfg!(debug_assertions) {
    "debug"
} else {
    env!("WSLAB_PROFILE")
};

/// The facts. What the machine does not show is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemInfo {
    /// See [`PROFILE`].
    pub profile: &'static str,
    /// Open files of one process, with its soft limit raised to the hard one.
    pub open_files: Option<u64>,
    /// Threads may not have descriptor tables of their own, as in some sandboxes.
    pub one_table: bool,
    /// First and last port of outgoing connections.
    pub local_ports: Option<(u64, u64)>,
    pub somaxconn: Option<u64>,
    pub tcp_tw_reuse: Option<u64>,
    /// `performance` if all CPUs have that governor, else one of the others.
    pub governor: Option<String>,
    pub boost: Option<Boost>,
    /// CPUs that this process may use.
    pub cpus: Option<usize>,
    /// CPUs that its control group may use.
    pub cpu_quota: Option<f64>,
    /// Runnable processes, averaged over a minute.
    pub load_average: Option<f64>,
    pub virtual_machine: Option<bool>,
    pub memory_available_bytes: Option<u64>,
    pub swap_used_bytes: Option<u64>,
    pub clock_source: Option<String>,
    pub timer_slack_ns: Option<u64>,
    /// Connections in TIME_WAIT.
    pub time_wait: Option<u64>,
    /// Present after [`SystemInfo::sample`].
    pub activity: Option<Activity>,
}

impl SystemInfo {
    /// Reads the facts. Raises this process's soft limit of descriptors.
    pub fn read() -> Self {
        SystemInfo {
            profile: PROFILE,
            open_files: Some(process::raise_descriptor_limit()),
            one_table: !descriptor_table::can_separate(),
            cpus: std::thread::available_parallelism().ok().map(usize::from),
            ..SystemInfo::from_files(&SystemFiles::host())
        }
    }

    /// Reads the facts and what runs during `length`, for which it blocks.
    pub fn sample(length: Duration) -> Self {
        let files = SystemFiles::host();
        let before = Sample::take(&files);
        std::thread::sleep(length);
        let activity = before.zip(Sample::take(&files));
        SystemInfo {
            activity: activity.map(|(before, after)| after.since(&before)),
            ..SystemInfo::read()
        }
    }

    fn from_files(files: &SystemFiles) -> Self {
        let governors = files.governors();
        let slow = governors.iter().find(|governor| *governor != "performance");
        let swap = files
            .memory_bytes("SwapTotal")
            .zip(files.memory_bytes("SwapFree"));
        SystemInfo {
            local_ports: files.local_ports(),
            somaxconn: files.sysctl_number("net.core.somaxconn"),
            tcp_tw_reuse: files.sysctl_number("net.ipv4.tcp_tw_reuse"),
            governor: slow.or(governors.first()).cloned(),
            boost: files.boost(),
            cpu_quota: files.cpu_quota(),
            load_average: files.load_average().map(|[minute, ..]| minute),
            virtual_machine: files.virtual_machine(),
            memory_available_bytes: files.memory_bytes("MemAvailable"),
            swap_used_bytes: swap.map(|(total, free)| total.saturating_sub(free)),
            clock_source: files.clock_source(),
            timer_slack_ns: files.timer_slack_ns(),
            time_wait: files.time_wait(),
            ..SystemInfo::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
            (
                "sys/devices/system/cpu/cpu3/topology/thread_siblings_list",
                "1,3\n",
            ),
        ] {
            let file = root.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let files = SystemFiles::below(&root);
        let info = SystemInfo::from_files(&files);
        let siblings = files.core_siblings(3);
        fs::remove_dir_all(&root).unwrap();
        let expected = SystemInfo {
            local_ports: Some((32_768, 60_999)),
            somaxconn: Some(4_096),
            tcp_tw_reuse: Some(2),
            governor: Some("powersave".to_owned()),
            boost: Some(Boost {
                on: true,
                off_by: "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo",
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
        assert_eq!(info, expected);
        assert_eq!(siblings.unwrap().to_string(), "1,3");
        let nothing = SystemInfo::from_files(&SystemFiles::below("/nowhere"));
        assert_eq!(nothing, SystemInfo::default(), "absent, not an error");
    }
}
